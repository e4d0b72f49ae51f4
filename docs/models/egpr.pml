/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strategies of switching r16..r31 against the guest's XCR0, NMI, #MC, preemption and VM-fail.
 *
 * One CPU, one vCPU thread, one other task, VMX. The sixteen registers are one value. A d_step is
 * what nothing can divide: an interrupt, NMI or #MC comes between two of them. The strategies come
 * from include/egpr/strategy.h (strategies.c); KVM's steps are those of Linux 6.19 and later with
 * XCR0 switched around the inner loop. README.md says what is assumed, and what that leaves out.
 *
 * -DXCR0_INSIDE_LOOP	KVM up to 6.18: XCR0 is switched at every VM entry and exit
 * Planted faults:
 * -DXCR0_LATE		the host's XCR0 comes back with interrupts on already
 * -DUNGATED		no test of the guest's XCR0 in the halves
 * -DGATE_INVERTED	the exit half tests the flag the wrong way round
 * -DNO_CLEAR		the exit half does not clear
 * -DVMFAIL_BEFORE_LOAD	VM-fail can come before the loads, and the exit half stores all the same
 * -DDUAL_STALE		the entry points are not swapped when the guest changes XCR0
 * -DBV_IGNORED		readers of the XSAVE image do not look at XSTATE_BV
 * -DNO_FPU_GET		readers of live registers do not call kvm_fpu_get()
 * -DMC_SCHEDULES	the #MC handler calls schedule(), as before Linux commit 5567d11c21a1
 * -DKVM_XCR0_TOO	KVM switches XCR0 around the loop though the halves do
 * -DNO_ENTRY_XSETBV	the entry half does not load the guest's XCR0
 * -DNO_FPU_SWAP	KVM_RUN does not save the thread's state
 * -DRESTORE_OWN_MASK	XRSTOR of an fpstate names its own components, not all that the kernel knows
 */
#include "lab.pml"

#define P_UD 0 /* ud: no EGPR instruction with XCR0[19]=0 (#UD in the host) */
#define P_GP 1 /* gp: no XRSTOR with XSTATE_BV[19]=1 and XCR0[19]=0 (#GP in the host) */
#define P_GUEST_KEPT 2 /* guest-kept: the guest finds what it left; zero at the first enable, kept while off */
#define P_GUEST_LEAK 3 /* guest-leak: no guest value reaches user mode, another task or a sample */
#define P_CLEARED 4 /* cleared: no guest value is in r16..r31 while C code of the host runs */
#define P_HOST_KEPT 5 /* host-kept: the thread and the other task find their own values again */
#define P_HOST_LEAK 6 /* host-leak: no host value reaches the guest */
#define P_OPERAND 7 /* operand: who handles an exit reads the register that the guest meant */
#define P_GUEST_XCR0 8 /* guest-xcr0: the guest runs under its own XCR0 */
#define P_WITNESS 9 /* witness: (must be violated) the guest runs on after all that the model has */

#define H_QUIET 0 /* quiet: NMI and #MC handlers use neither EGPRs nor XSAVE */
#define H_SAMPLE 1 /* sample: NMI and #MC handlers sample r16..r31 by XSAVES into a buffer of their own, as perf would */
#define H_MAPXF 2 /* mapxf: the kernel is built with -mapxf: C code takes r16..r31 as scratch, handlers save and restore them */
#define H_MAPXF_C 3 /* mapxf-c: the kernel is built with -mapxf, but for NMI and #MC handlers, which use none */
#define H_FPU 4 /* fpu: NMI and #MC handlers call kernel_fpu_begin(), against irq_fpu_usable() */

/* Values of the register file. */
#define ZERO 0
#define GUEST_A 1
#define GUEST_B 2
#define THREAD 3 /* user mode of the vCPU's thread */
#define TASK 4	 /* another task */
#define KERNEL 5 /* C code built with -mapxf */
#define FROM_GUEST(v) ((v) == GUEST_A || (v) == GUEST_B)
#define FROM_HOST(v) ((v) >= THREAD)

mtype = { MOVES_NOTHING, MOVES_REGS, MOVES_XSAVE };	/* what the halves move, and where to */
mtype = { GATE_NONE, GATE_FLAG, GATE_BOUND };		/* what decides whether they do */
mtype = { FASTPATH, SLOW_READ, SETS_XCR0, NMI_EXIT, OTHER_EXIT, VM_FAIL, MC_AT_ENTRY };

byte strategy;
mtype moves, gate;
bool xsetbv;		/* the halves switch XCR0 */
bool outer;		/* they stand outside the inner loop */
bool fpstate19;		/* the guest's fpstate has component 19 */
bool compacted, init_optimised; /* the form of XSAVE */
bool reads_operand;	/* the exit half reads the operand's register */
#include "strategies.pml"

