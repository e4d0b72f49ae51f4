# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += model/mca model/path
