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
#define STORE_VERSION 4

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
 * store_many - many transactions will follow, or were done
 * @on: before them; false after them
 *
 * A write-ahead log takes a tenth of the time for as many small transactions and is as safe against a
 * kill, but is three files: what can be copied as one is left behind. Where the log cannot
 * be had, or another egprlab still uses it, nothing changes but the time.
 */
void store_many(sqlite3 *db, bool on);

/* What store_add() did. */
enum store_added {
	STORE_NEW,	/* the store did not know this run */
	STORE_REPLACED, /* it did; a run counts once */
	STORE_KEPT	/* it has the complete run, and this copy is interrupted */
};

/**
 * store_add - put a run into the store, or replace it there, in one transaction
 * @run: verified data
 * @how: receives what was done; NULL where that is not asked
 *
 * A run that store_refuse() noted under this path is no longer refused.
 * Return: 0, or EGPR_UNAVAILABLE, and then the store is as it was.
 */
int store_add(sqlite3 *db, const struct rundir_data *run, enum store_added *how,
	      struct data_error *e);

/**
 * store_refuse - note that a directory is no run that can be used
 * @path: the directory
 * @why: message of rundir_load()
 *
 * Return: 0 or EGPR_UNAVAILABLE.
 */
int store_refuse(sqlite3 *db, const char *path, const char *why, struct data_error *e);

/* Why a run is not to be combined: interrupted, or checks that failed; "" where it is sound. */
void store_why_unsound(const struct rundir_data *run, char *text, size_t size);

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
 * Numbers are TSC ticks per exit and entry. @machine is the host without the lab's own commit,
 * @lab that commit, @model what tells CPUs apart.
 */
struct store_row {
	char *run_id, *host_id, *cpu, *kernel, *start, *backend;
	char *provenance, *layer, *exit_kind, *strategy, *state, *context, *verdict, *margin;
	char *model, *core_type, *machine, *lab;
	int representative, sound;
	double diff, low, high;
};

/**
 * store_each - call back for every comparison that matches
 * @each: its row and texts hold for the call only; not 0 ends the selection
 *
 * Order: provenance, layer, exit kind, state, context, strategy, representative first, then CPU model,
 * kind of core, machine, start, run. In memory is one row, whatever the store holds.
 * Return: 0, what @each returned, or EGPR_UNAVAILABLE.
 */
int store_each(sqlite3 *db, const struct store_filter *f,
	       int (*each)(const struct store_row *row, void *arg), void *arg,
	       struct data_error *e);

/**
 * store_select - store_each() into an array
 * @rows: receives the array; free with store_rows_free()
 */
int store_select(sqlite3 *db, const struct store_filter *f, struct store_row **rows, size_t *n,
		 struct data_error *e);
void store_rows_free(struct store_row *rows, size_t n);

/**
 * struct store_count - what a store holds
 * @runs: all
 * @unsound: of them that are not combined
 * @refused: directories beside them
 */
struct store_count {
	unsigned int runs, unsound, refused;
};

int store_count(sqlite3 *db, struct store_count *c, struct data_error *e);

/**
 * store_each_bad - call back for every run that is unsound and every directory that was refused
 * @each: @kind is "unsound" or "damaged"
 */
int store_each_bad(sqlite3 *db,
		   void (*each)(const char *kind, const char *path, const char *why, void *arg),
		   void *arg, struct data_error *e);

/* For the files of the store: "cannot DOING FILE: reason". Return: EGPR_UNAVAILABLE. */
int store_sql_failed(sqlite3 *db, const char *doing, struct data_error *e);

#endif /* BENCH_STORE_H */
