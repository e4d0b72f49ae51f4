/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: xsave that clears the registers before it saves them. */
#include "../asm/sequence.h"

SEQ_BEGIN(xsave, exit)
	unless_guest_apx .Lxsave_exit_done
	clear_egprs
	load_rfbm
	seq_trap
	xsave64 SW_XSAVE(%rdi)
.Lxsave_exit_done:
SEQ_END(xsave, exit)

SEQ_BEGIN(xsave, entry)
	unless_guest_apx .Lxsave_entry_done
	load_rfbm
	seq_trap
	xrstor64 SW_XSAVE(%rdi)
.Lxsave_entry_done:
SEQ_END(xsave, entry)

SEQ_NOEXEC_STACK
