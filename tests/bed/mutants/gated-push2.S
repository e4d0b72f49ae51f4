/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: gated-push2 whose pairs come back swapped. */
#include "../asm/sequence.h"

#define POP_SWAPPED(a, b) word_pop2 a, b;

SEQ_BEGIN(gated_push2, exit)
	unless_guest_apx .Lgated_push2_exit_done
	push_egprs
	clear_egprs
.Lgated_push2_exit_done:
SEQ_END(gated_push2, exit)

SEQ_BEGIN(gated_push2, entry)
	unless_guest_apx .Lgated_push2_entry_done
	mov %rsp, %r11
	lea SW_REGS(%rdi), %rsp
	SEQ_UNWIND_NONE
	EGPR_PAIR_LIST(POP_SWAPPED)
	mov %r11, %rsp
	SEQ_UNWIND_BACK
.Lgated_push2_entry_done:
SEQ_END(gated_push2, entry)

SEQ_NOEXEC_STACK
