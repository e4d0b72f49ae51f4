#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Strategies inside KVM's own vmenter.S, in a Debian 6.12 kernel on SVM (QEMU): KVM is built with the place and
# loaded; proofs, mutants at the place, NMIs around it, instructions per exit, the kernel's own KVM back on every path; and
# the same proofs of halves that are part of KVM's code; with LONG=1 of those too that KVM chooses by the guest's XCR0.
# seconds: 150
# timeout: 1200
set -u
B=${B:-build}
. tests/e2e/bed.inc
export TIMEOUT=1000 CPUS=1 ICOUNT=1
bed tcg 6.12 vmenter vmenter_mutants vmenter_swap vmenter_planted vmenter_inline vmenter_path
