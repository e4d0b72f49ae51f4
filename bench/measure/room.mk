# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += measure/engine
