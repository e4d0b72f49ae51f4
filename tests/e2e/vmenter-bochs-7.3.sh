#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Strategies inside the vmenter.S of a 7.3 kernel on VMX (Bochs 3): proofs, and instructions per exit. Exits 84 and
# 85: immediate-bochs-7.3.
# seconds: 1
# timeout: 1500
set -u
B=${B:-build}
if [ -z "${LONG:-}" ]; then
	echo '1..0 # SKIP a kernel of Debian 13 is booted for minutes: scripts/suite trixie; LONG=1 tests/e2e/vmenter-bochs-7.3.sh'
	exit 0
fi
. tests/e2e/bed.inc
export TIMEOUT=1400 CPUS=1
bed bochs 7.3 vmenter vmenter_path
