# SPDX-License-Identifier: GPL-2.0-only
CFLAGS_bench/suite/power.c += $(if $(filter y,$(HAVE_BENCHMARK)),-DEGPR_HAVE_BENCHMARK)
BENCH_TESTS += $(if $(filter y,$(HAVE_BENCHMARK)),suite/power)
LIBS_suite/power += -lstdc++

# What the speed benchmarks set beside vmm-mini.
$(B)/bare-vm: $(B)/bench/suite/bare/vm.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@
PROGRAMS += $(B)/bare-vm
