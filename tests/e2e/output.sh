#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What is every command's: --json on all that print tables, --filter and --only, --quiet, --color, the
# command to type next, and what the line of progress tells.
# seconds: 5
set -u
. tests/e2e/tap.inc

B=${B:-build}
lab=$B/egprlab
json=$B/tests/tools/json
epyc=results/reference/pvm-amd-epyc-proxy
"$B/tests/tools/synthetic-run" "$dir/run" blocks=12 launches=2 >/dev/null &&
	"$lab" import --quiet --db "$dir/lab.db" "$dir/run" >/dev/null || exit 70
printf '[campaign]\nout = %s\nboots = 2\n[kernel a]\n' "$dir/out" >"$dir/campaign.ini"

# arguments COMMAND: with which it prints a table.
arguments() {
	case $1 in
	list) echo strategies ;;
	show) echo xsave ;;
	run) echo --profile smoke --layer prim --dry-run ;;
	trace) echo --strategy gated-mov ;;
	compare) echo "$dir/run" "$dir/run" ;;
	report) echo '' ;;
	history) echo --db "$dir/lab.db" ;;
	merge) echo --db "$dir/merged.db" "$dir/run" ;;
	cost) echo "$epyc" ;;
	explain) echo "$epyc" 2 ;;
	calibrate) echo --seconds 2 --no-power --exit hlt ;;
	doctor) echo '' ;;
	export) echo '' ;;
	esac
}

"$lab" --help | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }' >"$dir/commands"
while read -r command; do
	"$lab" "$command" --help | grep -q -- '^  --json' || continue
	# A campaign needs kernels, and llvm-mca may be missing: their tests have their tables.
	case $command in campaign | model) continue ;; esac
	# shellcheck disable=SC2046
	set -- $(arguments "$command")
	timeout 60 "$lab" "$command" --json "$@" >"$dir/table" 2>"$dir/err"
	status=$?
	check "$command --json is JSON (status $status)" sh -c "[ -s '$dir/table' ] && '$json' <'$dir/table'"
done <"$dir/commands"
check 'every command that prints a table has --json' sh -c "
	for c in list show run trace model compare campaign calibrate explain history merge cost doctor; do
		'$lab' \$c --help | grep -q -- '^  --json' || { echo \$c; exit 1; }
	done"
check 'a number is a number there' sh -c "'$lab' history --json --db '$dir/lab.db' | grep -qE '\"diff\":[[:space:]]+-?[0-9]'"
check 'and what was not measured null' sh -c "'$lab' history --json --db '$dir/lab.db' --filter . | '$json'"

check '--filter leaves what matches' sh -c "
	'$lab' history --db '$dir/lab.db' --filter '^gated-mov/prim' >'$dir/said' && [ \$(wc -l <'$dir/said') -gt 1 ] &&
	! sed 1d '$dir/said' | grep -v '^gated-mov.prim'"
check '--only narrows each id in its own column' sh -c "
	'$lab' history --db '$dir/lab.db' --only gated-mov,xsave,cpuid >'$dir/said' && grep -q '^xsave' '$dir/said' &&
	! sed 1d '$dir/said' | awk -F '\t' '(\$1 != \"gated-mov\" && \$1 != \"xsave\") || \$3 != \"cpuid\"' | grep -q ."
check 'nothing left is said so, with status 64' sh -c "'$lab' history --db '$dir/lab.db' --only nonsense 2>'$dir/err'; [ \$? = 64 ] && grep -q 'no row is left' '$dir/err'"
check 'an expression that is none too' sh -c "'$lab' list strategies --filter '(' 2>'$dir/err'; [ \$? = 64 ] && grep -q -- \"--filter '('\" '$dir/err'"
check 'every command that prints a table takes both' sh -c "
	for c in list show trace model compare campaign calibrate explain history merge cost doctor; do
		'$lab' \$c --help | grep -q -- '^  --filter REGEX' && '$lab' \$c --help | grep -q -- '^  --only ID' || { echo \$c; exit 1; }
	done"
