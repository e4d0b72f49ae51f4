#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.12 kernel on VMX (Bochs): prototypes, proofs, mutants, hard cases.
# seconds: 130
# timeout: 900
set -u
. tests/e2e/bed.inc
export CPUS=1
brief=_brief
[ -z "${LONG:-}" ] || brief=
# Two of the exit kinds: the others are proved on the faster bed. And what the rest of the system does to vCPUs,
# 6.12-rt shows on VMX. LONG=1 does both here too.
bed bochs 6.12 prototype "proof$brief" ${LONG:+quiet} path xstate
