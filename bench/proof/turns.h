/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State proofs of many strategies, one after another in a process apart: whichever crashes or
 * hangs there costs its own proofs, and the others go on in another process.
 */
#ifndef BENCH_PROOF_TURNS_H
#define BENCH_PROOF_TURNS_H

#include "apart.h"
#include "guest.h"
#include "proof.h"

#define PROOF_TURNS (EGPR_NR_STRATEGIES * EGPR_NR_STATES)

/**
 * struct proof_turn - one strategy in one setting
 * @s: the strategy
 * @state: guest state
 * @status: 0, @r says what was proved; EGPR_CRASHED it crashed or hung; EGPR_SKIPPED it did so in
 *	an earlier turn and had none
 * @how: what it did, if not 0
 * @r: outcome
 */
struct proof_turn {
	const struct egpr_strategy *s;
	enum egpr_guest_state state;
	int status;
	char how[APART_TEXT];
	struct proof_result r;
};

/**
 * struct proof_turns - a list of them; shared between the two processes
 * @page: the register file
 * @guest: the guest, but for its VM; one without a kind is the function that plays one
 * @how: of proof_start()
 * @exits: iterations of the payload per proof
 * @length: of proofs with the function that plays a guest
 * @n: turns in the list
 * @at: the one that is being proved; @n after the last
 * @opened: the guest is up
 * @half: the half that is running, or NULL
 * @why: of the status that proof_turns() returns
 * @turn: in order
 */
struct proof_turns {
	struct egpr_page *page;
	struct proof_guest guest;
	unsigned int how;
	uint32_t exits;
	struct proof_length length;
	unsigned int n;
	unsigned int at;
	bool opened;
	int status;
	const char *half;
	struct data_error why;
	struct proof_turn turn[PROOF_TURNS];
};

/* A list without turns; NULL without memory. proof_turns_free() it. */
struct proof_turns *proof_turns_new(void);
void proof_turns_free(struct proof_turns *t);

/**
 * proof_turns_add - one more turn, the last
 * @t: the list
 * @s: any strategy with a trap form, in the table or not
 * @state: guest state
 */
void proof_turns_add(struct proof_turns *t, const struct egpr_strategy *s,
		     enum egpr_guest_state state);

/**
 * proof_turns - give every strategy of the list its turn
 * @t: page, guest, exits or length, and turns are set
 *
 * Takes the signals of proof_start() in the other process only.
 *
 * Return: 0, or a status with its reason in @t->why: without @t->opened there is no such guest
 * here (EGPR_CRASHED: making it crashed), with it the list cannot go on.
 */
int proof_turns(struct proof_turns *t);

#endif /* BENCH_PROOF_TURNS_H */
