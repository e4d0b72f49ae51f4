#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Instructions per exit on SVM, every strategy, against results/reference/path-length.csv.
# seconds: 20
# timeout: 900
# spare
set -u
. tests/e2e/bed.inc
export CPUS=1 ICOUNT=1
bed tcg 6.12 path
