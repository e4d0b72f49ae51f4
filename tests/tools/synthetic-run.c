// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run directory full of made-up numbers, for tests of everything that reads one.
 *
 * No host measured these: run and host are called "synthetic-...", and the
 * program refuses to write below results/. Costs follow the instruction counts
 * of the sequences, so that strategies differ in a known order; noise comes from
 * a seeded generator, so that the same command line makes the same rows.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <egpr/code.h>
#include <egpr/exit_kind.h>
#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/rundir/launches.h>
#include <bench/plan/operation.h>
#include <bench/plan/context.h>
#include <bench/rundir/rundir.h>

#define EXITS_PER_BATCH	  1024
#define MAX_BLOCKS	  (1u << 20)
#define MAX_LAUNCHES	  64
#define LAUNCHES_PER_LOAD 2
#define OFFSETS		  10
#define OFFSET_STEP	  16
#define NOISE		  4.0  /* cycles per exit */
#define PRIM_BASE	  20.0 /* cycles */
#define TSC_HZ		  2.5e9
#define MARGIN		  10.0
#define SHARE		  0.01
#define OFFSET_SD	  0.5  /* cycles */
#define LAUNCH_SD	  0.25 /* cycles */
#define EXIT_SHARE	  0.75
#define LOAD_TICKS	  200
#define OWN_INIT	  30.0 /* cycles per exit that KVM's own switch takes */
#define OWN_DIRTY	  60.0
#define PLAN		  "[plan]\nmargins = 1 %, 10 ticks\n[prim]\nstates = dirty\n"
#define PATTERNS	  "registers survive"
#define FEW		  "gated-mov" /* the strategy where there are few */
/* A made-up fleet: hosts of some models with two kinds of core; now and then a run is unsound. */
#define FLEET_HOSTS   40
#define FLEET_MODELS  3
#define FLEET_UNSOUND 50
#define FLEET_SPREAD  0.1 /* between models, of the effect */

static const double path_cost[EGPR_NR_PATHS] = { [EGPR_PATH_NONE] = 900,
						 [EGPR_PATH_FAST] = 1200,
						 [EGPR_PATH_KERNEL] = 1700,
						 [EGPR_PATH_USER] = 5200 };
static const char *const delays[] = { "delay-0", "delay-5", "delay-10", "delay-20", "delay-40" };

/*
 * struct wish - what the command line asks for
 */
struct wish {
	struct rundir_options o;
	struct rundir_key key;
	bool sound;
	bool complete;
	bool module;
	bool own;	    /* rows of KVM's own switch */
	bool contexts;	    /* cells of layer prim in other contexts */
	bool few;	    /* one small cell only */
	unsigned int cells; /* that many, each with one strategy */
	unsigned int many;
	unsigned int blocks;
	unsigned int launches; /* two to a module load */
	double effect;	       /* factor on the cost of every strategy */
	char id[128];
	char host_id[80];
	char core[32];
	char cpu[80];
	char kernel[80];
	char lab[32];
	char start[32];
};

static double uniform(void)
{
	return ((double)random() + 0.5) / 2147483648.0;
}

/* Skewed like latencies are: a normal body, now and then a long tail. */
static double noise(void)
{
	double z = sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());

	return NOISE * z + (uniform() > 0.97 ? -NOISE * 12 * log(uniform()) : 0);
}

static double strategy_cost(const struct wish *w, const char *id)
{
	unsigned int delay;
	const struct egpr_strategy *s = egpr_strategy_find(id, &delay);
	const struct egpr_code *at_exit = egpr_code_find(s, EGPR_FORM_PROXY, 0);
	const struct egpr_code *at_entry = egpr_code_find(s, EGPR_FORM_PROXY, 1);

	if (s->family == EGPR_FAMILY_DELAY)
		return delay;
	if (s->family == EGPR_FAMILY_BASE || !at_exit || !at_entry)
		return 0;
	return w->effect * (0.4 * (at_exit->insns + at_entry->insns) +
			    (s->family == EGPR_FAMILY_XSAVE ? 90 : 0));
}

