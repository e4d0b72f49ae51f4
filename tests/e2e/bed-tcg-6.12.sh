#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.12 kernel on SVM (QEMU): prototypes, what it executes instruction by instruction (all
# of it in bed-hard-tcg-6.12), state proofs, the contract, and the mutants and faults that each of them must tell.
# seconds: 150
# timeout: 900
set -u
. tests/e2e/bed.inc
export CPUS=2
bed tcg 6.12 prototype steps_brief proof contract mutants contract_faults faults fpu
