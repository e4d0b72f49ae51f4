/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The context that every switch sequence works on: one per vCPU.
 *
 * It stands where vcpu->arch.regs[] and the entry flags stand in KVM. The
 * sequences in asm/ get its address as their only argument and reach the
 * members by name (asm/offsets.c makes the names from offsetof). Shared by user
 * space and the module, hence only fixed-width types.
 */
#ifndef EGPR_SWITCH_H
#define EGPR_SWITCH_H

#include <linux/types.h>
#include <egpr/regs.h>

/*
 * Entry flag that gated strategies test: guest XCR0[19] is set. Plays the part
 * of KVM_ENTER_EGPR_SWITCH in the posted series (v4 patch 05).
 */
#define EGPR_SWITCH_GUEST_APX (1u << 3)

/*
 * What kvm_fpu_get() does on every access of a live register, on words of the context: it
 * counts one more local_bh_disable(), and asks whether the FPU registers are the guest's.
 */
#define EGPR_SWITCH_BH_ONE (1u << 9) /* SOFTIRQ_DISABLE_OFFSET, include/linux/preempt.h */
#define EGPR_SWITCH_NEED_FPU_LOAD \
	(1u << 14) /* TIF_NEED_FPU_LOAD, arch/x86/include/asm/thread_info.h */

/* The register that is read unless someone says another: the one that the WRMSRNS payloads name. */
#define EGPR_SWITCH_ACCESS (EGPR_FIRST + EGPR_COUNT - 1)

/*
 * Largest XSAVE area that a sequence may write. The proxy forms save whatever
 * enabled component set lies nearest to 128 bytes in the standard format; AVX-512
 * and AMX components end below this.
 */
#define EGPR_XSAVE_AREA_BYTES 12288

/**
 * struct egpr_switch - what one vCPU's switch sequences read and write
 * @regs: guest r16..r31 while the host runs (families whose home is regs[]);
 *	64-byte aligned so that the PUSH2/POP2 forms, which need 16, are aligned
 * @regs_end: nothing is stored here; its address is where PUSH2 starts
 * @flags: EGPR_SWITCH_* of this guest
 * @delay: number of dependent one-cycle operations for the delay strategy
 * @access: number of the guest register that this exit's handler reads, 16..31; strategies
 *	with EGPR_READS_OPERAND read it in their exit half
 * @bh_count: plays the preempt count in such a read
 * @thread_flags: plays the thread's flags in it
 * @owner: whose context this is, for who looks on; no sequence touches it
 * @operand: receives the register
 * @xcr0_host: XCR0 the host runs with
 * @xcr0_guest: XCR0 the guest runs with
 * @rfbm: requested-feature bitmap of the XSAVE strategies: component 19 in the
 *	hw and trap forms, the stand-in components in the proxy form
 * @xsave: XSAVE area of the XSAVE strategies
 */
struct egpr_switch {
	__u64 regs[EGPR_COUNT] __attribute__((aligned(64)));
	__u64 regs_end[0];
	__u32 flags;
	__u32 delay;
	__u32 access;
	__u32 bh_count;
	__u32 thread_flags;
	__u32 owner;
	__u64 operand;
	__u64 xcr0_host;
	__u64 xcr0_guest;
	__u64 rfbm;
	__u8 xsave[EGPR_XSAVE_AREA_BYTES] __attribute__((aligned(64)));
};

/* One half of a strategy. SysV calling convention; clobbers caller-saved registers only. */
typedef void (*egpr_switch_fn)(struct egpr_switch *sw);

#endif /* EGPR_SWITCH_H */
