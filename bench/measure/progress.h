/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run says while it runs: a bar on a terminal, a line per cell elsewhere.
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
 */
struct progress {
	double budget;
	double start;
	double last;
	bool terminal;
	char what[96];
};

void progress_start(struct progress *p, double budget);
/* A cell begins. */
void progress_cell(struct progress *p, const char *what);
/* Called after every block; draws some times a second at most. */
void progress_tick(struct progress *p);
/* A cell ended; @outcome is one line. */
void progress_done(struct progress *p, const char *outcome);
/* Leave the terminal clean. */
void progress_end(struct progress *p);

#endif /* BENCH_PROGRESS_H */
