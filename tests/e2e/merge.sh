#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs of many hosts: merge, what it lists, what it combines, kills in the middle, two at once.
# seconds: 30
set -u

B=${B:-build}
egprlab=$B/egprlab
. tests/e2e/tap.inc
synthetic=$B/tests/tools/synthetic-run
db=$dir/lab.db

# status N COMMAND...: it exits with N.
status() {
	want=$1
	shift
	"$@" >"$dir/said" 2>&1
	got=$?
	cat "$dir/said"
	[ "$got" = "$want" ]
}

# stored FILE RUNS UNSOUND REFUSED: what a store holds, as the merge of a known run says.
stored() {
	"$egprlab" merge --db "$1" "$dir/fleet/00000" | tee "$dir/stored" |
		grep -q "^store	$2 runs	$3 of them unsound and not combined, $4 directories refused$" && return
	cat "$dir/stored"
	return 1
}

# row_of_all FILE: the row of all hosts of gated-mov in what merge printed.
row_of_all() {
	awk -F '\t' '$1 == "gated-mov" && $8 == "all"' "$1"
}

"$synthetic" "$dir/fleet" many=100 few=yes blocks=10 || exit 70

check 'a hundred runs are merged' sh -c "'$egprlab' merge --db '$db' '$dir'/fleet/* >'$dir/merged'"
check 'every run counts, unsound ones are listed with their reason' sh -c "
	cat '$dir/merged'
	grep -q '^merged	100 directories	100 new, 0 again, 0 damaged; 2 unsound$' '$dir/merged' &&
	grep -q '^unsound	$dir/fleet/00049	A/A arm failed$' '$dir/merged' &&
	grep -q '^unsound	$dir/fleet/00099	A/A arm failed$' '$dir/merged'"
check 'a row per CPU model and kind of core, and one of all' sh -c "
	cat '$dir/merged'
	[ \$(grep -c '^gated-mov.*	Model [012]	\(performance\|efficiency\)	' '$dir/merged') = 6 ] &&
	awk -F '\t' '\$1 == \"gated-mov\" && \$8 != \"all\" { n += \$10 } END { exit n != 40 }' '$dir/merged' &&
	awk -F '\t' '\$1 == \"gated-mov\" && \$8 == \"all\" { n = \$10 } END { exit n != 40 }' '$dir/merged'"
# DerSimonian and Laird once more, from the CSV files: runs of a host by inverse variance, then hosts.
expected=$(for run in "$dir"/fleet/*; do
	case $run in */00049 | */00099) continue ;; esac
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$9 == "gated-mov" && $at["margin_text"] == "10 ticks" {
			print $2, $at["diff"], ($at["diff_high"] - $at["diff_low"]) / (2 * 1.959964) }' \
		"$run/verdicts.csv"
done | awk '{ v = $3 * $3; w[$1] += 1 / v; s[$1] += $2 / v }
END {
	for (h in w) { y = s[h] / w[h]; sw += w[h]; sw2 += w[h] ^ 2; swy += w[h] * y; k++ }
	for (h in w) q += w[h] * (s[h] / w[h] - swy / sw) ^ 2
	tau2 = (q - (k - 1)) / (sw - sw2 / sw)
	if (tau2 < 0) tau2 = 0
	for (h in w) { x = 1 / (1 / w[h] + tau2); a += x; b += x * s[h] / w[h] }
	printf "%d %.4f\n", k, b / a }')
row_of_all "$dir/merged" >"$dir/all"
check 'the combined number is that of the files' sh -c "
	echo 'expected $expected'; cat '$dir/all'
	echo '$expected' | awk -v got=\"\$(cut -f 11 '$dir/all')\" -v hosts=\"\$(cut -f 10 '$dir/all')\" '
		{ d = got - \$2; exit !(\$1 == hosts && d < 0.01 && d > -0.01) }'"

