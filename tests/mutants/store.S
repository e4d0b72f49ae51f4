/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: what is stored where. See mutants.h. */
#include "mutants.h"

/* clang-format off */
#define SWAPPED(how)				\
	how 18, SLOT(19);			\
	how 19, SLOT(18);			\
	EGPR_LIST(UNSWAPPED_##how)
#define UNSWAPPED_word_store(n) .if n != 18 && n != 19; SEQ_STORE(n) .endif;
#define UNSWAPPED_word_load(n)	.if n != 18 && n != 19; SEQ_LOAD(n) .endif;
GATED_HALF(slots_swapped, exit, SWAPPED(word_store); clear_egprs)
GATED_HALF(slots_swapped, entry, SWAPPED(word_load))

GATED_EXIT(upper_kept, store_but 22; store32 22, SLOT(22); clear_egprs)

GATED_EXIT(upper_zero, store_but 22; two 0x89, 0, 22, 22; word_store 22, SLOT(22); clear_egprs)

GATED_EXIT(r20_from_r21, store_but 20; word_store 21, SLOT(20); clear_egprs)

GATED_EXIT(clear_first, clear_egprs; store_egprs)

#define PUSH_ODD(a, b) word_push2 b, a;
#define POP_ODD(a, b)  word_pop2 a, b;
GATED_HALF(push_order, exit, mov %rsp, %r11; lea SW_REGS_END(%rdi), %rsp; EGPR_PAIR_LIST_DESC(PUSH_ODD)
	mov %r11, %rsp; clear_egprs)
GATED_HALF(push_order, entry, mov %rsp, %r11; lea SW_REGS(%rdi), %rsp; EGPR_PAIR_LIST(POP_ODD)
	mov %r11, %rsp)

GATED_EXIT(copy_in_area, store_egprs; word_store 16, (SW_XSAVE + 1024); clear_egprs)

GATED_EXIT(past_regs, store_egprs; word_store 16, SW_REGS_END; clear_egprs)

GATED_EXIT(operand, store_egprs; clear_egprs; movq $0, SW_OPERAND(%rdi))

GATED_EXIT(thread_flags, store_egprs; clear_egprs; xorl $8, SW_THREAD_FLAGS(%rdi))

GATED_ENTRY(entry_clears_flags, load_egprs; movl $0, SW_FLAGS(%rdi))

GATED_ENTRY(entry_clears_home, load_egprs; movq $0, SLOT(16)(%rdi))
/* clang-format on */

SEQ_NOEXEC_STACK
