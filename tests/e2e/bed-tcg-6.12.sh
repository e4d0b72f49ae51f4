#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.12 kernel on SVM (QEMU): prototypes, proofs, mutants, hard cases, exits
# counted beside perf; and what a thread has in its vector registers around KVM_RUN; layer kvm
# with a guest that walks.
# seconds: 160
# timeout: 480
set -u
. tests/e2e/bed.inc
export CPUS=2
bed tcg 6.12 prototype steps proof contract mutants contract_faults faults own fpu loud fuzz counts sums walks
