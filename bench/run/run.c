// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measuring an expanded plan: set up, cell after cell, wind up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include <vmm-mini/vmm.h>

#include <bench/group/group.h>
#include <bench/host/clock.h>
#include <bench/measure/guard.h>
#include "module_cost.h"
#include "session.h"

#define MIN_CELL_SECONDS 0.2
/* A cell is stuck after some multiple of its time, and what opening it may take under emulation. */
#define STUCK_SECONDS 20
#define STUCK_FACTOR  4
#define SIGNAL_STATUS 128 /* plus the signal, as shells do */

static volatile sig_atomic_t stop;

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
	struct session s = { .run = run,
			     .o = o,
			     .g = { .stop = &stop, .describe = describe, .opened = opened } };
	int ret;

	if (path)
		*path = NULL;
	if (!run->nr_cells)
		return data_fail(e, EGPR_UNAVAILABLE,
				 "nothing of this plan can run here; `egprlab run --dry-run` lists "
				 "the reasons");
	s.g.context = &s;
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
		session_meta(&s);
		ret = session_add_launch(&s, e);
		if (!ret)
			ret = session_prepare_restart(&s, e);
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
