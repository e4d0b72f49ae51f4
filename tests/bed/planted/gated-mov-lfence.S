/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: gated-mov-lfence that forgets to load r23. */
#include "../asm/sequence.h"

#define LOAD_ALL_BUT_23(n) \
	.if n != 23;       \
	SEQ_LOAD(n)        \
	.endif;

SEQ_BEGIN(gated_mov_lfence, exit)
	unless_guest_apx .Lgated_mov_lfence_exit_done
	lfence
	store_egprs
	clear_egprs
.Lgated_mov_lfence_exit_done:
SEQ_END(gated_mov_lfence, exit)

SEQ_BEGIN(gated_mov_lfence, entry)
	unless_guest_apx .Lgated_mov_lfence_entry_done
	lfence
	EGPR_LIST(LOAD_ALL_BUT_23)
.Lgated_mov_lfence_entry_done:
SEQ_END(gated_mov_lfence, entry)

SEQ_NOEXEC_STACK