check 'doctor says what is asked for' sh -c "'$lab' doctor --seconds 0.05 --filter '^apx/' --json | '$json' checks/each/id | grep -qx apx"
check 'list takes both' sh -c "[ \"\$('$lab' list strategies --only xsave,xsavec | cut -d' ' -f1 | tr '\n' ' ')\" = 'xsave xsavec ' ] &&
	[ \"\$('$lab' list exits --filter '^cpuid/' --json | grep -c '\"id\"')\" = 1 ]"

# run: the same words narrow the plan, and the plan that is kept.
dry() { "$lab" run --dry-run "$@" >"$dir/dry" 2>"$dir/err"; }
check 'run --filter by name' sh -c "'$lab' run --dry-run --profile quick --filter '^prim/none/dirty@packed/(gated-mov|xsave)\$' >'$dir/dry' &&
	grep -q 'prim/none/dirty .*gated-mov' '$dir/dry' && ! sed '/^skipped/,\$d' '$dir/dry' | grep -qE 'boundary|uncond|xsavec|/init|/off'"
check 'run --only by ids of any axis' sh -c "'$lab' run --dry-run --profile quick --only prim,dirty,gated-mov >'$dir/dry' &&
	grep -q 'prim/none/dirty .*gated-mov' '$dir/dry' && ! sed '/^skipped/,\$d' '$dir/dry' | grep -qE 'boundary|uncond|/init'"
check 'a filter that matches nothing is refused' sh -c "'$lab' run --dry-run --filter nonsense 2>'$dir/err'; [ \$? = 64 ] && grep -q 'matches nothing' '$dir/err'"
check 'an id of no table too' sh -c "'$lab' run --dry-run --only nonsense 2>'$dir/err'; [ \$? = 64 ] && grep -q 'in no table' '$dir/err'"
check 'run --json without --dry-run is refused' sh -c "'$lab' run --json 2>'$dir/err'; [ \$? = 64 ] && grep -q -- --dry-run '$dir/err'"

cat >"$dir/small.ini" <<-END
	[plan]
	text = small
	budget = 3
	margins = 1 %
	delays = 0
	[prim]
	states = dirty, off
	strategies = gated-mov, xsave
	contexts = packed
END
TMPDIR=$dir script -qec "'$lab' run --plan '$dir/small.ini' --out '$dir/pty'" /dev/null >"$dir/pty.log" 2>&1 </dev/null
check 'a terminal is told when it ends' grep -qE '[0-9]+ of 3 s, [0-9]+ to go; 1/2, how many blocks fit: prim/none/' "$dir/pty.log"
check 'and what is being decided' grep -qE 'block [0-9]+ of [0-9]+, (no look yet|[0-9]+ of [0-9]+ open): prim/none/' "$dir/pty.log"
check 'and what to type next' grep -q "next: egprlab report $dir/pty" "$dir/pty.log"
"$lab" run --quiet --plan "$dir/small.ini" --only dirty --out "$dir/quiet" >"$dir/said" 2>"$dir/err"
check 'a quiet run says where it is and nothing else' sh -c "cat '$dir/err'; ! grep -qE '^next|blocks of|launch [0-9]' '$dir/err' && grep -q '$dir/quiet' '$dir/said'"
check 'its plan is the narrowed one' sh -c "! grep -q ',off,' '$dir/quiet/summary.csv' && grep -q ',dirty,' '$dir/quiet/summary.csv'"

check 'colour where it is asked for' sh -c "'$lab' compare '$dir/run' '$dir/run' --color always | grep -q \"\$(printf '\033')\\[3\""
check 'never in a pipe' sh -c "! '$lab' compare '$dir/run' '$dir/run' | grep -q \"\$(printf '\033')\""
check 'and on a terminal' sh -c "script -qec \"'$lab' compare '$dir/run' '$dir/run'\" /dev/null </dev/null | grep -q \"\$(printf '\033')\\[3\""
check 'not there either with --color never' sh -c "! script -qec \"'$lab' compare '$dir/run' '$dir/run' --color never\" /dev/null </dev/null | grep -q \"\$(printf '\033')\\[3\""
check 'no other word for it' sh -c "'$lab' list strategies --color blue 2>'$dir/err'; [ \$? = 64 ] && grep -q 'auto, always or never' '$dir/err'"
echo "1..$n"
