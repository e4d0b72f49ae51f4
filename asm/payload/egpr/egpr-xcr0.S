/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egpr-xcr0: what XCR0.APX does to r16..r31, seen from the guest at CPL 0.
 *
 * Off: #UD. First enable: all zero. Off again: #UD, and the registers are kept; on
 * again: they are back. XCR0 reads as it was set, whatever else the CPU has. Run with guest state
 * off, in a fresh VM.
 */
#include "check.h"

#define XCR0_APX   (1 << EGPR_XFEATURE)
#define XCR0_X87   1
#define LOAD_BYTES 8 /* of an apx_load: what the #UD handler skips */
#define FILL	   0x1111111111111111

	.text
	.globl egpr_batch
	.type egpr_batch, @function

/* Set XCR0 to what the VMM chose, with or without bit 19. Clobbers rax, rcx, rdx. */
.macro xcr0_apx on
	mov MB_XCR0(%rdi), %rax
	mov %rax, %rdx
	shr $32, %rdx
	.if \on
	or $XCR0_APX, %eax
	.endif
	xor %ecx, %ecx
	xsetbv
.endm

/* rax := XCR0. Clobbers rcx, rdx. */
.macro read_xcr0
	xor %ecx, %ecx
	xgetbv
	shl $32, %rdx
	or %rdx, %rax
.endm

/* rax := XCR0 & bit 19. Clobbers rcx, rdx. */
.macro read_xcr0_apx
	xor %ecx, %ecx
	xgetbv
	and $XCR0_APX, %eax
.endm

#define STORE_SEEN(n) apx_store n, MB_SEEN+(n-EGPR_FIRST)*8;
#define LOAD_PATTERN(n) apx_load n, MB_PATTERN+(n-EGPR_FIRST)*8;

egpr_batch:
	/* 1, 2: off, so #UD, and XCR0 says so. */
	movq $LOAD_BYTES, MB_UD_SKIP(%rdi)
	apx_load 16, MB_PATTERN
	mov MB_UD_COUNT(%rdi), %rax
	expect 1, 1
	movq $0, MB_UD_SKIP(%rdi)
	read_xcr0_apx
	expect 2, 0

	/* 3: on, and all zero. 4: XCR0 says so. */
	xcr0_apx 1
	EGPR_LIST(STORE_SEEN)
	xor %esi, %esi
.Lzero:
	mov MB_SEEN(%rdi, %rsi, 8), %rax
	expect 3, 0
	inc %esi
	cmp $EGPR_COUNT, %esi
	jb .Lzero
	read_xcr0_apx
	expect 4, XCR0_APX

	/* Fill: multiples of FILL, a different one in each. */
	mov $FILL, %rdx
	xor %esi, %esi
	xor %eax, %eax
.Lfill:
	add %rdx, %rax
	mov %rax, MB_PATTERN(%rdi, %rsi, 8)
	inc %esi
	cmp $EGPR_COUNT, %esi
	jb .Lfill
	EGPR_LIST(LOAD_PATTERN)

	/* 5: off, #UD again. */
	xcr0_apx 0
	movq $LOAD_BYTES, MB_UD_SKIP(%rdi)
	apx_load 16, MB_SEEN
	mov MB_UD_COUNT(%rdi), %rax
	expect 5, 2
	movq $0, MB_UD_SKIP(%rdi)

	/* 16..31: on, and all back; the step is the register's number. */
	xcr0_apx 1
	EGPR_LIST(STORE_SEEN)
	xor %esi, %esi
.Lkept:
	mov MB_SEEN(%rdi, %rsi, 8), %rax
	mov MB_PATTERN(%rdi, %rsi, 8), %rdx
	lea EGPR_FIRST(%rsi), %ecx
	cmp %rdx, %rax
	jne .Lwrong
	inc %esi
	cmp $EGPR_COUNT, %esi
	jb .Lkept

	/* 6: as few components as there can be; 7: all that the VMM chose, again. */
	mov $(XCR0_X87 | XCR0_APX), %eax
	xor %edx, %edx
	xor %ecx, %ecx
	xsetbv
	read_xcr0
	expect 6, (XCR0_X87 | XCR0_APX)
	xcr0_apx 1
	read_xcr0
	mov MB_XCR0(%rdi), %rdx
	or $XCR0_APX, %rdx
	mov $7, %ecx
	cmp %rdx, %rax
	jne .Lwrong
	one_round_done
	ret
	report_wrong
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
