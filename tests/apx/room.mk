# SPDX-License-Identifier: GPL-2.0-only
# tests/apx/: programs compiled with and without -mapxf; their output must agree.

APX_PROGS := $(patsubst tests/apx/%.c,%,$(filter-out tests/apx/demo.c,$(wildcard tests/apx/*.c)))
APX_PROG_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -O2 -g -pthread

$(B)/tests/apx/%-apx: tests/apx/%.c
	@mkdir -p $(@D)
	$(call say,APXCC,$@)$(APX_CC) $(APX_PROG_CFLAGS) -mapxf $< -o $@

$(B)/tests/apx/%-legacy: tests/apx/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(APX_CC) $(APX_PROG_CFLAGS) $< -o $@

$(B)/tests/apx-demo: tests/apx/demo.c
	@mkdir -p $(@D)
	$(call say,APXCC,$@)$(APX_CC) $(APX_PROG_CFLAGS) -mapxf $< -o $@

ifneq ($(APX_CC),)
APX_PROGRAMS := $(foreach p,$(APX_PROGS),$(B)/tests/apx/$(p)-apx $(B)/tests/apx/$(p)-legacy)
TEST_TOOLS += $(APX_PROGRAMS)
all: $(B)/tests/apx-demo
endif

# The instructions of tests/unit/user-step.c need an assembler that knows APX.
ifneq ($(APX_CC),)
UNIT_TESTS += $(B)/tests/unit/user-step
endif
$(B)/tests/apx/step/insns.o: tests/apx/step/insns.S
	@mkdir -p $(@D)
	$(call say,APXCC,$@)$(APX_CC) -mapxf -g -c $< -o $@
$(B)/tests/unit/user-step: $(B)/tests/unit/user-step.o $(B)/tests/apx/step/insns.o $(USER_LIB) $(EMU_LIB)
