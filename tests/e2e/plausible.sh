#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A difference that no CPU can have makes a run unsound, by name; one that it can does not.
# seconds: 10
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
. tests/e2e/plan.inc
B=$(cd "${B:-build}" && pwd)

small_plan 1 dirty gated-mov | sed 's/^margins.*/margins = 2 ticks/' >"$dir/plan.ini"

run() { # run LAB NAME: leaves $dir/NAME and $dir/NAME.said
	timeout 60 "$1" run --plan "$dir/plan.ini" --provenance proxy --out "$dir/$2" >"$dir/$2.said" 2>&1
}
# says NAME SENTENCE: a check of meta.json that failed, for gated-mov
says() { tr -d '\n' <"$dir/$1/meta.json" | grep -q "plausible prim/none/dirty/gated-mov\"[^}]*fail[^}]*$2"; }

run "$B/egprlab" sound
check 'the lab itself: nothing implausible' sh -c "! grep -q '\"plausible ' '$dir/sound/meta.json'"
run "$B/tests/mutants/implausible/egprlab-batch" faster
check 'faster than a baseline that does less, by half its rounds, is told' says faster 'comes out faster by'
check '... as the run ends' grep -q 'UNSOUND.*plausible' "$dir/faster.said"
run "$B/tests/mutants/implausible/egprlab-gated-mov" slower
check 'slower than its instructions can be is told' says slower 'cannot take more than'
check '... and the run is not sound' sh -c "[ \"\$('$B/tests/tools/json' soundness/sound <'$dir/slower/meta.json')\" = false ]"
echo "1..$n"
