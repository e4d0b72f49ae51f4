# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += layer/own layer/standin
