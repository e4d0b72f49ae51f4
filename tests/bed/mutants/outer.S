/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: outer that clears 16 bits of each register. */
#include "../asm/sequence.h"

#define CLEAR_16(n)                                   \
	.byte 0x66, 0xd5, APX_R(n) | APX_B(n), 0x31; \
	.byte APX_MODRM(3, n, n);

SEQ_BEGIN(outer, exit)
	unless_guest_apx .Louter_exit_done
	store_egprs
	EGPR_LIST(CLEAR_16)
.Louter_exit_done:
SEQ_END(outer, exit)

SEQ_BEGIN(outer, entry)
	unless_guest_apx .Louter_entry_done
	load_egprs
.Louter_entry_done:
SEQ_END(outer, entry)

SEQ_NOEXEC_STACK
