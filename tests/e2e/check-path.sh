#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The comparison of path lengths can fail: tests/bed/check-path on tables that were tampered with;
# and the reference is whole.
# seconds: 2
set -u
. tests/e2e/tap.inc
B=${B:-build}

reference=results/reference/path-length.csv
host=tcg-6.12

# doctored NAME AWK: the reference with each row through AWK, which knows its fields by name;
# `set` changes one, `next` drops the row.
doctored() {
	awk -F , -v OFS=, '
	NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; print; next }
	{ for (name in column) v[name] = $column[name] }
	{ '"$2"' }
	{ for (name in column) $column[name] = v[name]; print }' "$reference" >"$dir/$1.csv"
}

# says STATUS PATTERN NAME: what check-path must return for a table, and a line it must print.
says() {
	tests/bed/check-path "$reference" "$dir/$3.csv" "$host" cpuid pio-out >"$dir/said" 2>&1
	status=$?
	cat "$dir/said"
	[ "$status" -eq "$1" ] && grep -q "$2" "$dir/said"
}

# only COUNT: as many points failed in what was said last, and no more.
only() { [ "$(grep -c '^not ok' "$dir/said")" -eq "$1" ]; }

row='v["exit_kind"] == "cpuid" && v["strategy"] == "gated-mov" && v["guest_state"] == "dirty"'

doctored same '1'
check 'the reference is like itself' says 0 '^ok .* pio-out x gated-mov x dirty: ' same
check 'and no point fails' only 0

doctored missing "if ($row) next"
check 'a strategy that was not measured' says 1 '^not ok .* cpuid x gated-mov x dirty: .*not measured' missing
check 'is one failure' only 1

doctored kind 'if (v["exit_kind"] == "pio-out") next'
check 'an exit kind that was not measured' says 1 '^not ok .* pio-out x none x off: .*not measured' kind

doctored nothing 'next'
check 'nothing measured' says 1 '^not ok .* cpuid x none x off: .*not measured' nothing

doctored more "if ($row) v[\"insns\"] += 7"
check 'a strategy that adds seven instructions' says 1 '^not ok .* cpuid x gated-mov x dirty: ' more
check 'is one failure' only 1
doctored less "if ($row) v[\"insns\"] -= 7"
check 'or seven fewer' says 1 '^not ok .* cpuid x gated-mov x dirty: ' less
doctored few "if ($row) v[\"insns\"] += 6"
check 'six are within what one batch may miss' says 0 '^ok .* cpuid x gated-mov x dirty: ' few

doctored path "if ($row) v[\"path\"] = \"user\""
check 'another path' says 1 '^not ok .* cpuid x gated-mov x dirty: .*on path user' path
check 'is one failure' only 1

# Every row of a kind grows alike, so that what is added stays as it is.
doctored grown 'if (v["exit_kind"] == "cpuid") v["insns"] += 1000'
check 'a longer whole' says 1 '^not ok .* cpuid x none x off: ' grown
doctored grown-little 'if (v["exit_kind"] == "cpuid") v["insns"] += 100'
check 'a little longer, as of another kernel' says 0 '^ok .* cpuid x none x off: ' grown-little

doctored none 'if (v["strategy"] == "none" && v["guest_state"] == "off") next'
check 'no row of none' says 1 '^not ok .* cpuid x gated-mov x off: there is no row of strategy none' none

doctored new "if ($row) v[\"strategy\"] = \"another\""
check 'a strategy that the reference lacks' says 1 '^not ok .* cpuid x another x dirty: .*not in the reference' new

# Columns are found by name, in any order.
awk -F , -v OFS=, '{ t = $2; $2 = $14; $14 = $7; $7 = t; print }' "$reference" >"$dir/order.csv"
check 'columns in another order' says 0 '^ok .* cpuid x gated-mov x dirty: ' order
check 'and no point fails' only 0
sed 's/,insns,/,length,/' "$reference" >"$dir/column.csv"
check 'a column that is not there' says 65 'no column insns' column
doctored empty "if ($row) v[\"insns\"] = \"\""
check 'a row without a number' says 65 'cpuid x gated-mov x dirty: ' empty
: >"$dir/void.csv"
check 'an empty file' says 65 'a table is empty' void

# The table itself: every strategy of the lab's, on SVM and on VMX, for what both leave the guest for. The SVM
# machines have AVX and nothing above it, and AVX stands in for nothing at KVM's probes: no XSAVE there.
"$B/egprlab" list strategies | sed '/^kvm-own /d; s/ .*//; s/^delay.*/delay-0/' >"$dir/strategies-vmx"
grep -v '^xsave' "$dir/strategies-vmx" >"$dir/strategies-svm"
every() { # every BACKEND TABLE
	for kind in cpuid pio-out wrmsr-tsc-deadline; do
		while read -r strategy; do
			for state in off dirty; do
				grep -q "^path-length,[^,]*,$1,.*,$kind,[a-z]*,$strategy,$state," "$2" ||
					echo "$1 has no $kind x $strategy x $state"
			done
		done <"$dir/strategies-$1"
	done >"$dir/absent"
	cat "$dir/absent"
	[ -s "$dir/strategies-$1" ] && [ ! -s "$dir/absent" ]
}
check 'the reference has every strategy on SVM' every svm "$reference"
check 'and on VMX' every vmx "$reference"
doctored hole 'if (v["strategy"] == "outer" && v["backend"] == "svm") next'
hole() {
	! every svm "$dir/hole.csv" && grep -q '^svm has no cpuid x outer x dirty$' "$dir/absent" &&
		[ "$(grep -vc ' x outer x ' "$dir/absent")" -eq 0 ]
}
check 'a strategy that is not there on SVM is missed' hole

echo "1..$n"
