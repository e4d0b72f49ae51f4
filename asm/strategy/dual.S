/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dual: no test on the path. Whoever changes the guest's XCR0 swaps the entry points
 * between these and those of `none`, as KVM would by rewriting HOST_RIP.
 * egpr_sequence_bind() makes the choice.
 */
#include "../sequence.h"

SEQ_BEGIN(dual, exit)
	store_egprs
	clear_egprs
SEQ_END(dual, exit)

SEQ_BEGIN(dual, entry)
	load_egprs
SEQ_END(dual, entry)

SEQ_NOEXEC_STACK
