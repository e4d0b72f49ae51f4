/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/egpr_switch as seen by the lab: one call per ioctl, and words for every refusal.
 *
 * Used by the layers `ring0` and `kvm`, by doctor, and by the tests inside the beds. Each call
 * returns 0 or an enum egpr_status with the reason in the error.
 */
#ifndef BENCH_MODULE_H
#define BENCH_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include <egpr/contract.h>
#include <egpr/uapi.h>

#include <bench/base/error.h>

/**
 * struct module_session - an open /dev/egpr_switch
 * @fd: the descriptor, -1 when closed
 * @query: what the module said about itself
 * @page: the session's virtual EGPR hardware, mapped
 */
struct module_session {
	int fd;
	struct egpr_query query;
	struct egpr_page *page;
};

/**
 * module_open - open the device and check that both sides speak of the same tables
 * @m: receives the session
 * @e: receives the reason
 *
 * Return: 0; EGPR_SKIPPED where the module is not loaded, may not be opened or is of another tree.
 */
int module_open(struct module_session *m, struct data_error *e);

/* Close; the module lets go of the vCPU. Safe to call twice. */
void module_close(struct module_session *m);

/* Bind a vCPU of the calling thread. Return: 0 or EGPR_SKIPPED. */
int module_attach(struct module_session *m, int vcpu_fd, struct data_error *e);
int module_detach(struct module_session *m, struct data_error *e);

/* A configuration from the tables. */
struct egpr_configure module_configuration(const struct egpr_strategy *s, enum egpr_form form,
					   enum egpr_guest_state state, unsigned int delay,
					   unsigned int flags);
/* Put it in force. Return: 0, or EGPR_SKIPPED with the refusal's words. */
int module_configure(struct module_session *m, struct egpr_configure c, struct data_error *e);

/* Read the counters, and reset them if @reset. */
int module_counters(struct module_session *m, struct egpr_counters *c, bool reset,
		    struct data_error *e);

/* Time a sequence; @b->abi is filled in here. */
int module_bench(struct module_session *m, struct egpr_bench *b, struct data_error *e);

/* Run one half on the session's own context. */
int module_run(struct module_session *m, const struct egpr_strategy *s, enum egpr_form form,
	       enum egpr_guest_state state, unsigned int half, unsigned int flags,
	       struct data_error *e);

/**
 * module_contract - run one half in ring 0 with marks in all that is its caller's
 * @m: the session
 * @c: what to run; @abi and @image are filled in here
 * @im: the marks, and what the half left of them
 * @e: receives the reason
 *
 * Return: 0 or EGPR_SKIPPED.
 */
int module_contract(struct module_session *m, struct egpr_contract c,
		    struct egpr_contract_image *im, struct data_error *e);

/* A step of looking what KVM does with r16..r31; @l->abi is filled in here. */
int module_look(struct module_session *m, struct egpr_look *l, struct data_error *e);

/**
 * module_steps_begin - step through what the module runs of strategies from now on
 * @m: the session
 * @e: receives the reason
 *
 * Return: 0 or EGPR_SKIPPED.
 */
int module_steps_begin(struct module_session *m, struct data_error *e);

/**
 * module_steps_end - no longer
 * @m: the session
 * @s: receives what was stepped through; @s->buffer is the caller's, EGPR_STEPS_MAX struct egpr_step
 * @e: receives the reason
 *
 * Return: 0 or EGPR_SKIPPED.
 */
int module_steps_end(struct module_session *m, struct egpr_steps *s, struct data_error *e);

/* Rounds of XSAVE or XRSTOR of one component in ring 0; @x->abi is filled in here. */
int module_xstate(struct module_session *m, struct egpr_xstate *x, struct data_error *e);

/* The guest's registers where the strategy keeps them. */
int module_get_regs(struct module_session *m, __u64 r[EGPR_COUNT], struct data_error *e);
int module_set_regs(struct module_session *m, const __u64 r[EGPR_COUNT], struct data_error *e);

/* Words for an enum egpr_refusal. */
const char *module_refusal(uint32_t refusal);

#endif /* BENCH_MODULE_H */
