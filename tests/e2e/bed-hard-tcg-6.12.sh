#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.12 kernel on SVM (QEMU), beside the proofs of bed-tcg-6.12: every strategy instruction by
# instruction, and mutants of it; a KVM that has a switch of its own, hard cases, random ioctls, exits counted
# beside perf; what a thread has in its vector registers around KVM_RUN; layer kvm with a guest that walks.
# seconds: 130
# timeout: 900
# spare
set -u
. tests/e2e/bed.inc
export CPUS=2
bed tcg 6.12 steps own loud fuzz counts sums walks
