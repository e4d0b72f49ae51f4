# SPDX-License-Identifier: GPL-2.0-only
# scripts/: probes, dependencies, lint, boots, plots.

LINT_SH += $(shell grep -l '^\#!/bin/sh' $(wildcard scripts/* scripts/*/*) .ci/run 2>/dev/null)
LINT_C += $(wildcard scripts/*/*.c)
TEST_TOOLS += $(B)/boot/port

# Runs in the machines of scripts/boot, whose initramfs has no libraries of its own.
$(B)/boot/port: $(B)/scripts/machine/port.o
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -static $< -o $@
