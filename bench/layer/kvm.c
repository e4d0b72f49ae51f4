// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer kvm: the strategies at KVM's own entry and exit, run by the module. Layer vmenter is the same with
 * halves that run further in.
 *
 * The VMM around it does nothing but the measuring; one vCPU stays attached while the arms
 * of a cell alternate on it, and changes its guest state where they differ in that.
 *
 * Where KVM offers guests APX the layer first looks what KVM does with r16..r31 by itself. The path of a row is what the module counted, not what the table expects:
 * `fast` means that the exit did not leave KVM's inner loop.
 */
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>
#include <vmm-mini/vmm.h>

#include "edited.h"
#include "footprint.h"
#include "kvm.h"
#include "module.h"
#include "own.h"

#define PROBE_EXITS 256 /* of the batch that finds out which path an exit takes */
#define PATH_SHARE  0.9 /* of the exits must take it: interrupts end a batch's monopoly */
#define PROBE_TRIES 3	/* of such batches: one may meet a busy moment */

/*
 * struct kvm_host - the host of this layer
 * @vmm: must be first: who asks for the host of any layer with a guest finds this
 * @may: which arms may run beside what KVM does
 */
struct kvm_host {
	struct vmm_host vmm;
	struct own_verdict may;
};

struct kvm_cell {
	const struct cell *cell;
	struct module_session module;
	struct vmm *vm;
};

static int vmm_failed(struct data_error *e, const struct vmm_error *v)
{
	return data_fail(e, v->status, "%s: %s%s%s", v->thing, v->reason, *v->fix ? "; " : "",
			 v->fix);
}

int layer_kvm_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	struct own_facts f = { .form = env->form, .probes = true };
	struct data_error why;
	struct kvm_host *h;
	int ret = layer_module_probe(true, host, e);

	if (ret)
		return ret;
	h = realloc(*host, sizeof(*h));
	if (!h)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	*host = h;
	f.apx = &h->vmm.apx;
	f.offer = vmm_apx_offer(f.apx);
	if (f.form == EGPR_FORM_HW && f.offer == VMM_APX_WHOLE)
		own_look_at_host(&h->vmm, &f, &why);
	own_decide(&f, &h->may);
	return 0;
}

int layer_kvm_check_own(const struct cell *c, struct data_error *e)
{
	const struct kvm_host *h = c->host;

	return h->may.own ? 0 : data_fail(e, EGPR_SKIPPED, "%s", h->may.why_own);
}

static unsigned int choose_cpl(const struct egpr_exit_kind *kind)
{
	return kind->cpl & EGPR_CPL0 ? 0 : 3;
}

static int batch(struct kvm_cell *k, struct vmm_batch *b, struct data_error *e)
{
	struct vmm_error v;
	int ret = vmm_batch(k->vm, b, &v);

	return ret ? vmm_failed(e, &v) : 0;
}

static void cell_close(struct kvm_cell *k)
{
	module_close(&k->module);
	vmm_close(k->vm);
	k->vm = NULL;
}

/* Do the halves run in KVM's vmenter.S? */
static bool at_place(const struct cell *c)
{
	return c->ops->layer == EGPR_LAYER_VMENTER;
}

/* In a proxy the guest leaves the stand-ins alone. */
static enum egpr_guest_state used_state(const struct cell *c)
{
	return c->env->provenance == EGPR_PROV_HW ? c->state : EGPR_STATE_OFF;
}

static int configure(struct kvm_cell *k, const struct plan_arm *arm, struct data_error *e)
{
	const struct cell *c = k->cell;
	unsigned int flags = at_place(c) ? EGPR_CONF_PLACE : 0;
	struct egpr_configure request = module_configuration(
		arm->strategy, c->env->form, cell_arm_state(c, arm), arm->delay, flags);

	request.no_stand_in = standin_barred(&c->env->standin);
	return module_configure(&k->module, request, e);
}

/* Where KVM offers a guest no APX, the module sets XCR0.APX of this one. */
static int borrow_apx(struct kvm_cell *k, struct data_error *e)
{
	const struct plan_arm none = { .strategy = &egpr_strategies[EGPR_STRATEGY_none] };
	int ret = configure(k, &none, e);

	if (!ret)
		vmm_lend_apx(k->vm, used_state(k->cell));
	return ret;
}

