# SPDX-License-Identifier: GPL-2.0-only
# tests/mutants/: broken strategies that the state proofs have to catch.

MUTANT_OBJ := $(patsubst tests/mutants/%.S,$(B)/tests/mutants/%.o,$(wildcard tests/mutants/*.S))
$(MUTANT_OBJ): $(B)/tests/mutants/%.o: tests/mutants/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) -DEGPR_FORM=trap -DEGPR_FORM_TRAP -c $< -o $@

$(MUTANT_OBJ): tests/mutants/mutants.h
$(addprefix $(B)/tests/unit/proof/,proof mutants long contract): $(MUTANT_OBJ)

# egprlab with a gated-mov that crashes, one per way, or leaves its clears out; the late ones only when
# they are measured, those of form trap in what proves without a time.
CRASHES := sigill sigsegv sigfpe sigtrap loop mxcsr df
LATE := $(CRASHES:%=late-%)
CRASHES += noclears trap-sigsegv trap-sigfpe trap-loop
CRASH_LABS := $(CRASHES:%=$(B)/tests/mutants/crash/egprlab-%)
LATE_LABS := $(LATE:%=$(B)/tests/mutants/crash/egprlab-%)
$(patsubst %,$(B)/tests/mutants/crash/%.o,$(CRASHES) $(LATE)): $(B)/tests/mutants/crash/%.o: tests/mutants/crash/gated-mov.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) \
		$(if $(findstring trap-,$*),-DEGPR_FORM=trap -DEGPR_FORM_TRAP,-DEGPR_FORM=$(if $(findstring late-,$*),late,proxy) -DEGPR_FORM_PROXY) \
		-DCRASH_$(shell echo $* | sed 's/late-//; s/trap-//' | tr a-z A-Z) -c $< -o $@

# egprlab whose arms run half their rounds, or whose gated-mov takes longer than its instructions can; behind
# all proofs as well.
IMPLAUSIBLE_LABS := $(patsubst tests/mutants/implausible/%.S,$(B)/tests/mutants/implausible/egprlab-%,$(wildcard tests/mutants/implausible/*.S))
$(B)/tests/mutants/implausible/%.o: tests/mutants/implausible/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) -DEGPR_FORM=late -DEGPR_FORM_PROXY -c $< -o $@

$(CRASH_LABS) $(LATE_LABS) $(IMPLAUSIBLE_LABS): $(B)/tests/mutants/%: $(B)/bench/cli/main.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $(filter $(B)/tests/%,$^) $(filter-out $(B)/tests/%,$^) -o $@ $(BENCH_LIBS)
$(LATE_LABS) $(IMPLAUSIBLE_LABS): $(B)/tests/mutants/late.o
$(LATE_LABS) $(IMPLAUSIBLE_LABS): private LDFLAGS += -Wl,--wrap=guard_batch
$(foreach l,$(CRASH_LABS) $(LATE_LABS) $(IMPLAUSIBLE_LABS),$(eval $(l): $(subst egprlab-,,$(l)).o))
TEST_TOOLS += $(CRASH_LABS) $(LATE_LABS) $(IMPLAUSIBLE_LABS)

# egprlab with one strategy that is wrong in form hw alone: those here, and some of the twins.
NATIVE_TWINS := hw-no-clears hw-r20-from-r21 hw-gate-inverted hw-push2-swapped
NATIVE_LABS := $(patsubst tests/mutants/native/%.S,$(B)/tests/mutants/native/egprlab-%,$(wildcard tests/mutants/native/*.S))
NATIVE_LABS += $(NATIVE_TWINS:%=$(B)/tests/mutants/native/egprlab-%)
$(B)/tests/mutants/native/%.o: tests/mutants/native/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) -DEGPR_FORM=hw -DEGPR_FORM_HW -c $< -o $@
$(B)/tests/mutants/native/%.o: tests/mutants/twins/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) -DEGPR_FORM=hw -DEGPR_FORM_HW -c $< -o $@
$(NATIVE_LABS): $(B)/tests/mutants/native/egprlab-%: $(B)/tests/mutants/native/%.o $(B)/bench/cli/main.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)
TEST_TOOLS += $(NATIVE_LABS)
