/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uncond-mov: the registers move on every exit, whatever the guest's XCR0 says.
 *
 * VM exit leaves the guest's XCR0 in place, and any EGPR access with XCR0.APX = 0 is
 * #UD; so the host's XCR0 comes first at exit and the guest's last at
 * entry. XSETBV runs only where the two differ.
 */
#include "../sequence.h"

SEQ_BEGIN(uncond_mov, exit)
	switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST
	store_egprs
	clear_egprs
SEQ_END(uncond_mov, exit)

SEQ_BEGIN(uncond_mov, entry)
	load_egprs
	switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST
SEQ_END(uncond_mov, entry)

SEQ_NOEXEC_STACK
