#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The report's table of properties: what it cites as proved exists, and what it
# says about the sequences is what their bytes say.
# seconds: 4
set -u

B=${B:-build}
objdump=$(sed -n 's/^OBJDUMP_APX := //p' "$B/config.mk")
. tests/e2e/tap.inc

# exists PROOF: kind/file or kind/file:function.
exists() {
	file=${1%%:*}
	case $1 in
	*:*) grep -q "cmocka_unit_test[a-z_]*(${1##*:}\b\|TEST(${1##*:})" "tests/$file.c" ;;
	e2e/*) [ -x "tests/$file.sh" ] ;;
	*) [ -f "tests/$file.c" ] ;;
	esac
}

# count STRATEGY HALF PATTERN: instructions of a half that match, in the hw form.
count() {
	"$objdump" -d --no-show-raw-insn "$B/asm/hw/$1.o" |
		awk -v name="_$2>:" -v pattern="$3" 'index($0, ">:") { on = index($0, name) } on && $2 ~ pattern' |
		wc -l
}

CONDITIONAL='^j[^m]'

"$B/tests/tools/synthetic-run" "$dir/run" blocks=4 || exit 70
mkdir "$dir/bin" # no gnuplot: no picture is needed here
PATH=$dir/bin "$B/egprlab" report "$dir/run" >/dev/null 2>&1 || exit 70
sed -n '/^## Properties/,/^## State/{ s/\\//g; p; }' "$dir/run/report.md" >"$dir/properties"

check 'the table has nine properties' sh -c "[ \$(grep -c '^| [a-z|X|u]' '$dir/properties') -ge 9 ]"
check 'every cell has its evidence' sh -c "
	! grep '^| ' '$dir/properties' | sed 1d | tr '|' '\n' | sed 's/^ *//; s/ *\$//' | grep . |
	grep -vE '^(works|safe|fastpath|XSETBV per|memory|uABI|survives|cost)' |
	grep -vE '\[(proved|cited|measured|by definition): '"
grep -oE '(unit|e2e)/[a-z0-9.-]+(:[a-z0-9_]+)?' "$dir/properties" | sort -u >"$dir/proofs"
check 'proofs are named' test -s "$dir/proofs"
while read -r proof; do
	check "$proof exists" exists "$proof"
done <"$dir/proofs"

for strategy in uncond-mov uncond-push2 gated-mov gated-mov-disp8 gated-push2 dual xsave xsaveopt xsavec xsaves \
	live live-access outer; do
	for half in exit entry; do
		branches=$(count $strategy $half "$CONDITIONAL")
		xsetbv=$(count $strategy $half '^xsetbv')
		case $strategy in
		dual | live) want='0 0' ;;
		live-access) # the flag, the FPU test, and sixteen cases by halves
			want='0 0'
			[ $half = entry ] || want='17 0'
			;;
		uncond-*) want='1 1' ;;
		*) want='1 0' ;;
		esac
		check "$strategy $half: branches and XSETBVs are $want" [ "$branches $xsetbv" = "$want" ]
	done
done
check 'gated-mov-lfence fences both halves' sh -c "
	[ $(count gated-mov-lfence exit '^lfence') = 1 ] && [ $(count gated-mov-lfence entry '^lfence') = 1 ]"
echo "1..$n"
