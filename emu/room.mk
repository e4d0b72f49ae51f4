# SPDX-License-Identifier: GPL-2.0-only
# emu/: APX in software.

LINT_C += $(wildcard emu/*.c emu/*.h)
