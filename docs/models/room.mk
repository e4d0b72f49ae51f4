# SPDX-License-Identifier: GPL-2.0-only
# docs/models/: explicit models for spin; their strategies come from the table.

LINT_C += docs/models/strategies.c
LINT_SH += docs/models/run
TEST_TOOLS += $(B)/docs/models/strategies

$(B)/docs/models/strategies: $(B)/docs/models/strategies.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@

# One line per question. SPIN_FLAGS: what docs/models/run takes.
#: make models         ask the models with spin: every property of every strategy
.PHONY: models
models: $(B)/docs/models/strategies
	@B=$(B) CC='$(CC)' docs/models/run $(SPIN_FLAGS)
