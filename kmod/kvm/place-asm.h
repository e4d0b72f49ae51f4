/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The place, as KVM's vmenter.S has it: three macros, put there by kmod/kvm/edit.
 *
 *   egpr_place_entry	before SPEC_CTRL is the guest's: a return may still stand here
 *   egpr_place_early	before the first barrier behind the exit: no return may stand here
 *   egpr_place_exit	behind the last barrier: a return may stand here again
 *
 * All clobber what a C function does. The context of the vCPU that runs is per CPU: interrupts are off
 * from where it was set to behind the exit.
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

/* An exit half of nothing needs no context. */
#if defined(EGPR_FORM_TRAP)
/* For proofs only: a vCPU that is none of the lab's has no context, and the emulator learns where this is. */
.macro egpr_place_half half
	mov PER_CPU_VAR(egpr_place_context), %rdi
	test %rdi, %rdi
	jz .Legpr_place_\half\()_none
	lea .Legpr_place_\half(%rip), %rax
	mov %rax, PER_CPU_VAR(egpr_place_text)
	lea .Legpr_place_\half\()_none(%rip), %rax
	mov %rax, PER_CPU_VAR(egpr_place_text + 8)
.Legpr_place_\half:
	egpr_inline_\half
.Legpr_place_\half\()_none:
.endm
#else
.macro egpr_place_half half
#ifdef EGPR_INLINE_NOTHING
	.ifc \half, entry
	mov PER_CPU_VAR(egpr_place_context), %rdi
	.endif
#else
	mov PER_CPU_VAR(egpr_place_context), %rdi
#endif
	egpr_inline_\half
.endm
#endif

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
