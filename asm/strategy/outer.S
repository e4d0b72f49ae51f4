/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * outer: the halves of gated-mov, but where KVM enters and leaves its inner loop, beside
 * the switch of XCR0.
 *
 * An exit that the fastpath handles does not leave that loop and pays nothing; its handler
 * finds the guest's registers in the hardware only. Where the halves run is the business of
 * the layer (EGPR_BIND_OUTER); a layer without an inner loop runs them at every exit.
 */
#include "../sequence.h"

SEQ_BEGIN(outer, exit)
	unless_guest_apx .Louter_exit_done
	store_egprs
	clear_egprs
.Louter_exit_done:
SEQ_END(outer, exit)

SEQ_BEGIN(outer, entry)
	unless_guest_apx .Louter_entry_done
	load_egprs
.Louter_entry_done:
SEQ_END(outer, entry)

SEQ_NOEXEC_STACK
