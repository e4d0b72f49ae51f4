#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What follows a run: store, history, hosts combined, exports, cost model.
# seconds: 8
set -u

B=${B:-build}
egprlab=$B/egprlab
. tests/e2e/tap.inc
db=$dir/lab.db

# fails STATUS WORD COMMAND...: exits with STATUS and says WORD.
fails() {
	status=$1 word=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	got=$?
	cat "$dir/said"
	[ $got = "$status" ] && grep -q -e "$word" "$dir/said"
}

for host in a b c; do
	"$B/tests/tools/synthetic-run" "$dir/$host" blocks=12 host=$host cpu="CPU $host" seed=$n || exit 70
	n=$((n + 1))
done
"$B/tests/tools/synthetic-run" "$dir/wild" blocks=12 host=d sound=no effect=50 || exit 70
n=0

check 'history without a store names the fix' fails 69 import "$egprlab" history --db "$db"
check 'import takes several runs' "$egprlab" import --db "$db" "$dir/a" "$dir/b" "$dir/c" "$dir/wild"
check 'history shows every host of a comparison' sh -c "
	[ \$('$egprlab' history --db '$db' --layer prim --strategy dual | grep -c '10 ticks') = 4 ]"
check 'history filters by host' sh -c "
	[ \$('$egprlab' history --db '$db' --host synthetic-b --layer prim --strategy dual | wc -l) = 3 ]"
check 'history filters by kernel' sh -c "
	[ \$('$egprlab' history --db '$db' --kernel 0.0-synthetic --layer prim --strategy dual | wc -l) = 9 ] &&
	[ \$('$egprlab' history --db '$db' --kernel 9.9 | wc -l) = 1 ]"
check 'hosts are combined, the unsound one is left out' sh -c "
	'$egprlab' history --db '$db' --meta --layer prim --strategy xsave |
	awk -F '\t' '\$8 == \"all\" { ok = \$10 == 3 && \$11 > 80 && \$11 < 120 } END { exit !ok }'"
if command -v gnuplot >/dev/null; then
	check 'a forest plot by CPU' sh -c "
		'$egprlab' history --db '$db' --meta --layer prim --strategy xsave --forest '$dir/forest' &&
		grep -q 'CPU b' '$dir/forest/meta-prim-none-dirty-packed-xsave-proxy.svg' &&
		[ -s '$dir/forest/meta-prim-none-dirty-packed-xsave-proxy.png' ]"
else
	n=$((n + 1))
	echo "ok $n - a forest plot by CPU # SKIP gnuplot is not installed"
fi
# A strategy that became dearer with one commit of the lab, among twelve runs of one machine.
for run in 01 02 03 04 05 06 07 08 09 10 11 12; do
	if [ $run -lt 8 ]; then effect=1; else effect=1.3; fi
	"$B/tests/tools/synthetic-run" "$dir/trend-$run" few=yes blocks=40 host=t seed=$run effect=$effect \
		lab=commit$run start="2026-01-${run}T00:00:00Z" || exit 70
done
check 'a change is found, with its commits' sh -c "
	'$egprlab' import --db '$dir/trend.db' '$dir'/trend-?? >/dev/null &&
	'$egprlab' history --db '$dir/trend.db' --changes >'$dir/changes'
	cat '$dir/changes'
	[ \$(grep -c '^gated-mov' '$dir/changes') = 1 ] &&
	grep -q '^gated-mov.*	12	2026-01-08T00:00:00Z	commit07..commit08	' '$dir/changes' &&
	grep -q '^1 series of at least 8 runs, 1 changes' '$dir/changes'"
check 'too few runs are said to be too few' sh -c "
	'$egprlab' history --db '$db' --changes --strategy dual --layer prim |
	grep -q '^0 series of at least 8 runs, 0 changes; 3 series are shorter'"
check 'one question at a time' fails 64 'only one of' "$egprlab" history --db "$db" --changes --meta

check 'importing again does not double anything' sh -c "
	'$egprlab' import --db '$db' '$dir/a' &&
	[ \$('$egprlab' history --db '$db' --layer prim --strategy dual | grep -c '10 ticks') = 4 ]"
cp -r "$dir/a" "$dir/damaged"
printf 'x' | dd of="$dir/damaged/verdicts.csv" bs=1 seek=700 conv=notrunc 2>/dev/null
check 'a damaged run is not imported' fails 65 verdicts.csv "$egprlab" import --db "$db" "$dir/damaged"
cp -r "$dir/a" "$dir/future"
sed -i 's/"schema_version":\t4/"schema_version":\t8/' "$dir/future/meta.json"
check 'nor is one of a newer schema' fails 65 'version 8 is newer' "$egprlab" import --db "$db" "$dir/future"
echo nonsense >"$dir/text"
check 'a store that is none is refused by name' fails 65 'not a store' "$egprlab" history --db "$dir/text"

