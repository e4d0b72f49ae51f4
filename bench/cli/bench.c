// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab bench`: the suites on Google Benchmark, whose own options all work.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <egpr/status.h>

#include <emu/user/user.h>
#include <egpr/version.h>

#include "command.h"
#include <bench/host/cpu.h>
#include <bench/host/host.h>
#include <bench/suite/suite.h>

#define GBENCH_PREFIX "--benchmark_"
#define RESULT_FILE   "gbench.json"
#define CPU_SECONDS   0.05 /* how long each CPU is watched for the quietest */
/* Least time per benchmark, unless the user names one. */
#define MIN_TIME       "--benchmark_min_time="
#define MIN_TIME_ARM   MIN_TIME "0.1"
#define MIN_TIME_SPEED MIN_TIME "0.5"

#define ARGS_MAX     64
#define FILTER_BYTES 1024

extern const struct egpr_command egpr_cmd_bench;

enum {
	OPTION_SPEED,
	OPTION_OUT,
	OPTION_CPU,
	OPTION_FILTER
};
static const struct egpr_option bench_options[] = {
	[OPTION_SPEED] = { "speed", NULL, "only the lab's own speed, and a summary in words" },
	[OPTION_OUT] = { "out", "DIR", "write DIR/" RESULT_FILE },
	[OPTION_CPU] = { "cpu", "N", "measure on this CPU (default: the quietest)" },
	[OPTION_FILTER] = { "filter", "REGEX", "only these names, as --benchmark_filter=REGEX" },
	{ "benchmark_filter", "REGEX",
	  "Google Benchmark: only these names (all its options take '=')" },
	{ "benchmark_list_tests", "true", "Google Benchmark: print the names" },
	{ "benchmark_min_time", "S", "Google Benchmark: least time per benchmark" },
	{ "benchmark_repetitions", "N", "Google Benchmark: repeat, and print aggregates" },
	{ "benchmark_enable_random_interleaving", "true",
	  "Google Benchmark: repetitions in random order" },
	{ "benchmark_format", "console|json|csv", "Google Benchmark: what goes to stdout" },
	{ "benchmark_out", "FILE", "Google Benchmark: a file beside stdout" },
	{ "benchmark_out_format", "console|json|csv", "Google Benchmark: what goes to that file" },
	{ NULL, NULL, NULL },
};

/**
 * struct request - the command line
 * @speed: --speed
 * @out: --out, or NULL
 * @cpu: --cpu, or -1
 * @argc: of @argv
 * @argv: what goes to Google Benchmark, program name first
 * @filter: the one that --filter says
 */
struct request {
	int speed;
	const char *out;
	int cpu;
	int argc;
	char *argv[ARGS_MAX];
	char filter[FILTER_BYTES];
};

static int parse(struct request *r, int argc, char **argv)
{
	char *own[ARGS_MAX];
	static char arm_time[] = MIN_TIME_ARM;
	const char *value;
	int i, n = 0, option;

	if (argc >= ARGS_MAX - 5)
		return egpr_command_usage(&egpr_cmd_bench, "too many arguments");
	r->argv[r->argc++] = argv[0];
	r->argv[r->argc++] = arm_time; /* the first: what the user says comes later and counts */
	for (i = 0; i < argc; i++) {
		if (i && !strncmp(argv[i], GBENCH_PREFIX, strlen(GBENCH_PREFIX)))
			r->argv[r->argc++] = argv[i];
		if (!i || strncmp(argv[i], GBENCH_PREFIX, strlen(GBENCH_PREFIX)))
			own[n++] = argv[i];
	}
	own[n] = NULL;
	while ((option = egpr_command_option(&egpr_cmd_bench, n, own, &value)) >= 0) {
		switch (option) {
		case OPTION_SPEED:
			r->speed = 1;
			break;
		case OPTION_OUT:
			r->out = value;
			break;
		case OPTION_CPU:
			if (egpr_command_cpu(&egpr_cmd_bench, value, &r->cpu))
				return EGPR_USAGE;
			break;
		case OPTION_FILTER:
			snprintf(r->filter, sizeof(r->filter), GBENCH_PREFIX "filter=%s", value);
			r->argv[r->argc++] = r->filter;
			break;
		default: /* one of the library's, abbreviated */
			return egpr_command_usage(
				&egpr_cmd_bench,
				"options of Google Benchmark are written in full, with '='");
		}
	}
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (optind != n)
		return egpr_command_usage(&egpr_cmd_bench, "'%s' is too much", own[optind]);
	return 0;
}

