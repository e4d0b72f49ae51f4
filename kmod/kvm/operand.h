/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The source of a WRMSRNS with an immediate, as a test build's fastpath reads it: see edit-operand.
 */
#ifndef KMOD_KVM_OPERAND_H
#define KMOD_KVM_OPERAND_H

#include <linux/types.h>

struct kvm_vcpu;

/* Who answers, interrupts off; NULL: nobody, and @value is what KVM read. */
typedef u64 (*egpr_operand_fn)(struct kvm_vcpu *vcpu, int reg, u64 value);
extern egpr_operand_fn egpr_operand;

u64 egpr_read_operand(struct kvm_vcpu *vcpu, int reg, u64 value);

#endif /* KMOD_KVM_OPERAND_H */
