/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CSV schema of a run directory: every file's columns, in order.
 *
 * Writers, readers, docs and the report expand these lists. A change of any
 * column raises EGPR_SCHEMA_VERSION; a reader refuses a version it does not know. What a version
 * adds is empty where it was not written (csv_columns()), but for the context: a row of before has
 * its layer's default, which is what was measured then.
 * Every file starts with the identity columns, so that a row stands on its own.
 */
#ifndef EGPR_SAMPLE_H
#define EGPR_SAMPLE_H

#define EGPR_SCHEMA_VERSION 4
#define EGPR_SCHEMA_OLDEST  2 /* that can be read: without the columns that came later */

/*
 * X(column, TYPE, text). TYPE is what a reader accepts beside an empty field:
 * TEXT anything, COUNT an unsigned decimal integer, REAL a finite number, TIME a
 * REAL that is a time, and therefore empty in every `emu` and `model` row.
 */
/* clang-format off */
#define EGPR_COLUMNS_IDENTITY(X)							\
	X(run_id, TEXT, "identifier of the run")						\
	X(host_id, TEXT, "identifier of the host's stable facts")				\
	X(backend, TEXT, "what ran the guest: vmx, svm, pvm, or none where no guest ran")	\
	X(representative, TEXT, "yes, or no where the backend interprets guest code")		\
	X(provenance, TEXT, "hw, proxy, emu or model")						\
	X(layer, TEXT, "where the strategy ran; a group, see EGPR_GROUPS in axis.h")						\
	X(exit_kind, TEXT, "what made the guest exit, or none in layers without a guest; the operation in a group")	\
	X(path, TEXT, "who handled the exit")							\
	X(strategy, TEXT, "the strategy, delay-N written out; the subject in a group")					\
	X(guest_state, TEXT, "off, init or dirty")						\
	X(context, TEXT, "what stood around the halves, see egpr/context.h")

/* samples.csv: one row per block and arm position. */
#define EGPR_COLUMNS_SAMPLES(X)								\
	X(block, COUNT, "number of the block within its cell, from 0")				\
	X(position, COUNT, "position of this batch within the block, from 0")			\
	X(offset, COUNT, "code offset of the sequence in bytes")				\
	X(exits, COUNT, "exits, or executions of the sequence, in this batch")			\
	X(cycles, TIME, "TSC ticks of the whole batch; where the plan's location is not mean, that times exits")					\
	X(core_cycles, TIME, "core cycles of the whole batch; empty without a PMU")		\
	X(ctx_switches, COUNT, "context switches of the thread during the batch")		\
	X(irqs, COUNT, "interrupts on this CPU during the batch; empty where unknown")		\
	X(steal_us, COUNT, "time stolen by the hypervisor during the batch, microseconds")	\
	X(flags, TEXT, "what disturbed it, whether its block was contended and it an outlier, joined by '+'")			\
	X(launch, COUNT, "number of the launch, see `launches` in meta.json")			\
	X(exit_cycles, TIME, "TSC ticks of the exit halves of the batch; empty where halves are not timed apart")	\
	X(data_offset, COUNT, "bytes from the stack's line to the context's, modulo a page; empty where the data has one place")

/* In column flags, beside what egpr_noise_causes() finds. */
#define EGPR_FLAG_CONTENDED "contended" /* something else ran on the core beside the block */

