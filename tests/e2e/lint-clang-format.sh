#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The sources are clean under this check.
# seconds: 10
exec scripts/lint clang-format
