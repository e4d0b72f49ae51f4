// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the report asks of the tables: groups, values, block differences, numbers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "report.h"

#define NUMBER_BUFFERS 64
#define NUMBER_BYTES   64
#define MAX_MARGINS    16
#define PER_CENT       '%'	  /* in the text of a margin */
#define CELLS_MAX      (1u << 24) /* blocks of one comparison; more is damage */

static bool is(const struct csv_table *t, size_t row, unsigned int column, const char *want)
{
	return !want || !strcmp(csv_text(t, row, column), want);
}

bool report_row_is(const struct csv_table *t, size_t row, const struct report_filter *f)
{
	return is(t, row, EGPR_COL_strategy, f->strategy) &&
	       is(t, row, EGPR_COL_exit_kind, f->exit_kind) &&
	       is(t, row, EGPR_COL_layer, f->layer) && is(t, row, EGPR_COL_guest_state, f->state) &&
	       is(t, row, EGPR_COL_path, f->path) && is(t, row, EGPR_COL_context, f->context) &&
	       is(t, row, EGPR_COL_provenance, f->provenance) &&
	       (t->schema != &csv_schemas[EGPR_CSV_VERDICTS] ||
		is(t, row, EGPR_VERDICTS_margin_text, f->margin));
}

struct report_filter report_filter_of(const struct report_group *g)
{
	return (struct report_filter){
		.provenance = g->provenance,
		.layer = g->layer,
		.context = g->context,
		.margin = g->margin,
	};
}

size_t report_next(const struct csv_table *t, size_t row, const struct report_filter *f)
{
	while (row < t->rows && !report_row_is(t, row, f))
		row++;
	return row;
}

unsigned int report_values(const struct csv_table *t, unsigned int column,
			   const struct report_filter *f, const char **values, unsigned int max)
{
	unsigned int i, n = 0;
	size_t row;

	for (row = report_next(t, 0, f); row < t->rows; row = report_next(t, row + 1, f)) {
		const char *v = csv_text(t, row, column);

		for (i = 0; i < n && strcmp(values[i], v); i++)
			;
		if (i == n && n < max)
			values[n++] = v;
	}
	return n;
}

const char *report_main_state(const struct csv_table *t, const struct report_filter *f)
{
	const char *states[EGPR_NR_STATES], *best = NULL;
	unsigned int i, n = report_values(t, EGPR_COL_guest_state, f, states, EGPR_NR_STATES);

	for (i = 0; i < n; i++) {
		if (!best || !strcmp(states[i], egpr_guest_states[EGPR_STATE_DIRTY].id))
			best = states[i];
	}
	return best;
}

static bool run_is_representative(const struct rundir_data *run)
{
	const struct csv_table *t = &run->table[EGPR_CSV_SUMMARY];
	size_t i;

	for (i = 0; i < t->rows; i++) {
		if (!strcmp(csv_text(t, i, EGPR_COL_representative), "no"))
			return false;
	}
	return true;
}

void report_margins(struct rundir_data *run)
{
	static const char meant[] = " ticks", said[] = " cycles";
	struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	size_t row;

	for (row = 0; row < t->rows; row++) {
		char *text = t->cells[row * t->schema->count + EGPR_VERDICTS_margin_text];
		char *at = strstr(text, said);

		if (at && !at[strlen(said)])
			memcpy(at, meant, sizeof(meant));
	}
}

/*
 * The first margin of the plan answers. Where no guest runs a share of next to
 * nothing says nothing: there the first margin in ticks does.
 */
static const char *main_margin(const struct rundir_data *run, const struct report_group *g)
{
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	const char *margins[MAX_MARGINS], *kinds[1] = { "none" };
	unsigned int i, n = report_values(t, EGPR_VERDICTS_margin_text, &f, margins, MAX_MARGINS);

	if (!n)
		return NULL;
	report_values(t, EGPR_COL_exit_kind, &f, kinds, 1);
	for (i = 0; i < n && !strcmp(kinds[0], "none"); i++) {
		if (!strchr(margins[i], PER_CENT))
			return margins[i];
	}
	return margins[0];
}

