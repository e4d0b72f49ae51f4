# SPDX-License-Identifier: GPL-2.0-only
# scripts/: probes, dependencies, lint, boots, plots.

LINT_SH += $(shell grep -l '^\#!/bin/sh' $(wildcard scripts/* scripts/*/*) .ci/run 2>/dev/null)
