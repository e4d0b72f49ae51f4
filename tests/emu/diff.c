// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop of the differential tests.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define CASES		 1000000
#define MISMATCHES_SHOWN 10

uint64_t diff_seed = 1;

int diff_main(int argc, char **argv, const char *name, int (*one)(struct machine *m),
	      const char *counted, const uint64_t *count)
{
	uint64_t cases = CASES, n = 0, skipped = 0, bad = 0;
	struct machine m;
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--cases"))
			cases = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--seed"))
			diff_seed = strtoull(argv[i + 1], NULL, 0) * 2 + 1;
		else
			break;
	}
	if (i < argc) {
		fprintf(stderr, "usage: %s [--cases N] [--seed N]\n", name);
		return 64;
	}
	machine_catch();
	if (machine_init(&m)) {
		fprintf(stderr, "%s: no memory for the test machine\n", name);
		return 70;
	}
	while (n < cases && bad < MISMATCHES_SHOWN && !machine_stop) {
		int r = one(&m);

		skipped += r > 0;
		n += r <= 0;
		bad += r < 0;
	}
	printf("%s: %" PRIu64 " cases equal of %" PRIu64 ", %" PRIu64 " not runnable", name,
	       n - bad, n, skipped);
	if (counted)
		printf(", %" PRIu64 " %s", *count, counted);
	printf("\n");
	machine_exit(&m);
	return bad ? 1 : 0;
}
