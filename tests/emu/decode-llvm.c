// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder against LLVM's disassembler, in bulk.
 *
 *   decode-llvm patterns                 writes llvm-mc input: every pattern as an atomic
 *                                        block, each followed by a MOV that carries its number
 *   decode-llvm check < llvm-mc output   compares: length, registers with their sizes, memory
 *                                        operand, immediate, accepted or rejected
 *
 * Patterns are enumerated, not random: REX2 with every payload byte and opcode, EVEX
 * map 4 with every opcode, pp, W, ND, NF and every reserved bit, the other EVEX maps with
 * EGPR addresses; ModRM forms, displacements and legacy prefixes alternate. LLVM is
 * lenient about validity, so each difference must be in the list below, with its
 * reason; a listed difference that does not occur is an error too.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../emu/emu.h"

struct pattern {
	uint8_t b[24];
	unsigned int len; /* bytes that are given to the decoders */
	uint8_t at;	  /* offset of REX2 or EVEX */
	enum emu_status st;
	struct emu_insn insn;
};

/* What differs. */
enum {
	LLVM_ACCEPTS,
	LLVM_REJECTS,
	LLVM_LENGTH,
	LLVM_OPERANDS,
	NR_KINDS
};

static uint8_t op(const struct pattern *p)
{
	return p->b[p->at + (p->b[p->at] == 0xd5 ? 2 : 4)];
}

static uint8_t ext(const struct pattern *p)
{
	return p->b[p->at + (p->b[p->at] == 0xd5 ? 3 : 5)] >> 3 & 7;
}

static int reg_form(const struct pattern *p)
{
	return p->b[p->at + (p->b[p->at] == 0xd5 ? 3 : 5)] >> 6 == 3;
}

static int is_rex2(const struct pattern *p, int map)
{
	return p->b[p->at] == 0xd5 && p->b[p->at + 1] >> 7 == map;
}

static int is_evex(const struct pattern *p, int map)
{
	return p->b[p->at] == 0x62 && (p->b[p->at + 1] & 7) == map;
}

static int prefixed(const struct pattern *p, uint8_t b)
{
	return p->at && p->b[0] == b;
}

#include "llvm-deviations.h"

static const char *const kind_text[NR_KINDS] = { "LLVM accepts", "LLVM rejects",
						 "LLVM takes another length",
						 "LLVM names other operands" };
static unsigned long deviation_seen[sizeof(deviations) / sizeof(deviations[0])];

static int deviates(const struct pattern *p, int kind)
{
	unsigned int i;

	for (i = 0; i < sizeof(deviations) / sizeof(deviations[0]); i++)
		if (deviations[i].kind == kind && deviations[i].match(p)) {
			deviation_seen[i]++;
			return 1;
		}
	return 0;
}

/* Enumeration. */

#define FILLER 0x90

static const uint8_t disp32[] = { 0x12, 0x34, 0x56, 0xf8 };

static unsigned int tail(uint8_t *b, uint8_t modrm, uint8_t sib)
{
	unsigned int n = 0, mod = modrm >> 6, rm = modrm & 7;

	b[n++] = modrm;
	if (mod == 3)
		return n;
	if (rm == 4)
		b[n++] = sib;
	if (mod == 1) {
		b[n++] = 0x91;
	} else if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (sib & 7) == 5)))) {
		memcpy(b + n, disp32, 4);
		n += 4;
	}
	return n;
}

typedef void (*visit)(struct pattern *p, void *arg);

static void emit(struct pattern *p, visit fn, void *arg)
{
	p->st = emu_decode(p->b, sizeof(p->b), &p->insn);
	p->len = p->st == EMU_OK ? p->insn.blen : EMU_INSN_MAX;
	fn(p, arg);
}

