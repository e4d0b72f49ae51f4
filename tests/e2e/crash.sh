#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A sequence that crashes, hangs or leaves control registers changed costs its cell: every other
# cell is measured, the report's first lines name it, and --resume tries it once more. Stop signals
# end a run soon, wherever it is.
# seconds: 130
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
B=$(cd "${B:-build}" && pwd)
json=$B/tests/tools/json
field() { "$json" "$1" <"$2"; }

cat >"$dir/plan.ini" <<'PLAN'
[plan]
text = a crash among other cells
budget = 1.5
margins = 10 cycles
batch_min = 64
batch_us = 50
batch_max = 256
offsets = 2
per_exit = 0
resamples = 100

[prim]
states = off, dirty
strategies = gated-mov, gated-push2
weight = 1
PLAN

# run LAB DIR OPTION...: leaves $status and $dir/said.
run() {
	lab=$1
	out=$2
	shift 2
	timeout 60 "$lab" run "$@" >"$dir/said" 2>&1
	status=$?
	"$B/egprlab" report "$out" >/dev/null 2>&1
}
head_names() { head -n 8 "$1/report.txt" | tr -s '\n ' ' ' | grep -q "$2"; }
has_rows() { awk -F, -v state="$2" '$10 == state { n++ } END { exit !n }' "$1/summary.csv"; }

for crash in sigill sigsegv sigfpe loop mxcsr df; do
	lab=$B/tests/mutants/crash/egprlab-$crash
	run "$lab" "$dir/$crash" --plan "$dir/plan.ini" --provenance proxy --out "$dir/$crash"
	case $crash in
	sig*) word="$(echo $crash | tr '[:lower:]' '[:upper:]') .*arm gated-mov" ;;
	loop) word='stuck.*arm gated-mov' ;;
	mxcsr) word='arm gated-mov left MXCSR 0x1f00' ;;
	df) word='arm gated-mov left .* DF set' ;;
	esac
	check "$crash: the run ends with 71" [ $status -eq 71 ]
	check "$crash: its cell is in skipped.csv, with the arm" \
		grep -qE "prim,none,none,none,dirty,.*$word" "$dir/$crash/skipped.csv"
	check "$crash: the report begins with it" head_names "$dir/$crash" "CRASHED: prim/none/dirty has no numbers"
	check "$crash: the other cell is measured" has_rows "$dir/$crash" off
	check "$crash: its cell has no numbers" sh -c "! awk -F, '\$10 == \"dirty\" { n++ } END { exit !n }' '$dir/$crash/summary.csv'"
	check "$crash: the run is not sound" [ "$(field soundness/sound "$dir/$crash/meta.json")" = false ]
done
check 'the half is named' grep -q 'arm gated-mov, exit half + 0x' "$dir/sigill/skipped.csv"

run "$B/tests/mutants/crash/egprlab-sigill" "$dir/sigill" --resume "$dir/sigill"
check '--resume tries it again, which crashes again' sh -c "[ $status -eq 71 ] && grep -q 'twice, so it stays' '$dir/said'"
run "$B/tests/mutants/crash/egprlab-sigill" "$dir/sigill" --resume "$dir/sigill"
check 'and then the run is complete' [ $status -eq 64 ]
run "$B/egprlab" "$dir/sigfpe" --resume "$dir/sigfpe"
check 'with the right sequence it is measured after all' sh -c "[ $status -eq 0 ] || cat '$dir/said'; [ $status -eq 0 ]"
check 'and has numbers' has_rows "$dir/sigfpe" dirty

# ends WHAT SIGNAL SECONDS COMMAND...: it ends within 2 s of a signal sent after SECONDS.
ends() {
	what=$1
	signal=$2
	after=$3
	shift 3
	env --default-signal=INT "$@" >"$dir/said" 2>&1 &
	pid=$!
	sleep "$after"
	kill -s "$signal" $pid 2>/dev/null
	sleep 2
	if kill -0 $pid 2>/dev/null; then
		kill -9 $pid
		left=yes
	else
		left=no
	fi
	wait $pid 2>/dev/null
	check "$what" [ $left = no ]
}
for signal in INT TERM HUP; do
	ends "SIG$signal ends a run within 2 s" $signal 0.7 "$B/egprlab" run --profile smoke --layer prim --out "$dir/$signal"
	check 'and leaves one that can be resumed' sh -c "'$B/egprlab' run --resume '$dir/$signal' --pause >/dev/null 2>&1; [ \$? -ne 65 ]"
done
ends 'SIGTERM ends a calibration within 2 s' TERM 1 "$B/egprlab" calibrate --seconds 20
ends 'SIGTERM ends state proofs within 2 s' TERM 0.5 "$B/egprlab" run --provenance emu --profile smoke --out "$dir/emu"
if command -v qemu-x86_64 >/dev/null 2>&1; then
	ends 'SIGTERM ends a run under slow emulation within 2 s' TERM 3 \
		qemu-x86_64 -cpu max "$B/egprlab" run --plan "$dir/plan.ini" --provenance proxy --out "$dir/slow"
else
	n=$((n + 1))
	echo "ok $n - SIGTERM under slow emulation # SKIP no qemu-x86_64 (package qemu-user)"
fi

# A file that may not grow: ends like a signal, and what was kept can be read.
(
	ulimit -f 64
	exec timeout 30 "$B/egprlab" run --profile smoke --layer prim --out "$dir/limit"
) >"$dir/said" 2>&1
status=$?
check 'SIGXFSZ is not a death without a word' sh -c "[ $status -ne 0 ] && grep -q 'egprlab run: ' '$dir/said'"
check 'and what was kept can be read' sh -c "'$B/egprlab' report '$dir/limit' >/dev/null 2>&1; [ \$? -ne 65 ]"
echo "1..$n"
