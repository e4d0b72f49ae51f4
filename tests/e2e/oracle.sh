#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# scripts/oracle: its arithmetic, on numbers that are made up, and that the program it runs says what it should.
# What the program and the lab measure is no test: that depends on the hour.
# seconds: 4
set -u

. tests/e2e/tap.inc

# run CONTEXT DIFF LOW HIGH OFFSET_SD LAUNCH_SD: a verdicts.csv with that row among others.
run() {
	mkdir -p "$dir/run"
	{
		echo 'layer,strategy,guest_state,context,provenance,diff,diff_low,diff_high,offset_sd,launch_sd'
		echo "prim,gated-mov,dirty,$1,proxy,9999,9999,9999,0,0"
		echo "prim,gated-mov-disp8,off,$1,proxy,9999,9999,9999,0,0"
		echo "prim,gated-mov-disp8,dirty,$1,proxy,$2,$3,$4,$5,$6"
		echo "prim,gated-mov-disp8,dirty,$1,proxy,$2,$3,$4,$5,$6"
	} >"$dir/run/verdicts.csv"
}

# says STATUS TEXT: what scripts/oracle makes of the run and of $dir/measured.
says() {
	scripts/oracle "$dir/run" "$dir/measured" >"$dir/said" 2>&1
	[ $? -eq "$1" ] && grep -q "$2" "$dir/said"
}

printf 'apart\t20\t19\t21\ndram\t800\t790\t810\n' >"$dir/measured"
run apart 22 21.5 22.5 0 0
check 'intervals that overlap once widened agree' says 0 'apart .*5.0  agree$'
check 'two margins of one comparison count once' test "$(grep -c agree "$dir/said")" -eq 1
run apart 27 26.5 27.5 0 0
check 'intervals that do not, do not' says 2 'apart .*DIFFER$'
run apart 27 26.5 27.5 1 1
check 'what placement and launches do widens them' says 0 'apart .*7.8  agree$'
run apart 12 11 13.5 0 0
check 'on the other side as well' says 2 'DIFFER$'
run l2 12 11 13 0 0
check 'a context that only one of the two has is no comparison' says 77 'no context'
echo 'apart twenty' >"$dir/measured"
check 'a damaged measurement is named' says 65 'line 1 is not context'
check 'so is a run that is none' sh -c "scripts/oracle '$dir' /dev/null 2>&1 | grep -q 'verdicts.csv cannot be read'"

program=${B:-build}/tests/tools/oracle
"$program" >"$dir/measured"
check 'the program has four contexts with an interval around each' sh -c "
	awk -F '\t' '\$3 > \$2 || \$4 < \$2 { bad = 1 } END { exit bad || NR != 4 }' '$dir/measured'"
echo "1..$n"
