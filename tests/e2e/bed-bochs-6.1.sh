#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.1 kernel on VMX (Bochs): prototypes; LONG=1: hard cases. Proofs of 6.1
# run on SVM (bed-tcg-6.1), those of VMX in a kernel 6.12 (bed-bochs-6.12): Bochs is slow.
# seconds: 40
# timeout: 900
# spare
set -u
. tests/e2e/bed.inc
export CPUS=1
bed bochs 6.1 prototype ${LONG:+quiet}
