#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs side by side: what is said of one host, of different hosts, of more than two; nothing is
# subtracted that is not in one unit.
# seconds: 8
set -u
. tests/e2e/tap.inc

B=${B:-build}
lab=$B/egprlab
make=$B/tests/tools/synthetic-run
epyc=results/reference/pvm-amd-epyc-proxy
zen3=results/reference/pvm-amd-zen3-proxy

# says STATUS PATTERN COMMAND...: standard output, unfilled, has a match.
says() {
	want=$1 pattern=$2
	shift 2
	"$@" >"$dir/said" 2>"$dir/err"
	got=$?
	cat "$dir/said" "$dir/err" | tr '\n' ' ' | tr -s ' ' >"$dir/filled"
	cat "$dir/said" "$dir/err"
	[ "$got" = "$want" ] && grep -qE "$pattern" "$dir/filled"
}

"$make" "$dir/one" blocks=24 launches=4 >/dev/null && "$make" "$dir/two" blocks=24 launches=4 seed=2 >/dev/null &&
	"$make" "$dir/dear" blocks=24 launches=4 seed=3 effect=40 >/dev/null &&
	"$make" "$dir/far" blocks=24 launches=4 seed=4 host=far cpu='Far CPU' >/dev/null || exit 70

check 'the two reference runs: different hosts' says 64 '^Runs side by side.*Different hosts: A is AMD EPYC .*; B is ' \
	"$lab" compare "$epyc" "$zen3"
check 'each has its own cost, and an unsound one says so' grep -qE 'UNSOUND.*adds \+[0-9.]+ TSC ticks \[[^]]*\] on A, \+[0-9.]+ TSC ticks \[[^]]*\] on B' "$dir/filled"
check 'no difference is given, and why' grep -q 'No difference between those runs is given: ticks of different hosts' "$dir/filled"
check 'what may be said: verdicts and order' grep -qE 'whether those verdicts are alike: [0-9]+ of [0-9]+ are.*tells apart .*in the same order' "$dir/filled"
check 'the list of what differs has the CPU and the lab' grep -qE 'host.cpu_model +[0-9]+ +[0-9]+ .*host.lab' "$dir/filled"
check 'and standard error the reason and the way out' grep -q 'TSC ticks of different hosts do not compare; .egprlab merge' "$dir/err"
check 'no column holds one host less the other' sh -c "! grep -q 'B - A' '$dir/said'"

check 'of different hosts a page is made all the same' says 0 "$dir/pair.html" "$lab" compare "$epyc" "$zen3" --html "$dir/pair.html"
check 'with sentence, picture, table' sh -c "
	grep -q 'id=\"screen-sentence\"' '$dir/pair.html' && grep -q '<figure id=\"screen\">' '$dir/pair.html' &&
	grep -q 'id=\"screen-table\"' '$dir/pair.html' && ! grep -q 'B - A' '$dir/pair.html'"
check 'which names both marks' grep -q 'A:AMD-EPYC' "$dir/pair.html"
check 'runs are left as they were' sh -c "! ls '$epyc' | grep -q plots && ! ls '$zen3' | grep -q plots"
mkdir "$dir/page"
check 'a directory gets compare.html' says 1 "$dir/page/compare.html" "$lab" compare "$dir/one" "$dir/dear" --html "$dir/page"
check 'one host: what changed stands beside' grep -q 'B - A' "$dir/page/compare.html"
check 'three runs of one host: each against the first' says 1 'dear minus .*one' "$lab" compare "$dir/one" "$dir/two" "$dir/dear"
check 'two tables' test "$(grep -c '^layer ' "$dir/said")" = 2
check 'a page of three runs, of two hosts' says 1 'all.html' "$lab" compare "$dir/one" "$dir/dear" "$dir/far" --html "$dir/all.html"
check 'has changes of the one host only' sh -c "grep -q 'B - A' '$dir/all.html' && ! grep -q 'C - A' '$dir/all.html'"
check 'the planted change is seen' says 1 'gated-mov [^\n]*slower' "$lab" compare "$dir/one" "$dir/dear" --only gated-mov,prim
check 'and nothing else is printed' sh -c "! grep -qE '^(kvm|boundary) | xsave ' '$dir/said'"
"$make" "$dir/contexts" blocks=24 few=yes contexts=yes host=far >/dev/null && "$make" "$dir/packed" blocks=24 few=yes >/dev/null
check 'a run with contexts and one without have a context in common' says 64 'layer prim, in context packed' "$lab" compare "$dir/contexts" "$dir/packed"
check 'nine runs are too many' says 64 '8 at most' "$lab" compare "$dir/one" "$dir/one" "$dir/one" "$dir/one" "$dir/one" "$dir/one" "$dir/one" "$dir/one" "$dir/one"
check 'a page that cannot be written' says 69 'cannot write' "$lab" compare "$dir/one" "$dir/two" --html "$dir/none/page.html"
check 'leaves no directory behind' sh -c "! ls \${TMPDIR:-/tmp} | grep -q egprlab-compare-"
check 'as JSON, by table' sh -c "'$lab' compare '$dir/one' '$dir/dear' --json | '$B/tests/tools/json' && '$lab' compare '$dir/one' '$dir/dear' --json | grep -q '\"changes\":'"
echo "1..$n"