/* summary.csv: one row per arm. Times are TSC ticks per exit. */
#define EGPR_COLUMNS_SUMMARY(X)								\
	X(blocks, COUNT, "blocks that carry this arm")						\
	X(exits, COUNT, "exits in all of them")							\
	X(min, TIME, "least of the blocks' means, TSC ticks per exit: no latency of an exit")	\
	X(p5, TIME, "of the blocks' means, TSC ticks per exit: no latency of an exit either")	\
	X(p50, TIME, "of the blocks' means, TSC ticks per exit")				\
	X(p95, TIME, "of the blocks' means, TSC ticks per exit")				\
	X(p99, TIME, "of exits stamped one by one, TSC ticks; of the blocks' means where none was")	\
	X(p999, TIME, "likewise")								\
	X(mean, TIME, "of the blocks' means, TSC ticks per exit")				\
	X(mad, TIME, "median absolute deviation of block means, TSC ticks per exit")		\
	X(code_bytes_exit, COUNT, "bytes of the exit sequence, from the object file; of a group's subject all of its code")		\
	X(code_bytes_entry, COUNT, "bytes of the entry sequence")				\
	X(insns_exit, COUNT, "instructions of the exit sequence, from the object file")		\
	X(insns_entry, COUNT, "instructions of the entry sequence")				\
	X(stand_in, TEXT, "what stands in for component 19 in a proxy; empty otherwise")	\
	X(seed, COUNT, "seed of the run")							\
	X(elapsed_s, TIME, "seconds spent on this arm")					\
	X(insns_round, COUNT, "instructions that one round was seen to execute, loop and returns included; empty where it runs in the kernel")

/* verdicts.csv: one row per comparison of an arm with its baseline. */
#define EGPR_COLUMNS_VERDICTS(X)							\
	X(baseline, TEXT, "the strategy it is compared with, in the row's guest state; for kvm-own in state off")	\
	X(blocks, COUNT, "paired blocks")							\
	X(base_p50, TIME, "median of the baseline, TSC ticks per exit")			\
	X(diff, TIME, "Hodges-Lehmann shift, TSC ticks per exit")				\
	X(diff_low, TIME, "lower end of its 95 % confidence interval")				\
	X(diff_high, TIME, "upper end")								\
	X(diff_pct, REAL, "the shift in per cent of base_p50")					\
	X(boot_low, TIME, "lower end by BCa block bootstrap, TSC ticks per exit")		\
	X(boot_high, TIME, "upper end")								\
	X(margin, TIME, "margin of the verdict in TSC ticks per exit")				\
	X(margin_text, TEXT, "the margin as the plan wrote it")					\
	X(p_value, REAL, "p-value of the verdict after Holm")					\
	X(verdict, TEXT, "faster, slower, equivalent or inconclusive")				\
	X(smallest_margin, TIME, "smallest margin, in TSC ticks, that would be equivalent")	\
	X(blocks_needed, COUNT, "further blocks until a verdict is expected; 0 if decided")	\
	X(block_sd, TIME, "standard deviation of independent blocks, TSC ticks per exit")	\
	X(offset_sd, TIME, "between code offsets; 0 if none was seen, empty if not estimable")	\
	X(launch_sd, TIME, "between launches, likewise")					\
	X(module_sd, TIME, "between module loads, likewise")					\
	X(boot_sd, TIME, "between boots, likewise")						\
	X(launches, COUNT, "launches that carry blocks of this comparison")			\
	X(exit_diff, TIME, "the shift of the exit half alone; empty where halves are not timed apart")	\
	X(exit_low, TIME, "lower end of its 95 % confidence interval")				\
	X(exit_high, TIME, "upper end")								\
	X(entry_diff, TIME, "the shift of the entry half alone, likewise")			\
	X(entry_low, TIME, "lower end of its 95 % confidence interval")			\
	X(entry_high, TIME, "upper end")

/* skipped.csv: what did not run. */
#define EGPR_COLUMNS_SKIPPED(X)								\
	X(reason, TEXT, "why, in words")

/* proofs.csv: state proofs. Never carries a time. */
#define EGPR_COLUMNS_PROOFS(X)								\
	X(check, TEXT, "what was proved")							\
	X(exits, COUNT, "exits in the proof")							\
	X(result, TEXT, "pass or fail")								\
	X(detail, TEXT, "what went wrong; empty on pass")

