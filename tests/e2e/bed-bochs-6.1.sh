#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.1 kernel on VMX (Bochs): proofs, hard cases. Mutants run where they are faster
# (QEMU): the same module, and the same proofs.
# seconds: 120
# timeout: 900
set -u
. tests/e2e/bed.inc
export CPUS=1
bed bochs 6.1 proof quiet
