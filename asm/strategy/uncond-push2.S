/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uncond-push2: uncond-mov with PUSH2P/POP2P, eight instructions instead of sixteen.
 *
 * The stack pointer is borrowed to fill regs[] in place: values left on the stack
 * would be gone with the frame, and handlers read them from regs[]. regs[] is
 * 64-byte aligned, so PUSH2's 16-byte rule holds.
 */
#include "../sequence.h"

SEQ_BEGIN(uncond_push2, exit)
	switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST
	push_egprs
	clear_egprs
SEQ_END(uncond_push2, exit)

SEQ_BEGIN(uncond_push2, entry)
	pop_egprs
	switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST
SEQ_END(uncond_push2, entry)

SEQ_NOEXEC_STACK
