// SPDX-License-Identifier: GPL-2.0-only
/*
 * KTAP version 1: a test point per arm, comparison, proof and skip, its value in the diagnostic
 * line before it.
 *
 * A number is neither right nor wrong here: what was measured is "ok", and who reads it brings
 * the criteria. Only a state proof can be "not ok".
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

struct points {
	FILE *f;
	size_t n;
};

/* KTAP ends a name at '#': ids have none, a reason may. */
static void plain(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(*text == '#' || *text == '\n' ? ' ' : *text, f);
}

static void name(FILE *f, const struct csv_table *t, size_t row, const char *what)
{
	fprintf(f, "%s/%s/%s/%s/%s/%s ", csv_text(t, row, EGPR_COL_layer),
		csv_text(t, row, EGPR_COL_exit_kind), csv_text(t, row, EGPR_COL_guest_state),
		csv_text(t, row, EGPR_COL_context), csv_text(t, row, EGPR_COL_strategy),
		csv_text(t, row, EGPR_COL_provenance));
	plain(f, what);
}

static void point(struct points *p, const struct csv_table *t, size_t row, const char *what,
		  bool ok)
{
	fprintf(p->f, "%sok %zu ", ok ? "" : "not ", ++p->n);
	name(p->f, t, row, what);
}

static void arms(struct points *p, const struct csv_table *t)
{
	size_t row;

	for (row = 0; row < t->rows; row++) {
		double p50 = csv_real(t, row, EGPR_SUMMARY_p50);

		if (isnan(p50))
			continue;
		fprintf(p->f,
			"# means of batches: p50 = %.6g ticks, p5 = %.6g ticks; single exits, where stamped: p99 = %.6g ticks\n",
			p50, csv_real(t, row, EGPR_SUMMARY_p5), csv_real(t, row, EGPR_SUMMARY_p99));
		point(p, t, row, "arm", true);
		fputc('\n', p->f);
	}
}

static void comparisons(struct points *p, const struct csv_table *t)
{
	size_t row;

	for (row = 0; row < t->rows; row++) {
		double diff = csv_real(t, row, EGPR_VERDICTS_diff);

		if (isnan(diff))
			continue;
		fprintf(p->f, "# difference = %.6g ticks, low = %.6g ticks, high = %.6g ticks\n",
			diff, csv_real(t, row, EGPR_VERDICTS_diff_low),
			csv_real(t, row, EGPR_VERDICTS_diff_high));
		fprintf(p->f, "# verdict = %s, margin = %s, baseline = %s\n",
			csv_text(t, row, EGPR_VERDICTS_verdict),
			csv_text(t, row, EGPR_VERDICTS_margin_text),
			csv_text(t, row, EGPR_VERDICTS_baseline));
		point(p, t, row, "difference, margin ", true);
		fprintf(p->f, "%s\n", csv_text(t, row, EGPR_VERDICTS_margin_text));
	}
}

static void proofs_and_skips(struct points *p, const struct rundir_data *run)
{
	const struct csv_table *t = &run->table[EGPR_CSV_PROOFS];
	size_t row;

	for (row = 0; row < t->rows; row++) {
		point(p, t, row, csv_text(t, row, EGPR_PROOFS_check),
		      !strcmp(csv_text(t, row, EGPR_PROOFS_result), "pass"));
		fputc('\n', p->f);
	}
	t = &run->table[EGPR_CSV_SKIPPED];
	for (row = 0; row < t->rows; row++) {
		point(p, t, row, "was left out", true);
		fputs(" # SKIP ", p->f);
		plain(p->f, csv_text(t, row, EGPR_SKIPPED_reason));
		fputc('\n', p->f);
	}
}

int export_ktap(const struct rundir_data *run, FILE *f)
{
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_SOUNDNESS);
	bool sound = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s, "sound"));
	struct points p = { .n = 0 };
	size_t len = 0;
	char *text = NULL;

	/* The plan comes first, and points are only counted when they are written. */
	p.f = open_memstream(&text, &len);
	if (!p.f)
		return EGPR_INTERNAL;
	arms(&p, &run->table[EGPR_CSV_SUMMARY]);
	comparisons(&p, &run->table[EGPR_CSV_VERDICTS]);
	proofs_and_skips(&p, run);
	if (fclose(p.f)) {
		free(text);
		return EGPR_INTERNAL;
	}
	fprintf(f, "KTAP version 1\n1..%zu\n", p.n);
	fprintf(f, "# run %s on host %s, started %s\n", rundir_meta_text(run, RUNDIR_RUN_ID),
		rundir_meta_text(run, RUNDIR_HOST_ID), rundir_meta_text(run, RUNDIR_START));
	fprintf(f, "# ticks are of the TSC, per exit and entry; self-checks of the run %s\n",
		sound ? "held" : "did NOT hold");
	fwrite(text, 1, len, f);
	free(text);
	return 0;
}
