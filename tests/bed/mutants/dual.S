/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: dual that leaves the guest's values in the registers. */
#include "../asm/sequence.h"

SEQ_BEGIN(dual, exit)
	store_egprs
SEQ_END(dual, exit)

SEQ_BEGIN(dual, entry)
	load_egprs
SEQ_END(dual, entry)

SEQ_NOEXEC_STACK
