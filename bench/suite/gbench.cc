// SPDX-License-Identifier: GPL-2.0-only
/*
 * The C++ side of gbench.h, and all C++ of the lab.
 *
 * Works with the library's versions from 1.7 on: what later ones changed is
 * asked of the compiler, not of a version number, since the headers have none.
 */
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <list>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "gbench.h"

struct gbench_state {
	benchmark::State *state;
};

namespace
{

/* Versions from 1.8 on tell a skip from an error, and want a unit behind min_time. */
template <typename State, typename = void> struct skips_with_message : std::false_type {
};
template <typename State>
struct skips_with_message<State, std::void_t<decltype(std::declval<State &>().SkipWithMessage(""))>>
    : std::true_type {
};

template <typename State> void end_run(State &state, const std::string &reason, bool skip)
{
	if constexpr (skips_with_message<State>::value) {
		if (skip) {
			state.SkipWithMessage(reason);
			return;
		}
	}
	state.SkipWithError(reason.c_str());
}

constexpr char failed_mark[] = "failed: ";
constexpr char debug_warning[] = "Library was built as DEBUG";

template <typename Run, typename = void> struct row_state {
	static bool ended(const Run &run)
	{
		return run.skipped != 0;
	}
	static const std::string &reason(const Run &run)
	{
		return run.skip_message;
	}
};
template <typename Run>
struct row_state<Run, std::void_t<decltype(std::declval<Run &>().error_occurred)>> {
	static bool ended(const Run &run)
	{
		return run.error_occurred;
	}
	static const std::string &reason(const Run &run)
	{
		return run.error_message;
	}
};

bool console = true; // what the library prints is for people

using Reporter = benchmark::BenchmarkReporter;
using Row = row_state<Reporter::Run>;

/* Passes everything on to the library's own reporter, and each row to the caller. */
class Listener : public Reporter
{
      public:
	Listener(std::unique_ptr<Reporter> next, void (*on_row)(void *, const struct gbench_row *),
		 void *context, struct gbench_result *result)
	    : next_(std::move(next)), on_row_(on_row), context_(context), result_(result)
	{
	}

	/*
	 * The library warns when it was itself built without optimisation. Its
	 * loop is outside every time taken here, so the warning would mislead.
	 */
	bool ReportContext(const Context &context) override
	{
		std::ostringstream said;
		std::string line;
		bool go_on;

		if (!next_)
			return true;
		next_->SetErrorStream(&said);
		go_on = next_->ReportContext(context);
		next_->SetErrorStream(&std::cerr);
		std::istringstream lines(said.str());
		while (std::getline(lines, line)) {
			if (line.find(debug_warning) == std::string::npos)
				std::cerr << line << '\n';
		}
		return go_on;
	}

	/*
	 * On the console a row that cannot run here is no error, as the library would
	 * call it before version 1.8.
	 */
	void ReportRuns(const std::vector<Run> &runs) override
	{
		std::vector<Run> rest;

		for (const Run &run : runs) {
			report(run);
			if (!console || !skipped(run))
				rest.push_back(run);
			else if (next_)
				std::cout << run.benchmark_name()
					  << " skipped: " << Row::reason(run) << '\n';
		}
		if (next_ && !rest.empty())
			next_->ReportRuns(rest);
	}

	void Finalize() override
	{
		if (next_)
			next_->Finalize();
	}

      private:
	static bool skipped(const Run &run)
	{
		return Row::ended(run) && Row::reason(run).rfind(failed_mark, 0) != 0;
	}

	void report(const Run &run)
	{
		const std::string name = run.run_name.str();
		struct gbench_row row = {};

		if (run.run_type == Run::RT_Iteration) {
			if (!Row::ended(run))
				result_->ran++;
			else if (skipped(run))
				result_->skipped++;
			else
				result_->failed++;
		}
		if (!on_row_)
			return;
		row.name = name.c_str();
		row.aggregate = run.aggregate_name.c_str();
		row.label = run.report_label.c_str();
		row.reason = Row::ended(run) ? Row::reason(run).c_str() : "";
		row.iterations = run.iterations;
		row.counters = &run.counters;
		if (!Row::ended(run))
			row.seconds = run.GetAdjustedRealTime() /
				      benchmark::GetTimeUnitMultiplier(run.time_unit);
		on_row_(context_, &row);
	}

