#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab trace: every strategy that can run here executes what its row of the table demands, in layers prim
# and boundary, and a mutant does not; a run says in summary.csv how many instructions a round has, the
# same as the trace.
# seconds: 25
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
. tests/e2e/plan.inc
B=$(cd "${B:-build}" && pwd)
lab=$B/egprlab
json=$B/tests/tools/json

"$lab" trace --strategy none >"$dir/none" 2>&1
if [ $? -eq 77 ]; then
	echo "1..0 # SKIP $(cat "$dir/none")"
	exit 0
fi
strategies=$("$lab" list strategies | cut -d' ' -f1 | sed 's/delay-N/delay-20/')

# trace_all LAYER STATE: all strategies; what cannot run has a reason. Says how many of each.
trace_all() {
	traced=0
	skipped=0
	for strategy in $strategies; do
		timeout 60 "$lab" trace --layer "$1" --state "$2" --strategy "$strategy" >"$dir/said" 2>&1
		case $? in
		0) traced=$((traced + 1)) ;;
		77) skipped=$((skipped + 1)) ;;
		*)
			grep FAIL "$dir/said"
			return 1
			;;
		esac
	done
	[ $traced -gt 0 ] || return 1
}
for layer in prim boundary; do
	if ! "$lab" trace --layer $layer --strategy none >"$dir/said" 2>&1; then
		n=$((n + 1))
		echo "ok $n - layer $layer # SKIP $(tail -n 1 "$dir/said")"
		continue
	fi
	for state in off init dirty; do
		trace_all $layer $state
		good=$?
		check "layer $layer, state $state: $traced strategies execute what the table demands, $skipped cannot run" [ $good -eq 0 ]
	done
done

"$lab" trace --strategy gated-mov --state off,dirty >"$dir/text"
check 'two guest states have a view each' sh -c "grep -cx 'as the table demands' '$dir/text' | grep -qx 2"
"$lab" trace --strategy gated-mov >"$dir/text"
check 'sixteen stores in a round, to their slots' sh -c "grep -c 'mov %r[a-z0-9]*,regs\\[[0-9]*\\] .*stores ok' '$dir/text' | grep -qx 80"
check 'the last line is the verdict' sh -c "tail -n 1 '$dir/text' | grep -qx 'as the table demands'"
"$lab" trace --strategy gated-mov --json >"$dir/json"
check 'JSON says so too' [ "$("$json" result <"$dir/json")" = pass ]
insns=$("$json" insns_round <"$dir/json")
check 'and every step of it' sh -c "grep -c '\"bytes\"' '$dir/json' | grep -qx $(grep -c '  *+0x' "$dir/text")"
check '--filter leaves the steps that match' sh -c "
	'$lab' trace --strategy gated-mov --filter '^[0-9]+/exit half/.*/stores/ok' >'$dir/few' && [ \$(grep -c '^[0-9]* *exit half' '$dir/few') = 80 ] &&
	! grep -q 'entry half' '$dir/few' && tail -n 1 '$dir/few' | grep -qx 'as the table demands'"
check 'and so does --only, in JSON' sh -c "'$lab' trace --strategy gated-mov --only 0,stores --json | grep -c '\"bytes\"' | grep -qx 32"
refuses() { # refuses STATUS WORD ARGUMENT...
	wanted=$1
	word=$2
	shift 2
	"$lab" trace "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	check "trace $* ends with $wanted" sh -c "[ $status -eq $wanted ] && grep -q '$word' '$dir/err' && [ ! -s '$dir/out' ]"
}
refuses 77 'in the kernel\|module is not loaded' --layer ring0 --strategy gated-mov
refuses 77 'privileged' --strategy xsaves
refuses 64 'no context of layer prim' --strategy none --context fp-0
check 'in a context it is that loop: each half between drained stamps' sh -c "
	'$lab' trace --strategy gated-mov --context apart >'$dir/apart' && tail -n 1 '$dir/apart' | grep -qx 'as the table demands' &&
	[ \$(grep -c ' mfence ' '$dir/apart') -eq 20 ] && [ \$(grep -c ' rdtsc ' '$dir/apart') -eq 20 ]"
refuses 64 'not a strategy' --strategy nonsense
refuses 64 'name a strategy' --layer prim
refuses 64 'name a guest state' --strategy none --state ''
refuses 64 'not a guest state' --strategy none --state off,nonsense
refuses 64 'no row is left' --strategy none --filter zmm
refuses 64 'not timed' --strategy none --provenance emu

# A lab with a gated-mov that clears nothing.
"$B/tests/mutants/crash/egprlab-noclears" trace --strategy gated-mov >"$dir/mutant"
status=$?
check 'a mutant ends with 65' [ $status -eq 65 ]
check 'and is shown where it differs' grep -q 'exit half  +0x90 .* nop  *clears FAIL' "$dir/mutant"
check 'and why' grep -q '^FAIL clears: round 0, exit half + 0x90: nop where xor %eax,%eax belongs' "$dir/mutant"

small_plan 1 dirty 'gated-mov, gated-push2' >"$dir/plan.ini"
timeout 60 "$lab" run --plan "$dir/plan.ini" --provenance proxy --out "$dir/run" >"$dir/said" 2>&1
check 'summary.csv has the instructions of a round' \
	sh -c "awk -F, -v n=$insns 'NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i } \$9 == \"gated-mov\" && \$at[\"insns_round\"] == n { k++ } END { exit !k }' '$dir/run/summary.csv'"
check 'meta.json says what was looked at' sh -c "tr -d '\n\t' <'$dir/run/meta.json' | grep -q '\"check\":\"executed code\",\"result\":\"pass\",\"detail\":\"[0-9]* arms in 1 cells'"
echo "1..$n"
