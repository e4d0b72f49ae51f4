/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov-lfence: gated-mov with a speculation barrier behind the test.
 *
 * Without it a mispredicted test could run EGPR accesses while guest XCR0.APX = 0.
 * The series asks for the guard; this row prices its most expensive form.
 */
#include "../sequence.h"

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
	load_egprs
.Lgated_mov_lfence_entry_done:
SEQ_END(gated_mov_lfence, entry)

SEQ_NOEXEC_STACK