/* ModRM forms with the SIB that goes with each. */
static const uint8_t forms[][2] = { { 0xc0, 0 },    { 0x00, 0 },    { 0x05, 0 },    { 0x44, 0x51 },
				    { 0x84, 0xa5 }, { 0x04, 0x25 }, { 0x04, 0x65 }, { 0x43, 0 },
				    { 0x86, 0 },    { 0x44, 0x24 } };
#define NFORMS (sizeof(forms) / sizeof(forms[0]))

static const uint8_t prefixes[] = { 0x66, 0xf2, 0xf3, 0x67, 0xf0, 0x64, 0x48, 0x65 };

static void one(uint8_t prefix, const uint8_t *head, unsigned int nhead, uint8_t modrm, uint8_t sib,
		visit fn, void *arg)
{
	struct pattern p;
	unsigned int n = 0;

	memset(&p, 0, sizeof(p));
	memset(p.b, FILLER, sizeof(p.b));
	if (prefix)
		p.b[n++] = prefix;
	p.at = n;
	memcpy(p.b + n, head, nhead);
	n += nhead;
	tail(p.b + n, modrm, sib);
	emit(&p, fn, arg);
}

static void rex2_patterns(visit fn, void *arg)
{
	unsigned int payload, opcode, f, turn = 0;

	for (payload = 0; payload < 256; payload++)
		for (opcode = 0; opcode < 256; opcode++)
			for (f = 0; f < 4; f++) {
				const uint8_t head[] = { 0xd5, payload, opcode };
				const uint8_t *form = forms[(turn / 8 + f * 3) % NFORMS];
				uint8_t modrm = form[0] | (turn % 8) << 3;

				if (form[0] == 0xc0)
					modrm |= payload * 5 / 3 & 7;
				one(f == 3 ? prefixes[(turn >> 2) % 8] : 0, head, 3, modrm, form[1],
				    fn, arg);
				turn++;
			}
}

static void map4_patterns(visit fn, void *arg)
{
	unsigned int opcode, bits, f, turn = 0;

	for (opcode = 0; opcode < 256; opcode++)
		for (bits = 0; bits < 32; bits++)
			for (f = 0; f < 16; f++, turn++) {
				unsigned int pp = bits & 3, w = bits >> 2 & 1, nd = bits >> 3 & 1;
				unsigned int nf = bits >> 4 & 1, r = turn * 2654435761u >> 7;
				const uint8_t *form = forms[(turn + f) % NFORMS];
				uint8_t modrm = form[0] | (f & 7) << 3;
				uint8_t head[] = { 0x62, 0x04, 0x00, 0x00, opcode };

				if (form[0] == 0xc0)
					modrm |= r & 7;
				head[1] |= r & 0xf8;
				/* V is a register with ND, else all ones; X4 only with memory. */
				head[2] = w << 7 | pp | (nd ? r >> 5 & 0x78 : 0x78) |
					  (form[0] == 0xc0 || r & 0x4000 ? 4 : 0);
				head[3] = nd << 4 | nf << 2 | (nd ? r >> 10 & 8 : 8);
				if (f == 15) /* reserved bits, one after the other */
					switch (turn / 16 % 4) {
					case 0:
						head[3] ^= 1u << (r >> 9) % 8;
						break;
					case 1:
						head[2] &= ~(0x08u << (r >> 9) % 4);
						break;
					case 2:
						head[2] &= ~4u;
						break;
					}
				one(f == 14 ? prefixes[turn / 16 % 8] : 0, head, 5, modrm, form[1],
				    fn, arg);
			}
}

