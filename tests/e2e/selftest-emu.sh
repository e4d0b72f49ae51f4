#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The program that upstream could take, executed: by our emulator, against a library of ours with the names of the
# kernel's. All cases hold for a KVM that does everything right, whichever way it switches; every fault that can be
# planted into that KVM turns the case red that is about it.
# seconds: 25
set -u

B=${B:-build}
. tests/e2e/tap.inc
program=$B/tests/selftest/apx_state_test

# red NUMBERS...: which cases were not ok, of ten.
red() {
	cat "$dir/tap"
	[ "$(sed -n 's/^not ok \([0-9]*\) .*/\1/p' "$dir/tap" | tr '\n' ' ')" = "${*:+$* }" ] &&
		[ "$(grep -cE '^(not )?ok [0-9]+ ' "$dir/tap")" -eq 10 ]
}

# execute STRATEGY FAULT
execute() {
	SHIM_STRATEGY=$1 SHIM_FAULT=$2 timeout -s KILL 60 "$program" >"$dir/tap" 2>&1
	status=$?
}

execute gated-mov none
if [ $status = 4 ]; then
	sed -n 's/^1\.\.0 # SKIP/1..0 # SKIP/p' "$dir/tap"
	exit 0
fi
check 'ten cases, all of them executed, all ok' red
check 'none of them skipped' sh -c "! grep -i skip '$dir/tap'"
check 'its exit status says so' [ $status -eq 0 ]

for strategy in dual uncond-mov xsave xsavec live; do
	execute $strategy none
	check "switched by $strategy: all ok" red
done
execute none none
check 'switched by none: all but two are red' red 1 3 4 6 7 8 9 10
check 'and so is the exit status' [ $status -eq 1 ]

while read -r fault cases; do
	execute gated-mov "$fault"
	# shellcheck disable=SC2086
	check "a KVM that $(sed -n "s/.*\"$fault\", *\"\(.*\)\").*/\1/p" tests/selftest/shim/shim.h): red $cases" red $cases
	echo "$fault" >>"$dir/tried"
done <<'FAULTS'
get-forgets-r31 1
set-fpstate-only 2 3
clear-bit-kept 2
copy-first 4
bit-always 5
posted 2 4 5
host-lost 6 9
operand-live 7
shared-regs 2 3 8 9
off-forgets 8 9
nmi-uses-r16 9
fail-clears 10
FAULTS
sed -n 's/^	X([A-Z_]*, "\([a-z0-9-]*\)".*/\1/p' tests/selftest/shim/shim.h | grep -vx none | sort >"$dir/known"
check 'no fault is left out' sh -c "sort '$dir/tried' | diff '$dir/known' -"
SHIM_FAULT=no-such "$program" >"$dir/said" 2>&1
check 'an unknown fault is refused by its name' sh -c "[ $? -eq 64 ] && grep -q 'SHIM_FAULT=no-such: no such fault' '$dir/said'"
echo "1..$n"
