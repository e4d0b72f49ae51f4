#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.12 kernel on SVM (QEMU): prototypes, what it executes instruction by instruction,
# state proofs, the contract, and the mutants and faults that each of them must tell.
# seconds: 190
# timeout: 900
set -u
. tests/e2e/bed.inc
export CPUS=2
bed tcg 6.12 prototype steps proof contract mutants contract_faults faults fpu
