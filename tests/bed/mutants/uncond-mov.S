/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: uncond-mov that restores the host's XCR0 after it touched the registers. */
#include "../asm/sequence.h"

SEQ_BEGIN(uncond_mov, exit)
	store_egprs
	clear_egprs
	switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST
SEQ_END(uncond_mov, exit)

SEQ_BEGIN(uncond_mov, entry)
	load_egprs
	switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST
SEQ_END(uncond_mov, entry)

SEQ_NOEXEC_STACK
