/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-push2: gated-mov with PUSH2P/POP2P. See uncond-push2 for why the stack
 * pointer is borrowed.
 */
#include "../sequence.h"

SEQ_BEGIN(gated_push2, exit)
	unless_guest_apx .Lgated_push2_exit_done
	push_egprs
	clear_egprs
.Lgated_push2_exit_done:
SEQ_END(gated_push2, exit)

SEQ_BEGIN(gated_push2, entry)
	unless_guest_apx .Lgated_push2_entry_done
	pop_egprs
.Lgated_push2_entry_done:
SEQ_END(gated_push2, entry)

SEQ_NOEXEC_STACK
