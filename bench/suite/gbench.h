/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Google Benchmark from C.
 *
 * The one seam between the lab and the C++ library: its command line, filters,
 * repetitions, random interleaving and JSON/CSV output keep working, and its
 * own tools read what it writes. Times are always given by the benchmark
 * (manual time), taken by the sequences' own stamps, so the library's loop is
 * outside them.
 *
 * A benchmark is a function that asks for batches until none is left:
 *
 *	while ((n = gbench_batch(state, 256)))
 *		gbench_seconds(state, time_of(n));
 */
#ifndef BENCH_GBENCH_H
#define BENCH_GBENCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gbench_state;
typedef void (*gbench_fn)(struct gbench_state *state, void *context);

/**
 * struct gbench_options - how a benchmark is run; zeros are usable
 * @args: sets of arguments, one after the other, each of @nr_args numbers; the
 *	benchmark is run once per set, and its name gets "/number" per argument
 * @nr_args: numbers per set, 0 for none
 * @nr_sets: how many sets
 * @iterations: exactly so many per repetition; 0 for as many as the least time takes
 * @repetitions: 0 for what the command line says
 */
struct gbench_options {
	const int64_t *args;
	unsigned int nr_args;
	unsigned int nr_sets;
	uint32_t iterations;
	uint32_t repetitions;
};

/**
 * gbench_init - read the options of the library
 * @argc: count of @argv; what the library took is removed
 * @argv: argument vector, program name first
 *
 * A time written as the library's later versions want it ("0.05s") is understood
 * with every version. Return: NULL, or what is wrong with an option, in static storage.
 */
const char *gbench_init(int *argc, char **argv);

/**
 * gbench_register - add a benchmark
 * @name: path-like, without arguments; copied
 * @fn: the benchmark
 * @context: passed to @fn; must outlive gbench_run()
 * @options: NULL for zeros; copied
 */
void gbench_register(const char *name, gbench_fn fn, void *context,
		     const struct gbench_options *options);

/**
 * gbench_fact - add a line to the context of every output
 * @key: name in the JSON's "context"
 * @value: its value
 */
void gbench_fact(const char *key, const char *value);

/**
 * struct gbench_row - one line of the result
 * @name: of the benchmark, arguments included
 * @aggregate: "mean", "median", ... of repetitions; "" for a single repetition
 * @label: as gbench_label() set it, or ""
 * @reason: why it was skipped or failed; "" where it ran
 * @seconds: per iteration; 0 where it did not run
 * @iterations: how many
 * @counters: opaque; ask gbench_row_counter()
 */
struct gbench_row {
	const char *name;
	const char *aggregate;
	const char *label;
	const char *reason;
	double seconds;
	int64_t iterations;
	const void *counters;
};

/**
 * gbench_row_counter - a counter of a row
 * @row: the row
 * @name: as it was given to gbench_counter()
 * @value: receives it
 *
 * Return: 0, or -1 if the row has no such counter.
 */
int gbench_row_counter(const struct gbench_row *row, const char *name, double *value);

/**
 * struct gbench_result - how a run ended
 * @matched: benchmarks that the filter let through
 * @ran: rows with a measurement, aggregates not counted
 * @skipped: rows of benchmarks that said they cannot run here
 * @failed: rows of benchmarks that went wrong
 */
struct gbench_result {
	size_t matched;
	size_t ran;
	size_t skipped;
	size_t failed;
};

/**
 * gbench_run - run what was registered and is let through by the filter
 * @quiet: leave out the library's own table; files named by options are written
 * @on_row: called once per row, also per aggregate; NULL for none
 * @context: passed to @on_row
 * @result: receives how it ended
 *
 * May be called again; gbench_end() comes after the last time.
 */
void gbench_run(int quiet, void (*on_row)(void *context, const struct gbench_row *row),
		void *context, struct gbench_result *result);

/* Take back what was registered. */
void gbench_forget(void);

/* The library's last call: what gbench_fact() added is freed. */
void gbench_end(void);

/* For the benchmark while it runs. */

/**
 * gbench_batch - ask for work
 * @state: of this run
 * @n: size of a batch
 *
 * Return: @n, or 0 when the benchmark has run long enough. Must be called until it
 * returns 0 unless gbench_skip() or gbench_fail() was.
 */
uint32_t gbench_batch(struct gbench_state *state, uint32_t n);

/* Time of the last batch. */
void gbench_seconds(struct gbench_state *state, double seconds);

/* The i-th argument of this run's set. */
int64_t gbench_arg(const struct gbench_state *state, unsigned int i);

/* A number of the whole run; _per_iteration divides it by the iterations. */
void gbench_counter(struct gbench_state *state, const char *name, double value);
void gbench_counter_per_iteration(struct gbench_state *state, const char *name, double value);

/* Words beside the row. */
void gbench_label(struct gbench_state *state, const char *label);

/* This host cannot do it. The row stays in the output, with the reason and without a time. */
void gbench_skip(struct gbench_state *state, const char *reason);

/* It went wrong. As gbench_skip(), but gbench_result counts it as failed. */
void gbench_fail(struct gbench_state *state, const char *reason);

#ifdef __cplusplus
}
#endif

#endif /* BENCH_GBENCH_H */
