/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The place, as KVM's vmenter.S has it: two macros, put there by kmod/kvm/edit.
 *
 *   egpr_place_entry	before SPEC_CTRL is the guest's: a return may still stand here
 *   egpr_place_exit	behind the last barrier: a return may stand here again
 *
 * Both clobber what a C function does. The context of the vCPU that runs is per CPU: interrupts are off
 * from where it was set to behind the exit.
 *
 * IMPORTANT: nothing here may touch the stack pointer across the guest, and neither macro may be moved over
 * a barrier; docs/vmenter.md draws the order.
 */
#ifndef KMOD_KVM_PLACE_ASM_H
#define KMOD_KVM_PLACE_ASM_H

#include <asm/percpu.h>
#include "choice.h"

#ifdef EGPR_INLINE

#include EGPR_INLINE_FILE

.macro egpr_place_entry
	mov PER_CPU_VAR(egpr_place_context), %rdi
	egpr_inline_entry
.endm

/* A half of nothing needs no context. */
.macro egpr_place_exit
#ifndef EGPR_INLINE_NOTHING
	mov PER_CPU_VAR(egpr_place_context), %rdi
#endif
	egpr_inline_exit
.endm

#else

/* Named for objtool, which then writes down where the calls are; see static_call.h. */
.pushsection .discard.addressable, "aw"
	.quad __SCK__egpr_place_entry
	.quad __SCK__egpr_place_exit
.popsection

/* A vCPU that is none of the lab's has no context. */
.macro egpr_place_entry
	mov PER_CPU_VAR(egpr_place_context), %rdi
	test %rdi, %rdi
	jz .Legpr_place_entry_none
	call __SCT__egpr_place_entry
.Legpr_place_entry_none:
.endm

.macro egpr_place_exit
	mov PER_CPU_VAR(egpr_place_context), %rdi
	test %rdi, %rdi
	jz .Legpr_place_exit_none
	call __SCT__egpr_place_exit
.Legpr_place_exit_none:
.endm

#endif
#endif /* KMOD_KVM_PLACE_ASM_H */
