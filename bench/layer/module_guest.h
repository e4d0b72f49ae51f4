/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of the state proofs: a VM whose vCPU is attached to the module, and whose payload
 * checks its own registers.
 *
 * There are two sorts. One reaches its registers through the virtual register file, so that any
 * exit can be proved thousands of times (asm/payload/runtime/state.h). The other executes real
 * REX2 and EVEX instructions: each is a #UD, which KVM intercepts, so the strategy runs around
 * it, and the VMM emulates it where the strategy keeps the registers.
 */
#ifndef BENCH_MODULE_GUEST_H
#define BENCH_MODULE_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <vmm-mini/vmm.h>

#include "module.h"

/**
 * struct guest - see above; belongs to the thread that opened it
 * @module: its session
 * @vm: its VM
 * @s: the strategy that is configured
 * @apx: it executes APX instructions
 * @own: the module plays a KVM that offers APX, which may have the registers at any time
 * @state: of a guest with @apx
 * @place: its halves run in KVM's vmenter.S, not at the probes
 * @native: its CPU has APX: the strategies run in form hw, and no instruction is emulated
 * @msr_value: what its last emulated WRMSRNS wrote
 * @result: what the payload says of its last exit
 * @seen: the module's counters of the last batch
 * @why: why the last call failed
 */
struct guest {
	struct module_session module;
	struct vmm *vm;
	const struct egpr_strategy *s;
	bool apx;
	bool own;
	bool place;
	enum egpr_guest_state state;
	bool native;
	uint64_t msr_value;
	uint64_t result;
	struct egpr_counters seen;
	char why[1200];
};

/**
 * guest_open - make a VM on the session's register file, attach it, let it exit once
 * @g: receives it
 * @h: the host
 * @kind: the exit kind
 * @dir: directory of the state payloads
 * @attach: false for a guest that is none of the module's business
 *
 * Return: 0, EGPR_SKIPPED where the kind cannot run here, EGPR_INTERNAL otherwise.
 */
int guest_open(struct guest *g, const struct vmm_host *h, const char *kind, const char *dir,
	       bool attach);

/**
 * guest_open_apx - the same with a guest that executes APX instructions
 * @dir: directory of the plain payloads; NULL for `payloads` beside the running program
 * @state: INIT or DIRTY: what the guest does with its registers
 *
 * Always attached. Return: as guest_open().
 */
int guest_open_apx(struct guest *g, const struct vmm_host *h, const char *kind, const char *dir,
		   enum egpr_guest_state state);

/**
 * guest_open_native - a guest on real APX, lent by the module where KVM does not offer it
 * @state: OFF for one whose XCR0 has no APX
 *
 * For strategies in form hw. Return: as guest_open().
 */
int guest_open_native(struct guest *g, const struct vmm_host *h, const char *kind,
		      enum egpr_guest_state state);

/**
 * guest_look - show the module a pattern in the registers
 * @g: a guest of guest_open_apx() in state DIRTY, to be closed afterwards
 * @l: receives what was seen
 *
 * Return: whether the look came to its end.
 */
bool guest_look(struct guest *g, struct egpr_look *l);

/* Configure a strategy, in form trap or for a native guest in form hw. @fresh: a new guest, whose registers are zero. */
bool guest_configure(struct guest *g, const struct egpr_strategy *s, enum egpr_guest_state state,
		     unsigned int flags, bool fresh);

/* @exits exits; the guest's own checks and the module's counters must agree that all is well. */
bool guest_batch(struct guest *g, uint32_t exits);

void guest_close(struct guest *g);

/* Always false, with the reason kept. */
bool guest_fail(struct guest *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* BENCH_MODULE_GUEST_H */
