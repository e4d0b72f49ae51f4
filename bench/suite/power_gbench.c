// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two arms as Google Benchmark runs them: repetitions of both in random order.
 *
 * The library itself does it, with its own option for random interleaving; what its
 * comparison tool would read from a file, the time of each repetition, is taken from its
 * reporter. A repetition has a fixed number of exits, which the library allows, instead of a
 * least time: finding that number costs the library up to a third of its time, so it sees
 * more this way. The order comes from the library's own random device.
 */
#include <string.h>

#include <egpr/status.h>

#include "gbench.h"
#include "power.h"

struct benchmark {
	struct power_arms *arms;
	unsigned int arm;
	int *ret;
};

/* The library wants every repetition to ask for work, one that fails at once too. */
static void run_repetition(struct gbench_state *state, void *context)
{
	const struct benchmark *b = context;
	uint32_t n;

	while ((n = gbench_batch(state, b->arms->size))) {
		uint64_t cycles = 0;

		if (!*b->ret)
			*b->ret = b->arms->batch(b->arms->context, b->arm, n, &cycles);
		if (*b->ret) {
			gbench_fail(state, "the batch failed");
			return;
		}
		gbench_seconds(state, (double)cycles / b->arms->tsc_hz);
	}
}

/* Names in rows go on behind a slash: how the benchmark was run. */
static bool is_of(const struct gbench_row *row, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(row->name, name, len) && row->name[len] == '/';
}

static void take_row(void *context, const struct gbench_row *row)
{
	struct power_arms *arms = context;
	unsigned int a;

	if (*row->aggregate || *row->reason)
		return;
	for (a = 0; a < 2; a++) {
		if (is_of(row, arms->name[a]) && arms->n[a] < arms->repetitions)
			arms->cycles[a][arms->n[a]++] = row->seconds * arms->tsc_hz;
	}
}

/* Once per process: the library adds up what it is told again. Options overrule its environment. */
static void init_once(void)
{
	static char program[] = "egprlab",
		    interleave[] = "--benchmark_enable_random_interleaving=true",
		    filter[] = "--benchmark_filter=.",
		    out[] = "--benchmark_out=", list[] = "--benchmark_list_tests=false",
		    all[] = "--benchmark_report_aggregates_only=false",
		    shown[] = "--benchmark_display_aggregates_only=false";
	static char *argv[] = { program, interleave, filter, out, list, all, shown, NULL };
	int argc = (int)(sizeof(argv) / sizeof(*argv)) - 1;
	static bool done;

	if (!done)
		gbench_init(&argc, argv);
	done = true;
}

int power_gbench(struct power_arms *arms)
{
	struct gbench_options o = { .iterations = arms->iterations,
				    .repetitions = arms->repetitions };
	struct benchmark b[2];
	struct gbench_result result;
	unsigned int a;
	int ret = 0;

	init_once();
	for (a = 0; a < 2; a++) {
		b[a] = (struct benchmark){ .arms = arms, .arm = a, .ret = &ret };
		arms->n[a] = 0;
		gbench_register(arms->name[a], run_repetition, &b[a], &o);
	}
	gbench_run(1, take_row, arms, &result);
	gbench_forget();
	return ret;
}
