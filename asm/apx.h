/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * APX and MSR_IMM instructions as assembler macros.
 *
 * Debian 12's `as` does not know APX, so each macro emits bytes by itself, from
 * the register *number*. With -DEGPR_AS_APX the same macros emit mnemonics
 * instead; tests/e2e/encoding.sh proves that both give the same bytes, with
 * clang-19 as the assembler that knows them, and that llvm-mc-19 disassembles
 * them as intended. MSR_IMM is unknown to LLVM 19 and is always bytes; it is
 * checked against the list in the tests.
 *
 * REX2 is 0xD5 and a payload byte: M0 R4 X4 B4 W R3 X3 B3, none inverted
 * (APX architecture specification, "REX2 prefix").
 */
#ifndef ASM_APX_H
#define ASM_APX_H

/* Legacy register numbers for the macros below. */
#define APX_RAX 0
#define APX_RCX 1
#define APX_RDX 2
#define APX_RSP 4
#define APX_RSI 6
#define APX_RDI 7

/* Bit 4 and bit 3 of a register number, moved to where a REX2 payload wants them. */
#define APX_R(reg) (((((reg) >> 4) & 1) << 6) | ((((reg) >> 3) & 1) << 2))
#define APX_B(reg) (((((reg) >> 4) & 1) << 4) | (((reg) >> 3) & 1))
#define APX_W	   8
#define APX_MODRM(mod, reg, rm) (((mod) << 6) | (((reg) & 7) << 3) | ((rm) & 7))

#ifdef EGPR_AS_APX

.macro apx_store reg, disp, base=%rdi
	{disp32} mov %r\reg, \disp(\base)
.endm
.macro apx_load reg, disp, base=%rdi
	{disp32} mov \disp(\base), %r\reg
.endm
.macro apx_store8 reg, disp, base=%rdi
	{disp8} mov %r\reg, \disp(\base)
.endm
.macro apx_load8 reg, disp, base=%rdi
	{disp8} mov \disp(\base), %r\reg
.endm
.macro apx_clear reg
	xor %r\reg\()d, %r\reg\()d
.endm
.macro apx_read reg
	mov %r\reg, %rax
.endm
.macro apx_push2p first, second
	push2p %r\first, %r\second
.endm
.macro apx_pop2p first, second
	pop2p %r\first, %r\second
.endm
.macro apx_push2 first, second
	push2 %r\first, %r\second
.endm
.macro apx_pop2 first, second
	pop2 %r\first, %r\second
.endm
.macro apx_pushp reg
	pushp %r\reg
.endm
.macro apx_popp reg
	popp %r\reg
.endm

#else /* bytes */

/* mov %reg, disp32(%rdi) */
.macro apx_store reg, disp
	.byte 0xd5, APX_W | APX_R(\reg), 0x89, APX_MODRM(2, \reg, APX_RDI)
	.long \disp
.endm
/* mov disp32(%rdi), %reg */
.macro apx_load reg, disp
	.byte 0xd5, APX_W | APX_R(\reg), 0x8b, APX_MODRM(2, \reg, APX_RDI)
	.long \disp
.endm
/* mov %reg, disp8(%rdi) */
.macro apx_store8 reg, disp
	.byte 0xd5, APX_W | APX_R(\reg), 0x89, APX_MODRM(1, \reg, APX_RDI), \disp
.endm
/* mov disp8(%rdi), %reg */
.macro apx_load8 reg, disp
	.byte 0xd5, APX_W | APX_R(\reg), 0x8b, APX_MODRM(1, \reg, APX_RDI), \disp
.endm
/* xor %reg32, %reg32 */
.macro apx_clear reg
	.byte 0xd5, APX_R(\reg) | APX_B(\reg), 0x31, APX_MODRM(3, \reg, \reg)
.endm
/* mov %reg, %rax */
.macro apx_read reg
	.byte 0xd5, APX_W | APX_R(\reg), 0x89, APX_MODRM(3, \reg, APX_RAX)
.endm

/*
 * PUSH2/POP2 are EVEX map 4, opcode FF /6 and 8F /0, operands in AT&T order:
 * the first is B (R/M), the second is V (vvvv and V4, both inverted). B3 in P0
 * is inverted, B4 is not; ND is set. V is pushed first, so it lies higher in
 * memory, and popped first, so it comes from the lower address (APX
 * architecture specification, "PUSH2 and POP2").
 */
.macro apx_ppx2 b, v, w, opcode, ext
	.byte 0x62
	.byte 0xd4 | ((~((\b) >> 3) & 1) << 5) | ((((\b) >> 4) & 1) << 3)
	.byte ((\w) << 7) | ((~(\v) & 15) << 3) | 4
	.byte 0x10 | ((~((\v) >> 4) & 1) << 3)
	.byte \opcode, APX_MODRM(3, \ext, \b)
.endm
.macro apx_push2 first, second
	apx_ppx2 \first, \second, 0, 0xff, 6
.endm
.macro apx_push2p first, second
	apx_ppx2 \first, \second, 1, 0xff, 6
.endm
.macro apx_pop2 first, second
	apx_ppx2 \first, \second, 0, 0x8f, 0
.endm
.macro apx_pop2p first, second
	apx_ppx2 \first, \second, 1, 0x8f, 0
.endm

/* PUSHP/POPP: REX2.W = 1 on 50+r and 58+r. */
.macro apx_pushp reg
	.byte 0xd5, APX_W | APX_B(\reg), 0x50 | (\reg & 7)
.endm
.macro apx_popp reg
	.byte 0xd5, APX_W | APX_B(\reg), 0x58 | (\reg & 7)
.endm

#endif /* EGPR_AS_APX */
#endif /* ASM_APX_H */
