/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live-access: live, and an exit whose handler reads one guest EGPR, as WRMSRNS with an
 * immediate does.
 *
 * Each such access makes sure that the registers in the hardware are the guest's
 * (kvm_fpu_get(): count, test) and chooses one of sixteen instructions, because a
 * register's number cannot be computed. A guest with APX off cannot name an EGPR, so
 * nothing is read for it.
 */
#include "../sequence.h"

SEQ_BEGIN(live_access, exit)
	unless_guest_apx .Llive_access_exit_done
	read_live
.Llive_access_exit_done:
SEQ_END(live_access, exit)

SEQ_BEGIN(live_access, entry)
SEQ_END(live_access, entry)

SEQ_NOEXEC_STACK
