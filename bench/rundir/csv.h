/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CSV files of a run directory: schemas from include/egpr/sample.h, rows to
 * write, tables to read.
 *
 * Lines end in LF, quoting is RFC 4180, an empty field is "not measured". One
 * check serves both directions: what the writer refuses, the reader refuses too.
 */
#ifndef BENCH_CSV_H
#define BENCH_CSV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <egpr/sample.h>
#include <egpr/status.h>

#include <bench/base/error.h>

/* Indices of the identity columns, common to all files: EGPR_COL_run_id, ... */
#define EGPR_COL_ENUM(column, TYPE, text) EGPR_COL_##column,
enum egpr_col_identity {
	EGPR_COLUMNS_IDENTITY(EGPR_COL_ENUM) EGPR_NR_IDENTITY
};

/* Indices of each file's own columns: EGPR_SAMPLES_cycles, EGPR_VERDICTS_diff, ... */
#define EGPR_SAMPLES_ENUM(column, TYPE, text)  EGPR_SAMPLES_##column,
#define EGPR_SUMMARY_ENUM(column, TYPE, text)  EGPR_SUMMARY_##column,
#define EGPR_VERDICTS_ENUM(column, TYPE, text) EGPR_VERDICTS_##column,
#define EGPR_SKIPPED_ENUM(column, TYPE, text)  EGPR_SKIPPED_##column,
#define EGPR_PROOFS_ENUM(column, TYPE, text)   EGPR_PROOFS_##column,
#define EGPR_MODULE_ENUM(column, TYPE, text)   EGPR_MODULE_##column,
#define EGPR_CSV_COLUMN_ENUM(SYM, name, COLUMNS, text)                   \
	enum egpr_col_##SYM{ EGPR_##SYM##_BEFORE = EGPR_NR_IDENTITY - 1, \
			     COLUMNS(EGPR_##SYM##_ENUM) EGPR_##SYM##_NR };
EGPR_CSV_FILES(EGPR_CSV_COLUMN_ENUM)

#define EGPR_CSV_ENUM(SYM, name, COLUMNS, text) EGPR_CSV_##SYM,
enum egpr_csv {
	EGPR_CSV_FILES(EGPR_CSV_ENUM) EGPR_NR_CSV
};

#define CSV_MAX_COLUMNS 48 /* more than any schema has; checked at build time */

enum csv_type {
	CSV_TEXT,
	CSV_COUNT,
	CSV_REAL,
	CSV_TIME
};

struct csv_column {
	const char *name;
	enum csv_type type;
	const char *text;
};

/**
 * struct csv_schema - one file's columns
 * @name: file name inside the run directory
 * @text: what a row is
 * @columns: identity columns first
 * @count: number of columns
 */
struct csv_schema {
	const char *name;
	const char *text;
	const struct csv_column *columns;
	unsigned int count;
};

extern const struct csv_schema csv_schemas[EGPR_NR_CSV];

/* All columns of a schema, bit per index. */
#define CSV_ALL_COLUMNS(schema) ((1ull << (schema)->count) - 1)

/**
 * csv_columns - which columns a file has in a version of the schema
 * @file: which
 * @version: EGPR_SCHEMA_OLDEST..EGPR_SCHEMA_VERSION
 *
 * Return: bit per index into the newest schema's columns.
 */
uint64_t csv_columns(enum egpr_csv file, unsigned int version);

/**
 * struct csv_row - one row to write
 * @schema: its file
 * @cell: text of each column, NULL for empty; owned by the row
 */
struct csv_row {
	const struct csv_schema *schema;
	char *cell[CSV_MAX_COLUMNS];
};

/* An empty row of a file. */
void csv_row_init(struct csv_row *row, enum egpr_csv file);
/* Frees the cells; the row is empty again. */
void csv_row_reset(struct csv_row *row);
/* Set one cell. A NaN becomes an empty cell: not measured. Aborts when out of memory. */
void csv_set_text(struct csv_row *row, unsigned int column, const char *text);
void csv_set_count(struct csv_row *row, unsigned int column, uint64_t value);
void csv_set_real(struct csv_row *row, unsigned int column, double value);

/**
 * csv_cells_check - whether cells fit their schema
 * @schema: the file
 * @cell: one text per column; NULL and "" are empty
 * @where: prefix of the message, such as "samples.csv line 7"
 * @e: receives the message
 *
 * Checks types, ids of the axes, and that no `emu` or `model` row carries a time.
 * Return: 0 or EGPR_DATA.
 */
int csv_cells_check(const struct csv_schema *schema, char *const *cell, const char *where,
		    struct data_error *e);

/* Append the header or a row to a buffer of text; the caller frees *text. 0 or -ENOMEM. */
int csv_format_header(const struct csv_schema *schema, char **text, size_t *len);
int csv_format_row(const struct csv_row *row, char **text, size_t *len);

/**
 * struct csv_table - a file that was read
 * @schema: its columns
 * @columns: of them that were in the file, bit per index
 * @rows: number of rows
 * @cells: rows * schema->count texts, pointing into @text
 * @line: line of the file on which each row starts, from 1
 * @text: the file's bytes, cut up
 */
struct csv_table {
	const struct csv_schema *schema;
	uint64_t columns;
	size_t rows;
	char **cells;
	unsigned int *line;
	char *text;
};

/**
 * csv_parse - read a file's text
 * @schema: what it must be
 * @columns: bit per column that the file has; others are empty in the table, and the context is
 *	the default of the row's layer
 * @text: @len bytes and a NUL; on success owned by the table, freed on failure
 * @len: length in bytes
 * @path: name in messages
 * @table: receives the table
 * @e: receives the message
 *
 * Return: 0, EGPR_DATA (header or a row refused, by name) or EGPR_INTERNAL.
 */
int csv_parse(const struct csv_schema *schema, uint64_t columns, char *text, size_t len,
	      const char *path, struct csv_table *table, struct data_error *e);

/* The same of a part of a file behind a copy of its header; its first row stands on @line. */
int csv_parse_part(const struct csv_schema *schema, uint64_t columns, char *text, size_t len,
		   unsigned int line, const char *path, struct csv_table *table,
		   struct data_error *e);

/* How much of a part that begins with a row is whole rows: to the last line end outside of quotes. */
size_t csv_whole_rows(const char *text, size_t len);

void csv_table_free(struct csv_table *table);

/* A cell as text ("" if empty). */
const char *csv_text(const struct csv_table *t, size_t row, unsigned int column);
/* A numeric cell, NaN if empty. */
double csv_real(const struct csv_table *t, size_t row, unsigned int column);
/* A COUNT cell, 0 if empty. */
uint64_t csv_count(const struct csv_table *t, size_t row, unsigned int column);

#endif /* BENCH_CSV_H */
