/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsave: XSAVE of component 19 alone, in the standard format.
 *
 * The mask is in egpr_switch.rfbm: component 19, or in the proxy form the enabled
 * components nearest to its 128 bytes. Gated, because xsave with XCR0[19] = 0 omits
 * the component without a word and xrstor would raise #GP. The registers are
 * cleared as in every other row; XINUSE stays set.
 */
#include "../sequence.h"

SEQ_BEGIN(xsave, exit)
	unless_guest_apx .Lxsave_exit_done
	load_rfbm
	seq_trap
	xsave64 SW_XSAVE(%rdi)
	clear_egprs
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
