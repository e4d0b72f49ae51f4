#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Form hw is proved natively, on the CPU with APX that egprlab exec plays: the code path of an APX
# host. A fault that is in form hw alone is red there, while form trap's proof is green. What is played has
# no time, and says that it is played.
# seconds: 10
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
B=$(cd "${B:-build}" && pwd)
lab=$B/egprlab
json=$B/tests/tools/json
field() { "$json" "$1" <"$2"; }

if grep -qw apx /proc/cpuinfo; then
	echo '1..0 # SKIP this CPU has APX: nothing is played; proofs of form hw are native in every run'
	exit 0
fi
if ! grep -qw avx /proc/cpuinfo; then
	echo '1..0 # SKIP this CPU has no XSAVE with an extended component'
	exit 0
fi

# played DIR OPTION...: leaves $status, $dir/said and $dir/err.
played() {
	out=$1
	shift
	timeout 120 "$lab" exec -- "${prog:-$lab}" run --provenance hw --profile smoke --out "$out" "$@" \
		>"$dir/said" 2>"$dir/err"
	status=$?
}
# rows FILE AWK: rows of which the expression holds; none is a failure.
rows() { awk -F, "NR > 1 && ($2) { n++ } END { exit !n }" "$1"; }

# Every strategy that can run, in every guest state, alone and around guests.
played "$dir/all" --layer prim,boundary
check 'proofs of form hw pass, played' sh -c "[ $status -eq 0 ] || { cat '$dir/said' '$dir/err'; false; }"
check 'the run says that it is played' [ "$(field played "$dir/all/meta.json")" = true ]
check 'of form hw' [ "$(field form "$dir/all/meta.json")" = hw ]
check 'and so does standard error' grep -q 'plays the CPU with APX here: proofs of form hw, no times' "$dir/err"
check 'no row is of provenance hw' sh -c "! grep -qE '^[^,]*,[^,]*,[^,]*,[^,]*,hw,' '$dir/all/'*.csv"
check 'nothing has a time' sh -c "[ \$(cat '$dir/all/samples.csv' '$dir/all/summary.csv' '$dir/all/verdicts.csv' '$dir/all/module.csv' | wc -l) -eq 4 ]"
check 'nor the table' sh -c "! grep -qE '[0-9] ?(cycles|ticks|ns|us|ms|s)\b' '$dir/said'"
"$lab" list strategies --json | grep -o '"id":[[:space:]]*"[^"]*"' | cut -d'"' -f4 | sed 's/^delay.*/delay-0/' >"$dir/strategies"
while read -r s; do
	for state in off init dirty; do
		case $s/$state in
		xsaves/* | uncond-*/off | kvm-own/*)
			check "$s, $state: not tried in user mode, and skipped.csv says why" \
				rows "$dir/all/skipped.csv" "\$6 == \"prim\" && \$9 == \"$s\" && \$10 == \"$state\" && /not tried/"
			continue
			;;
		esac
		check "$s, $state: proved in form hw" \
			rows "$dir/all/proofs.csv" "\$6 == \"prim\" && \$9 == \"$s\" && \$10 == \"$state\" && \$14 == \"pass\""
	done
done <"$dir/strategies"
for s in uncond-mov uncond-push2; do
	check "$s, dirty: that no XSETBV was tried has a row" \
		rows "$dir/all/skipped.csv" "\$9 == \"$s\" && \$10 == \"dirty\" && /XSETBV/"
done
check 'the register at work is none of the page: the control leaks' \
	rows "$dir/all/proofs.csv" "\$9 == \"none\" && \$10 == \"dirty\" && \$12 == \"no-leak\" && /control, caught/"
if grep -q ',boundary,pio-out,.*,gated-mov,dirty,fp-0,guest-survives,.*,pass' "$dir/all/proofs.csv"; then
	check 'around a guest: xsavec with real XSAVEC' grep -q ',boundary,pio-out,.*,xsavec,dirty,fp-0,guest-survives,.*,pass' "$dir/all/proofs.csv"
else
	n=$((n + 1))
	echo "ok $n - around a guest # SKIP no guest runs here"
fi
"$lab" report "$dir/all" >/dev/null 2>&1
check 'the report begins with it' sh -c "head -n 8 '$dir/all/report.txt' | grep -q PLAYED"

# Faults in form hw alone.
# mutant NAME ROW CHECK
mutant() {
	prog=$B/tests/mutants/native/egprlab-$1
	played "$dir/$1" --layer prim --strategy "$2"
	check "$1: its proof in form hw fails" [ $status -eq 71 ]
	check "$1: by $3 of $2" rows "$dir/$1/proofs.csv" "\$9 == \"$2\" && \$12 == \"$3\" && \$14 == \"fail\""
	check "$1: no other strategy's does" sh -c "! awk -F, 'NR > 1 && \$9 != \"$2\"' '$dir/$1/proofs.csv' | grep -q ',fail,'"
	timeout 60 "$prog" run --provenance emu --profile smoke --layer boundary --exit cpuid --strategy "$2" --out "$dir/$1-trap" >"$dir/said" 2>&1
	check "$1: the proof of form trap sees nothing of it" \
		sh -c "rows=\$(grep -c ',$2,.*,pass,' '$dir/$1-trap/proofs.csv') && [ \$rows -gt 5 ] && ! grep -q ',fail,' '$dir/$1-trap/proofs.csv'"
	prog=
}
prog=
mutant hw-no-clears gated-mov no-leak
mutant hw-r20-from-r21 gated-mov guest-survives
mutant hw-gate-inverted gated-mov off-idle
mutant hw-push2-swapped gated-push2 home
for source in tests/mutants/native/*.S; do
	mutant "$(basename "$source" .S)" "$(sed -n 's/^ \* row: //p' "$source")" "$(sed -n 's/^ \* check: //p' "$source")"
done

# Nothing is timed where a CPU is played, and nobody can say so but exec itself.
"$lab" exec -- "$lab" run --provenance proxy --profile smoke --out "$dir/proxy" >"$dir/said" 2>&1
check 'a proxy is not timed under exec' [ $? -eq 77 ]
"$lab" exec -- "$lab" calibrate --seconds 4 >"$dir/said" 2>&1
check 'nothing is calibrated under exec' sh -c "[ $? -eq 64 ] && grep -q 'nothing is timed' '$dir/said'"
"$lab" exec -- "$lab" bench --speed >"$dir/said" 2>&1
check 'nor benchmarked' sh -c "[ $? -eq 64 ] && grep -q 'nothing is timed' '$dir/said'"
"$lab" run --provenance hw --profile smoke --prove --out "$dir/bare" >"$dir/said" 2>&1
check 'without exec form hw is not proved here, and the fix is named' \
	sh -c "[ $? -eq 77 ] && grep -q 'egprlab exec -- egprlab run --provenance hw' '$dir/said'"
"$lab" run --provenance proxy --profile smoke --prove --out "$dir/bare" >"$dir/said" 2>&1
check '--prove with a proxy: nothing to prove' [ $? -eq 77 ]
"$lab" run --provenance emu --profile smoke --prove --layer boundary --exit cpuid --strategy gated-mov --out "$dir/emu" >"$dir/said" 2>&1
check 'provenance emu is of form trap and not played' \
	sh -c "[ $? -eq 0 ] && [ \"\$('$json' form <'$dir/emu/meta.json')\" = trap ] && [ \"\$('$json' played <'$dir/emu/meta.json')\" = false ]"
"$lab" exec -- "$lab" doctor --json --seconds 0.05 >"$dir/doctor"
check 'doctor sees that APX is played' [ "$(field played "$dir/doctor") $(field apx "$dir/doctor")" = 'true false' ]
check 'and its verdict says so' sh -c "'$json' verdict <'$dir/doctor' | grep -q 'plays a CPU with APX'"
check 'without exec nothing is played' [ "$("$lab" doctor --json --seconds 0.05 | "$json" played)" = false ]
echo "1..$n"
