/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the writer and the reader of run directories share: paths, digests, and
 * reading a file only as far as meta.json vouches for it.
 */
#ifndef BENCH_RUNDIR_FILE_H
#define BENCH_RUNDIR_FILE_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "csv.h"

#define RUNDIR_SHA256_HEX 64

/* "dir/name", to be freed; NULL when out of memory. */
char *rundir_file_path(const char *dir, const char *name);

/* Bytes as lower-case hexadecimal digits and a NUL. */
void rundir_file_hex(const unsigned char *bytes, size_t len, char *hex);

/* A whole file as text with a NUL behind it, to be freed. 0 or -errno. */
int rundir_file_slurp(const char *path, char **text, size_t *len);

/**
 * rundir_file_read - read a data file and check it against meta.json
 * @dir: run directory
 * @meta: its meta.json
 * @name: the file
 * @text: receives the vouched-for bytes and a NUL; to be freed
 * @len: receives their number
 * @e: receives the message
 *
 * Of an interrupted run, bytes behind the vouched-for ones are ignored; of a
 * complete one they are damage. Return: 0 or EGPR_DATA.
 */
int rundir_file_read(const char *dir, const cJSON *meta, const char *name, char **text, size_t *len,
		     struct data_error *e);

/**
 * rundir_file_check - as rundir_file_read(), but for a file that is not kept in memory
 * @bytes: receives how many of them are vouched for
 */
int rundir_file_check(const char *dir, const cJSON *meta, const char *name, size_t *bytes,
		      struct data_error *e);

#endif /* BENCH_RUNDIR_FILE_H */
