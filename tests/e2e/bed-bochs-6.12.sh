#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.12 kernel on VMX (Bochs): prototypes, proofs, mutants, hard cases.
# seconds: 220
# timeout: 900
set -u
. tests/e2e/bed.inc
export CPUS=1
# What the rest of the system does to vCPUs, 6.1 and 6.12-rt show on VMX; LONG=1 does it here too.
bed bochs 6.12 prototype proof mutants ${LONG:+quiet} path xstate
