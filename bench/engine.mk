# SPDX-License-Identifier: GPL-2.0-only
# Tests of the measuring engine.

ENGINE_TESTS := engine launch plan stats stats-coverage
ifeq ($(HAVE_BENCHMARK),y)
ENGINE_TESTS += power
endif
UNIT_TESTS += $(ENGINE_TESTS:%=$(B)/tests/unit/%)
$(foreach t,$(ENGINE_TESTS),$(eval LIBS_$(t) = $$(BENCH_LIBS)))
LIBS_power += -lstdc++
$(ENGINE_TESTS:%=$(B)/tests/unit/%): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(BENCH_LIB) $$(VMM_LIB) \
		$$(USER_LIB) $$(EMU_LIB) $(ASM_LIB)

# Beside the payloads, which it looks for where it lies.
$(B)/aa-coverage: $(B)/tests/tools/aa-coverage.o $(BENCH_LIB) $$(VMM_LIB) $$(USER_LIB) $$(EMU_LIB) $(ASM_LIB)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)

# The long form of what `make check` does briefly. Shorter:
# make coverage COVERAGE_SIMULATIONS=200 COVERAGE_COMPARISONS=12
COVERAGE_SIMULATIONS ?= 4000
COVERAGE_COMPARISONS ?= 200
COVERAGE_SECONDS ?= 0.5

#: make coverage       error rates: 4000 simulations per noise, 200 A/A comparisons
.PHONY: coverage
coverage: $(B)/tests/unit/stats-coverage $(B)/aa-coverage $(B)/payloads/hlt.elf
	EGPR_SIMULATIONS=$(COVERAGE_SIMULATIONS) $(B)/tests/unit/stats-coverage
	$(B)/aa-coverage $(COVERAGE_COMPARISONS) $(COVERAGE_SECONDS)
