/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exit statuses of every command of the lab: the stable contract.
 */
#ifndef EGPR_STATUS_H
#define EGPR_STATUS_H

enum egpr_status {
	EGPR_DONE = 0,
	EGPR_SLOWER = 1,       /* compare: a comparison is slower than its margin */
	EGPR_INCONCLUSIVE = 2, /* compare: a comparison is not decided */
	EGPR_USAGE = 64,       /* bad command line, plan or payload */
	EGPR_DATA = 65,	       /* damaged or unknown data */
	EGPR_UNAVAILABLE = 69, /* nothing can run here */
	EGPR_INTERNAL = 70,    /* the lab itself is wrong */
	EGPR_CRASHED = 71,     /* run: done, but what crashed, hung or failed its proof */
	EGPR_SKIPPED = 77,     /* this host cannot do it; the reason is on stderr */
};

#endif /* EGPR_STATUS_H */
