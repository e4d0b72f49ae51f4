# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += layer/footprint layer/own layer/rounds layer/standin
