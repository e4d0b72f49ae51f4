# SPDX-License-Identifier: GPL-2.0-only
# tests/twins/: the forms of a strategy against each other, from their disassembly.

TWINS := $(B)/tests/twins/twins
$(TWINS): $(patsubst %.c,$(B)/%.o,$(wildcard tests/twins/*.c))
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@
TEST_TOOLS += $(TWINS)
