/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU of this host's KVM with a chosen feature set, and the ioctls that move its state.
 */
#ifndef BENCH_GROUP_UABI_KVM_H
#define BENCH_GROUP_UABI_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#include <bench/base/error.h>

/**
 * struct uabi_kvm - a VM without memory, and its vCPU, which never runs
 * @kvm: /dev/kvm
 * @vm: the VM
 * @vcpu: the vCPU
 * @run: its run page
 * @run_bytes: of it
 * @xcr0: what the guest's CPUID leaf 0xD offers
 * @xsave: a buffer for its extended state
 * @xsave_bytes: what KVM_CAP_XSAVE2 answers, 4096 at least
 * @msrs: all MSRs that KVM saves and that can be written back
 * @regs: and so on, the rest of what a migration moves
 */
struct uabi_kvm {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	size_t run_bytes;
	uint64_t xcr0;
	void *xsave;
	size_t xsave_bytes;
	struct kvm_msrs *msrs;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_xcrs xcrs;
	struct kvm_debugregs debugregs;
	struct kvm_vcpu_events events;
	struct kvm_mp_state mp_state;
};

/**
 * uabi_kvm_open - make a vCPU
 * @k: receives it; uabi_kvm_close() it, after a failure too
 * @path: the KVM device
 * @xcr0: components that its guest may have
 * @e: receives the reason of a failure
 *
 * All components but x87 and SSE get a pattern, so that none is left out for being initial.
 * Return: 0; EGPR_SKIPPED where this KVM has no such guest; EGPR_DATA where what went in does not
 * come out again.
 */
int uabi_kvm_open(struct uabi_kvm *k, const char *path, uint64_t xcr0, struct data_error *e);
void uabi_kvm_close(struct uabi_kvm *k);

/* Components that this KVM gives guests, permission for AMX asked for. 0 without a KVM. */
uint64_t uabi_kvm_supported(const char *path);

/* Fill an XSAVE buffer in the standard format: @bv in XSTATE_BV, a pattern in all else. */
void uabi_kvm_pattern(void *xsave, size_t bytes, uint64_t bv, unsigned int pattern);

/* The calls of a migration: everything out of @from, and into @to. Return: 0, or the failed call. */
const char *uabi_kvm_migrate(struct uabi_kvm *from, const struct uabi_kvm *to);

/* KVM_GET_XSAVE2, or KVM_GET_XSAVE where there is no other. Return: as ioctl(2). */
int uabi_kvm_get_xsave(const struct uabi_kvm *k, void *xsave);

#endif /* BENCH_GROUP_UABI_KVM_H */
