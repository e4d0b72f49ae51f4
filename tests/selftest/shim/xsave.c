// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_XSAVE and KVM_SET_XSAVE of the played KVM: r16..r31 by the model of the debate, everything else by
 * this host's KVM.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include <egpr/home.h>

#include "shim.h"

#define MODELLED (UABI_X87_SSE | UABI_AVX | UABI_AVX512 | UABI_PKRU | UABI_APX)

static uint64_t *bv_of(struct kvm_xsave *x)
{
	return (uint64_t *)(void *)((char *)x->region + UABI_STATE_AT);
}

static __u64 *egprs_of(struct kvm_xsave *x)
{
	return (__u64 *)(void *)((char *)x->region + EGPR_XSAVE_STD_OFFSET);
}

void shim_xsave_open(struct kvm_vm *vm)
{
	enum uabi_policy policy = shim_fault == FAULT_POSTED ? UABI_POSTED : UABI_UNUSED;

	uabi_close(&vm->state);
	TEST_ASSERT(!uabi_open(&vm->state, policy, shim_cpuid_xcr0(vm) & MODELLED),
		    "out of memory");
}

int shim_get_xsave(struct kvm_vm *vm, struct kvm_xsave *x)
{
	struct kvm_xsave model;
	unsigned int i;

	if (ioctl(vm->vmm->vcpu, KVM_GET_XSAVE, x))
		return -1;
	for (i = 0; i < EGPR_COUNT; i++)
		vm->state.regs[EGPR_FIRST + i] =
			egpr_home_read(&vm->sw, shim_strategy->home, EGPR_FIRST + i);
	if (uabi_get(&vm->state, &model, sizeof(model))) {
		errno = EINVAL;
		return -1;
	}
	if (shim_fault == FAULT_BIT_ALWAYS)
		*bv_of(&model) |= UABI_APX;
	if (!(*bv_of(&model) & UABI_APX))
		return 0;
	*bv_of(x) |= UABI_APX;
	memcpy(egprs_of(x), egprs_of(&model),
	       shim_fault == FAULT_GET_FORGETS ? UABI_APX_BYTES - sizeof(__u64) : UABI_APX_BYTES);
	return 0;
}

static bool reaches_regs(uint64_t bv, int refused)
{
	switch (shim_fault) {
	case FAULT_SET_FPSTATE:
		return false;
	case FAULT_CLEAR_KEPT:
		return !refused && bv & UABI_APX;
	case FAULT_COPY_FIRST:
	case FAULT_POSTED: /* the model knows itself */
		return true;
	default:
		return !refused;
	}
}

int shim_set_xsave(struct kvm_vm *vm, const struct kvm_xsave *x)
{
	struct kvm_xsave model = *x, rest = *x;
	__u64 *regs = (__u64 *)&vm->state.regs[EGPR_FIRST];
	int refused;

	refused = uabi_set(&vm->state, &model);
	if (shim_fault == FAULT_COPY_FIRST && *bv_of(&rest) & UABI_APX)
		memcpy(regs, egprs_of(&rest), UABI_APX_BYTES);
	if (reaches_regs(*bv_of(&rest), refused))
		egpr_home_write(&vm->sw, shim_strategy->home, regs);
	if (refused) {
		errno = -refused;
		return -1;
	}
	*bv_of(&rest) &= ~UABI_APX;
	memset(egprs_of(&rest), 0, UABI_APX_BYTES);
	return ioctl(vm->vmm->vcpu, KVM_SET_XSAVE, &rest);
}
