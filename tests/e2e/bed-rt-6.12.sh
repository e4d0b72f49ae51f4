#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in Debian's PREEMPT_RT kernel on VMX (Bochs; KVM refuses QEMU's TSC there): spinlocks sleep,
# so a lock taken where one may not sleep is a BUG in the log.
# seconds: 100
# timeout: 900
# spare
set -u
. tests/e2e/bed.inc
export CPUS=1
bed bochs 6.12-rt contract_brief ${LONG:+contract_faults} fpu_brief quiet
