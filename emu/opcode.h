/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator's opcode table: one row per instruction form, all opcode spaces.
 *
 * A row says where the operands are, how big they are and whether they are read or
 * written, which legacy registers are used without being named, and which legacy
 * instruction has the same semantics. Decoder, re-encoder, executor and tests all
 * derive from it. Rows of a space are in ascending order of their first opcode; the
 * first row that fits wins. Opcodes without a row are #UD.
 *
 * Sources: APX architecture specification (355828) ch. 3 and 4, SDM vol. 2 app. A.
 */
#ifndef EMU_OPCODE_H
#define EMU_OPCODE_H

#include <linux/types.h>

/* Opcode spaces. REX2 reaches maps 0 and 1; EVEX maps are counted as EVEX.mmm does. */
enum emu_space {
	SP_R0,
	SP_R1,
	SP_E1,
	SP_E2,
	SP_E3,
	SP_E4,
	SP_E5,
	SP_E6,
	SP_E7,
	SP_NR,
};

/* Where an operand is. */
enum emu_addressing {
	A_NONE,
	A_E,  /* ModRM.rm: GPR or memory */
	A_M,  /* ModRM.rm: memory */
	A_G,  /* ModRM.reg: GPR */
	A_Z,  /* low bits of the opcode: GPR */
	A_V,  /* EVEX.V: GPR */
	A_A,  /* accumulator */
	A_CL, /* cl */
	A_IB, /* imm8 */
	A_IS, /* imm8, sign-extended to the operand size */
	A_IW, /* imm16 */
	A_IZ, /* imm16 or imm32, sign-extended */
	A_IV, /* imm16, imm32 or imm64 */
	A_IQ, /* imm64 */
	A_ID, /* imm32, not sign-extended */
	A_S,  /* ModRM.reg: segment register */
	A_C,  /* ModRM.reg: control register */
	A_D,  /* ModRM.reg: debug register */
	A_X,  /* ModRM.reg: vector register, MMX if the row says so */
	A_W,  /* ModRM.rm: vector register or memory */
	A_F,  /* ModRM.rm: x87 register or memory */
};

/* How big it is. */
enum emu_size {
	S_0, /* not looked at */
	S_b,
	S_w,
	S_d,
	S_q,
	S_v, /* operand size */
	S_y, /* 4, or 8 with W */
	S_z, /* 16 bytes with W, else 8 (CMPXCHG8B) */
};

#define OP(a, s, acc) ((A_##a) | ((S_##s) << 6) | ((acc) << 10))
#define OP_ADDR(op)   ((op)&63)
#define OP_SIZE(op)   (((op) >> 6) & 15)
#define OP_ACC(op)    ((op) >> 10)
#define OP_AT(ops, i) ((__u16)((ops) >> (16 * (i))))
#define R_	      1
#define W_	      2
#define RW_	      3
#define NO_	      0

/* Up to three operands in one word. */
#define O0	    0ULL
#define O1(a)	    ((__u64)(a))
#define O2(a, b)    ((__u64)(a) | (__u64)(b) << 16)
#define O3(a, b, c) (O2(a, b) | (__u64)(c) << 32)

/* What executing means. */
enum emu_class {
	C_NATIVE, /* the legacy instruction on other registers */
	C_UD,	  /* #UD: reserved here */
	C_UNSUP,  /* not emulated */
	C_SYSTEM, /* CPL 0; the host does it */
	C_PUSH,
	C_POP,
	C_PUSH2,
	C_POP2,
	C_CALL,
	C_JMP,
	C_JMPABS,
	C_RET,
	C_ENTER,
	C_LEAVE,
	C_PUSHF,
	C_POPF,
	C_DF, /* CLD, STD */
	C_LEA,
	C_DIV,	/* native behind a test for #DE */
	C_BT,	/* native; with memory and a register the bit number moves the address */
	C_CCMP, /* conditional CMP or TEST */
	C_CFCMOV,
	C_MOVBE, /* between registers: no legacy form */
	C_STORE, /* MOVDIRI: a plain store */
	C_NOP,	 /* hints */
	C_RDMSR,
	C_WRMSR,
	C_XGETBV,
	C_XSETBV,
	C_XSAVE, /* only behind a UD2 */
};

