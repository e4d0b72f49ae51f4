// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer boundary: the sequences in the VMM, directly around KVM_RUN.
 *
 * Strategies run for exits that come back to the VMM. For exits that KVM handles itself
 * no code of the VMM runs, so those cells hold the baseline and the A/A arm only: they
 * say what such an exit costs, stamped by the guest. A guest that walks a working set stamps its exits
 * whoever handles them: the time between two returns of KVM_RUN would have the walk in it.
 */
#include <stdlib.h>
#include <string.h>

#include <vmm-mini/vmm.h>
#include "edited.h"
#include "footprint.h"
#include "layer.h"
#include "layout.h"
#include "own.h"

struct boundary {
	const struct cell *cell;
	struct layer_contexts *contexts;
	struct layout *layout;
	struct egpr_sequence
		seq; /* of the arm that runs: read after an exit, so one place for all */
	struct vmm *vm;
	uint64_t *stamps;
};

/* A VMM's reason as the engine's. */
static int vmm_failed(struct data_error *e, const struct vmm_error *v)
{
	return data_fail(e, v->status, "%s: %s%s%s", v->thing, v->reason, *v->fix ? "; " : "",
			 v->fix);
}

static int boundary_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	struct vmm_host *h = calloc(1, sizeof(*h));
	struct vmm_error v;

	*host = NULL;
	if (!h)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	if (env->provenance == EGPR_PROV_HW && !env->standin.apx) {
		free(h);
		return data_fail(e, EGPR_SKIPPED,
				 "provenance hw needs a CPU with APX and XCR0[%d] set",
				 EGPR_XFEATURE);
	}
	if (vmm_host_probe(h, NULL, &v)) {
		free(h);
		vmm_failed(e, &v);
		return EGPR_SKIPPED;
	}
	*host = h;
	return 0;
}

/*
 * A backend that interprets CPL 0 runs CPL 3 natively, so that level says more, where the
 * payload can run at it. Elsewhere CPL 0 is what a kernel in a guest does.
 */
static unsigned int choose_cpl(const struct vmm_host *h, const struct egpr_exit_kind *kind)
{
	if (!(kind->cpl & EGPR_CPL0))
		return 3;
	return !h->representative && (kind->cpl & EGPR_CPL3) ? 3 : 0;
}

/*
 * In a proxy the guest leaves the stand-ins alone: the strategy's own context says what
 * the guest's state is meant to be.
 */
static struct vmm_options options(const struct cell *c)
{
	struct vmm_options o = {
		.cpl = c->cpl,
		.state = c->env->provenance == EGPR_PROV_HW ? c->state : EGPR_STATE_OFF,
		.no_hypercall_patch = true,
	};

	return o;
}

static int boundary_check_cell(struct cell *c, struct data_error *e)
{
	const struct vmm_host *h = c->host;
	struct vmm_options o;
	struct vmm_error v;

	c->path = c->kind->path;
	c->cpl = choose_cpl(h, c->kind);
	c->guest_timed = c->kind->path != EGPR_PATH_USER;
	snprintf(c->backend, sizeof(c->backend), "%s", h->backend);
	c->representative = h->representative;
	o = options(c);
	if (!vmm_kind_check(h, c->kind, &o, &v))
		return footprint_check(c, h, e);
	vmm_failed(e, &v);
	return EGPR_SKIPPED;
}

/* No tracepoint is needed to see what KVM's own switch takes, nor to know how it works. */
static int boundary_check_own(const struct cell *c, struct data_error *e)
{
	const struct vmm_host *h = c->host;
	const struct own_facts f = { .form = c->env->form,
				     .offer = vmm_apx_offer(&h->apx),
				     .apx = &h->apx };
	struct own_verdict may;

	own_decide(&f, &may);
	return may.own ? 0 : data_fail(e, EGPR_SKIPPED, "%s", may.why_own);
}

static int boundary_check_arm(const struct cell *c, const struct plan_arm *arm,
			      struct data_error *e)
{
	if (arm->strategy->family == EGPR_FAMILY_OWN)
		return layer_check_own_arm(c, arm, e);
	if (c->path != EGPR_PATH_USER && arm->strategy->family != EGPR_FAMILY_BASE)
		return data_fail(e, EGPR_SKIPPED,
				 "an exit of kind %s does not come back to the VMM (path %s), so "
				 "nothing around KVM_RUN runs for it; measure it in layer kvm",
				 c->kind->id, c->path == EGPR_PATH_NONE ? "none" : "in KVM");
	return layer_check_strategy(c->env, c->state, arm, false, e);
}

