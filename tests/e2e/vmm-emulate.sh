#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# APX in a guest on a CPU without it: the payloads that use r16..r31, from the
# command line, and the endurance run against a checksum computed here.
# seconds: 12
set -u
B=${B:-build}
KVM=/dev/kvm
EXITS=100000
PRIME=65537
n=0

tap() { # tap RESULT DESCRIPTION OUTPUT
	n=$((n + 1))
	echo "$1 $n - $2"
	[ "$1" = ok ] || echo "$3" | sed 's/^/# /'
}

if ! [ -w "$KVM" ]; then
	echo "1..0 # SKIP no $KVM that we may open"
	exit 0
fi
if ! [ -e "$B/payloads/egpr-endurance.elf" ]; then
	echo "1..0 # SKIP no compiler that knows APX: install clang-19"
	exit 0
fi

run() { # run DESCRIPTION PAYLOAD ARGUMENT...: ends 0, and something was emulated
	what=$1
	payload=$2
	shift 2
	out=$("$B/vmm-mini" --emulate "$@" "$B/payloads/$payload.elf" 2>&1)
	status=$?
	if [ $status -eq 0 ] && echo "$out" | grep -q '^APX instructions emulated [1-9]'; then
		tap ok "$what"
	else
		tap 'not ok' "$what: status $status" "$out"
	fi
}

run 'XCR0.APX: off, first enable, off, on' egpr-xcr0 --state off
for cpl in 0 3; do
	run "MMIO by EGPR base and index, CPL $cpl" egpr-mmio --cpl $cpl
	run "PUSH2 and POP2, CPL $cpl" egpr-push2 --cpl $cpl
	run "compiled C, CPL $cpl" egpr-c --cpl $cpl --state init
	run "patterns over pio-out, CPL $cpl" pio-out --cpl $cpl --exits 16
done

# Without emulation and without APX the same payload ends in #UD: it is not pretending.
out=$("$B/vmm-mini" "$B/payloads/egpr-mmio.elf" 2>&1)
status=$?
if [ $status -eq 65 ] && echo "$out" | grep -q '#UD (vector 6)'; then
	tap ok 'without --emulate: #UD'
elif [ $status -eq 0 ]; then
	n=$((n + 1))
	echo "ok $n - without --emulate # SKIP this CPU has APX"
else
	tap 'not ok' "without --emulate: status $status" "$out"
fi

# The same recurrence in shell arithmetic (64 bits, wrapping); see the payload.
checksum() {
	awk -v exits=$EXITS 'BEGIN { for (i = 0; i < exits; i++) print i % 16, (i + 1) % 16 }' |
		{
			k=0
			while [ $k -lt 16 ]; do
				eval "r$k=\$((0x0101010101010101 * (16 + k)))"
				k=$((k + 1))
			done
			done_=0
			while read -r a b; do
				eval "r$a=\$((r$a + r$b))"
				done_=$((done_ + 1))
				[ "$a" -eq 15 ] && [ $done_ -lt $EXITS ] && r0=$((r0 * PRIME))
			done
			sum=0
			k=0
			while [ $k -lt 16 ]; do
				eval "sum=\$(((sum << 5 | (sum >> 59 & 31)) ^ r$k))"
				k=$((k + 1))
			done
			printf '0x%x\n' "$sum"
		}
}
want=$(checksum)
out=$("$B/vmm-mini" --emulate "$B/payloads/egpr-endurance.elf" 2>&1)
status=$?
if [ $status -eq 0 ] && echo "$out" | grep -qx "iterations $EXITS" &&
	echo "$out" | grep -qx "result $want" && echo "$out" | grep -qx "exits KVM_EXIT_IO $((EXITS + 1))"; then
	tap ok "endurance: $EXITS exits, checksum $want"
else
	tap 'not ok' "endurance: status $status, checksum should be $want" "$out"
fi
echo "1..$n"
