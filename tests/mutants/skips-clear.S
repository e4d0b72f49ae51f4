/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A broken strategy: gated-mov that leaves the guest's values in the registers.
 */
#include "../../asm/sequence.h"

SEQ_BEGIN(skips_clear, exit)
	unless_guest_apx .Lexit_done
	store_egprs
.Lexit_done:
SEQ_END(skips_clear, exit)

SEQ_BEGIN(skips_clear, entry)
	unless_guest_apx .Lentry_done
	load_egprs
.Lentry_done:
SEQ_END(skips_clear, entry)

SEQ_NOEXEC_STACK
