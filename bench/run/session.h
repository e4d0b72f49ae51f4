/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run has around its cells: host, clocks, probes, the run directory and what stands in meta.json.
 */
#ifndef BENCH_RUN_SESSION_H
#define BENCH_RUN_SESSION_H

#include <bench/host/host.h>
#include <bench/host/tsc.h>
#include "run.h"

/**
 * struct session - what run_measure() sets up and takes down
 * @note: file that a crash leaves for the process which goes on
 * @restart: its command line
 */
struct session {
	struct run *run;
	const struct run_options *o;
	struct engine g;
	struct egpr_host host;
	struct tsc tsc;
	struct contention contention;
	char no_core_cycles[EGPR_PMU_WHY_SIZE]; /* why, or "" */
	struct progress progress;
	int cpu;
	double start;
	struct run_cell *now; /* the cell that is measured */
	char *note;
	char cpu_text[16];
	const char *restart[10];
};

/**
 * session_open - pin, probe, and begin or go on with a run directory
 * @s: @run, @o, and of @g what is called back
 * @e: receives the message
 *
 * Return: 0 or a status; session_close() it either way.
 */
int session_open(struct session *s, struct data_error *e);
void session_close(struct session *s);

/* This process as a launch of the run. */
int session_add_launch(struct session *s, struct data_error *e);
/* What a crash between batches starts: this run again, without the cell that crashed. */
int session_prepare_restart(struct session *s, struct data_error *e);
/* What meta.json says of host and run before anything is measured. */
void session_meta(struct session *s);

#endif /* BENCH_RUN_SESSION_H */