check 'CSV export is verdicts.csv again' sh -c "'$egprlab' export '$dir/a' | cmp - '$dir/a/verdicts.csv'"
check 'Google Benchmark export has one entry per batch' sh -c "
	'$egprlab' export --format gbench '$dir/a' >'$dir/gbench.json' &&
	[ \$(grep -c '\"run_type\"' '$dir/gbench.json') = \$((\$(wc -l <'$dir/a/samples.csv') - 1)) ]"
check 'KCIDB export says version 5.3' sh -c "
	'$egprlab' export --format kcidb '$dir/a' >'$dir/kcidb.json' &&
	tr -d '\n\t ' <'$dir/kcidb.json' | grep -q '\"version\":{\"major\":5,\"minor\":3}'"
check 'its ids and paths have the form that KCIDB asks for' sh -c "
	! grep -E '\"(id|build_id|checkout_id)\":' '$dir/kcidb.json' | grep -vE '\"egprlab:[^\"]+\"' &&
	! grep '\"path\":' '$dir/kcidb.json' | grep -vE '\"[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*\"'"
check 'it has every arm, comparison, proof and skip' sh -c "
	rows=\$(cat '$dir'/a/summary.csv '$dir'/a/verdicts.csv '$dir'/a/proofs.csv '$dir'/a/skipped.csv | wc -l)
	[ \$(grep -c '\"build_id\"' '$dir/kcidb.json') = \$((rows - 4)) ]"
check 'an unknown format is a usage error' fails 64 xml "$egprlab" export --format xml "$dir/a"

check 'every shipped profile yields a cost' sh -c "
	'$egprlab' cost '$dir/a' >'$dir/cost' &&
	for f in bench/report/cost/profiles/*.ini; do
		grep -q \"^Profile \$(basename \$f .ini) (example\" '$dir/cost' || exit 1
	done"
cat >"$dir/one.ini" <<END
[profile]
name = one
kind = measured
text = a test
[exits]
cpuid = 1000000
END
# 2.5 GHz, so N cycles a million times a second are N / 25 per cent.
check 'cost is rate times difference over the TSC rate' sh -c "
	diff=\$(awk -F, '\$7 == \"cpuid\" && \$9 == \"xsave\" && \$10 == \"dirty\" && \$22 == \"10 ticks\" {
		print \$15 }' '$dir/a/verdicts.csv')
	'$egprlab' cost --rates '$dir/one.ini' '$dir/a' |
	awk -v diff=\"\$diff\" '\$1 == \"xsave\" { got = \$2 } END {
		want = diff / 25; exit !(got > want - 0.01 && got < want + 0.01) }'"
sed 's/cpuid/teleport/' "$dir/one.ini" >"$dir/bad.ini"
check 'an unknown exit kind is refused by line' fails 64 'bad.ini line 6' \
	"$egprlab" cost --rates "$dir/bad.ini" "$dir/a"
sed 's/= 1000000/= -3/' "$dir/one.ini" >"$dir/bad.ini"
check 'a negative rate is refused by line' fails 64 'bad.ini line 6' \
	"$egprlab" cost --rates "$dir/bad.ini" "$dir/a"
cat >"$dir/perf" <<END

Analyze events for all VMs, all VCPUs:

             VM-EXIT    Samples  Samples%     Time%    Min Time    Max Time         Avg time

                 HLT       2000    40.00%    99.00%      1.00us   9000.00us    400.00us ( +-   2.00% )
               CPUID       1000    20.00%     0.50%      0.40us      9.00us      0.60us ( +-   1.00% )
  EXTERNAL_INTERRUPT       2000    40.00%     0.50%      0.30us     19.00us      0.80us ( +-   3.00% )

Total Samples:5000, Total events handled time:804000.00us.
END
check 'a profile out of perf kvm stat' sh -c "
	'$egprlab' cost --from-perf '$dir/perf' --seconds 10 --vcpus 2 >'$dir/perf.ini' &&
	grep -qx 'hlt = 100' '$dir/perf.ini' && grep -qx 'cpuid = 50' '$dir/perf.ini' &&
	grep -qx 'other = 100' '$dir/perf.ini'"
check 'and it can be used' "$egprlab" cost --rates "$dir/perf.ini" "$dir/a"
check 'a file without a table is refused' fails 65 'no table' \
	"$egprlab" cost --from-perf "$dir/text" --seconds 1 --vcpus 1
echo "1..$n"
