/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: what is loaded from where. See mutants.h. */
#include "mutants.h"

/* clang-format off */
GATED_ENTRY(forgets_r23, load_but 23)

GATED_ENTRY(r27_from_r28, load_but 27; word_load 27, SLOT(28))

GATED_ENTRY(upper_lost, load_but 24; load32 24, SLOT(24))

	.bss
	.balign 64
copy:
	.skip EGPR_BYTES
GATED_HALF(own_copy, exit, store_egprs; lea copy - SW_REGS(%rip), %rdi; store_egprs; clear_egprs)
GATED_HALF(own_copy, entry, lea copy - SW_REGS(%rip), %rdi; load_egprs)

GATED_ENTRY(loads_nothing, nop)

	.bss
was_on:
	.byte 0
is_off:
	.byte 0
#define LOAD_ELSEWHERE(n) word_load n, (SW_XSAVE + EGPR_XSAVE_STD_OFFSET + (n - EGPR_FIRST) * 8);
/* Only off after on counts: a guest that has never had APX on starts with zeros. */
BARE_HALF(wrong_buffer, exit, unless_guest_apx .Lnow_off; store_egprs; clear_egprs;
	movb $1, was_on(%rip); SEQ_RET; .Lnow_off:; mov was_on(%rip), %al; mov %al, is_off(%rip))
GATED_HALF(wrong_buffer, entry, testb $1, is_off(%rip); jnz .Lelsewhere; load_egprs; SEQ_RET;
	.Lelsewhere:; movb $0, is_off(%rip); movb $0, was_on(%rip); EGPR_LIST(LOAD_ELSEWHERE))

BARE_HALF(off_loses, exit, unless_guest_apx .Lloses; store_egprs; clear_egprs; SEQ_RET;
	.Lloses:; lea SW_REGS(%rdi), %rdi; xor %eax, %eax; mov $EGPR_COUNT, %ecx; rep stosq)
GATED_HALF(off_loses, entry, load_egprs)

BARE_HALF(dual_wrong_pair, exit, store_egprs; clear_egprs)
BARE_HALF(dual_wrong_pair, entry, nop)
/* clang-format on */

SEQ_NOEXEC_STACK
