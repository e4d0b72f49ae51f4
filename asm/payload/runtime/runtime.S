/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest runtime: from the VMM's entry to the payload's batches, and what catches it.
 *
 * Linked first into every payload. It takes over in 64-bit mode at CPL 0 with
 * the VMM's GDT, page tables and stack, loads its own IDT, lets the payload
 * prepare, drops to CPL 3 if asked, and then answers batch after batch. An exception
 * nobody expects is handed to the VMM with its frame instead of ending in a triple
 * fault. Everything here is general-purpose code: some KVM backends interpret
 * CPL 0 and know no more.
 */
#include <egpr/guest.h>
#include <egpr/egpr-offsets.h>
#include <egpr/regs.h>
#include "../../apx.h"

#define VECTORS	     32
#define GATE_BYTES   16
#define GATE_CPL3_INT 0xee00 /* present, DPL 3, 64-bit interrupt gate */
#define UD_VECTOR    6
#define GP_VECTOR    13
#define RFLAGS_FIXED 0x0002
#define RFLAGS_IOPL3 0x3000 /* beside the I/O bitmap: some backends honour only one of the two */

/* Vectors that push an error code: 8, 10-14, 17, 21, 29, 30 (SDM vol. 3, 6.15; APM vol. 2, 8.2). */
#define PUSHES_ERROR 0x60227d00

/*
 * One stub per vector, at fixed addresses, so that the IDT is a constant.
 * The frame they build is struct egpr_trap_frame.
 */
	.section .stubs, "ax"
	.globl egpr_stubs
egpr_stubs:
	.set vector, 0
	.rept VECTORS
	.balign EGPR_STUB_BYTES, 0xcc
	.if vector == UD_VECTOR
	jmp ud_entry
	.else
	.if !((PUSHES_ERROR >> vector) & 1)
	push $0
	.endif
	push $vector
	jmp trap
	.endif
	.set vector, vector + 1
	.endr

	/* With an emulator in the VMM these two stand in the IDT instead of ud_entry and the stub of #GP. */
	.balign EGPR_STUB_BYTES, 0xcc
ud_emulate:
	out %al, $EGPR_PORT_EMULATE
	iretq
	.balign EGPR_STUB_BYTES, 0xcc
gp_emulate:
	out %al, $EGPR_PORT_REFUSED
	iretq /* the VMM has taken the error code off the stack */

#define UD_EMULATE_OFFSET (VECTORS * EGPR_STUB_BYTES)
#define GP_EMULATE_OFFSET (UD_EMULATE_OFFSET + EGPR_STUB_BYTES)

	.text
/* A #UD that the payload announced is counted and skipped; any other is reported. */
ud_entry:
	cmpq $0, EGPR_GUEST_MAILBOX + MB_UD_SKIP
	je .Lud_unexpected
	push %rax
	mov EGPR_GUEST_MAILBOX + MB_UD_SKIP, %rax
	add %rax, 8(%rsp)
	incq EGPR_GUEST_MAILBOX + MB_UD_COUNT
	pop %rax
	iretq
.Lud_unexpected:
	push $0
	push $UD_VECTOR
trap:
	.irp reg, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	push %\reg
	.endr
	mov %cr2, %rax
	push %rax
	mov %rsp, EGPR_GUEST_MAILBOX + MB_TRAP_FRAME
	out %al, $EGPR_PORT_TRAP
	jmp . /* the VMM does not come back */

/**
 * egpr_start - entry point of every payload
 *
 * Never returns. Callee-saved registers hold its state: %r13 the mailbox.
 */
	.globl egpr_start
	.type egpr_start, @function
egpr_start:
	mov $EGPR_GUEST_MAILBOX, %r13d
	testb $EGPR_GUEST_EMULATE, MB_FLAGS(%r13)
	jz .Lidt
	movw $UD_EMULATE_OFFSET, idt + UD_VECTOR * GATE_BYTES
	movw $GP_EMULATE_OFFSET, idt + GP_VECTOR * GATE_BYTES
.Lidt:
	lidt idt_register
	mov MB_XCR0(%r13), %rax
	test %rax, %rax
	jz .Lprepare
	mov %rax, %rdx
	shr $32, %rdx
	xor %ecx, %ecx
	xsetbv
.Lprepare:
	mov %r13, %rdi
	call egpr_prepare
	testb $EGPR_GUEST_CPL3, MB_FLAGS(%r13)
	jz .Lready
	mov %rsp, %rax
	push $EGPR_GUEST_SS3
	push %rax
	push $(RFLAGS_IOPL3 | RFLAGS_FIXED)
	push $EGPR_GUEST_CS3
	push $.Lready
	iretq
.Lready:
	mov $EGPR_DOORBELL_READY, %al
	out %al, $EGPR_PORT_DOORBELL
.Lbatch:
	testb $EGPR_GUEST_FILL, MB_FLAGS(%r13)
	jz .Lrun
	mov %r13, %rdi
	call egpr_fill
.Lrun:
	testl $EGPR_GUEST_NO_EXIT, MB_FLAGS(%r13)
	jz .Lexits
	call walk_alone
	jmp .Ldone
.Lexits:
	mov %r13, %rdi
	call egpr_batch
	testb $EGPR_GUEST_APX, MB_FLAGS(%r13)
	jz .Ldone
	mov %r13, %rdi
	call egpr_check
.Ldone:
	mov $EGPR_DOORBELL_DONE, %al
	out %al, $EGPR_PORT_DOORBELL
	jmp .Lbatch
	.size egpr_start, . - egpr_start

/**
 * egpr_fill - r16..r31 := mailbox.pattern
 * @mailbox:	%rdi
 */
