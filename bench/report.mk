# SPDX-License-Identifier: GPL-2.0-only
# Run directories and what reads them: tests and their tools. Part of bench/room.mk.

# Unit tests of run directories and everything that reads them.
REPORT_TESTS := rundir store meta
UNIT_TESTS += $(REPORT_TESTS:%=$(B)/tests/unit/%)
$(foreach t,$(REPORT_TESTS),$(eval LIBS_$(t) = $$(BENCH_LIBS)))
$(REPORT_TESTS:%=$(B)/tests/unit/%): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(BENCH_LIB) $(ASM_LIB)

# A run directory of made-up numbers, for tests of what reads run directories.
TEST_TOOLS += $(B)/tests/tools/synthetic-run
$(B)/tests/tools/synthetic-run: $(B)/tests/tools/synthetic-run.o $(BENCH_LIB) $(ASM_LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@ -lcjson -lcrypto -lgsl -lgslcblas -lm
