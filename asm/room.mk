# SPDX-License-Identifier: GPL-2.0-only
# asm/: sequences, strategies, the timed loop, and the tables as data.

FORMS := hw proxy trap
STRATEGY_SRC := $(sort $(wildcard asm/strategy/*.S))
STRATEGY_OBJ := $(foreach f,$(FORMS),$(STRATEGY_SRC:asm/strategy/%.S=$(B)/asm/$(f)/%.o))
ASM_LIB := $(B)/libegprasm.a

$(B)/include/egpr/egpr-offsets.h: asm/offsets.c include/egpr/switch.h include/egpr/contract.h include/egpr/guest.h \
		include/egpr/halves.h \
		include/egpr/page.h include/egpr/regs.h include/egpr/status.h
	@mkdir -p $(@D)
	$(call say,GEN,$@){ echo '/* Made from asm/offsets.c. */'; \
		$(CC) -std=gnu11 $(CPPFLAGS) -O1 -S -o - $< | sed -n 's/^@@\([A-Z0-9_]*\) /#define \1 /p'; } >$@

# One rule per form: the same source line, assembled once for each.
define form_rule
$(B)/asm/$(1)/%.o: asm/strategy/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $$(@D)
	$$(call say,AS,$$@)$(CC) $(LAB_ASFLAGS) $(EGPR_AS_FLAGS) \
		-DEGPR_FORM=$(1) -DEGPR_FORM_$(shell echo $(1) | tr a-z A-Z) -c $$< -o $$@
endef
$(foreach f,$(FORMS),$(eval $(call form_rule,$(f))))

# Code bytes and instruction counts, read back from the objects just assembled.
$(B)/asm/code.c: asm/code-size $(STRATEGY_OBJ)
	$(call say,GEN,$@)asm/code-size $(OBJDUMP_APX) $(STRATEGY_OBJ) >$@
$(B)/asm/code.o: $(B)/asm/code.c
	$(call say,CC,$@)$(CC) $(LAB_CFLAGS) -c $< -o $@

$(ASM_LIB): $(STRATEGY_OBJ) $(B)/asm/batch.o $(B)/asm/apart.o $(B)/asm/contract-call.o $(B)/asm/delay-row.o $(B)/asm/rows.o $(B)/asm/table.o $(B)/asm/code.o

LINT_C += $(wildcard asm/*.c include/egpr/*.h)
LINT_SH += asm/code-size
all: $(ASM_LIB)

UNIT_TESTS += $(B)/tests/unit/strategy
$(B)/tests/unit/strategy: $(ASM_LIB)