static struct report_group make_group(unsigned int prov, enum egpr_layer layer,
				      const struct context *context)
{
	struct report_group g = { .provenance = egpr_provenances[prov].id,
				  .layer = egpr_layers[layer].id,
				  .context = context->id };
	bool named = context != context_default(layer);

	snprintf(g.place, sizeof(g.place), "%s%s%s", g.layer, named ? "-" : "",
		 named ? g.context : "");
	return g;
}

unsigned int report_groups(const struct rundir_data *run, struct report_group *groups)
{
	static const enum egpr_layer with_guest[] = { EGPR_LAYER_VMENTER, EGPR_LAYER_KVM,
						      EGPR_LAYER_BOUNDARY, EGPR_LAYER_RING0,
						      EGPR_LAYER_PRIM };
	static const enum egpr_layer alone[] = { EGPR_LAYER_PRIM, EGPR_LAYER_RING0,
						 EGPR_LAYER_VMENTER, EGPR_LAYER_KVM,
						 EGPR_LAYER_BOUNDARY };
	const enum egpr_layer *order = run_is_representative(run) ? with_guest : alone;
	const struct csv_table *t = &run->table[EGPR_CSV_SUMMARY];
	unsigned int layer, prov, context, n = 0;

	for (layer = 0; layer < sizeof(alone) / sizeof(*alone); layer++) {
		for (prov = 0; prov < EGPR_NR_PROVENANCES; prov++) {
			if (prov == EGPR_PROV_EMU || prov == EGPR_PROV_MODEL)
				continue;
			for (context = 0; context < EGPR_NR_CONTEXTS; context++) {
				struct report_group g =
					make_group(prov, order[layer], &egpr_contexts[context]);
				struct report_filter f = report_filter_of(&g);

				g.margin = main_margin(run, &g);
				if (report_next(t, 0, &f) < t->rows && n < REPORT_MAX_GROUPS)
					groups[n++] = g;
			}
		}
	}
	return n;
}

static enum egpr_family family_of(const char *strategy)
{
	const struct egpr_strategy *s = egpr_strategy_find(strategy, NULL);

	return s ? s->family : EGPR_NR_FAMILIES;
}

bool report_is_switch(const char *strategy)
{
	enum egpr_family f = family_of(strategy);

	/* Subjects of groups are no strategies at all. */
	return f != EGPR_FAMILY_BASE && f != EGPR_FAMILY_DELAY && f != EGPR_NR_FAMILIES;
}

