// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measuring an expanded plan: set up, cell after cell, wind up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>

#include <egpr/version.h>
#include <vmm-mini/vmm.h>

#include <bench/group/group.h>
#include <bench/plan/axis.h>
#include <bench/plan/stand_in.h>
#include <bench/host/clock.h>
#include <bench/measure/guard.h>
#include <bench/host/host.h>
#include <bench/host/tsc.h>
#include <bench/layer/footprint.h>
#include <bench/layer/levels.h>
#include "edited.h"
#include "module_cost.h"
#include "run.h"

#define META_CPU	   "cpu"
#define META_PROVENANCE	   "provenance"
#define META_PREFLIGHT	   "preflight"
#define META_STAND_IN	   "stand_in"
#define CHOOSE_SECONDS	   0.1
#define PREFLIGHT_SECONDS  0.2
#define CONTENTION_SECONDS 0.05
#define COST_READINGS	   20
#define MIN_CELL_SECONDS   0.2
/* A cell is stuck after some multiple of its time, and what opening it may take under emulation. */
#define STUCK_SECONDS 20
#define STUCK_FACTOR  4
#define SIGNAL_STATUS 128 /* plus the signal, as shells do */

static volatile sig_atomic_t stop;

/*
 * struct session - what run_measure() sets up and takes down
 * @note: file that a crash leaves for the process which goes on
 * @restart: its command line
 */
struct session {
	struct run *run;
	const struct run_options *o;
	struct engine g;
	struct egpr_host host;
	struct tsc tsc;
	struct contention contention;
	char no_core_cycles[EGPR_PMU_WHY_SIZE]; /* why, or "" */
	struct progress progress;
	int cpu;
	double start;
	struct run_cell *now; /* the cell that is measured */
	char *note;
	char cpu_text[16];
	const char *restart[8];
};

static cJSON *versions_json(void)
{
	cJSON *v = cJSON_CreateObject();

	cJSON_AddStringToObject(v, "egprlab", EGPR_VERSION);
	cJSON_AddStringToObject(v, "compiler", __VERSION__);
	cJSON_AddStringToObject(v, "gsl", gsl_version);
	return v;
}

static int make_dir(struct session *s, struct data_error *e)
{
	cJSON *host = egpr_host_json(&s->host), *plan = plan_json(s->run->plan),
	      *versions = versions_json();
	struct rundir_options d = {
		.dir = s->o->out,
		.host_id = s->host.id,
		.host = host,
		.plan = plan,
		.versions = versions,
		.seed = s->g.seed,
	};
	int status = 0;

	s->g.dir = rundir_create(&d, e, &status);
	cJSON_Delete(host);
	cJSON_Delete(plan);
	cJSON_Delete(versions);
	return s->g.dir ? 0 : status;
}

/* What ran the guests: the first cell whose exits are not real ones, else any with a guest. */
static void add_backend(struct session *s)
{
	const struct cell *c, *guest = NULL;
	unsigned int i;

	for (i = 0; i < s->run->nr_cells; i++) {
		c = &s->run->cells[i].cell;
		if (c->kind && !group_of(c) &&
		    (!guest || (guest->representative && !c->representative)))
			guest = c;
	}
	rundir_set_backend(
		s->g.dir, guest ? guest->backend : "none", !guest || guest->representative,
		!guest			? "no guest ran"
		: guest->representative ? "guest code runs on the CPU itself"
					: "the backend interprets guest code at CPL 0, as "
					  "timing it showed");
}

/* What may stand in for component 19 and what does; "" where nothing can. */
static void add_stand_in(cJSON *meta, const struct standin *s)
{
	char allowed[STAND_IN_TEXT];
	cJSON *o;

	cJSON_DeleteItemFromObjectCaseSensitive(meta, META_STAND_IN);
	o = cJSON_AddObjectToObject(meta, META_STAND_IN);
	stand_in_text(s->allowed, allowed, sizeof(allowed));
	cJSON_AddStringToObject(o, "allowed", allowed);
	cJSON_AddStringToObject(o, "chosen", s->text);
	cJSON_AddNumberToObject(o, "area_bytes", s->chosen.area);
}

