#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.1 kernel on SVM (QEMU): prototypes, steps, proofs, mutants, hard cases; at length, and what
# does not depend on the kernel, in bed-tcg-6.12.
# seconds: 120
# timeout: 480
set -u
. tests/e2e/bed.inc
export CPUS=2
bed tcg 6.1 prototype steps proof contract_brief mutants fpu_brief loud
