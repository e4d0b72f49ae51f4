#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Layer ring0 on CPU models of Bochs: no crash, no hang, no skip without a reason. Layer kvm on VMX
# takes Bochs minutes and is left to the test beds.
# seconds: 60
# timeout: 800
# spare
set -u

cd "$(dirname "$0")/../.." || exit 70
bed=bochs layers=ring0 seconds=2
. tests/e2e/cpus-system.inc
