/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsaveopt: XSAVEOPT of component 19 alone: init and modified optimisation apply.
 *
 * The mask is in egpr_switch.rfbm: component 19, or in the proxy form the enabled
 * components nearest to its 128 bytes. Gated, because xsaveopt with XCR0[19] = 0 omits
 * the component without a word and xrstor would raise #GP. The registers are
 * cleared as in every other row; XINUSE stays set.
 */
#include "../sequence.h"

SEQ_BEGIN(xsaveopt, exit)
	unless_guest_apx .Lxsaveopt_exit_done
	load_rfbm
	seq_trap
	xsaveopt64 SW_XSAVE(%rdi)
	clear_egprs
.Lxsaveopt_exit_done:
SEQ_END(xsaveopt, exit)

SEQ_BEGIN(xsaveopt, entry)
	unless_guest_apx .Lxsaveopt_entry_done
	load_rfbm
	seq_trap
	xrstor64 SW_XSAVE(%rdi)
.Lxsaveopt_entry_done:
SEQ_END(xsaveopt, entry)

SEQ_NOEXEC_STACK
