#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `egprlab run`: plan to run directory, every interruption, and `compare` on the results.
# seconds: 50
# shellcheck disable=SC2016 # awk programs
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
check 'a wrong CPU is a usage error' says 64 'CPU 4095 is not there' \
	"$egprlab" run --plan "$dir/plan.ini" --cpu 4095 --out "$dir/refused"
# An offline CPU: this one, in a namespace where the kernel says so.
mkdir -p "$dir/cpus"
echo 0-1 >"$dir/cpus/present"
echo 0 >"$dir/cpus/online"
offline="mount --bind '$dir/cpus' /sys/devices/system/cpu"
if unshare -m sh -c "$offline" 2>/dev/null; then
	check 'an offline CPU is named, with how to bring it online' says 69 'CPU 1 is offline.*cpu1/online' \
		unshare -m sh -c "$offline && exec '$egprlab' run --plan '$dir/plan.ini' --cpu 1 --out '$dir/refused'"
else
	n=$((n + 1))
	echo "ok $n - an offline CPU # SKIP no mount namespace of its own"
fi
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

check 'contexts beside the default have names of their own' says 0 'prim/none/dirty@apart ' \
	"$egprlab" run --plan "$dir/plan.ini" --context apart --dry-run
check 'a layer without any of them says so' says 0 'prim/none/[a-z]*: none of the contexts asked for stands in this layer' \
	"$egprlab" run --plan "$dir/plan.ini" --context fp-0 --dry-run
check 'one that is dear to prepare gets its share: llc four times what l1 does' sh -c "
	'$egprlab' run --profile quick --layer prim --context l1,llc --dry-run | awk '
		/dirty@l1 / { l1 = \$1 } /dirty@llc / { llc = \$1 }
		END { exit !llc ? 0 : !(llc > 3.9 * l1 && llc < 4.1 * l1) }'"
check 'one that is not in the table is refused' says 64 "'warm' is not in the table; see .egprlab list contexts" \
	"$egprlab" run --plan "$dir/plan.ini" --context warm --dry-run
check 'delays are named among strategies' says 0 '  none none-b delay-0 delay-16$\|no KVM\|skipped' \
	"$egprlab" run --profile injected --strategy none,delay-0,delay-16 --dry-run
check 'delays without their baseline are refused' says 64 'must be 0' \
	"$egprlab" run --plan "$dir/plan.ini" --strategy delay-16 --dry-run

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
	grep -q ',delay-20,dirty,packed,delay-0,.*,0.001 cycles,.*,slower,' "$dir/a/verdicts.csv"
check 'the self-checks are there' grep -q '"injected delays prim/none/dirty"' "$dir/a/meta.json"
check 'the report reads it' gives 0 "$egprlab" report "$dir/a"
check 'a directory in use is not overwritten' says 64 'not empty' \
	"$egprlab" run --plan "$dir/plan.ini" --out "$dir/a"
check 'a complete run cannot be resumed' says 64 'nothing to resume' \
	"$egprlab" run --resume "$dir/a"

# interrupt SIGNAL DIR STATE: start a run and end it by a signal when samples.csv has rows of that state. Not
# after a time: a quiet host decides early, and is done by then.
interrupt() {
	"$egprlab" run --plan "$dir/plan.ini" --seed 5 --out "$2" >/dev/null 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		[ "$(grep -c ",$3," "$2/samples.csv" 2>/dev/null || echo 0)" -gt 50 ] && break
		sleep 0.02
	done
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null
	grep -q '"state":.*"interrupted"' "$2/meta.json"
}

# whole DIR: complete, and as many arms and verdicts as an undisturbed run.
whole() {
	"$egprlab" run --resume "$1" || return 1
	grep -q '"state":.*"complete"' "$1/meta.json" &&
		test "$(rows "$1/summary.csv")" = 11 &&
		test "$(rows "$1/verdicts.csv")" = 18 && words "$1"
}
# words DIR: the report without its pictures, which take longer than the run does: no gnuplot is found.
words() { PATH=$dir/none "$egprlab" report "$1"; }

# same_order A B: the order of arms in the first 50 blocks.
same_order() {
	for d; do
		awk -F, 'NR > 1 && $10 == "off" && $12 < 50 { print $12, $13, $9, $14 }' \
			"$d/samples.csv" >"$d.order"
	done
	test -s "$1.order" && cmp "$1.order" "$2.order"
}

