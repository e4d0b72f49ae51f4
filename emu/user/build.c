// SPDX-License-Identifier: GPL-2.0-only
/*
 * The code of an out-of-line slot.
 *
 * save stand-ins | load them | the rewritten instruction | store results,
 * restore stand-ins | jump back. Only MOV, LEA, LAHF/SETO and SAHF stand around
 * the instruction, so flags survive without PUSHF, and nothing is written below
 * the stack pointer: the program's red zone is untouched.
 *
 * What is stored after the instruction is recorded as steps, so that a signal
 * that finds a thread inside a slot can undo or finish it (unwind.c).
 */
#include <string.h>

#include "state.h"

#define REX_W	     0x48
#define OP_MOV_LOAD  0x8b
#define OP_MOV_STORE 0x89
#define OP_LEA	     0x8d
#define PREFIX_FS    0x64
#define PREFIX_GS    0x65
#define SEG_FS	     4
#define SEG_GS	     5
#define OP_JCC	     0x70 /* rel8 */
#define OP_JMP8	     0xeb
#define SCC_TRUE     10 /* source conditions that stand in place of P and NP */
#define SCC_FALSE    11
#define FLAGS_FIXED  0x02
#define FLAG_CF	     0x01
#define FLAG_PF	     0x04
#define FLAG_ZF	     0x40
#define FLAG_SF	     0x80

/* user_thread.save[] beyond the stand-ins and the index scratch. */
#define SAVE_RAX  (USER_SAVES - 2)
#define SAVE_PAGE (USER_SAVES - 1)

struct emitter {
	struct user_slot *s;
	uint8_t *code;
	unsigned int len;
	bool full;
};

static void byte(struct emitter *e, unsigned int b)
{
	if (e->len < USER_SLOT_MAX)
		e->code[e->len++] = (uint8_t)b;
	else
		e->full = true;
}

static void bytes(struct emitter *e, const void *from, unsigned int n)
{
	const uint8_t *p = from;

	while (n--)
		byte(e, *p++);
}

static void dword(struct emitter *e, int32_t v)
{
	bytes(e, &v, sizeof(v));
}

/* Offset of a member of user_thread from the fs base: the same in every thread. */
static int32_t tls_offset(const void *member)
{
	return (int32_t)((const char *)member - (const char *)__builtin_thread_pointer());
}

/* op %fs:member, reg (or the store) */
static void tls(struct emitter *e, uint8_t op, unsigned int reg, const void *member)
{
	byte(e, PREFIX_FS);
	byte(e, REX_W | (reg >> 3) << 2);
	byte(e, op);
	byte(e, (reg & 7) << 3 | 4);
	byte(e, 0x25); /* SIB without base and index: disp32 alone */
	dword(e, tls_offset(member));
}

/* op disp32(base), reg */
static void based(struct emitter *e, uint8_t op, unsigned int reg, unsigned int base, int32_t disp)
{
	byte(e, REX_W | (reg >> 3) << 2 | base >> 3);
	byte(e, op);
	byte(e, 0x80 | (reg & 7) << 3 | (base & 7));
	if ((base & 7) == EMU_RSP)
		byte(e, 0x24);
	dword(e, disp);
}

static void mov(struct emitter *e, unsigned int to, unsigned int from)
{
	byte(e, REX_W | (from >> 3) << 2 | to >> 3);
	byte(e, OP_MOV_STORE);
	byte(e, 0xc0 | (from & 7) << 3 | (to & 7));
}

static void mov_imm(struct emitter *e, unsigned int to, uint64_t value)
{
	byte(e, REX_W | to >> 3);
	byte(e, 0xb8 | (to & 7));
	bytes(e, &value, sizeof(value));
}

static int32_t page_offset(unsigned int reg)
{
	return (int32_t)offsetof(struct egpr_page, r) + (int32_t)(reg - EGPR_FIRST) * 8;
}

/* Where a register that is saved stands in user_thread.save[], or -1. */
static int saved_at(const struct user_slot *s, unsigned int reg)
{
	for (int i = 0; i < s->nsaved; i++) {
		if (s->saved[i] == reg)
			return i;
	}
	return -1;
}

static void save(struct emitter *e, unsigned int reg)
{
	struct user_slot *s = e->s;

	tls(e, OP_MOV_STORE, reg, &user_thread.save[s->nsaved]);
	s->saved[s->nsaved] = (uint8_t)reg;
	s->saved_end[s->nsaved] = (uint16_t)e->len;
	s->nsaved++;
}

