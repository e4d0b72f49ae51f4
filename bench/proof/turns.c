// SPDX-License-Identifier: GPL-2.0-only
/*
 * The turns of a list, and what a crash makes of them. See turns.h.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/status.h>

#include "turns.h"

struct proof_turns *proof_turns_new(void)
{
	return apart_alloc(sizeof(struct proof_turns));
}

void proof_turns_free(struct proof_turns *t)
{
	apart_free(t, sizeof(*t));
}

void proof_turns_add(struct proof_turns *t, const struct egpr_strategy *s,
		     enum egpr_guest_state state)
{
	if (t->n >= PROOF_TURNS)
		return;
	t->turn[t->n].s = s;
	t->turn[t->n++].state = state;
}

static int open_guest(struct proof_turns *t)
{
	const char *why;
	int status = proof_start(t->page, t->how, &why);

	if (status)
		return data_fail(&t->why, status, "%s", why);
	if (t->guest.kind)
		status = proof_guest_open(&t->guest, &t->why);
	t->opened = !status;
	return status;
}

/* In the process apart. */
static void take_turns(void *shared)
{
	struct proof_turns *t = shared;

	contract_tell(&t->half);
	t->status = open_guest(t);
	for (; !t->status && t->at < t->n; t->at++) {
		struct proof_turn *now = &t->turn[t->at];

		if (now->status)
			continue;
		apart_again();
		if (t->guest.kind)
			t->status = proof_guest_run(&t->guest, now->s, t->exits, &now->r, &t->why);
		else
			proof_soft(now->s, now->state, t->page, &t->length, &now->r);
	}
	proof_guest_close(&t->guest);
	proof_stop();
}

/* The strategy whose turn it was has had its last one. */
static void drop(struct proof_turns *t, char *how)
{
	struct proof_turn *now = &t->turn[t->at++];
	unsigned int i;

	now->status = EGPR_CRASHED;
	apart_name_half(how, t->half);
	memcpy(now->how, how, sizeof(now->how));
	for (i = t->at; i < t->n; i++) {
		if (t->turn[i].s != now->s)
			continue;
		t->turn[i].status = EGPR_SKIPPED;
		memcpy(t->turn[i].how, now->how, sizeof(now->how));
	}
}

int proof_turns(struct proof_turns *t)
{
	char how[APART_TEXT];
	int status = 0;

	t->at = 0;
	while (!status && t->at < t->n) {
		t->opened = false;
		t->half = NULL;
		t->guest.vm = NULL; /* the other process's */
		status = apart_run(take_turns, t, how);
		if (!status) {
			status = t->status;
		} else if (status == EGPR_CRASHED && t->opened && t->at < t->n) {
			drop(t, how);
			status = 0;
		} else {
			data_fail(&t->why, status, "%s", how);
		}
	}
	return status;
}
