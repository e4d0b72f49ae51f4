/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of a payload that checks something: the first that fails is reported.
 */
#ifndef ASM_PAYLOAD_CHECK_H
#define ASM_PAYLOAD_CHECK_H

#include <egpr/guest.h>
#include <egpr/egpr-offsets.h>
#include <egpr/regs.h>
#include "../../apx.h"

#define STATUS_DATA 65 /* EGPR_DATA of egpr/status.h, which is C */

/* Go to .Lwrong unless %rax is \value; %rdi is the mailbox. Clobbers rcx, rdx. */
.macro expect step, value
	mov $\step, %ecx
	mov $\value, %rdx
	cmp %rdx, %rax
	jne .Lwrong
.endm

/* Where `expect` goes: report step, expected and got, and return. */
.macro report_wrong
.Lwrong:
	mov %rcx, MB_FAILED(%rdi)
	mov %rdx, MB_EXPECTED(%rdi)
	mov %rax, MB_GOT(%rdi)
	movq $STATUS_DATA, MB_STATUS(%rdi)
	ret
.endm

/* One round is all there is to do; %rdi is the mailbox. */
.macro one_round_done
	mov MB_ITERATIONS(%rdi), %rax
	mov %rax, MB_DONE(%rdi)
.endm

#endif /* ASM_PAYLOAD_CHECK_H */