static double base_cost(const struct rundir_key *key, const struct egpr_exit_kind *k)
{
	return k ? path_cost[k->path] + 37.0 * (double)(k - egpr_exit_kinds)
		 : PRIM_BASE + (key->layer == EGPR_LAYER_RING0);
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Blocks of one arm beside its baseline; fills cycles[] per exit, sorted. */
static void samples(struct rundir *d, const struct wish *w, const struct rundir_key *key,
		    double level, double *cycles)
{
	struct data_error e;
	struct csv_row row;
	unsigned int i;

	for (i = 0; i < w->blocks; i++) {
		unsigned int offset = OFFSET_STEP * (i % OFFSETS);

		cycles[i] = level + noise() + (offset % 64 == 48 ? 1.5 : 0);
		rundir_row(d, EGPR_CSV_SAMPLES, key, &row);
		csv_set_count(&row, EGPR_SAMPLES_block, i);
		csv_set_count(&row, EGPR_SAMPLES_position, 0);
		csv_set_count(&row, EGPR_SAMPLES_offset, offset);
		csv_set_count(&row, EGPR_SAMPLES_exits, EXITS_PER_BATCH);
		csv_set_real(&row, EGPR_SAMPLES_cycles, round(cycles[i] * EXITS_PER_BATCH));
		csv_set_count(&row, EGPR_SAMPLES_ctx_switches, 0);
		csv_set_count(&row, EGPR_SAMPLES_launch, i * w->launches / w->blocks);
		if (rundir_append(d, &row, &e)) {
			fprintf(stderr, "synthetic-run: %s\n", e.text);
			exit(EGPR_INTERNAL);
		}
	}
	qsort(cycles, w->blocks, sizeof(*cycles), ascending);
}

static double at(const double *sorted, unsigned int n, double q)
{
	return sorted[(unsigned int)(q * (n - 1))];
}

static void code_bytes(struct csv_row *row, const char *id)
{
	const struct egpr_strategy *s = egpr_strategy_find(id, NULL);
	const struct egpr_code *at_exit = egpr_code_find(s, EGPR_FORM_PROXY, 0);
	const struct egpr_code *at_entry = egpr_code_find(s, EGPR_FORM_PROXY, 1);

	if (!at_exit || !at_entry)
		return;
	csv_set_count(row, EGPR_SUMMARY_code_bytes_exit, at_exit->bytes);
	csv_set_count(row, EGPR_SUMMARY_code_bytes_entry, at_entry->bytes);
	csv_set_count(row, EGPR_SUMMARY_insns_exit, at_exit->insns);
	csv_set_count(row, EGPR_SUMMARY_insns_entry, at_entry->insns);
}

static void summary(struct rundir *d, const struct wish *w, const struct rundir_key *key,
		    const double *c)
{
	unsigned int n = w->blocks;
	struct csv_row row;

	rundir_row(d, EGPR_CSV_SUMMARY, key, &row);
	csv_set_count(&row, EGPR_SUMMARY_blocks, n);
	csv_set_count(&row, EGPR_SUMMARY_exits, (uint64_t)n * EXITS_PER_BATCH);
	csv_set_real(&row, EGPR_SUMMARY_min, c[0]);
	csv_set_real(&row, EGPR_SUMMARY_p5, at(c, n, 0.05));
	csv_set_real(&row, EGPR_SUMMARY_p50, at(c, n, 0.5));
	csv_set_real(&row, EGPR_SUMMARY_p95, at(c, n, 0.95));
	csv_set_real(&row, EGPR_SUMMARY_p99, at(c, n, 0.99));
	csv_set_real(&row, EGPR_SUMMARY_p999, at(c, n, 0.999));
	csv_set_real(&row, EGPR_SUMMARY_mean, at(c, n, 0.5));
	csv_set_real(&row, EGPR_SUMMARY_mad, NOISE * 0.6745);
	code_bytes(&row, key->strategy);
	csv_set_count(&row, EGPR_SUMMARY_seed, w->o.seed);
	rundir_append(d, &row, NULL);
}

static void verdict(struct rundir *d, const struct wish *w, const struct rundir_key *key,
		    const char *baseline, const double *base, const double *arm, double margin,
		    const char *margin_text)
{
	double half = 1.96 * NOISE * 1.8 / sqrt(w->blocks);
	double p50 = at(base, w->blocks, 0.5), diff = at(arm, w->blocks, 0.5) - p50;
	double far = fabs(diff) + half, near = fabs(diff) - half;
	const char *text = "inconclusive";
	struct csv_row row;

	if (far < margin)
		text = "equivalent";
	else if (near > margin)
		text = diff > 0 ? "slower" : "faster";
	rundir_row(d, EGPR_CSV_VERDICTS, key, &row);
	csv_set_text(&row, EGPR_VERDICTS_baseline, baseline);
	csv_set_count(&row, EGPR_VERDICTS_blocks, w->blocks);
	csv_set_real(&row, EGPR_VERDICTS_base_p50, p50);
	csv_set_real(&row, EGPR_VERDICTS_diff, diff);
	csv_set_real(&row, EGPR_VERDICTS_diff_low, diff - half);
	csv_set_real(&row, EGPR_VERDICTS_diff_high, diff + half);
	csv_set_real(&row, EGPR_VERDICTS_diff_pct, 100 * diff / p50);
	csv_set_real(&row, EGPR_VERDICTS_boot_low, diff - 1.02 * half);
	csv_set_real(&row, EGPR_VERDICTS_boot_high, diff + 1.03 * half);
	csv_set_real(&row, EGPR_VERDICTS_margin, margin);
	csv_set_text(&row, EGPR_VERDICTS_margin_text, margin_text);
	csv_set_real(&row, EGPR_VERDICTS_p_value, far < margin ? 0.001 : 0.4);
	csv_set_text(&row, EGPR_VERDICTS_verdict, text);
	csv_set_real(&row, EGPR_VERDICTS_smallest_margin, far);
	csv_set_count(&row, EGPR_VERDICTS_blocks_needed, *text == 'i' ? w->blocks : 0);
	csv_set_real(&row, EGPR_VERDICTS_block_sd, NOISE * 1.8);
	csv_set_real(&row, EGPR_VERDICTS_offset_sd, OFFSET_SD);
	if (w->launches > 1)
		csv_set_real(&row, EGPR_VERDICTS_launch_sd, LAUNCH_SD);
	if (w->launches > LAUNCHES_PER_LOAD)
		csv_set_real(&row, EGPR_VERDICTS_module_sd, 0);
	csv_set_count(&row, EGPR_VERDICTS_launches, w->launches);
	if (key->context && context_find(key->context)->timed != EGPR_TIMED_BATCH) {
		csv_set_real(&row, EGPR_VERDICTS_exit_diff, EXIT_SHARE * diff);
		csv_set_real(&row, EGPR_VERDICTS_exit_low, EXIT_SHARE * diff - half);
		csv_set_real(&row, EGPR_VERDICTS_exit_high, EXIT_SHARE * diff + half);
		csv_set_real(&row, EGPR_VERDICTS_entry_diff, (1 - EXIT_SHARE) * diff);
		csv_set_real(&row, EGPR_VERDICTS_entry_low, (1 - EXIT_SHARE) * diff - half);
		csv_set_real(&row, EGPR_VERDICTS_entry_high, (1 - EXIT_SHARE) * diff + half);
	}
	rundir_append(d, &row, NULL);
}

static void arm(struct rundir *d, const struct wish *w, struct rundir_key key, const char *strategy,
		double level, const char *baseline, const double *base, double *cycles)
{
	key.strategy = strategy;
	samples(d, w, &key, level + strategy_cost(w, strategy), cycles);
	summary(d, w, &key, cycles);
	verdict(d, w, &key, baseline, base, cycles, SHARE * at(base, w->blocks, 0.5), "1 %");
	verdict(d, w, &key, baseline, base, cycles, MARGIN, "10 ticks");
}

static void cell(struct rundir *d, const struct wish *w, struct rundir_key key,
		 const struct egpr_exit_kind *k)
{
	const struct egpr_strategy *s;
	static double base[MAX_BLOCKS], delay[MAX_BLOCKS], cycles[MAX_BLOCKS];
	double level = base_cost(&key, k);
	unsigned int i;

	key.exit_kind = k ? k->id : NULL;
	key.path = k ? k->path : EGPR_PATH_NONE;
	key.strategy = "none";
	samples(d, w, &key, level, base);
	summary(d, w, &key, base);
	egpr_for_each_strategy(s) {
		if (s->family != EGPR_FAMILY_DELAY && s->family != EGPR_FAMILY_OWN &&
		    s != egpr_strategies && (!w->few || !strcmp(s->id, FEW)))
			arm(d, w, key, s->id, level, "none", base, cycles);
	}
	if (w->few)
		return;
	arm(d, w, key, delays[0], level, "none", base, delay);
	for (i = 1; i < sizeof(delays) / sizeof(*delays); i++)
		arm(d, w, key, delays[i], level, delays[0], delay, cycles);
}

static void proof(struct rundir *d, struct rundir_key key, const struct egpr_exit_kind *k,
		  const struct egpr_strategy *s)
{
	struct csv_row row;

	key.provenance = EGPR_PROV_EMU;
	key.layer = EGPR_LAYER_BOUNDARY;
	key.exit_kind = k->id;
	key.path = k->path;
	key.strategy = s->id;
	rundir_row(d, EGPR_CSV_PROOFS, &key, &row);
	csv_set_text(&row, EGPR_PROOFS_check, PATTERNS);
	csv_set_count(&row, EGPR_PROOFS_exits, 64);
	csv_set_text(&row, EGPR_PROOFS_result, "pass");
	rundir_append(d, &row, NULL);
}

static void skip(struct rundir *d, struct rundir_key key, const struct egpr_exit_kind *k,
		 const char *why)
{
	struct csv_row row;

	key.layer = EGPR_LAYER_BOUNDARY;
	key.exit_kind = k->id;
	key.path = k->path;
	rundir_row(d, EGPR_CSV_SKIPPED, &key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, why);
	rundir_append(d, &row, NULL);
}

/* A run as wide as a lab can make one: layers with a guest, every context, exit kind and state. */
static void many_cells(struct rundir *d, const struct wish *w)
{
	static const enum egpr_layer layers[] = { EGPR_LAYER_BOUNDARY, EGPR_LAYER_KVM,
						  EGPR_LAYER_VMENTER };
	struct rundir_key key = w->key;
	unsigned int n = 0, x, state;
	const struct egpr_exit_kind *k;
	size_t i;

	for (i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		for (x = 0; x < EGPR_NR_CONTEXTS; x++) {
			egpr_for_each_exit_kind(k) {
				for (state = 0; state < EGPR_NR_STATES; state++) {
					key.layer = layers[i];
					key.context = egpr_contexts[x].id;
					key.state = state;
					if ((egpr_contexts[x].layers & (1u << layers[i])) &&
					    n++ < w->cells)
						cell(d, w, key, k);
				}
			}
		}
	}
	if (n < w->cells) {
		fprintf(stderr, "synthetic-run: there are only %u such cells\n", n);
		exit(EGPR_USAGE);
	}
}

static void fill(struct rundir *d, const struct wish *w)
{
	static const enum egpr_exit_kind_index kinds[] = { EGPR_EXIT_pio_out, EGPR_EXIT_cpuid,
							   EGPR_EXIT_wrmsr_tsc_deadline };
	const struct egpr_strategy *s;
	struct rundir_key key = w->key;
	unsigned int state;
	size_t i;

	if (w->cells) {
		many_cells(d, w);
		return;
	}
	key.layer = EGPR_LAYER_PRIM;
	key.state = EGPR_STATE_DIRTY;
	key.backend = NULL;
	key.representative = true;
	cell(d, w, key, NULL);
	if (w->few)
		return;
	key.backend = w->key.backend;
	key.representative = w->key.representative;
	key.layer = EGPR_LAYER_BOUNDARY;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		for (state = 0; state < EGPR_NR_STATES; state++) {
			key.state = state;
			cell(d, w, key, &egpr_exit_kinds[kinds[i]]);
		}
		egpr_for_each_strategy(s) {
			if (s->family != EGPR_FAMILY_OWN)
				proof(d, key, &egpr_exit_kinds[kinds[i]], s);
		}
	}
	skip(d, key, &egpr_exit_kinds[EGPR_EXIT_rdmsr_imm],
	     "the CPU has no MSR_IMM, \"not even\" here");
}

