// SPDX-License-Identifier: GPL-2.0-only
/*
 * egpr-c: compiled C that keeps its values in r16..r31 across exits.
 *
 * The compiler's choice of registers and of APX forms (NDD, CCMP, PUSH2) is what
 * ordinary guest software will look like. The registers get their pattern back at the
 * end, as the runtime expects it.
 */
#include <egpr/guest.h>

#include "mix.h"

#define SEED 0x9e3779b97f4a7c15ULL

static inline __attribute__((always_inline)) void leave(void)
{
	__asm__ volatile("out %%al, %0" : : "i"(EGPR_PORT_TEST));
}

/* Of the runtime: the pattern of state init is zero. */
void egpr_fill(struct egpr_mailbox *m);

void egpr_batch(struct egpr_mailbox *m);
void egpr_batch(struct egpr_mailbox *m)
{
	__u64 i, sum = SEED;

	m->done = m->iterations;
	for (i = 0; i < (m->iterations ? m->iterations : 1); i++)
		sum = egpr_mix(sum, leave);
	m->result = sum;
	egpr_fill(m);
}
