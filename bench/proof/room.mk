# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += proof/proof proof/mutants proof/long proof/contract proof/turns proof/trace proof/trace_mutants proof/trace_dressed proof/trace_contexts proof/native
