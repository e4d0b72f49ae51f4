// SPDX-License-Identifier: GPL-2.0-only
/*
 * Progress by elapsed budget: the one thing that is known of a run that stops when
 * everything is decided.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bench/host/clock.h>
#include "progress.h"

#define BAR_WIDTH     28
#define DRAW_INTERVAL 0.2 /* seconds */
#define CLEAR_LINE    "\r\033[K"

void progress_start(struct progress *p, double budget)
{
	memset(p, 0, sizeof(*p));
	p->budget = budget;
	p->start = clock_now();
	p->terminal = isatty(STDERR_FILENO);
}

static void draw(struct progress *p)
{
	double t = clock_now() - p->start, part = t / p->budget;
	char bar[BAR_WIDTH + 1];
	int full = part < 1 ? (int)(part * BAR_WIDTH) : BAR_WIDTH;

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)full);
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, CLEAR_LINE "[%s] %3.0f of at most %.0f s  %s", bar, t, p->budget, p->what);
	fflush(stderr);
	p->last = clock_now();
}

void progress_cell(struct progress *p, const char *what)
{
	snprintf(p->what, sizeof(p->what), "%s", what);
	if (p->terminal)
		draw(p);
}

void progress_tick(struct progress *p)
{
	if (p->terminal && clock_now() - p->last > DRAW_INTERVAL)
		draw(p);
}

void progress_done(struct progress *p, const char *outcome)
{
	fprintf(stderr, "%s%5.1f s  %-42s %s\n", p->terminal ? CLEAR_LINE : "",
		clock_now() - p->start, p->what, outcome);
}

void progress_end(struct progress *p)
{
	if (p->terminal)
		fputs(CLEAR_LINE, stderr);
}