int report_delay(const char *strategy)
{
	unsigned int n;

	return family_of(strategy) == EGPR_FAMILY_DELAY && egpr_strategy_find(strategy, &n) ? (int)n
											    : -1;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * struct block - sums of both arms' batches in one block, TSC ticks per exit
 */
struct block {
	double sum[2];
	unsigned int n[2];
	uint64_t offset;
};

static void add_samples(const struct csv_table *t, const struct arm_rows *rows, int arm,
			unsigned int column, struct block *blocks, size_t nblocks)
{
	size_t i;

	for (i = 0; i < rows->rows; i++) {
		size_t row = rows->row[i];
		uint64_t block = csv_count(t, row, EGPR_SAMPLES_block);
		double exits = csv_real(t, row, EGPR_SAMPLES_exits);
		double cycles = csv_real(t, row, EGPR_SAMPLES_cycles);

		if (block >= nblocks || !(exits > 0) || isnan(cycles) || !*csv_text(t, row, column))
			continue;
		blocks[block].sum[arm] += cycles / exits;
		blocks[block].n[arm]++;
		blocks[block].offset = csv_count(t, row, column);
	}
}

/* Rows of samples.csv of an arm in the cell of a verdict. @state: NULL for that of the verdict. */
static struct arm_rows arm_of(const struct rundir_data *run, size_t verdict, const char *strategy,
			      const char *state)
{
	const struct csv_table *v = &run->table[EGPR_CSV_VERDICTS];
	const char *const key[ARMS_NR_KEYS] = {
		[ARMS_PROVENANCE] = csv_text(v, verdict, EGPR_COL_provenance),
		[ARMS_LAYER] = csv_text(v, verdict, EGPR_COL_layer),
		[ARMS_EXIT_KIND] = csv_text(v, verdict, EGPR_COL_exit_kind),
		[ARMS_CONTEXT] = csv_text(v, verdict, EGPR_COL_context),
		[ARMS_STATE] = state ? state : csv_text(v, verdict, EGPR_COL_guest_state),
		[ARMS_STRATEGY] = strategy,
	};
	size_t i = arms_find(&run->arms, &run->table[EGPR_CSV_SAMPLES], key);

	return i < run->arms.n ? run->arms.arm[i] : (struct arm_rows){ NULL, 0 };
}

static size_t blocks_of(const struct csv_table *t, const struct arm_rows *arm)
{
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < arm->rows; i++) {
		uint64_t b = csv_count(t, arm->row[i], EGPR_SAMPLES_block) + 1;

		most = b > most && b <= CELLS_MAX ? b : most;
	}
	return most;
}

/* Blocks that carry both arms, in order; *pairs is to be freed. */
static size_t pair_blocks(const struct rundir_data *run, size_t verdict, unsigned int column,
			  struct block **pairs)
{
	const struct csv_table *v = &run->table[EGPR_CSV_VERDICTS];
	const struct csv_table *t = &run->table[EGPR_CSV_SAMPLES];
	const char *strategy = csv_text(v, verdict, EGPR_COL_strategy);
	/* KVM's own switch is compared with a guest whose APX is off. */
	const char *state = family_of(strategy) == EGPR_FAMILY_OWN
				    ? egpr_guest_states[EGPR_STATE_OFF].id
				    : NULL;
	struct arm_rows arm = arm_of(run, verdict, strategy, NULL);
	struct arm_rows base =
		arm_of(run, verdict, csv_text(v, verdict, EGPR_VERDICTS_baseline), state);
	size_t i, n = 0, nblocks = blocks_of(t, &arm);
	struct block *blocks = calloc(nblocks + 1, sizeof(*blocks));

	*pairs = blocks;
	if (!blocks)
		return 0;
	add_samples(t, &base, 1, column, blocks, nblocks);
	add_samples(t, &arm, 0, column, blocks, nblocks);
	for (i = 0; i < nblocks; i++) {
		if (blocks[i].n[0] && blocks[i].n[1])
			blocks[n++] = blocks[i];
	}
	return n;
}

static double difference(const struct block *b)
{
	return b->sum[0] / b->n[0] - b->sum[1] / b->n[1];
}

size_t report_block_differences(const struct rundir_data *run, size_t verdict, double **diff)
{
	struct block *pairs;
	size_t i, n = pair_blocks(run, verdict, EGPR_SAMPLES_offset, &pairs);

	*diff = calloc(n + 1, sizeof(**diff));
	if (!*diff)
		n = 0;
	for (i = 0; i < n; i++)
		(*diff)[i] = difference(&pairs[i]);
	free(pairs);
	if (n)
		qsort(*diff, n, sizeof(**diff), ascending);
	return n;
}

double report_quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t i = (size_t)at;

	if (!n)
		return NAN;
	return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

static int by_offset_then_difference(const void *a, const void *b)
{
	const struct block *x = a, *y = b;
	double dx = difference(x), dy = difference(y);

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return ascending(&dx, &dy);
}

