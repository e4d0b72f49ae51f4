// SPDX-License-Identifier: GPL-2.0-only
/*
 * Progress by elapsed budget: the one thing that is known of a run that stops when
 * everything is decided. How long it still takes is told by how much of their time the cells
 * before needed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bench/host/clock.h>
#include "progress.h"

#define BAR_WIDTH     10
#define COLUMNS	      79  /* where the terminal does not say */
#define DRAW_INTERVAL 0.2 /* seconds */
#define CLEAR_LINE    "\r\033[K"

void progress_start(struct progress *p, double budget)
{
	memset(p, 0, sizeof(*p));
	p->budget = budget;
	p->start = clock_now();
	p->terminal = isatty(STDERR_FILENO);
}

/* Cells are expected to need as much of their time as those before them. */
static double to_go(const struct progress *p)
{
	double rate = p->given > 0 && p->used < p->given ? p->used / p->given : 1;
	double here = rate * p->share - (clock_now() - p->begun);

	return (here > 0 ? here : 0) + rate * p->behind;
}

/* What a line may hold: a longer one would not be cleared. */
static int columns(void)
{
	struct winsize w;

	return !ioctl(STDERR_FILENO, TIOCGWINSZ, &w) && w.ws_col > 1 ? w.ws_col - 1 : COLUMNS;
}

static void draw(struct progress *p)
{
	double t = clock_now() - p->start, part = t / p->budget;
	char bar[BAR_WIDTH + 1], line[256], now[96];
	int full = part < 1 ? (int)(part * BAR_WIDTH) : BAR_WIDTH;

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)full);
	bar[BAR_WIDTH] = '\0';
	if (!p->next)
		snprintf(now, sizeof(now), "how many blocks fit");
	else if (!p->of)
		snprintf(now, sizeof(now), "block %u of %u, no look yet", p->blocks, p->next);
	else
		snprintf(now, sizeof(now), "block %u of %u, %u of %u open", p->blocks, p->next,
			 p->open, p->of);
	/* The name last: of what is too long it is missed least. */
	snprintf(line, sizeof(line), "[%s] %.0f of %.0f s, %.0f to go; %u/%u, %s: %s", bar, t,
		 p->budget, to_go(p), p->cell, p->cells, now, p->what);
	fprintf(stderr, CLEAR_LINE "%.*s", columns(), line);
	fflush(stderr);
	p->last = clock_now();
}

void progress_cell(struct progress *p, const char *what, double share, double behind)
{
	snprintf(p->what, sizeof(p->what), "%s", what);
	p->cell++;
	p->begun = clock_now();
	p->share = share;
	p->behind = behind;
	p->blocks = p->next = p->open = p->of = 0;
	if (p->terminal)
		draw(p);
}

void progress_look(struct progress *p, unsigned int open, unsigned int of)
{
	p->open = open;
	p->of = of;
}

void progress_tick(struct progress *p, unsigned int blocks, unsigned int next)
{
	p->blocks = blocks;
	p->next = next;
	if (p->terminal && clock_now() - p->last > DRAW_INTERVAL)
		draw(p);
}

void progress_done(struct progress *p, const char *outcome)
{
	p->used += clock_now() - p->begun;
	p->given += p->share;
	fprintf(stderr, "%s%5.1f s  %-42s %s\n", p->terminal ? CLEAR_LINE : "",
		clock_now() - p->start, p->what, outcome);
}

void progress_end(struct progress *p)
{
	if (p->terminal)
		fputs(CLEAR_LINE, stderr);
}