/* to := the program's value of reg, 0..31, whatever stands in its place now. */
static void value_of(struct emitter *e, unsigned int to, unsigned int reg)
{
	int at;

	if (reg >= EGPR_FIRST) {
		tls(e, OP_MOV_LOAD, to, &user_thread.page);
		based(e, OP_MOV_LOAD, to, to, page_offset(reg));
		return;
	}
	at = saved_at(e->s, reg);
	if (at >= 0)
		tls(e, OP_MOV_LOAD, to, &user_thread.save[at]);
	else if (to != reg)
		mov(e, to, reg);
}

static void step(struct emitter *e, enum user_step_kind kind, unsigned int legacy, unsigned int arg)
{
	struct user_slot *s = e->s;

	if (s->nsteps == USER_STEPS) {
		e->full = true;
		return;
	}
	s->step[s->nsteps++] = (struct user_step){ .end = (uint16_t)e->len,
						   .kind = (uint8_t)kind,
						   .legacy = (uint8_t)legacy,
						   .arg = (uint8_t)arg };
}

/* A legacy register that no stand-in is and that the address does not name. */
static unsigned int free_register(const struct user_slot *s)
{
	static const uint8_t order[] = {
		11, 10, 9, 8, EMU_RSI, EMU_RDI, EMU_RCX, EMU_RDX, EMU_RBX
	};

	for (unsigned int i = 0; i < sizeof(order); i++) {
		if (saved_at(s, order[i]) < 0 && order[i] != s->insn.base &&
		    order[i] != s->insn.index)
			return order[i];
	}
	return EMU_RBP;
}

/* to := zero-extended memory operand (NDD from memory). */
static bool load_operand(struct emitter *e, unsigned int to)
{
	const struct emu_insn *in = &e->s->insn;
	unsigned int size = in->opsize;

	if (in->asize != 8)
		return false;
	if (in->base == EMU_RIP) {
		if (in->seg != EMU_NONE)
			return false;
		mov_imm(e, to, e->s->rip + in->len + (uint64_t)in->disp);
	} else {
		if (in->base == EMU_NONE)
			mov_imm(e, to, 0);
		else
			value_of(e, to, in->base);
		if (in->index != EMU_NONE) {
			unsigned int x = free_register(e->s);

			save(e, x);
			value_of(e, x, in->index);
			byte(e, REX_W | (to >> 3) << 2 | (x >> 3) << 1 | to >> 3);
			byte(e, OP_LEA);
			byte(e, 0x80 | (to & 7) << 3 | 4);
			byte(e, in->scale << 6 | (x & 7) << 3 | (to & 7));
			dword(e, (int32_t)in->disp);
			tls(e, OP_MOV_LOAD, x, &user_thread.save[saved_at(e->s, x)]);
		} else {
			based(e, OP_LEA, to, to, (int32_t)in->disp);
		}
	}
	if (in->seg == SEG_FS)
		byte(e, PREFIX_FS);
	else if (in->seg == SEG_GS)
		byte(e, PREFIX_GS);
	byte(e, (size == 8 ? REX_W : 0x40) | (to >> 3) << 2 | to >> 3);
	if (size < 4) {
		byte(e, 0x0f);
		byte(e, size == 1 ? 0xb6 : 0xb7);
	} else {
		byte(e, OP_MOV_LOAD);
	}
	byte(e, 0x40 | (to & 7) << 3 | (to & 7));
	if ((to & 7) == EMU_RSP)
		byte(e, 0x24);
	byte(e, 0);
	return true;
}

static void load_flags_image(struct emitter *e)
{
	/* lahf; seto %al; mov %rax, flags: reads flags, changes none. */
	byte(e, 0x9f);
	bytes(e, "\x0f\x90\xc0", 3);
	tls(e, OP_MOV_STORE, EMU_RAX, &user_thread.flags);
}

/* Status flags := image in RAX: OF from AL, the others from AH. */
static void flags_from_rax(struct emitter *e)
{
	bytes(e, "\x04\x7f", 2); /* add $127, %al */
	byte(e, 0x9e);		 /* sahf */
}

static void restore_flags(struct emitter *e)
{
	tls(e, OP_MOV_LOAD, EMU_RAX, &user_thread.flags);
	flags_from_rax(e);
}

static void zero_extend(struct emitter *e, unsigned int reg, unsigned int size)
{
	byte(e, 0x40 | (reg >> 3) << 2 | reg >> 3);
	byte(e, 0x0f);
	byte(e, size == 1 ? 0xb6 : 0xb7);
	byte(e, 0xc0 | (reg & 7) << 3 | (reg & 7));
}

