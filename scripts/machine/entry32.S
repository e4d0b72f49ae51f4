/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protected-mode part of a bzImage whose kernel is not compressed: unpacking
 * XZ takes an emulator 45 seconds, moving the same kernel into place one.
 *
 * Entered by the kernel's own setup code at 0x100000, 32-bit, paging and
 * interrupts off, ESI = boot_params. The flat kernel follows this code; it is
 * moved up to its physical address, and entered at its 64-bit entry point as
 * Documentation/arch/x86/boot.rst asks: long mode, the first 4 GiB mapped as
 * they are, RSI = boot_params.
 *
 * IMAGE_START, IMAGE_SIZE and IMAGE_ENTRY come from scripts/machine/kernel.
 */
#define TABLES		0x200000	/* free as soon as the kernel has moved up */
#define PAGE		0x1000
#define DIRECTORIES	4		/* 1 GiB each */
#define ENTRIES		(DIRECTORIES * 512)
#define PRESENT_WRITE	0x3
#define LARGE		0x80
#define LARGE_SIZE	0x200000
#define CODE_SEGMENT	0x10
#define DATA_SEGMENT	0x18
#define CR0_PE_PG	0x80000001
#define CR4_PAE		0x20
#define MSR_EFER	0xc0000080
#define EFER_LME	0x100

	.text
	.code32
	.globl	_start
_start:
	movl	%esi, %ebp

	/* Up in memory, so backwards: the two areas overlap. */
	std
	movl	$(image + IMAGE_SIZE - 4), %esi
	movl	$(IMAGE_START + IMAGE_SIZE - 4), %edi
	movl	$(IMAGE_SIZE / 4), %ecx
	rep movsl
	cld

	movl	$TABLES, %edi
	xorl	%eax, %eax
	movl	$((2 + DIRECTORIES) * PAGE / 4), %ecx
	rep stosl
	movl	$(TABLES + PAGE + PRESENT_WRITE), TABLES
	movl	$(TABLES + 2 * PAGE + PRESENT_WRITE), %eax
	xorl	%ecx, %ecx
.Ldirectory:
	movl	%eax, TABLES + PAGE(, %ecx, 8)
	addl	$PAGE, %eax
	incl	%ecx
	cmpl	$DIRECTORIES, %ecx
	jne	.Ldirectory
	movl	$(LARGE + PRESENT_WRITE), %eax
	xorl	%ecx, %ecx
.Lentry:
	movl	%eax, TABLES + 2 * PAGE(, %ecx, 8)
	addl	$LARGE_SIZE, %eax
	incl	%ecx
	cmpl	$ENTRIES, %ecx
	jne	.Lentry

	lgdt	gdt_pointer
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$TABLES, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PE_PG, %eax
	movl	%eax, %cr0
	ljmp	$CODE_SEGMENT, $long_mode

	.code64
long_mode:
	movl	$DATA_SEGMENT, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%ebp, %esi
	movl	$IMAGE_ENTRY, %eax
	jmp	*%rax

	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9a000000ffff	/* CODE_SEGMENT: 64-bit, flat */
	.quad	0x00cf92000000ffff	/* DATA_SEGMENT: flat */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.balign	16
image:
