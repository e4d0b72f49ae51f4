/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What llvm-mca is asked, and what it answers.
 *
 * One iteration of each region: TotalCycles is then what a sequence takes that starts in an empty
 * pipeline and has to be done before anything else may start, which is how a half stands between
 * two serialising points. Many iterations would overlap, and their mean is a throughput: the Block
 * RThroughput says the lower bound of that, from dispatch width and execution units alone.
 */
#ifndef BENCH_MODEL_MCA_H
#define BENCH_MODEL_MCA_H

#include <stddef.h>

#include "code.h"

#define MCA_UNMODELLED 96

/**
 * struct mca_region - a stretch of code to ask about
 * @name: of it, unique in a question; no white space
 * @path: its instructions; one behind the other
 * @n: how many paths, 1 or 2
 */
struct mca_region {
	char name[64];
	const struct model_path *path[2];
	unsigned int n;
};

/**
 * struct mca_figures - what llvm-mca printed of a region
 * @cycles: TotalCycles of one iteration
 * @rthroughput: BlockRThroughput
 * @uops: TotaluOps
 * @insns: Instructions
 * @unmodelled: mnemonics, each once, of which it says both that their side effects are not modelled
 *	and a latency of 100, which LLVM writes for what nobody measured; "" for none
 */
struct mca_figures {
	double cycles;
	double rthroughput;
	unsigned int uops;
	unsigned int insns;
	char unmodelled[MCA_UNMODELLED];
};

/* The question: assembly with a marked region each. To be freed; NULL without memory. */
char *mca_question(const struct mca_region *regions, size_t n);

/**
 * mca_answer - read what llvm-mca printed as JSON
 * @text: its standard output
 * @regions: what it was asked
 * @n: how many
 * @out: receives a record for each
 * @e: receives the message
 *
 * Nothing is filled in for it: a region that is missing, one more or less instruction, and a
 * figure that is missing or no number are refused, by name. Return: 0 or EGPR_DATA.
 */
int mca_answer(const char *text, const struct mca_region *regions, size_t n,
	       struct mca_figures *out, struct data_error *e);

/**
 * mca_complaint - why llvm-mca gave up
 * @err: its standard error
 * @why: receives its first error with the line it is about, in one line
 * @size: of @why
 */
void mca_complaint(const char *err, char *why, size_t size);

#endif /* BENCH_MODEL_MCA_H */