/* Maps 1..3, 5, 6 with an EGPR in the address: what LLVM knows must be read alike. */
static void vector_patterns(visit fn, void *arg)
{
	static const uint8_t maps[] = { 1, 2, 3, 5, 6 };
	unsigned int m, opcode, bits, turn = 0;

	for (m = 0; m < sizeof(maps); m++)
		for (opcode = 0; opcode < 256; opcode++)
			for (bits = 0; bits < 32; bits++, turn++) {
				unsigned int r = turn * 2654435761u >> 7;
				const uint8_t *form = forms[turn % NFORMS];
				uint8_t modrm = form[0] | (turn / 3 & 7) << 3;
				uint8_t head[] = { 0x62, 0, 0, 0, opcode };

				if (form[0] == 0xc0)
					modrm |= r & 7;
				head[1] = maps[m] | (r & 0xf0) | 0x08;
				head[2] = (bits & 4) << 5 | (bits & 3) |
					  (bits & 8 ? 0x78 : r >> 5 & 0x78) |
					  (form[0] == 0xc0 || r & 0x4000 ? 4 : 0);
				head[3] = 8 | (bits & 8 ? 0 : r >> 10 & 7) | (bits & 16 ? 0x20 : 0);
				one(0, head, 5, modrm, form[1], fn, arg);
			}
}

static void all_patterns(visit fn, void *arg)
{
	rex2_patterns(fn, arg);
	map4_patterns(fn, arg);
	vector_patterns(fn, arg);
}

/* Input for llvm-mc. */

static void print_pattern(struct pattern *p, void *arg)
{
	unsigned long *id = arg;
	unsigned int i;

	putchar('[');
	for (i = 0; i < p->len; i++)
		printf("0x%x ", p->b[i]);
	printf("]\n[0xb8 0x%lx 0x%lx 0x%lx 0x%lx]\n", *id & 255, *id >> 8 & 255, *id >> 16 & 255,
	       *id >> 24 & 255);
	++*id;
}

/* Output of llvm-mc. */

struct operand {
	int kind; /* EMU_OP_REG, EMU_OP_MEM, EMU_OP_IMM */
	unsigned int reg, size;
	unsigned int base, index, scale, seg, asize;
	int64_t value; /* immediate or displacement */
};

static const char *const low_names[4][16] = {
	{ "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" },
	{ "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" },
	{ "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" },
	{ "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi" },
};

/* "%r16d" and its like. Returns 0 if it is no general register. */
static int parse_reg(const char *s, size_t len, unsigned int *reg, unsigned int *size)
{
	unsigned int i, j, n;
	char name[16], *end;

	if (len < 2 || len >= sizeof(name) || s[0] != '%')
		return 0;
	memcpy(name, s + 1, len - 1);
	name[len - 1] = 0;
	if (!strcmp(name, "rip") || !strcmp(name, "eip")) {
		*reg = EMU_RIP;
		*size = name[0] == 'r' ? 8 : 4;
		return 1;
	}
	for (i = 0; i < 4; i++)
		for (j = 0; j < 8; j++)
			if (!strcmp(name, low_names[i][j])) {
				*reg = j;
				*size = 1u << i;
				return 1;
			}
	if (name[0] != 'r' || !isdigit((unsigned char)name[1]))
		return 0;
	n = strtoul(name + 1, &end, 10);
	if (n < 8 || n > 31 || (end[0] && end[1]))
		return 0;
	*reg = n;
	*size = end[0] == 0 ? 8 : end[0] == 'd' ? 4 : end[0] == 'w' ? 2 : end[0] == 'b' ? 1 : 0;
	return *size != 0;
}

static void parse_mem(const char *s, struct operand *o)
{
	const char *paren;
	unsigned int size;
	char *end;

	o->kind = EMU_OP_MEM;
	o->base = o->index = o->seg = EMU_NONE;
	o->asize = 8;
	if (s[0] == '%') {
		o->seg = s[1] == 'f' ? 4 : s[1] == 'g' ? 5 : EMU_NONE;
		s = strchr(s, ':') + 1;
	}
	o->value = (int64_t)strtoll(s, &end, 10);
	paren = strchr(s, '(');
	if (!paren)
		return;
	s = paren + 1;
	size_t n = strcspn(s, ",)");

	if (n && parse_reg(s, n, &o->base, &size))
		o->asize = size;
	s += n;
	if (*s != ',')
		return;
	s++;
	n = strcspn(s, ",)");
	if (parse_reg(s, n, &o->index, &size))
		o->asize = size;
	else if (n > 4 && (s[2] == 'm' || s[2] == 'M')) /* %xmm17: VSIB */
		o->index = strtoul(s + 4, NULL, 10);
	s += n;
	if (*s == ',')
		for (n = strtoul(s + 1, NULL, 10); n > 1; n >>= 1)
			o->scale++;
}