/* Strategies cost so many times what they do packed; a load from memory takes LOAD_TICKS. */
static void contexts(struct rundir *d, const struct wish *w)
{
	static const struct {
		enum egpr_context context;
		double factor;
	} rows[] = { { EGPR_CONTEXT_APART, 0.5 },     { EGPR_CONTEXT_APART_WHOLE, 0.5 },
		     { EGPR_CONTEXT_USE_FREE, 0.6 },  { EGPR_CONTEXT_USE_LAST, 1.1 },
		     { EGPR_CONTEXT_L1, 0.5 },	      { EGPR_CONTEXT_DRAM, 40.5 },
		     { EGPR_CONTEXT_LEGACY_WARM, 30 } };
	struct rundir_key key = w->key;
	struct wish more = *w;
	cJSON *levels = cJSON_AddArrayToObject(rundir_meta(d), RUNDIR_LEVELS), *o;
	size_t i;

	key.layer = EGPR_LAYER_PRIM;
	key.state = EGPR_STATE_DIRTY;
	key.backend = NULL;
	key.representative = true;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		key.context = egpr_contexts[rows[i].context].id;
		more.effect = w->effect * rows[i].factor;
		cell(d, &more, key, NULL);
	}
	o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "context", egpr_contexts[EGPR_CONTEXT_DRAM].id);
	cJSON_AddNumberToObject(o, "ticks", LOAD_TICKS);
	cJSON_AddBoolToObject(o, "confirmed", true);
	cJSON_AddItemToArray(levels, o);
}

