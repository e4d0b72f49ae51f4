// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run directories: what was written is read back, and nothing damaged is.
 *
 * Each kind of damage is done to a good run and must be refused with a message
 * that names the file and the cause. Random damage must never be accepted
 * silently: after any changed byte of a data file the reader refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../scratch.h"
#include <bench/rundir/rundir.h>
#include <bench/rundir/file.h>

#define SAMPLE_ROWS 6
#define AWKWARD	    "comma, \"quote\"\nand a new line"

struct place {
	char root[64];
	char dir[96];
	cJSON *object;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	scratch_make(p->root, sizeof(p->root));
	snprintf(p->dir, sizeof(p->dir), "%s/run", p->root);
	p->object = cJSON_CreateObject();
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	scratch_remove(p->root);
	cJSON_Delete(p->object);
	free(p);
	return 0;
}

static struct rundir *create(struct place *p)
{
	struct rundir_options o = { .dir = p->dir,
				    .id = "synthetic-unit-test",
				    .host_id = "synthetic",
				    .host = p->object,
				    .plan = p->object,
				    .versions = p->object,
				    .seed = UINT64_MAX };
	struct data_error e = { "" };
	struct rundir *d = rundir_create(&o, &e, NULL);

	if (!d)
		fail_msg("%s", e.text);
	return d;
}

static const struct rundir_key proxy_key = {
	.backend = "pvm",
	.provenance = EGPR_PROV_PROXY,
	.layer = EGPR_LAYER_BOUNDARY,
	.exit_kind = "pio-out",
	.path = EGPR_PATH_USER,
	.strategy = "gated-mov",
	.state = EGPR_STATE_DIRTY,
};

static void add_samples(struct rundir *d, unsigned int from, unsigned int to)
{
	struct data_error e;
	struct csv_row row;
	unsigned int i;

	for (i = from; i < to; i++) {
		rundir_row(d, EGPR_CSV_SAMPLES, &proxy_key, &row);
		csv_set_count(&row, EGPR_SAMPLES_block, i);
		csv_set_real(&row, EGPR_SAMPLES_cycles, 26000.5 * (i + 1));
		csv_set_real(&row, EGPR_SAMPLES_core_cycles, NAN);
		assert_int_equal(rundir_append(d, &row, &e), 0);
	}
}

static void add_skip(struct rundir *d, const char *reason)
{
	struct csv_row row;

	rundir_row(d, EGPR_CSV_SKIPPED, &proxy_key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, reason);
	assert_int_equal(rundir_append(d, &row, NULL), 0);
}

static void write_good(struct place *p)
{
	struct rundir *d = create(p);

	add_samples(d, 0, SAMPLE_ROWS);
	add_skip(d, AWKWARD);
	rundir_set_soundness(d, true, NULL);
	assert_int_equal(rundir_close(d, true, NULL), 0);
}

