# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += run/contended run/launch run/plausible
