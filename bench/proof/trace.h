/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image that is timed is the image that is proved: an arm's real batch, run once under a tracer
 * that stops before every instruction, and held against what the table of strategies demands.
 *
 * The tracer (trace.c) takes execute permission from all code of the cell, so whoever calls into
 * it is caught, and single-steps until it is left. It runs in a process apart, before a cell is
 * measured: the copies of the sequences, their addresses and the contexts are those of the
 * measurement, the batch goes the same way. What runs in the kernel the module steps through, where and
 * how it is timed (trace_kernel.c). Other code offsets are not stepped through: their bytes
 * are compared with those of the one that was.
 *
 * An instruction that trace_word.c does not know fails the trace.
 */
#ifndef BENCH_PROOF_TRACE_H
#define BENCH_PROOF_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <bench/base/error.h>
#include <bench/layer/layer.h>
#include <bench/plan/cell.h>

#include "trace_word.h"

#define TRACE_PLAIN_EXITS   3	 /* of a batch stamped at its ends */
#define TRACE_STAMPED_EXITS 2	 /* of one that stamps every exit */
#define TRACE_STEPS	    4096 /* of both batches; delay-255 takes 2300 */
#define TRACE_REASON	    320

/* X(SYM, id, text): what is compared, in the order in which a failure is told. */
/* clang-format off */
#define TRACE_CHECKS(X)									\
	X(KNOWN, "known", "every instruction is one that sequences are made of")	\
	X(ROUNDS, "rounds", "as many rounds as asked for: this arm's two halves, in turn")	\
	X(CONTEXT, "context", "the halves get the context of this arm")		\
	X(GATE, "gate", "the flag is tested, and the branch goes as the guest state wants")	\
	X(FENCE, "fence", "LFENCE where the table has one")				\
	X(XCR0, "xcr0", "XCR0 is compared, and written where guest and host differ")	\
	X(STORES, "stores", "r16..r31 or their stand-ins, each to its slot, in order")	\
	X(CLEARS, "clears", "each of them cleared, in order")				\
	X(LOADS, "loads", "each from its slot, in order")				\
	X(XSAVE, "xsave", "the table's instruction, on the area, of the right components")	\
	X(OPERAND, "operand", "one register is read, and goes to its place")		\
	X(DELAY, "delay", "N dependent additions, and nothing else that grows with N")	\
	X(REST, "nothing-else", "no further instruction: each half ends in its return")	\
	X(SITES, "sites", "the same bytes at every other code offset")			\
	X(COUNT, "count", "retired instructions per round, by the counter of the CPU")
/* clang-format on */

#define TRACE_CHECK_ENUM(SYM, id, text) TRACE_##SYM,
enum trace_check {
	TRACE_CHECKS(TRACE_CHECK_ENUM) TRACE_NR
};
extern const char *const trace_ids[TRACE_NR];

/* Where a step lies. */
enum trace_half {
	TRACE_LOOP,
	TRACE_EXIT,
	TRACE_ENTRY,
};
extern const char *const trace_halves[];

/**
 * struct trace_note - what trace_check() made of a step
 * @seen: the walk came here
 * @ok: it is what was wanted
 * @check: by which check
 * @half: enum trace_half
 * @round: from 0
 */
struct trace_note {
	bool seen;
	bool ok;
	uint8_t check;
	uint8_t half;
	uint16_t round;
};

/**
 * struct trace - both batches of an arm, step by step
 * @nr: steps; those of the stamped batch carry TRACE_IN_STAMPED
 * @lost: more steps than there is room for
 */
struct trace {
	unsigned int nr;
	bool lost;
	struct trace_step step[TRACE_STEPS];
};

/**
 * struct trace_subject - an arm, and what it has to do
 * @c: its cell
 * @arm: index
 * @image: at the code offset that is traced
 * @in_kernel: the addresses of @image are the kernel's, not to be followed; what follows is for then
 * @site: what @image points to
 * @stay: the halves around an exit that stays in KVM's inner loop
 * @xcr0_host: what the context says
 * @xcr0_guest: likewise
 */
struct trace_subject {
	const struct cell *c;
	unsigned int arm;
	struct layer_image image;
	bool in_kernel;
	struct layout_site site;
	struct egpr_sequence stay;
	uint64_t xcr0_host;
	uint64_t xcr0_guest;
};

/**
 * struct trace_result - verdict
 * @tried: comparisons by check
 * @failed: the check that failed, TRACE_NR for none; the walk ends there
 * @detail: the failure in words
 * @rounds: that were walked
 * @insns: instructions per round, returns and what stands around the calls in the loop included
 * @sites: other code offsets that were compared
 * @note: NULL, or what became of each step; TRACE_STEPS of them
 */
struct trace_result {
	unsigned int tried[TRACE_NR];
	enum trace_check failed;
	char detail[TRACE_REASON];
	unsigned int rounds;
	unsigned int insns;
	unsigned int sites;
	struct trace_note *note;
};

/**
 * trace_check - hold a trace against the table
 * @s: whose
 * @t: the trace
 * @r: receives the verdict; @r->note is the caller's
 */
void trace_check(const struct trace_subject *s, const struct trace *t, struct trace_result *r);

/**
 * trace_check_sites - compare an arm's bytes at all code offsets with those that were traced
 * @s: the arm
 * @run: of its layer
 * @index: the code offset that was traced
 * @r: receives the verdict
 */
void trace_check_sites(const struct trace_subject *s, void *run, unsigned int index,
		       struct trace_result *r);

/**
 * struct traced_arm - what came of an arm
 * @status: 0 traced, and as the table demands; EGPR_DATA it is not; EGPR_CRASHED
 * @reason: why
 * @r: the verdict
 */
struct traced_arm {
	int status;
	char reason[TRACE_REASON + 32];
	struct trace_result r;
};

struct trace_shared;

/**
 * struct traced - all arms of a cell
 * @arm: by index
 * @shared: the traces
 */
struct traced {
	struct traced_arm arm[PLAN_MAX_ARMS];
	struct trace_shared *shared;
};

/**
 * trace_cell - trace every arm of an opened cell in a process apart
 * @c: the cell
 * @run: from @c->ops->open()
 * @index: code offset
 * @out: receives what came of the arms; trace_free() it, after a failure too
 * @e: receives the message
 *
 * Return: 0; EGPR_DATA or EGPR_CRASHED if an arm failed, the first of them in @e; EGPR_SKIPPED
 * where no trace can be had; EGPR_INTERNAL without memory or processes.
 */
int trace_cell(const struct cell *c, void *run, unsigned int index, struct traced *out,
	       struct data_error *e);
void trace_free(struct traced *out);

/**
 * trace_count_differs - does a counter of retired instructions contradict a trace
 * @loop: the layer has the timed loop; else only differences from the baseline can be compared, because
 *	the layer's own instructions count as well
 * @counted: per round
 * @base: the baseline's
 * @insns: per round by the trace
 * @base_insns: the baseline's
 */
bool trace_count_differs(bool loop, double counted, double base, unsigned int insns,
			 unsigned int base_insns);

/* The same for an arm of a cell, which fails if so. @counted and @base as above. */
void trace_check_count(const struct cell *c, void *run, unsigned int arm, double counted,
		       double base, struct traced *out);

/* An arm, as it was traced. */
const struct trace_subject *trace_subject(const struct traced *out, unsigned int arm);
/* The trace of an arm. */
const struct trace *trace_of(const struct traced *out, unsigned int arm);

#endif /* BENCH_PROOF_TRACE_H */