# What is wrong with a directory.
"$synthetic" "$dir/good" few=yes blocks=10 host=x seed=1 || exit 70
cp -r "$dir/good" "$dir/cut"
truncate -s -40 "$dir/cut/samples.csv"
cp -r "$dir/good" "$dir/edited"
sed -i '2s/10 ticks/11 ticks/; 3s/10 ticks/11 ticks/' "$dir/edited/verdicts.csv"
cp -r "$dir/good" "$dir/future"
sed -i 's/"schema_version":\t[0-9]*/"schema_version":\t99/' "$dir/future/meta.json"
mkdir "$dir/empty"
check 'damaged runs do not stop the others, and make status 65' status 65 \
	"$egprlab" merge --db "$db" "$dir/cut" "$dir/edited" "$dir/future" "$dir/empty" "$dir/gone" "$dir/good"
check 'each is listed with its reason' sh -c "
	grep -q '^damaged	$dir/cut	.*samples.csv is cut short' '$dir/said' &&
	grep -q '^damaged	$dir/edited	.*verdicts.csv does not match its checksum' '$dir/said' &&
	grep -q '^damaged	$dir/future	.*schema version 99 is newer' '$dir/said' &&
	grep -q '^damaged	$dir/empty	.*not a run directory' '$dir/said' &&
	grep -q '^damaged	$dir/gone	.*not a run directory' '$dir/said' &&
	grep -q '6 directories	1 new, 0 again, 5 damaged' '$dir/said' &&
	grep -q '5 of 6 directories are damaged' '$dir/said'"
check 'and remembered' sh -c "
	'$egprlab' history --db '$db' --refused >'$dir/refused'
	cat '$dir/refused'
	[ \$(grep -c '^damaged' '$dir/refused') = 5 ] && [ \$(grep -c '^unsound' '$dir/refused') = 2 ]"
rm -r "$dir/cut"
"$synthetic" "$dir/cut" few=yes blocks=10 host=y seed=2 || exit 70
check 'until they are mended' sh -c "
	'$egprlab' merge --db '$db' '$dir/cut' &&
	'$egprlab' history --db '$db' --refused | grep -q 'edited' &&
	! '$egprlab' history --db '$db' --refused | grep -q '$dir/cut'"

# Twice the same run.
check 'a run that is merged again counts once' sh -c "
	'$egprlab' merge --db '$dir/twice.db' '$dir/fleet/00000' '$dir/fleet/00000' >'$dir/said' &&
	grep -q '2 directories	1 new, 1 again' '$dir/said' && grep -q '^again	' '$dir/said' &&
	grep -q '^store	1 runs' '$dir/said'"
cp -r "$dir/fleet/00000" "$dir/copy"
check 'and so does its copy' sh -c "
	'$egprlab' merge --db '$dir/twice.db' '$dir/copy' | grep -q '^store	1 runs'"
"$synthetic" "$dir/part" few=yes blocks=10 host=0 cpu='Model 0' seed=0 complete=no || exit 70
check 'an interrupted state of a run does not displace the complete one' sh -c "
	'$egprlab' merge --db '$dir/twice.db' '$dir/part' >'$dir/said'
	cat '$dir/said'
	grep -q 'counts once; the store has it complete' '$dir/said' &&
	grep -q '^store	1 runs	0 of them unsound' '$dir/said'"
check 'an interrupted run alone is listed and not combined' sh -c "
	'$egprlab' merge --db '$dir/part.db' '$dir/part' >'$dir/said'
	grep -q '^unsound	$dir/part	interrupted' '$dir/said' && ! grep -q '^gated-mov' '$dir/said'"

# What is never put together.
for node in one two; do
	EGPRLAB_NODE=$node "$synthetic" "$dir/node-$node" few=yes blocks=10 host=same seed=$n || exit 70
	n=$((n + 1))
done
n=$((n - 2))
check 'nodes of one make are two hosts where they have names' sh -c "
	'$egprlab' merge --db '$dir/nodes.db' '$dir/node-one' '$dir/node-two' |
	awk -F '\t' '\$1 == \"gated-mov\" { exit !(\$10 == 2) }'"