/* A guest whose vCPU is attached and has been observed. */
static int cell_open(struct kvm_cell *k, const struct cell *c, struct data_error *e)
{
	const struct vmm_host *h = c->host;
	bool borrow = used_state(c) != EGPR_STATE_OFF && vmm_apx_offer(&h->apx) != VMM_APX_WHOLE;
	struct vmm_options o = {
		.cpl = c->cpl,
		.state = borrow ? EGPR_STATE_OFF : used_state(c),
		.no_hypercall_patch = true,
	};
	struct vmm_batch first = { .exits = 1 };
	struct vmm_error v;
	int ret;

	footprint_options(c, &o);
	k->cell = c;
	ret = edited_kvm_use(at_place(c), e);
	if (!ret)
		ret = module_open(&k->module, e);
	if (ret)
		return ret;
	ret = vmm_open_kind(&k->vm, c->host, c->kind, &o, NULL, &v);
	if (ret) {
		vmm_failed(e, &v);
		goto out_close;
	}
	ret = module_attach(&k->module, vmm_vcpu_fd(k->vm), e);
	if (!ret)
		ret = batch(k, &first, e);
	if (!ret && borrow)
		ret = borrow_apx(k, e);
	if (!ret)
		return 0;
out_close:
	cell_close(k);
	return ret;
}

/* The path that most exits took, and what share of all that was. */
static enum egpr_path main_path(const struct egpr_counters *c, double *share)
{
	uint64_t by_path[EGPR_NR_PATHS] = { 0 }, all = 0;
	enum egpr_path best = EGPR_PATH_NONE;
	unsigned int i, p;

	for (i = 0; i < c->nr_reasons; i++) {
		for (p = 0; p < EGPR_NR_PATHS; p++) {
			by_path[p] += c->reason[i].path[p];
			all += c->reason[i].path[p];
		}
		all += c->reason[i].preempted;
	}
	for (p = 0; p < EGPR_NR_PATHS; p++) {
		if (by_path[p] > by_path[best])
			best = p;
	}
	*share = all ? (double)by_path[best] / (double)all : 0;
	return best;
}

/* Exits that took a path. */
static uint64_t on_path(const struct egpr_counters *c, enum egpr_path path)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i < c->nr_reasons; i++)
		n += c->reason[i].path[path];
	return n;
}

/* One batch with nothing around its exits, counted. */
static int probe_exits(struct kvm_cell *k, struct egpr_counters *counters, struct data_error *e)
{
	const struct plan_arm none = { .strategy = &egpr_strategies[EGPR_STRATEGY_none] };
	struct vmm_batch b = { .exits = PROBE_EXITS };
	int ret = configure(k, &none, e);

	if (!ret)
		ret = module_counters(&k->module, counters, true, e);
	if (!ret)
		ret = batch(k, &b, e);
	if (!ret)
		ret = module_counters(&k->module, counters, true, e);
	return ret;
}

int layer_kvm_check_cell(struct cell *c, struct data_error *e)
{
	struct kvm_cell k = { .module.fd = -1 };
	const struct kvm_host *host = c->host;
	const struct vmm_host *h = &host->vmm;
	struct egpr_counters counters;
	unsigned int tries = 0;
	double share = 0;
	int ret;

	/* Nothing of the lab's may run, and KVM's own is compared in the cell of state off. */
	if (!host->may.strategies && c->state != EGPR_STATE_OFF)
		return data_fail(e, EGPR_SKIPPED, "%s", host->may.why_strategies);
	c->cpl = choose_cpl(c->kind);
	c->guest_timed = c->kind->path != EGPR_PATH_USER;
	c->offsets = 1;
	snprintf(c->backend, sizeof(c->backend), "%s", h->backend);
	c->representative = h->representative;
	ret = cell_open(&k, c, e);
	if (ret)
		return EGPR_SKIPPED;
	do {
		ret = probe_exits(&k, &counters, e);
		c->path = ret ? EGPR_PATH_NONE : main_path(&counters, &share);
	} while (!ret && share < PATH_SHARE && ++tries < PROBE_TRIES);
	cell_close(&k);
	if (ret)
		return EGPR_SKIPPED;
	if (counters.exits + counters.unseen < PROBE_EXITS)
		return data_fail(e, EGPR_SKIPPED,
				 "%s: the module counted %llu exits of %u: this CPU does not "
				 "leave the guest for it",
				 c->kind->id,
				 (unsigned long long)(counters.exits + counters.unseen),
				 PROBE_EXITS);
	if (share < PATH_SHARE)
		return data_fail(e, EGPR_SKIPPED,
				 "%s: only %.0f %% of the exits took one path: nothing can be said "
				 "about that path",
				 c->kind->id, 100 * share);
	if (counters.unseen > counters.exits)
		return data_fail(
			e, EGPR_SKIPPED,
			"%s: this kernel fires no kvm_exit for its fastpath exits (%llu of "
			"%llu), so no strategy can run there; use a newer kernel",
			c->kind->id, (unsigned long long)counters.unseen,
			(unsigned long long)counters.entries);
	return footprint_check(c, h, e);
}

