/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov-disp8: gated-mov with one-byte displacements.
 *
 * Three bytes less per instruction: what biasing the base register buys where
 * regs[] lies far from the start of its structure.
 */
#include "../sequence.h"

SEQ_BEGIN(gated_mov_disp8, exit)
	unless_guest_apx .Lgated_mov_disp8_exit_done
	store_egprs_disp8
	clear_egprs
.Lgated_mov_disp8_exit_done:
SEQ_END(gated_mov_disp8, exit)

SEQ_BEGIN(gated_mov_disp8, entry)
	unless_guest_apx .Lgated_mov_disp8_entry_done
	load_egprs_disp8
.Lgated_mov_disp8_entry_done:
SEQ_END(gated_mov_disp8, entry)

SEQ_NOEXEC_STACK