static bool load_stand_ins(struct emitter *e, const struct emu_reenc *re)
{
	const struct emu_insn *in = &e->s->insn;

	/* The operand from memory first: its address may name what others replace. */
	for (unsigned int i = 0; i < re->nmoves; i++) {
		if (re->move[i].in == EMU_RE_IN_MEM && !load_operand(e, re->move[i].legacy))
			return false;
	}
	for (unsigned int i = 0; i < re->nmoves; i++) {
		const struct emu_move *m = &re->move[i];

		if (m->in == EMU_RE_IN_EA) {
			if (in->base != EMU_RIP || in->seg != EMU_NONE || in->asize != 8)
				return false;
			mov_imm(e, m->legacy, e->s->rip + in->len + (uint64_t)in->disp);
		} else if (m->in != EMU_RE_IN_MEM && m->in != EMU_NONE) {
			value_of(e, m->legacy, m->in);
		}
	}
	return true;
}

static void store_one(struct emitter *e, const struct emu_move *m, unsigned int nmoves)
{
	int at = saved_at(e->s, m->out);

	if (at >= 0 && (unsigned int)at < nmoves) {
		tls(e, OP_MOV_STORE, m->legacy, &user_thread.save[at]);
		step(e, USER_STEP_STORE_SAVE, m->legacy, (unsigned int)at);
	} else {
		mov(e, m->out, m->legacy);
		step(e, USER_STEP_STORE_REG, m->legacy, m->out);
	}
}

static void store_egprs(struct emitter *e, const struct emu_reenc *re)
{
	unsigned int page = free_register(e->s);

	tls(e, OP_MOV_STORE, page, &user_thread.save[SAVE_PAGE]);
	step(e, USER_STEP_KEEP, page, SAVE_PAGE);
	tls(e, OP_MOV_LOAD, page, &user_thread.page);
	for (unsigned int i = 0; i < re->nmoves; i++) {
		const struct emu_move *m = &re->move[i];

		if (m->out == EMU_NONE || m->out < EGPR_FIRST)
			continue;
		based(e, OP_MOV_STORE, m->legacy, page, page_offset(m->out));
		step(e, USER_STEP_STORE, m->legacy, m->out - EGPR_FIRST);
	}
	tls(e, OP_MOV_LOAD, page, &user_thread.save[SAVE_PAGE]);
	step(e, USER_STEP_RESTORE, page, SAVE_PAGE);
}

/* A legacy destination that the instruction zeroes the rest of, with no stand-in for it. */
static void zero_upper(struct emitter *e, const struct emu_reenc *re)
{
	const struct emu_operand *to = &e->s->insn.op[0];

	for (unsigned int i = 0; i < re->nmoves; i++) {
		if (re->move[i].out != EMU_NONE)
			return;
	}
	if (!re->zext || to->kind != EMU_OP_REG || to->reg >= EGPR_FIRST)
		return;
	zero_extend(e, to->reg, re->zext);
	step(e, USER_STEP_ZEXT, to->reg, re->zext);
}

/* Legacy results first: the register that holds the page's address may be one of them. */
static void store_results(struct emitter *e, const struct emu_reenc *re)
{
	for (unsigned int i = 0; i < re->nmoves; i++) {
		const struct emu_move *m = &re->move[i];

		if (m->out == EMU_NONE)
			continue;
		if (re->zext) {
			zero_extend(e, m->legacy, re->zext);
			step(e, USER_STEP_ZEXT, m->legacy, re->zext);
		}
		if (m->out >= EGPR_FIRST)
			e->s->writes_egpr = true;
		else
			store_one(e, m, re->nmoves);
	}
	if (e->s->writes_egpr)
		store_egprs(e, re);
}

static void restore_stand_ins(struct emitter *e, const struct emu_reenc *re)
{
	for (unsigned int i = 0; i < re->nmoves; i++) {
		tls(e, OP_MOV_LOAD, re->move[i].legacy, &user_thread.save[i]);
		step(e, USER_STEP_RESTORE, re->move[i].legacy, i);
	}
}

static void take_flags(struct emitter *e, bool rax_stands_in)
{
	struct user_slot *s = e->s;

	s->flags_rax = !rax_stands_in;
	if (!rax_stands_in)
		tls(e, OP_MOV_STORE, EMU_RAX, &user_thread.rax);
	s->flags_begin = (uint16_t)e->len;
	load_flags_image(e);
	if (!rax_stands_in)
		tls(e, OP_MOV_LOAD, EMU_RAX, &user_thread.rax);
	s->flags_end = (uint16_t)e->len;
}

