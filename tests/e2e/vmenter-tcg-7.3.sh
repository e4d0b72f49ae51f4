#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Strategies inside the vmenter.S of a 7.3 kernel on SVM (QEMU 11), as vmenter-tcg-6.12.sh has them: there the
# macros that load, store and clear the guest's registers are others, and KVM's XCR0 switch stands further out.
# seconds: 1
# timeout: 1500
set -u
B=${B:-build}
if [ -z "${LONG:-}" ]; then
	echo '1..0 # SKIP a kernel of Debian 13 is booted for minutes: scripts/suite trixie; LONG=1 tests/e2e/vmenter-tcg-7.3.sh'
	exit 0
fi
. tests/e2e/bed.inc
export TIMEOUT=1400 CPUS=1 ICOUNT=1
bed tcg 7.3 vmenter vmenter_mutants vmenter_swap vmenter_path
