/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which KVM of scripts/kvm-build a run was made on, as meta.json says it.
 */
#ifndef BENCH_RUN_EDITED_H
#define BENCH_RUN_EDITED_H

#include <cjson/cJSON.h>

#include "run.h"

/**
 * run_add_edited - add what scripts/kvm-build wrote down, if the plan wants layer vmenter
 *		    or that KVM was kept
 * @run: the run
 * @meta: the run directory's
 */
void run_add_edited(const struct run *run, cJSON *meta);

#endif /* BENCH_RUN_EDITED_H */
