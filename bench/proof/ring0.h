/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State proofs whose halves the module runs in ring 0: the same model and the same function that plays
 * the guest, with real XSETBV and on a CPU with APX real REX2 and XSAVE of component 19.
 */
#ifndef BENCH_PROOF_RING0_H
#define BENCH_PROOF_RING0_H

#include <bench/layer/module.h>
#include "proof.h"

/* Are the registers in memory of the module's while the host runs? Others show nothing in halves alone. */
bool ring0_applies(const struct egpr_strategy *s);

/**
 * ring0_soft - proof_soft() with halves in ring 0
 * @m: a session without a vCPU
 * @s: a row of the table to which ring0_applies()
 * @form: trap where the module plays the hardware, or hw
 * @state: guest state
 * @r: receives the result
 * @e: receives why the module does not run it
 *
 * Return: 0, whatever came out, or EGPR_SKIPPED.
 */
int ring0_soft(struct module_session *m, const struct egpr_strategy *s, enum egpr_form form,
	       enum egpr_guest_state state, const struct proof_length *length,
	       struct proof_result *r, struct data_error *e);

/**
 * ring0_known - ring0_soft() in form hw and in all states, asked once per strategy
 * @s: a row of the table
 * @reason: receives why it is not proved, in static storage
 *
 * Return: 0 proved, or nothing to prove; EGPR_DATA it failed; EGPR_SKIPPED it cannot run here.
 */
int ring0_known(const struct egpr_strategy *s, const char **reason);

/* What ring0_known() found in a guest state; NULL where nothing was run. */
const struct proof_result *ring0_result(const struct egpr_strategy *s, enum egpr_guest_state state);

#endif /* BENCH_PROOF_RING0_H */
