#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `egprlab run`: plan to run directory, every interruption, and `compare` on the results.
# seconds: 45
set -u

B=${B:-build}
egprlab=$B/egprlab
json=$B/tests/tools/json
. tests/e2e/tap.inc

# gives STATUS COMMAND...: the command ends with that status.
gives() {
	wanted=$1
	shift
	"$@"
	got=$?
	[ "$got" = "$wanted" ] || { echo "status $got, not $wanted"; return 1; }
}

# says STATUS PATTERN COMMAND...: and prints the pattern.
says() {
	status=$1 pattern=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	got=$?
	cat "$dir/said"
	[ "$got" = "$status" ] && grep -q -- "$pattern" "$dir/said"
}

rows() { # rows FILE: without the header
	echo $(($(wc -l <"$1") - 1))
}

cat >"$dir/plan.ini" <<'PLAN'
[plan]
budget = 6
looks = 4
margins = 10 cycles, 0.001 cycles
delays = 0 20
per_exit = 50
resamples = 100
[prim]
states = off, dirty
strategies = gated-mov, uncond-mov
PLAN

# Refusals leave nothing behind.
check 'an unknown profile is a usage error' says 64 'no profile' "$egprlab" run --profile none-such
check 'an unknown exit kind names the table' says 64 'egprlab list exits' "$egprlab" run --exit x
check 'a wrong seed is a usage error' says 64 'not a number' "$egprlab" run --seed -1
check 'a wrong CPU is a usage error' says 64 'not there or not allowed' \
	"$egprlab" run --plan "$dir/plan.ini" --cpu 4095 --out "$dir/refused"
check 'a refused run leaves no directory' test ! -e "$dir/refused"
check '--plan and --profile exclude each other' gives 64 \
	"$egprlab" run --plan "$dir/plan.ini" --profile smoke
echo '[plan]' >"$dir/bad.ini"
check 'a plan without a layer is refused by name' says 64 'bad.ini.*no layer' \
	"$egprlab" run --plan "$dir/bad.ini"
head -c 4096 /dev/urandom >"$dir/noise.ini"
check 'a plan of noise is refused' gives 64 "$egprlab" run --plan "$dir/noise.ini"

check '--dry-run says what would run' says 0 'prim/none/dirty' \
	"$egprlab" run --plan "$dir/plan.ini" --dry-run
check '--dry-run says what cannot, and why' says 0 'off/uncond-mov: .*XSETBV' \
	"$egprlab" run --plan "$dir/plan.ini" --dry-run

# A whole run.
check 'a run succeeds' gives 0 \
	"$egprlab" run --plan "$dir/plan.ini" --seed 5 --out "$dir/a"
check 'it is complete' grep -q '"state":.*"complete"' "$dir/a/meta.json"
check 'its seed is logged' grep -q '"seed":.*"5"' "$dir/a/meta.json"
check 'every arm has a summary' test "$(rows "$dir/a/summary.csv")" = 11
check 'every comparison and margin has a verdict' test "$(rows "$dir/a/verdicts.csv")" = 18
check 'the arm that cannot run is in skipped.csv' \
	grep -q 'uncond-mov,off,.*XSETBV' "$dir/a/skipped.csv"
check '20 injected cycles are found' \
	grep -q ',delay-20,dirty,delay-0,.*,0.001 cycles,.*,slower,' "$dir/a/verdicts.csv"
check 'the self-checks are there' grep -q '"injected delays prim/none/dirty"' "$dir/a/meta.json"
check 'the report reads it' gives 0 "$egprlab" report "$dir/a"
check 'a directory in use is not overwritten' says 64 'not empty' \
	"$egprlab" run --plan "$dir/plan.ini" --out "$dir/a"
check 'a complete run cannot be resumed' says 64 'nothing to resume' \
	"$egprlab" run --resume "$dir/a"

# interrupt SIGNAL DIR SECONDS: start a run and end it by a signal.
interrupt() {
	"$egprlab" run --plan "$dir/plan.ini" --seed 5 --out "$2" >/dev/null 2>&1 &
	pid=$!
	sleep "$3"
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null
	grep -q '"state":.*"interrupted"' "$2/meta.json"
}

# whole DIR: complete, and as many arms and verdicts as an undisturbed run.
whole() {
	"$egprlab" run --resume "$1" || return 1
	grep -q '"state":.*"complete"' "$1/meta.json" &&
		test "$(rows "$1/summary.csv")" = 11 &&
		test "$(rows "$1/verdicts.csv")" = 18 && "$egprlab" report "$1"
}

# same_order A B: the order of arms in the first 50 blocks.
same_order() {
	for d; do
		awk -F, 'NR > 1 && $10 == "off" && $11 < 50 { print $11, $12, $9, $13 }' \
			"$d/samples.csv" >"$d.order"
	done
	test -s "$1.order" && cmp "$1.order" "$2.order"
}

check 'SIGINT leaves a run that says so' interrupt INT "$dir/int" 2
kept=$(rows "$dir/int/samples.csv")
check 'it kept its blocks' test "$kept" -gt 10
check 'it goes on to a complete run' whole "$dir/int"
check 'with more blocks than before' test "$(rows "$dir/int/samples.csv")" -gt "$kept"
check 'and the order of the undisturbed run' same_order "$dir/a" "$dir/int"
check 'SIGKILL leaves a run that says so' interrupt KILL "$dir/kill" 4
check 'it too goes on to a complete run' whole "$dir/kill"
check 'a damaged interrupted run is refused' sh -c "
	cp -r '$dir/kill' '$dir/damaged' &&
	sed -i 's/\"complete\"/\"interrupted\"/' '$dir/damaged/meta.json' &&
	sed -i '2s/0/1/' '$dir/damaged/samples.csv' &&
	'$egprlab' run --resume '$dir/damaged'; test \$? = 65"

# compare
check 'a run is equivalent to itself' says 0 'gated-mov.*equivalent' \
	"$egprlab" compare "$dir/a" "$dir/a"
check 'compare wants two directories' gives 64 "$egprlab" compare "$dir/a"
check 'compare refuses what is no run' gives 65 "$egprlab" compare "$dir/a" "$dir"

# slower DIR: rewrite a run with 50 cycles more per exit in one strategy.
cp -r "$dir/a" "$dir/slower"
awk -F, 'BEGIN { OFS = "," } NR > 1 && $9 == "gated-mov" { $15 += 50 * $14 } { print }' \
	"$dir/a/samples.csv" >"$dir/slower/samples.csv"
sum=$(sha256sum "$dir/slower/samples.csv" | cut -d' ' -f1)
old=$(sha256sum "$dir/a/samples.csv" | cut -d' ' -f1)
bytes=$(($(wc -c <"$dir/slower/samples.csv")))
was=$(($(wc -c <"$dir/a/samples.csv")))
sed -i "s/$old/$sum/; s/\([^0-9]\)$was\([^0-9]\|\$\)/\1$bytes\2/" "$dir/slower/meta.json"
check 'compare finds 50 cycles more, with status 1' says 1 'gated-mov.*slower' \
	"$egprlab" compare "$dir/a" "$dir/slower"
check 'and 50 cycles less the other way round' says 0 'gated-mov.*faster' \
	"$egprlab" compare "$dir/slower" "$dir/a"

check 'calibrate prints its table' says 0 '^prim (no guest)' \
	"$egprlab" calibrate --seconds 4 --no-power --exit hlt
check 'meta.json is JSON' sh -c "'$json' <'$dir/a/meta.json'"

echo "1..$n"
