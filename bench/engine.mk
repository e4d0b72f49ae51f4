# SPDX-License-Identifier: GPL-2.0-only
# Tests of the measuring engine.

ENGINE_TESTS := engine plan stats stats-coverage
UNIT_TESTS += $(ENGINE_TESTS:%=$(B)/tests/unit/%)
$(foreach t,$(ENGINE_TESTS),$(eval LIBS_$(t) = $$(BENCH_LIBS)))
$(ENGINE_TESTS:%=$(B)/tests/unit/%): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(BENCH_LIB) $$(VMM_LIB) $(ASM_LIB)
