// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest of the state proofs; see module_guest.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <egpr/guest.h>

#include "module_guest.h"
#include "own.h"

#define TIMEOUT_S   60.0
#define PROBE_EXITS 8 /* iterations that show whether the CPU leaves the guest for this */

bool guest_fail(struct guest *g, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(g->why, sizeof(g->why), format, args);
	va_end(args);
	return false;
}

static int load(void *opaque, __u64 *r)
{
	struct guest *g = opaque;
	struct data_error e;

	return module_get_regs(&g->module, r, &e) ? -1 : 0;
}

static int store(void *opaque, const __u64 *r)
{
	struct guest *g = opaque;
	struct data_error e;

	return module_set_regs(&g->module, r, &e) ? -1 : 0;
}

static bool set(struct guest *g, enum egpr_guest_state state, unsigned int flags)
{
	struct egpr_configure c =
		module_configuration(g->s, g->native ? EGPR_FORM_HW : EGPR_FORM_TRAP, state, 0,
				     flags | (g->place ? EGPR_CONF_PLACE : 0));
	struct data_error e;

	return module_configure(&g->module, c, &e) ? guest_fail(g, "%s", e.text) : true;
}

/* The guest's own XSETBV: KVM tells the strategy, as the module's user does here. */
static void on_xcr0(struct vmm_batch *b, uint64_t xcr0)
{
	struct guest *g = b->opaque;

	set(g, xcr0 & 1ull << EGPR_XFEATURE ? g->state : EGPR_STATE_OFF, 0);
}

static bool run(struct guest *g, uint32_t exits)
{
	const struct vmm_registers registers = { load, store, g };
	struct vmm_batch b = {
		.exits = exits,
		.registers = g->apx && !g->native && (g->s || g->own) ? &registers : NULL,
		.on_xcr0 = g->apx && !g->native && g->s ? on_xcr0 : NULL,
		.opaque = g,
		.rotate = g->apx && g->state == EGPR_STATE_DIRTY,
	};
	struct vmm_error v;
	int ret = vmm_batch(g->vm, &b, &v);

	g->msr_value = b.msr_value;
	g->result = b.result;
	if (ret)
		return guest_fail(g, "%s", v.reason);
	if (g->apx && !g->native && !b.emulated)
		return guest_fail(g, "the guest executed no APX instruction");
	return true;
}

bool guest_look(struct guest *g, struct egpr_look *l)
{
	const struct vmm_registers registers = { load, store, g };
	struct vmm_batch b = { .exits = OWN_LOOK_EXITS, .registers = &registers };
	struct data_error e;

	return own_look(&g->module, EGPR_FORM_TRAP, g->vm, &b, l, &e) ? guest_fail(g, "%s", e.text)
								      : true;
}

static bool counters(struct guest *g, struct egpr_counters *c)
{
	struct data_error e;

	return module_counters(&g->module, c, true, &e) ? guest_fail(g, "%s", e.text) : true;
}

static int open_guest(struct guest *g, const struct vmm_host *h, const char *kind, const char *dir,
		      enum egpr_guest_state state, bool attach)
{
	struct vmm_options o = { .emulate = !g->native, .state = state, .timeout_s = TIMEOUT_S };
	struct egpr_counters c;
	struct data_error e;
	struct vmm_error v;
	int ret;

	if (module_open(&g->module, &e)) {
		guest_fail(g, "%s", e.text);
		return EGPR_INTERNAL;
	}
	o.page = g->native ? NULL : g->module.page;
	g->own = g->module.query.features & EGPR_HAS_PLAYED_KVM;
	ret = vmm_open_kind(&g->vm, h, egpr_exit_kind_find(kind), &o, dir, &v);
	if (ret) {
		guest_fail(g, "%s: %s", v.thing, v.reason);
		return ret;
	}
	if (!attach)
		return 0;
	if (module_attach(&g->module, vmm_vcpu_fd(g->vm), &e)) {
		guest_fail(g, "%s", e.text);
		return EGPR_INTERNAL;
	}
	if (!run(g, PROBE_EXITS) || !counters(g, &c))
		return EGPR_INTERNAL;
	if (c.exits + c.unseen >= PROBE_EXITS)
		return 0;
	guest_fail(g, "%s: %llu exits in %d iterations: this CPU does not leave the guest for it",
		   kind, (unsigned long long)c.exits, PROBE_EXITS);
	return EGPR_SKIPPED;
}

