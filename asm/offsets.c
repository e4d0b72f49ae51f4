// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for the members of struct egpr_switch, for assembly.
 *
 * Compiled to assembly, never linked: the Makefile turns each marker line into
 * a #define in egpr/egpr-offsets.h. The way Linux makes asm-offsets.h.
 */
#include <stddef.h>
#include <egpr/switch.h>

#define DEFINE(sym, val) __asm__ volatile("\n@@" #sym " %c0" : : "i"(val))

void egpr_offsets(void);
void egpr_offsets(void)
{
	DEFINE(SW_REGS, offsetof(struct egpr_switch, regs));
	DEFINE(SW_REGS_END, offsetof(struct egpr_switch, regs_end));
	DEFINE(SW_FLAGS, offsetof(struct egpr_switch, flags));
	DEFINE(SW_DELAY, offsetof(struct egpr_switch, delay));
	DEFINE(SW_XCR0_HOST, offsetof(struct egpr_switch, xcr0_host));
	DEFINE(SW_XCR0_GUEST, offsetof(struct egpr_switch, xcr0_guest));
	DEFINE(SW_RFBM, offsetof(struct egpr_switch, rfbm));
	DEFINE(SW_XSAVE, offsetof(struct egpr_switch, xsave));
	DEFINE(SW_SIZE, sizeof(struct egpr_switch));
	DEFINE(SW_GUEST_APX, EGPR_SWITCH_GUEST_APX);
}
