# SPDX-License-Identifier: GPL-2.0-only
# tests/mutants/: broken strategies that the state proofs have to catch.

MUTANT_OBJ := $(patsubst tests/mutants/%.S,$(B)/tests/mutants/%.o,$(wildcard tests/mutants/*.S))
$(MUTANT_OBJ): $(B)/tests/mutants/%.o: tests/mutants/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) -DEGPR_FORM=trap -DEGPR_FORM_TRAP -c $< -o $@

$(B)/tests/unit/proof/proof: $(MUTANT_OBJ)

# egprlab with a gated-mov that crashes, one per way; the late ones only when they are measured,
# those of form trap in what proves without a time.
CRASHES := sigill sigsegv sigfpe sigtrap loop mxcsr df
CRASHES += $(CRASHES:%=late-%)
CRASHES += trap-sigsegv trap-sigfpe trap-loop
CRASH_LABS := $(CRASHES:%=$(B)/tests/mutants/crash/egprlab-%)
$(B)/tests/mutants/crash/%.o: tests/mutants/crash/gated-mov.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) \
		$(if $(findstring trap-,$*),-DEGPR_FORM=trap -DEGPR_FORM_TRAP,-DEGPR_FORM=proxy -DEGPR_FORM_PROXY) \
		-DCRASH_$(shell echo $* | sed 's/late-//; s/trap-//' | tr a-z A-Z) $(if $(findstring late,$*),-DLATE) -c $< -o $@
$(CRASH_LABS): $(B)/tests/mutants/crash/egprlab-%: $(B)/tests/mutants/crash/%.o $(B)/bench/cli/main.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)
TEST_TOOLS += $(CRASH_LABS)

# egprlab whose arms run half their rounds, or whose gated-mov takes longer than its instructions can.
IMPLAUSIBLE_LABS := $(patsubst tests/mutants/implausible/%.S,$(B)/tests/mutants/implausible/egprlab-%,$(wildcard tests/mutants/implausible/*.S))
$(B)/tests/mutants/implausible/%.o: tests/mutants/implausible/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) -DEGPR_FORM=proxy -DEGPR_FORM_PROXY -c $< -o $@
$(IMPLAUSIBLE_LABS): $(B)/tests/mutants/implausible/egprlab-%: $(B)/tests/mutants/implausible/%.o $(B)/bench/cli/main.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)
TEST_TOOLS += $(IMPLAUSIBLE_LABS)
