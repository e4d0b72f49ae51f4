/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways of reading and writing a guest register by its number, as the debate of 2026-03 has them
 * ("KVM: x86: Rename register accessors to be GPR-specific"). All but `live` keep r16..r31 in
 * memory; they differ in where RIP is, which once had 16 for its index.
 *
 * A register number is of type struct gpr and RIP of another, so that handing RIP to an accessor
 * does not compile. C converts enums and integers silently; structs it does not. What the refused
 * design takes is a plain integer, as its accessors do.
 */
#ifndef BENCH_GROUP_ACCESSOR_H
#define BENCH_GROUP_ACCESSOR_H

#include <stdint.h>

#include <egpr/regs.h>
#include <egpr/strategy.h>

#define ACCESSOR_LEGACY 16			       /* rax..r15 */
#define ACCESSOR_GPRS	(ACCESSOR_LEGACY + EGPR_COUNT) /* with r16..r31 */

/* X(sym, id, text) */
/* clang-format off */
#define ACCESSORS(X)									\
	X(regs32, "regs32", "regs[32], RIP apart from it")				\
	X(rip16, "rip-at-16", "regs[] with RIP at 16 and r16..r31 beside it: the refused design")	\
	X(renumbered, "rip-renumbered", "RIP is 32 to callers and 16 in the cache: two numberings")	\
	X(live, "live-switch", "r16..r31 in hardware: FPU test and 16-way choice per access")	\
	X(memory, "memory", "regs[32] without a test of the number")
/* clang-format on */

#define ACCESSOR_ENUM(sym, id, text) ACCESSOR_##sym,
enum accessor {
	ACCESSORS(ACCESSOR_ENUM) NR_ACCESSORS
};

/* The number of a general-purpose register; r16 is 16. */
struct gpr {
	unsigned int nr;
};

/* RIP: there is one, so it has no number. */
struct rip {
	char none;
};

#define GPR(n)	  ((struct gpr){ (n) })
#define GUEST_RIP ((struct rip){ 0 })

/* Register 16 of design rip16, and RIP of design renumbered: to callers, and in the cache. */
enum {
	RIP16_INDEX = 16,
	RENUMBERED_RIP = 32,
	RENUMBERED_RIP_INDEX = 16,
};

struct vcpu_regs32 {
	uint64_t regs[ACCESSOR_GPRS];
	uint64_t rip;
};

struct vcpu_memory {
	uint64_t regs[ACCESSOR_GPRS];
	uint64_t rip;
};

struct vcpu_rip16 {
	uint64_t regs[ACCESSOR_LEGACY + 1];
	uint64_t egprs[EGPR_COUNT];
};

struct vcpu_renumbered {
	uint64_t regs[ACCESSOR_GPRS + 1];
};

struct vcpu_live {
	uint64_t regs[ACCESSOR_LEGACY];
	uint64_t rip;
};

/**
 * struct live_thread - what is the thread's and the CPU's, not the vCPU's, where registers are live
 * @need_load: kvm_fpu_get() would have to load the registers first
 * @depth: of kvm_fpu_get()
 * @form: hw, or proxy: the same bytes on rcx
 */
struct live_thread {
	uint32_t need_load;
	uint32_t depth;
	enum egpr_form form;
};
extern struct live_thread live_thread;

/* A number that is no GPR: says so once, as WARN_ON_ONCE() does, and counts. Return: 0. */
uint64_t accessor_warn(unsigned int nr) __attribute__((cold, noinline));
extern unsigned int accessor_warnings;

static inline uint64_t regs32_read(const struct vcpu_regs32 *v, struct gpr r)
{
	if (__builtin_expect(r.nr >= ACCESSOR_GPRS, 0))
		return accessor_warn(r.nr);
	return v->regs[r.nr];
}

static inline void regs32_write(struct vcpu_regs32 *v, struct gpr r, uint64_t value)
{
	if (__builtin_expect(r.nr >= ACCESSOR_GPRS, 0))
		accessor_warn(r.nr);
	else
		v->regs[r.nr] = value;
}

static inline uint64_t regs32_rip(const struct vcpu_regs32 *v, struct rip rip)
{
	(void)rip;
	return v->rip;
}

/* The refused design: 16 is RIP's index in regs[], and r16 to whoever asks for a register. */
static inline uint64_t rip16_read(const struct vcpu_rip16 *v, unsigned int nr)
{
	return nr < ACCESSOR_LEGACY ? v->regs[nr] : v->egprs[nr - ACCESSOR_LEGACY];
}

static inline void rip16_write(struct vcpu_rip16 *v, unsigned int nr, uint64_t value)
{
	if (nr < ACCESSOR_LEGACY)
		v->regs[nr] = value;
	else
		v->egprs[nr - ACCESSOR_LEGACY] = value;
}

/* From the number that callers use to the one of the cache; RIP's slot lies between. */
static inline unsigned int renumbered_index(unsigned int nr)
{
	return nr + (nr >= RENUMBERED_RIP_INDEX);
}

static inline uint64_t renumbered_read(const struct vcpu_renumbered *v, struct gpr r)
{
	if (__builtin_expect(r.nr >= RENUMBERED_RIP, 0))
		return accessor_warn(r.nr);
	return v->regs[renumbered_index(r.nr)];
}

static inline void renumbered_write(struct vcpu_renumbered *v, struct gpr r, uint64_t value)
{
	if (__builtin_expect(r.nr >= RENUMBERED_RIP, 0))
		accessor_warn(r.nr);
	else
		v->regs[renumbered_index(r.nr)] = value;
}

static inline uint64_t renumbered_rip(const struct vcpu_renumbered *v, struct rip rip)
{
	(void)rip;
	return v->regs[RENUMBERED_RIP_INDEX];
}

static inline uint64_t memory_read(const struct vcpu_memory *v, struct gpr r)
{
	return v->regs[r.nr];
}

static inline void memory_write(struct vcpu_memory *v, struct gpr r, uint64_t value)
{
	v->regs[r.nr] = value;
}

/* Out of line, as KVM's are: sixteen cases in every caller would be worse. */
uint64_t live_read(struct vcpu_live *v, struct gpr r);
void live_write(struct vcpu_live *v, struct gpr r, uint64_t value);

#endif /* BENCH_GROUP_ACCESSOR_H */