static void boundary_close(void *run)
{
	struct boundary *b = run;

	if (!b)
		return;
	vmm_close(b->vm);
	layout_close(b->layout);
	free(b->stamps);
	free(b->contexts);
	free(b);
}

static int boundary_open(const struct cell *c, void **run, struct data_error *e)
{
	struct boundary *b = calloc(1, sizeof(*b));
	struct vmm_options o = options(c);
	struct vmm_error v;
	int ret;

	footprint_options(c, &o);
	if (!b)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	b->cell = c;
	b->contexts = layer_contexts_open(c);
	if (!b->contexts) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out_close;
	}
	b->layout = layout_open(c->arms, c->nr_arms, c->env->form, c->state != EGPR_STATE_OFF,
				c->offsets, e);
	if (!b->layout) {
		ret = EGPR_UNAVAILABLE;
		goto out_close;
	}
	ret = edited_kvm_use(false, e);
	if (ret)
		goto out_close;
	ret = vmm_open_kind(&b->vm, c->host, c->kind, &o, NULL, &v);
	if (ret) {
		vmm_failed(e, &v);
		goto out_close;
	}
	ret = footprint_lay(c, b->vm, e);
	if (ret)
		goto out_close;
	*run = b;
	return 0;
out_close:
	boundary_close(b);
	return ret;
}

static int boundary_batch(void *run, struct layer_batch *r, struct data_error *e)
{
	struct boundary *b = run;
	const struct cell *c = b->cell;
	const struct layout_site *site = layout_site(b->layout, r->arm, r->layout);
	struct vmm_batch batch = { .exits = r->exits };
	struct vmm_error v;
	int ret = 0;

	if (c->guest_timed || footprint_walks(c))
		batch.guest_stamps = r->stamps;
	else
		batch.host_stamps = r->stamps;
	if (!c->guest_timed) {
		b->seq = site->seq;
		batch.hooks = &b->seq;
		batch.sw = layer_context(b->contexts, r->arm);
	}
	if (cell_mixes_states(c))
		ret = vmm_set_state(b->vm, cell_arm_state(c, &c->arms[r->arm]), &v);
	if (!ret)
		ret = vmm_batch(b->vm, &batch, &v);
	if (ret)
		return vmm_failed(e, &v) ? ret : EGPR_INTERNAL;
	r->cycles = batch.walks	     ? batch.exit_cycles
		    : c->guest_timed ? batch.guest_cycles
				     : batch.host_cycles;
	r->done = c->guest_timed ? batch.done : batch.runs;
	if (r->done != r->exits)
		return data_fail(e, EGPR_DATA, "%s: %llu exits counted where %u were asked for",
				 c->kind->id, (unsigned long long)r->done, r->exits);
	return 0;
}

static void boundary_locate(void *run, const struct layer_batch *b, uintptr_t ip, char *text,
			    size_t size)
{
	const struct boundary *t = run;

	layout_locate(layout_site(t->layout, b->arm, b->layout), ip, text, size);
}

static bool boundary_image(void *run, unsigned int arm, unsigned int layout, struct layer_image *i)
{
	struct boundary *b = run;

	if (b->cell->guest_timed)
		return false;
	i->memory = layout_memory(b->layout, &i->bytes);
	i->site = layout_site(b->layout, arm, layout);
	i->sw = layer_context(b->contexts, arm);
	i->loop = false;
	i->shape = LAYOUT_PACKED;
	return true;
}

/*
 * A VM belongs to the process that made it; the child's own ends with the child. Its guest walks
 * nothing: what is looked at there is the host's code.
 */
static int boundary_forked(void *run, struct data_error *e)
{
	struct boundary *b = run;
	struct vmm_options o = options(b->cell);
	struct vmm_error v;

	if (!vmm_open_kind(&b->vm, b->cell->host, b->cell->kind, &o, NULL, &v))
		return 0;
	return vmm_failed(e, &v);
}

const struct layer_ops layer_boundary_ops = {
	.layer = EGPR_LAYER_BOUNDARY,
	.guest = true,
	.probe = boundary_probe,
	.check_cell = boundary_check_cell,
	.check_arm = boundary_check_arm,
	.check_own = boundary_check_own,
	.open = boundary_open,
	.batch = boundary_batch,
	.locate = boundary_locate,
	.image = boundary_image,
	.forked = boundary_forked,
	.close = boundary_close,
	.release = free,
};