int layer_kvm_check_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	const struct kvm_host *h = c->host;
	int ret;

	if (arm->strategy->family == EGPR_FAMILY_OWN)
		return layer_check_own_arm(c, arm, e);
	if (!h->may.strategies && own_is_of_the_lab(arm->strategy))
		return data_fail(e, EGPR_SKIPPED, "%s", h->may.why_strategies);
	ret = layer_check_strategy(c->env, c->state, arm, true, e);
	if (!ret && arm->strategy->family == EGPR_FAMILY_XSAVE && c->env->form == EGPR_FORM_PROXY &&
	    (c->env->standin.chosen.rfbm & ~(uint64_t)EGPR_STAND_INS_GUESTS))
		ret = data_fail(e, EGPR_SKIPPED, "%s", module_refusal(EGPR_REFUSED_STAND_IN_GUEST));
	return ret;
}

void layer_kvm_close(void *run)
{
	struct kvm_cell *k = run;

	if (!k)
		return;
	cell_close(k);
	free(k);
}

int layer_kvm_open(const struct cell *c, void **run, struct data_error *e)
{
	struct kvm_cell *k = calloc(1, sizeof(*k));
	int ret;

	if (!k)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	k->module.fd = -1;
	ret = cell_open(k, c, e);
	if (!ret)
		ret = footprint_lay(c, k->vm, e);
	if (ret) {
		layer_kvm_close(k);
		return ret;
	}
	*run = k;
	return 0;
}

/*
 * The exits must have been there, switched, on one CPU and on the path that the row claims. Where
 * a timer was due at most of them they took another one, and the next batch need not.
 */
static int verify(const struct kvm_cell *k, const struct egpr_counters *c, uint32_t exits,
		  struct data_error *e)
{
	double share;

	if (c->refusal != EGPR_REFUSED_NONE)
		return data_fail(e, EGPR_DATA, "%s: %s", k->cell->kind->id,
				 module_refusal(c->refusal));
	if (c->switched_out + c->stayed < exits)
		return data_fail(
			e, EGPR_DATA,
			"%s: %llu exits were switched, %llu stayed in KVM's inner loop, where "
			"%u were asked for",
			k->cell->kind->id, (unsigned long long)c->switched_out,
			(unsigned long long)c->stayed, exits);
	/* A walk can be longer than a tick of the host's timer: its exits are not the kind's. */
	if (footprint_walks(k->cell)) {
		if (on_path(c, k->cell->path) >= PATH_SHARE * exits)
			return 0;
		return data_fail(e, LAYER_ASTRAY, "%s: fewer exits took the path than before",
				 k->cell->kind->id);
	}
	if (main_path(c, &share) != k->cell->path)
		return data_fail(e, LAYER_ASTRAY, "%s: the exits took another path than before",
				 k->cell->kind->id);
	return 0;
}

int layer_kvm_batch(void *run, struct layer_batch *r, struct data_error *e)
{
	struct kvm_cell *k = run;
	const struct cell *c = k->cell;
	const struct plan_arm *arm = &c->arms[r->arm];
	struct vmm_batch b = { .exits = r->exits };
	struct egpr_counters counters;
	struct vmm_error v;
	int ret;

	if (c->guest_timed || footprint_walks(c))
		b.guest_stamps = r->stamps;
	else
		b.host_stamps = r->stamps;
	/* Every arm of such a cell, so that none is warmer for having kept its state. */
	if (cell_mixes_states(c) && vmm_set_state(k->vm, cell_arm_state(c, arm), &v))
		return vmm_failed(e, &v);
	ret = configure(k, arm, e);
	if (!ret)
		ret = module_counters(&k->module, &counters, true, e);
	if (!ret)
		ret = batch(k, &b, e);
	if (!ret)
		ret = module_counters(&k->module, &counters, true, e);
	if (!ret)
		ret = verify(k, &counters, r->exits, e);
	if (ret)
		return ret;
	r->cycles = b.walks ? b.exit_cycles : c->guest_timed ? b.guest_cycles : b.host_cycles;
	r->done = c->guest_timed ? b.done : b.runs;
	if (r->done != r->exits)
		return data_fail(e, EGPR_DATA, "%s: %llu exits counted where %u were asked for",
				 c->kind->id, (unsigned long long)r->done, r->exits);
	return 0;
}

static struct module_session *kvm_module(void *run)
{
	struct kvm_cell *k = run;

	return &k->module;
}

const struct layer_ops layer_kvm_ops = {
	.layer = EGPR_LAYER_KVM,
	.guest = true,
	.probe = layer_kvm_probe,
	.check_cell = layer_kvm_check_cell,
	.check_arm = layer_kvm_check_arm,
	.check_own = layer_kvm_check_own,
	.open = layer_kvm_open,
	.batch = layer_kvm_batch,
	.module = kvm_module,
	.close = layer_kvm_close,
	.release = free,
};