/* What a load takes from each cache level, where a cell depends on one. */
static void add_levels(struct session *s, cJSON *meta)
{
	unsigned int i;

	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_LEVELS);
	for (i = 0; i < s->run->nr_cells; i++) {
		if (EGPR_CONTEXT_PREPARES(cell_context(&s->run->cells[i].cell)->timed))
			break;
	}
	if (i == s->run->nr_cells)
		return;
	cJSON_AddItemToObject(meta, RUNDIR_LEVELS, levels_json(levels_here()));
}

static void add_meta(struct session *s)
{
	cJSON *meta = rundir_meta(s->g.dir);
	struct egpr_preflight p;

	add_backend(s);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_TSC_HZ);
	if (s->g.tsc_hz > 0)
		cJSON_AddNumberToObject(meta, RUNDIR_TSC_HZ, s->g.tsc_hz);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_TSC);
	cJSON_AddItemToObject(meta, RUNDIR_TSC, tsc_json(&s->tsc));
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_NO_CORE);
	if (*s->no_core_cycles)
		cJSON_AddStringToObject(meta, RUNDIR_NO_CORE, s->no_core_cycles);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, META_CPU);
	cJSON_AddNumberToObject(meta, META_CPU, s->cpu);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, META_PROVENANCE);
	cJSON_AddStringToObject(meta, META_PROVENANCE, egpr_provenances[s->run->env.provenance].id);
	add_stand_in(meta, &s->run->env.standin);
	add_levels(s, meta);
	run_add_edited(s->run, meta);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_FOOTPRINTS);
	cJSON_AddItemToObject(meta, RUNDIR_FOOTPRINTS, footprint_json());
	if (!egpr_noise_preflight(s->cpu, PREFLIGHT_SECONDS, &p)) {
		cJSON_DeleteItemFromObjectCaseSensitive(meta, META_PREFLIGHT);
		cJSON_AddItemToObject(meta, META_PREFLIGHT, egpr_preflight_json(&p));
	}
}

static void open_noise(struct session *s)
{
	struct egpr_noise_counts now;
	double before;
	int i;

	if (egpr_noise_open("", s->cpu, &s->g.noise)) {
		s->g.noise = NULL;
		return;
	}
	before = clock_thread();
	for (i = 0; i < COST_READINGS; i++)
		egpr_noise_now(s->g.noise, egpr_noise_has(s->g.noise), &now);
	/* Two readings per batch. */
	s->g.noise_cost = 2 * (clock_thread() - before) / COST_READINGS;
}

static void open_pmu(struct session *s)
{
	if (egpr_pmu_open_cycles(cpuid_here, &s->g.pmu, s->no_core_cycles))
		s->g.pmu = NULL;
}

static int write_skips(struct session *s, struct data_error *e)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < s->run->nr_skips && !ret; i++)
		ret = run_write_skip(&s->run->skips[i], &s->g, e);
	return ret;
}

/* The part of the run that is due: the first that a cell has not behind it. */
static unsigned int part_due(const struct run *run)
{
	unsigned int i, part = STATS_MAX_LOOKS;

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		if (!c->done && c->r.parts < part)
			part = c->r.parts;
	}
	return part;
}

static bool is_due(const struct run_cell *c, unsigned int part)
{
	return !c->done && c->r.parts == part;
}

static double weights_left(const struct run *run, unsigned int part)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++)
		sum += is_due(&run->cells[i], part) ? run->cells[i].weight : 0;
	return sum;
}

/* Cells that Holm's adjustment will put together with this one's. */
static unsigned int family_size(const struct run *run, const struct cell *c)
{
	unsigned int i, n = 0;

	for (i = 0; i < run->nr_cells; i++)
		n += run->cells[i].cell.ops == c->ops && run->cells[i].cell.state == c->state &&
		     cell_context(&run->cells[i].cell) == cell_context(c);
	return n;
}

