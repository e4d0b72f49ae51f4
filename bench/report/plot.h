/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drawing one picture with gnuplot and a script of scripts/plot.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stdbool.h>

#define PLOT_WHY_SIZE 256

/**
 * struct plot - what a script is given
 * @data: file of tab-separated columns, described at the head of the script
 * @title: above the picture
 * @caption: below it: provenance, backend, run
 * @extra: further argument, "" for none
 * @rows: rows of the data, for the height
 */
struct plot {
	const char *data;
	const char *title;
	const char *caption;
	const char *extra;
	unsigned int rows;
};

/* Whether gnuplot is installed. */
bool plot_available(void);
/* Directory of the scripts, to be freed; NULL where there is none. */
char *plot_scripts(void);
/**
 * plot_draw - run a script
 * @scripts: from plot_scripts()
 * @script: its name without suffix
 * @out: file to write; its suffix decides: svg, png or pdf
 *
 * Return: 0, or EGPR_INTERNAL after saying on stderr what could not be drawn.
 */
int plot_draw(const char *scripts, const char *script, const struct plot *p, const char *out);

/**
 * plot_probe - can this gnuplot draw a format, words included
 * @scripts: from plot_scripts()
 * @stem: path of the files that are written and removed, without suffix
 * @suffix: svg, png or pdf
 * @why: PLOT_WHY_SIZE bytes; receives the reason if it cannot
 *
 * Return: 0 or -1.
 */
int plot_probe(const char *scripts, const char *stem, const char *suffix, char *why);

#endif /* BENCH_PLOT_H */
