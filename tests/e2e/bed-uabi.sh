#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The properties of the XSAVE interface on kvm-amd (QEMU) and kvm-intel (Bochs) of a Debian 6.12 kernel, for
# the components that those CPUs have, with a migration between two VMs.
# seconds: 120
# timeout: 480
set -u

B=${B:-build}
. tests/e2e/tap.inc
tests=$B/tests/unit/group/uabi-ioctl

for bed in tcg bochs; do
	case $bed in
	tcg) emulator=qemu-system-x86_64 kvm=kvm_amd ;;
	bochs) emulator=bochs-bin kvm=kvm_intel ;;
	esac
	if ! command -v "$emulator" >/dev/null 2>&1; then
		n=$((n + 1))
		echo "ok $n - $bed # SKIP $emulator is not installed (scripts/deps check)"
		continue
	fi
	TIMEOUT=220 scripts/boot "$bed" 6.12 -- sh -c "
		grep -q ^$kvm /proc/modules && CMOCKA_MESSAGE_OUTPUT=TAP $tests" >"$dir/$bed" 2>&1
	status=$?
	if [ "$status" = 69 ]; then
		n=$((n + 1))
		echo "ok $n - $bed # SKIP $(tail -n 1 "$dir/$bed")"
		continue
	fi
	check "$bed: all properties hold ($kvm)" sh -c "cat '$dir/$bed'; [ $status -eq 0 ]"
	check "$bed: and none was left out" sh -c "
		[ \$(grep -cE '^ok [0-9]+ - test_' '$dir/$bed') -eq 8 ] && ! grep -i skip '$dir/$bed'"
done
echo "1..$n"