	std::unique_ptr<Reporter> next_;
	void (*on_row_)(void *, const struct gbench_row *);
	void *context_;
	struct gbench_result *result_;
};

std::string complaint;

/* Options whose bad value would make the library print its help and exit with 0. */
bool value_is_known(const char *arg)
{
	static const char *const formats[] = { "--benchmark_format=", "--benchmark_out_format=" };

	for (const char *option : formats) {
		if (std::strncmp(arg, option, std::strlen(option)))
			continue;
		const std::string value = arg + std::strlen(option);

		return value == "console" || value == "json" || value == "csv";
	}
	return true;
}

constexpr char min_time[] = "--benchmark_min_time=";

bool is_min_time(const char *arg)
{
	return !std::strncmp(arg, min_time, sizeof(min_time) - 1);
}

/* Versions from 1.8 on: a number of iterations, "100x". */
bool is_iterations(const char *unit)
{
	return skips_with_message<benchmark::State>::value && !std::strcmp(unit, "x");
}

/* Seconds, with or without their unit, or iterations. A wrong value ends some versions by abort(). */
bool is_time(const char *value)
{
	char *unit;
	double number = std::strtod(value, &unit);

	return unit != value && number >= 0 && number < HUGE_VAL &&
	       (!*unit || !std::strcmp(unit, "s") || is_iterations(unit));
}

/* Versions before 1.8 want "0.05", later ones "0.05s". */
char *with_wanted_unit(char *arg)
{
	static std::list<std::string> made;
	std::string text = arg;

	if (text.back() == 'x')
		return arg;
	if (text.back() == 's')
		text.pop_back();
	if (skips_with_message<benchmark::State>::value)
		text += 's';
	made.push_back(text);
	return made.back().data();
}

} // namespace

const char *gbench_init(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (!value_is_known(argv[i])) {
			complaint = std::string("'") + argv[i] + "': not console, json or csv";
			return complaint.c_str();
		}
		if (is_min_time(argv[i]) && !is_time(argv[i] + sizeof(min_time) - 1)) {
			complaint = std::string("'") + argv[i] + "': not a number of seconds";
			return complaint.c_str();
		}
		if (is_min_time(argv[i]))
			argv[i] = with_wanted_unit(argv[i]);
		if (!std::strncmp(argv[i],
				  "--benchmark_format=", std::strlen("--benchmark_format=")))
			console = !std::strcmp(std::strchr(argv[i], '='), "=console");
	}
	benchmark::Initialize(argc, argv);
	if (*argc > 1) {
		complaint = std::string("'") + argv[1] +
			    "': Google Benchmark does not know the option or its value";
		return complaint.c_str();
	}
	return nullptr;
}

void gbench_register(const char *name, gbench_fn fn, void *context,
		     const struct gbench_options *options)
{
	benchmark::internal::Benchmark *b =
		benchmark::RegisterBenchmark(name, [fn, context](benchmark::State &state) {
			struct gbench_state s = { &state };

			fn(&s, context);
		});

	b->UseManualTime();
	if (!options)
		return;
	if (options->iterations)
		b->Iterations(options->iterations);
	if (options->repetitions)
		b->Repetitions(static_cast<int>(options->repetitions));
	for (unsigned int set = 0; options->nr_args && set < options->nr_sets; set++) {
		const int64_t *args = options->args + (size_t)set * options->nr_args;

		b->Args(std::vector<int64_t>(args, args + options->nr_args));
	}
}

void gbench_fact(const char *key, const char *value)
{
	benchmark::AddCustomContext(key, value);
}

int gbench_row_counter(const struct gbench_row *row, const char *name, double *value)
{
	const auto *counters = static_cast<const benchmark::UserCounters *>(row->counters);
	const auto found = counters->find(name);

	if (found == counters->end())
		return -1;
	*value = found->second;
	return 0;
}

void gbench_run(int quiet, void (*on_row)(void *context, const struct gbench_row *row),
		void *context, struct gbench_result *result)
{
	std::unique_ptr<Reporter> next(quiet ? nullptr : benchmark::CreateDefaultDisplayReporter());
	Listener listener(std::move(next), on_row, context, result);

	*result = {};
	result->matched = benchmark::RunSpecifiedBenchmarks(&listener);
}

void gbench_forget(void)
{
	benchmark::ClearRegisteredBenchmarks();
}

void gbench_end(void)
{
	benchmark::Shutdown();
}

uint32_t gbench_batch(struct gbench_state *s, uint32_t n)
{
	return s->state->KeepRunningBatch(n) ? n : 0;
}

void gbench_seconds(struct gbench_state *s, double seconds)
{
	s->state->SetIterationTime(seconds);
}

int64_t gbench_arg(const struct gbench_state *s, unsigned int i)
{
	return s->state->range(i);
}

void gbench_counter(struct gbench_state *s, const char *name, double value)
{
	s->state->counters[name] = value;
}

void gbench_counter_per_iteration(struct gbench_state *s, const char *name, double value)
{
	s->state->counters[name] = benchmark::Counter(value, benchmark::Counter::kAvgIterations);
}

void gbench_label(struct gbench_state *s, const char *label)
{
	s->state->SetLabel(label);
}

void gbench_skip(struct gbench_state *s, const char *reason)
{
	end_run(*s->state, reason, true);
}

void gbench_fail(struct gbench_state *s, const char *reason)
{
	end_run(*s->state, std::string(failed_mark) + reason, false);
}
