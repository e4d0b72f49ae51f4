/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: what the exit half leaves in other registers. See mutants.h. */
#include "mutants.h"

/* clang-format off */
GATED_EXIT(left_in_rcx, move 23, APX_RCX; store_egprs; clear_egprs)

GATED_EXIT(left_in_r11, move 16, 11; store_egprs; clear_egprs)

GATED_EXIT(half_in_rax, two 0x89, 0, 19, APX_RAX; store_egprs; clear_egprs)

GATED_EXIT(upper_in_rsi, move 30, APX_RSI; shr $32, %rsi; store_egprs; clear_egprs)

GATED_EXIT(word_in_rdx, move 24, APX_RAX; movzwl %ax, %edx; xor %eax, %eax; store_egprs; clear_egprs)

GATED_EXIT(twice_in_r8, move 27, 8; add %r8, %r8; store_egprs; clear_egprs)

GATED_EXIT(bit_in_flags, move 28, APX_RAX; store_egprs; clear_egprs; bt $5, %rax; mov $0, %eax)

GATED_EXIT(left_in_xmm0, move 22, APX_RAX; movq %rax, %xmm0; xor %eax, %eax; store_egprs; clear_egprs)

GATED_EXIT(left_in_rbx, move 18, 3; store_egprs; clear_egprs)

/* Sound where nothing writes below the stack pointer. */
GATED_EXIT(red_zone, move 16, APX_RAX; mov %rax, -40(%rsp); xor %eax, %eax; store_but 16; clear_egprs;
	mov -40(%rsp), %rax; mov %rax, SLOT(16)(%rdi); xor %eax, %eax)
/* clang-format on */

SEQ_NOEXEC_STACK
