/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmcall: VMCALL with a hypercall number that KVM does not know.
 *
 * KVM answers with an error in rax. On SVM it patches the instruction to VMMCALL the
 * first time. At CPL 0 of a backend that interprets, KVM patches the bytes to
 * themselves and never gets on: the watchdog ends that.
 */
#include "runtime/payload.h"

#define HYPERCALL_UNKNOWN 0x45475052 /* "EGPR" */

.macro payload_operands
.endm
.macro payload_exit
	mov $HYPERCALL_UNKNOWN, %eax
	vmcall
.endm

PAYLOAD_BATCH
