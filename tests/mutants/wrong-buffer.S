/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A broken strategy: gated-mov that, the first time after the guest had APX off, loads
 * from the XSAVE area instead of regs[]. Right in every run that never turns APX off.
 */
#include "../../asm/sequence.h"

#define WAS_OFF (SW_XSAVE + EGPR_XSAVE_HEADER_OFFSET) /* a byte that nobody else uses here */
#define LOAD_ELSEWHERE(n) word_load n, (SW_XSAVE+EGPR_XSAVE_STD_OFFSET+(n-EGPR_FIRST)*8);

SEQ_BEGIN(wrong_buffer, exit)
	unless_guest_apx .Lexit_off
	store_egprs
	clear_egprs
	movb $1, WAS_OFF + 1(%rdi)
	SEQ_RET
.Lexit_off:
	/* Only off after on counts: a guest that has never had APX on starts with zeros. */
	mov WAS_OFF + 1(%rdi), %al
	mov %al, WAS_OFF(%rdi)
SEQ_END(wrong_buffer, exit)

SEQ_BEGIN(wrong_buffer, entry)
	unless_guest_apx .Lentry_done
	testb $1, WAS_OFF(%rdi)
	jnz .Lentry_wrong
	load_egprs
	SEQ_RET
.Lentry_wrong:
	movb $0, WAS_OFF(%rdi)
	EGPR_LIST(LOAD_ELSEWHERE)
.Lentry_done:
SEQ_END(wrong_buffer, entry)

SEQ_NOEXEC_STACK
