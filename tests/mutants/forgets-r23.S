/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A broken strategy: gated-mov that does not load r23 at entry.
 */
#include "../../asm/sequence.h"

#define FORGOTTEN 23
#define LOAD_ALL_BUT_ONE(n) .if n != FORGOTTEN; SEQ_LOAD(n) .endif;

SEQ_BEGIN(forgets_r23, exit)
	unless_guest_apx .Lexit_done
	store_egprs
	clear_egprs
.Lexit_done:
SEQ_END(forgets_r23, exit)

SEQ_BEGIN(forgets_r23, entry)
	unless_guest_apx .Lentry_done
	EGPR_LIST(LOAD_ALL_BUT_ONE)
.Lentry_done:
SEQ_END(forgets_r23, entry)

SEQ_NOEXEC_STACK
