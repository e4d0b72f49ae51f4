#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The lab on CPUs that lack something, played by user-mode QEMU: layer prim, state proofs, doctor
# and exec. A row is skipped with its reason; a crash, a hang or a skip without a reason fails.
# seconds: 100
# timeout: 600
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
B=${B:-build}

command -v qemu-x86_64 >/dev/null 2>&1 || {
	echo '1..0 # SKIP no qemu-x86_64 (Debian: apt-get install qemu-user)'
	exit 0
}

cat >"$dir/plan.ini" <<'PLAN'
[plan]
text = every strategy, briefly
budget = 1
margins = 10 ticks
batch_min = 64
batch_us = 50
batch_max = 64
offsets = 1
per_exit = 0
resamples = 50

[prim]
states = dirty
strategies = all
weight = 1
PLAN

strategies=$("$B/egprlab" list strategies --json | "$B/tests/tools/json" each/id | grep -v '^delay')

# is_sane STATUS ALLOWED...: no crash (126 and above, 71), no hang (124).
is_sane() {
	got=$1
	shift
	for allowed; do
		[ "$got" -eq "$allowed" ] && return
	done
	echo "status $got"
	return 1
}

# on LAB DIR: run the plan; every strategy has a row in one of the files, with a reason where it is skipped.
# Prints what is skipped.
accounted() {
	for s in $strategies; do
		if grep -q "^[^,]*,[^,]*,none,yes,proxy,prim,none,none,$s,dirty," "$1/summary.csv"; then
			continue
		fi
		grep -qE "^[^,]*,[^,]*,none,yes,proxy,prim,none,none,$s,dirty,\"?[A-Za-z].{15,}" "$1/skipped.csv" || {
			echo "$s: neither measured nor skipped with a reason" >&2
			return 1
		}
		printf '%s ' "$s"
	done
}

# judge MODEL LAB: leaves a line in $dir/line, and what is wrong in $dir/wrong.
judge() {
	: >"$dir/wrong"
	rm -rf "$dir/prim" "$dir/proofs"
	timeout 90 qemu-x86_64 -cpu "$1" "$2" run --plan "$dir/plan.ini" --provenance proxy --out "$dir/prim" >"$dir/said" 2>&1
	is_sane $? 0 >>"$dir/wrong" || sed 's/^/run: /' "$dir/said" >>"$dir/wrong"
	skipped=$(accounted "$dir/prim" 2>>"$dir/wrong")
	skipped=$(echo $skipped) # without the last blank
	[ "${skipped:--}" = "$3" ] || echo "skipped: ${skipped:--}, and not: $3" >>"$dir/wrong"
	timeout 60 qemu-x86_64 -cpu "$1" "$2" run --provenance emu --profile smoke --exit hlt --out "$dir/proofs" >"$dir/said" 2>&1
	is_sane $? 0 >>"$dir/wrong" || sed 's/^/proofs: /' "$dir/said" >>"$dir/wrong"
	proved=$(grep -c ',pass' "$dir/proofs/proofs.csv" 2>/dev/null)
	timeout 30 qemu-x86_64 -cpu "$1" "$2" doctor --seconds 0.05 >"$dir/said" 2>&1
	is_sane $? 0 77 >>"$dir/wrong" || sed 's/^/doctor: /' "$dir/said" >>"$dir/wrong"
	timeout 30 qemu-x86_64 -cpu "$1" "$2" exec -- "$B/tests/apx/bignum-apx" >"$dir/apx" 2>"$dir/said"
	is_sane $? 0 >>"$dir/wrong" || sed 's/^/exec: /' "$dir/said" >>"$dir/wrong"
	"$B/tests/apx/bignum-legacy" | cmp -s - "$dir/apx" || echo 'exec: another result than without APX' >>"$dir/wrong"
	line="$(wc -l <"$dir/prim/summary.csv" 2>/dev/null) rows, ${proved:-no} proofs, skipped: ${skipped:--}"
}

right() { cat "$dir/wrong"; [ ! -s "$dir/wrong" ]; }

while IFS='|' read -r bed model kind skips; do
	[ "$bed" = user ] || continue
	judge "$model" "$B/egprlab" "$skips" </dev/null
	check "$model ($kind): $line" right
done <tests/cpus.table

# The judge sees what it is there for.
judge max "$B/tests/mutants/crash/egprlab-sigill" 'xsavec xsaves' </dev/null
check 'a planted SIGILL is seen' grep -q '^status 71' "$dir/wrong"
judge max "$B/egprlab" 'xsavec' </dev/null
check 'a skip that nobody expects is seen' grep -q '^skipped: xsavec xsaves, and not' "$dir/wrong"
sed -i '/,xsaves,/s/dirty,.*/dirty,/' "$dir/prim/skipped.csv"
check 'a skip without a reason is seen' sh -c "! grep -qE ',xsaves,dirty,.{15,}' '$dir/prim/skipped.csv'"
accounted "$dir/prim" >/dev/null 2>"$dir/wrong"
check 'and named' grep -q '^xsaves: neither' "$dir/wrong"
echo "1..$n"
