/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * APX instructions between breakpoints, for tests/unit/user-step.c: one of each
 * shape that a slot can have. egpr_step_table lists them, ended by zero.
 */
	.text

	.macro one insn:vararg
	.pushsection .data.rel.table, "aw"
	.quad .Lone\@
	.popsection
.Lone\@:
	int3
	\insn
	int3
	ret
	.endm

	.pushsection .data.rel.table, "aw"
	.globl egpr_step_table
egpr_step_table:
	.popsection

	one mov %rax, %r16
	one mov %r17, %rcx
	one mov %r18d, %r19d
	one mov $0x12345678, %r20
	one add $5, %r31
	one adc %r21, %rdx
	one xor %r22d, %r22d
	one mov 8(%r30), %r23
	one mov %r24, 16(%r30, %r29, 8)
	one addq $7, (%r30)
	one lock xaddq %r25, (%r30)
	one lock cmpxchgq %r26, 24(%r30)
	one lea 4(%r16, %r17, 4), %r18
	one movzbl 1(%r30), %r27d
	one imul %r16, %rdx
	one mul %r17
	one bt %r29, (%r30)
	one shl %cl, %r28
	one movb %r16b, %r17b
	one movw %r18w, 2(%r30)
	one mov egpr_step_data(%rip), %r16
	one add %r17d, egpr_step_data(%rip)
	one movups (%r30), %xmm3
	one bswap %r19
	one cmovb %r16, %r17
	one seto %r18b
	one add %rax, %rcx, %r16
	one add %r16, %rcx, %rdx
	one sub %r16, %r17, %rax
	one add 8(%r30, %r29, 8), %r20, %r20
	one add %r20, 8(%r30, %r29, 8), %r21
	one sub %rax, 8(%rsi), %rax
	one {nf} add %rax, %rcx, %rdx
	one {nf} sub %r16, %r17, %r18
	one {nf} and 8(%r30), %rax
	one {nf} shl $3, %r16, %rax
	one {nf} inc %r19
	one {nf} imul %r16, %rax
	one addb %r16b, %r17b, %r18b
	one addw %ax, %r17w, %dx
	one setzub %r16b
	one setzuae %cl
	one setzub %al
	one ccmpe {dfv=of,cf} %r16, %r17
	one ccmpne {dfv=sf,zf} %rax, %rcx
	one ccmpbl {dfv=} $3, 8(%r30)
	one ccmpael {dfv=zf} $3, 8(%r30)
	one ctestt {dfv=} %r16, %rax
	one ctestf {dfv=of,sf,zf,cf} %r16, %rax
	one shld $4, %r16, %r17, %r18
	one cmovb %rax, %rcx, %rdx
	one cfcmovbl %r16d, %ecx
	one cfcmovb %rax, %r17
	one cfcmovae %rcx, %rdx
	one cfcmove %rdx, %r18, %rcx
	one cfcmovs %r19, %rdx, %r20
	one adcx %r16, %r17
	one crc32q %r16, %rax
	one popcnt %r16, %r17

	.pushsection .data.rel.table, "aw"
	.quad 0
	.popsection

	.data
	.balign 8
	.globl egpr_step_data
egpr_step_data:
	.quad 0x0102030405060708

	.section .note.GNU-stack, "", @progbits
