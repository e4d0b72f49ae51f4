// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables that state proofs print, one line per strategy; see proof_table.h.
 */
#include <stdio.h>

#include <bench/plan/axis.h>
#include "table.h"

void proof_print_head(const char *last)
{
	printf("%-18s", "strategy");
	for (int state = 0; state < EGPR_NR_STATES; state++)
		printf(" %-18s", egpr_guest_states[state].id);
	printf(" %s\n", last);
}

void proof_print_cell(unsigned int passed, unsigned int failed)
{
	if (failed)
		printf(" %4u pass %3u FAIL", passed, failed);
	else if (passed)
		printf(" %4u pass         ", passed);
	else
		printf("    -              ");
}