unsigned int report_by_offset(const struct rundir_data *run, size_t verdict, unsigned int column,
			      uint64_t *offset, double *median, unsigned int max)
{
	struct block *pairs;
	size_t i, j, n = pair_blocks(run, verdict, column, &pairs);
	unsigned int found = 0;

	if (n)
		qsort(pairs, n, sizeof(*pairs), by_offset_then_difference);
	for (i = 0; i < n && found < max; i = j) {
		for (j = i; j < n && pairs[j].offset == pairs[i].offset; j++)
			;
		offset[found] = pairs[i].offset;
		median[found++] =
			(difference(&pairs[(i + j - 1) / 2]) + difference(&pairs[(i + j) / 2])) / 2;
	}
	free(pairs);
	return found;
}

static const char *axis_text(const struct axis_value *axis, int count, const char *id)
{
	int i = axis_find(axis, count, id);

	return i < 0 ? "" : axis[i].text;
}

const char *report_group_text(const struct rundir_data *run, const struct report_group *g,
			      char *text, size_t size)
{
	const struct csv_table *t = &run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = report_filter_of(g);
	size_t row = report_next(t, 0, &f);
	bool rep = row == t->rows || !strcmp(csv_text(t, row, EGPR_COL_representative), "yes");
	const char *context = g->context ? g->context : "in its column";

	if (!g->layer)
		snprintf(text, size, "%s: %s", g->provenance,
			 axis_text(egpr_provenances, EGPR_NR_PROVENANCES, g->provenance));
	else
		snprintf(text, size, "%s: %s; context %s; backend %s%s", g->provenance,
			 axis_text(egpr_provenances, EGPR_NR_PROVENANCES, g->provenance), context,
			 row < t->rows ? csv_text(t, row, EGPR_COL_backend) : "none",
			 rep ? "" : ", not representative of real exits");
	return text;
}

const char *report_caption(const struct rundir_data *run, const struct report_group *g, char *text,
			   size_t size)
{
	char group[256];

	snprintf(text, size, "%s%s%s; run %s", report_group_text(run, g, group, sizeof(group)),
		 g->layer ? "; layer " : "", g->layer ? g->layer : "",
		 rundir_meta_text(run, RUNDIR_RUN_ID));
	return text;
}

static char *number_buffer(void)
{
	static char ring[NUMBER_BUFFERS][NUMBER_BYTES];
	static unsigned int next;

	return ring[next++ % NUMBER_BUFFERS];
}

static const char *number(double v, const char *plus)
{
	char *b = number_buffer();
	int digits = fabs(v) < 10 ? 2 : fabs(v) < 1000 ? 1 : 0;

	if (isnan(v))
		*b = '\0';
	else
		snprintf(b, NUMBER_BYTES, "%s%.*f", v > 0 ? plus : "", digits, v);
	return b;
}

const char *report_number(double v)
{
	return number(v, "");
}

const char *report_signed(double v)
{
	return number(v, "+");
}

const char *report_interval(double low, double high)
{
	char *b = number_buffer();

	if (isnan(low) || isnan(high))
		*b = '\0';
	else
		snprintf(b, NUMBER_BYTES, "[%s, %s]", report_signed(low), report_signed(high));
	return b;
}

/* RFC 7111: a fragment that names a row of a CSV file; the header is row 1. */
const char *report_href(const struct csv_table *t, size_t row)
{
	char *b = number_buffer();

	snprintf(b, NUMBER_BYTES, "%s#row=%zu", t->schema->name, row + 2);
	return b;
}

int report_verdict_index(const char *verdict)
{
	static const char *const order[] = { "equivalent", "faster", "slower" };
	int i;

	for (i = 0; i < 3; i++) {
		if (!strcmp(order[i], verdict))
			return i + 1;
	}
	return 4;
}

enum doc_tone report_tone(const char *verdict)
{
	static const enum doc_tone tones[] = { DOC_GOOD, DOC_GOOD, DOC_BAD, DOC_OPEN };

	return tones[report_verdict_index(verdict) - 1];
}
