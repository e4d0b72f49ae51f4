/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: XCR0, and what depends on it. See mutants.h. */
#include "mutants.h"

/* clang-format off */
/* switch_xcr0 in parts. Clobbers rax, rcx, rdx. */
.macro set_xcr0 high
	mov %rax, %rdx
	shr $32, %rdx
	.if \high == 0
	xor %edx, %edx
	.endif
	xor %ecx, %ecx
	seq_trap
	xsetbv
.endm
.macro switch_low from, to
	mov \to(%rdi), %rax
	cmp \from(%rdi), %rax
	je .Lsame_low\@
	set_xcr0 0
.Lsame_low\@:
.endm
.macro switch_if_low_differs from, to
	mov \to(%rdi), %rax
	cmp \from(%rdi), %eax
	je .Lsame_half\@
	set_xcr0 1
.Lsame_half\@:
.endm
#define UNCOND_EXIT(sym)  \
	BARE_HALF(sym, exit, switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST; store_egprs; clear_egprs)
#define UNCOND_ENTRY(sym) \
	BARE_HALF(sym, entry, load_egprs; switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST)

BARE_HALF(late_xcr0, exit, store_egprs; clear_egprs; switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST)
UNCOND_ENTRY(late_xcr0)

BARE_HALF(xcr0_low, exit, switch_low SW_XCR0_GUEST, SW_XCR0_HOST; store_egprs; clear_egprs)
BARE_HALF(xcr0_low, entry, load_egprs; switch_low SW_XCR0_HOST, SW_XCR0_GUEST)

UNCOND_EXIT(xcr0_compares_low)
BARE_HALF(xcr0_compares_low, entry, load_egprs; switch_if_low_differs SW_XCR0_HOST, SW_XCR0_GUEST)

UNCOND_EXIT(xcr0_never_guest)
BARE_HALF(xcr0_never_guest, entry, load_egprs)

GATED_EXIT(xcr0_of_gated, switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST; store_egprs; clear_egprs)

BARE_HALF(rarer_xcr0, exit, at_every 1000, .Lhalf; switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST; jmp .Lwhole;
	.Lhalf:; switch_low SW_XCR0_GUEST, SW_XCR0_HOST; .Lwhole:; store_egprs; clear_egprs)
UNCOND_ENTRY(rarer_xcr0)

GATED_HALF(ungated, exit, store_egprs; clear_egprs)
BARE_HALF(ungated, entry, load_egprs)

BARE_HALF(dual_unbound, exit, store_egprs; clear_egprs)
BARE_HALF(dual_unbound, entry, load_egprs)

BARE_HALF(clears_when_off, exit, unless_guest_apx .Lclears; store_egprs; clear_egprs; SEQ_RET;
	.Lclears:; switch_xcr0 SW_XCR0_GUEST, SW_XCR0_HOST; clear_egprs;
	switch_xcr0 SW_XCR0_HOST, SW_XCR0_GUEST)
GATED_HALF(clears_when_off, entry, load_egprs)
/* clang-format on */

SEQ_NOEXEC_STACK
