// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two ways of reading one guest register that the designs imply, for the ring-0
 * benchmark.
 *
 * `live` leaves the registers in hardware: an access must first make sure that the
 * FPU registers are the guest's and then choose one of sixteen instructions, because a
 * register number cannot be computed. regs[] is an array. Form proxy has the same lengths
 * on %rcx; a compare tree instead of a jump table is what kernels with retpolines emit.
 */
#include <linux/bug.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <asm/asm.h>
#include <asm/fpu/api.h>
#include <asm/thread_info.h>

#include "egpr_switch.h"

#define REX2_W	0x08
#define REX2_R4 0x40
#define REX2_B4 0x10

/* mov %rN, %rax and mov %rax, %rN: REX2, opcode 89, a register in ModRM.reg or .rm */
#define HW_READ(n)                                                                               \
	case n:                                                                                  \
		asm volatile(                                                                    \
			".byte 0xd5, %c[rex2], 0x89, %c[modrm]"                                  \
			: "=a"(value)                                                            \
			: [rex2] "i"(REX2_W | REX2_R4 | (((n)&8) >> 1)), [modrm] "i"(            \
										 0xc0 |          \
										 ((n)&7) << 3)); \
		break;
#define HW_WRITE(n)                                                                       \
	case n:                                                                           \
		asm volatile(".byte 0xd5, %c[rex2], 0x89, %c[modrm]"                      \
			     :                                                            \
			     : "a"(value), [rex2] "i"(REX2_W | REX2_B4 | (((n)&8) >> 3)), \
			       [modrm] "i"(0xc0 | ((n)&7)));                              \
		break;
/* The comment keeps the compiler from folding sixteen equal cases into one. */
#define PROXY_READ(n)                                                                    \
	case n:                                                                          \
		asm volatile(".byte 0x3e, 0x48, 0x89, 0xc8 /* " #n " */" : "=a"(value)); \
		break;
#define PROXY_WRITE(n)                                                                           \
	case n:                                                                                  \
		asm volatile(".byte 0x3e, 0x48, 0x89, 0xc1 /* " #n " */" : : "a"(value) : "cx"); \
		break;

/*
 * Where kvm_fpu_get() would load the registers. Kernels export what does that to KVM alone, and
 * the benchmark clears the flag: the call stands here for the length of the code.
 */
static noinline __cold void fpu_load(void)
{
	WARN_ON_ONCE(1);
}

/*
 * What kvm_fpu_get() does when the registers are already the guest's: the same loads,
 * test and count of local_bh_disable(), without running softirqs.
 */
static __always_inline void fpu_get(void)
{
	__preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
	barrier();
	if (unlikely(test_thread_flag(TIF_NEED_FPU_LOAD)))
		fpu_load();
}

static __always_inline void fpu_put(void)
{
	barrier();
	__preempt_count_sub(SOFTIRQ_DISABLE_OFFSET);
}

noinline u64 egpr_live_read(enum egpr_form form, unsigned int reg)
{
	u64 value = 0;

	fpu_get();
	if (form == EGPR_FORM_HW) {
		switch (reg) {
			EGPR_LIST(HW_READ)
		}
	} else {
		switch (reg) {
			EGPR_LIST(PROXY_READ)
		}
	}
	fpu_put();
	return value;
}

noinline void egpr_live_write(enum egpr_form form, unsigned int reg, u64 value)
{
	fpu_get();
	if (form == EGPR_FORM_HW) {
		switch (reg) {
			EGPR_LIST(HW_WRITE)
		}
	} else {
		switch (reg) {
			EGPR_LIST(PROXY_WRITE)
		}
	}
	fpu_put();
}

noinline u64 egpr_regs_read(const struct egpr_switch *sw, unsigned int reg)
{
	return sw->regs[reg - EGPR_FIRST];
}

noinline void egpr_regs_write(struct egpr_switch *sw, unsigned int reg, u64 value)
{
	sw->regs[reg - EGPR_FIRST] = value;
}

/**
 * egpr_rex2_traps - does this CPU, without APX, refuse the REX2 prefix?
 *
 * The QEMU of Debian 13 does not: it executes AAD, which 64-bit mode has not. Return: whether #UD came.
 */
bool egpr_rex2_traps(void)
{
	bool traps = true;

	asm volatile("1: .byte 0xd5, 0x00, 0x90\n\t" /* REX2 NOP; or AAD 0, NOP */
		     "movb $0, %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+m"(traps)
		     :
		     : "ax", "cc");
	return traps;
}
