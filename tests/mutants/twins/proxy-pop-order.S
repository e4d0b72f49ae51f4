/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-push2 pops the stand-ins of a pair the other way round, in form proxy.
 * row: gated-push2
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
#undef SEQ_POP2
#define SEQ_POP2(a, b) word_pop2 a, b;
.purgem pop_egprs
.macro pop_egprs
	mov %rsp, %r11
	lea SW_REGS(%rdi), %rsp
	EGPR_PAIR_LIST(SEQ_POP2)
	mov %r11, %rsp
.endm
#endif
#include "../../../asm/strategy/gated-push2.S"
