/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov in form proxy or trap that does what must cost it its number and nothing else:
 * instead of the clears, as many bytes with CRASH in them. Linked in front of the right one; or, in a
 * form of its own, put in its place behind all proofs (late.c), where it costs its cell.
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
#define CLEAR_BYTES 64
#else
#define CLEAR_BYTES 16 /* bytes do not matter where nothing is timed */
#endif

SEQ_BEGIN(gated_mov, exit)
	unless_guest_apx .Lexit_done
	store_egprs
.Lcrash:
#if defined(CRASH_SIGILL)
	ud2
#elif defined(CRASH_SIGSEGV)
	mov 0, %eax
#elif defined(CRASH_SIGFPE)
	xor %edx, %edx
	xor %ecx, %ecx
	div %ecx
#elif defined(CRASH_SIGTRAP)
	int3
#elif defined(CRASH_LOOP)
	jmp .
#elif defined(CRASH_MXCSR) /* one exception unmasked: nothing falls over here */
	stmxcsr -8(%rsp)
	xorl $0x80, -8(%rsp)
	ldmxcsr -8(%rsp)
#elif defined(CRASH_DF)
	std
#elif defined(CRASH_NOCLEARS) /* no crash: only not what it should do */
#else
#error "which crash?"
#endif
	.fill CLEAR_BYTES - (. - .Lcrash), 1, 0x90
.Lexit_done:
SEQ_END(gated_mov, exit)

SEQ_BEGIN(gated_mov, entry)
	unless_guest_apx .Lentry_done
	load_egprs
.Lentry_done:
SEQ_END(gated_mov, entry)

SEQ_NOEXEC_STACK
