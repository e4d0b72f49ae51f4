// SPDX-License-Identifier: GPL-2.0-only
/*
 * The accessors that are no inline functions: the warning, and registers that are live in hardware.
 *
 * Reading what is in hardware takes two steps: make sure that the registers are the guest's
 * (kvm_fpu_get(): count, test), and choose one of sixteen instructions, because a register's number
 * is part of the instruction. Choosing is by halves: kernels with retpolines have no jump tables.
 * Form proxy has the same lengths on rcx; it moves no guest register, so only its time means
 * anything.
 */
#include <stdio.h>

#include "accessor.h"

#define REX2_W	0x08
#define REX2_R4 0x40
#define REX2_B4 0x10

#define CODE_OF_LIVE __attribute__((noinline, section("accessor_live")))

/* clang-format off */
#define SIXTEEN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) \
	X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

/* mov %rN, %rax and mov %rax, %rN: REX2, opcode 89, the register in ModRM.reg or .rm */
#define HW_READ(n)										\
	case n:											\
		__asm__ volatile(".byte 0xd5, %c[rex2], 0x89, %c[modrm]"			\
				 : "=a"(value)							\
				 : [rex2] "i"(REX2_W | REX2_R4 | (((n) & 8) >> 1)),		\
				   [modrm] "i"(0xc0 | ((n) & 7) << 3));				\
		break;
#define HW_WRITE(n)										\
	case n:											\
		__asm__ volatile(".byte 0xd5, %c[rex2], 0x89, %c[modrm]"			\
				 :								\
				 : "a"(value), [rex2] "i"(REX2_W | REX2_B4 | (((n) & 8) >> 3)),	\
				   [modrm] "i"(0xc0 | ((n) & 7)));				\
		break;
/* The comment keeps the compiler from folding sixteen equal cases into one. */
#define PROXY_READ(n)										\
	case n:											\
		__asm__ volatile(".byte 0x3e, 0x48, 0x89, 0xc8 /* " #n " */" : "=a"(value));	\
		break;
#define PROXY_WRITE(n)										\
	case n:											\
		__asm__ volatile(".byte 0x3e, 0x48, 0x89, 0xc1 /* " #n " */" : : "a"(value) : "cx"); \
		break;
/* clang-format on */

unsigned int accessor_warnings;
struct live_thread live_thread;

uint64_t accessor_warn(unsigned int nr)
{
	if (!accessor_warnings++)
		fprintf(stderr, "egprlab: register %u is no GPR: read as 0, not written\n", nr);
	return 0;
}

CODE_OF_LIVE static void fpu_get(void)
{
	live_thread.depth++;
	/* Loading is the FPU switch's cost, not the accessor's. */
	if (__builtin_expect(live_thread.need_load, 0))
		accessor_warn(EGPR_FIRST);
}

CODE_OF_LIVE static uint64_t hw_read(unsigned int n)
{
	uint64_t value = 0;

	switch (n) {
		SIXTEEN(HW_READ)
	}
	return value;
}

CODE_OF_LIVE static void hw_write(unsigned int n, uint64_t value)
{
	switch (n) {
		SIXTEEN(HW_WRITE)
	}
}

CODE_OF_LIVE static uint64_t proxy_read(unsigned int n)
{
	uint64_t value = 0;

	switch (n) {
		SIXTEEN(PROXY_READ)
	}
	return value;
}

CODE_OF_LIVE static void proxy_write(unsigned int n, uint64_t value)
{
	switch (n) {
		SIXTEEN(PROXY_WRITE)
	}
}

CODE_OF_LIVE uint64_t live_read(struct vcpu_live *v, struct gpr r)
{
	uint64_t value;

	if (r.nr < ACCESSOR_LEGACY)
		return v->regs[r.nr];
	if (__builtin_expect(r.nr >= ACCESSOR_GPRS, 0))
		return accessor_warn(r.nr);
	fpu_get();
	value = live_thread.form == EGPR_FORM_HW ? hw_read(r.nr - ACCESSOR_LEGACY)
						 : proxy_read(r.nr - ACCESSOR_LEGACY);
	live_thread.depth--;
	return value;
}

CODE_OF_LIVE void live_write(struct vcpu_live *v, struct gpr r, uint64_t value)
{
	if (r.nr < ACCESSOR_LEGACY) {
		v->regs[r.nr] = value;
		return;
	}
	if (__builtin_expect(r.nr >= ACCESSOR_GPRS, 0)) {
		accessor_warn(r.nr);
		return;
	}
	fpu_get();
	if (live_thread.form == EGPR_FORM_HW)
		hw_write(r.nr - ACCESSOR_LEGACY, value);
	else
		proxy_write(r.nr - ACCESSOR_LEGACY, value);
	live_thread.depth--;
}