/* Every output says what it is about. */
static int add_facts(int cpu)
{
	struct egpr_host host;
	char number[16];

	if (egpr_host_read("", cpu, &host))
		return EGPR_INTERNAL;
	snprintf(number, sizeof(number), "%d", cpu);
	gbench_fact("egpr_version", EGPR_VERSION);
	gbench_fact("egpr_host_id", host.id);
	gbench_fact("egpr_cpu", number);
	gbench_fact("egpr_timing", "stamped around each batch by the lab's own code; how the "
				   "library was built does not enter");
	egpr_host_free(&host);
	return 0;
}

static int open_out(const char *dir, char *partial, size_t size)
{
	FILE *f;

	if (mkdir(dir, 0777) && errno != EEXIST) {
		fprintf(stderr, "egprlab bench: %s: cannot make the directory: %s\n", dir,
			strerror(errno));
		return EGPR_USAGE;
	}
	snprintf(partial, size, "%s/." RESULT_FILE ".%ld", dir, (long)getpid());
	f = fopen(partial, "we");
	if (!f) {
		fprintf(stderr,
			"egprlab bench: %s: cannot write there: %s; name a directory "
			"that you own\n",
			dir, strerror(errno));
		return EGPR_USAGE;
	}
	fclose(f);
	return 0;
}

static int close_out(const char *dir, const char *partial, int status)
{
	char final[PATH_MAX];

	snprintf(final, sizeof(final), "%s/" RESULT_FILE, dir);
	if (status == EGPR_DONE && !rename(partial, final))
		return EGPR_DONE;
	if (status == EGPR_DONE) {
		fprintf(stderr, "egprlab bench: %s: %s\n", final, strerror(errno));
		status = EGPR_INTERNAL;
	}
	unlink(partial);
	return status;
}

static int judge(const struct gbench_result *result)
{
	if (!result->matched) {
		fputs("egprlab bench: no benchmark matches; see `egprlab bench "
		      "--benchmark_list_tests=true`\n",
		      stderr);
		return EGPR_USAGE;
	}
	if (result->failed) {
		fprintf(stderr,
			"egprlab bench: %zu of the benchmarks went wrong; their rows say "
			"why\n",
			result->failed);
		return EGPR_INTERNAL;
	}
	if (!result->ran && result->skipped) {
		fputs("egprlab bench: nothing of this can run here; the rows say why\n", stderr);
		return EGPR_SKIPPED;
	}
	return EGPR_DONE;
}

static int bench_run(int argc, char **argv)
{
	struct request r = { .cpu = -1 };
	char partial[PATH_MAX] = "", out_option[PATH_MAX + 32];
	static char speed_time[] = MIN_TIME_SPEED;
	static char speed_filter[] = "--benchmark_filter=^" SPEED_PREFIX;
	static char json_option[] = "--benchmark_out_format=json";
	struct gbench_result result;
	struct data_error e;
	struct suite s;
	const char *wrong;
	int status;

	status = parse(&r, argc, argv);
	if (status)
		return status;
	if (egpr_user_played()) {
		fputs("egprlab bench: nothing is timed where egprlab exec plays a CPU with APX; run "
		      "this without it\n",
		      stderr);
		return EGPR_USAGE;
	}
	if (r.speed) {
		r.argv[1] = speed_time;
		r.argv[r.argc++] = speed_filter;
	}
	if (r.out) {
		status = open_out(r.out, partial, sizeof(partial));
		if (status)
			return status;
		snprintf(out_option, sizeof(out_option), "--benchmark_out=%s", partial);
		r.argv[r.argc++] = out_option;
		r.argv[r.argc++] = json_option;
	}
	r.argv[r.argc] = NULL;
	wrong = gbench_init(&r.argc, r.argv);
	if (wrong) {
		status = egpr_command_usage(&egpr_cmd_bench, "%s", wrong);
		goto out_file;
	}
	status = cpu_choose(r.cpu, CPU_SECONDS, &s.cpu, &e);
	if (!status)
		status = cpu_pin(s.cpu, &e);
	if (status) {
		fprintf(stderr, "egprlab bench: %s\n", e.text);
		goto out_file;
	}
	s.tsc_hz = cpu_tsc_hz();
	status = add_facts(s.cpu);
	if (!status)
		status = suite_layers_register(&s);
	if (status) {
		fputs("egprlab bench: out of memory\n", stderr);
		goto out_release;
	}
	suite_speed_register(&s);
	gbench_run(r.speed, speed_take_row, &s, &result);
	gbench_end();
	if (r.speed)
		speed_print(&s);
	status = judge(&result);
out_release:
	suite_layers_release();
out_file:
	return r.out ? close_out(r.out, partial, status) : status;
}

const struct egpr_command egpr_cmd_bench = {
	.name = "bench",
	.args = "",
	.text = "run single arms and the lab's own speed as Google Benchmark does",
	.options = bench_options,
	.run = bench_run,
};
