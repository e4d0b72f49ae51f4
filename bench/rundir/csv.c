// SPDX-License-Identifier: GPL-2.0-only
/*
 * CSV by schema: formatting, parsing, and the one check that both share.
 *
 * No CSV library is in Debian that refuses by line and column name, which is
 * what a reader of other people's measurements needs; the format is small.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "csv.h"

#define COLUMN(column, TYPE, text) { #column, CSV_##TYPE, text },
#define FILE_COLUMNS(SYM, name, COLUMNS, text)                                            \
	static const struct csv_column columns_##SYM[] = { EGPR_COLUMNS_IDENTITY(COLUMN)  \
								   COLUMNS(COLUMN) };     \
	_Static_assert(sizeof(columns_##SYM) / sizeof(*columns_##SYM) <= CSV_MAX_COLUMNS, \
		       "raise CSV_MAX_COLUMNS");                                          \
	_Static_assert(sizeof(columns_##SYM) / sizeof(*columns_##SYM) == EGPR_##SYM##_NR, \
		       "enum and columns come from the same list");
EGPR_CSV_FILES(FILE_COLUMNS)

#define FILE_SCHEMA(SYM, name, COLUMNS, text) \
	[EGPR_CSV_##SYM] = { name, text, columns_##SYM, EGPR_##SYM##_NR },
const struct csv_schema csv_schemas[EGPR_NR_CSV] = { EGPR_CSV_FILES(FILE_SCHEMA) };

/* The version of the schema that a column came with, where that is not the first that can be read. */
#define EVERY_FILE EGPR_NR_CSV
static const struct {
	enum egpr_csv file;
	unsigned int column;
	unsigned int since;
} later_columns[] = {
	{ EGPR_CSV_SUMMARY, EGPR_SUMMARY_insns_round, 3 },
	{ EVERY_FILE, EGPR_COL_context, 4 },
	{ EGPR_CSV_SAMPLES, EGPR_SAMPLES_exit_cycles, 4 },
	{ EGPR_CSV_SAMPLES, EGPR_SAMPLES_data_offset, 4 },
	{ EGPR_CSV_VERDICTS, EGPR_VERDICTS_exit_diff, 4 },
	{ EGPR_CSV_VERDICTS, EGPR_VERDICTS_exit_low, 4 },
	{ EGPR_CSV_VERDICTS, EGPR_VERDICTS_exit_high, 4 },
	{ EGPR_CSV_VERDICTS, EGPR_VERDICTS_entry_diff, 4 },
	{ EGPR_CSV_VERDICTS, EGPR_VERDICTS_entry_low, 4 },
	{ EGPR_CSV_VERDICTS, EGPR_VERDICTS_entry_high, 4 },
};

uint64_t csv_columns(enum egpr_csv file, unsigned int version)
{
	uint64_t mask = CSV_ALL_COLUMNS(&csv_schemas[file]);
	size_t i;

	for (i = 0; i < sizeof(later_columns) / sizeof(*later_columns); i++) {
		if ((later_columns[i].file == file || later_columns[i].file == EVERY_FILE) &&
		    version < later_columns[i].since)
			mask &= ~(1ull << later_columns[i].column);
	}
	return mask;
}

static unsigned int count_columns(uint64_t columns)
{
	return (unsigned int)__builtin_popcountll(columns);
}

/* Columns whose values are ids of an axis. */
static const struct {
	unsigned int column;
	const struct axis_value *axis;
	int count;
} axis_columns[] = {
	{ EGPR_COL_provenance, egpr_provenances, EGPR_NR_PROVENANCES },
	{ EGPR_COL_layer, egpr_layers, EGPR_NR_LAYERS },
	{ EGPR_COL_path, egpr_paths, EGPR_NR_PATHS },
	{ EGPR_COL_guest_state, egpr_guest_states, EGPR_NR_STATES },
};

/* A row is a few hundred bytes: without memory for it there is no run to save. */
static char *must(char *p)
{
	if (!p) {
		fprintf(stderr, "egprlab: out of memory for a CSV row\n");
		abort();
	}
	return p;
}

void csv_row_init(struct csv_row *row, enum egpr_csv file)
{
	memset(row, 0, sizeof(*row));
	row->schema = &csv_schemas[file];
}

void csv_row_reset(struct csv_row *row)
{
	unsigned int i;

	for (i = 0; i < row->schema->count; i++) {
		free(row->cell[i]);
		row->cell[i] = NULL;
	}
}

void csv_set_text(struct csv_row *row, unsigned int column, const char *text)
{
	char *copy = text ? must(strdup(text)) : NULL;

	free(row->cell[column]);
	row->cell[column] = copy;
}

