/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pushes for an emulated PUSH, PUSHP or PUSH2.
 *
 * The words belong where the frame of the very trap that emulates them lies, so the handler
 * cannot write them. It puts them into egpr_bounce of this CPU and returns to one of these
 * instead, which push them and go on behind the instruction. Interrupts are off
 * from the trap to the return.
 */
#include <linux/linkage.h>
#include <asm/percpu.h>
#include <asm/nospec-branch.h>
#include <asm/ibt.h>
#include "../asm/unwind.h"

/* struct egpr_bounce in virtual.c */
#define BOUNCE_LOW  0
#define BOUNCE_HIGH 8
#define BOUNCE_IP   16

	.text
SYM_CODE_START(egpr_bounce_two)
	SEQ_UNWIND_NONE
	ENDBR
	pushq PER_CPU_VAR(egpr_bounce + BOUNCE_HIGH)
	pushq PER_CPU_VAR(egpr_bounce + BOUNCE_LOW)
	pushq PER_CPU_VAR(egpr_bounce + BOUNCE_IP)
	RET
SYM_CODE_END(egpr_bounce_two)

SYM_CODE_START(egpr_bounce_one)
	SEQ_UNWIND_NONE
	ENDBR
	pushq PER_CPU_VAR(egpr_bounce + BOUNCE_HIGH)
	pushq PER_CPU_VAR(egpr_bounce + BOUNCE_IP)
	RET
SYM_CODE_END(egpr_bounce_one)
