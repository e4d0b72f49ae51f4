# SPDX-License-Identifier: GPL-2.0-only
# docs/models/: explicit models for spin. Their strategies come from the table of strategies, and
# what they say goes into the report, where spin is there when the lab is built.

LINT_C += docs/models/strategies.c
LINT_SH += docs/models/run docs/models/table
TEST_TOOLS += $(B)/docs/models/strategies

$(B)/docs/models/strategies: $(B)/docs/models/strategies.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@

# A row that the model has no steps for ends the build here, with or without spin.
$(B)/docs/models/strategies.pml: $(B)/docs/models/strategies
	@mkdir -p $(@D)
	$(call say,GEN,$@)$< >$@
all: $(B)/docs/models/strategies.pml

# The build with sanitizers takes the answers from the build without, where they are there.
ifeq ($(HAVE_SPIN),y)
MODEL_SOURCES := $(wildcard docs/models/*.pml)
MODELS_B := $(or $(if $(SAN),$(if $(wildcard $(TOP_B)/docs/models/answers/xfd-NO_FIX.csv),$(TOP_B))),$(B))
MODEL_ANSWERS := $(addprefix $(MODELS_B)/docs/models/answers/,egpr.csv xfd.csv xfd-NO_FIX.csv)
ask_model = $(call say,SPIN,$@)B=$(B) CC='$(CC)' docs/models/run --quiet --out $(@D) --model
$(B)/docs/models/answers/egpr.csv: docs/models/run $(MODEL_SOURCES) $(B)/docs/models/strategies.pml
	$(ask_model) egpr
$(B)/docs/models/answers/xfd.csv: docs/models/run $(MODEL_SOURCES)
	@mkdir -p $(@D)
	$(ask_model) xfd
$(B)/docs/models/answers/xfd-%.csv: docs/models/run $(MODEL_SOURCES)
	@mkdir -p $(@D)
	$(ask_model) xfd --mutant $*
endif
$(B)/include/egpr/model-answers.h: docs/models/table docs/models/egpr.pml docs/models/xfd.pml $(MODEL_ANSWERS)
	@mkdir -p $(@D)
	$(call say,GEN,$@)docs/models/table $(MODEL_ANSWERS) >$@

#: make models         ask the models with spin: a line per property, strategy and assumption
.PHONY: models
models: $(B)/docs/models/strategies
	@B=$(B) CC='$(CC)' docs/models/run