/* KVM's own switch: one cell of several guest states, against none in state off. */
static void own(struct rundir *d, const struct wish *w)
{
	static const enum egpr_exit_kind_index kinds[] = { EGPR_EXIT_pio_out, EGPR_EXIT_cpuid };
	static double base[MAX_BLOCKS], cycles[MAX_BLOCKS];
	struct rundir_key key = w->key;
	size_t i;

	key.layer = EGPR_LAYER_KVM;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct egpr_exit_kind *k = &egpr_exit_kinds[kinds[i]];
		double level = base_cost(&key, k);

		key.exit_kind = k->id;
		key.path = k->path;
		key.state = EGPR_STATE_OFF;
		key.strategy = "none";
		samples(d, w, &key, level, base);
		summary(d, w, &key, base);
		arm(d, w, key, "none-b", level, "none", base, cycles);
		key.state = EGPR_STATE_INIT;
		arm(d, w, key, "kvm-own", level + w->effect * OWN_INIT, "none", base, cycles);
		key.state = EGPR_STATE_DIRTY;
		arm(d, w, key, "kvm-own", level + w->effect * OWN_DIRTY, "none", base, cycles);
	}
}

/* The module's own operations, each a cycle dearer than the one before it. */
static void module(struct rundir *d, const struct wish *w)
{
	static const unsigned int columns[] = { EGPR_MODULE_min, EGPR_MODULE_p5,  EGPR_MODULE_p50,
						EGPR_MODULE_p95, EGPR_MODULE_p99, EGPR_MODULE_max };
	struct rundir_key key = w->key;
	unsigned int launch;
	enum egpr_bench_op op;
	struct csv_row row;
	size_t i;

	key.layer = EGPR_LAYER_RING0;
	for (launch = 0; launch < w->launches; launch++) {
		for (op = 0; op < EGPR_NR_BENCH_OPS; op++) {
			if (!module_op_id(op))
				continue;
			rundir_row(d, EGPR_CSV_MODULE, &key, &row);
			csv_set_text(&row, EGPR_MODULE_op, module_op_id(op));
			csv_set_count(&row, EGPR_MODULE_samples, w->blocks);
			csv_set_count(&row, EGPR_MODULE_rounds, 1);
			for (i = 0; i < sizeof(columns) / sizeof(*columns); i++)
				csv_set_real(&row, columns[i], PRIM_BASE + op + (double)i + launch);
			csv_set_count(&row, EGPR_MODULE_launch, launch);
			rundir_append(d, &row, NULL);
		}
	}
}

