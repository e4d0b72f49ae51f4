/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's XFD[18] against the host's XSAVE and XRSTOR.
 *
 * The question of the post of 2026-01-15: a guest with live tile data sets XFD[18]; an interrupt
 * in the host saves the guest's state before or after KVM takes the new XFD over; which of the
 * two orders ends in #NM, which one loses the tiles, and what does the fix change? README.md says
 * what is assumed.
 *
 * One CPU, one task (the vCPU's thread), component 18 alone. A d_step is what no interrupt can
 * divide. Names are those of Linux 6.12: arch/x86/kernel/fpu/core.c and arch/x86/kvm/x86.c.
 *
 * -DNO_FIX		without "x86/fpu: Clear XSTATE_BV[i] in guest XSAVE state whenever XFD[i]=1"
 * -DFIX_ONLY_UPDATE	its half in fpu_update_guest_xfd() alone
 * -DFIX_ONLY_SET_XSAVE	its half in kvm_vcpu_ioctl_x86_set_xsave() alone
 * -DFIX_INVERTED	clears while the state is in the registers, and not while it is in memory
 * -DIRQ_IN_FPREGS_LOCK	an interrupt handler that does not ask irq_fpu_usable()
 * -DSYNC_LATE		fpu_sync_guest_vmexit_xfd_state() with interrupts on
 * -DNO_SWITCH_FPU_RETURN	vcpu_enter_guest() that does not look at TIF_NEED_FPU_LOAD
 */
#include "lab.pml"

#define P_NM 0 /* nm: no XRSTOR with XSTATE_BV[18]=1 and XFD[18]=1 (#NM in the host) */
#define P_KEPT 1 /* kept: tile data survive while the guest leaves XFD[18]=0 */
#define P_KEPT_OFF 2 /* kept-off: tile data survive XFD[18]=1 as well */
#define P_GUEST_XFD 3 /* guest-xfd: the guest runs under the XFD that it wrote */
#define P_WITNESS 4 /* witness: (must be violated) the guest runs on after XFD=1, an interrupt, and both ways back */

#define H_RUN 0 /* run: the guest, KVM_RUN and interrupts */
#define H_SET_XSAVE 1 /* set-xsave: and a VMM that hands in XSTATE_BV[18]=1 by KVM_SET_XSAVE */
#define H_SET_MSRS 2 /* set-msrs: and a VMM that writes XFD by KVM_SET_MSRS (model finding, not run on AMX) */

#if defined(NO_FIX) || defined(FIX_ONLY_SET_XSAVE)
#define FIX_UPDATE false
#else
#define FIX_UPDATE true
#endif
#if defined(NO_FIX) || defined(FIX_ONLY_UPDATE)
#define FIX_SET_XSAVE false
#else
#define FIX_SET_XSAVE true
#endif
#ifdef FIX_INVERTED
#define IN_MEMORY (!need_fpu_load)
#else
#define IN_MEMORY (need_fpu_load)
#endif

/* The CPU. Tile data are there or in their initial state: XINUSE[18]. */
bool xfd, xinuse;

/* The guest's fpstate: XSTATE_BV[18] in memory, the XFD that belongs to it. */
bool fp_bv, fp_xfd;

/* Whose fpstate is the task's, TIF_NEED_FPU_LOAD, and what an interrupt looks at. */
bool in_use, need_fpu_load, irqs_on, fpregs_locked;

bool passthrough;	/* the guest writes XFD without an exit: vcpu->arch.xfd_no_write_intercept */

/* What the guest believes: the XFD that it wrote, its tile data, whether XFD was 1 since they came. */
bool want_xfd, want_tiles, was_off;

bool saw_irq, saw_swap;	/* for the witness */

/* SDM 1, 13.14: with XFD[i]=1 XSAVE acts as if XINUSE[i]=0. Saves into the current fpstate. */
inline xsave_current()
{
	if
	:: in_use -> fp_bv = xinuse && !xfd
	:: else /* the thread's own: no tile data there */
	fi
}

/* restore_fpregs_from_fpstate() of the guest's: XFD first, as xfd_update_state() does. */
inline xrstor_guest()
{
	xfd = fp_xfd;
	if
	:: fp_bv && xfd -> fault(P_NM, "XRSTOR: XSTATE_BV[18]=1 and XFD[18]=1: #NM in the host")
	:: else -> xinuse = fp_bv
	fi;
	need_fpu_load = false
}

/* Threads without tile data run with XFD[18]=1. */
inline xrstor_other()
{
	xfd = true;
	xinuse = false
}

/* fpu_update_guest_xfd(): three steps in which an interrupt that asks finds the FPU not usable. */
inline fpu_update_guest_xfd(value)
{
	d_step {
		fpregs_locked = true;
		step("fpu_update_guest_xfd: fpregs_lock");
		if
		:: FIX_UPDATE && value && IN_MEMORY ->
			fp_bv = false;
			step("fpu_update_guest_xfd: state is in memory: XSTATE_BV[18]=0 there")
		:: else
		fi
	}
	d_step {
		fp_xfd = value;
		if
		:: in_use -> xfd = value
		:: else
		fi;
		if
		:: value && in_use -> step("fpu_update_guest_xfd: XFD[18]=1")
		:: value && !in_use -> step("fpu_update_guest_xfd: fpstate->xfd[18]=1, not in the CPU")
		:: else -> step("fpu_update_guest_xfd: XFD[18]=0")
		fi;
		fpregs_locked = false
	}
}

/* The thread that runs the vCPU: its VMM, KVM, and the guest. */
active proctype vcpu() provided (!dead)
{
	bool value;

	d_step {
		c_code { now.asked = param("ASKED"); now.assumption = param("ASSUMPTION"); };
		xrstor_other();
		irqs_on = true
	}

vmm:	do
	:: assumption == H_SET_XSAVE -> d_step {
		if
		:: FIX_SET_XSAVE && fp_xfd -> fp_bv = false
		:: else -> fp_bv = true
		fi;
		step("KVM_SET_XSAVE with XSTATE_BV[18]=1");
		want_tiles = fp_bv;
		was_off = want_xfd
	   }
	:: assumption == H_SET_MSRS && !fp_xfd ->
		d_step { step("KVM_SET_MSRS: XFD[18]=1"); want_xfd = true; was_off = true }
		fpu_update_guest_xfd(true)
	:: break
	od;
	skip; /* pan jumps to no d_step */
	d_step {
		step("KVM_RUN: fpu_swap_kvm_fpstate: XRSTOR of the guest's state");
		in_use = true;
		xrstor_guest()
	}

enter:	skip; /* pan jumps to no d_step */
	d_step {
		irqs_on = false;
		if
#ifndef NO_SWITCH_FPU_RETURN
		:: need_fpu_load ->
			step("vcpu_enter_guest: switch_fpu_return: XRSTOR of the guest's state");
			xrstor_guest()
#endif
		:: else -> step("vcpu_enter_guest: the guest's state is in the registers")
		fi
	}

	d_step {
		expect(P_GUEST_XFD, xfd == want_xfd, "the guest runs under another XFD than it wrote");
		expect(P_WITNESS, !(saw_irq && saw_swap && was_off && !xfd), "everything has happened");
		expect(P_KEPT, xfd || was_off || xinuse == want_tiles, "guest reads its tile data: they are in their initial state");
		expect(P_KEPT_OFF, xfd || !was_off || xinuse == want_tiles, "guest reads its tile data: they are in their initial state")
	}
	if
	:: !xfd -> d_step {
		xinuse = true;
		want_tiles = true;
		was_off = false;
		step("guest loads tile data")
	   }
	:: !xfd -> d_step {
		xinuse = false;
		want_tiles = false;
		was_off = false;
		step("guest releases its tiles")
	   }
	:: passthrough -> d_step {
		want_xfd = !xfd;
		xfd = want_xfd;
		was_off = was_off || want_xfd;
		if
		:: xfd -> step("guest: WRMSR XFD[18]=1, no exit")
		:: else -> step("guest: WRMSR XFD[18]=0, no exit")
		fi
	   }
	:: skip
	fi;

	/* VM exit; KVM asks for the guest's XFD where the guest can write it by itself. */
	if
	:: passthrough ->
#ifdef SYNC_LATE
		irqs_on = true;
#endif
		d_step {
			fp_xfd = xfd;
			step("VM exit: fpu_sync_guest_vmexit_xfd_state");
			irqs_on = true
		}
	:: !passthrough -> d_step {
		want_xfd = !xfd;
		value = want_xfd;
		was_off = was_off || want_xfd;
		irqs_on = true;
		if
		:: value -> step("guest: WRMSR XFD[18]=1: VM exit")
		:: else -> step("guest: WRMSR XFD[18]=0: VM exit")
		fi
	   }
		/* vmx_set_msr() stops intercepting at the first value that is not 0. */
		fpu_update_guest_xfd(value);
		passthrough = value
	:: !passthrough -> d_step { step("VM exit"); irqs_on = true }
	fi;

	if
	:: goto enter
	:: d_step {
		step("KVM_RUN returns: fpu_swap_kvm_fpstate: XSAVE of the guest's state");
		if
		:: !need_fpu_load -> xsave_current()
		:: else
		fi;
		in_use = false;
		need_fpu_load = false;
		saw_swap = IS_ASKED(P_WITNESS);
		xrstor_other()
	   }
		goto vmm
	fi
}

/* A d_step of another process is what comes between two steps of the thread: an interrupt. */
active proctype irq() provided (!dead)
{
end:	do
	:: d_step {
#ifdef IRQ_IN_FPREGS_LOCK
		irqs_on && in_use && !need_fpu_load ->
#else
		irqs_on && in_use && !need_fpu_load && !fpregs_locked ->
#endif
		if
		:: xinuse && !xfd -> step("interrupt: kernel_fpu_begin: XSAVE stores XSTATE_BV[18]=1")
		:: xinuse && xfd -> step("interrupt: kernel_fpu_begin: XSAVE stores XSTATE_BV[18]=0, as XFD[18]=1")
		:: else -> step("interrupt: kernel_fpu_begin: XSAVE, no tile data")
		fi;
		xsave_current();
		need_fpu_load = true;
		saw_irq = IS_ASKED(P_WITNESS)
	   }
	:: d_step {
		irqs_on && in_use && !fpregs_locked ->
		step("preemption: XSAVE of the guest's state if it is in the registers, another thread runs");
		if
		:: !need_fpu_load -> xsave_current()
		:: else
		fi;
		need_fpu_load = true;
		xrstor_other()
	   }
	od
}
