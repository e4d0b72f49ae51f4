/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: live-access that reads the register above the one it was asked for. */
#include "../asm/sequence.h"

SEQ_BEGIN(live_access, exit)
	unless_guest_apx .Llive_access_exit_done
	incl SW_ACCESS(%rdi)
	read_live
	decl SW_ACCESS(%rdi)
.Llive_access_exit_done:
SEQ_END(live_access, exit)

SEQ_BEGIN(live_access, entry)
SEQ_END(live_access, entry)

SEQ_NOEXEC_STACK
