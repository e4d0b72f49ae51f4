/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exit statuses of every command of the lab: the stable contract.
 */
#ifndef EGPR_STATUS_H
#define EGPR_STATUS_H

/* X(SYM, number, text): the only list; the help text prints it. */
/* clang-format off */
#define EGPR_STATUSES(X)								\
	X(DONE, 0, "done")								\
	X(SLOWER, 1, "compare, campaign: a comparison is slower than its margin")			\
	X(INCONCLUSIVE, 2, "compare, campaign: a comparison is not decided")			\
	X(USAGE, 64, "bad command line, plan or payload")				\
	X(DATA, 65, "damaged or unknown data")						\
	X(UNAVAILABLE, 69, "nothing can run here, or output was lost")			\
	X(INTERNAL, 70, "the lab itself is wrong")					\
	X(CRASHED, 71, "run: done, but what crashed, hung or was not proved")		\
	X(SKIPPED, 77, "this host cannot do it; the reason is on stderr")
/* clang-format on */

#define EGPR_STATUS_ENUM(SYM, number, text) EGPR_##SYM = (number),
enum egpr_status {
	EGPR_STATUSES(EGPR_STATUS_ENUM)
};

#endif /* EGPR_STATUS_H */
