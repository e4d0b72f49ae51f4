/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cost model as a part of a document, for the report and `egprlab cost`.
 */
#ifndef BENCH_REPORT_COST_H
#define BENCH_REPORT_COST_H

#include "../report.h"

/**
 * report_cost_of - a table per profile
 * @g: whose differences
 * @rates: profile file; NULL for all shipped ones
 * @e: receives the message
 *
 * Return: 0; EGPR_USAGE for a bad profile, EGPR_DATA for a run without TSC rate.
 */
int report_cost_of(struct report *r, const struct report_group *g, const char *rates,
		   struct data_error *e);

#endif /* BENCH_REPORT_COST_H */
