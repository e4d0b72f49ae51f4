#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The numbers of a run, recomputed from its samples.csv by a program that shares nothing with the lab: of
# the reference runs, and of one made here, whose looks are taken again by each of its launches.
# seconds: 45
set -u
. tests/e2e/tap.inc

python=/usr/bin/python3
recompute() { "$python" tests/recompute/recompute.py "$1"; }
if ! "$python" -c 'import numpy, scipy' 2>/dev/null; then
	echo '1..0 # SKIP no numpy and scipy for /usr/bin/python3: apt-get install python3-numpy python3-scipy'
	exit 0
fi

for run in results/reference/*/; do
	check "$(basename "$run") has the numbers that its samples give" recompute "$run"
done

cat >"$dir/plan.ini" <<'PLAN'
[plan]
budget = 6
launches = 4
margins = 1 %, 0.5 ticks
delays = 0 10
batch_min = 256
resamples = 100
[prim]
states = dirty
strategies = gated-mov, uncond-mov
PLAN
egprlab=${B:-build}/egprlab
check 'a run is made' "$egprlab" run --plan "$dir/plan.ini" --provenance proxy --out "$dir/run"
check 'and has the numbers that its samples give' recompute "$dir/run"

# A digit in each file, and a word: each is seen where it stands.
planted=$dir/planted
cp -r "$run" "$planted"
awk -F, -v OFS=, -v CONVFMT=%.15g 'NR == 1 { for (i = 1; i <= NF; i++) n[$i] = i }
	NR == 9 { $n["diff"] += 1e-4 * ($n["diff_high"] - $n["diff_low"]) }
	NR == 12 { $n["diff_low"] -= 1e-4 * ($n["diff_high"] - $n["diff_low"]) }
	NR == 15 { $n["p_value"] *= 1.1 }
	NR == 18 { $n["verdict"] = $n["verdict"] == "slower" ? "faster" : "slower" }
	{ print }' "$run/verdicts.csv" >"$planted/verdicts.csv"
awk -F, -v OFS=, -v CONVFMT=%.15g 'NR == 1 { for (i = 1; i <= NF; i++) n[$i] = i }
	NR == 5 { $n["p50"] *= 1.00001 }
	{ print }' "$run/summary.csv" >"$planted/summary.csv"
recompute "$planted" >"$dir/said"
check 'a planted digit ends it with status 1' test $? = 1
for column in 'summary p50' diff diff_low p_value verdict; do
	check "and is told: $column" grep -q "^not ok .* - $column: .*, 1 differ" "$dir/said"
done
check 'and nothing else is' test "$(grep -c '^not ok' "$dir/said")" = 5
echo "1..$n"