/* The CPU. */
byte hw;		/* r16..r31 */
bool xcr0;		/* XCR0[19]; the host's is 1 */
bool in_guest, irqs_on, nmi_blocked;

/* KVM and the kernel. */
bool guest_xcr0;	/* vcpu->arch.xcr0, as every XSETBV of the guest exits */
bool bound;		/* which entry points the strategy with two of them has */
byte regs;		/* vcpu->arch.regs[16..31] */
byte image;		/* component 19 of the strategy's XSAVE area, and its bit of XSTATE_BV */
bool image_bv;
byte operand;
byte guest_fp, thread_fp, task_fp; /* component 19 in fpstates; ZERO stands for XSTATE_BV[19]=0 */
byte task_own;	/* what the other task has in r16..r31 */
bool in_kvm_run;	/* the task's fpstate is the guest's */
bool need_fpu_load;	/* TIF_NEED_FPU_LOAD */

byte want;		/* what the guest must find */
bool saw_fail, saw_handler, saw_task, saw_off; /* for the witness */

#ifdef UNGATED
#define GO (gate != GATE_BOUND || bound)
#else
#define GO (gate == GATE_NONE || (gate == GATE_FLAG && guest_xcr0) || (gate == GATE_BOUND && bound))
#endif
#ifdef GATE_INVERTED
#define GO_EXIT (gate == GATE_FLAG && !guest_xcr0 || gate != GATE_FLAG && GO)
#else
#define GO_EXIT GO
#endif
#ifdef KVM_XCR0_TOO
#define KVM_SWITCHES_XCR0 true
#else
#define KVM_SWITCHES_XCR0 (!xsetbv)
#endif

#include "kernel.pml"
#include "halves.pml"

