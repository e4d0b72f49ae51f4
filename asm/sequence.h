/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words that strategies are written in, one meaning per form.
 *
 * A file in asm/strategy/ is assembled once per form of EGPR_FORMS, from the
 * same lines:
 *
 *   hw     what an APX host runs
 *   proxy  the same number of bytes per word on legacy registers: an ignored DS
 *          prefix (0x3e) pads REX to the size of REX2. PUSH2P/POP2P become two
 *          PUSH/POP of three bytes each, so they count one instruction more
 *   trap   as hw, but what a CPU without APX would execute wrongly instead of
 *          refusing (XSAVE*, XRSTOR*, XSETBV) stands behind a UD2, by which the
 *          emulator knows that it has to act on the virtual state
 *
 * Every half is a function of one argument, %rdi = struct egpr_switch *, that
 * clobbers caller-saved registers and flags only.
 *
 * IMPORTANT: while a PUSH2/POP2 word runs, %rsp points into the context. A
 * signal handler must use its own stack, and the kernel keeps interrupts off.
 */
#ifndef ASM_SEQUENCE_H
#define ASM_SEQUENCE_H

#include "apx.h"
#include <egpr/regs.h>
#include <egpr/egpr-offsets.h>

/* The kernel returns through its thunk, marks what may be called indirectly, and is told about %rsp. */
#ifdef __KERNEL__
#include <linux/linkage.h>
#include <asm/ibt.h>
#include "unwind.h"
#define SEQ_RET   RET
#define SEQ_ENDBR ENDBR
#else
#define SEQ_RET ret
#define SEQ_ENDBR
#define SEQ_UNWIND_NONE
#define SEQ_UNWIND_BACK
#define SEQ_UD2 ud2
#endif

#define SEQ_CAT_(sym, form, half) egpr_##sym##_##form##_##half
#define SEQ_CAT(sym, form, half)  SEQ_CAT_(sym, form, half)
#define SEQ_NAME(sym, half)	  SEQ_CAT(sym, EGPR_FORM, half)

#ifdef EGPR_INLINE
/* Part of another function: each half is a macro, used once; see kmod/kvm/place-asm.h. */
#define SEQ_BEGIN(sym, half) .macro egpr_inline_##half
#define SEQ_END(sym, half)   .endm
#define SEQ_NOEXEC_STACK
#else
/* A half starts on a cache line, so that placement is the same for every strategy; INT3 between. */
#define SEQ_BEGIN(sym, half)			\
	.text;					\
	.p2align 6, 0xcc;			\
	.globl SEQ_NAME(sym, half);		\
	.type SEQ_NAME(sym, half), @function;	\
	SEQ_NAME(sym, half):			\
	SEQ_ENDBR

#define SEQ_END(sym, half)			\
	SEQ_RET;				\
	.size SEQ_NAME(sym, half), . - SEQ_NAME(sym, half)

#define SEQ_NOEXEC_STACK .section .note.GNU-stack, "", @progbits
#endif

/*
 * Legacy stand-ins of r16..r31: the caller-saved registers less %rdi, which
 * holds the context, and %r11, which holds the stack pointer meanwhile.
 */
#define SEQ_STAND_INS 7
.macro seq_stand_in out, reg
	.set \out, (\reg - EGPR_FIRST) % SEQ_STAND_INS
	/* 0,1,2 are rax, rcx, rdx; then rsi, r8, r9, r10 */
	.if \out == 3
	.set \out, APX_RSI
	.elseif \out > 3
	.set \out, \out + 4
	.endif
.endm

#if defined(EGPR_FORM_PROXY)

.macro word_store reg, disp
	seq_stand_in .Lp, \reg
	.byte 0x3e, 0x48 | ((.Lp >> 3) << 2), 0x89, APX_MODRM(2, .Lp, APX_RDI)
	.long \disp
.endm
.macro word_load reg, disp
	seq_stand_in .Lp, \reg
	.byte 0x3e, 0x48 | ((.Lp >> 3) << 2), 0x8b, APX_MODRM(2, .Lp, APX_RDI)
	.long \disp
.endm
.macro word_store8 reg, disp
	seq_stand_in .Lp, \reg
	.byte 0x3e, 0x48 | ((.Lp >> 3) << 2), 0x89, APX_MODRM(1, .Lp, APX_RDI), \disp
.endm
.macro word_load8 reg, disp
	seq_stand_in .Lp, \reg
	.byte 0x3e, 0x48 | ((.Lp >> 3) << 2), 0x8b, APX_MODRM(1, .Lp, APX_RDI), \disp
.endm
.macro word_clear reg
	seq_stand_in .Lp, \reg
	.byte 0x3e, 0x40 | ((.Lp >> 3) << 2) | (.Lp >> 3), 0x31, APX_MODRM(3, .Lp, .Lp)
.endm
/* mov %rcx, %rax */
.macro word_read reg
	.byte 0x3e, 0x48, 0x89, APX_MODRM(3, APX_RCX, APX_RAX)
.endm
.macro word_push2 first, second
	seq_stand_in .Lp, \second
	.byte 0x3e, 0x40 | (.Lp >> 3), 0x50 | (.Lp & 7)
	seq_stand_in .Lp, \first
	.byte 0x3e, 0x40 | (.Lp >> 3), 0x50 | (.Lp & 7)