static void checks(struct rundir *d, const struct wish *w)
{
	cJSON *list = cJSON_CreateArray(), *c = cJSON_CreateObject();

	cJSON_AddStringToObject(c, "check", "A/A arm");
	cJSON_AddStringToObject(c, "result", w->sound ? "pass" : "fail");
	cJSON_AddStringToObject(c, "detail", "synthetic");
	cJSON_AddItemToArray(list, c);
	rundir_set_soundness(d, w->sound, list);
}

static void launches(struct rundir *d, const struct wish *w)
{
	cJSON *list = cJSON_AddArrayToObject(rundir_meta(d), LAUNCH_META), *o;
	char load[32];
	unsigned int i;

	for (i = 0; i < w->launches; i++) {
		o = cJSON_CreateObject();
		snprintf(load, sizeof(load), "synthetic:%u", i / LAUNCHES_PER_LOAD);
		cJSON_AddNumberToObject(o, "launch", i);
		cJSON_AddStringToObject(o, "boot_id", "synthetic");
		cJSON_AddStringToObject(o, "module_load", load);
		cJSON_AddItemToArray(list, o);
	}
}

static int usage(void)
{
	fputs("usage: synthetic-run DIR [sound=no] [complete=no] [representative=no] [module=yes]\n"
	      "       [own=yes] [contexts=yes] [backend=ID] [provenance=hw|proxy] [seed=N] [blocks=N] [launches=N] [effect=F]\n"
	      "       [host=NAME] [cpu=NAME] [kernel=NAME] [core=TYPE] [lab=COMMIT] [start=TIME] [few=yes]\n"
	      "       [cells=N]: N cells of all layers with a guest, one strategy in each\n"
	      "       [many=N]: N directories below DIR, of a fleet of hosts\n",
	      stderr);
	return EGPR_USAGE;
}

