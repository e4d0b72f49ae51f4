// SPDX-License-Identifier: GPL-2.0-only
/*
 * The callers, once per accessor: the compiler sees the accessor in its caller, as it does in KVM. All
 * code of one lies in one section, whose bounds the linker knows.
 */
#include <string.h>

#include "handler.h"

#define REX2	 0xd5
#define REX2_X4	 0x20
#define REX2_R4	 0x40
#define REX2_B4	 0x10
#define REX2_W	 0x08
#define REX2_R3	 0x04
#define REX2_X3	 0x02
#define REX2_B3	 0x01
#define OPC_LEA	 0x8d
#define MOD_D32	 0x80
#define RM_SIB	 4
#define NO_INDEX 4
#define DISP_AT	 5

/* Registers of one instruction by number; an index of -1: there is none. */
struct operands {
	unsigned int reg, base;
	int index;
	unsigned int scale;
	int32_t disp;
};

/* Number of a register from three places: a ModRM or SIB field and two bits of the REX2 prefix. */
static inline unsigned int number(unsigned int field, int bit3, int bit4)
{
	return (field & 7) | (bit3 ? 8 : 0) | (bit4 ? 16 : 0);
}

static inline struct operands decode(const uint8_t *insn)
{
	unsigned int p = insn[1], modrm = insn[3], sib = insn[4];
	struct operands o = {
		.reg = number(modrm >> 3, p & REX2_R3, p & REX2_R4),
		.base = number(sib, p & REX2_B3, p & REX2_B4),
		.index = (int)number(sib >> 3, p & REX2_X3, p & REX2_X4),
		.scale = sib >> 6,
	};

	if (o.index == NO_INDEX)
		o.index = -1;
	memcpy(&o.disp, insn + DISP_AT, sizeof(o.disp));
	return o;
}

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void fill_insn(uint8_t *insn, uint64_t *state)
{
	uint64_t r = next(state);
	uint32_t disp = (uint32_t)next(state);

	insn[0] = REX2;
	insn[1] = (uint8_t)(REX2_W |
			    (r & (REX2_R4 | REX2_X4 | REX2_B4 | REX2_R3 | REX2_X3 | REX2_B3)));
	insn[2] = OPC_LEA;
	insn[3] = (uint8_t)(MOD_D32 | (r >> 8 & 7) << 3 | RM_SIB);
	insn[4] = (uint8_t)(r >> 16);
	memcpy(insn + DISP_AT, &disp, sizeof(disp));
}

void handler_fill(struct handler_work *w, uint64_t seed)
{
	unsigned int i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < HANDLER_ITEMS; i++) {
		uint64_t r = next(&seed);

		fill_insn(w->insn[i], &seed);
		w->reason[i] = r & 1 ? EXIT_RDMSR_IMM : EXIT_WRMSRNS_IMM;
		w->info[i] = (r >> 8 & INFO_REG_MASK) << INFO_REG1_SHIFT;
	}
}

/* clang-format off */
#define CODE(sym) __attribute__((noinline, section("accessor_" #sym)))

/* NUMBER makes of a plain number what the accessor takes. */
#define CALLS(sym, NUMBER)								\
CODE(sym) static uint64_t sym##_emulate(void *vcpu, const uint8_t *insn)			\
{											\
	struct operands o = decode(insn);						\
	uint64_t ea = sym##_read(vcpu, NUMBER(o.base)) + (uint64_t)(int64_t)o.disp;	\
											\
	if (o.index >= 0)								\
		ea += sym##_read(vcpu, NUMBER((unsigned int)o.index)) << o.scale;	\
	sym##_write(vcpu, NUMBER(o.reg), ea);						\
	return ea;									\
}											\
CODE(sym) static void sym##_msr_imm(void *vcpu, unsigned int reason, uint64_t info,	\
				    uint64_t *msr)					\
{											\
	unsigned int reg = info >> INFO_REG1_SHIFT & INFO_REG_MASK;			\
											\
	if (reason == EXIT_WRMSRNS_IMM)							\
		*msr = sym##_read(vcpu, NUMBER(reg));					\
	else										\
		sym##_write(vcpu, NUMBER(reg), *msr);					\
}											\
static uint64_t sym##_by_number(void *vcpu, unsigned int nr)				\
{											\
	return sym##_read(vcpu, NUMBER(nr));						\
}											\
static void sym##_fill(void *vcpu, uint64_t seed)					\
{											\
	unsigned int nr;								\
											\
	for (nr = 0; nr < ACCESSOR_GPRS; nr++)						\
		sym##_write(vcpu, NUMBER(nr), next(&seed));				\
}
#define PLAIN(n) (n)
/* clang-format on */

CALLS(regs32, GPR)
CALLS(rip16, PLAIN)
CALLS(renumbered, GPR)
CALLS(live, GPR)
CALLS(memory, GPR)

static void regs32_init(void *vcpu, uint64_t seed, enum egpr_form form)
{
	(void)form;
	((struct vcpu_regs32 *)vcpu)->rip = ~seed;
	regs32_fill(vcpu, seed);
}

static void memory_init(void *vcpu, uint64_t seed, enum egpr_form form)
{
	(void)form;
	((struct vcpu_memory *)vcpu)->rip = ~seed;
	memory_fill(vcpu, seed);
}

static void rip16_init(void *vcpu, uint64_t seed, enum egpr_form form)
{
	(void)form;
	((struct vcpu_rip16 *)vcpu)->regs[RIP16_INDEX] = ~seed;
	rip16_fill(vcpu, seed);
}

static void renumbered_init(void *vcpu, uint64_t seed, enum egpr_form form)
{
	(void)form;
	((struct vcpu_renumbered *)vcpu)->regs[RENUMBERED_RIP_INDEX] = ~seed;
	renumbered_fill(vcpu, seed);
}

static void live_init(void *vcpu, uint64_t seed, enum egpr_form form)
{
	live_thread = (struct live_thread){ .form = form };
	*(struct vcpu_live *)vcpu = (struct vcpu_live){ .rip = ~seed };
	live_fill(vcpu, seed);
}

/* clang-format off */
#define BOUNDS(sym, id, text) \
	extern const char __start_accessor_##sym[], __stop_accessor_##sym[];
ACCESSORS(BOUNDS)

#define HANDLERS(sym, id, text)				\
	[ACCESSOR_##sym] = {				\
		sizeof(struct vcpu_##sym),		\
		sym##_init, sym##_emulate, sym##_msr_imm, sym##_by_number,	\
		__start_accessor_##sym, __stop_accessor_##sym,		\
	},
/* clang-format on */

const struct handler_calls handlers[NR_ACCESSORS] = { ACCESSORS(HANDLERS) };
