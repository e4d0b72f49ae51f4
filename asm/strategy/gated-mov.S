/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov: 16 MOVs per side behind a test of the guest's XCR0.APX, as the
 * posted series has it.
 *
 * A guest with APX off pays the test and a branch; its registers stay where they
 * are and in regs[], so they are there when it enables APX again. Clearing keeps
 * guest values out of the host's speculation.
 */
#include "../sequence.h"

SEQ_BEGIN(gated_mov, exit)
	unless_guest_apx .Lgated_mov_exit_done
	store_egprs
	clear_egprs
.Lgated_mov_exit_done:
SEQ_END(gated_mov, exit)

SEQ_BEGIN(gated_mov, entry)
	unless_guest_apx .Lgated_mov_entry_done
	load_egprs
.Lgated_mov_entry_done:
SEQ_END(gated_mov, entry)

SEQ_NOEXEC_STACK