void csv_set_count(struct csv_row *row, unsigned int column, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	csv_set_text(row, column, text);
}

void csv_set_real(struct csv_row *row, unsigned int column, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.12g", value);
	csv_set_text(row, column, isnan(value) ? NULL : text);
}

static bool is_count(const char *s)
{
	if (!*s || strlen(s) > 20)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
	}
	return true;
}

static bool is_real(const char *s)
{
	char *end;

	if (!*s || strspn(s, "+-.0123456789eE") != strlen(s))
		return false;
	return isfinite(strtod(s, &end)) && !*end;
}

/* One that the table has, in a layer where it can stand. */
static int check_context(char *const *cell, const char *where, struct data_error *e)
{
	const char *id = cell[EGPR_COL_context] ? cell[EGPR_COL_context] : "";
	const char *layer = cell[EGPR_COL_layer] ? cell[EGPR_COL_layer] : "";
	int l = axis_find(egpr_layers, EGPR_NR_LAYERS, layer);
	const struct context *c = context_find(id);

	if (!c && *id)
		return data_fail(e, EGPR_DATA, "%s: unknown context '%s'", where, id);
	if (c && l >= 0 && !(c->layers & (1u << l)))
		return data_fail(e, EGPR_DATA, "%s: context '%s' does not stand in layer %s", where,
				 id, layer);
	return 0;
}

static int check_axis(const struct csv_schema *schema, char *const *cell, const char *where,
		      struct data_error *e)
{
	const char *rep = cell[EGPR_COL_representative];
	size_t i;

	for (i = 0; i < sizeof(axis_columns) / sizeof(*axis_columns); i++) {
		const char *id = cell[axis_columns[i].column];

		if (id && *id && axis_find(axis_columns[i].axis, axis_columns[i].count, id) < 0)
			return data_fail(e, EGPR_DATA, "%s: unknown %s '%s'", where,
					 schema->columns[axis_columns[i].column].name, id);
	}
	if (!cell[EGPR_COL_provenance] || !*cell[EGPR_COL_provenance])
		return data_fail(e, EGPR_DATA, "%s: a row without provenance", where);
	if (!rep || (strcmp(rep, "yes") && strcmp(rep, "no")))
		return data_fail(e, EGPR_DATA, "%s: representative is '%s', not yes or no", where,
				 rep ? rep : "");
	return check_context(cell, where, e);
}

static bool provenance_has_time(const char *id)
{
	return strcmp(id, egpr_provenances[EGPR_PROV_EMU].id) &&
	       strcmp(id, egpr_provenances[EGPR_PROV_MODEL].id);
}

int csv_cells_check(const struct csv_schema *schema, char *const *cell, const char *where,
		    struct data_error *e)
{
	int ret = check_axis(schema, cell, where, e);
	bool has_time;
	unsigned int i;

	if (ret)
		return ret;
	has_time = provenance_has_time(cell[EGPR_COL_provenance]);
	for (i = 0; i < schema->count; i++) {
		const struct csv_column *c = &schema->columns[i];

		if (!cell[i] || !*cell[i])
			continue;
		if (c->type == CSV_COUNT && !is_count(cell[i]))
			return data_fail(e, EGPR_DATA, "%s: %s is '%.40s', not a count", where,
					 c->name, cell[i]);
		if ((c->type == CSV_REAL || c->type == CSV_TIME) && !is_real(cell[i]))
			return data_fail(e, EGPR_DATA, "%s: %s is '%.40s', not a number", where,
					 c->name, cell[i]);
		if (c->type == CSV_TIME && !has_time)
			return data_fail(e, EGPR_DATA,
					 "%s: %s holds a time in a row of provenance '%s', which "
					 "never has one",
					 where, c->name, cell[EGPR_COL_provenance]);
	}
	return 0;
}

/* Writes a field, quoted where it must be. Return: behind its last byte. */
static char *put_field(char *at, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	if (!len || !strpbrk(s, ",\"\r\n")) {
		return len ? mempcpy(at, s, len) : at;
	}
	*at++ = '"';
	for (; *s; s++) {
		if (*s == '"')
			*at++ = '"';
		*at++ = *s;
	}
	*at++ = '"';
	return at;
}

/* Longest form of a field: every byte a quote, quotes around it, a separator. */
#define FIELD_ROOM(s) (2 * ((s) ? strlen(s) : 0) + 3)