static int parse(struct wish *w, const char *word)
{
	const char *value = strchr(word, '=');
	size_t n = value ? (size_t)(value++ - word) : 0;

#define IS(name) (n == strlen(name) && !strncmp(word, name, n))
	if (!value)
		return -1;
	if (IS("sound"))
		w->sound = strcmp(value, "no") != 0;
	else if (IS("complete"))
		w->complete = strcmp(value, "no") != 0;
	else if (IS("module"))
		w->module = strcmp(value, "no") != 0;
	else if (IS("contexts"))
		w->contexts = strcmp(value, "no") != 0;
	else if (IS("own"))
		w->own = strcmp(value, "no") != 0;
	else if (IS("representative"))
		w->key.representative = strcmp(value, "no") != 0;
	else if (IS("backend"))
		w->key.backend = value;
	else if (IS("provenance"))
		w->key.provenance = (enum egpr_provenance)axis_find(egpr_provenances,
								    EGPR_NR_PROVENANCES, value);
	else if (IS("seed"))
		w->o.seed = strtoull(value, NULL, 10);
	else if (IS("blocks"))
		w->blocks = (unsigned int)strtoul(value, NULL, 10);
	else if (IS("launches"))
		w->launches = (unsigned int)strtoul(value, NULL, 10);
	else if (IS("effect"))
		w->effect = strtod(value, NULL);
	else if (IS("host"))
		snprintf(w->host_id, sizeof(w->host_id), "synthetic-%s", value);
	else if (IS("cpu"))
		snprintf(w->cpu, sizeof(w->cpu), "%s", value);
	else if (IS("kernel"))
		snprintf(w->kernel, sizeof(w->kernel), "%s", value);
	else if (IS("lab"))
		snprintf(w->lab, sizeof(w->lab), "%s", value);
	else if (IS("start"))
		snprintf(w->start, sizeof(w->start), "%s", value);
	else if (IS("few"))
		w->few = strcmp(value, "no") != 0;
	else if (IS("cells"))
		w->cells = (unsigned int)strtoul(value, NULL, 10);
	else if (IS("many"))
		w->many = (unsigned int)strtoul(value, NULL, 10);
	else if (IS("core"))
		snprintf(w->core, sizeof(w->core), "%s", value);
	else
		return -1;
#undef IS
	return w->blocks >= 4 && w->blocks <= MAX_BLOCKS && w->launches >= 1 &&
			       w->launches <= MAX_LAUNCHES && (int)w->key.provenance >= 0
		       ? 0
		       : -1;
}

