/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's kvm_util.h and ucall_common.h, as far as apx_state_test.c goes. See shim.h. */
#ifndef SHIM_KVM_UTIL_H
#define SHIM_KVM_UTIL_H

#include <linux/kvm.h>

#include "test_util.h"

struct kvm_vm;

struct kvm_vcpu {
	struct kvm_run *run;
	struct kvm_vm *vm;
};

struct kvm_vm *vm_create_with_one_vcpu(struct kvm_vcpu **vcpu, void (*guest)(void));
void kvm_vm_free(struct kvm_vm *vm);

/* Return: 0 or -1, errno says why. The other form takes no failure. */
int _vcpu_run(struct kvm_vcpu *vcpu);
void vcpu_run(struct kvm_vcpu *vcpu);
int __vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned long command, void *arg);
void vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned long command, void *arg);
void vcpu_sregs_get(struct kvm_vcpu *vcpu, struct kvm_sregs *sregs);
void vcpu_sregs_set(struct kvm_vcpu *vcpu, struct kvm_sregs *sregs);

void *addr_gva2hva(struct kvm_vm *vm, uint64_t address);
#define sync_global_from_guest(vm, g) memcpy(&(g), addr_gva2hva(vm, (uintptr_t) & (g)), sizeof(g))

/* What a guest says: OUT to a port of the lab's, %rdi points to one of these. */
enum {
	UCALL_NONE,
	UCALL_SYNC,
	UCALL_ABORT,
	UCALL_DONE,
	UCALL_UNHANDLED,
};
enum {
	GUEST_ERROR_STRING,
	GUEST_FILE,
	GUEST_LINE,
};
struct ucall {
	uint64_t cmd;
	uint64_t args[3];
};
uint64_t get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc);

#define UCALL_PORT 0x84 /* EGPR_PORT_TEST */

/* Inline: a guest has no other code than its own, and may use no vector register. */
static inline __attribute__((always_inline)) void ucall(uint64_t cmd, uint64_t a0, uint64_t a1,
							uint64_t a2)
{
	struct ucall uc = { cmd, { a0, a1, a2 } };

	__asm__ volatile("out %%al, %1" : : "D"(&uc), "i"(UCALL_PORT) : "memory");
}

#define GUEST_SYNC(stage) ucall(UCALL_SYNC, stage, 0, 0)
#define GUEST_DONE()	  ucall(UCALL_DONE, 0, 0, 0)
#define GUEST_ASSERT(condition)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ucall(UCALL_ABORT, (uintptr_t) #condition, (uintptr_t)__FILE__, __LINE__); \
	} while (0)
#define GUEST_ASSERT_EQ(a, b) GUEST_ASSERT((a) == (b))

#endif /* SHIM_KVM_UTIL_H */
