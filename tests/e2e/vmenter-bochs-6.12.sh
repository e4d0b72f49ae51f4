#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Strategies inside KVM's own vmenter.S, in a Debian 6.12 kernel on VMX (Bochs): KVM is built with the place and
# loaded; proofs, VM entries that fail, NMIs around the place, and instructions per exit. Mutants and what happens to a
# run that is killed: vmenter-tcg.
# seconds: 1
# timeout: 1800
set -u
B=${B:-build}
# Minutes of a core: `make check` has the place on SVM, and its 25 minutes to keep.
if [ -z "${LONG:-}" ]; then
	echo '1..0 # SKIP layer vmenter on VMX takes Bochs minutes: LONG=1 tests/e2e/vmenter-bochs-6.12.sh'
	exit 0
fi
. tests/e2e/bed.inc
export TIMEOUT=1600 CPUS=1
bed bochs 6.12 vmenter vmenter_planted vmenter_inline vmenter_path
