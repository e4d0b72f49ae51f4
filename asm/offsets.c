// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for the members of struct egpr_switch and of the others that assembly works on.
 *
 * Compiled to assembly, never linked: the Makefile turns each marker line into
 * a #define in egpr/egpr-offsets.h. The way Linux makes asm-offsets.h.
 */
#include <stddef.h>
#include <egpr/contract.h>
#include <egpr/guest.h>
#include <egpr/halves.h>
#include <egpr/page.h>
#include <egpr/status.h>
#include <egpr/switch.h>

#define DEFINE(sym, val) __asm__ volatile("\n@@" #sym " %c0" : : "i"(val))

void egpr_offsets(void);
void egpr_offsets(void)
{
	DEFINE(SW_REGS, offsetof(struct egpr_switch, regs));
	DEFINE(SW_REGS_END, offsetof(struct egpr_switch, regs_end));
	DEFINE(SW_FLAGS, offsetof(struct egpr_switch, flags));
	DEFINE(SW_DELAY, offsetof(struct egpr_switch, delay));
	DEFINE(SW_ACCESS, offsetof(struct egpr_switch, access));
	DEFINE(SW_BH_COUNT, offsetof(struct egpr_switch, bh_count));
	DEFINE(SW_THREAD_FLAGS, offsetof(struct egpr_switch, thread_flags));
	DEFINE(SW_OPERAND, offsetof(struct egpr_switch, operand));
	DEFINE(SW_BH_ONE, EGPR_SWITCH_BH_ONE);
	DEFINE(SW_NEED_FPU_LOAD, EGPR_SWITCH_NEED_FPU_LOAD);
	DEFINE(SW_XCR0_HOST, offsetof(struct egpr_switch, xcr0_host));
	DEFINE(SW_XCR0_GUEST, offsetof(struct egpr_switch, xcr0_guest));
	DEFINE(SW_RFBM, offsetof(struct egpr_switch, rfbm));
	DEFINE(SW_XSAVE, offsetof(struct egpr_switch, xsave));
	DEFINE(SW_SIZE, sizeof(struct egpr_switch));
	DEFINE(SW_GUEST_APX, EGPR_SWITCH_GUEST_APX);

	DEFINE(HALVES_PREPARE, offsetof(struct egpr_halves, prepare));
	DEFINE(HALVES_ARG, offsetof(struct egpr_halves, arg));
	DEFINE(HALVES_EXIT, offsetof(struct egpr_halves, exit));
	DEFINE(HALVES_EACH, offsetof(struct egpr_halves, each));

	DEFINE(C_FX_CALLER, offsetof(struct egpr_contract_state, fx_caller));
	DEFINE(C_FX_IN, offsetof(struct egpr_contract_state, fx_in));
	DEFINE(C_FX_OUT, offsetof(struct egpr_contract_state, fx_out));
	DEFINE(C_SAVED_IN, offsetof(struct egpr_contract_state, saved_in));
	DEFINE(C_SAVED_OUT, offsetof(struct egpr_contract_state, saved_out));
	DEFINE(C_FRAME_IN, offsetof(struct egpr_contract_state, frame_in));
	DEFINE(C_FRAME_OUT, offsetof(struct egpr_contract_state, frame_out));
	DEFINE(C_FRAME_WORDS, EGPR_CONTRACT_FRAME);
	DEFINE(C_SCRATCH_IN, offsetof(struct egpr_contract_state, scratch_in));
	DEFINE(C_SCRATCH_OUT, offsetof(struct egpr_contract_state, scratch_out));
	DEFINE(C_EGPR_IN, offsetof(struct egpr_contract_state, egpr_in));
	DEFINE(C_EGPR_OUT, offsetof(struct egpr_contract_state, egpr_out));
	DEFINE(C_EGPRS, offsetof(struct egpr_contract_state, egprs));
	DEFINE(C_RSP_IN, offsetof(struct egpr_contract_state, rsp_in));
	DEFINE(C_RSP_OUT, offsetof(struct egpr_contract_state, rsp_out));
	DEFINE(C_FLAGS_IN, offsetof(struct egpr_contract_state, flags_in));
	DEFINE(C_FLAGS_OUT, offsetof(struct egpr_contract_state, flags_out));
	DEFINE(C_MASK, offsetof(struct egpr_contract_state, mask));
	DEFINE(C_X_IN, offsetof(struct egpr_contract_state, x_in));
	DEFINE(C_X_OUT, offsetof(struct egpr_contract_state, x_out));
	DEFINE(C_INITIAL, offsetof(struct egpr_contract_state, initial));

	DEFINE(PAGE_R, offsetof(struct egpr_page, r));
	DEFINE(PAGE_XINUSE, offsetof(struct egpr_page, xinuse));
	DEFINE(EGPR_STATUS_DATA, EGPR_DATA);
	DEFINE(MB_FLAGS, offsetof(struct egpr_mailbox, flags));
	DEFINE(MB_ITERATIONS, offsetof(struct egpr_mailbox, iterations));
	DEFINE(MB_DEFAULT_ITERATIONS, offsetof(struct egpr_mailbox, default_iterations));
	DEFINE(MB_XCR0, offsetof(struct egpr_mailbox, xcr0));
	DEFINE(MB_DONE, offsetof(struct egpr_mailbox, done));
	DEFINE(MB_TSC_START, offsetof(struct egpr_mailbox, tsc_start));
	DEFINE(MB_TSC_END, offsetof(struct egpr_mailbox, tsc_end));
	DEFINE(MB_RESULT, offsetof(struct egpr_mailbox, result));
	DEFINE(MB_STATUS, offsetof(struct egpr_mailbox, status));
	DEFINE(MB_FAILED, offsetof(struct egpr_mailbox, failed));
	DEFINE(MB_EXPECTED, offsetof(struct egpr_mailbox, expected));
	DEFINE(MB_GOT, offsetof(struct egpr_mailbox, got));
	DEFINE(MB_UD_SKIP, offsetof(struct egpr_mailbox, ud_skip));
	DEFINE(MB_UD_COUNT, offsetof(struct egpr_mailbox, ud_count));
	DEFINE(MB_TRAP_FRAME, offsetof(struct egpr_mailbox, trap_frame));
	DEFINE(MB_WALK_AT, offsetof(struct egpr_mailbox, walk_at));
	DEFINE(MB_WALK_LINES, offsetof(struct egpr_mailbox, walk_lines));
	DEFINE(MB_WALKS, offsetof(struct egpr_mailbox, walks));
	DEFINE(MB_WALKED, offsetof(struct egpr_mailbox, walked));
	DEFINE(MB_WALK_SUM, offsetof(struct egpr_mailbox, walk_sum));
	DEFINE(MB_WALK_CYCLES, offsetof(struct egpr_mailbox, walk_cycles));
	DEFINE(MB_EXIT_CYCLES, offsetof(struct egpr_mailbox, exit_cycles));
	DEFINE(MB_SEEN, offsetof(struct egpr_mailbox, seen));
	DEFINE(MB_PATTERN, offsetof(struct egpr_mailbox, pattern));
	DEFINE(PAGE_XCR0, offsetof(struct egpr_page, xcr0));
}
