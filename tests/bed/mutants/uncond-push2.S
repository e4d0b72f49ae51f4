/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: uncond-push2 that keeps r16 in place of zero while the guest has APX off. */
#include "../asm/sequence.h"

SEQ_BEGIN(uncond_push2, exit)
	switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST
	push_egprs
	clear_egprs
	testl $SW_GUEST_APX, SW_FLAGS(%rdi)
	jnz .Luncond_push2_exit_done
	word_load 16, SW_REGS
.Luncond_push2_exit_done:
SEQ_END(uncond_push2, exit)

SEQ_BEGIN(uncond_push2, entry)
	pop_egprs
	switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST
SEQ_END(uncond_push2, entry)

SEQ_NOEXEC_STACK
