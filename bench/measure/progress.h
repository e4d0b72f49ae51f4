/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run says while it runs: a bar on a terminal, with when it ends and what is open; a line per cell elsewhere.
 * Always on stderr; stdout carries the result.
 */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>

/**
 * struct progress - state of the display
 * @budget: seconds that the whole may take
 * @start: clock_now() when it began
 * @last: clock_now() of the last drawing
 * @terminal: stderr is one
 * @what: the cell being measured
 * @cell: its number from 1, of @cells
 * @begun: clock_now() when it began
 * @share: seconds it may take
 * @behind: seconds that the cells behind it may take
 * @used: seconds that cells took which are done
 * @given: seconds that they might have taken
 * @blocks: of the cell so far
 * @next: block of the next look; 0 before there is a plan
 * @open: comparisons that the last look left undecided, of @of; @of is 0 before a look
 */
struct progress {
	double budget;
	double start;
	double last;
	bool terminal;
	char what[96];
	unsigned int cell, cells;
	double begun, share, behind, used, given;
	unsigned int blocks, next, open, of;
};

void progress_start(struct progress *p, double budget);
/* A cell begins; @share and @behind are seconds. */
void progress_cell(struct progress *p, const char *what, double share, double behind);
/* A look was taken. */
void progress_look(struct progress *p, unsigned int open, unsigned int of);
/* Called after every block; draws some times a second at most. */
void progress_tick(struct progress *p, unsigned int blocks, unsigned int next);
/* A cell ended; @outcome is one line. */
void progress_done(struct progress *p, const char *outcome);
/* Leave the terminal clean. */
void progress_end(struct progress *p);

#endif /* BENCH_PROGRESS_H */
