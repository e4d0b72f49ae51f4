# SPDX-License-Identifier: GPL-2.0-only
# tests/mutants/: broken strategies that the state proofs have to catch.

MUTANT_OBJ := $(patsubst tests/mutants/%.S,$(B)/tests/mutants/%.o,$(wildcard tests/mutants/*.S))
$(MUTANT_OBJ): $(B)/tests/mutants/%.o: tests/mutants/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) -DEGPR_FORM=trap -DEGPR_FORM_TRAP -c $< -o $@

$(B)/tests/unit/proof/proof: $(MUTANT_OBJ)