"$synthetic" "$dir/played" blocks=10 host=z seed=3 representative=no || exit 70
"$synthetic" "$dir/real" blocks=10 host=y seed=4 || exit 70
check 'guests that were interpreted are combined apart from real ones' sh -c "
	'$egprlab' merge --db '$dir/guests.db' '$dir/played' '$dir/real' |
	awk -F '\t' '\$1 == \"gated-mov\" && \$2 == \"boundary\" && \$3 == \"cpuid\" && \$4 == \"dirty\" {
		n++; seen[\$7] += \$10 }
	END { exit !(n == 2 && seen[\"real\"] == 1 && seen[\"interpreted\"] == 1) }'"

# A kill before each of the moments at which something reaches the disk: two new runs and one
# refusal in a store that is made on the way, then the same merge again.
killed_everywhere() {
	at=1
	while :; do
		rm -f "$dir"/kill.db* "$dir/kill.log"
		KILL_AT=$at KILL_NAME=egprlab KILL_LOG=$dir/kill.log LD_PRELOAD="$PWD/$B/tests/tools/kill-at.so" \
			"$egprlab" merge --db "$dir/kill.db" "$dir/fleet/00000" "$dir/fleet/00049" "$dir/empty" >/dev/null 2>&1
		[ -s "$dir/kill.log" ] || break
		if command -v sqlite3 >/dev/null && [ -s "$dir/kill.db" ]; then
			[ "$(sqlite3 "$dir/kill.db" 'PRAGMA integrity_check')" = ok ] || return 1
			# Never a run without all its rows.
			halves=$(sqlite3 "$dir/kill.db" 'SELECT count(*) FROM run r WHERE
				(SELECT count(*) FROM verdict v WHERE v.run_id = r.run_id) <> 2' 2>/dev/null)
			[ "${halves:-0}" = 0 ] || { echo "half a run after $at"; return 1; }
		fi
		"$egprlab" merge --db "$dir/kill.db" "$dir/fleet/00000" "$dir/fleet/00049" "$dir/empty" >"$dir/said" 2>&1
		grep -q '^store	2 runs	1 of them unsound and not combined, 1 directories refused$' "$dir/said" || {
			echo "after a kill at point $at:"
			cat "$dir/said"
			return 1
		}
		at=$((at + 1))
	done
	echo "points: $((at - 1))"
	[ "$at" -gt 12 ]
}
check 'killed at every point, and done again, it has every run once' killed_everywhere

# Two at once, into a store that both make, with half of the runs in common.
two_at_once() {
	for _ in 1 2 3; do
		rm -f "$dir"/two.db*
		"$egprlab" merge --db "$dir/two.db" "$dir"/fleet/000[0-5]? >"$dir/first" 2>&1 &
		first=$!
		"$egprlab" merge --db "$dir/two.db" "$dir"/fleet/000[3-9]? >"$dir/second" 2>&1
		second=$?
		wait $first || second=1
		[ $second = 0 ] || {
			cat "$dir/first" "$dir/second"
			return 1
		}
		stored "$dir/two.db" 100 2 0 || return 1
	done
}
check 'two merges at once lose nothing and double nothing' two_at_once
"$egprlab" merge --db "$dir/two.db" "$dir/fleet/00001" >"$dir/said"
row_of_all "$dir/said" >"$dir/all-two"
check 'and come to the same result' cmp "$dir/all" "$dir/all-two"

if command -v gnuplot >/dev/null; then
	check 'the forest plot has hosts, models with their cores, and all' sh -c "
		'$egprlab' merge --db '$dir/two.db' --forest '$dir/forest' '$dir/fleet/00001' >/dev/null &&
		f='$dir/forest/meta-prim-none-dirty-packed-gated-mov-proxy' &&
		[ \"\$(cut -f 6 \"\$f.dat\" | sort | uniq -c | awk '{ print \$2 \"=\" \$1 }' | paste -sd ' ')\" = '0=40 1=6 2=1' ] &&
		grep -q 'Model 1, performance core' \"\$f.svg\" && [ -s \"\$f.png\" ]"
else
	n=$((n + 1))
	echo "ok $n - the forest plot # SKIP gnuplot is not installed"
fi

# A run as long as it likes: its samples are checked, and not kept.
"$B/tests/tools/synthetic-run" "$dir/long" few=yes blocks=12 || exit 70
long=$dir/long/samples.csv
awk 'NR == 1 { print; next } { row[NR] = $0 } END { while (n < 400000) for (i in row) { print row[i]; n++ } }' "$long" >"$dir/rows"
vouch() { # vouch: meta.json has the sum and the size of the samples as they are
	sed -i "/\"samples.csv\":/,/}/ {
		s/\"sha256\":.*/\"sha256\":\"$(sha256sum <"$long" | cut -d ' ' -f 1)\",/
		s/\"bytes\":.*/\"bytes\":$(stat -c %s "$long")/
	}" "$dir/long/meta.json"
}
cp "$dir/rows" "$long"
vouch
in_little() { # in_little COMMAND...: in less memory than half of the samples
	"$B/tests/tools/rss" "$dir/used" "$@" >"$dir/said" || return 1
	echo "$(stat -c %s "$long") bytes of samples, $(cut -d ' ' -f 2 "$dir/used") KiB"
	[ $((2048 * $(cut -d ' ' -f 2 "$dir/used"))) -lt "$(stat -c %s "$long")" ]
}
check 'a run of 400000 batches is merged in less memory than half of its samples' in_little \
	"$egprlab" merge --db "$dir/long.db" "$dir/long"
for format in csv ktap kcidb openmetrics; do
	check "and exported as $format" in_little "$egprlab" export --format $format "$dir/long"
done
# What is wrong in its midst is found where it stands.
sed '200001s/,proxy,/,guess,/' "$dir/rows" >"$long"
check 'a sample that was changed is damage' sh -c "
	'$egprlab' merge --db '$dir/long.db' '$dir/long' | grep -q 'samples.csv does not match its checksum'"
vouch
check 'one that is none is named by its line' sh -c "
	'$egprlab' merge --db '$dir/long.db' '$dir/long' | tee /dev/stderr | grep -q 'samples.csv line 200001.*provenance'"
head -c -9 "$dir/rows" >"$long"
vouch
check 'and so is a last one that is cut short' sh -c "
	'$egprlab' merge --db '$dir/long.db' '$dir/long' | tee /dev/stderr | grep -q 'samples.csv line 40[0-9]* is cut short'"
rm -rf "$dir/long" "$dir/rows"

# A hundred times as many runs take little more memory, and so do runs of 500 cells. How time grows is printed;
# on a host with nothing else to do, it is judged too.
B=$B tests/tools/merge-bench 100 1000 10000 >"$dir/bench" 2>&1
status=$?
sed 's/^/# /' "$dir/bench"
check 'memory hardly grows from 100 to 10000 runs, neither that of merge nor of history' sh -c "
	awk '\$1 == 100 { small = \$4; listed = \$6 } \$1 == 10000 { large = \$4; more = \$6 }
	END { exit !(small > 0 && large < small + 8 && listed > 0 && more < listed + 8) }' '$dir/bench'"
check 'how time grows with the number of runs is told, of both' [ "$(grep -c '^[a-z]*: time goes by the power [0-9.]* of the number of runs' "$dir/bench")" = 2 ]
if [ -n "${LONG:-}" ]; then
	check 'up to 10000 runs the time is linear' test $status = 0
	B=$B CELLS=500 tests/tools/merge-bench 10 100 300 >"$dir/bench" 2>&1
	status=$?
	sed 's/^/# /' "$dir/bench"
	check 'and with 500 cells in each run, neither time nor memory grows otherwise' test $status = 0
else
	n=$((n + 1))
	echo "ok $n - 300 runs of 500 cells # SKIP a minute of writing to disk; LONG=1 does it"
fi
check 'merge without a directory is a usage error' status 64 "$egprlab" merge
echo nonsense >"$dir/text"
check 'a store that is none is refused' status 65 "$egprlab" merge --db "$dir/text" "$dir/fleet/00000"
echo "1..$n"
