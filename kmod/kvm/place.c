// SPDX-License-Identifier: GPL-2.0-only
/*
 * Part of an edited kvm.ko: the place in vmenter.S, as C sees it. See place.h and place-asm.h.
 *
 * A switchable place calls the halves by static calls: direct calls in KVM's text, the same two
 * instructions whatever they lead to, rewritten while no guest of the lab's runs.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/static_call.h>

#include "edge.h"
#include "place.h"
#include "choice.h"

#ifdef EGPR_INLINE
#define KIND	 EGPR_PLACE_INLINE
#define STRATEGY EGPR_INLINE_STRATEGY
#define FORM	 EGPR_INLINE_FORM
#define CHOOSE	 NULL
#define TELL	 NULL
#ifdef EGPR_HOST_RIP
#define BY_FLAG true
#else
#define BY_FLAG false
#endif
#ifdef EGPR_FORM_TRAP
#define IDLE NULL
#define TEXT (&egpr_place_text[0])
DEFINE_PER_CPU(unsigned long[2], egpr_place_text);
EXPORT_PER_CPU_SYMBOL_GPL(egpr_place_text);
#else
#define IDLE (&idle)
#define TEXT NULL
/* A guest without APX whose XCR0 is the host's: what gated halves test and others compare. */
static struct egpr_switch idle;
#endif
#else
#define KIND	 EGPR_PLACE_SWITCHABLE
#define STRATEGY ""
#define FORM	 ""
#define BY_FLAG	 false
#define IDLE	 NULL
#define TEXT	 NULL
#define CHOOSE	 choose
#define TELL	 tell

void egpr_place_half(struct egpr_switch *sw);

DEFINE_STATIC_CALL_NULL(egpr_place_exit, egpr_place_half);
DEFINE_STATIC_CALL_NULL(egpr_place_entry, egpr_place_half);
EXPORT_STATIC_CALL_GPL(egpr_place_exit);
EXPORT_STATIC_CALL_GPL(egpr_place_entry);

static void choose(egpr_switch_fn exit, egpr_switch_fn entry)
{
	static_call_update(egpr_place_exit, exit);
	static_call_update(egpr_place_entry, entry);
}

DEFINE_STATIC_CALL_NULL(egpr_place_at_edge, egpr_place_told);
DEFINE_STATIC_CALL_NULL(egpr_place_at_xcr0, egpr_place_told);

static void tell(void (*edge)(struct kvm_vcpu *vcpu, bool in),
		 void (*xcr0)(struct kvm_vcpu *vcpu, bool in))
{
	static_call_update(egpr_place_at_edge, edge);
	static_call_update(egpr_place_at_xcr0, xcr0);
}
#endif

DEFINE_PER_CPU(struct egpr_switch *, egpr_place_context);
EXPORT_PER_CPU_SYMBOL_GPL(egpr_place_context);

/* Not by an initialiser: up to 6.12 a module's per-CPU data is not relocated. */
void egpr_place_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) per_cpu(egpr_place_context, cpu) = IDLE;
}

const struct egpr_place egpr_place = {
	.version = EGPR_PLACE_VERSION,
	.kind = KIND,
	.context_bytes = sizeof(struct egpr_switch),
	.strategy = STRATEGY,
	.form = FORM,
	.by_flag = BY_FLAG,
	.source = EGPR_PLACE_SOURCE,
	.context = &egpr_place_context,
	.idle = IDLE,
	.text = TEXT,
	.choose = CHOOSE,
	.tell = TELL,
};
EXPORT_SYMBOL_GPL(egpr_place);

static char *told = EGPR_PLACE_TEXT " " EGPR_PLACE_SOURCE;
module_param_named(egpr_place, told, charp, 0444);
MODULE_PARM_DESC(egpr_place,
		 "This KVM was built by egpr-lab: its place, and SHA-256 of its source");
