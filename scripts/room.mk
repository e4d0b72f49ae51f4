# SPDX-License-Identifier: GPL-2.0-only
# scripts/: probes, dependencies, boots, plots.

LINT_SH += scripts/probe scripts/deps
