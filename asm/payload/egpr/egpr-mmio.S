/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egpr-mmio: r16..r31 as base, index, source and destination of MMIO.
 *
 * Each access leaves the guest with its operands in EGPRs. Run with guest state dirty: what
 * is not used here must still hold its pattern afterwards.
 */
#include "check.h"

#define INDEX 0x10

	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	mov MB_ITERATIONS(%rdi), %r8
	test %r8, %r8
	jnz .Lround
	inc %r8
.Lround:
	/* 1: load into an EGPR, through an EGPR. */
	mov $EGPR_GUEST_MMIO, %r20d
	mov (%r20), %r22
	mov %r22, %rax
	expect 1, EGPR_MMIO_VALUE
	/* 2: base and index. */
	mov $INDEX, %r21d
	mov (%r20, %r21, 8), %rax
	expect 2, EGPR_MMIO_VALUE
	/* 3: index alone, legacy base; and an operation on what is read. */
	mov $EGPR_GUEST_MMIO, %esi
	xor %r22d, %r22d
	add (%rsi, %r21, 4), %r22
	mov %r22, %rax
	expect 3, EGPR_MMIO_VALUE
	/* Store from an EGPR; the VMM keeps the last value. */
	mov %r31, 8(%r20)
	dec %r8
	jnz .Lround

	/* The three that were used take their pattern back: the check follows. */
	apx_load 20, MB_PATTERN+(20-EGPR_FIRST)*8
	apx_load 21, MB_PATTERN+(21-EGPR_FIRST)*8
	apx_load 22, MB_PATTERN+(22-EGPR_FIRST)*8
	one_round_done
	ret
	report_wrong
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