/* One of these per batch, while measuring: no stream, one allocation. */
static int format(const struct csv_schema *schema, char *const *cell, char **text, size_t *len)
{
	size_t room = 2;
	unsigned int i;
	char *at;

	for (i = 0; i < schema->count; i++)
		room += FIELD_ROOM(cell ? cell[i] : schema->columns[i].name);
	at = *text = malloc(room);
	if (!at)
		return -ENOMEM;
	for (i = 0; i < schema->count; i++) {
		if (i)
			*at++ = ',';
		at = put_field(at, cell ? cell[i] : schema->columns[i].name);
	}
	*at++ = '\n';
	*at = '\0';
	*len = (size_t)(at - *text);
	return 0;
}

int csv_format_header(const struct csv_schema *schema, char **text, size_t *len)
{
	return format(schema, NULL, text, len);
}

int csv_format_row(const struct csv_row *row, char **text, size_t *len)
{
	return format(row->schema, row->cell, text, len);
}

/*
 * struct cursor - where the parser is
 * @at: next byte; @end: one past the last; @line: its line, from 1
 */
struct cursor {
	char *at;
	char *end;
	unsigned int line;
};

enum field_end {
	FIELD_COMMA,
	FIELD_LINE,
	FIELD_CUT,
	FIELD_STRAY_QUOTE
};

/* Takes the separator behind a field; the field's text ends at *tail. */
static enum field_end end_field(struct cursor *c, char *tail)
{
	if (c->at == c->end)
		return FIELD_CUT;
	if (*c->at == ',') {
		c->at++;
		*tail = '\0';
		return FIELD_COMMA;
	}
	if (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')
		c->at++;
	if (*c->at != '\n')
		return FIELD_STRAY_QUOTE;
	c->at++;
	c->line++;
	*tail = '\0';
	return FIELD_LINE;
}

static enum field_end quoted_field(struct cursor *c, char **field)
{
	char *out = ++c->at;

	*field = out;
	while (c->at < c->end) {
		if (*c->at == '"') {
			c->at++;
			if (c->at == c->end || *c->at != '"')
				return end_field(c, out);
		} else if (*c->at == '\n') {
			c->line++;
		}
		*out++ = *c->at++;
	}
	return FIELD_CUT;
}

static enum field_end plain_field(struct cursor *c, char **field)
{
	*field = c->at;
	while (c->at < c->end && *c->at != ',' && *c->at != '\n' && *c->at != '"') {
		if (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')
			break;
		c->at++;
	}
	return end_field(c, c->at);
}

/* One row into cell[]; *n receives the number of fields, also beyond CSV_MAX_COLUMNS. */
static enum field_end parse_row(struct cursor *c, char **cell, unsigned int *n)
{
	enum field_end how;
	char *field;

	*n = 0;
	do {
		how = c->at < c->end && *c->at == '"' ? quoted_field(c, &field)
						      : plain_field(c, &field);
		if (*n < CSV_MAX_COLUMNS)
			cell[*n] = field;
		++*n;
	} while (how == FIELD_COMMA);
	return how;
}

static int row_broken(enum field_end how, const char *path, unsigned int line, struct data_error *e)
{
	if (how == FIELD_CUT)
		return data_fail(
			e, EGPR_DATA,
			"%s line %u is cut short: the file does not end in a newline; copy "
			"the run directory again",
			path, line);
	return data_fail(e, EGPR_DATA, "%s line %u: a quote in the middle of a field", path, line);
}

static bool in_list(const char *name, char *const *list, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!strcmp(list[i], name))
			return true;
	}
	return false;
}

static bool has_column(uint64_t columns, unsigned int i)
{
	return columns >> i & 1;
}

static bool in_schema(const char *name, const struct csv_schema *schema, uint64_t columns)
{
	unsigned int i;

	for (i = 0; i < schema->count; i++) {
		if (has_column(columns, i) && !strcmp(schema->columns[i].name, name))
			return true;
	}
	return false;
}

static int check_header(const struct csv_schema *schema, uint64_t columns, char *const *cell,
			unsigned int n, const char *path, struct data_error *e)
{
	unsigned int i, at, known = n < CSV_MAX_COLUMNS ? n : CSV_MAX_COLUMNS;

	for (i = 0; i < schema->count; i++) {
		if (has_column(columns, i) && !in_list(schema->columns[i].name, cell, known))
			return data_fail(e, EGPR_DATA, "%s: column '%s' is missing", path,
					 schema->columns[i].name);
	}
	for (i = 0; i < known; i++) {
		if (!in_schema(cell[i], schema, columns))
			return data_fail(e, EGPR_DATA,
					 "%s: unknown column '%.60s' (schema version %d)", path,
					 cell[i], EGPR_SCHEMA_VERSION);
	}
	if (n != count_columns(columns))
		return data_fail(e, EGPR_DATA, "%s: %u columns instead of %u", path, n,
				 count_columns(columns));
	for (i = at = 0; i < schema->count; i++) {
		if (!has_column(columns, i))
			continue;
		if (!cell[at] || strcmp(cell[at], schema->columns[i].name))
			return data_fail(e, EGPR_DATA, "%s: column %u is '%s' instead of '%s'",
					 path, at + 1, cell[at] ? cell[at] : "",
					 schema->columns[i].name);
		at++;
	}
	return 0;
}