/* A cell that failed is recorded; the others have their chance. */
static int fail_cell(struct session *s, struct run_cell *c, int status,
		     const struct data_error *why, struct data_error *e)
{
	c->crashes += status == EGPR_CRASHED;
	snprintf(c->failed, sizeof(c->failed), "%.511s", why->text);
	return s->g.dir ? run_write_failure(c, &s->g, e) : 0;
}

static void say_done(struct session *s, const struct run_cell *c)
{
	char line[640];

	if (s->o->quiet)
		return;
	if (*c->failed)
		snprintf(line, sizeof(line), "not measured: %s", c->failed);
	else
		snprintf(line, sizeof(line), "%u blocks of %u exits, baseline %.4g TSC ticks",
			 c->r.blocks, c->r.batch, engine_median(&c->r, 0));
	progress_done(&s->progress, line);
}

static int keep_cell(struct session *s, const struct run_cell *c, struct data_error *e)
{
	int ret = c->done && !run_crashed(c) ? run_write_summary(c, &s->g, e) : 0;

	run_write_cells(s->run, &s->g);
	return ret ? ret : rundir_sync(s->g.dir, e);
}

/* Before the first batch of a cell. */
static int opened(void *context, void *layer, struct data_error *e)
{
	struct session *s = context;

	/* What a group runs is no sequence: there is no row of the table to hold it against. */
	if (group_of(&s->now->cell))
		return run_count_group(s->now, layer, e);
	return run_trace(s->run, s->now, layer, &s->g, e);
}

/* Arms that do not execute what they should are left out, and the others are laid out anew. */
static int measure_arms(struct session *s, struct run_cell *c, double seconds, struct data_error *e)
{
	int ret;

	s->now = c;
	for (;;) {
		if (!c->cell.nr_arms)
			return data_fail(e, EGPR_DATA, "no arm of it is left");
		ret = engine_cell(&s->g, &c->cell, seconds, family_size(s->run, &c->cell), &c->r,
				  e);
		if (!ret || !c->trace.refused)
			return ret;
		run_drop_refused(c);
	}
}

static int measure_cell(struct session *s, struct run_cell *c, struct data_error *e)
{
	double left = s->run->plan->budget / s->g.launches - (clock_now() - s->start);
	double seconds = left * c->weight / weights_left(s->run, c->r.parts);
	struct data_error why = { "" };
	char name[96];
	int ret;

	cell_name(&c->cell, name, sizeof(name));
	if (seconds < MIN_CELL_SECONDS)
		seconds = MIN_CELL_SECONDS;
	progress_cell(&s->progress, name, seconds, left > seconds ? left - seconds : 0);
	guard_cell(name, STUCK_SECONDS + STUCK_FACTOR * seconds);
	ret = measure_arms(s, c, seconds, &why);
	guard_cell(NULL, 0);
	if (stop && !ret)
		return 0;
	/* A full disk is the run's failure, not the cell's. */
	if (ret && !strncmp(why.text, "cannot write", strlen("cannot write"))) {
		*e = why;
		return ret;
	}
	c->done = ret || c->r.finished;
	if (ret)
		ret = fail_cell(s, c, ret, &why, e);
	/* After a failure no look was taken at the blocks there are. */
	if (!ret && c->r.blocks && *c->failed && !c->crashes) {
		c->r.final = true;
		ret = engine_decide(&s->g, &c->cell, c->r.blocks, engine_looks(&s->g) - 1, &c->r);
	}
	if (!ret && s->g.dir)
		ret = keep_cell(s, c, e);
	say_done(s, c);
	return ret;
}

/* What the module itself costs, where a layer in the kernel is wanted. */
static int measure_module(struct session *s, struct data_error *e)
{
	const struct plan_layer *l = s->run->plan->layer;
	/* What both layers' probes leave: whether an emulator runs this kernel. */
	const struct vmm_host *h = s->run->host[EGPR_LAYER_RING0] ? s->run->host[EGPR_LAYER_RING0]
								  : s->run->host[EGPR_LAYER_KVM];

	if (!h)
		h = s->run->host[EGPR_LAYER_VMENTER];
	if (!s->g.dir || !h ||
	    !(l[EGPR_LAYER_RING0].wanted || l[EGPR_LAYER_KVM].wanted ||
	      l[EGPR_LAYER_VMENTER].wanted))
		return 0;
	return module_cost_write(s->g.dir, &s->run->env, !*h->emulator, s->g.launch, e);
}

