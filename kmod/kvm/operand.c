// SPDX-License-Identifier: GPL-2.0-only
/*
 * Part of a test build of KVM; see operand.h.
 */
#include <linux/compiler.h>
#include <linux/export.h>

#include "operand.h"

egpr_operand_fn egpr_operand;
EXPORT_SYMBOL_GPL(egpr_operand);

u64 egpr_read_operand(struct kvm_vcpu *vcpu, int reg, u64 value)
{
	egpr_operand_fn answer = READ_ONCE(egpr_operand);

	return answer ? answer(vcpu, reg, value) : value;
}
