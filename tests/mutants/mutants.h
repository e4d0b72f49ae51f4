/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Broken strategies, and the check of bench/proof/proof.h that has to see each.
 *
 * X(sym, KIND, CHECK, exits, text): halves egpr_<sym>_trap_{exit,entry} in the files beside this one, each
 * sound but for the one thing that @text says. KIND is a row of MUTANT_KINDS, what the strategy says of
 * itself; @exits is how many random ones are enough.
 */
#ifndef TESTS_MUTANTS_H
#define TESTS_MUTANTS_H

#define FEW	  40
#define MANY	  400  /* what happens at every 60th exit */
#define VERY_MANY 1500 /* at every 1000th */

/* clang-format off */

/* X(KIND, family, home, needs) */
#define MUTANT_KINDS(X)							\
	X(GATED, GATED, REGS, 0)					\
	X(UNCOND, UNCOND, REGS, EGPR_NEEDS_XSETBV)			\
	X(DUAL, GATED, REGS, EGPR_BIND_DUAL)				\
	X(STANDARD, XSAVE, XSAVE, EGPR_NEEDS_XSAVE)			\
	X(COMPACT, XSAVE, XSAVE_COMPACT, EGPR_NEEDS_XSAVE)		\
	X(LIVE, LIVE, FPSTATE, EGPR_READS_OPERAND)

#define MUTANTS_CLEAR(X)						\
	X(skips_clear, GATED, NO_LEAK, FEW, "nothing is cleared")	\
	X(clears_16_bits, GATED, NO_LEAK, FEW, "clears 16 bits of each") \
	X(clears_8_bits, GATED, NO_LEAK, FEW, "clears 8 bits of r21")	\
	X(clears_upper, GATED, NO_LEAK, FEW, "clears the upper half of r26") \
	X(leaves_one, GATED, NO_LEAK, FEW, "r25 becomes 1")		\
	X(doubles, GATED, NO_LEAK, FEW, "each is doubled instead")	\
	X(leaves_neighbour, GATED, NO_LEAK, FEW, "r20 becomes r21")	\
	X(leaves_r31, GATED, NO_LEAK, FEW, "all are cleared but r31")	\
	X(uncond_leaves_r16, UNCOND, NO_LEAK, FEW, "all are cleared but r16, with APX off too")

#define MUTANTS_SCRATCH(X)						\
	X(left_in_rcx, GATED, SCRATCH, FEW, "r23 stays in rcx")		\
	X(left_in_r11, GATED, SCRATCH, FEW, "r16 stays in r11")		\
	X(half_in_rax, GATED, SCRATCH, FEW, "the lower half of r19 stays in rax") \
	X(upper_in_rsi, GATED, SCRATCH, FEW, "the upper half of r30 stays in rsi") \
	X(word_in_rdx, GATED, SCRATCH, FEW, "16 bits of r24 stay in rdx") \
	X(twice_in_r8, GATED, SCRATCH, FEW, "twice r27 stays in r8")	\
	X(bit_in_flags, GATED, SCRATCH, FEW, "a bit of r28 stays in the flags") \
	X(left_in_xmm0, GATED, CONTEXT, FEW, "r22 stays in xmm0")	\
	X(left_in_rbx, GATED, CONTEXT, FEW, "r18 stays in rbx")

#define MUTANTS_STORE(X)						\
	X(slots_swapped, GATED, HOME, FEW, "r18 and r19 change slots, both ways") \
	X(upper_kept, GATED, HOME, FEW, "32 bits of r22 are stored")	\
	X(upper_zero, GATED, HOME, FEW, "r22 is stored without its upper half") \
	X(r20_from_r21, GATED, HOME, FEW, "r20's slot gets r21")	\
	X(clear_first, GATED, HOME, FEW, "clears before it stores")	\
	X(push_order, GATED, HOME, FEW, "pairs are pushed the other way round, and popped so") \
	X(copy_in_area, GATED, CONTEXT, FEW, "a copy goes into the XSAVE area") \
	X(past_regs, GATED, CONTEXT, FEW, "one register is stored behind regs[]") \
	X(operand, GATED, CONTEXT, FEW, "the operand is overwritten")	\
	X(thread_flags, GATED, CONTEXT, FEW, "a flag of the thread is set") \
	X(entry_clears_flags, GATED, CONTEXT, FEW, "the entry half clears the flags, so the next gate is shut") \
	X(entry_clears_home, GATED, CONTEXT, FEW, "the entry half clears r16's slot when it has loaded it")

#define MUTANTS_LOAD(X)							\
	X(forgets_r23, GATED, SURVIVES, FEW, "r23 is not loaded")	\
	X(r27_from_r28, GATED, SURVIVES, FEW, "r27 is loaded from r28's slot") \
	X(upper_lost, GATED, SURVIVES, FEW, "32 bits of r24 are loaded") \
	X(own_copy, GATED, SURVIVES, FEW, "a copy of its own is loaded, so what the host writes is lost") \
	X(loads_nothing, GATED, HOST, FEW, "nothing is loaded")		\
	X(wrong_buffer, GATED, DISABLE, FEW, "loads from the XSAVE area the first time after APX was off") \
	X(off_loses, GATED, DISABLE, FEW, "regs[] is cleared while APX is off")	\
	X(dual_wrong_pair, DUAL, SURVIVES, FEW, "enters by the half that is meant for APX off")

