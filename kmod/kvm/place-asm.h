/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The place, as KVM's vmenter.S has it: three macros, put there by kmod/kvm/edit.
 *
 *   egpr_place_entry	before SPEC_CTRL is the guest's: a return may still stand here
 *   egpr_place_early	before the first barrier behind the exit: no return may stand here
 *   egpr_place_exit	behind the last barrier: a return may stand here again
 *
 * With edit-host-rip others of them stand elsewhere. All but egpr_place_vmexit_apx clobber what a C function does. The
 * context of the vCPU that runs is per CPU: interrupts are off from where it was set to behind the exit.
 *
 * IMPORTANT: nothing here may touch the stack pointer across the guest, and no macro may be moved over
 * a barrier; docs/vmenter.md draws the order.
 */
#ifndef KMOD_KVM_PLACE_ASM_H
#define KMOD_KVM_PLACE_ASM_H

#include <asm/percpu.h>
#include "choice.h"

#ifdef EGPR_INLINE

#include EGPR_INLINE_FILE

#if defined(EGPR_FORM_TRAP)
/* For proofs only: the emulator learns where this is. No register is free behind VM exit. */
.macro egpr_place_text from to
	movq $\from, PER_CPU_VAR(egpr_place_text)
	movq $\to, PER_CPU_VAR(egpr_place_text + 8)
.endm
/* And a vCPU that is none of the lab's has no context. \gate: for a guest with APX alone. */
.macro egpr_place_half half gate
	mov PER_CPU_VAR(egpr_place_context), %rdi
	test %rdi, %rdi
	jz .Legpr_place_\half\()_none
	.ifnb \gate
	unless_guest_apx .Legpr_place_\half\()_none
	.endif
	egpr_place_text .Legpr_place_\half, .Legpr_place_\half\()_none
.Legpr_place_\half:
	egpr_inline_\half
.Legpr_place_\half\()_none:
.endm
#else
.macro egpr_place_text from to
.endm
/* An exit half of nothing needs no context. \gate: for a guest with APX alone. */
.macro egpr_place_half half gate
#ifdef EGPR_INLINE_NOTHING
	.ifc \half, entry
	mov PER_CPU_VAR(egpr_place_context), %rdi
	.endif
#else
	mov PER_CPU_VAR(egpr_place_context), %rdi
#endif
	.ifnb \gate
	unless_guest_apx .Legpr_place_\half\()_none
	.endif
	egpr_inline_\half
.Legpr_place_\half\()_none:
.endm
#endif

#ifndef EGPR_HOST_RIP
.macro egpr_place_entry
	egpr_place_half entry
.endm

/*
 * The exit half before the first barrier: no return and no indirect branch, which only a half that is part of
 * the code can do without. \from is kept in \to, where KVM needs it behind this.
 */
.macro egpr_place_early from to
#ifdef EGPR_EXIT_EARLY
	.ifnb \from
	mov \from, \to
	.endif
	egpr_place_half exit
	.ifnb \from
	mov \to, \from
	.endif
#endif
.endm

.macro egpr_place_exit
#ifndef EGPR_EXIT_EARLY
	egpr_place_half exit
#endif
.endm

#else /* edit-host-rip */

/* VMX: nothing chooses an entry's address. */
.macro egpr_place_entry
	egpr_place_half entry gate
.endm
.macro egpr_place_early from to
.endm
.macro egpr_place_exit
.endm

/*
 * What HOST_RIP holds for a guest with APX. All of r0..r15 but RSP are the guest's here; GS is the host's. No
 * return and no branch.
 */
.macro egpr_place_vmexit_apx
SYM_INNER_LABEL_ALIGN(egpr_vmexit_apx, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR
	push %rdi
	mov PER_CPU_VAR(egpr_place_context), %rdi
	egpr_place_text .Legpr_place_vmexit, .Legpr_place_vmexit_end
.Legpr_place_vmexit:
	egpr_inline_exit
.Legpr_place_vmexit_end:
	pop %rdi
.endm

/* An entry that failed has loaded the guest's r16..r31 too, and comes by neither label. */
.macro egpr_place_vmfail
	egpr_place_half exit gate
.endm

/* SVM: of the function that runs a guest with APX. */
.macro egpr_place_entry_apx
	egpr_place_half entry
.endm
.macro egpr_place_exit_apx
	egpr_place_half exit
.endm
#endif

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

/* A call and its return may not stand before the barriers. */
.macro egpr_place_early from to
.endm

#endif
#endif /* KMOD_KVM_PLACE_ASM_H */
