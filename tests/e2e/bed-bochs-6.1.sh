#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module in a Debian 6.1 kernel on VMX (Bochs): proofs, mutants, hard cases.
# seconds: 200
# timeout: 900
set -u
. tests/e2e/bed.inc
export CPUS=1
bed bochs 6.1 proof mutants quiet
