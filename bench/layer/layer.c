// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layers that this program can run, and what they have in common.
 */
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/plan/stand_in.h>
#include <vmm-mini/vmm.h>

#include "layer.h"
#include "module.h"
#include "prepare.h"

/* X(SYM, name): the runner layer_<name>_ops of EGPR_LAYER_<SYM>. */
/* clang-format off */
#define LAYER_RUNNERS(X)	\
	X(PRIM, prim)		\
	X(RING0, ring0)		\
	X(BOUNDARY, boundary)	\
	X(KVM, kvm)		\
	X(VMENTER, vmenter)
/* clang-format on */

#define DECLARE(SYM, name) extern const struct layer_ops layer_##name##_ops;
LAYER_RUNNERS(DECLARE)

#define ROW(SYM, name) [EGPR_LAYER_##SYM] = &layer_##name##_ops,
static const struct layer_ops *const runners[EGPR_NR_LAYERS] = { LAYER_RUNNERS(ROW) };

const struct layer_ops *layer_find(enum egpr_layer layer)
{
	return runners[layer];
}

static const struct {
	unsigned int need;
	const char *name;
} xsave_needs[] = {
	{ EGPR_NEEDS_XSAVE, "XSAVE (CPUID.1:ECX.OSXSAVE is clear)" },
	{ EGPR_NEEDS_XSAVEOPT, "XSAVEOPT (CPUID.0xD.1:EAX[0] is clear)" },
	{ EGPR_NEEDS_XSAVEC, "XSAVEC (CPUID.0xD.1:EAX[1] is clear)" },
	{ EGPR_NEEDS_XSAVES, "XSAVES (CPUID.0xD.1:EAX[3] is clear)" },
};

static int check_stand_in(const struct standin *s, struct data_error *e)
{
	char allowed[STAND_IN_TEXT];

	if (s->chosen.rfbm)
		return 0;
	stand_in_text(s->allowed, allowed, sizeof(allowed));
	return data_fail(
		e, EGPR_SKIPPED,
		"XCR0 (0x%llx) has no component that can stand in for component %d; allowed "
		"are: %s",
		(unsigned long long)s->cpu.xcr0, EGPR_XFEATURE, allowed);
}

int layer_check_strategy(const struct layer_env *env, enum egpr_guest_state state,
			 const struct plan_arm *arm, bool cpl0, struct data_error *e)
{
	const struct egpr_strategy *s = arm->strategy;
	size_t i;

	if (s->family == EGPR_FAMILY_OWN)
		return data_fail(
			e, EGPR_SKIPPED,
			"KVM's own switch is compared with guest state off, around KVM's exits; "
			"measure it by `egprlab run` in layer kvm or boundary");
	if (env->form == EGPR_FORM_HW && !env->standin.apx)
		return data_fail(e, EGPR_SKIPPED,
				 "provenance hw needs a CPU with APX and XCR0[%d] set",
				 EGPR_XFEATURE);
	for (i = 0; i < sizeof(xsave_needs) / sizeof(*xsave_needs); i++) {
		if (s->needs & xsave_needs[i].need & ~env->standin.has)
			return data_fail(e, EGPR_SKIPPED, "this CPU or its kernel lacks %s",
					 xsave_needs[i].name);
	}
	if ((s->needs & EGPR_NEEDS_CPL0) && !cpl0)
		return data_fail(e, EGPR_SKIPPED,
				 "the sequence is privileged (CPL 0) and layer code runs at CPL 3 "
				 "here; measure it in layer ring0 or kvm");
	if ((s->needs & EGPR_NEEDS_XSETBV) && state == EGPR_STATE_OFF && !cpl0)
		return data_fail(e, EGPR_SKIPPED,
				 "with guest state off, guest and host XCR0 differ, so the "
				 "sequence runs XSETBV, which needs CPL 0; measure it in layer "
				 "ring0 or kvm");
	if (s->family == EGPR_FAMILY_XSAVE && env->form == EGPR_FORM_PROXY)
		return check_stand_in(&env->standin, e);
	return 0;
}

int layer_check_own_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	struct vmm_options o = { .cpl = c->cpl, .state = cell_arm_state(c, arm) };
	struct vmm_error v;

	/* Without a baseline in another state there is nothing to compare it with. */
	if (c->state != EGPR_STATE_OFF)
		return layer_check_strategy(c->env, c->state, arm, true, e);
	if (!vmm_kind_check(c->host, c->kind, &o, &v))
		return 0;
	return data_fail(e, EGPR_SKIPPED, "%s: %s", v.thing, v.reason);
}

/*
 * struct layer_contexts - see layer_contexts_open()
 * @place: the context in use, where every arm has its own while it runs; in @room
 * @owner: whose it is
 * @arm: the contexts of the arms that do not run
 */
struct layer_contexts {
	struct egpr_switch *place;
	struct egpr_switch arm[PLAN_MAX_ARMS];
	unsigned int owner;
	_Alignas(LAYER_PAGE) uint8_t room[2ul * LAYER_PAGE + sizeof(struct egpr_switch)];
};

struct layer_contexts *layer_contexts_open(const struct cell *c)
{
	struct layer_contexts *l = aligned_alloc(_Alignof(struct layer_contexts), sizeof(*l));
	unsigned int i;

	for (i = 0; l && i < c->nr_arms; i++) {
		standin_context(&l->arm[i], &c->env->standin, c->env->form, c->state);
		l->arm[i].delay = c->arms[i].delay;
		l->arm[i].owner = i;
	}
	if (l) {
		memset(l->room, 0, sizeof(l->room));
		l->place = (struct egpr_switch *)(void *)(l->room + LAYER_PLACE);
		l->owner = 0;
		*l->place = l->arm[0];
	}
	return l;
}

void layer_contexts_move(struct layer_contexts *l, unsigned int offset)
{
	struct egpr_switch *to;

	/* What plays the legacy registers lies in front of it. */
	if (offset < PREPARE_LEGACY_BYTES)
		offset += LAYER_PAGE;
	to = (struct egpr_switch *)(void *)(l->room + offset);
	if (to == l->place)
		return;
	memmove(to, l->place, sizeof(*to));
	l->place = to;
}

struct egpr_switch *layer_context(struct layer_contexts *l, unsigned int arm)
{
	if (l->owner != arm) {
		l->arm[l->owner] = *l->place;
		*l->place = l->arm[arm];
		l->owner = arm;
	}
	standin_sync(l->place);
	return l->place;
}

int layer_module_probe(bool kvm_too, void **host, struct data_error *e)
{
	struct module_session m;
	struct vmm_host *h;
	struct vmm_error v;
	int ret;

	*host = NULL;
	ret = module_open(&m, e);
	if (ret)
		return ret;
	module_close(&m);
	h = calloc(1, sizeof(*h));
	if (!h)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	if (vmm_host_probe(h, NULL, &v) && kvm_too) {
		free(h);
		return data_fail(e, EGPR_SKIPPED, "%s: %s%s%s", v.thing, v.reason,
				 *v.fix ? "; " : "", v.fix);
	}
	*host = h;
	return 0;
}