active proctype vcpu() provided (!dead)
{
	mtype why;

	d_step {
		c_code {
			now.asked = param("ASKED");
			now.assumption = param("ASSUMPTION");
			now.strategy = param("STRATEGY");
		};
		set_strategy();
		hw = THREAD;
		xcr0 = true
	}

	if
	:: d_step { task_own = TASK; task_fp = TASK }
	:: d_step { step("the other task has never used r16..r31") }
	fi;
	if
	:: d_step {
		guest_xcr0 = true;
		bound = true;
		step("KVM_SET_XCRS: the guest starts with APX on")
	   }
	:: skip
	fi;

user:	skip; /* pan jumps to no d_step */
	d_step {
		step("KVM_RUN: fpu_swap_kvm_fpstate: XSAVE of the thread's state, XRSTOR of the guest's");
#ifndef NO_FPU_SWAP
		fpu_save(thread_fp, true);
#endif
		need_fpu_load = true;
		guest_fpu_restore();
		in_kvm_run = true;
		irqs_on = true
	}

enter:	skip;
	d_step {
		irqs_on = false;
		if
		:: need_fpu_load -> step("vcpu_enter_guest: interrupts off; switch_fpu_return: XRSTOR of the guest's state")
		:: else -> step("vcpu_enter_guest: interrupts off")
		fi;
		guest_fpu_restore()
	}
#ifndef XCR0_INSIDE_LOOP
	load_guest_xcr0();
#endif
	if
	:: outer -> entry_half()
	:: else
	fi;

again:	skip;
#ifdef XCR0_INSIDE_LOOP
	load_guest_xcr0();
#endif
#ifdef VMFAIL_BEFORE_LOAD
	if
	:: d_step { why = VM_FAIL; step("VM-fail before the entry half") } goto exited
	:: skip
	fi;
#endif
	kernel_code();
	if
	:: !outer -> entry_half()
	:: else
	fi;
	if
	:: d_step {
		why = VM_FAIL;
		saw_fail = IS_ASKED(P_WITNESS);
		step("VMRESUME: VM-fail, the guest does not run")
	   }
		goto exited
	:: d_step { why = MC_AT_ENTRY; step("VMRESUME: #MC during VM entry, the guest does not run") }
		goto exited
	:: d_step {
		in_guest = true;
		if
		:: guest_xcr0 -> step("VMRESUME: the guest runs, APX on")
		:: else -> step("VMRESUME: the guest runs, APX off")
		fi;
		expect(P_GUEST_XCR0, xcr0 == guest_xcr0, "the guest runs under another XCR0 than its own");
		expect(P_GUEST_KEPT, !guest_xcr0 || hw == want, "the guest finds other values than it left");
		expect(P_HOST_LEAK, !guest_xcr0 || !FROM_HOST(hw), "the guest finds host values");
		expect(P_WITNESS, !(guest_xcr0 && saw_fail && saw_task && saw_off && (saw_handler || assumption == H_QUIET)), "everything has happened")
	   }
	fi;
	if
	:: guest_xcr0 -> d_step {
		want = (want == GUEST_A -> GUEST_B : GUEST_A);
		hw = want;
		step("guest writes r16..r31")
	   }
	:: guest_xcr0 && want != ZERO -> d_step {
		want = ZERO;
		hw = ZERO;
		step("guest puts r16..r31 into their initial state by XRSTOR")
	   }
	:: skip
	fi;
	if
	:: d_step { why = OTHER_EXIT; step("VM exit: interrupt"); in_guest = false }
	:: d_step { why = SETS_XCR0; step("VM exit: XSETBV"); in_guest = false }
	:: guest_xcr0 -> d_step { why = FASTPATH; step("VM exit: WRMSRNS with an immediate, of an EGPR") ; in_guest = false }
	:: guest_xcr0 -> d_step { why = SLOW_READ; step("VM exit: an instruction with an EGPR, to be emulated"); in_guest = false }
	:: d_step { why = NMI_EXIT; step("VM exit: NMI"); in_guest = false; nmi_blocked = true }
	fi;

exited:	skip;
	if
	:: !outer -> exit_half()
	:: else
	fi;
	d_step {
		expect(P_CLEARED, !FROM_GUEST(hw), "vmx_vcpu_enter_exit: C code runs with guest values in r16..r31");
		if
		:: why == NMI_EXIT ->
			step("vmx_do_nmi_irqoff: NMI");
			handler();
			nmi_blocked = false
		:: else
		fi
	}
	kernel_code();
#if defined(XCR0_INSIDE_LOOP) && !defined(XCR0_LATE)
	load_host_xcr0();
#endif
	if
	:: why == FASTPATH ->
		d_step { step("handle_fastpath_wrmsr: reads its operand"); read_operand() }
		if
		:: goto again
		:: skip
		fi
	:: else
	fi;
	if
	:: outer -> exit_half()
	:: else
	fi;
#if !defined(XCR0_INSIDE_LOOP) && !defined(XCR0_LATE)
	load_host_xcr0();
#endif
	if
	:: why == MC_AT_ENTRY -> d_step { step("handle_exit_irqoff: kvm_machine_check"); handler() }
	:: else
	fi;
	d_step { irqs_on = true; step("vcpu_enter_guest: interrupts on") }
#ifdef XCR0_LATE
	load_host_xcr0();
#endif
	if
	:: why == SLOW_READ -> d_step {
#ifndef NO_FPU_GET
		if
		:: fpstate19 && !reads_operand && need_fpu_load ->
			step("kvm_fpu_get: XRSTOR of the guest's state");
			guest_fpu_restore()
		:: else
		fi;
#endif
		step("the exit's handler reads its operand");
		read_operand()
	   }
	:: why == SETS_XCR0 -> d_step {
		guest_xcr0 = !guest_xcr0;
#ifndef DUAL_STALE
		bound = guest_xcr0;
#endif
		saw_off = (IS_ASKED(P_WITNESS) && (saw_off || want != ZERO));
		if
		:: guest_xcr0 -> step("kvm_set_xcr: the guest turns APX on")
		:: else -> step("kvm_set_xcr: the guest turns APX off")
		fi
	   }
	:: else
	fi;
	if
	:: goto enter
	:: skip
	fi;
	d_step {
		step("KVM_RUN returns: fpu_swap_kvm_fpstate: XSAVE of the guest's state, XRSTOR of the thread's");
		irqs_on = false;
		guest_fpu_save();
		in_kvm_run = false;
		need_fpu_load = false;
		fpu_restore(thread_fp);
		expect(P_HOST_KEPT, hw == THREAD, "user mode of the thread runs without its own r16..r31");
		expect(P_GUEST_LEAK, !FROM_GUEST(hw), "user mode of the thread runs with guest values in r16..r31")
	}
	goto user
}

/* What comes between two steps of the thread: an interrupt, whole. */
active proctype irq() provided (!dead)
{
end:	do
	:: d_step {
		irqs_on && in_kvm_run && !need_fpu_load ->
		step("interrupt: kernel_fpu_begin: XSAVE of the guest's state");
		guest_fpu_save()
	   }
	:: d_step {
		irqs_on && in_kvm_run ->
		step("preemption: another task runs");
		other_task()
	   }
	od
}

active proctype mc() provided (!dead)
{
end:	do
#ifdef MC_SCHEDULES
	:: d_step {
		in_kvm_run && !in_guest ->
		step("#MC: its handler calls schedule(): another task runs");
		other_task()
	   }
#else
	:: d_step {
		in_kvm_run && !in_guest && assumption != H_QUIET ->
		step("#MC");
		handler()
	   }
#endif
	od
}

/* NMI blocking: SDM 3, "Handling Multiple NMIs". A quiet handler changes nothing, so it need not run. */
active proctype nmi() provided (!dead)
{
end:	do
	:: d_step {
		in_kvm_run && !in_guest && !nmi_blocked && assumption != H_QUIET ->
		step("NMI");
		handler()
	   }
	od
}
