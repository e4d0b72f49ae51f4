#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.1 kernel on SVM (QEMU): proofs and hard cases.
# seconds: 60
# timeout: 480
set -u
. tests/e2e/bed.inc
bed tcg 6.1 proof mutants
