/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Eight instructions more than nothing, for a KVM to differ by: seven here, and the load of the context that
 * kmod/kvm/place-asm.h puts before an exit half with anything in it.
 */
#include "sequence.h"

SEQ_BEGIN(eight, exit)
	.rept 7
	nop
	.endr
SEQ_END(eight, exit)

SEQ_BEGIN(eight, entry)
SEQ_END(eight, entry)

SEQ_NOEXEC_STACK