/* What stands in a column that the file is too old to have. */
static char *missing_cell(char *const *row, unsigned int column)
{
	static char empty[] = "";
	int layer;

	if (column != EGPR_COL_context)
		return empty;
	layer = axis_find(egpr_layers, EGPR_NR_LAYERS, row[EGPR_COL_layer]);
	return layer < 0 ? empty : (char *)context_default((enum egpr_layer)layer)->id;
}

static int take_row(struct csv_table *t, char *const *cell, unsigned int n, const char *path,
		    unsigned int line, struct data_error *e)
{
	char where[512], **row = t->cells + t->rows * t->schema->count;
	unsigned int i, at = 0;

	snprintf(where, sizeof(where), "%s line %u", path, line);
	if (n != count_columns(t->columns))
		return data_fail(e, EGPR_DATA, "%s: %u fields instead of %u", where, n,
				 count_columns(t->columns));
	for (i = 0; i < t->schema->count; i++)
		row[i] = has_column(t->columns, i) ? cell[at++] : missing_cell(row, i);
	t->line[t->rows++] = line;
	return csv_cells_check(t->schema, row, where, e);
}

static size_t count_lines(const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static int parse_rows(struct csv_table *t, struct cursor *c, unsigned int first, const char *path,
		      struct data_error *e)
{
	char *cell[CSV_MAX_COLUMNS] = { NULL };
	enum field_end how;
	unsigned int n, line;
	int ret;

	how = parse_row(c, cell, &n);
	if (how != FIELD_LINE)
		return row_broken(how, path, 1, e);
	ret = check_header(t->schema, t->columns, cell, n, path, e);
	c->line = first;
	while (!ret && c->at < c->end) {
		line = c->line;
		how = parse_row(c, cell, &n);
		ret = how == FIELD_LINE ? take_row(t, cell, n, path, line, e)
					: row_broken(how, path, line, e);
	}
	return ret;
}

int csv_parse_part(const struct csv_schema *schema, uint64_t columns, char *text, size_t len,
		   unsigned int first, const char *path, struct csv_table *table,
		   struct data_error *e)
{
	size_t lines = count_lines(text, len);
	struct cursor c = { text, text + len, 1 };
	int ret;

	memset(table, 0, sizeof(*table));
	table->schema = schema;
	table->columns = columns;
	table->text = text;
	table->cells = calloc(lines + 1, schema->count * sizeof(*table->cells));
	table->line = calloc(lines + 1, sizeof(*table->line));
	if (!table->cells || !table->line)
		ret = data_fail(e, EGPR_INTERNAL, "%s: out of memory for %zu lines", path, lines);
	else if (!len)
		ret = data_fail(e, EGPR_DATA, "%s is empty: not even a header", path);
	else if (memchr(text, '\0', len))
		ret = data_fail(e, EGPR_DATA, "%s: a NUL byte, so not a CSV file", path);
	else
		ret = parse_rows(table, &c, first, path, e);
	if (ret)
		csv_table_free(table);
	return ret;
}

int csv_parse(const struct csv_schema *schema, uint64_t columns, char *text, size_t len,
	      const char *path, struct csv_table *table, struct data_error *e)
{
	return csv_parse_part(schema, columns, text, len, 2, path, table, e);
}

size_t csv_whole_rows(const char *text, size_t len)
{
	bool quoted = false;
	size_t i, whole = 0;

	for (i = 0; i < len; i++) {
		quoted ^= text[i] == '"';
		if (text[i] == '\n' && !quoted)
			whole = i + 1;
	}
	return whole;
}

void csv_table_free(struct csv_table *table)
{
	free(table->cells);
	free(table->line);
	free(table->text);
	memset(table, 0, sizeof(*table));
}

const char *csv_text(const struct csv_table *t, size_t row, unsigned int column)
{
	return t->cells[row * t->schema->count + column];
}

double csv_real(const struct csv_table *t, size_t row, unsigned int column)
{
	const char *s = csv_text(t, row, column);

	return *s ? strtod(s, NULL) : NAN;
}

uint64_t csv_count(const struct csv_table *t, size_t row, unsigned int column)
{
	return strtoull(csv_text(t, row, column), NULL, 10);
}