.endm
.macro word_pop2 first, second
	seq_stand_in .Lp, \second
	.byte 0x3e, 0x40 | (.Lp >> 3), 0x58 | (.Lp & 7)
	seq_stand_in .Lp, \first
	.byte 0x3e, 0x40 | (.Lp >> 3), 0x58 | (.Lp & 7)
.endm

#else /* hw, trap */

#define word_store  apx_store
#define word_load   apx_load
#define word_store8 apx_store8
#define word_load8  apx_load8
#define word_clear  apx_clear
#define word_read   apx_read
#define word_push2  apx_push2p
#define word_pop2   apx_pop2p

#endif

/* Stands before an instruction that only the emulator may act on. */
.macro seq_trap
#ifdef EGPR_FORM_TRAP
	SEQ_UD2
#endif
.endm

/* Whole-file words. Each names what it clobbers beside the EGPRs or their stand-ins. */

#define SEQ_STORE(n)   word_store n, (SW_REGS+(n-EGPR_FIRST)*8);
#define SEQ_LOAD(n)    word_load n, (SW_REGS+(n-EGPR_FIRST)*8);
#define SEQ_STORE8(n)  word_store8 n, (SW_REGS+(n-EGPR_FIRST)*8);
#define SEQ_LOAD8(n)   word_load8 n, (SW_REGS+(n-EGPR_FIRST)*8);
#define SEQ_CLEAR(n)   word_clear n;
#define SEQ_PUSH2(a, b) word_push2 a, b;
#define SEQ_POP2(a, b)  word_pop2 b, a;

.macro store_egprs
	EGPR_LIST(SEQ_STORE)
.endm
.macro load_egprs
	EGPR_LIST(SEQ_LOAD)
.endm
.macro store_egprs_disp8
	EGPR_LIST(SEQ_STORE8)
.endm
.macro load_egprs_disp8
	EGPR_LIST(SEQ_LOAD8)
.endm
/* 32-bit XOR zeroes the whole register and breaks the dependency. */
.macro clear_egprs
	EGPR_LIST(SEQ_CLEAR)
.endm
/* PUSH2 fills regs[] from its end downwards. Clobbers r11. */
.macro push_egprs
	mov %rsp, %r11
	lea SW_REGS_END(%rdi), %rsp
	SEQ_UNWIND_NONE
	EGPR_PAIR_LIST_DESC(SEQ_PUSH2)
	mov %r11, %rsp
	SEQ_UNWIND_BACK
.endm
/* POP2 empties regs[] from its start upwards. Clobbers r11. */
.macro pop_egprs
	mov %rsp, %r11
	lea SW_REGS(%rdi), %rsp
	SEQ_UNWIND_NONE
	EGPR_PAIR_LIST(SEQ_POP2)
	mov %r11, %rsp
	SEQ_UNWIND_BACK
.endm

/*
 * rax := the register of the two, four, ... that has the number in ecx; on to .Llive_read.
 * Registers have no computed number, so an accessor chooses: a tree of comparisons, which is
 * what a kernel with retpolines has in place of a jump table.
 */
.macro live_choose_2 a b
	cmp $\b, %ecx
	jae .Lupper\@
	word_read \a
	jmp .Llive_read
.Lupper\@:
	word_read \b
	jmp .Llive_read
.endm
.macro live_choose_4 a b c d
	cmp $\c, %ecx
	jae .Lupper\@
	live_choose_2 \a, \b
.Lupper\@:
	live_choose_2 \c, \d
.endm
.macro live_choose_8 a b c d e f g h
	cmp $\e, %ecx
	jae .Lupper\@
	live_choose_4 \a, \b, \c, \d
.Lupper\@:
	live_choose_4 \e, \f, \g, \h
.endm
.macro live_choose_16 a b c d e f g h i j k l m n o p
	cmp $\i, %ecx
	jae .Lupper\@
	live_choose_8 \a, \b, \c, \d, \e, \f, \g, \h
.Lupper\@:
	live_choose_8 \i, \j, \k, \l, \m, \n, \o, \p
.endm
#define SEQ_NUMBER(n) n

/* operand := guest register number `access`, from the hardware. Clobbers rax, ecx. Once per file. */
.macro read_live
	addl $SW_BH_ONE, SW_BH_COUNT(%rdi)
	testl $SW_NEED_FPU_LOAD, SW_THREAD_FLAGS(%rdi)
	jnz .Llive_not_loaded
	mov SW_ACCESS(%rdi), %ecx
	live_choose_16 EGPR_LIST(SEQ_NUMBER)
.Llive_read:
	mov %rax, SW_OPERAND(%rdi)
.Llive_not_loaded:
	subl $SW_BH_ONE, SW_BH_COUNT(%rdi)
.endm

/* Skip to @label unless the guest has APX enabled. */
.macro unless_guest_apx label
	testl $SW_GUEST_APX, SW_FLAGS(%rdi)
	jz \label
.endm

/* XCR0 := \to if \from differs from it. Clobbers rax, rcx, rdx. */
.macro switch_xcr0 from, to
	mov \to(%rdi), %rax
	cmp \from(%rdi), %rax
	je .Lxcr0_same\@
	mov %rax, %rdx
	shr $32, %rdx
	xor %ecx, %ecx
	seq_trap
	xsetbv
.Lxcr0_same\@:
.endm

/* edx:eax := the components that the XSAVE family moves. */
.macro load_rfbm
	mov SW_RFBM(%rdi), %eax
	mov SW_RFBM + 4(%rdi), %edx
.endm

#endif /* ASM_SEQUENCE_H */
