/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l2-vmcall: a guest of the guest, which does nothing but leave by VMCALL (VMX) or VMMCALL (SVM).
 *
 * L1 runs L2 by VMRESUME or VMRUN, both of which leave to KVM (L0). KVM enters L2 in L1's place; L2's call
 * leaves to KVM again, which goes on in L1. So one iteration is two exits and two entries
 * of KVM, and r16..r31 go to L2 and come back as they are: neither VMX nor SVM switches
 * them, and L1 does not.
 */
#define L2_VMX vmcall
#define L2_SVM vmmcall

#include "runtime/payload.h"
#include "runtime/l2.h"

payload_prepare_begin
	call l2_start
payload_prepare_end

.macro payload_operands
.endm
.macro payload_exit
	call l2_round
.endm

L2_RUNTIME
PAYLOAD_BATCH
