# SPDX-License-Identifier: GPL-2.0-only
# bench/: the egprlab command, in rooms (README.md). Everything but its main is a
# library, so that unit tests link the same objects as the command. Each room's own
# room.mk has what is special there: flags of a file, and its unit tests in BENCH_TESTS.

LAB_CFLAGS += -I. # for <bench/ROOM/x.h>, <vmm-mini/vmm.h>
BENCH_LIB := $(B)/libegprbench.a
BENCH_SRC := $(filter-out bench/cli/main.c,$(sort $(wildcard bench/*/*.c bench/report/*/*.c)))

# Optional libraries: without one, what needs it is left out and says so.
BENCH_LIBS := -lsqlite3 -lcjson -linih -lgsl -lgslcblas -lcrypto -lpthread -lm
ifeq ($(HAVE_LIBPFM),y)
BENCH_LIBS := -lpfm $(BENCH_LIBS)
endif
BENCH_GBENCH := bench/cli/bench.c $(filter-out bench/suite/power.c,$(wildcard bench/suite/*.c))
ifeq ($(HAVE_BENCHMARK),y)
BENCH_CXX := $(wildcard bench/*/*.cc)
BENCH_LIBS := -lbenchmark $(BENCH_LIBS)
else
BENCH_SRC := $(filter-out $(BENCH_GBENCH),$(BENCH_SRC))
endif
BENCH_OBJ := $(BENCH_SRC:%.c=$(B)/%.o) $(BENCH_CXX:%.cc=$(B)/%.o) $(B)/bench/report/assets.o

$(BENCH_LIB): $(BENCH_OBJ)

# What `egprlab --version` and every run directory say about the source tree.
.PHONY: FORCE
$(B)/include/egpr/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define EGPR_VERSION "%s"\n' "$$(git describe --always --dirty 2>/dev/null || \
		echo unknown)" >$@.tmp; cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@
# The table that scripts/noise reads too, as an X-macro.
$(B)/include/egpr/noise-table.h: bench/host/noise.table
	@mkdir -p $(@D)
	$(call say,GEN,$@){ echo '/* Made from $<. */'; echo '#define EGPR_NOISE_TABLE(X) \'; \
		sed '/^#/d; s/|/", "/g; s/.*/	X("&") \\/' $<; echo; } >$@

$(BENCH_OBJ) $(B)/bench/cli/main.o: | $(B)/include/egpr/version.h $(B)/include/egpr/noise-table.h

# The rooms below, in link order; VMM_LIB and EMU_LIB are set by rooms read later.
.SECONDEXPANSION:
BENCH_LINK = $(BENCH_LIB) $$(VMM_LIB) $$(USER_LIB) $$(EMU_LIB) $(ASM_LIB)
$(B)/egprlab: $(B)/bench/cli/main.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)

PROGRAMS += $(B)/egprlab
LINT_C += $(wildcard bench/*/*.[ch] bench/*/*.cc bench/report/*/*.[ch] bench/suite/bare/*.c)
