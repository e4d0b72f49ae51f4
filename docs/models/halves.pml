/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For egpr.pml: the two halves of a strategy, in the steps that asm/strategy/ gives them, and how
 * KVM reads an EGPR of the guest's in between.
 */

inline entry_half()
{
	if
	:: moves != MOVES_NOTHING && GO -> d_step {
		if
		:: moves == MOVES_REGS && !xcr0 ->
			fault(P_UD, "entry half: a load of r16..r31 with XCR0[19]=0: #UD")
		:: moves == MOVES_REGS && xcr0 -> hw = regs; step("entry half: loads")
		:: moves == MOVES_XSAVE && !xcr0 && image_bv ->
			fault(P_GP, "entry half: XRSTOR: XSTATE_BV[19]=1 and XCR0[19]=0: #GP")
		:: moves == MOVES_XSAVE && !xcr0 && !image_bv ->
			step("entry half: XRSTOR leaves r16..r31 as they are, as XCR0[19]=0")
		:: moves == MOVES_XSAVE && xcr0 ->
			hw = (image_bv -> image : ZERO);
			step("entry half: XRSTOR of component 19")
		fi
	   }
	:: else
	fi;
#ifndef NO_ENTRY_XSETBV
	if
	:: xsetbv -> d_step { xcr0 = guest_xcr0; step("entry half: XSETBV: the guest's XCR0") }
	:: else
	fi
#endif
}

/* XINUSE[19] follows the value here: a register file of zeroes counts as initial. */
inline xsave_image()
{
	if
	:: !xcr0 -> image_bv = image_bv && !compacted
	:: xcr0 && init_optimised && hw == ZERO -> image_bv = false
	:: else -> image = hw; image_bv = (hw != ZERO)
	fi
}

inline exit_half()
{
	if
	:: xsetbv -> d_step { xcr0 = true; step("exit half: XSETBV: the host's XCR0") }
	:: else
	fi;
	if
	:: moves != MOVES_NOTHING && GO_EXIT ->
		d_step {
			if
			:: moves == MOVES_REGS && !xcr0 ->
				fault(P_UD, "exit half: a store of r16..r31 with XCR0[19]=0: #UD")
			:: moves == MOVES_REGS && xcr0 -> regs = hw; step("exit half: stores")
			:: moves == MOVES_XSAVE && !xcr0 ->
				xsave_image();
				step("exit half: XSAVE leaves component 19 out, as XCR0[19]=0")
			:: moves == MOVES_XSAVE && xcr0 ->
				xsave_image();
				step("exit half: XSAVE of component 19")
			fi
		}
#ifndef NO_CLEAR
		d_step {
			if
			:: !xcr0 -> fault(P_UD, "exit half: a clear of r16..r31 with XCR0[19]=0: #UD")
			:: else -> hw = ZERO; step("exit half: clears")
			fi
		}
#endif
	:: reads_operand && GO_EXIT -> d_step {
		if
		:: !xcr0 -> fault(P_UD, "exit half: a read of an EGPR with XCR0[19]=0: #UD")
		:: else -> operand = hw; step("exit half: reads the operand's register")
		fi
	   }
	:: else
	fi
}

/* The accessor of the strategy: from where its home is. */
inline read_operand()
{
	if
	:: reads_operand /* the exit half has */
	:: moves == MOVES_XSAVE ->
#ifdef BV_IGNORED
		operand = image
#else
		operand = (image_bv -> image : ZERO)
#endif
	:: !reads_operand && fpstate19 && !xcr0 ->
		fault(P_UD, "a read of an EGPR with XCR0[19]=0: #UD")
	:: !reads_operand && fpstate19 && xcr0 -> operand = hw
	:: else -> operand = regs
	fi;
	expect(P_OPERAND, operand == want, "the handler has another value than the guest's register")
}
