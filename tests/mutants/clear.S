/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: what the exit half clears. See mutants.h. */
#include "mutants.h"

/* clang-format off */
GATED_EXIT(skips_clear, store_egprs)

#define XOR_16(n) .byte 0x66; two 0x31, 0, n, n;
GATED_EXIT(clears_16_bits, store_egprs; EGPR_LIST(XOR_16))

GATED_EXIT(clears_8_bits, store_egprs; clear_but 21; two 0x30, 0, 21, 21)

GATED_EXIT(clears_upper, store_egprs; clear_but 26; two 0x89, 0, 26, 26)

.macro set_one reg
	.byte 0xd5, APX_B(\reg), 0xc7, APX_MODRM(3, 0, \reg)
	.long 1
.endm
GATED_EXIT(leaves_one, store_egprs; clear_but 25; set_one 25)

#define DOUBLE(n) two 0x01, 1, n, n;
GATED_EXIT(doubles, store_egprs; EGPR_LIST(DOUBLE))

GATED_EXIT(leaves_neighbour, store_egprs; move 21, 20; clear_but 20)

GATED_EXIT(leaves_r31, store_egprs; clear_but 31)

BARE_HALF(uncond_leaves_r16, exit, switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST; store_egprs; clear_but 16)
BARE_HALF(uncond_leaves_r16, entry, load_egprs; switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST)
/* clang-format on */

SEQ_NOEXEC_STACK
