// SPDX-License-Identifier: GPL-2.0-only
/*
 * reports-status: a C payload that ends with a status of its own.
 */
#include <egpr/guest.h>

#define STATUS 42

void egpr_batch(struct egpr_mailbox *m);
void egpr_batch(struct egpr_mailbox *m)
{
	m->done = m->iterations;
	m->failed = 1;
	m->expected = 2;
	m->got = 3;
	m->status = STATUS;
}
