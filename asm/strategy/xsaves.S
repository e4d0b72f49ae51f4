/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsaves: XSAVES of component 19 alone: compacted, supervisor form, hence CPL0.
 *
 * The mask is in egpr_switch.rfbm: component 19, or in the proxy form the enabled
 * components nearest to its 128 bytes. Gated, because xsaves with XCR0[19] = 0 omits
 * the component without a word and xrstors would raise #GP. The registers are
 * cleared as in every other row; XINUSE stays set.
 */
#include "../sequence.h"

SEQ_BEGIN(xsaves, exit)
	unless_guest_apx .Lxsaves_exit_done
	load_rfbm
	seq_trap
	xsaves64 SW_XSAVE(%rdi)
	clear_egprs
.Lxsaves_exit_done:
SEQ_END(xsaves, exit)

SEQ_BEGIN(xsaves, entry)
	unless_guest_apx .Lxsaves_entry_done
	load_rfbm
	seq_trap
	xrstors64 SW_XSAVE(%rdi)
.Lxsaves_entry_done:
SEQ_END(xsaves, entry)

SEQ_NOEXEC_STACK