static int measure_all(struct session *s, struct data_error *e)
{
	unsigned int i, part = part_due(s->run);
	int ret = 0;

	if (s->g.launches > 1 && !s->o->quiet && part < s->g.launches)
		fprintf(stderr, "launch %u of %u\n", part + 1, s->g.launches);
	for (i = 0; i < s->run->nr_cells; i++)
		s->progress.cells += is_due(&s->run->cells[i], part);
	for (i = 0; i < s->run->nr_cells && !ret && !stop; i++) {
		if (is_due(&s->run->cells[i], part))
			ret = measure_cell(s, &s->run->cells[i], e);
	}
	s->run->more = part_due(s->run) < s->g.launches;
	return ret;
}

static int wind_up(struct session *s, struct data_error *e)
{
	char said[512];
	bool sound;
	int ret;

	run_write_cells(s->run, &s->g);
	ret = rundir_clear(s->g.dir, EGPR_CSV_VERDICTS, e);
	if (!ret)
		ret = run_write_verdicts(s->run, &s->g, e);
	sound = run_check(s->run, &s->g, said, sizeof(said));
	if (!sound && !stop && !s->run->more)
		fprintf(stderr, "egprlab run: UNSOUND: %s\n", said);
	return ret;
}

static void describe(void *context)
{
	struct session *s = context;

	run_write_cells(s->run, &s->g);
}

static int start_or_resume(struct session *s, struct data_error *e)
{
	struct rundir_data data;
	int status = 0;

	if (s->o->memory)
		return 0;
	if (!s->o->resume) {
		status = make_dir(s, e);
		if (!status)
			status = write_skips(s, e);
		return status ? status : run_write_proofs(s->run, &s->g, e);
	}
	status = rundir_load(s->o->resume, &data, e);
	if (status)
		return status;
	s->g.seed = strtoull(rundir_meta_text(&data, RUNDIR_SEED), NULL, 10);
	if (strcmp(rundir_meta_text(&data, RUNDIR_HOST_ID), s->host.id))
		status = data_fail(e, EGPR_USAGE,
				   "%s was begun on host %s, this is host %s (another machine, "
				   "kernel, lab version, or on a hybrid host another "
				   "kind of core: see --cpu); start a new run",
				   s->o->resume, rundir_meta_text(&data, RUNDIR_HOST_ID),
				   s->host.id);
	if (!status)
		status = launch_read(data.meta, &s->run->launches, e);
	s->g.places = s->run->launches.place;
	if (!status)
		status = run_restore_cells(s->run, &data, &s->g, e);
	rundir_free(&data);
	if (!status)
		s->g.dir = rundir_resume(s->o->resume, e, &status);
	return status ? status : run_take_note(s->run, &s->g, e);
}

/* What a crash between batches starts: this run again, without the cell that crashed. */
static int prepare_restart(struct session *s, struct data_error *e)
{
	const char *argv[] = { "egprlab", "run", "--resume", rundir_path(s->g.dir) };
	unsigned int n = sizeof(argv) / sizeof(*argv);

	memcpy(s->restart, argv, sizeof(argv));
	if (s->o->pause)
		s->restart[n++] = "--pause";
	if (s->o->cpu >= 0) {
		snprintf(s->cpu_text, sizeof(s->cpu_text), "%d", s->o->cpu);
		s->restart[n++] = "--cpu";
		s->restart[n++] = s->cpu_text;
	}
	s->note = run_note_path(rundir_path(s->g.dir));
	if (!s->note)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	guard_restart(s->note, (char *const *)s->restart);
	return 0;
}

