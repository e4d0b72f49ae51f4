# SPDX-License-Identifier: GPL-2.0-only
# bench/: the egprlab command. Everything but main.c is a library, so that unit
# tests link the same objects as the command.

LAB_CFLAGS += -I. # for <vmm-mini/vmm.h>
BENCH_LIB := $(B)/libegprbench.a
BENCH_SRC := $(filter-out bench/main.c,$(sort $(wildcard bench/*.c)))

# Optional libraries: without one, what needs it is left out and says so.
BENCH_LIBS := -lsqlite3 -lcjson -linih -lgsl -lgslcblas -lcrypto -lpthread -lm
ifeq ($(HAVE_LIBPFM),y)
CFLAGS_bench/pmu.c += -DEGPR_HAVE_LIBPFM
BENCH_LIBS := -lpfm $(BENCH_LIBS)
endif
BENCH_GBENCH := bench/cmd_bench.c bench/power_gbench.c $(wildcard bench/suite_*.c)
ifeq ($(HAVE_BENCHMARK),y)
CFLAGS_bench/main.c += -DEGPR_HAVE_BENCHMARK
CFLAGS_bench/power.c += -DEGPR_HAVE_BENCHMARK
BENCH_CXX := $(wildcard bench/*.cc)
BENCH_LIBS := -lbenchmark $(BENCH_LIBS)
else
BENCH_SRC := $(filter-out $(BENCH_GBENCH),$(BENCH_SRC))
endif
BENCH_OBJ := $(BENCH_SRC:%.c=$(B)/%.o) $(BENCH_CXX:%.cc=$(B)/%.o) $(B)/bench/report_assets.o
CFLAGS_bench/share.c += -DEGPR_SOURCE_DIR='"$(CURDIR)"'
$(B)/bench/report_assets.o: bench/report.css bench/report.js

$(BENCH_LIB): $(BENCH_OBJ)

# What `egprlab --version` and every run directory say about the source tree.
.PHONY: FORCE
$(B)/include/egpr/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define EGPR_VERSION "%s"\n' "$$(git describe --always --dirty 2>/dev/null || \
		echo unknown)" >$@.tmp; cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@
# The table that scripts/noise reads too, as an X-macro.
$(B)/include/egpr/noise-table.h: bench/noise.table
	@mkdir -p $(@D)
	$(call say,GEN,$@){ echo '/* Made from $<. */'; echo '#define EGPR_NOISE_TABLE(X) \'; \
		sed '/^#/d; s/|/", "/g; s/.*/	X("&") \\/' $<; echo; } >$@

$(BENCH_OBJ) $(B)/bench/main.o: | $(B)/include/egpr/version.h $(B)/include/egpr/noise-table.h

# The rooms below, in link order; VMM_LIB and EMU_LIB are set by rooms read later.
.SECONDEXPANSION:
$(B)/egprlab: $(B)/bench/main.o $(BENCH_LIB) $$(VMM_LIB) $$(USER_LIB) $$(EMU_LIB) $(ASM_LIB)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)

# What the speed benchmarks set beside vmm-mini.
$(B)/bare-vm: $(B)/bench/bare/vm.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@

PROGRAMS += $(B)/egprlab $(B)/bare-vm
LINT_C += $(wildcard bench/*.c bench/*.h bench/*.cc bench/bare/*.c)

include bench/report.mk bench/engine.mk

# Unit tests of what asks the host.
HOST_TESTS := host noise pmu
UNIT_TESTS += $(HOST_TESTS:%=$(B)/tests/unit/%)
$(foreach t,$(HOST_TESTS),$(eval LIBS_$(t) = $$(BENCH_LIBS)))
LIBS_pmu += -Wl,--wrap=read
$(HOST_TESTS:%=$(B)/tests/unit/%): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(BENCH_LIB) $(ASM_LIB)
