/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsavec: XSAVEC of component 19 alone: compacted format, init optimisation.
 *
 * The mask is in egpr_switch.rfbm: component 19, or in the proxy form the enabled
 * components nearest to its 128 bytes. Gated, because xsavec with XCR0[19] = 0 omits
 * the component without a word and xrstor would raise #GP. The registers are
 * cleared as in every other row; XINUSE stays set.
 */
#include "../sequence.h"

SEQ_BEGIN(xsavec, exit)
	unless_guest_apx .Lxsavec_exit_done
	load_rfbm
	seq_trap
	xsavec64 SW_XSAVE(%rdi)
	clear_egprs
.Lxsavec_exit_done:
SEQ_END(xsavec, exit)

SEQ_BEGIN(xsavec, entry)
	unless_guest_apx .Lxsavec_entry_done
	load_rfbm
	seq_trap
	xrstor64 SW_XSAVE(%rdi)
.Lxsavec_entry_done:
SEQ_END(xsavec, entry)

SEQ_NOEXEC_STACK