static void give_flags(struct emitter *e, bool rax_stands_in)
{
	if (!rax_stands_in) {
		tls(e, OP_MOV_STORE, EMU_RAX, &user_thread.save[SAVE_RAX]);
		step(e, USER_STEP_KEEP, EMU_RAX, SAVE_RAX);
	}
	restore_flags(e);
	step(e, USER_STEP_FLAGS, EMU_RAX, 0);
	if (!rax_stands_in) {
		tls(e, OP_MOV_LOAD, EMU_RAX, &user_thread.save[SAVE_RAX]);
		step(e, USER_STEP_RESTORE, EMU_RAX, SAVE_RAX);
	}
}

/* CCMP and CTEST are the only EVEX map 4 forms of CMP and TEST. */
static bool is_conditional(const struct emu_insn *in)
{
	unsigned int op = in->opcode, ext = in->modrm >> 3 & 7;

	if (in->encoding != EMU_ENC_EVEX || in->map != 4)
		return false;
	return (op >= 0x38 && op <= 0x3b) || op == 0x84 || op == 0x85 ||
	       ((op == 0x80 || op == 0x81 || op == 0x83) && ext == 7) ||
	       ((op == 0xf6 || op == 0xf7) && ext < 2);
}

/* DFV as a LAHF/SETO image: AH holds SF ZF PF CF, AL holds OF. PF follows CF. */
static uint32_t default_flags(const struct emu_insn *in)
{
	uint32_t ah = FLAGS_FIXED;

	ah |= in->dfv & 4 ? FLAG_SF : 0;
	ah |= in->dfv & 2 ? FLAG_ZF : 0;
	ah |= in->dfv & 1 ? FLAG_CF | FLAG_PF : 0;
	return ah << 8 | (in->dfv & 8 ? 1 : 0);
}

/*
 * The comparison where the source condition holds, else the default flags. A memory
 * operand faults either way, so it is compared either way.
 */
static void conditional(struct emitter *e, const struct emu_reenc *re)
{
	struct user_slot *s = e->s;
	unsigned int cond = s->insn.cond, over = 0, done;
	uint32_t image = default_flags(&s->insn);

	s->dfv = image;
	if (cond != SCC_TRUE) {
		if (cond != SCC_FALSE) {
			byte(e, OP_JCC | cond);
			byte(e, 0);
			over = e->len;
		}
		if (s->insn.flags & EMU_F_MEM)
			bytes(e, re->code, re->len);
		s->dfv_from = (uint16_t)e->len;
		tls(e, OP_MOV_STORE, EMU_RAX, &user_thread.rax);
		s->dfv_rax = (uint16_t)e->len;
		byte(e, 0xb8); /* mov $image, %eax */
		bytes(e, &image, sizeof(image));
		flags_from_rax(e);
		tls(e, OP_MOV_LOAD, EMU_RAX, &user_thread.rax);
		byte(e, OP_JMP8);
		byte(e, re->len);
		done = e->len;
		if (over)
			e->code[over - 1] = (uint8_t)(done - over);
	}
	s->native = (uint16_t)e->len;
	bytes(e, re->code, re->len);
	s->native_end = (uint16_t)e->len;
}

/* Operand fields of CFCMOV's register forms: ND and NF select them. */
static bool cfcmov_operands(const struct emu_insn *in, unsigned int *to, unsigned int *from,
			    unsigned int *otherwise)
{
	bool nd = in->flags & EMU_F_ND, nf = in->flags & EMU_F_NF;

	if (in->encoding != EMU_ENC_EVEX || in->map != 4 || (in->opcode & 0xf0) != 0x40 ||
	    in->pp > 1 || in->flags & EMU_F_MEM || in->opsize < 4 || (nd && !nf))
		return false;
	*to = nd ? in->vreg : nf ? in->rm : in->reg;
	*from = nd || !nf ? in->rm : in->reg;
	*otherwise = nd ? in->reg : EMU_NONE;
	return true;
}

/*
 * CFCMOV between registers: a stand-in that holds the alternative (zero, where there is
 * none), and a CMOV into it. With memory, whose fault the condition suppresses, the
 * core does it.
 */