int guest_open(struct guest *g, const struct vmm_host *h, const char *kind, const char *dir,
	       bool attach)
{
	memset(g, 0, sizeof(*g));
	g->module.fd = -1;
	return open_guest(g, h, kind, dir, EGPR_STATE_OFF, attach);
}

int guest_open_apx(struct guest *g, const struct vmm_host *h, const char *kind, const char *dir,
		   enum egpr_guest_state state)
{
	memset(g, 0, sizeof(*g));
	g->module.fd = -1;
	g->apx = true;
	g->state = state;
	return open_guest(g, h, kind, dir, state, true);
}

int guest_open_native(struct guest *g, const struct vmm_host *h, const char *kind,
		      enum egpr_guest_state state)
{
	bool lend = state != EGPR_STATE_OFF && vmm_apx_offer(&h->apx) != VMM_APX_WHOLE;
	int ret;

	memset(g, 0, sizeof(*g));
	g->module.fd = -1;
	g->apx = true;
	g->native = true;
	g->state = state;
	ret = open_guest(g, h, kind, NULL, lend ? EGPR_STATE_OFF : state, true);
	if (ret || !lend)
		return ret;
	/* The module sets XCR0.APX of this guest, whatever strategy it runs. */
	g->s = &egpr_strategies[EGPR_STRATEGY_none];
	if (!set(g, state, EGPR_CONF_FRESH))
		return EGPR_SKIPPED;
	vmm_lend_apx(g->vm, state);
	return 0;
}

bool guest_configure(struct guest *g, const struct egpr_strategy *s, enum egpr_guest_state state,
		     unsigned int flags, bool fresh)
{
	g->s = s;
	if (!set(g, state, flags | (fresh ? EGPR_CONF_FRESH : 0)))
		return false;
	/* A new guest's step counter starts again, from registers that read zero. */
	if (!g->apx)
		vmm_mailbox(g->vm)->pattern[0] = fresh;
	return true;
}

/* Where the host runs, the registers hold the host's own values and no others. */
static bool host_has_its_own(const struct egpr_page *page)
{
	uint64_t other = 0;
	unsigned int i;

	for (i = 0; i < EGPR_COUNT; i++)
		other |= page->r[i] ^ EGPR_HOST_VALUE(EGPR_FIRST + i);
	return !other;
}

static bool counters_hold(struct guest *g, const struct egpr_counters *c, uint32_t exits)
{
	if (c->refusal != EGPR_REFUSED_NONE)
		return guest_fail(g, "%s", module_refusal(c->refusal));
	if (c->ud || c->leaks || c->wrong_operand || c->migrated ||
	    c->switched_in != c->switched_out || c->entries - c->unseen != c->exits ||
	    c->exits + c->unseen < exits)
		return guest_fail(g,
				  "%llu entries, %llu exits, %llu unseen, %llu in, %llu out, %llu "
				  "#UD, %llu leaks, %llu wrong operands, %llu migrated",
				  (unsigned long long)c->entries, (unsigned long long)c->exits,
				  (unsigned long long)c->unseen, (unsigned long long)c->switched_in,
				  (unsigned long long)c->switched_out, (unsigned long long)c->ud,
				  (unsigned long long)c->leaks,
				  (unsigned long long)c->wrong_operand,
				  (unsigned long long)c->migrated);
	if (g->s->family == EGPR_FAMILY_UNCOND && !g->native && !c->emulated)
		return guest_fail(g, "no instruction was emulated: the sequence did not run");
	return true;
}

bool guest_batch(struct guest *g, uint32_t exits)
{
	memset(&g->seen, 0, sizeof(g->seen));
	if (!run(g, exits) || !counters(g, &g->seen) || !counters_hold(g, &g->seen, exits))
		return false;
	if (!g->apx)
		vmm_mailbox(g->vm)->pattern[0] = 0;
	if (!g->native && !host_has_its_own(g->module.page))
		return guest_fail(g, "the host's registers do not hold the host's values");
	return true;
}

void guest_close(struct guest *g)
{
	module_close(&g->module);
	vmm_close(g->vm);
	g->vm = NULL;
}
