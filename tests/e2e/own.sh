#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# KVM's own switch of r16..r31: where it cannot be measured it is skipped with the reason, in every
# list of them; where it was, its rows are compared with guest state off by everyone who reads them.
# seconds: 6
# shellcheck disable=SC2016 # scripts of sh -c have their own arguments
set -u

B=${B:-build}
egprlab=$B/egprlab
json=$B/tests/tools/json
. tests/e2e/tap.inc

# rows FILE STRATEGY STATE: their number in a CSV file of the run directory $dir/run.
rows() { grep -c ",kvm,cpuid,[a-z]*,$2,$3," "$dir/run/$1"; }

# The list, and what it needs.
i=$("$egprlab" list strategies --json | $json each/id | grep -nx kvm-own | cut -d: -f1)
check 'list has kvm-own' test -n "$i"
check 'and what it needs' sh -c '"$1" list strategies --json | "$2" "$3/needs/each" | grep -x kvm-that-offers-apx' - \
	"$egprlab" "$json" "$((i - 1))"

# This host: what KVM offers, by doctor; what that makes of a plan.
"$egprlab" doctor --seconds 0.05 >"$dir/doctor" 2>&1
if grep -q '^  kvm  *.*can be used' "$dir/doctor"; then
	check 'doctor has KVM'"'"'s answers about APX' sh -c 'tr -s " \n" " " <"$1" | grep -q "guest-apx.*(APX_F) [01].*kvm-own\|guest-apx.*kvm-own.*(APX_F) [01]"' - "$dir/doctor"
fi
"$egprlab" run --dry-run --strategy kvm-own --layer prim,ring0,boundary,kvm --state all --provenance proxy >"$dir/dry" 2>&1
check 'prim has no KVM, and says so' grep -q 'prim/none/init/kvm-own: there is no KVM in this layer' "$dir/dry"
check 'boundary: nothing stands in for it' sh -c \
	'grep -q "boundary/none/init/kvm-own: nothing stands in for KVM.s own switch.*provenance hw\|boundary/[a-z-]*/[a-z]*: .*kvm" "$1"' - "$dir/dry"
check 'it is an arm of no cell' sh -c '! grep -q "^ *[0-9.]* s .* kvm-own" "$1"' - "$dir/dry"
"$egprlab" run --dry-run --strategy gated-mov --layer prim --provenance proxy >"$dir/dry" 2>&1
check 'where it is not wanted nobody speaks of it' sh -c '! grep -q kvm-own "$1"' - "$dir/dry"

# A run of a host that has it: made-up numbers.
"$B/tests/tools/synthetic-run" "$dir/run" own=yes provenance=hw blocks=24 launches=2 || exit 70
"$B/tests/tools/synthetic-run" "$dir/dearer" own=yes provenance=hw blocks=24 launches=2 effect=3 seed=1 || exit 70
check 'its rows have states of their own, its baseline has off' test \
	"$(rows summary.csv kvm-own init) $(rows summary.csv kvm-own dirty) $(rows summary.csv none off) $(rows summary.csv none dirty)" = '1 1 1 0'
mkdir "$dir/bin" # no gnuplot: no picture is needed here
PATH=$dir/bin "$egprlab" report "$dir/run" >/dev/null 2>&1
check 'the report is made' test -s "$dir/run/report.md"
check 'it says what kvm-own is compared with' grep -q 'kvm-own is what KVM itself takes.*guest state off' "$dir/run/report.md"
check 'it has the differences of both states' sh -c '
	for state in init dirty; do
		grep -q "^| cpuid | kvm-own | $state | .+[1-9].*| .slower" "$1" || exit 1
	done' - "$dir/run/report.md"
"$egprlab" compare "$dir/run" "$dir/dearer" >"$dir/compared" 2>&1
for state in init dirty; do
	check "compare pairs kvm-own in state $state with its baseline" grep -qE "^kvm +cpuid +$state +fp-0 +kvm-own +[0-9]" "$dir/compared"
done
# 3 x 60 - 60 ticks more: the shift of the shifts, not of the arms themselves.
check 'and finds by how much it became dearer' sh -c '
	awk "\$1 == \"kvm\" && \$2 == \"cpuid\" && \$3 == \"dirty\" && \$5 == \"kvm-own\" { d = \$6 } END { exit !(d > 100 && d < 140) }" "$1"' - "$dir/compared"
check 'no arm of it is in one run only' sh -c '! grep -q "in one run only" "$1"' - "$dir/compared"
echo "1..$n"
