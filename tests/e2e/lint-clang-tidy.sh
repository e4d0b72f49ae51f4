#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The sources are clean under this check.
# seconds: 60
# spare
exec scripts/lint clang-tidy
