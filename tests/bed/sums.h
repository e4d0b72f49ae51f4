/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread's sums in its vector and x87 registers, as sums-step.S and sums.c see them.
 */
#ifndef TESTS_BED_SUMS_H
#define TESTS_BED_SUMS_H

#define SUMS_SUM	   0
#define SUMS_INCREMENT	   256
#define SUMS_X87	   512
#define SUMS_X87_INCREMENT 528
#define SUMS_MXCSR	   536
#define SUMS_MXCSR_SEEN	   540
#define SUMS_CW		   544
#define SUMS_CW_SEEN	   546

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include <egpr/switch.h>

/**
 * struct sums - sums, and the control words they are made under
 * @sum: xmm0..xmm15
 * @increment: of each step
 * @x87: the sum on the x87 stack, ten bytes of it
 * @x87_increment: of each step
 * @mxcsr: what MXCSR is to be
 * @mxcsr_seen: what it was behind the exit half
 * @cw: the x87 control word, likewise
 * @cw_seen: likewise
 */
struct sums {
	uint64_t sum[32];
	uint64_t increment[32];
	unsigned char x87[16];
	uint64_t x87_increment;
	uint32_t mxcsr;
	uint32_t mxcsr_seen;
	uint16_t cw;
	uint16_t cw_seen;
} __attribute__((aligned(16)));

#define SUMS_AT(member, offset) _Static_assert(offsetof(struct sums, member) == (offset), #member)
SUMS_AT(sum, SUMS_SUM);
SUMS_AT(increment, SUMS_INCREMENT);
SUMS_AT(x87, SUMS_X87);
SUMS_AT(x87_increment, SUMS_X87_INCREMENT);
SUMS_AT(mxcsr, SUMS_MXCSR);
SUMS_AT(mxcsr_seen, SUMS_MXCSR_SEEN);
SUMS_AT(cw, SUMS_CW);
SUMS_AT(cw_seen, SUMS_CW_SEEN);

/* See sums-step.S. */
long sums_step(struct sums *f, void (*entry)(struct egpr_switch *sw),
	       void (*exit)(struct egpr_switch *sw), struct egpr_switch *sw, int vcpu);
#endif

#endif /* TESTS_BED_SUMS_H */
