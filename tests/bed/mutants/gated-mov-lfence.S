/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault of the contract: gated-mov-lfence whose exit half flips a mask bit of MXCSR. */
#include "../asm/sequence.h"

SEQ_BEGIN(gated_mov_lfence, exit)
	stmxcsr -8(%rsp)
	xorl $0x80, -8(%rsp)
	ldmxcsr -8(%rsp)
	unless_guest_apx .Lgated_mov_lfence_exit_done
	lfence
	store_egprs
	clear_egprs
.Lgated_mov_lfence_exit_done:
SEQ_END(gated_mov_lfence, exit)

SEQ_BEGIN(gated_mov_lfence, entry)
	unless_guest_apx .Lgated_mov_lfence_entry_done
	lfence
	load_egprs
.Lgated_mov_lfence_entry_done:
SEQ_END(gated_mov_lfence, entry)

SEQ_NOEXEC_STACK
