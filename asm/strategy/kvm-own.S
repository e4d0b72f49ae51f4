/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm-own: no switch of the lab's. KVM offers the guest APX and looks after its registers as it sees
 * fit; what that costs is the difference to a guest whose XCR0.APX is off.
 *
 * So the halves are those of none, and the arm differs from its baseline in the guest's state.
 */
#include "../sequence.h"

SEQ_BEGIN(kvm_own, exit)
SEQ_END(kvm_own, exit)

SEQ_BEGIN(kvm_own, entry)
SEQ_END(kvm_own, entry)

SEQ_NOEXEC_STACK
