# SPDX-License-Identifier: GPL-2.0-only
CFLAGS_bench/cli/main.c += $(if $(filter y,$(HAVE_BENCHMARK)),-DEGPR_HAVE_BENCHMARK)
