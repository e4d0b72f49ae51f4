/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run directory being written, for the two files that write it: open.c, rundir.c.
 */
#ifndef BENCH_RUNDIR_WRITER_H
#define BENCH_RUNDIR_WRITER_H

#include <stddef.h>

#include "out.h"
#include "rundir.h"

#define RUNDIR_STAMP_BYTES   32
#define RUNDIR_TIME_READABLE "%Y-%m-%dT%H:%M:%SZ"

/**
 * struct rundir - a run directory being written
 * @path: of it
 * @root: where `latest` lies; NULL: no `latest`
 * @lock: descriptor that holds the lock on the directory
 * @meta: meta.json
 * @out: the data files, indexed by enum egpr_csv
 */
struct rundir {
	char *path;
	char *root;
	int lock;
	cJSON *meta;
	struct out out[EGPR_NR_CSV];
};

/* The present time in UTC as strftime() formats it. */
void rundir_now(char *text, size_t size, const char *fmt);

void rundir_destroy(struct rundir *d);

#endif /* BENCH_RUNDIR_WRITER_H */
