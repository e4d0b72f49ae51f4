// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest of the state proofs; see module_guest.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <egpr/guest.h>

#include "module_guest.h"

#define TIMEOUT_S 60.0

bool guest_fail(struct guest *g, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(g->why, sizeof(g->why), format, args);
	va_end(args);
	return false;
}

static bool run(struct guest *g, uint32_t exits)
{
	struct vmm_batch b = { .exits = exits };
	struct vmm_error v;

	return vmm_batch(g->vm, &b, &v) ? guest_fail(g, "%s", v.reason) : true;
}

static bool counters(struct guest *g, struct egpr_counters *c)
{
	struct data_error e;

	return module_counters(&g->module, c, true, &e) ? guest_fail(g, "%s", e.text) : true;
}

int guest_open(struct guest *g, const struct vmm_host *h, const char *kind, const char *dir,
	       bool attach)
{
	struct vmm_options o = { .emulate = true, .timeout_s = TIMEOUT_S };
	struct egpr_counters c;
	struct data_error e;
	struct vmm_error v;
	int ret;

	memset(g, 0, sizeof(*g));
	g->module.fd = -1;
	if (module_open(&g->module, &e)) {
		guest_fail(g, "%s", e.text);
		return EGPR_INTERNAL;
	}
	o.page = g->module.page;
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
	return run(g, 1) && counters(g, &c) ? 0 : EGPR_INTERNAL;
}

bool guest_configure(struct guest *g, const struct egpr_strategy *s, enum egpr_guest_state state,
		     unsigned int flags, bool fresh)
{
	struct egpr_configure c = module_configuration(s, EGPR_FORM_TRAP, state, 0,
						       flags | (fresh ? EGPR_CONF_FRESH : 0));
	struct data_error e;

	g->s = s;
	if (module_configure(&g->module, c, &e))
		return guest_fail(g, "%s", e.text);
	/* A new guest's step counter starts again, from registers that read zero. */
	vmm_mailbox(g->vm)->pattern[0] = fresh;
	if (fresh)
		memset(g->module.page->r, 0, sizeof(g->module.page->r));
	return true;
}

static bool hardware_clear(const struct egpr_page *page)
{
	uint64_t any = 0;
	int i;

	for (i = 0; i < EGPR_COUNT; i++)
		any |= page->r[i];
	return !any;
}

static bool counters_hold(struct guest *g, const struct egpr_counters *c, uint32_t exits)
{
	if (c->refusal != EGPR_REFUSED_NONE)
		return guest_fail(g, "%s", module_refusal(c->refusal));
	if (c->ud || c->leaks || c->migrated || c->switched_in != c->switched_out ||
	    c->entries - c->unseen != c->exits || c->exits + c->unseen < exits)
		return guest_fail(g,
				  "%llu entries, %llu exits, %llu unseen, %llu in, %llu out, %llu "
				  "#UD, %llu leaks, %llu migrated",
				  (unsigned long long)c->entries, (unsigned long long)c->exits,
				  (unsigned long long)c->unseen, (unsigned long long)c->switched_in,
				  (unsigned long long)c->switched_out, (unsigned long long)c->ud,
				  (unsigned long long)c->leaks, (unsigned long long)c->migrated);
	if (g->s->family == EGPR_FAMILY_UNCOND && !c->emulated)
		return guest_fail(g, "no instruction was emulated: the sequence did not run");
	return true;
}

bool guest_batch(struct guest *g, uint32_t exits)
{
	memset(&g->seen, 0, sizeof(g->seen));
	if (!run(g, exits) || !counters(g, &g->seen) || !counters_hold(g, &g->seen, exits))
		return false;
	vmm_mailbox(g->vm)->pattern[0] = 0;
	if (g->s->home != EGPR_HOME_HW && !hardware_clear(g->module.page))
		return guest_fail(g, "guest values are left in the registers");
	return true;
}

void guest_close(struct guest *g)
{
	module_close(&g->module);
	vmm_close(g->vm);
	g->vm = NULL;
}