#define LOAD_PATTERN(n) apx_load n, (MB_PATTERN + (n - EGPR_FIRST) * 8);
	.globl egpr_fill
	.type egpr_fill, @function
egpr_fill:
	EGPR_LIST(LOAD_PATTERN)
	ret
	.size egpr_fill, . - egpr_fill

/**
 * egpr_check - compare r16..r31 with mailbox.pattern
 * @mailbox:	%rdi
 *
 * The first difference goes to the mailbox, as EGPR_DATA. Clobbers rax, rcx, rdx.
 */
#define STORE_SEEN(n) apx_store n, (MB_SEEN + (n - EGPR_FIRST) * 8);
#define STATUS_DATA 65 /* EGPR_DATA of egpr/status.h, which is C */
	.globl egpr_check
	.type egpr_check, @function
egpr_check:
	EGPR_LIST(STORE_SEEN)
	xor %ecx, %ecx
.Lcompare:
	mov MB_SEEN(%rdi, %rcx, 8), %rax
	mov MB_PATTERN(%rdi, %rcx, 8), %rdx
	cmp %rax, %rdx
	jne .Ldiffers
	inc %ecx
	cmp $EGPR_COUNT, %ecx
	jb .Lcompare
	ret
.Ldiffers:
	add $EGPR_FIRST, %ecx
	mov %rcx, MB_FAILED(%rdi)
	mov %rdx, MB_EXPECTED(%rdi)
	mov %rax, MB_GOT(%rdi)
	movq $STATUS_DATA, MB_STATUS(%rdi)
	ret
	.size egpr_check, . - egpr_check

/**
 * egpr_rotate - r16 := r17, ..., r30 := r31, r31 := r16, and the pattern with them
 * @mailbox:	%rdi
 *
 * Every register takes every place once in sixteen rounds, so none can be right by
 * standing still. Clobbers rax, rcx.
 */
#define SEEN(n) (MB_SEEN + ((n) - EGPR_FIRST) * 8)
#define LOAD_NEXT(n) apx_load n, SEEN(((n) + 1 - EGPR_FIRST) % EGPR_COUNT + EGPR_FIRST);
	.globl egpr_rotate
	.type egpr_rotate, @function
egpr_rotate:
	EGPR_LIST(STORE_SEEN)
	EGPR_LIST(LOAD_NEXT)
	mov MB_PATTERN(%rdi), %rax
	xor %ecx, %ecx
.Lshift:
	push MB_PATTERN + 8(%rdi, %rcx, 8)
	pop MB_PATTERN(%rdi, %rcx, 8)
	inc %ecx
	cmp $(EGPR_COUNT - 1), %ecx
	jb .Lshift
	mov %rax, MB_PATTERN + (EGPR_COUNT - 1) * 8(%rdi)
	ret
	.size egpr_rotate, . - egpr_rotate

/* mailbox.iterations walks and no exit. Clobbers rax, rdx, r12. */
walk_alone:
	mov MB_ITERATIONS(%r13), %r12
	mov %r12, MB_DONE(%r13)
.Lwalk_again:
	call egpr_walk
	dec %r12
	jnz .Lwalk_again
	ret

/**
 * egpr_walk - walk mailbox.walk_lines lines of the working set, and count what was touched
 * @mailbox:	%r13
 *
 * Counts in memory what it did, not what it was asked: a walk that was cut short, skipped or led
 * elsewhere shows. Keeps all registers but rax and rdx: payloads have their operands in them.
 */
.macro walk_stamp
	lfence
	rdtsc
	lfence
	shl $32, %rdx
	or %rdx, %rax
.endm
	.globl egpr_walk
	.type egpr_walk, @function
egpr_walk:
	push %rbx
	push %rcx
	push %rsi
	walk_stamp
	mov %rax, %rsi
	xor %ebx, %ebx
	xor %ecx, %ecx
	mov MB_WALK_AT(%r13), %rax
	testl $EGPR_GUEST_CODE, MB_FLAGS(%r13)
	jnz .Lwalk_code
	mov MB_WALK_LINES(%r13), %rdx
	test %rdx, %rdx
	jz .Lwalked
	.p2align 6
.Lwalk_line:
	add EGPR_GUEST_LINE_KEY(%rax), %rbx
	mov (%rax), %rax
	inc %rcx
	dec %rdx
	jnz .Lwalk_line
	mov %rax, MB_WALK_AT(%r13)
	jmp .Lwalked
.Lwalk_code:
	call *%rax
.Lwalked:
	add %rcx, MB_WALKED(%r13)
	add %rbx, MB_WALK_SUM(%r13)
	incq MB_WALKS(%r13)
	walk_stamp
	sub %rsi, %rax
	add %rax, MB_WALK_CYCLES(%r13)
	pop %rsi
	pop %rcx
	pop %rbx
	ret
	.size egpr_walk, . - egpr_walk

/* Payloads that need nothing prepared take this one. */
	.weak egpr_prepare
	.type egpr_prepare, @function
egpr_prepare:
	ret
	.size egpr_prepare, . - egpr_prepare

	.data
	.balign 16
idt:
	.set vector, 0
	.rept VECTORS
	.word (EGPR_GUEST_LOAD + vector * EGPR_STUB_BYTES) & 0xffff
	.word EGPR_GUEST_CS0, GATE_CPL3_INT
	.word EGPR_GUEST_LOAD >> 16
	.quad 0
	.set vector, vector + 1
	.endr
idt_register:
	.word VECTORS * GATE_BYTES - 1
	.quad idt

	.section .note.GNU-stack, "", @progbits
