#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A run over the footprints: every one of them has rows or a reason, the exit's time has no walk in
# it, both launches have the same cells, and the report draws cost against footprint.
# seconds: 10
set -u
B=${B:-build}
KVM=/dev/kvm
FOOTPRINTS='fp-l1 fp-l2 fp-llc fp-dram fp-dram-random fp-code'
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

tap() { # tap RESULT DESCRIPTION
	n=$((n + 1))
	echo "$1 $n - $2"
	[ "$1" = ok ] || tail -n 20 "$tmp/out" | sed 's/^/# /'
}

check() { # check DESCRIPTION COMMAND...
	what=$1
	shift
	if "$@"; then tap ok "$what"; else tap 'not ok' "$what"; fi
}

"$B/egprlab" run --context fp-l9 --dry-run >"$tmp/out" 2>&1
status=$?
check 'a footprint that is not there' [ $status -eq 64 ]
"$B/egprlab" run --layer prim --context fp-l1 --dry-run >"$tmp/out" 2>&1
check 'layer prim has no guest that walks' grep -q 'none of the contexts asked for stands' "$tmp/out"

if ! [ -w "$KVM" ]; then
	echo "1..$n # no $KVM that we may open: nothing was run"
	exit 0
fi

cat >"$tmp/plan.ini" <<'PLAN'
[plan]
text = every footprint, briefly
budget = 16
launches = 2
margins = 1 %, 10 ticks
delays = 0 10
batch_min = 16
per_exit = 0
resamples = 0
seed = 11
[boundary]
exits = pio-out
states = dirty
strategies = gated-mov-disp8
contexts = all
PLAN
sed 's/strategies = .*/&\ncontext_exits = hlt/' "$tmp/plan.ini" >"$tmp/none.ini"
"$B/egprlab" run --plan "$tmp/none.ini" --dry-run >"$tmp/out" 2>&1
if grep -q 'boundary/pio-out/dirty ' "$tmp/out" && ! grep -q 'pio-out.*@fp-' "$tmp/out"; then
	tap ok 'context_exits leaves exit kinds out'
else
	tap 'not ok' 'context_exits leaves exit kinds out'
fi

# Whether numbers are sound is not asked on a busy machine: 0 or the run's own word for it.
"$B/egprlab" run --plan "$tmp/plan.ini" --out "$tmp/run" >"$tmp/out" 2>&1
check 'the run has an end' grep -q 'combinations skipped' "$tmp/out"

# field FILE COLUMN CONTEXT STRATEGY: of rows of a CSV file without quotes before that column
field() {
	awk -F , -v column="$2" -v context="$3" -v strategy="$4" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["context"] == context && $at["strategy"] == strategy { print $at[column] }' "$1"
}

measured=0
for context in $FOOTPRINTS; do
	blocks=$(field "$tmp/run/summary.csv" blocks "$context" none)
	reason=$(grep ",$context," "$tmp/run/skipped.csv" | grep -c 'not confirmed\|no cache behind L2')
	if [ -n "$blocks" ]; then
		measured=$((measured + 1))
		if [ "$blocks" -ge 8 ] &&
			[ "$(field "$tmp/run/summary.csv" blocks "$context" gated-mov-disp8)" = "$blocks" ] &&
			[ "$(field "$tmp/run/samples.csv" exits "$context" none | grep -c '^0*$')" -eq 0 ]; then
			tap ok "$context: $blocks blocks of every arm"
		else
			tap 'not ok' "$context: blocks of every arm"
		fi
	elif [ "$reason" -gt 0 ]; then
		n=$((n + 1))
		echo "ok $n - $context # SKIP not the latency of its level on this host now"
	else
		tap 'not ok' "$context: neither rows nor a reason"
	fi
done

# The walk takes walk_bytes / 64 lines; were it timed, dram's exits would take at least a tick for each
# line more than those of l1. Where an exit is slower than that anyway this says nothing.
walk=$(grep -o '"walk_bytes":[[:space:]]*[0-9]*' "$tmp/run/meta.json" | sort -t: -k2 -n | tail -n 1 | tr -dc 0-9)
base=$(field "$tmp/run/summary.csv" min fp-l1 none)
far=$(field "$tmp/run/summary.csv" min fp-dram none)
if [ -z "$base" ] || [ -z "$far" ]; then
	n=$((n + 1))
	echo "ok $n - the walk is in no exit's time # SKIP fp-l1 or fp-dram was not measured"
else
	check "the walk is in no exit's time" awk -v b="$base" -v f="$far" -v w="$walk" \
		'BEGIN { exit !(f - b < w / 64) }'
fi
if [ $measured -gt 0 ]; then
	check 'ticks per line are in meta.json' grep -q '"line_ticks":[[:space:]]*[0-9]' "$tmp/run/meta.json"
	"$B/egprlab" report "$tmp/run" >"$tmp/out" 2>&1
	check 'the report has cost against footprint' \
		grep -q 'Cost against footprint, layer boundary' "$tmp/run/report.md"
	check 'and a picture of it' grep -q 'footprint-latency-boundary-proxy' "$tmp/run/report.html"
fi
echo "1..$n"
