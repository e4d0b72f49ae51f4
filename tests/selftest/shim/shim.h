/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's KVM selftest library, as far as apx_state_test.c uses it, where CPU and KVM have no APX.
 *
 * VM and guest are vmm-mini's, APX instructions of host and guest are the emulator's, on one register file:
 * the CPU's. What KVM would do beside is played here: the FPU switch and XCR0 around a strategy of the table in
 * form trap (switch.c), and r16..r31 in KVM_GET_XSAVE and KVM_SET_XSAVE by bench/group/uabi_model.c
 * (xsave.c). Faults can be planted into each of them, by name.
 *
 *   SHIM_STRATEGY	gated-mov: any id of the table
 *   SHIM_FAULT		none: one of SHIM_FAULTS
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <egpr/page.h>
#include <egpr/strategy.h>
#include <egpr/switch.h>

#include <bench/group/uabi_model.h>
#include <vmm-mini/internal.h>

#include "kvm_util.h"

/* X(sym, id, text): the KVM that is played ... */
/* clang-format off */
#define SHIM_FAULTS(X)									\
	X(NONE, "none", "does everything right")					\
	X(GET_FORGETS, "get-forgets-r31", "copies 15 registers in KVM_GET_XSAVE")	\
	X(SET_FPSTATE, "set-fpstate-only", "leaves regs[] alone in KVM_SET_XSAVE")	\
	X(CLEAR_KEPT, "clear-bit-kept", "leaves regs[] alone where XSTATE_BV[19] is clear")	\
	X(COPY_FIRST, "copy-first", "copies to regs[] before it checks the header")	\
	X(BIT_ALWAYS, "bit-always", "shows XSTATE_BV[19] to guests without APX")	\
	X(POSTED, "posted", "copies as the diff of 2026-04-02 does, to the letter")	\
	X(HOST_LOST, "host-lost", "does not bring the host's own registers back")	\
	X(OPERAND_LIVE, "operand-live", "reads a fastpath's operand in the hardware, behind the exit half") \
	X(SHARED, "shared-regs", "has one regs[] per CPU")				\
	X(OFF_FORGETS, "off-forgets", "clears regs[] when the guest clears XCR0.APX")	\
	X(NMI_USES, "nmi-uses-r16", "has an NMI handler that uses r16")			\
	X(FAIL_CLEARS, "fail-clears", "clears r16-r31 before the exit half where VM entry fails")
/* clang-format on */

#define SHIM_FAULT_ENUM(sym, id, text) FAULT_##sym,
enum shim_fault {
	SHIM_FAULTS(SHIM_FAULT_ENUM) NR_FAULTS
};

/**
 * struct kvm_vm - a VM, its vCPU, and what the played KVM keeps of it
 * @sw: where the strategy works
 * @vcpu: what the test sees
 * @vmm: the VM
 * @batch: gives the emulator our two halves
 * @xcr0: the guest's
 * @state: r16..r31 in KVM_GET_XSAVE and KVM_SET_XSAVE
 * @cpuid: of the guest
 * @refused: its state is one with which VM entry fails
 */
struct kvm_vm {
	struct egpr_switch sw;
	struct kvm_vcpu vcpu;
	struct vmm *vmm;
	struct vmm_batch batch;
	uint64_t xcr0;
	struct uabi_vcpu state;
	struct kvm_cpuid2 *cpuid;
	bool refused;
};

/* switch.c */
extern enum shim_fault shim_fault;
extern const struct egpr_strategy *shim_strategy;
extern struct egpr_page *shim_page; /* r16..r31 of the CPU */
/* Before the first VM; skips where the CPU has APX. */
void shim_start(void);
/* The vCPU's part of it, its guest about to run with @xcr0. */
void shim_switch_open(struct kvm_vm *vm, uint64_t xcr0);
/* KVM_RUN. Return: as ioctl(2). */
int shim_run(struct kvm_vm *vm);

/* xsave.c: by the guest's CPUID. */
void shim_xsave_open(struct kvm_vm *vm);
int shim_get_xsave(struct kvm_vm *vm, struct kvm_xsave *x);
int shim_set_xsave(struct kvm_vm *vm, const struct kvm_xsave *x);

/* cpuid.c */
void shim_cpuid_open(struct kvm_vm *vm);
/* XCR0 that the guest may set. */
uint64_t shim_cpuid_xcr0(const struct kvm_vm *vm);

#endif /* SHIM_SHIM_H */
