#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `egprlab run --group`: each group runs here or says why not, by the same engine and into the same files;
# and the report's chapters of the posts cite tests that exist.
# seconds: 15
# shellcheck disable=SC2016 # awk programs
set -u

B=${B:-build}
lab=$B/egprlab
. tests/e2e/tap.inc

cat >"$dir/plan.ini" <<'PLAN'
[plan]
text = groups, briefly
budget = 6
looks = 1
margins = 1 %, 10 ticks
batch_min = 16
batch_us = 100
batch_max = 512
offsets = 1
per_exit = 20
resamples = 100
[prim]
states = off
strategies = none
PLAN

# says STATUS PATTERN COMMAND...: ends with that status and prints the pattern.
says() {
	status=$1 pattern=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	got=$?
	cat "$dir/said"
	[ "$got" = "$status" ] && grep -q -- "$pattern" "$dir/said"
}

# column FILE NAME: values of a column.
column() {
	awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$1"
}

run_group() { "$lab" run --group "$1" --plan "$dir/plan.ini" --out "$dir/$1"; }

# has GROUP OPERATION SUBJECT: a median that is a time.
has() {
	awk -F, -v g="$1" -v o="$2" -v s="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["layer"] == g && $at["exit_kind"] == o && $at["strategy"] == s && $at["p50"] > 0 { found = 1 }
		END { exit !found }' "$dir/$1/summary.csv"
}

# skipped GROUP PATTERN: with a reason.
skipped() { grep ",$1," "$dir/$1/skipped.csv" | grep -q -- "$2"; }

# verdict GROUP OPERATION SUBJECT VERDICT.
verdict() {
	awk -F, -v g="$1" -v o="$2" -v s="$3" -v v="$4" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["layer"] == g && $at["exit_kind"] == o && $at["strategy"] == s { print; if ($at["verdict"] == v) found = 1 }
		END { exit !found }' "$dir/$1/verdicts.csv"
}

check 'an unknown group names the table' says 64 'egprlab list groups' "$lab" run --group none-such
check 'a group is no layer' says 64 'egprlab list layers' "$lab" run --layer uabi
printf '[plan]\nmargins = 1 %%\n[uabi]\nstates = off\n' >"$dir/wrong.ini"
check 'a group has no guest states' says 64 "not a key of a group" "$lab" run --plan "$dir/wrong.ini" --dry-run
check 'a group alone runs no layer' sh -c "
	'$lab' run --group accessors --plan '$dir/plan.ini' --dry-run | grep -c ' prim/' | grep -qx 0"
check 'a layer may stand beside it' sh -c "
	'$lab' run --group accessors --layer prim --plan '$dir/plan.ini' --dry-run | grep -q ' prim/'"

check 'group accessors runs' run_group accessors
for operation in modrm-sib modrm-sib-cold exit-84-85; do
	for subject in regs32 regs32-b rip-at-16 rip-renumbered live-switch memory; do
		check "accessors: $operation by $subject" has accessors $operation $subject
	done
done
check 'every code has its size' sh -c "
	[ \"\$(cut -d, -f1-40 '$dir/accessors/summary.csv' | wc -l)\" -eq 19 ]"
check 'sixteen live registers cost more than an array' verdict accessors modrm-sib live-switch slower
check 'samples carry every block' sh -c "[ \"\$(wc -l <'$dir/accessors/samples.csv')\" -gt 100 ]"

check 'group uabi runs' run_group uabi
for policy in fpstate posted unused excluded excluded-perm; do
	check "uabi: model of KVM_GET_XSAVE2, $policy" has uabi model-get $policy
	check "uabi: model of KVM_SET_XSAVE, $policy" has uabi model-set $policy
done
if "$lab" run --group uabi --plan "$dir/plan.ini" --dry-run | grep -q ' s  uabi/set-xsave/'; then
	for operation in get-xsave2 set-xsave migrate get-regs set-regs get-msrs set-msrs sync-regs; do
		check "uabi: $operation of this KVM" has uabi $operation legacy
	done
	check 'uabi: no APX here is a reason' sh -c "
		grep -q ',uabi,set-xsave,none,apx,' '$dir/uabi/summary.csv' || grep -q ',uabi,set-xsave,none,apx,.*which lacks' '$dir/uabi/skipped.csv'"
else
	n=$((n + 1))
	echo "ok $n - uabi: ioctls # SKIP no usable /dev/kvm"
fi

check 'group xfd runs' run_group xfd
if [ "$(wc -l <"$dir/xfd/summary.csv")" -gt 1 ]; then
	check 'xfd: XSAVE of a component in use' has xfd xsave inuse
	check 'xfd: and of an initial one' has xfd xsave init
fi
check 'xfd: what cannot be disarmed is a reason' skipped xfd 'XFD'

for group in accessors uabi xfd; do
	check "$group: the report comes out" "$lab" report "$dir/$group"
	sed -n '/^## The posts/,/^## State/{ s/\\//g; p; }' "$dir/$group/report.md" >"$dir/$group.posts"
	check "$group: a chapter per post, with its question, what was run and a verdict" sh -c "
		[ \$(grep -c '^### ' '$dir/$group.posts') -eq 5 ] && [ \$(grep -c '^Question:' '$dir/$group.posts') -eq 5 ] &&
		[ \$(grep -c '^Run:' '$dir/$group.posts') -eq 5 ] && [ \$(grep -c '^Verdict:' '$dir/$group.posts') -eq 5 ]"
done
check 'refused designs lose properties in the matrix' sh -c "
	grep '^| XSTATE_BV.19.=0 with' '$dir/uabi.posts' | grep -q 'no: r16..r31 keep'"
check 'every cell of the matrix has its proof' sh -c "
	grep '\[proved: unit/group/uabi' '$dir/uabi.posts' | grep '^| ' | awk -F'|' '
		{ for (i = 3; i < NF; i++) if (!index(\$i, \"[proved: \")) bad = 1; rows++ } END { exit bad || rows < 12 }'"
grep -ohE '(unit|e2e)/[a-z0-9./-]+(:[a-z0-9_]+)?' "$dir"/*.posts | sort -u >"$dir/proofs"
check 'proofs are named' test -s "$dir/proofs"
while read -r proof; do
	file=${proof%%:*}
	case $proof in
	*:*) check "$proof exists" grep -qE "cmocka_unit_test[a-z_]*\(${proof##*:}\b" "tests/$file.c" ;;
	*) check "$proof exists" sh -c "[ -e 'tests/$file.sh' ] || [ -e 'tests/$file.c' ]" ;;
	esac
done <"$dir/proofs"
check 'compare takes two runs of a group' sh -c "
	'$lab' compare '$dir/accessors' '$dir/accessors' >'$dir/said' 2>&1; [ \$? -le 2 ] && grep -q 'modrm-sib' '$dir/said'"
echo "1..$n"
