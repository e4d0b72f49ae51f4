/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A broken strategy: uncond-mov that changes XCR0 behind the registers at exit.
 */
#include "../../asm/sequence.h"

SEQ_BEGIN(late_xcr0, exit)
	store_egprs
	clear_egprs
	switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST
SEQ_END(late_xcr0, exit)

SEQ_BEGIN(late_xcr0, entry)
	load_egprs
	switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST
SEQ_END(late_xcr0, entry)

SEQ_NOEXEC_STACK