static bool reencode_cfcmov(const struct emu_insn *in, struct emu_reenc *re)
{
	unsigned int to, from, otherwise, n = 0;
	unsigned int value = EMU_RDX, source = EMU_RCX;

	if (!cfcmov_operands(in, &to, &from, &otherwise))
		return false;
	if (from < EGPR_FIRST)
		source = from;
	while (value == source || value == EMU_RSP)
		value++;
	memset(re, 0, sizeof(*re));
	re->move[re->nmoves++] =
		(struct emu_move){ (uint8_t)value, (uint8_t)otherwise, (uint8_t)to };
	if (from >= EGPR_FIRST)
		re->move[re->nmoves++] =
			(struct emu_move){ (uint8_t)source, (uint8_t)from, EMU_NONE };
	if (otherwise == EMU_NONE) {
		re->code[n++] = (uint8_t)(0xb8 | value); /* mov $0, r32: keeps flags */
		n += 4;
	}
	re->code[n++] = (uint8_t)((in->opsize == 8 ? REX_W : 0x40) | source >> 3);
	re->code[n++] = 0x0f;
	re->code[n++] = in->opcode;
	re->code[n++] = (uint8_t)(0xc0 | value << 3 | (source & 7));
	re->len = (uint8_t)n;
	return true;
}

/**
 * user_build - generate the slot of an instruction
 * @s: rip and insn are set; receives the layout, not the code's address
 * @code: USER_SLOT_MAX bytes; position-independent but for the jump back, which
 *	user_build_jump() appends
 *
 * Return: whether there is such a slot; false leaves the instruction to
 * emu_execute().
 */
bool user_build(struct user_slot *s, uint8_t *code)
{
	struct emitter e = { .s = s, .code = code };
	bool rax_stands_in = false;
	struct emu_reenc re;

	if (emu_reencode(&s->insn, EMU_RE_KEEP | EMU_RE_RSP, &re) != EMU_OK &&
	    !reencode_cfcmov(&s->insn, &re))
		return false;
	for (unsigned int i = 0; i < re.nmoves; i++) {
		save(&e, re.move[i].legacy);
		rax_stands_in |= re.move[i].legacy == EMU_RAX;
	}
	if (re.noflags)
		take_flags(&e, rax_stands_in);
	if (!load_stand_ins(&e, &re))
		return false;
	if (is_conditional(&s->insn)) {
		conditional(&e, &re);
	} else {
		s->native = (uint16_t)e.len;
		bytes(&e, re.code, re.len);
		s->native_end = (uint16_t)e.len;
	}
	zero_upper(&e, &re);
	store_results(&e, &re);
	if (re.noflags)
		give_flags(&e, rax_stands_in);
	restore_stand_ins(&e, &re);
	s->len = (uint16_t)e.len;
	return !e.full;
}

/**
 * user_build_jump - write a jump
 * @at: where the bytes go, USER_JUMP_MAX of them
 * @from: address that they will have
 * @to: target
 *
 * Return: bytes written: 5, or 14 where the target is out of rel32's reach.
 */
unsigned int user_build_jump(uint8_t *at, uint64_t from, uint64_t to)
{
	int64_t rel = (int64_t)(to - (from + USER_JUMP_NEAR));
	int32_t rel32 = (int32_t)rel;
	static const uint8_t far[] = { 0xff, 0x25, 0, 0, 0, 0 }; /* jmp *0(%rip) */

	if (rel == rel32) {
		at[0] = 0xe9;
		memcpy(at + 1, &rel32, sizeof(rel32));
		return USER_JUMP_NEAR;
	}
	memcpy(at, far, sizeof(far));
	memcpy(at + sizeof(far), &to, sizeof(to));
	return USER_JUMP_MAX;
}

/**
 * user_build_fault - code that touches user_thread.fault_addr and then returns to
 * user_thread.fault_rip
 * @s: receives the layout
 * @code: USER_SLOT_MAX bytes
 * @write: touch it as a write does
 *
 * The kernel then delivers the fault by itself, with the right code, address and
 * signal mask, whatever the program's disposition is.
 */
void user_build_fault(struct user_slot *s, uint8_t *code, bool write)
{
	struct emitter e = { .s = s, .code = code };

	take_flags(&e, false);
	s->flags_end = USER_SLOT_MAX;
	e.len = s->flags_begin;
	load_flags_image(&e);
	tls(&e, OP_MOV_LOAD, EMU_RAX, &user_thread.fault_addr);
	s->native = (uint16_t)e.len;
	if (write)
		bytes(&e, "\xf0\x80\x08\x00", 4); /* lock orb $0, (%rax) */
	else
		bytes(&e, "\x8a\x00", 2); /* mov (%rax), %al */
	s->native_end = (uint16_t)e.len;
	restore_flags(&e);
	tls(&e, OP_MOV_LOAD, EMU_RAX, &user_thread.rax);
	bytes(&e, "\x64\xff\x24\x25", 4); /* jmp *%fs:disp32 */
	dword(&e, tls_offset(&user_thread.fault_rip));
	s->len = (uint16_t)e.len;
}
