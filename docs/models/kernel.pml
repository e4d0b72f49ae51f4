/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For egpr.pml: what the kernel does to r16..r31 by itself: fpstates, other tasks, NMI and #MC
 * handlers, C code, and KVM's switch of XCR0.
 */

/* The kernel's XSAVE of a task: compacted, so what XCR0 lacks is XSTATE_BV[i]=0 (SDM 1, 13.10). */
inline fpu_save(fp, has19)
{
	fp = (has19 && xcr0 -> hw : ZERO)
}

/* Its XRSTOR asks for all the kernel knows (restore_fpregs_from_fpstate()); XCR0 has the last word. */
inline fpu_restore(fp)
{
	if
	:: fp != ZERO && !xcr0 ->
		fault(P_GP, "XRSTOR of an fpstate: XSTATE_BV[19]=1 and XCR0[19]=0: #GP")
#ifdef RESTORE_OWN_MASK
	:: fp == ZERO /* left as they are */
	:: fp != ZERO && xcr0 -> hw = fp
#else
	:: xcr0 -> hw = fp
	:: fp == ZERO && !xcr0 /* left as they are */
#endif
	fi
}

inline guest_fpu_save()
{
	if
	:: !need_fpu_load -> fpu_save(guest_fp, fpstate19)
	:: else
	fi;
	need_fpu_load = true
}

inline guest_fpu_restore()
{
	if
	:: need_fpu_load -> fpu_restore(guest_fp)
	:: else
	fi;
	need_fpu_load = false
}

/* Another task runs, and this one again: __switch_to() on both ways. */
inline other_task()
{
	guest_fpu_save();
	fpu_restore(task_fp);
	expect(P_HOST_KEPT, hw == task_own, "another task runs without its own r16..r31");
	expect(P_GUEST_LEAK, !FROM_GUEST(hw), "another task runs with guest values in r16..r31");
	fpu_save(task_fp, true);
	saw_task = IS_ASKED(P_WITNESS)
}

/* What an NMI or #MC handler does to the registers in question. */
inline handler()
{
	if
	:: assumption == H_SAMPLE && xcr0 ->
		step("its handler: XSAVES samples r16..r31");
		expect(P_GUEST_LEAK, !FROM_GUEST(hw), "the sample holds guest values")
	:: assumption == H_SAMPLE && !xcr0 ->
		step("its handler: XSAVES leaves r16..r31 out, as XCR0[19]=0")
	:: assumption == H_MAPXF && !xcr0 ->
		fault(P_UD, "its handler: an EGPR instruction with XCR0[19]=0: #UD")
	:: assumption == H_MAPXF && xcr0 ->
		step("its handler: saves, uses and restores r16..r31")
	:: assumption == H_FPU ->
		if
		:: fpstate19 && !xcr0 && !need_fpu_load ->
			step("its handler: kernel_fpu_begin: XSAVE leaves component 19 out, as XCR0[19]=0")
		:: else -> step("its handler: kernel_fpu_begin: XSAVE")
		fi;
		guest_fpu_save()
	:: else
	fi;
	saw_handler = IS_ASKED(P_WITNESS)
}

/* C code around the inner loop's assembler. */
inline kernel_code()
{
	if
	:: (assumption == H_MAPXF || assumption == H_MAPXF_C) -> d_step {
		if
		:: !xcr0 -> fault(P_UD, "KVM's C code: an EGPR instruction with XCR0[19]=0: #UD")
		:: else -> hw = KERNEL; step("KVM's C code: uses r16..r31 as scratch")
		fi
	   }
	:: else
	fi
}

inline load_guest_xcr0()
{
	if
	:: KVM_SWITCHES_XCR0 -> d_step {
		xcr0 = guest_xcr0;
		if
		:: xcr0 -> step("kvm_load_xfeatures: the guest's XCR0, with APX")
		:: else -> step("kvm_load_xfeatures: the guest's XCR0, without APX")
		fi
	   }
	:: else
	fi
}

inline load_host_xcr0()
{
	if
	:: KVM_SWITCHES_XCR0 -> d_step { xcr0 = true; step("kvm_load_xfeatures: the host's XCR0") }
	:: else
	fi
}
