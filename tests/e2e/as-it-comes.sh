#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Hosts as they come: one allowed CPU, a locale with a decimal comma, a path that is not ASCII, a full
# disk, small limits. What can run runs; what cannot says so and leaves nothing damaged.
# seconds: 10
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
. tests/e2e/plan.inc
B=$(cd "${B:-build}" && pwd)
lab=$B/egprlab

small_plan 1 dirty gated-mov >"$dir/plan.ini"
plan="--plan $dir/plan.ini --provenance proxy"
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
# ends STATUS COMMAND...: it does, and what it said is in $dir/said.
ends() {
	want=$1
	shift
	timeout 60 "$@" >"$dir/said" 2>&1
	status=$?
	cat "$dir/said"
	[ $status -eq "$want" ]
}
said() { cat "$dir/said" && grep -q "$1" "$dir/said"; }

# whole DIR: a run with numbers of its strategy, and a report of it.
whole() {
	"$lab" report "$1" >/dev/null && grep -q 'prim,none,none,gated-mov,dirty,packed,[1-9]' "$1/summary.csv" &&
		[ -s "$1/report.html" ]
}

cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
# shellcheck disable=SC2086
check 'one allowed CPU: a run ends well' ends 0 taskset -c "$cpu" "$lab" run $plan --out "$dir/one"
check 'and is whole' whole "$dir/one"
other=$(taskset -cp $$ | sed -n 's/.*: .*[-,]//p')
if [ -n "$other" ]; then
	# shellcheck disable=SC2086
	check '--cpu that is not allowed ends with 64' ends 64 taskset -c "$cpu" "$lab" run $plan --cpu "$other" --out "$dir/barred"
	check 'and the message names the CPU' said "$other"
	check 'and leaves no directory' [ ! -e "$dir/barred" ]
else
	skip '--cpu that is not allowed' 'only one CPU is allowed here'
fi

if [ -e /usr/share/i18n/locales/de_DE ] && mkdir "$dir/locales" &&
	localedef -i de_DE -f UTF-8 "$dir/locales/de_DE.UTF-8" >"$dir/said" 2>&1; then
	comma() { env LOCPATH="$dir/locales" LC_ALL=de_DE.UTF-8 "$@"; }
	check 'the locale has a decimal comma' [ "$(comma locale decimal_point)" = , ]
	# shellcheck disable=SC2086
	check 'decimal comma: a run ends well' ends 0 env LOCPATH="$dir/locales" LC_ALL=de_DE.UTF-8 "$lab" run $plan --out "$dir/comma"
	check 'and is whole, read in either locale' sh -c "LOCPATH='$dir/locales' LC_ALL=de_DE.UTF-8 '$lab' report '$dir/comma'"
	check 'as in the other' whole "$dir/comma"
	columns() { head -n 1 "$1" | tr -cd , | wc -c; }
	rows() { awk -F, -v n="$(columns "$1")" 'NF != n + 1' "$1" | grep -v '"'; }
	check 'no comma stands in a number' [ -z "$(rows "$dir/comma/samples.csv")$(rows "$dir/comma/verdicts.csv")" ]
else
	skip 'decimal comma' 'no locale de_DE to be made here (package locales)'
fi

out=$dir/Größe\ μ
# shellcheck disable=SC2086
check 'a path that is not ASCII: a run ends well' ends 0 "$lab" run $plan --out "$out"
check 'and is whole' whole "$out"

# shellcheck disable=SC2016,SC2086
check '20 open files and a stack of 256 KiB: a run ends well' ends 0 \
	sh -c 'ulimit -n 20 && ulimit -s 256 && exec "$@"' sh "$lab" run $plan --out "$dir/limits"
check 'and is whole' whole "$dir/limits"

mkdir "$dir/disk"
if [ "$(id -u)" -eq 0 ] && unshare -m mount -t tmpfs none "$dir/disk" 2>/dev/null; then
	# shellcheck disable=SC2016,SC2086
	timeout 60 unshare -m sh -c '
		dir=$1 lab=$2; shift 2
		mount -t tmpfs -o size=64k none "$dir/disk" || exit 100
		"$lab" run "$@" --out "$dir/disk/full" >"$dir/said" 2>&1
		echo $? >"$dir/status"
		"$lab" report "$dir/disk/full" >/dev/null 2>&1
		echo $? >"$dir/read"' sh "$dir" "$lab" $plan
	check 'a full disk: a run does not end as done' sh -c "cat '$dir/said'; [ \"\$(cat '$dir/status')\" -ne 0 ] && [ \"\$(cat '$dir/status')\" -ne 70 ]"
	check 'and says what could not be written, and why' said 'cannot write .*No space left'
	check 'and what was kept is not damaged' [ "$(cat "$dir/read")" -ne 65 ]
else
	skip 'a full disk' 'needs root and a mount of its own'
fi
echo "1..$n"
