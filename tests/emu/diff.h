/* SPDX-License-Identifier: GPL-2.0-only */
/* What the differential tests have in common: options, random cases until enough, one verdict. */
#ifndef TESTS_EMU_DIFF_H
#define TESTS_EMU_DIFF_H

#include <stdint.h>

#include "machine.h"

extern uint64_t diff_seed; /* state of rnd(), from --seed */

/**
 * diff_main - run random cases and compare
 * @argc: of main()
 * @argv: of main()
 * @name: of the program
 * @one: makes up a case and runs it: 0 equal, -1 a difference (shown), 1 not runnable.
 *	May count something of its own
 * @counted: what @one counted, in words; NULL for nothing
 * @count: how often
 *
 * Return: 0 all equal, 1 a difference, 64 usage, 70 no memory.
 */
int diff_main(int argc, char **argv, const char *name, int (*one)(struct machine *m),
	      const char *counted, const uint64_t *count);

#endif /* TESTS_EMU_DIFF_H */