/* This process as a launch of the run. */
static int add_launch(struct session *s, struct data_error *e)
{
	struct launches *l = &s->run->launches;
	int ret = launch_add("", rundir_meta(s->g.dir), s->cpu, l, e);

	s->g.launch = l->n - 1;
	s->g.places = l->place;
	return ret;
}

static int session_open(struct session *s, struct data_error *e)
{
	int ret;

	ret = cpu_choose(s->o->cpu, CHOOSE_SECONDS, &s->cpu, e);
	if (!ret)
		ret = cpu_pin(s->cpu, e);
	if (ret)
		return ret;
	if (egpr_host_read("", s->cpu, &s->host))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	s->run->env.cpu = s->cpu;
	s->g.plan = s->run->plan;
	s->g.stop = &stop;
	s->g.describe = describe;
	s->g.opened = opened;
	s->g.context = s;
	s->g.progress = &s->progress;
	tsc_find("", cpuid_here, &s->tsc);
	s->g.tsc_hz = s->tsc.hz;
	if (s->run->plan->has_seed)
		s->g.seed = s->run->plan->seed;
	else if (getrandom(&s->g.seed, sizeof(s->g.seed), 0) != sizeof(s->g.seed))
		return data_fail(e, EGPR_INTERNAL, "no randomness for a seed: %s", strerror(errno));
	s->g.launches = s->o->memory ? 1 : s->run->plan->launches;
	if (engine_looks(&s->g) > 1)
		stats_looks_init(&s->g.looks, s->run->plan->spending, engine_looks(&s->g));
	open_noise(s);
	contention_learn(&s->contention, CONTENTION_SECONDS);
	s->g.contention = &s->contention;
	open_pmu(s);
	ret = start_or_resume(s, e);
	s->run->env.seed = s->g.seed;
	return ret;
}

static void session_close(struct session *s)
{
	egpr_noise_close(s->g.noise);
	egpr_pmu_close(s->g.pmu);
	egpr_host_free(&s->host);
	free(s->note);
}

/* A cell that crashed once may be tried again. */
static bool retry_open(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++) {
		if (run_crashed(&run->cells[i]) && run->cells[i].crashes == 1)
			return true;
	}
	return false;
}

/* Anything left of a run that cannot go on is a directory that says so. */
static int finish(struct session *s, int ret, char **path, struct data_error *e)
{
	bool complete = !ret && !stop && !s->run->more && !retry_open(s->run);
	struct data_error later;
	int closed;

	if (!s->g.dir)
		return ret;
	if (!ret)
		ret = wind_up(s, e);
	if (path)
		*path = strdup(rundir_path(s->g.dir));
	closed = rundir_close(s->g.dir, complete && !ret, ret ? &later : e);
	return ret ? ret : closed;
}

int run_measure(struct run *run, const struct run_options *o, char **path, struct data_error *e)
{
	struct session s = { .run = run, .o = o };
	int ret;

	if (path)
		*path = NULL;
	if (!run->nr_cells)
		return data_fail(e, EGPR_UNAVAILABLE,
				 "nothing of this plan can run here; `egprlab run --dry-run` lists "
				 "the reasons");
	gsl_set_error_handler_off();
	stop = 0;
	ret = guard_start(&stop, e);
	if (ret)
		return ret;
	s.start = clock_now();
	progress_start(&s.progress, run->plan->budget / (o->memory ? 1 : run->plan->launches));
	s.progress.terminal = s.progress.terminal && !o->quiet;
	ret = session_open(&s, e);
	if (!ret && s.g.dir) {
		add_meta(&s);
		ret = add_launch(&s, e);
		if (!ret)
			ret = prepare_restart(&s, e);
		/* From here on a process that takes over finds a run to go on with. */
		if (!ret)
			ret = rundir_sync(s.g.dir, e);
	}
	if (!ret)
		ret = measure_module(&s, e);
	if (!ret)
		ret = measure_all(&s, e);
	progress_end(&s.progress);
	ret = finish(&s, ret, path, e);
	guard_end();
	session_close(&s);
	if (!ret && stop)
		ret = SIGNAL_STATUS + guard_signal();
	return ret;
}
