# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += run/claims run/contended run/failure run/launch run/own run/plausible
