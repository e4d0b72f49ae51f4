#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A sequence that crashes, hangs or leaves control registers changed costs its number, as does one that
# executes something else than its row of the table says; if it crashes only while it is measured,
# its cell: everything else is measured, and the report's first lines
# name it. --resume tries a cell once more. Stop signals
# end a run soon, wherever it is.
# seconds: 110
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
. tests/e2e/plan.inc
B=$(cd "${B:-build}" && pwd)
json=$B/tests/tools/json
field() { "$json" "$1" <"$2"; }

small_plan 1.5 'off, dirty' 'gated-mov, gated-push2' | sed 's,^per_exit = .*,per_exit = 50,' >"$dir/plan.ini"

# run LAB DIR OPTION...: leaves $status and $dir/said.
run() {
	lab=$1
	out=$2
	shift 2
	timeout 60 "$lab" run "$@" >"$dir/said" 2>&1
	status=$?
	words "$out" >/dev/null 2>&1
}
# words DIR: the report without its pictures, which take longer than the run does: no gnuplot is found.
words() { PATH=$dir/none "$B/egprlab" report "$1"; }
head_names() { head -n 8 "$1/report.txt" | tr -s '\n ' ' ' | grep -q "$2"; }
has_rows() { awk -F, -v state="$2" -v strategy="$3" '$10 == state && $9 == strategy { n++ } END { exit !n }' "$1/summary.csv"; }

# What every run with something missing says.
missing() {
	check "$1: the run ends with 71" [ $status -eq 71 ]
	check "$1: its strategy has no numbers where it crashed" sh -c "! awk -F, '\$10 == \"dirty\" && \$9 == \"gated-mov\" { n++ } END { exit !n }' '$dir/$1/summary.csv'"
	check "$1: the other cell is measured with it" has_rows "$dir/$1" off gated-mov
	check "$1: the run is not sound" [ "$(field soundness/sound "$dir/$1/meta.json")" = false ]
}

# Found by the proof in front of the run: the strategy is left out where it fails.
for crash in sigill sigsegv sigfpe sigtrap loop mxcsr df noclears; do
	run "$B/tests/mutants/crash/egprlab-$crash" "$dir/$crash" --plan "$dir/plan.ini" --provenance proxy --out "$dir/$crash"
	said=CRASHED
	case $crash in
	sig*) word="$(echo $crash | tr '[:lower:]' '[:upper:]') at 0x[0-9a-f]+, address .*, in its exit half" ;;
	loop) word='stuck: no end after .* in its exit half' ;;
	mxcsr) word='mxcsr: the exit half' said=REFUSED ;;
	df) word='flags: the exit half: DF' said=REFUSED ;;
	noclears) word='not execute .* clears: round 0, exit half . 0x90: nop where xor %eax,%eax belongs' said=REFUSED ;;
	esac
	missing $crash
	check "$crash: skipped.csv says why, with the arm" \
		grep -qE "prim,none,none,gated-mov,dirty,.*$word" "$dir/$crash/skipped.csv"
	check "$crash: the report begins with it" head_names "$dir/$crash" "$said: prim/none/dirty/gated-mov has no numbers"
	check "$crash: the other strategies of the cell are measured" has_rows "$dir/$crash" dirty gated-push2
done

# Found when it is measured: the cell is left out.
for crash in sigill sigsegv sigfpe sigtrap loop mxcsr df; do
	late=late-$crash
	run "$B/tests/mutants/crash/egprlab-$late" "$dir/$late" --plan "$dir/plan.ini" --provenance proxy --out "$dir/$late"
	case $crash in
	sig*) word="$(echo $crash | tr '[:lower:]' '[:upper:]') .*arm gated-mov" ;;
	loop) word='stuck.*arm gated-mov' ;;
	mxcsr) word='arm gated-mov left MXCSR 0x1f00' ;;
	df) word='arm gated-mov left .* DF set' ;;
	esac
	missing $late
	check "$late: its cell is in skipped.csv, with the arm" \
		grep -qE "prim,none,none,none,dirty,.*$word" "$dir/$late/skipped.csv"
	check "$late: and so is every other arm of it" grep -qE "prim,none,none,gated-push2,dirty,.*$word" "$dir/$late/skipped.csv"
	check "$late: the report begins with it" head_names "$dir/$late" "CRASHED: prim/none/dirty has no numbers"
done
check 'the half is named' grep -q 'arm gated-mov, exit half + 0x' "$dir/late-sigill/skipped.csv"

