#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The lab on CPUs that this machine is not: doctor, layer prim, state proofs and exec under user-mode
# QEMU, a point per model of tests/cpus.table. A crash, a hang, a strategy that is neither measured
# nor skipped with a reason, or the wrong one of the two, fails.
# seconds: 60
# timeout: 800
# spare
# shellcheck disable=SC2016 # $a of sed
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
. tests/e2e/cpus.inc
. tests/e2e/qemu.inc
B=${B:-build}
command -v qemu-x86_64 >/dev/null 2>&1 || {
	echo '1..0 # SKIP qemu-x86_64 is not installed (scripts/deps check)'
	exit 0
}
if reason=$(traps_no_rex2 qemu-x86_64); then
	echo "1..0 # SKIP $reason"
	exit 0
fi
plan 0.6 prim boundary >"$dir/plan.ini"
ids=$(strategies "$B/egprlab")

# model PROGRAM MODEL SKIPPED: 0 if all is as it should be; what is not, on standard output.
model() {
	run=$dir/run
	rm -rf "$run" "$dir/proofs"
	bad=0
	on="timeout -k 1 40 qemu-x86_64 -cpu $2"

	# shellcheck disable=SC2086
	{
		quietly "$dir/log" $on "$1" doctor
		ended $? "$dir/log" doctor || bad=1
		quietly "$dir/log" $on "$1" run --provenance proxy --plan "$dir/plan.ini" --layer prim --out "$run"
		if ended $? "$dir/log" run; then
			judged "$run" "$ids" "$3" prim || bad=1
		else
			bad=1
		fi
		quietly "$dir/log" $on "$1" run --provenance emu --plan "$dir/plan.ini" --out "$dir/proofs"
		ended $? "$dir/log" 'state proofs' || bad=1
		[ ! -e "$B/tests/apx-demo" ] || {
			quietly "$dir/log" $on "$1" exec -- "$B/tests/apx-demo"
			ended $? "$dir/log" exec || bad=1
		}
	}
	return $bad
}

models user >"$dir/models"
check 'the table has models for user mode' [ "$(wc -l <"$dir/models")" -ge 10 ]
while IFS='|' read -r name lacks skipped; do
	n=$((n + 1))
	if model "$B/egprlab" "$name" "$skipped" >"$dir/wrong" </dev/null; then
		echo "ok $n - $name (lacks $lacks): $(said "$dir/run" prim)"
	else
		echo "not ok $n - $name (lacks $lacks)"
		sed 's/^/# /' "$dir/wrong"
	fi
done <"$dir/models"

# The judge sees what it is for.
red() { # red PATTERN COMMAND...: the command fails, and says so
	pattern=$1
	shift
	! "$@" >"$dir/red" 2>&1 && grep -q "$pattern" "$dir/red"
}
for name in ILL FPE; do
	printf '#!/bin/sh\nkill -%s $$\n' $name >"$dir/dies"
	chmod +x "$dir/dies"
	quietly "$dir/log" "$dir/dies"
	status=$?
	check "control: SIG$name is seen" red 'ended by signal' ended $status "$dir/log" run
done
quietly "$dir/log" timeout -k 1 1 sleep 9
status=$?
check 'control: a hang is seen' red hangs ended $status "$dir/log" run
check 'control: a crashed cell is seen' red 'cell crashed' ended 71 "$dir/log" run
head -n 1 "$B/egprlab" >"$dir/none"
check 'control: a program that is no program is seen' red 'run: ' model "$dir/none" max ''
rm -rf "$dir/run"
"$B/egprlab" run --provenance proxy --plan "$dir/plan.ini" --layer prim --strategy gated-mov,xsave \
	--out "$dir/run" >"$dir/log" 2>&1
two='none gated-mov'
copy() { # copy SED-FOR-SUMMARY SED-FOR-SKIPPED: a spoilt run
	mkdir -p "$dir/spoilt"
	sed "$1" "$dir/run/summary.csv" >"$dir/spoilt/summary.csv"
	sed "$2" "$dir/run/skipped.csv" >"$dir/spoilt/skipped.csv"
}
copy '' ''
check 'control: a whole run passes' judged "$dir/spoilt" "$two" '' prim
copy '/,gated-mov,dirty,/d' ''
check 'control: a lost row is seen' red 'gated-mov/dirty: neither' judged "$dir/spoilt" "$two" '' prim
copy '/,gated-mov,dirty,/d' '$a run,host,none,yes,proxy,prim,none,none,gated-mov,dirty,packed,'
check 'control: a skip without a reason is seen' red 'without a reason: gated-mov/dirty' \
	judged "$dir/spoilt" "$two" gated-mov prim
copy '/,gated-mov,dirty,/d' '$a run,host,none,yes,proxy,prim,none,none,gated-mov,dirty,packed,SIGILL at 0x1'
check 'control: a crash among the reasons is seen' red 'gated-mov/dirty: SIGILL' \
	judged "$dir/spoilt" "$two" gated-mov prim
copy '' ''
check 'control: measured, though the CPU lacks it, is seen' red 'gated-mov/dirty: measured' \
	judged "$dir/spoilt" "$two" gated-mov prim
rm -rf "$dir/spoilt" "$dir/run"
echo "1..$n"
