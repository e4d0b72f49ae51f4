# SPDX-License-Identifier: GPL-2.0-only
CFLAGS_bench/host/pmu.c += $(if $(filter y,$(HAVE_LIBPFM)),-DEGPR_HAVE_LIBPFM)
BENCH_TESTS += host/contention host/cpus host/host host/kinds host/noise host/pmu
LIBS_host/pmu += -Wl,--wrap=read,--wrap=syscall
LIBS_host/cpus += -Wl,--wrap=sched_getaffinity,--wrap=sched_setaffinity
