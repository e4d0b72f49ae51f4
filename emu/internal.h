/* SPDX-License-Identifier: GPL-2.0-only */
/* What the emulator's own files share; hosts include emu.h only. */
#ifndef EMU_INTERNAL_H
#define EMU_INTERNAL_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stddef.h>
#endif

#include "emu.h"
#include "opcode.h"

#define FL_CF 0x001u
#define FL_PF 0x004u
#define FL_AF 0x010u
#define FL_ZF 0x040u
#define FL_SF 0x080u
#define FL_TF 0x100u
#define FL_IF 0x200u
#define FL_DF 0x400u
#define FL_OF 0x800u
/* What an arithmetic instruction may write. */
#define FL_STATUS (FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_OF)

#define CC_TRUE	 10 /* SCC values that replace P and NP */
#define CC_FALSE 11

/* Page fault error code bits (SDM vol. 3, "Interrupt 14"). */
#define PF_WRITE (1u << 1)
#define PF_USER	 (1u << 2)

/* ModRM.reg values of the XSAVE family. */
#define AE_XSAVE    4
#define AE_XRSTOR   5
#define AE_XSAVEOPT 6
#define C7_XRSTORS  3
#define C7_XSAVEC   4
#define C7_XSAVES   5

#define OPC_AE 0xae
#define OPC_C7 0xc7

static inline const struct emu_row *emu_row(const struct emu_insn *insn)
{
	return (const struct emu_row *)(unsigned long)insn->row;
}

static inline __u64 emu_mask(unsigned int bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << (8 * bytes)) - 1;
}

/* Legacy opcode that has the instruction's semantics. */
static inline unsigned int emu_native_map(const struct emu_insn *insn)
{
	const struct emu_row *row = emu_row(insn);

	return row->nmap == N_SAME ? insn->map : row->nmap;
}

static inline unsigned int emu_native_opcode(const struct emu_insn *insn)
{
	const struct emu_row *row = emu_row(insn);

	return row->nmap == N_SAME ? insn->opcode
				   : (unsigned int)(row->nop + insn->opcode - row->lo);
}

/* Byte-wise copies: a freestanding build has no memcpy and must not call one. */
static inline void emu_copy(void *dst, const void *src, unsigned int len)
{
	volatile __u8 *d = dst;
	const __u8 *s = src;

	while (len--)
		*d++ = *s++;
}

static inline void emu_zero(void *dst, unsigned int len)
{
	volatile __u8 *d = dst;

	while (len--)
		*d++ = 0;
}

/* operand.c */
enum emu_status emu_fail(struct emu_ctx *ctx, enum emu_status st, const char *reason);
int emu_canonical(const struct emu_ctx *ctx, __u64 addr);
__u64 emu_get_sized(const struct emu_ctx *ctx, unsigned int reg, unsigned int size);
/* Write @size bytes of a register: 32 bits zero-extend, 8 and 16 merge unless @zero_upper. */
void emu_set_sized(struct emu_ctx *ctx, unsigned int reg, unsigned int size, __u64 value,
		   int zero_upper);
/* Memory with the checks that precede the host's callbacks; @insn is NULL for the stack. */
enum emu_status emu_mem_read(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
			     void *buf, unsigned int len, enum emu_access access);
enum emu_status emu_mem_write(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
			      const void *buf, unsigned int len);
/* The memory operand, or NULL. */
const struct emu_operand *emu_mem_operand(const struct emu_insn *insn);
/* Value of an r/m operand of @size bytes, from register or memory. */
enum emu_status emu_get_rm(struct emu_ctx *ctx, const struct emu_insn *insn, unsigned int size,
			   __u64 *value);

/* legacy.c: execute an instruction that has a legacy form. */
enum emu_status emu_legacy(struct emu_ctx *ctx, const struct emu_insn *insn);

/**
 * emu_cond - evaluate a condition code
 * @rflags: flags
 * @cc: 0..15 as in Jcc
 *
 * Return: 1 if it holds.
 */
int emu_cond(__u64 rflags, unsigned int cc);

/**
 * emu_alu - written-out integer semantics, for hosts without an executable slot
 * @insn: the instruction
 * @v: values of the explicit operands in the order of the legacy form, zero-extended;
 *	the results replace them
 * @rflags: flags, replaced
 *
 * Return: EMU_OK, or EMU_UNSUPPORTED if the instruction is not among them.
 */
enum emu_status emu_alu(const struct emu_insn *insn, __u64 v[3], __u64 *rflags);

/* xstate.c */
enum emu_status emu_xstate(struct emu_ctx *ctx, const struct emu_insn *insn);

#endif /* EMU_INTERNAL_H */
