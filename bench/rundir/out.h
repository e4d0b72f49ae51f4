/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One data file of a run directory while it is being written.
 */
#ifndef BENCH_RUNDIR_OUT_H
#define BENCH_RUNDIR_OUT_H

#include <stdint.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "csv.h"

/**
 * struct out - one data file being written
 * @f: the file
 * @schema: its columns and its name
 * @digest: SHA-256 of what was written so far
 * @bytes: how much that is
 */
struct out {
	FILE *f;
	const struct csv_schema *schema;
	EVP_MD_CTX *digest;
	uint64_t bytes;
};

/**
 * out_open - open a file for appending to its first bytes
 * @o: receives it; zeroed before
 * @dir: run directory
 * @schema: which file
 * @text: its first bytes, for the digest
 * @bytes: how many; what comes after them is cut off
 * @e: receives the message
 *
 * Return: 0, EGPR_UNAVAILABLE or EGPR_INTERNAL; out_close() it after a failure too.
 */
int out_open(struct out *o, const char *dir, const struct csv_schema *schema, const char *text,
	     uint64_t bytes, struct data_error *e);

/* Append text; the line of column names. Return: 0, EGPR_UNAVAILABLE or EGPR_INTERNAL. */
int out_write(struct out *o, const char *text, size_t len, struct data_error *e);
int out_header(struct out *o, struct data_error *e);

/* Drop what was written and begin anew with the header. */
int out_clear(struct out *o, struct data_error *e);

/* Hand what was written to the kernel. Return: 0 or EGPR_UNAVAILABLE. */
int out_flush(struct out *o, struct data_error *e);

/* Digest of what was written so far, as RUNDIR_SHA256_HEX digits and a NUL. Return: 0 or -1. */
int out_digest(const struct out *o, char *hex);

void out_close(struct out *o);

/* The message of a failed write, from errno. Return: EGPR_UNAVAILABLE. */
int out_failed(const char *path, struct data_error *e);

#endif /* BENCH_RUNDIR_OUT_H */
