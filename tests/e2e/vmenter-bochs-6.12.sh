#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Strategies inside KVM's own vmenter.S, in a Debian 6.12 kernel on VMX (Bochs): KVM is built with the place and
# loaded; proofs and instructions per exit. Mutants and what happens to a run that is killed: vmenter-tcg.
# seconds: 150
# timeout: 1200
set -u
B=${B:-build}
. tests/e2e/bed.inc
export TIMEOUT=1000 CPUS=1
bed bochs 6.12 vmenter vmenter_path
