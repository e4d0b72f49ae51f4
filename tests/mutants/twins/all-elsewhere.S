/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov also writes to the context beside its registers, in every form.
 * row: gated-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem clear_egprs
.macro clear_egprs
	EGPR_LIST(SEQ_CLEAR)
	mov %eax, SW_ACCESS(%rdi)
.endm
#include "../../../asm/strategy/gated-mov.S"