static char *file_of(const struct place *p, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", p->dir, name);
	return path;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Makes meta.json vouch for whatever a data file holds now. */
static void vouch_for(const struct place *p, const char *name)
{
	char path[128], hex[RUNDIR_SHA256_HEX + 1], *text, *json;
	size_t len;
	cJSON *meta, *f;

	assert_int_equal(rundir_file_slurp(file_of(p, name, path, sizeof(path)), &text, &len), 0);
	assert_int_equal(rundir_sha256(text, len, hex), 0);
	free(text);
	file_of(p, RUNDIR_META, path, sizeof(path));
	assert_int_equal(rundir_file_slurp(path, &json, &len), 0);
	meta = cJSON_Parse(json);
	free(json);
	f = cJSON_GetObjectItem(cJSON_GetObjectItem(meta, RUNDIR_FILES), name);
	cJSON_SetValuestring(cJSON_GetObjectItem(f, "sha256"), hex);
	{
		struct stat st;
		char data[128];

		assert_int_equal(stat(file_of(p, name, data, sizeof(data)), &st), 0);
		cJSON_SetNumberValue(cJSON_GetObjectItem(f, "bytes"), (double)st.st_size);
	}
	json = cJSON_Print(meta);
	write_file(path, json, strlen(json));
	free(json);
	cJSON_Delete(meta);
}

/* Replaces the first @from in a file by @to. */
static void edit(const struct place *p, const char *name, const char *from, const char *to)
{
	char path[128], *text, *at, *out;
	size_t len, size;

	assert_int_equal(rundir_file_slurp(file_of(p, name, path, sizeof(path)), &text, &len), 0);
	at = strstr(text, from);
	assert_non_null(at);
	size = len + strlen(to) + 1;
	out = malloc(size);
	snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	write_file(path, out, strlen(out));
	free(out);
	free(text);
}

static void refused(const struct place *p, const char *file, const char *why)
{
	struct rundir_data data;
	struct data_error e = { "" };

	assert_int_equal(rundir_load(p->dir, &data, &e), EGPR_DATA);
	if (!strstr(e.text, file) || !strstr(e.text, why))
		fail_msg("'%s' names neither '%s' nor '%s'", e.text, file, why);
}

static void test_round_trip(void **state)
{
	struct place *p = *state;
	struct rundir_data data;
	struct data_error e;
	const struct csv_table *t;

	write_good(p);
	assert_int_equal(rundir_load(p->dir, &data, &e), 0);
	assert_string_equal(rundir_meta_text(&data, RUNDIR_SEED), "18446744073709551615");
	assert_string_equal(rundir_meta_text(&data, RUNDIR_STATE), RUNDIR_COMPLETE);
	t = &data.table[EGPR_CSV_SAMPLES];
	assert_int_equal(t->rows, SAMPLE_ROWS);
	assert_true(csv_real(t, 2, EGPR_SAMPLES_cycles) == 78001.5);
	assert_true(isnan(csv_real(t, 2, EGPR_SAMPLES_core_cycles)));
	assert_int_equal(csv_count(t, 5, EGPR_SAMPLES_block), 5);
	assert_string_equal(csv_text(t, 0, EGPR_COL_representative), "no");
	t = &data.table[EGPR_CSV_SKIPPED];
	assert_int_equal(t->rows, 1);
	assert_string_equal(csv_text(t, 0, EGPR_SKIPPED_reason), AWKWARD);
	rundir_free(&data);
}

static void test_existing_dir_refused(void **state)
{
	struct place *p = *state;
	struct rundir_options o = { .dir = p->dir, .host_id = "x" };
	struct data_error e;
	int status = 0;

	write_good(p);
	assert_null(rundir_create(&o, &e, &status));
	assert_int_equal(status, EGPR_USAGE);
	assert_non_null(strstr(e.text, "not empty"));
}

static void test_nothing_left_behind(void **state)
{
	struct place *p = *state;
	struct rundir_options o = { .dir = "/proc/no/such", .host_id = "x" };
	struct data_error e;
	int status = 0;

	(void)p;
	assert_null(rundir_create(&o, &e, &status));
	assert_int_equal(status, EGPR_UNAVAILABLE);
	assert_non_null(strstr(e.text, "/proc/no/such"));
}

static void test_latest(void **state)
{
	struct place *p = *state;
	struct rundir_options o = {
		.root = p->root, .host_id = "x", .host = p->object, .plan = p->object
	};
	char link[128], target[128] = "", *dir;
	struct rundir *d;
	int i;

	snprintf(link, sizeof(link), "%s/" RUNDIR_LATEST, p->root);
	for (i = 0; i < 2; i++) {
		d = rundir_create(&o, NULL, NULL);
		assert_non_null(d);
		dir = strdup(strrchr(rundir_path(d), '/') + 1);
		assert_int_equal(rundir_close(d, true, NULL), 0);
		memset(target, 0, sizeof(target));
		assert_true(readlink(link, target, sizeof(target) - 1) > 0);
		assert_string_equal(target, dir);
		free(dir);
	}
}

static void test_crash_and_resume(void **state)
{
	struct place *p = *state;
	struct rundir *d = create(p);
	struct rundir_data data;
	struct data_error e;

	add_samples(d, 0, 3);
	assert_int_equal(rundir_sync(d, &e), 0);
	add_samples(d, 3, 5); /* flushed, not vouched for: lost */
	assert_int_equal(rundir_flush(d, &e), 0);
	{
		int status = 0;

		assert_null(rundir_resume(p->dir, &e, &status)); /* still open: locked */
		assert_int_equal(status, EGPR_UNAVAILABLE);
	}
	/* What a crash leaves: no close. The copy is what another process would see. */
	{
		char command[256];

		snprintf(command, sizeof(command), "cp -r '%s' '%s/crashed'", p->dir, p->root);
		assert_int_equal(system(command), 0);
	}
	assert_int_equal(rundir_close(d, false, &e), 0);
	snprintf(p->dir, sizeof(p->dir), "%s/crashed", p->root);
	assert_int_equal(rundir_load(p->dir, &data, &e), 0);
	assert_int_equal(data.table[EGPR_CSV_SAMPLES].rows, 3);
	assert_string_equal(rundir_meta_text(&data, RUNDIR_STATE), RUNDIR_INCOMPLETE);
	rundir_free(&data);

	d = rundir_resume(p->dir, &e, NULL);
	assert_non_null(d);
	add_samples(d, 3, 4);
	add_skip(d, "first");
	assert_int_equal(rundir_clear(d, EGPR_CSV_SKIPPED, &e), 0);
	add_skip(d, "second");
	assert_int_equal(rundir_close(d, true, &e), 0);
	assert_int_equal(rundir_load(p->dir, &data, &e), 0);
	assert_int_equal(data.table[EGPR_CSV_SAMPLES].rows, 4);
	assert_int_equal(data.table[EGPR_CSV_SKIPPED].rows, 1);
	assert_string_equal(csv_text(&data.table[EGPR_CSV_SKIPPED], 0, EGPR_SKIPPED_reason),
			    "second");
	rundir_free(&data);
	{
		int status = 0;

		assert_null(rundir_resume(p->dir, &e, &status));
		assert_int_equal(status, EGPR_USAGE);
	}
}

static void test_emu_has_no_time(void **state)
{
	struct place *p = *state;
	struct rundir_key key = proxy_key;
	struct rundir *d = create(p);
	struct data_error e;
	struct csv_row row;

	key.provenance = EGPR_PROV_EMU;
	rundir_row(d, EGPR_CSV_SAMPLES, &key, &row);
	csv_set_real(&row, EGPR_SAMPLES_cycles, 1);
	assert_int_equal(rundir_append(d, &row, &e), EGPR_INTERNAL);
	assert_non_null(strstr(e.text, "never has one"));
	assert_int_equal(rundir_close(d, true, &e), 0);

	snprintf(p->dir, sizeof(p->dir), "%s/second", p->root);
	write_good(p);
	edit(p, "samples.csv", ",proxy,", ",emu,");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv line 2", "cycles");
}

static void test_future_schema(void **state)
{
	struct place *p = *state;

	write_good(p);
	edit(p, RUNDIR_META, "\"schema_version\":\t4", "\"schema_version\":\t99");
	refused(p, RUNDIR_META, "99 is newer than 4");
}

/* Files as they were before contexts had a name: no such column in any header. */
static void drop_context(struct place *p)
{
	unsigned int i;

	for (i = 0; i < EGPR_NR_CSV; i++) {
		edit(p, csv_schemas[i].name, ",context", "");
		if (i == EGPR_CSV_SAMPLES)
			edit(p, csv_schemas[i].name, ",exit_cycles,data_offset", "");
		if (i == EGPR_CSV_VERDICTS)
			edit(p, csv_schemas[i].name,
			     ",exit_diff,exit_low,exit_high,entry_diff,entry_low,entry_high", "");
		vouch_for(p, csv_schemas[i].name);
	}
}

/* The one row of summary.csv, whose context is what layer prim measured before. */
static void read_summary(struct place *p, unsigned int version)
{
	struct rundir_data data;
	struct data_error e = { "" };
	const struct csv_table *t = &data.table[EGPR_CSV_SUMMARY];

	if (rundir_load(p->dir, &data, &e))
		fail_msg("%s", e.text);
	assert_int_equal(rundir_version(&data), version);
	assert_int_equal(csv_count(t, 0, EGPR_SUMMARY_blocks), 7);
	assert_string_equal(csv_text(t, 0, EGPR_SUMMARY_insns_round), "");
	assert_string_equal(csv_text(t, 0, EGPR_COL_context), "packed");
	rundir_free(&data);
}

/* What an egprlab before contexts and insns_round wrote can be read, but not gone on with. */
static void test_older_schema(void **state)
{
	struct place *p = *state;
	struct rundir *d = create(p);
	struct data_error e = { "" };
	struct rundir_key key = { .provenance = EGPR_PROV_PROXY, .representative = true };
	struct csv_row row;
	int status = 0;

	rundir_row(d, EGPR_CSV_SUMMARY, &key, &row);
	csv_set_count(&row, EGPR_SUMMARY_blocks, 7);
	csv_set_real(&row, EGPR_SUMMARY_elapsed_s, 1.5);
	assert_int_equal(rundir_append(d, &row, &e), 0);
	assert_int_equal(rundir_close(d, false, NULL), 0);
	edit(p, RUNDIR_META, "\"schema_version\":\t4", "\"schema_version\":\t3");
	drop_context(p);
	refused(p, "summary.csv", "line 2: 29 fields instead of 28");
	edit(p, "summary.csv", ",off,packed,", ",off,");
	vouch_for(p, "summary.csv");
	read_summary(p, 3);
	edit(p, RUNDIR_META, "\"schema_version\":\t3", "\"schema_version\":\t2");
	refused(p, "summary.csv", "unknown column 'insns_round'");
	edit(p, "summary.csv", ",insns_round", "");
	edit(p, "summary.csv", "1.5,", "1.5");
	vouch_for(p, "summary.csv");
	read_summary(p, 2);
	assert_null(rundir_resume(p->dir, &e, &status));
	assert_int_equal(status, EGPR_USAGE);
	assert_non_null(strstr(e.text, "has schema version 2"));
	edit(p, RUNDIR_META, "\"schema_version\":\t2", "\"schema_version\":\t1");
	refused(p, RUNDIR_META, "unknown schema version 1, this egprlab reads 2 to 4");
}

static void test_meta_damaged(void **state)
{
	struct place *p = *state;
	char path[128];

	refused(p, RUNDIR_META, "not a run directory");
	write_good(p);
	edit(p, RUNDIR_META, "\"state\"", "\"stale\"");
	refused(p, RUNDIR_META, "no text \"state\"");
	write_file(file_of(p, RUNDIR_META, path, sizeof(path)), "{\"schema", 8);
	refused(p, RUNDIR_META, "not a JSON object");
}

static void test_flipped_byte(void **state)
{
	struct place *p = *state;

	write_good(p);
	edit(p, "samples.csv", "pio-out", "pio-ouT");
	refused(p, "samples.csv", "checksum");
}

static void test_truncated(void **state)
{
	struct place *p = *state;
	char path[128], *text;
	size_t len;

	write_good(p);
	file_of(p, "samples.csv", path, sizeof(path));
	assert_int_equal(truncate(path, 400), 0);
	refused(p, "samples.csv", "cut short");
	assert_int_equal(rundir_file_slurp(path, &text, &len), 0);
	write_file(path, text, len - 5);
	free(text);
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv line", "cut short");
	assert_int_equal(unlink(path), 0);
	refused(p, "samples.csv", "No such file");
}

static void test_columns(void **state)
{
	struct place *p = *state;

	write_good(p);
	edit(p, "samples.csv", ",irqs,", ",");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv", "column 'irqs' is missing");
	edit(p, "samples.csv", "core_cycles,", "core_cycles,irqs,colour,");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv", "unknown column 'colour'");
}

static void test_fields(void **state)
{
	struct place *p = *state;

	write_good(p);
	edit(p, "samples.csv", ",26000.5,", ",26000.5,,");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv line 2", "fields instead of");
	edit(p, "samples.csv", ",26000.5,,", ",nan,");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv line 2", "not a number");
	edit(p, "samples.csv", ",nan,", ",2\"6,");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv line 2", "quote");
	edit(p, "samples.csv", ",2\"6,", ",26,");
	edit(p, "samples.csv", ",boundary,", ",somewhere,");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv line 2", "unknown layer 'somewhere'");
	edit(p, "samples.csv", ",somewhere,", ",boundary,");
	edit(p, "samples.csv", "\nsynthetic-unit-test", "\nanother-run");
	vouch_for(p, "samples.csv");
	refused(p, "samples.csv line 2", "another-run");
}

/* A changed byte anywhere in a data file is refused; in meta.json it must at least not crash. */
static void test_random_damage(void **state)
{
	struct place *p = *state;
	struct rundir_data data;
	struct data_error e;
	char path[128], *text;
	size_t len;
	unsigned int i;

	write_good(p);
	srandom(1);
	for (i = 0; i < 300; i++) {
		const char *name = i % 2 ? "samples.csv" : RUNDIR_META;
		size_t at;
		char old;

		file_of(p, name, path, sizeof(path));
		assert_int_equal(rundir_file_slurp(path, &text, &len), 0);
		at = (size_t)random() % len;
		old = text[at];
		text[at] = (char)(old ^ (1 << random() % 8));
		write_file(path, text, len);
		if (!rundir_load(p->dir, &data, &e)) {
			assert_string_equal(name, RUNDIR_META);
			rundir_free(&data);
		}
		text[at] = old;
		write_file(path, text, len);
		free(text);
	}
	assert_int_equal(rundir_load(p->dir, &data, &e), 0);
	rundir_free(&data);
}

/* The parser alone, without a checksum in front of it: any bytes, no crash, no leak. */
static void test_random_csv(void **state)
{
	const struct csv_schema *schema = &csv_schemas[EGPR_CSV_SKIPPED];
	static const char alphabet[] = "\",\n\r;ax0\0\xff";
	struct csv_table t;
	struct data_error e;
	unsigned int i, j;

	(void)state;
	srandom(2);
	for (i = 0; i < 20000; i++) {
		size_t head = 0, len = (size_t)random() % 200;
		char *text, *header;

		assert_int_equal(csv_format_header(schema, &header, &head), 0);
		if (i % 2)
			head = 0;
		text = malloc(head + len + 1);
		memcpy(text, header, head);
		for (j = 0; j < len; j++)
			text[head + j] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		text[head + len] = '\0';
		free(header);
		if (!csv_parse(schema, CSV_ALL_COLUMNS(schema), text, head + len, "random", &t, &e))
			csv_table_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_existing_dir_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_left_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_latest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash_and_resume, setup, teardown),
		cmocka_unit_test_setup_teardown(test_emu_has_no_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_future_schema, setup, teardown),
		cmocka_unit_test_setup_teardown(test_older_schema, setup, teardown),
		cmocka_unit_test_setup_teardown(test_meta_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flipped_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_damage, setup, teardown),
		cmocka_unit_test(test_random_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
