#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# WRMSRNS and RDMSR with an immediate, in a 7.3 kernel on VMX (Bochs 3): exits 84 and 85, KVM's own fastpath, and
# r16..r31 as its source under every strategy. Bochs 3.0 leaves with 31 and 32; a test build of KVM completes that.
# seconds: 1
# timeout: 1500
set -u
B=${B:-build}
if [ -z "${LONG:-}" ]; then
	echo '1..0 # SKIP a kernel of Debian 13 is booted for minutes: scripts/suite trixie; LONG=1 tests/e2e/immediate-bochs-7.3.sh'
	exit 0
fi
. tests/e2e/bed.inc
export TIMEOUT=1400 CPUS=1 FEATURES=msr_imm
bed bochs 7.3 immediate operand