# In the form that the proofs of provenance emu run: each strategy has its proofs apart. The loop
# takes all the time that a proof has, once.
mkdir "$dir/bin" && ln -s "$B/payloads" "$dir/bin/payloads"
for crash in sigsegv sigfpe loop; do
	trap=trap-$crash
	cp "$B/tests/mutants/crash/egprlab-$trap" "$dir/bin/" # payloads are looked for beside it
	run "$dir/bin/egprlab-$trap" "$dir/$trap" --provenance emu --profile smoke --exit pio-out --out "$dir/$trap"
	case $crash in
	sigsegv) word='gated-mov,init,fp-0,runs,.*fail,.*the exit half raised #GP or #PF' where=proofs said=REFUSED ;;
	sigfpe) word='gated-mov,init,.*SIGFPE at 0x[0-9a-f]+, address .*, in its exit half' where=skipped said=CRASHED ;;
	loop) word='gated-mov,init,.*stuck: no end after .* in its exit half' where=skipped said=CRASHED ;;
	esac
	check "$trap: the proofs end with 71" [ $status -eq 71 ]
	check "$trap: $where.csv says why" grep -qE "boundary,none,none,$word" "$dir/$trap/$where.csv"
	check "$trap: the report begins with it" head_names "$dir/$trap" "$said: boundary/none/init/gated-mov has no numbers"
	check "$trap: the proofs are not sound" [ "$(field soundness/sound "$dir/$trap/meta.json")" = false ]
	check "$trap: it is proved no further" sh -c "! grep -q 'gated-mov,dirty,.*pass' '$dir/$trap/proofs.csv' || [ $crash = sigsegv ]"
	check "$trap: the rest is proved" grep -q 'boundary,none,none,gated-push2,dirty,fp-0,no-leak,.*,pass' "$dir/$trap/proofs.csv"
	if grep -q 'boundary,pio-out,.*,pass' "$dir/$trap/proofs.csv"; then
		check "$trap: with guests too" grep -q 'pio-out,user,gated-push2,dirty,fp-0,no-leak,.*,pass' "$dir/$trap/proofs.csv"
	fi
done

run "$B/tests/mutants/crash/egprlab-late-sigill" "$dir/late-sigill" --resume "$dir/late-sigill"
check '--resume tries it again, which crashes again' sh -c "[ $status -eq 71 ] && grep -q 'twice, so it stays' '$dir/said'"
run "$B/tests/mutants/crash/egprlab-late-sigill" "$dir/late-sigill" --resume "$dir/late-sigill"
check 'and then the run is complete' [ $status -eq 64 ]
cp "$dir/late-sigfpe/summary.csv" "$dir/before.csv"
run "$B/egprlab" "$dir/late-sigfpe" --resume "$dir/late-sigfpe"
check 'with the right sequence it is measured after all' sh -c "[ $status -eq 0 ] || cat '$dir/said'; [ $status -eq 0 ]"
check 'and has numbers' has_rows "$dir/late-sigfpe" dirty gated-mov
# Exits that were stamped one by one are in no file but in what was made of them.
tails() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["guest_state"] == "off" { print $at["strategy"], $at["p99"], $at["p999"] }' "$1" | sort
}
check 'the tails of what was measured before are as they were' sh -c "
	[ '$(tails "$dir/before.csv")' = '$(tails "$dir/late-sigfpe/summary.csv")' ] && [ -n '$(tails "$dir/before.csv")' ]"
check 'and of exits' sh -c "! '$json' cells <'$dir/late-sigfpe/meta.json' | tr -d '\n\t ' | grep -q '\"tails\":\[\]'"

# What was refused stays out of a run that goes on, whatever goes on with it.
run "$B/tests/mutants/crash/egprlab-mxcsr" "$dir/pause" --plan "$dir/plan.ini" --provenance proxy --launches 2 --pause --out "$dir/pause"
run "$B/egprlab" "$dir/pause" --resume "$dir/pause"
missing pause

# ends WHAT SIGNAL WHEN COMMAND...: it ends within 2 s of a signal, sent after WHEN seconds or, on a
# host however busy, once there is a file WHEN.
ends() {
	what=$1
	signal=$2
	after=$3
	shift 3
	env --default-signal=INT "$@" >"$dir/said" 2>&1 &
	pid=$!
	case $after in
	/*)
		for _ in $(seq 100); do
			[ ! -e "$after" ] || break
			sleep 0.1
		done
		;;
	*) sleep "$after" ;;
	esac
	kill -s "$signal" $pid 2>/dev/null
	for _ in $(seq 20); do
		kill -0 $pid 2>/dev/null || break
		sleep 0.1
	done
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
	ends "SIG$signal ends a run within 2 s" $signal "$dir/$signal/meta.json" "$B/egprlab" run --profile smoke --layer prim --out "$dir/$signal"
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
