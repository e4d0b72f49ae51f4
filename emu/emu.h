/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * APX in software: decode and execute on a software r16..r31.
 *
 * One freestanding core for three hosts: a SIGILL handler in user mode, a VMM (or
 * a #UD handler) for a guest, a die notifier in the kernel. It needs no libc, does
 * not allocate, keeps no global state and touches memory only through the host's
 * callbacks, or, where the host says so, by executing natively in the host's own
 * address space.
 *
 * Semantics come from the CPU: an instruction is rewritten onto legacy registers
 * (emu_reencode()) and run. Only what has no legacy instruction is written out.
 * A host without an executable slot gets written-out semantics for the integer
 * instructions that the lab's own code uses and EMU_UNSUPPORTED for the rest.
 *
 * Source of the architecture: Intel APX architecture specification (355828),
 * SDM vol. 1 ch. 13 for the XSAVE family.
 */
#ifndef EMU_EMU_H
#define EMU_EMU_H

#include <linux/types.h>
#include <egpr/page.h>

#define EMU_INSN_MAX 15 /* bytes; a longer instruction is #GP(0) */
#define EMU_NREGS    32
#define EMU_NONE     0xff /* no register, no segment */
#define EMU_OPERANDS 5

/* Legacy register numbers, in encoding order; 16..31 are the EGPRs. */
enum emu_reg {
	EMU_RAX,
	EMU_RCX,
	EMU_RDX,
	EMU_RBX,
	EMU_RSP,
	EMU_RBP,
	EMU_RSI,
	EMU_RDI,
	EMU_R8,
	EMU_R15 = 15,
	EMU_R16 = EGPR_FIRST,
	EMU_RIP = 64, /* base of a RIP-relative operand; not a GPR and never an index into one */
};

/**
 * enum emu_status - what became of a decode or an execution
 * @EMU_OK: done
 * @EMU_UD: the architecture answers #UD
 * @EMU_GP: #GP; emu_fault.code is the error code
 * @EMU_SS: #SS(0): non-canonical stack address
 * @EMU_PF: #PF-type fault; emu_fault.addr is the first byte that could not be
 *	accessed, emu_fault.code the page fault error code
 * @EMU_DE: #DE
 * @EMU_AC: #AC(0)
 * @EMU_NM: #NM: only where emu_ctx.xfd disarms component 19
 * @EMU_NOT_APX: a valid start of an instruction that needs no APX: not ours
 * @EMU_SHORT: the given bytes end inside the instruction: fetch more
 * @EMU_UNSUPPORTED: this host cannot execute it; emu_fault.reason says why
 */
enum emu_status {
	EMU_OK,
	EMU_UD,
	EMU_GP,
	EMU_SS,
	EMU_PF,
	EMU_DE,
	EMU_AC,
	EMU_NM,
	EMU_NOT_APX,
	EMU_SHORT,
	EMU_UNSUPPORTED,
};

/* How an instruction was encoded. */
enum emu_encoding {
	EMU_ENC_LEGACY, /* only from emu_decode_trap() */
	EMU_ENC_REX2,
	EMU_ENC_VEX, /* only MSR_IMM */
	EMU_ENC_EVEX,
};

/* emu_insn.prefix: legacy prefixes that were seen. */
#define EMU_PFX_66   (1u << 0)
#define EMU_PFX_67   (1u << 1)
#define EMU_PFX_LOCK (1u << 2)
#define EMU_PFX_F2   (1u << 3)
#define EMU_PFX_F3   (1u << 4)
#define EMU_PFX_SEG  (1u << 5) /* any segment prefix; only fs and gs count */

/* emu_insn.flags */
#define EMU_F_MODRM  (1u << 0)
#define EMU_F_MEM    (1u << 1)	/* has a memory operand (an address for LEA) */
#define EMU_F_ND     (1u << 2)	/* EVEX.ND: a new data destination in @vreg */
#define EMU_F_NF     (1u << 3)	/* EVEX.NF: flags are not written */
#define EMU_F_ZU     (1u << 4)	/* the destination's upper bits are zeroed */
#define EMU_F_VECTOR (1u << 5)	/* reads or writes x87, MMX, vector, mask or tile state */
#define EMU_F_EGPR   (1u << 6)	/* names at least one of r16..r31 */
#define EMU_F_VSIB   (1u << 7)	/* the index is a vector register */
#define EMU_F_TRAP   (1u << 8)	/* behind a UD2, see emu_decode_trap() */
#define EMU_F_BRANCH (1u << 9)	/* may change RIP other than to the next instruction */
#define EMU_F_STACK  (1u << 10) /* uses RSP implicitly */

/* emu_operand.kind */
enum emu_kind {
	EMU_OP_NONE,
	EMU_OP_REG, /* @reg is a GPR 0..31 */
	EMU_OP_MEM, /* the memory operand */
	EMU_OP_IMM, /* emu_insn.imm */
	EMU_OP_XMM, /* @reg is a vector register */
	EMU_OP_MMX,
	EMU_OP_SREG,
	EMU_OP_CR,
	EMU_OP_DR,
	EMU_OP_ST,
	EMU_OP_OTHER, /* mask, tile: not looked at */
};

#define EMU_ACC_R (1u << 0)
#define EMU_ACC_W (1u << 1)

/**
 * struct emu_operand - one explicit operand, destination first
 * @kind: enum emu_kind
 * @reg: register number where @kind names a register
 * @size: bytes; 0 where the core does not need to know (vector memory operands)
 * @access: EMU_ACC_*
 */
struct emu_operand {
	__u8 kind;
	__u8 reg;
	__u8 size;
	__u8 access;
};

/**
 * struct emu_insn - a decoded instruction
 * @bytes: the instruction's bytes, without the UD2 of a trap form
 * @len: length in bytes, with the UD2 of a trap form: what RIP advances by
 * @blen: length of @bytes
 * @encoding: enum emu_encoding
 * @map: opcode map: 0, 1 for REX2 and legacy; EVEX.mmm for EVEX
 * @opcode: opcode byte
 * @opc_at: offset of the opcode in @bytes
 * @modrm: ModRM byte, if EMU_F_MODRM
 * @sib: SIB byte, if the memory operand has one
 * @pp: the mandatory prefix as EVEX.pp counts it: 0, 66 = 1, F3 = 2, F2 = 3
 * @w: REX2.W, VEX.W or EVEX.W
 * @prefix: EMU_PFX_*
 * @seg: EMU_NONE, 4 (fs) or 5 (gs)
 * @opsize: operand size in bytes: 1, 2, 4, 8
 * @asize: address size in bytes: 4 or 8
 * @flags: EMU_F_*
 * @reg: ModRM.reg with its extensions, or the register in the opcode byte
 * @rm: ModRM.rm with its extensions, if ModRM.mod is 3
 * @vreg: EVEX.V register (NDD, PUSH2, POP2, VEX.vvvv of promoted instructions)
 * @cond: condition code of CMOV, SETcc, CCMP's SCC, ...
 * @dfv: default flags of CCMP and CTEST: OF 8, SF 4, ZF 2, CF 1
 * @base: base register, EMU_RIP or EMU_NONE
 * @index: index register or EMU_NONE; a vector register if EMU_F_VSIB
 * @scale: log2 of the index factor
 * @disp_len: bytes of displacement
 * @imm_len: bytes of immediate
 * @nops: operands in use
 * @disp: displacement, sign-extended; an EVEX vector disp8 is not yet scaled
 * @imm: immediate, sign-extended as the instruction does
 * @op: operands, destination first
 * @row: the opcode table's row; private to the core
 */
struct emu_insn {
	__u8 bytes[EMU_INSN_MAX];
	__u8 len;
	__u8 blen;
	__u8 encoding;
	__u8 map;
	__u8 opcode;
	__u8 opc_at;
	__u8 modrm;
	__u8 sib;
	__u8 pp;
	__u8 w;
	__u8 prefix;
	__u8 seg;
	__u8 opsize;
	__u8 asize;
	__u16 flags;
	__u8 reg;
	__u8 rm;
	__u8 vreg;
	__u8 cond;
	__u8 dfv;
	__u8 base;
	__u8 index;
	__u8 scale;
	__u8 disp_len;
	__u8 imm_len;
	__u8 nops;
	__s64 disp;
	__s64 imm;
	struct emu_operand op[EMU_OPERANDS];
	__u64 row;
};

struct emu_ctx;
struct emu_native;

/* What the core wants to do with memory; the bits of emu_fault.code follow from it. */
enum emu_access {
	EMU_READ,
	EMU_WRITE,
	EMU_READ_FOR_WRITE, /* first half of a read-modify-write: must fault as a write */
};

/**
 * struct emu_fault - why an instruction did not complete
 * @addr: EMU_PF: linear address of the first byte that could not be accessed
 * @code: EMU_PF, EMU_GP: error code as the CPU would push it
 * @reason: EMU_UD, EMU_GP, EMU_UNSUPPORTED: in words, static storage; or NULL
 */
struct emu_fault {
	__u64 addr;
	__u32 code;
	const char *reason;
};

/**
 * struct emu_host - what the host does for the core
 * @read: copy @len bytes at linear address @addr to @buf. On failure fill
 *	ctx->fault (addr exact) and return EMU_PF (or another fault). @access tells
 *	EMU_READ from EMU_READ_FOR_WRITE. Required
 * @write: copy @len bytes from @buf to @addr, all or nothing. Required
 * @cmpxchg: if the @len bytes (1..8) at @addr still equal *@old, replace them by
 *	*@new, atomically; else set *@old to what is there and return EMU_SHORT.
 *	Used for LOCK without EMU_DIRECT. NULL: LOCK is read, then write
 * @native: run the re-encoded instruction in @n, usually by emu_native_run().
 *	A fault inside it (#UD too, where this CPU lacks the instruction): fill
 *	ctx->fault and return the status; @n is then
 *	ignored. NULL: there is no executable slot; written-out semantics only
 * @rdmsr: read @msr; EMU_OK or EMU_GP. NULL: #GP(0)
 * @wrmsr: write @msr; likewise
 * @system: MOV CR/DR, INVPCID, INVLPG, VMREAD and their like at CPL 0. *@value
 *	is the register operand: source on entry, destination on return. The
 *	memory operand is at emu_ea(). NULL: EMU_UNSUPPORTED
 * @xrest: execute the XSAVE-family instruction @insn on @addr for the components
 *	in @rest, none of which is 19, on the real registers. @header holds the
 *	64-byte XSAVE header without component 19, as the real CPU would have
 *	seen it; the callback updates it for the saves. NULL: a RFBM with other
 *	enabled components than 19 is EMU_UNSUPPORTED
 * @xcomp_size: bytes of compacted-format space of component @i, and in *@align
 *	whether it is 64-byte aligned (CPUID(0xD,i)). NULL: with other extended
 *	components in XCOMP_BV the compacted format is EMU_UNSUPPORTED
 */
struct emu_host {
	enum emu_status (*read)(struct emu_ctx *ctx, __u64 addr, void *buf, unsigned int len,
				enum emu_access access);
	enum emu_status (*write)(struct emu_ctx *ctx, __u64 addr, const void *buf,
				 unsigned int len);
	enum emu_status (*cmpxchg)(struct emu_ctx *ctx, __u64 addr, __u64 *old, __u64 new_val,
				   unsigned int len);
	enum emu_status (*native)(struct emu_ctx *ctx, struct emu_native *n);
	enum emu_status (*rdmsr)(struct emu_ctx *ctx, __u32 msr, __u64 *value);
	enum emu_status (*wrmsr)(struct emu_ctx *ctx, __u32 msr, __u64 value);
	enum emu_status (*system)(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 *value);
	enum emu_status (*xrest)(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
				 __u64 rest, void *header);
	unsigned int (*xcomp_size)(struct emu_ctx *ctx, unsigned int i, int *align);
};

/* emu_ctx.mode */
#define EMU_DIRECT (1u << 0) /* memory operands of native code are accessed in place, by @native */
#define EMU_LA57   (1u << 1) /* 57-bit linear addresses */

/**
 * struct emu_ctx - one virtual CPU, or one thread, at one instruction
 * @gpr: rax..r15 in encoding order
 * @rip: address of the instruction; of its UD2 for a trap form
 * @rflags: RFLAGS. The host handles TF after EMU_OK
 * @page: r16..r31, virtual XCR0, XINUSE
 * @fs_base: linear base of fs
 * @gs_base: linear base of gs
 * @xcr0_real: XCR0 as it is, for components other than 19: what XGETBV reads and the XSAVE family
 *	goes by
 * @xcr0_settable: bits other than 19 that XSETBV may set; 0 means those of @xcr0_real
 * @xss: IA32_XSS, likewise
 * @xfd: IA32_XFD of a CPU that could disarm component 19, which none can: for what XFD does to any
 *	component (SDM vol. 1, 13.14). 0 is the architecture
 * @xstd_offset: offset of component 19 in the standard XSAVE format; 0 means
 *	EGPR_XSAVE_STD_OFFSET. AMD CPUs have ZMM_Hi256 there: a host that saves
 *	other components too gives an offset behind CPUID(0xD,0).ECX
 * @cpl: 0 or 3
 * @mode: EMU_DIRECT, EMU_LA57
 * @host: callbacks
 * @opaque: the host's own
 * @fault: out: details of a status other than EMU_OK
 */
struct emu_ctx {
	__u64 gpr[16];
	__u64 rip;
	__u64 rflags;
	struct egpr_page *page;
	__u64 fs_base;
	__u64 gs_base;
	__u64 xcr0_real;
	__u64 xcr0_settable;
	__u64 xss;
	__u64 xfd;
	__u32 xstd_offset;
	__u8 cpl;
	__u8 mode;
	const struct emu_host *host;
	void *opaque;
	struct emu_fault fault;
};

/* Decode. */

/**
 * emu_decode - decode one APX instruction
 * @bytes: instruction bytes
 * @len: bytes that may be read; never reads past them, nor past EMU_INSN_MAX
 * @insn: out, valid on EMU_OK only (len also on EMU_UD where it is known, else 0)
 *
 * Static checks of the architecture are made here (not encodable with REX2,
 * reserved EVEX bits, RSP in PUSH2, ...), those that need state in emu_execute().
 *
 * Return: EMU_OK; EMU_UD; EMU_GP if longer than 15 bytes; EMU_SHORT; EMU_NOT_APX.
 */
enum emu_status emu_decode(const __u8 *bytes, unsigned int len, struct emu_insn *insn);

/**
 * emu_decode_trap - decode UD2 followed by XSAVE*, XRSTOR*, XSETBV or XGETBV
 * @bytes: instruction bytes, starting with 0f 0b
 * @len: bytes that may be read
 * @insn: out; len includes the UD2
 *
 * For hosts that own the text: the `trap` form of asm/sequence.h. Never part of
 * emu_decode(), because a program's own UD2 must stay one.
 *
 * Return: as emu_decode(); EMU_NOT_APX if something else follows or leads.
 */
enum emu_status emu_decode_trap(const __u8 *bytes, unsigned int len, struct emu_insn *insn);

/* Execute. */

/**
 * emu_execute - execute a decoded instruction
 * @ctx: the machine; on EMU_OK its registers, flags and RIP are those after the
 *	instruction, otherwise as before (ctx->fault tells more)
 * @insn: from emu_decode() or emu_decode_trap()
 *
 * Return: EMU_OK, a fault, or EMU_UNSUPPORTED.
 */
enum emu_status emu_execute(struct emu_ctx *ctx, const struct emu_insn *insn);

/**
 * emu_ea - linear address of the memory operand
 * @ctx: the machine
 * @insn: an instruction with EMU_F_MEM; for a vector instruction disp8 is left out
 *	of the sum, because its factor belongs to the opcode
 *
 * Return: the address, with segment base, truncated to the address size.
 */
__u64 emu_ea(const struct emu_ctx *ctx, const struct emu_insn *insn);

/* Registers by number: 0..15 legacy, 16..31 EGPR. Anything else reads 0, writes nothing. */
__u64 emu_get(const struct emu_ctx *ctx, unsigned int reg);
void emu_set(struct emu_ctx *ctx, unsigned int reg, __u64 value);

/* Re-encode: for the core itself and for hosts that make out-of-line slots. */

/* emu_reencode() modes */
#define EMU_RE_EA   (1u << 0) /* the memory operand becomes (legacy register), holding emu_ea() */
#define EMU_RE_KEEP (1u << 1) /* it keeps its shape; EGPRs in it become legacy registers */
#define EMU_RE_RSP  (1u << 2) /* RSP is live while the code runs: keep it where it stands */

/**
 * struct emu_move - one legacy register that stands in during re-encoded code
 * @legacy: the legacy register, never RSP
 * @in: register 0..31 whose value it must hold before, EMU_NONE, EMU_RE_IN_MEM or
 *	EMU_RE_IN_EA
 * @out: register 0..31 that takes its value afterwards, or EMU_NONE
 */
struct emu_move {
	__u8 legacy;
	__u8 in;
	__u8 out;
};

#define EMU_RE_IN_EA  0xfe /* holds the effective address (EMU_RE_EA, or RIP-relative with KEEP) */
#define EMU_RE_IN_MEM 0xfd /* holds the memory operand's value, zero-extended (NDD from memory) */

#define EMU_RE_MOVES 6

/**
 * struct emu_reenc - an instruction on legacy registers
 * @code: bytes, position-independent
 * @len: bytes used
 * @nmoves: stand-ins used. Every legacy register not named as a stand-in keeps its
 *	own value before and after, unless the instruction writes it
 * @zext: 0, or the operand size (1, 2) to which @out registers are zero-extended
 *	(NDD and ZU with 8- and 16-bit operands)
 * @noflags: flags are restored afterwards (NF)
 * @move: the stand-ins. Load all of them before, store those with @out after
 */
struct emu_reenc {
	__u8 code[EMU_INSN_MAX + 1];
	__u8 len;
	__u8 nmoves;
	__u8 zext;
	__u8 noflags;
	struct emu_move move[EMU_RE_MOVES];
};

/**
 * emu_reencode - rewrite an instruction onto legacy registers
 * @insn: a decoded instruction
 * @mode: EMU_RE_EA or EMU_RE_KEEP, perhaps with EMU_RE_RSP
 * @re: out
 *
 * Return: EMU_OK, or EMU_UNSUPPORTED where there is no such legacy instruction
 * (PUSH, POP, branches, PUSH2, CCMP, CFCMOV, MSR_IMM, system instructions):
 * emu_execute() has written-out semantics for those.
 */
enum emu_status emu_reencode(const struct emu_insn *insn, unsigned int mode, struct emu_reenc *re);

/* Native execution: not in freestanding builds. */

/**
 * struct emu_native - re-encoded code and the registers to run it with
 * @gpr: legacy registers, loaded before and stored after; gpr[EMU_RSP] is neither
 * @rflags: status flags (CF PF AF ZF SF OF), likewise
 * @code: instruction bytes
 * @len: bytes used
 * @vector: the code uses x87 or vector state, which the host makes current first
 */
struct emu_native {
	__u64 gpr[16];
	__u64 rflags;
	__u8 code[EMU_INSN_MAX + 1];
	__u8 len;
	__u8 vector;
};

#define EMU_SLOT_SIZE 32 /* bytes that emu_native_run() writes at most */

/**
 * emu_native_run - run one re-encoded instruction in an executable slot
 * @n: registers and code
 * @slot_w: where the slot can be written
 * @slot_x: where the same bytes can be executed
 *
 * A fault inside the slot arrives in the host's signal handler with RIP in
 * [slot_x, slot_x + EMU_SLOT_SIZE). To abandon the instruction set the signal
 * context's RIP to emu_native_abort, all else unchanged: emu_native_run() then
 * returns 1 and @n is as before.
 *
 * Return: 0, or 1 if abandoned.
 */
int emu_native_run(struct emu_native *n, void *slot_w, const void *slot_x);
extern const char emu_native_abort[];

/* State component 19. */

/**
 * emu_page_init - put a register file into its state after reset
 * @page: magic, version set; XCR0 = 1 (x87), registers zero, XINUSE clear
 */
void emu_page_init(struct egpr_page *page);

/**
 * emu_xsetbv - XSETBV of XCR0 on the virtual XCR0
 * @ctx: the machine
 * @xcr: register number (ECX)
 * @value: EDX:EAX
 *
 * Bit 19 goes to page->xcr0; the host must write the other bits to the real XCR0
 * itself if it wants them there. Registers keep their values while bit 19 is 0.
 *
 * Return: EMU_OK; EMU_GP for CPL > 0, an XCR other than 0, bit 0 clear, or bits
 * that are neither 19 nor in ctx->xcr0_settable.
 */
enum emu_status emu_xsetbv(struct emu_ctx *ctx, __u32 xcr, __u64 value);

#endif /* EMU_EMU_H */