/* Operands in the order of the text; registers that are no GPRs are left out. */
static unsigned int parse_text(const char *text, struct operand *out)
{
	unsigned int n = 0;
	const char *s = text;

	while (*s && n < 8) {
		const char *start;
		int depth = 0;

		while (*s == ' ' || *s == '\t' || *s == ',' || *s == '*')
			s++;
		if (!*s || *s == '#' || *s == '\n')
			break;
		start = s;
		while (*s && *s != '\n' && *s != '#' &&
		       !(depth == 0 && (*s == ',' || *s == ' ' || *s == '\t'))) {
			depth += *s == '(' || *s == '{';
			depth -= *s == ')' || *s == '}';
			s++;
		}
		memset(&out[n], 0, sizeof(out[n]));
		if (*start == '$') {
			char *end;

			out[n].kind = EMU_OP_IMM;
			out[n].value = (int64_t)strtoll(start + 1, &end, 10);
			n++;
		} else if (*start == '(' || isdigit((unsigned char)*start) || *start == '-' ||
			   memchr(start, ':', (size_t)(s - start))) {
			parse_mem(start, &out[n++]);
		} else if (parse_reg(start, strcspn(start, ", \t\n{"), &out[n].reg, &out[n].size)) {
			out[n++].kind = EMU_OP_REG;
		}
	}
	return n;
}

static int same_operands(const struct pattern *p, const struct operand *o, unsigned int n)
{
	const struct emu_insn *in = &p->insn;
	unsigned int i, j = 0;

	for (i = in->nops; i-- > 0;) {
		const struct emu_operand *e = &in->op[i];

		if (e->kind != EMU_OP_REG && e->kind != EMU_OP_MEM && e->kind != EMU_OP_IMM)
			continue;
		if (j >= n || o[j].kind != e->kind)
			return 0;
		if (e->kind == EMU_OP_REG && (o[j].reg != e->reg || o[j].size != e->size))
			return 0;
		if (e->kind == EMU_OP_IMM && in->imm_len < 8 && in->imm_len != 3) {
			uint64_t mask = (1ULL << 8 * in->imm_len) - 1;

			if (((uint64_t)o[j].value ^ (uint64_t)in->imm) & mask)
				return 0;
		}
		if (e->kind == EMU_OP_MEM) {
			int scaled = in->encoding == EMU_ENC_EVEX && in->map != 4 &&
				     in->disp_len == 1;

			if (o[j].base != in->base || o[j].index != in->index ||
			    (in->index != EMU_NONE && o[j].scale != in->scale) ||
			    o[j].seg != in->seg)
				return 0;
			if ((in->base != EMU_NONE || in->index != EMU_NONE) &&
			    !(in->flags & EMU_F_VSIB && in->base == EMU_NONE) &&
			    o[j].asize != in->asize)
				return 0;
			if (!scaled && o[j].value != in->disp)
				return 0;
			/* A compressed displacement is a power of two times the byte. */
			if (scaled && (o[j].value % in->disp || o[j].value / in->disp > 64))
				return 0;
		}
		j++;
	}
	return j == n;
}

struct result {
	unsigned long id, bad, accepted, rejected;
	int have; /* lines of the block that was read last */
	char line[4096];
	int eof;
};

#define SHOWN 40

static void report(struct result *r, const struct pattern *p, const char *what)
{
	unsigned int i;

	if (r->bad++ >= SHOWN)
		return;
	printf("not ok - %s:", what);
	for (i = 0; i < p->len; i++)
		printf(" %02x", p->b[i]);
	printf("  LLVM:%s\n", r->have ? r->line : " invalid");
}

