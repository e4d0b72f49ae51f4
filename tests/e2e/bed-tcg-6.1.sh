#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.1 kernel on SVM (QEMU): prototypes, proofs, mutants, hard cases.
# seconds: 150
# timeout: 480
set -u
. tests/e2e/bed.inc
export CPUS=2
bed tcg 6.1 prototype steps proof contract mutants contract_faults faults fpu loud fuzz