/* emu_row.flags */
#define F_MODRM (1u << 0)
#define F_MEMO	(1u << 1)  /* ModRM.mod != 3 */
#define F_REGO	(1u << 2)  /* ModRM.mod == 3 */
#define F_LOCK	(1u << 3)  /* LOCK allowed with a memory destination */
#define F_D64	(1u << 4)  /* operand size 64 by default, 16 with 66 */
#define F_F64	(1u << 5)  /* operand size always 64 */
#define F_ND	(1u << 6)  /* EVEX.ND means a new data destination */
#define F_NF	(1u << 7)  /* EVEX.NF allowed */
#define F_ZU	(1u << 8)  /* EVEX.ND means zero-upper */
#define F_VEC	(1u << 9)  /* touches x87, MMX or vector state */
#define F_MMX	(1u << 10) /* vector operands are MMX without mandatory prefix */
#define F_VVVV	(1u << 11) /* EVEX.V names a register */
#define F_W0	(1u << 12)
#define F_W1	(1u << 13)
#define F_SCC	(1u << 14) /* EVEX carries SCC and default flags */
#define F_VEX	(1u << 15) /* the legacy form is VEX-encoded */
#define F_COND	(1u << 16) /* the low opcode nibble is a condition */
#define F_REQND (1u << 17) /* EVEX.ND must be set */
#define F_FIXED (1u << 18) /* ModRM is a third opcode byte */
#define F_REST	(1u << 19) /* an EVEX vector instruction, only its address matters */
#define F_REQNF (1u << 20) /* EVEX.NF must be set */
#define F_IMPM	(1u << 21) /* implicit memory access through legacy registers */
#define F_HOST	(1u << 22) /* reads or writes state of the CPU it runs on: EMU_DIRECT only */

/* emu_row.pp */
#define P0 1u /* no mandatory prefix */
#define P6 2u
#define P3 4u
#define P2 8u
#define PA 15u /* any; 66 is the operand size */
#define PI 16u /* F2 and F3 have no meaning for it but are let through (REX2 spaces) */

/* emu_row.impl: legacy registers used without being named. */
#define I_A (1u << 0)
#define I_C (1u << 1)
#define I_D (1u << 2)
#define I_B (1u << 3)
#define I_S (1u << 6)
#define I_T (1u << 7)

#define X_ANY 0xff /* emu_row.ext: every ModRM.reg */
#define X(n)  (1u << (n))

#define N_SAME 0xff /* emu_row.nmap: the native form has the same map and opcode */

/**
 * struct emu_row - one instruction form
 * @lo: first opcode
 * @hi: last opcode
 * @ext: bitmap of ModRM.reg values
 * @pp: bitmap of mandatory prefixes
 * @cls: enum emu_class
 * @nmap: legacy opcode map of the same instruction (0, 1 = 0F, 2 = 0F38, 3 = 0F3A)
 * @nop: its opcode; for a range, that of @lo
 * @npp: its mandatory prefix, as EVEX.pp; 0 also means that 66 is the operand size
 * @ops: operands of 16 bits each, destination first
 * @impl: registers used implicitly
 * @flags: F_*
 */
struct emu_row {
	__u8 lo;
	__u8 hi;
	__u8 ext;
	__u8 pp;
	__u8 cls;
	__u8 nmap;
	__u8 nop;
	__u8 npp;
	__u64 ops;
	__u16 impl;
	__u32 flags;
};

extern const struct emu_row *const emu_rows[SP_NR];
extern const __u16 emu_nr_rows[SP_NR];

#endif /* EMU_OPCODE_H */
