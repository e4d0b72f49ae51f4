/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CSV schema of a run directory: every file's columns, in order.
 *
 * Writers, readers, docs and the report expand these lists. A change of any
 * column raises EGPR_SCHEMA_VERSION; a reader refuses a version it does not know.
 * Every file starts with the identity columns, so that a row stands on its own.
 */
#ifndef EGPR_SAMPLE_H
#define EGPR_SAMPLE_H

#define EGPR_SCHEMA_VERSION 1

/* X(column, text) */
/* clang-format off */
#define EGPR_COLUMNS_IDENTITY(X)							\
	X(run_id, "identifier of the run")						\
	X(host_id, "identifier of the host's stable facts")				\
	X(backend, "what ran the guest: vmx, svm, pvm, or none where no guest ran")	\
	X(representative, "yes, or no where the backend interprets guest code")		\
	X(provenance, "hw, proxy, emu or model")					\
	X(layer, "where the strategy ran")						\
	X(exit_kind, "what made the guest exit, or none in layers without a guest")	\
	X(path, "who handled the exit")							\
	X(strategy, "the strategy, delay-N written out")				\
	X(guest_state, "off, init or dirty")

/* samples.csv: one row per block and arm position. */
#define EGPR_COLUMNS_SAMPLES(X)								\
	X(block, "number of the block within its cell, from 0")				\
	X(position, "position of this batch within the block, from 0")			\
	X(offset, "code offset of the sequence in bytes")				\
	X(exits, "exits, or executions of the sequence, in this batch")			\
	X(cycles, "TSC cycles of the whole batch")					\
	X(core_cycles, "core cycles of the whole batch; empty without a PMU")		\
	X(ctx_switches, "context switches of the thread during the batch")		\
	X(irqs, "interrupts on this CPU during the batch; empty where unknown")		\
	X(steal_us, "time stolen by the hypervisor during the batch, microseconds")	\
	X(flags, "causes of an outlier, joined by '+'; empty if none")

/* summary.csv: one row per arm. Cycles are TSC cycles per exit. */
#define EGPR_COLUMNS_SUMMARY(X)								\
	X(blocks, "blocks that carry this arm")						\
	X(exits, "exits in all of them")						\
	X(min, "TSC cycles per exit")							\
	X(p5, "TSC cycles per exit")							\
	X(p50, "TSC cycles per exit")							\
	X(p95, "TSC cycles per exit")							\
	X(p99, "TSC cycles per exit; from the per-exit mode where there is one")	\
	X(p999, "TSC cycles per exit; likewise")					\
	X(mean, "TSC cycles per exit")							\
	X(mad, "median absolute deviation of block means, TSC cycles per exit")		\
	X(code_bytes_exit, "bytes of the exit sequence, from the object file")		\
	X(code_bytes_entry, "bytes of the entry sequence")				\
	X(insns_exit, "instructions of the exit sequence, from the object file")	\
	X(insns_entry, "instructions of the entry sequence")				\
	X(stand_in, "what stands in for component 19 in a proxy; empty otherwise")	\
	X(seed, "seed of the run")							\
	X(elapsed_s, "seconds spent on this arm")

/* verdicts.csv: one row per comparison of an arm with its baseline. */
#define EGPR_COLUMNS_VERDICTS(X)							\
	X(baseline, "the strategy it is compared with")					\
	X(blocks, "paired blocks")							\
	X(base_p50, "median of the baseline, TSC cycles per exit")			\
	X(diff, "Hodges-Lehmann shift, TSC cycles per exit")				\
	X(diff_low, "lower end of its 95 % confidence interval")			\
	X(diff_high, "upper end")							\
	X(diff_pct, "the shift in per cent of base_p50")				\
	X(boot_low, "lower end by BCa block bootstrap, TSC cycles per exit")		\
	X(boot_high, "upper end")							\
	X(margin, "margin of the verdict in TSC cycles per exit")			\
	X(margin_text, "the margin as the plan wrote it")				\
	X(p_value, "p-value of the verdict after Holm")					\
	X(verdict, "faster, slower, equivalent or inconclusive")			\
	X(smallest_margin, "smallest margin, in cycles, that would be equivalent")	\
	X(blocks_needed, "further blocks until a verdict is expected; 0 if decided")

/* skipped.csv: what did not run. */
#define EGPR_COLUMNS_SKIPPED(X)								\
	X(reason, "why, in words")

/* proofs.csv: state proofs. Never carries a time. */
#define EGPR_COLUMNS_PROOFS(X)								\
	X(check, "what was proved")							\
	X(exits, "exits in the proof")							\
	X(result, "pass or fail")							\
	X(detail, "what went wrong; empty on pass")
/* clang-format on */

#endif /* EGPR_SAMPLE_H */
