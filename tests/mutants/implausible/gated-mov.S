/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A planted fault: gated-mov in form proxy that waits for some 50000 cycles, as if it were something
 * else that is timed; instead of the clears, in as many bytes. In the place of the right one behind all
 * proofs (../late.c).
 */
#include "../../../asm/sequence.h"

#define CLEAR_BYTES 64

SEQ_BEGIN(gated_mov, exit)
	unless_guest_apx .Lgated_mov_exit_done
	store_egprs
.Lgated_mov_wait:
	mov $50000, %ecx
.Lgated_mov_again:
	dec %ecx
	jnz .Lgated_mov_again
	.skip CLEAR_BYTES - (. - .Lgated_mov_wait), 0x90
.Lgated_mov_exit_done:
SEQ_END(gated_mov, exit)

SEQ_BEGIN(gated_mov, entry)
	unless_guest_apx .Lgated_mov_entry_done
	load_egprs
.Lgated_mov_entry_done:
SEQ_END(gated_mov, entry)

SEQ_NOEXEC_STACK