/* module.csv: one row per operation of the module and launch; strategy `none`, in ring 0. */
#define EGPR_COLUMNS_MODULE(X)								\
	X(op, TEXT, "what was timed, an id of EGPR_BENCH_OPS in uapi.h")			\
	X(samples, COUNT, "timed stretches, each with interrupts off")			\
	X(rounds, COUNT, "repetitions in each, an LFENCE between them")			\
	X(min, TIME, "TSC ticks per round, least of all samples")				\
	X(p5, TIME, "the same, 5th percentile")						\
	X(p50, TIME, "median")									\
	X(p95, TIME, "95th percentile")							\
	X(p99, TIME, "99th percentile")							\
	X(max, TIME, "most")									\
	X(launch, COUNT, "number of the launch")

/*
 * path-length.csv: instructions per exit, counted by an emulator whose TSC counts
 * instructions. Not part of a run; provenance `model`.
 */
#define EGPR_COLUMNS_PATH_LENGTH(X)								\
	X(machine, TEXT, "the emulator and its CPU model")					\
	X(kernel, TEXT, "release of the kernel in it")						\
	X(exits, COUNT, "exits in all batches")							\
	X(insns, REAL, "instructions per exit and entry, least of all batches")		\
	X(insns_p50, REAL, "the same, median of batches")

/*
 * model.csv: what llvm-mca says of a strategy, in core cycles of a CPU model: no time of any host,
 * provenance `model`. A row for each form, CPU model and strategy; derived, so a run directory
 * need not have it and its meta.json does not vouch for it.
 */
#define EGPR_COLUMNS_MODEL(X)								\
	X(form, TEXT, "hw or proxy: which bytes were analysed")				\
	X(cpu, TEXT, "the CPU model, as LLVM spells it")					\
	X(this_cpu, TEXT, "yes where it is a model of the host's CPU, else no")		\
	X(exit_cycles, REAL, "core cycles of the exit half alone and its return: TotalCycles of one iteration")	\
	X(entry_cycles, REAL, "the same of the entry half")				\
	X(cycles, REAL, "sum of both")							\
	X(over_none, REAL, "that sum less the one of `none` under the same CPU model")	\
	X(round_cycles, REAL, "exit half, then entry half, nothing between them: TotalCycles of one iteration")	\
	X(round_over_none, REAL, "that less the one of `none`")				\
	X(exit_rthroughput, REAL, "reciprocal throughput of the exit half: what execution units and dispatch alone demand, if it were repeated for ever")	\
	X(entry_rthroughput, REAL, "the same of the entry half")				\
	X(rthroughput, REAL, "sum of both")						\
	X(exit_insns, COUNT, "instructions on the path through the exit half, without its return")	\
	X(entry_insns, COUNT, "the same of the entry half")				\
	X(exit_uops, COUNT, "micro-operations of the exit half and its return")		\
	X(entry_uops, COUNT, "the same of the entry half")				\
	X(exit_bytes, COUNT, "bytes of the exit half, as in summary.csv")			\
	X(entry_bytes, COUNT, "the same of the entry half")				\
	X(not_modelled, TEXT, "instructions for which LLVM has a placeholder of 100 cycles and no model")	\
	X(tool, TEXT, "llvm-mca and the version of its LLVM")				\
	X(reason, TEXT, "why there are no figures; empty where there are")

/*
 * The data files of a run directory. X(SYM, name, COLUMNS, text)
 * COLUMNS is the list after the identity columns.
 */
#define EGPR_CSV_FILES(X)									\
	X(SAMPLES, "samples.csv", EGPR_COLUMNS_SAMPLES, "one row per block and arm position")	\
	X(SUMMARY, "summary.csv", EGPR_COLUMNS_SUMMARY, "one row per arm")			\
	X(VERDICTS, "verdicts.csv", EGPR_COLUMNS_VERDICTS, "one row per comparison")		\
	X(SKIPPED, "skipped.csv", EGPR_COLUMNS_SKIPPED, "what did not run, and why")		\
	X(PROOFS, "proofs.csv", EGPR_COLUMNS_PROOFS, "state proofs")				\
	X(MODULE, "module.csv", EGPR_COLUMNS_MODULE, "what the module's own operations take")
/* clang-format on */

#endif /* EGPR_SAMPLE_H */
