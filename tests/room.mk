# SPDX-License-Identifier: GPL-2.0-only
# tests/: the runner and the end-to-end scripts. Unit tests are added by the
# rooms that they test.

E2E_TESTS := $(sort $(wildcard tests/e2e/*.sh))
LINT_SH += tests/run tests/run-one $(E2E_TESTS) $(wildcard tests/e2e/*.inc)
LINT_C += $(wildcard tests/*/*.c tests/*/*.h)

$(B)/tests/tools/json: $(B)/tests/tools/json.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@ -lcjson
TEST_TOOLS += $(B)/tests/tools/json
