/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsavec saves and restores no component, in form hw.
 * row: xsavec
 * check: runs
 */
#include "../../../asm/sequence.h"

.purgem load_rfbm
.macro load_rfbm
	xor %eax, %eax
	xor %edx, %edx
.endm
#include "../../../asm/strategy/xsavec.S"
