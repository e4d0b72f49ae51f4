# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += stats/stats stats/coverage stats/meta_analysis stats/change