/* Reads up to the marker of pattern @id: how many instructions, and the first one. */
static void read_block(struct result *r)
{
	char line[4096];

	r->have = 0;
	r->line[0] = 0;
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "\tmovl\t$", 7) && strstr(line, ", %eax") &&
		    !strchr(line, '(')) {
			unsigned long id = strtoul(line + 7, NULL, 10);

			if (id == r->id)
				return;
		}
		if (!line[0] || line[1] == '.')
			continue;
		/* Prefixes stand on the line of their instruction, or alone before it. */
		if (!strcmp(line, "\tlock") || !strcmp(line, "\trepne") || !strcmp(line, "\trep"))
			continue;
		if (!r->have++)
			snprintf(r->line, sizeof(r->line), "%.200s", line);
	}
	r->eof = 1;
}

static const char *operands_of(const char *line)
{
	const char *s = line;

	/* {evex}, {nf}, lock, rep ... come before the mnemonic. */
	for (;;) {
		size_t n;

		while (*s == '\t' || *s == ' ')
			s++;
		n = strcspn(s, " \t");
		if (s[0] == '{' || !strncmp(s, "lock", 4) || !strncmp(s, "rep", 3) ||
		    !strncmp(s, "data16", 6) || !strncmp(s, "xacquire", 8) ||
		    !strncmp(s, "xrelease", 8)) {
			s += n;
			continue;
		}
		return s + n;
	}
}

static void check_pattern(struct pattern *p, void *arg)
{
	struct result *r = arg;
	struct operand o[8];
	unsigned int n;

	if (r->eof)
		return;
	read_block(r);
	r->id++;
	if (p->st != EMU_OK) {
		r->rejected++;
		if (p->st == EMU_NOT_APX)
			return;
		if (p->st != EMU_UD && p->st != EMU_GP)
			report(r, p, "neither decoded nor refused");
		else if (r->have && !deviates(p, LLVM_ACCEPTS))
			report(r, p, "refused, LLVM accepts");
		return;
	}
	r->accepted++;
	if (not_rex2(p))
		report(r, p, "accepted, but on the not-encodable list");
	if (!r->have) {
		/* Which vector opcodes exist is left to the CPU that executes them. */
		if (p->b[p->at] == 0x62 && !is_evex(p, 4))
			return;
		if (!deviates(p, LLVM_REJECTS))
			report(r, p, "accepted, LLVM refuses");
		return;
	}
	if (deviates(p, LLVM_LENGTH))
		return;
	if (r->have != 1) {
		report(r, p, "length");
		return;
	}
	if (!p->insn.nops)
		return;
	n = parse_text(operands_of(r->line), o);
	if (!same_operands(p, o, n) && !deviates(p, LLVM_OPERANDS))
		report(r, p, "operands");
}

int main(int argc, char **argv)
{
	struct result r;
	unsigned long id = 0;
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "patterns")) {
		all_patterns(print_pattern, &id);
		return 0;
	}
	if (argc != 2 || strcmp(argv[1], "check")) {
		fprintf(stderr, "usage: decode-llvm patterns|check\n");
		return 64;
	}
	memset(&r, 0, sizeof(r));
	all_patterns(check_pattern, &r);
	if (r.eof) {
		printf("not ok - LLVM's output ends at pattern %lu\n", r.id);
		return 1;
	}
	for (i = 0; i < sizeof(deviations) / sizeof(deviations[0]); i++) {
		printf("# %8lu  %s: %s\n", deviation_seen[i], kind_text[deviations[i].kind],
		       deviations[i].reason);
		if (!deviation_seen[i]) {
			printf("not ok - this deviation is listed but does not occur\n");
			r.bad++;
		}
	}
	printf("decode: %lu patterns, %lu accepted, %lu refused, %lu unexplained differences\n",
	       r.id, r.accepted, r.rejected, r.bad);
	return r.bad ? 1 : 0;
}