static int make(struct wish *w, const char *dir)
{
	cJSON *host = cJSON_CreateObject(), *plan = cJSON_CreateObject(),
	      *versions = cJSON_CreateObject();
	struct data_error e;
	struct rundir *d;
	int status, ret;

	cJSON_AddStringToObject(host, "cpu_name", w->cpu);
	cJSON_AddStringToObject(host, "kernel_release", w->kernel);
	cJSON_AddStringToObject(host, "machine", w->host_id);
	if (*w->core)
		cJSON_AddStringToObject(host, RUNDIR_CORE_TYPE, w->core);
	cJSON_AddStringToObject(plan, "profile", "synthetic");
	cJSON_AddStringToObject(plan, "name", "synthetic");
	cJSON_AddStringToObject(plan, "ini", PLAN);
	cJSON_AddStringToObject(versions, RUNDIR_LAB, *w->lab ? w->lab : "synthetic");
	srandom((unsigned int)w->o.seed);
	snprintf(w->id, sizeof(w->id), "%s-seed-%llu", w->host_id, (unsigned long long)w->o.seed);
	w->o.dir = dir;
	w->o.id = w->id;
	w->o.host_id = w->host_id;
	w->o.host = host;
	w->o.plan = plan;
	w->o.versions = versions;
	d = rundir_create(&w->o, &e, &status);
	cJSON_Delete(host);
	cJSON_Delete(plan);
	cJSON_Delete(versions);
	if (!d) {
		fprintf(stderr, "synthetic-run: %s\n", e.text);
		return status;
	}
	if (*w->start)
		cJSON_SetValuestring(cJSON_GetObjectItem(rundir_meta(d), RUNDIR_START), w->start);
	cJSON_AddNumberToObject(rundir_meta(d), RUNDIR_TSC_HZ, TSC_HZ);
	launches(d, w);
	fill(d, w);
	if (w->module)
		module(d, w);
	if (w->contexts)
		contexts(d, w);
	if (w->own)
		own(d, w);
	checks(d, w);
	rundir_set_backend(d, w->key.backend, w->key.representative, "so the command line says");
	ret = rundir_close(d, w->complete, &e);
	if (ret)
		fprintf(stderr, "synthetic-run: %s\n", e.text);
	return ret;
}

static int make_fleet(struct wish *w, const char *root)
{
	char dir[4096];
	unsigned int i;
	int ret = mkdir(root, 0777);

	if (ret) {
		perror("synthetic-run: mkdir");
		return EGPR_UNAVAILABLE;
	}
	for (i = 0; i < w->many && !ret; i++) {
		unsigned int host = i % FLEET_HOSTS, model = host % FLEET_MODELS;

		snprintf(dir, sizeof(dir), "%s/%05u", root, i);
		snprintf(w->host_id, sizeof(w->host_id), "synthetic-%u", host);
		snprintf(w->cpu, sizeof(w->cpu), "Model %u", model);
		snprintf(w->core, sizeof(w->core), "%s", host & 1 ? "performance" : "efficiency");
		w->o.seed = i;
		w->effect = 1 + FLEET_SPREAD * model;
		w->sound = i % FLEET_UNSOUND != FLEET_UNSOUND - 1;
		ret = make(w, dir);
	}
	return ret;
}

int main(int argc, char **argv)
{
	struct wish w = {
		.sound = true,
		.complete = true,
		.blocks = 40,
		.launches = 1,
		.effect = 1,
		.host_id = "synthetic-host",
		.cpu = "Synthetic CPU",
		.kernel = "0.0-synthetic",
		.key = { .backend = "vmx", .representative = true, .provenance = EGPR_PROV_PROXY }
	};
	int i;

	if (argc < 2 || strstr(argv[1], RUNDIR_ROOT "/"))
		return usage();
	for (i = 2; i < argc; i++) {
		if (parse(&w, argv[i]))
			return usage();
	}
	return w.many ? make_fleet(&w, argv[1]) : make(&w, argv[1]);
}
