/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uncond-mov changes XCR0 behind the registers at exit, in every form.
 * row: uncond-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

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
