# SPDX-License-Identifier: GPL-2.0-only
# tests/: the runner and the end-to-end scripts. Unit tests are added by the
# rooms that they test.

E2E_TESTS := $(sort $(wildcard tests/e2e/*.sh))
LINT_SH += tests/run tests/run-one $(E2E_TESTS) $(wildcard tests/e2e/*.inc)
LINT_C += $(wildcard tests/*/*.c tests/*/*.h tests/unit/*/*.[ch])

# What stands in for component 19 is chosen in one place.
$(B)/tests/unit/strategy: $(addprefix $(B)/bench/,layer/standin.o base/cpuid.o)

# Unit tests of the rooms of bench/, which name them; all link what the command links.
UNIT_TESTS += $(BENCH_TESTS:%=$(B)/tests/unit/%)
$(foreach t,$(BENCH_TESTS),$(eval LIBS_$(t) += $$(BENCH_LIBS)))
$(BENCH_TESTS:%=$(B)/tests/unit/%): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(BENCH_LINK)

# Real comparisons of an arm with itself. Beside the payloads, which it looks for where it lies.
$(B)/aa-coverage: $(B)/tests/tools/aa-coverage.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)

# The long form of what `make check` does briefly. Shorter:
# make coverage COVERAGE_SIMULATIONS=200 COVERAGE_COMPARISONS=12
COVERAGE_SIMULATIONS ?= 4000
COVERAGE_COMPARISONS ?= 200
COVERAGE_SECONDS ?= 0.5

#: make coverage       error rates: 4000 simulations per noise, 200 A/A comparisons
.PHONY: coverage
coverage: $(B)/tests/unit/stats/coverage $(B)/aa-coverage $(B)/payloads/hlt.elf
	EGPR_SIMULATIONS=$(COVERAGE_SIMULATIONS) $(B)/tests/unit/stats/coverage
	$(B)/aa-coverage $(COVERAGE_COMPARISONS) $(COVERAGE_SECONDS)

# A run directory of made-up numbers, for tests of what reads run directories.
TEST_TOOLS += $(B)/tests/tools/synthetic-run
$(B)/tests/tools/synthetic-run: $(B)/tests/tools/synthetic-run.o $(BENCH_LIB) $(ASM_LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@ -lcjson -lcrypto -lgsl -lgslcblas -lm

$(B)/tests/tools/json: $(B)/tests/tools/json.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@ -lcjson
TEST_TOOLS += $(B)/tests/tools/json

# The cost of one strategy without the lab, which scripts/oracle holds a run against.
$(B)/tests/tools/oracle: $(B)/tests/tools/oracle.o $(ASM_LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@ -lm
TEST_TOOLS += $(B)/tests/tools/oracle

# Preloaded by tests of what survives a kill.
$(B)/tests/tools/kill-at.so: tests/tools/kill-at.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(LAB_CFLAGS) -fPIC -shared $(LDFLAGS) $< -o $@ -ldl
$(B)/tests/tools/rss: $(B)/tests/tools/rss.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@
$(B)/tests/tools/kcidb-check: $(B)/tests/tools/kcidb-check.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@ -lcjson
TEST_TOOLS += $(B)/tests/tools/kill-at.so $(B)/tests/tools/rss $(B)/tests/tools/kcidb-check
LINT_SH += tests/tools/merge-bench
