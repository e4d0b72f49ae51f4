// SPDX-License-Identifier: GPL-2.0-only
/*
 * Setting a run up, and taking it down.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <gsl/gsl_version.h>

#include <egpr/version.h>

#include <bench/host/clock.h>
#include <bench/measure/guard.h>
#include "session.h"

#define CHOOSE_SECONDS	   0.1
#define CONTENTION_SECONDS 0.05
#define COST_READINGS	   20

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

int session_prepare_restart(struct session *s, struct data_error *e)
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
	if (s->o->kvm) {
		s->restart[n++] = "--kvm";
		s->restart[n++] = s->o->kvm;
	}
	s->note = run_note_path(rundir_path(s->g.dir));
	if (!s->note)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	guard_restart(s->note, (char *const *)s->restart);
	return 0;
}

int session_add_launch(struct session *s, struct data_error *e)
{
	struct launches *l = &s->run->launches;
	int ret = launch_add("", rundir_meta(s->g.dir), s->cpu, l, e);

	s->g.launch = l->n - 1;
	s->g.places = l->place;
	return ret;
}

int session_open(struct session *s, struct data_error *e)
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

void session_close(struct session *s)
{
	egpr_noise_close(s->g.noise);
	egpr_pmu_close(s->g.pmu);
	egpr_host_free(&s->host);
	free(s->note);
}