#define MUTANTS_XCR0(X)							\
	X(late_xcr0, UNCOND, RUNS, FEW, "XCR0 is switched behind the registers at exit") \
	X(xcr0_low, UNCOND, XCR0, FEW, "XSETBV with edx = 0")		\
	X(xcr0_compares_low, UNCOND, XCR0, FEW, "XSETBV only where the lower halves differ") \
	X(xcr0_never_guest, UNCOND, XCR0, FEW, "the guest runs with the host's") \
	X(xcr0_of_gated, GATED, XCR0, FEW, "a gated strategy switches XCR0") \
	X(ungated, GATED, RUNS, FEW, "no test of the flag")		\
	X(dual_unbound, GATED, RUNS, FEW, "dual whose pair is not chosen by XCR0") \
	X(clears_when_off, GATED, OFF, FEW, "registers are cleared while APX is off, under an XCR0 of its own")

#define MUTANTS_XSAVE(X)						\
	X(stale_reader, STANDARD, ENABLE, FEW, "loads from the area whatever XSTATE_BV says") \
	X(bv_not_set, STANDARD, HOME, FEW, "stores into the area and not into XSTATE_BV") \
	X(bv_always, COMPACT, HOME, FEW, "XSTATE_BV says in use over stale bytes") \
	X(wrong_format, COMPACT, HOME, FEW, "saves in the standard format") \
	X(saves_cleared, STANDARD, HOME, FEW, "saves what it has cleared") \
	X(legacy_too, STANDARD, CONTEXT, FEW, "writes MXCSR into the area") \
	X(rfbm, STANDARD, CONTEXT, FEW, "changes the mask")

#define MUTANTS_RARE(X)							\
	X(rare_store, GATED, HOME, MANY, "every 60th exit does not store r29") \
	X(rare_clear, GATED, NO_LEAK, MANY, "every 60th does not clear r16") \
	X(rare_load, GATED, SURVIVES, MANY, "every 60th entry loads r17 from r18's slot") \
	X(rarer_swap, GATED, HOME, VERY_MANY, "every 1000th exit stores r30 and r31 into each other's slots") \
	X(rarer_scratch, GATED, SCRATCH, VERY_MANY, "every 1000th leaves r16 in r10") \
	X(rarer_xcr0, UNCOND, XCR0, VERY_MANY, "every 1000th XSETBV has edx = 0")

#define MUTANTS_LIVE(X)							\
	X(live_counts, LIVE, CONTEXT, FEW, "bh_count is not counted back") \
	X(live_neighbour, LIVE, SOURCE, FEW, "reads the register above the one that is asked for") \
	X(live_writes, LIVE, HOME, FEW, "changes r20")			\
	X(live_spills, LIVE, SCRATCH, FEW, "another register stays in rdx")

/* Caught where interrupts write below the stack pointer, as they do in ring 0. */
#define MUTANTS_STORM(X)						\
	X(red_zone, GATED, HOME, MANY, "r16 is kept below the stack pointer for a while")

#define MUTANTS_OF_ALL_SORTS(X)						\
	MUTANTS_CLEAR(X) MUTANTS_SCRATCH(X) MUTANTS_STORE(X) MUTANTS_LOAD(X) MUTANTS_XCR0(X)	\
	MUTANTS_XSAVE(X) MUTANTS_LIVE(X) MUTANTS_RARE(X)

#ifdef __ASSEMBLER__
#include "../../asm/sequence.h"

/* A half of a gated strategy, and one that always runs. */
#define GATED_HALF(sym, half, ...)		\
	SEQ_BEGIN(sym, half);			\
	unless_guest_apx .L##sym##_##half;	\
	__VA_ARGS__;				\
	.L##sym##_##half:;			\
	SEQ_END(sym, half)
#define BARE_HALF(sym, half, ...)		\
	SEQ_BEGIN(sym, half);			\
	__VA_ARGS__;				\
	SEQ_END(sym, half)

/* Both halves, of which the other one is sound. */
#define GATED_EXIT(sym, ...)			\
	GATED_HALF(sym, exit, __VA_ARGS__);	\
	GATED_HALF(sym, entry, load_egprs)
#define GATED_ENTRY(sym, ...)				\
	GATED_HALF(sym, exit, store_egprs; clear_egprs); \
	GATED_HALF(sym, entry, __VA_ARGS__)

#define SLOT(n) (SW_REGS + ((n) - EGPR_FIRST) * 8)

#define STORE_BUT(n) .if n != but; SEQ_STORE(n) .endif;
#define LOAD_BUT(n)  .if n != but; SEQ_LOAD(n) .endif;
#define CLEAR_BUT(n) .if n != but; SEQ_CLEAR(n) .endif;

.macro store_but which
	.set but, \which
	EGPR_LIST(STORE_BUT)
.endm
.macro load_but which
	.set but, \which
	EGPR_LIST(LOAD_BUT)
.endm
.macro clear_but which
	.set but, \which
	EGPR_LIST(CLEAR_BUT)
.endm

/* An instruction of two registers: @op with REX2, @w for 64 bits; @rm is the destination. */
.macro two op, w, reg, rm
	.byte 0xd5, \w * APX_W | APX_R(\reg) | APX_B(\rm), \op, APX_MODRM(3, \reg, \rm)
.endm
.macro move from, to
	two 0x89, 1, \from, \to
.endm
/* 32 bits of one. */
.macro store32 reg, disp
	.byte 0xd5, APX_R(\reg), 0x89, APX_MODRM(2, \reg, APX_RDI)
	.long \disp
.endm
.macro load32 reg, disp
	.byte 0xd5, APX_R(\reg), 0x8b, APX_MODRM(2, \reg, APX_RDI)
	.long \disp
.endm

/* On to @label every @n-th time. */
.macro at_every n, label
	.pushsection .data
.Lcount\@:
	.long 0
	.popsection
	incl .Lcount\@(%rip)
	cmpl $\n, .Lcount\@(%rip)
	jb .Lnot_now\@
	movl $0, .Lcount\@(%rip)
	jmp \label
.Lnot_now\@:
.endm
#endif
/* clang-format on */

#endif /* TESTS_MUTANTS_H */