check 'SIGINT leaves a run that says so' interrupt INT "$dir/int" off
kept=$(rows "$dir/int/samples.csv")
check 'it kept its blocks' test "$kept" -gt 10
check 'it goes on to a complete run' whole "$dir/int"
check 'with more blocks than before' test "$(rows "$dir/int/samples.csv")" -gt "$kept"
check 'and the order of the undisturbed run' same_order "$dir/a" "$dir/int"
check 'SIGKILL leaves a run that says so' interrupt KILL "$dir/kill" dirty
check 'it too goes on to a complete run' whole "$dir/kill"
check 'a damaged interrupted run is refused' sh -c "
	cp -r '$dir/kill' '$dir/damaged' &&
	sed -i 's/\"complete\"/\"interrupted\"/' '$dir/damaged/meta.json' &&
	sed -i '2s/0/1/' '$dir/damaged/samples.csv' &&
	'$egprlab' run --resume '$dir/damaged'; test \$? = 65"

# Two contexts in two launches: rows of both, the halves of the one that times them, and a run that goes on.
check 'a run in two contexts succeeds' gives 0 \
	"$egprlab" run --plan "$dir/plan.ini" --context packed,legacy-warm --state dirty --launches 2 --seed 5 --out "$dir/ctx"
check 'its rows have their context, its halves their ticks' sh -c "
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) n[\$i] = i; next }
		{ seen[\$n[\"context\"]]++; half = \$n[\"exit_cycles\"]; all = \$n[\"cycles\"] }
		\$n[\"context\"] == \"packed\" && half != \"\" { bad = 1 }
		\$n[\"context\"] == \"legacy-warm\" && !(half > 0 && half < all) { bad = 1 }
		END { exit bad || !seen[\"packed\"] || (!seen[\"legacy-warm\"] && !system(\"! grep -q legacy-warm $dir/ctx/skipped.csv\")) }' \
		'$dir/ctx/samples.csv'"
check 'and what a load takes from each level' grep -q '"cache_levels"' "$dir/ctx/meta.json"

# Several launches: parts of the blocks, each in a process of its own.
launches() { # launches DIR: numbers of the launches that carry blocks
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "launch") c = i } NR > 1 { print $c }' \
		"$1/samples.csv" | sort -un | xargs
}
check 'a run of four launches succeeds' gives 0 \
	"$egprlab" run --plan "$dir/plan.ini" --launches 4 --seed 5 --out "$dir/four"
# All four, or as many as decide every question: on a quiet host even 0.001 cycles can be told apart.
listed=$($json launches/# <"$dir/four/meta.json")
all_or_decided() {
	echo "$listed launches, $(grep -c ',inconclusive,' "$dir/four/verdicts.csv") open questions"
	[ "$listed" -eq 4 ] || { [ "$listed" -lt 4 ] && ! grep -q ',inconclusive,' "$dir/four/verdicts.csv"; }
}
check 'meta.json lists the launches' all_or_decided
check 'blocks carry their launch' test "$(launches "$dir/four")" = "$(seq 0 $((listed - 1)) | xargs)"
check 'each with boot and module load' sh -c "
	'$json' launches/$((listed - 1))/boot_id <'$dir/four/meta.json' | grep -x '[0-9a-f-]*' &&
	'$json' launches/$((listed - 1))/module_load <'$dir/four/meta.json'"
check 'the order goes on over launches' same_order "$dir/a" "$dir/four"
check 'every arm has one summary' test "$(rows "$dir/four/summary.csv")" = 11
check 'what is not estimable has no number' sh -c "
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) n[\$i] = i }
		NR > 1 && (\$n[\"launch_sd\"] == \"\" || \$n[\"boot_sd\"] != \"\") { bad = 1 }
		END { exit bad }' '$dir/four/verdicts.csv'"
check 'the report names it' sh -c "
	PATH=$dir/none '$egprlab' report '$dir/four' && grep 'not estimable: one boot' '$dir/four/report.txt'"
check 'one launch has no number for launches' sh -c "
	PATH=$dir/none '$egprlab' report '$dir/a' && grep 'not estimable: one launch' '$dir/a/report.txt'"
check '--pause ends after one launch' sh -c "
	'$egprlab' run --plan '$dir/plan.ini' --launches 4 --pause --seed 5 --out '$dir/pause' &&
	grep '\"state\":.*\"interrupted\"' '$dir/pause/meta.json'"
check 'of the four' test "$(launches "$dir/pause")" = 0
check 'with --resume the second' gives 0 "$egprlab" run --resume "$dir/pause" --pause
check 'is there as well' test "$(launches "$dir/pause")" = '0 1'
check 'and the rest without --pause' whole "$dir/pause"
check 'SIGKILL in a later launch' sh -c "
	'$egprlab' run --plan '$dir/plan.ini' --launches 4 --seed 5 --out '$dir/late' >/dev/null 2>&1 &
	pid=\$!
	for i in \$(seq 200); do
		[ \"\$('$json' launches/# <'$dir/late/meta.json' 2>/dev/null)\" = 2 ] && break
		sleep 0.05
	done
	sleep 0.3
	kill -KILL \$pid; wait \$pid 2>/dev/null
	grep '\"state\":.*\"interrupted\"' '$dir/late/meta.json'"
check 'leaves a run that goes on' whole "$dir/late"
check 'in the same order' same_order "$dir/a" "$dir/late"
check '--launches has a range' says 64 'not a number in 1' "$egprlab" run --launches 99
check 'and is the plan'"'"'s, not a resumed run'"'"'s' gives 64 \
	"$egprlab" run --resume "$dir/late" --launches 4

# rewrite FROM TO PROGRAM: a run whose samples an awk program has changed, whole again. Column 15 is cycles,
# 14 exits, 9 the strategy.
rewrite() {
	cp -r "$dir/$1" "$dir/$2"
	awk -F, 'BEGIN { OFS = "," } NR > 1 { '"$3"' } { print }' "$dir/$1/samples.csv" >"$dir/$2/samples.csv"
	sed -i "s/$(sha256sum "$dir/$1/samples.csv" | cut -d' ' -f1)/$(
		sha256sum "$dir/$2/samples.csv" | cut -d' ' -f1)/
		s/\([^0-9]\)$(($(wc -c <"$dir/$1/samples.csv")))\([^0-9]\|\$\)/\1$(($(wc -c <"$dir/$2/samples.csv")))\2/" \
		"$dir/$2/meta.json"
}

# compare: on made-up costs, for what this host is doing meanwhile is not the question
quiet='$16 = int($15 * (30 + NR * 7919 % 13 / 100))'
rewrite a quiet "$quiet"
rewrite four quiet-four "$quiet"
check 'one launch says nothing of another' says 2 'gated-mov.*inconclusive: launch not estimable, >= 4 launches' \
	"$egprlab" compare "$dir/quiet" "$dir/quiet"
check 'and that in words' says 2 'hold for those launches only' "$egprlab" compare "$dir/quiet" "$dir/quiet-four"
check 'a run of four launches is equivalent to itself' says 0 'gated-mov.*equivalent' \
	"$egprlab" compare "$dir/quiet-four" "$dir/quiet-four"
check 'compare wants two directories' gives 64 "$egprlab" compare "$dir/a"
check 'compare refuses what is no run' gives 65 "$egprlab" compare "$dir/a" "$dir"

# Two kinds of core under one machine: two hosts.
for core in performance efficiency; do
	cp -R "$dir/quiet-four" "$dir/$core"
	sed -i "s/\"core_type\":\t\"[a-z]*\"/\"core_type\":\t\"$core\"/" "$dir/$core/meta.json"
done
check 'a run says its kind of core' grep -qE '"core_type":.*"(uniform|performance|efficiency|low-power|other)"' "$dir/quiet/meta.json"
check 'compare refuses another kind of core' says 64 'core of type performance and .*efficiency' \
	"$egprlab" compare "$dir/performance" "$dir/efficiency"
check 'and takes the same kind' says 0 'gated-mov.*equivalent' \
	"$egprlab" compare "$dir/efficiency" "$dir/efficiency"
check 'meta.json says who states the rate of the TSC' grep -qE '"source":.*"(cpuid-1[56]h|kernel|hypervisor|calibrated)"' \
	"$dir/a/meta.json"

# 50 cycles more per exit in one strategy
rewrite quiet-four slower '$16 += $9 == "gated-mov" ? 50 * $15 : 0'
check 'compare finds 50 cycles more, with status 1' says 1 'gated-mov.*slower' \
	"$egprlab" compare "$dir/quiet-four" "$dir/slower"
check 'and 50 cycles less the other way round' says 0 'gated-mov.*faster' \
	"$egprlab" compare "$dir/slower" "$dir/quiet-four"

# 50 cycles more in one launch of the four is what launches may differ by, and no change.
launch=$(head -n 1 "$dir/quiet-four/samples.csv" | tr , '\n' | grep -nx launch | cut -d: -f1)
rewrite quiet-four one-busy '$16 += $9 == "gated-mov" && $'"$launch"' == 2 ? 50 * $15 : 0'
check 'what one launch does is no verdict on runs' says 2 'gated-mov.*inconclusive: about [0-9]* launches\|more than' \
	"$egprlab" compare "$dir/quiet-four" "$dir/one-busy"

check 'calibrate prints its table' says 0 '^prim (no guest)' \
	"$egprlab" calibrate --seconds 4 --no-power --exit hlt
check 'it decides one core cycle, and tells its own work' sh -c "
	grep -q 'decided after .* (goal: 1 s)' '$dir/said' &&
	grep -q 'own work took .* (goal: 2 %)' '$dir/said'"
check 'calibrate sets the engine beside other methods' says 0 \
	'^This lab sees effects .* times smaller .*(goal: 5)\|^Methods are not compared: ' \
	"$egprlab" calibrate --seconds 6 --exit hlt
check 'meta.json is JSON' sh -c "'$json' <'$dir/a/meta.json'"

echo "1..$n"
