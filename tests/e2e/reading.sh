#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The programs of docs/reading-the-data.md, run as they stand there: both say what the run says.
# seconds: 10
set -u
. tests/e2e/tap.inc

run=results/reference/pvm-amd-epyc-proxy
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" docs/reading-the-data.md | sed '1d;$d'; }
block python >"$dir/read.py"
block r >"$dir/read.R"

# same_as_verdicts FILE: each strategy that was compared with none, with its shift to three digits, and a median
# of the samples within its interval's width of it.
same_as_verdicts() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) n[$i] = i; next }
		FNR == 1 { for (i = 1; i <= NF; i++) m[$i] = i; file++; next }
		!file && $n["layer"] == "prim" && $n["guest_state"] == "dirty" && $n["baseline"] == "none" {
			want[$n["strategy"]] = $n["diff"]; width[$n["strategy"]] = $n["diff_high"] - $n["diff_low"] }
		file && $m["diff"] + 0 == $m["diff"] {
			s = $m["strategy"]; gsub(/ /, "", s); seen[s]++
			d = $m["diff"] - want[s]; e = $m["median"] - want[s]
			if (d * d > 1e-6 || e * e > width[s] * width[s] + 1e-6) { print s ": " $0 " for " want[s]; bad = 1 } }
		END { for (s in want) { k++; if (!seen[s]) { print s " is missing"; bad = 1 } }
			print k " strategies"; exit bad || k < 10 }' $run/verdicts.csv "$1"
}

if /usr/bin/python3 -c 'import pandas' 2>/dev/null; then
	check 'ten lines of pandas run' sh -c "/usr/bin/python3 '$dir/read.py' $run >'$dir/pandas.csv'"
	check 'and print what the run says' same_as_verdicts "$dir/pandas.csv"
	check 'ten they are' test "$(wc -l <"$dir/read.py")" -le 10
else
	n=$((n + 1))
	echo "ok $n - ten lines of pandas # SKIP no pandas for /usr/bin/python3: apt-get install python3-pandas"
fi
if command -v Rscript >/dev/null; then
	check 'ten lines of R run' sh -c "Rscript '$dir/read.R' $run >'$dir/r.csv'"
	check 'and print what the run says' same_as_verdicts "$dir/r.csv"
	check 'ten they are' test "$(wc -l <"$dir/read.R")" -le 10
else
	n=$((n + 1))
	echo "ok $n - ten lines of R # SKIP no Rscript: apt-get install r-base-core"
fi
echo "1..$n"
