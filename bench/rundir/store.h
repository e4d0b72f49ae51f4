/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lab's memory across runs: one SQLite file, results/lab.db.
 *
 * Only verdicts and what identifies their run are kept; samples stay in the run
 * directories. Nothing enters that rundir_load() did not accept. The schema
 * has a version (PRAGMA user_version); older files are migrated when opened,
 * newer ones refused.
 */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <stddef.h>

#include <sqlite3.h>

#include "rundir.h"

#define STORE_FILE    RUNDIR_ROOT "/lab.db"
#define STORE_VERSION 3

/**
 * store_open - open or make a store and bring its schema up to date
 * @path: the file
 * @db: receives the connection; close with sqlite3_close()
 * @e: receives the message
 *
 * Return: 0, EGPR_DATA (not a store, or a newer one) or EGPR_UNAVAILABLE.
 */
int store_open(const char *path, sqlite3 **db, struct data_error *e);

/**
 * store_add - put a run into the store, or replace it there
 * @run: verified data
 *
 * Return: 0 or EGPR_UNAVAILABLE, and then nothing of the run is in the store.
 */
int store_add(sqlite3 *db, const struct rundir_data *run, struct data_error *e);

/**
 * store_record - store_open(), rundir_load(), store_add() for a run that just ended
 * @path: run directory
 * @file: the store; NULL for STORE_FILE
 */
int store_record(const char *path, const char *file, struct data_error *e);

/**
 * struct store_filter - which comparisons; NULL matches any value
 */
struct store_filter {
	const char *host;
	const char *kernel;
	const char *strategy;
	const char *layer;
	const char *exit_kind;
	const char *state;
	const char *context;
	const char *provenance;
};

/**
 * struct store_row - one comparison of one run
 * Numbers are TSC ticks per exit and entry. All texts are copies.
 */
struct store_row {
	char *run_id, *host_id, *cpu, *kernel, *start, *backend;
	char *provenance, *layer, *exit_kind, *strategy, *state, *context, *verdict, *margin;
	int representative, sound;
	double diff, low, high;
};

/**
 * store_select - comparisons that match, grouped, oldest first within a group
 * @rows: receives an array; free with store_rows_free()
 *
 * Order: provenance, layer, exit kind, state, context, strategy, host, start.
 */
int store_select(sqlite3 *db, const struct store_filter *f, struct store_row **rows, size_t *n,
		 struct data_error *e);
void store_rows_free(struct store_row *rows, size_t n);

#endif /* BENCH_STORE_H */
