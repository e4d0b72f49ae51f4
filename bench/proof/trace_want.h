/* SPDX-License-Identifier: GPL-2.0-only */
/* What the table of strategies demands of a half, word by word. */
#ifndef BENCH_PROOF_TRACE_WANT_H
#define BENCH_PROOF_TRACE_WANT_H

#include "trace.h"

#define TRACE_WANTS 64 /* words of a half; the longest has 45 */

/**
 * struct trace_want - one word that has to be executed
 * @w: the word
 * @check: what it belongs to
 */
struct trace_want {
	struct trace_word w;
	enum trace_check check;
};

/**
 * struct trace_wants - a half, without its return
 * @nr: entries of @want
 * @delay: instead, a row with @n additions
 * @n: of delay-N
 */
struct trace_wants {
	unsigned int nr;
	struct trace_want want[TRACE_WANTS];
	bool delay;
	unsigned int n;
};

/**
 * trace_want - derive a half from its strategy's row, the form and the guest state
 * @s: the arm
 * @entry: the entry half
 * @out: receives the words
 *
 * Return: NULL, or why nothing can be derived from the row.
 */
const char *trace_want(const struct trace_subject *s, bool entry, struct trace_wants *out);

#endif /* BENCH_PROOF_TRACE_WANT_H */
