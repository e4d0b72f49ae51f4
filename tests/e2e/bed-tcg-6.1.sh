#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.1 kernel on SVM (QEMU): prototypes, steps, proofs, hard cases; at length, and what
# does not depend on the kernel, in bed-tcg-6.12. LONG=1 does here what is done there.
# seconds: 80
# timeout: 900
# spare
set -u
. tests/e2e/bed.inc
export CPUS=2
brief=_brief
[ -z "${LONG:-}" ] || brief=
bed tcg 6.1 prototype "steps$brief" "proof$brief" contract_brief ${LONG:+mutants} fpu_brief loud
