#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A run for tools of others: KTAP, LKP's matrix, OpenMetrics, KCIDB by its full schema, and the CSV
# files as R and pandas read them.
# seconds: 6
set -u

B=${B:-build}
egprlab=$B/egprlab
. tests/e2e/tap.inc
run=$dir/run
"$B/tests/tools/synthetic-run" "$run" blocks=12 launches=3 host=export || exit 70
rows() { # rows FILE: without its header
	echo $(($(wc -l <"$run/$1") - 1))
}

# have WHAT PYTHON-MODULE...: else the next check is skipped, with the way to have it.
# Debian's own: its packages are what is asked for. EGPR_PYTHON names another.
python=${EGPR_PYTHON:-/usr/bin/python3}
have() {
	"$python" -c "import $1" 2>/dev/null && return
	n=$((n + 1))
	echo "ok $n - $3 # SKIP no Python module $1; install $2"
	return 1
}

"$egprlab" export --format ktap "$run" >"$dir/ktap"
check 'KTAP begins with its version and its plan' sh -c "
	[ \"\$(head -n 1 '$dir/ktap')\" = 'KTAP version 1' ] && sed -n 2p '$dir/ktap' | grep -qE '^1\.\.[0-9]+$'"
check 'its points are numbered as planned, one per arm, comparison, proof and skip' sh -c "
	awk -v rows=$(($(rows summary.csv) + $(rows verdicts.csv) + $(rows proofs.csv) + $(rows skipped.csv))) '
		/^1\.\./ { planned = substr(\$0, 4) }
		/^ok / { if (\$2 != ++n) bad = 1; next }
		/^not ok / { bad = 1 }
		END { print n, planned, rows; exit bad || n != planned || n != rows }' '$dir/ktap'"
check 'its values are those of summary.csv' sh -c "
	want=\$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i; next }
		\$6 == \"prim\" && \$9 == \"xsave\" { print \$at[\"p50\"] }' '$run/summary.csv')
	awk -v want=\"\$want\" '/^# means of batches: p50/ { got = \$7 } / prim\/none\/dirty\/packed\/xsave\/proxy arm/ {
		d = got - want; exit !(d < 0.001 && d > -0.001) }' '$dir/ktap'"
check 'a file instead of standard output' sh -c "
	'$egprlab' export --format ktap --out '$dir/file' '$run' && cmp '$dir/ktap' '$dir/file' &&
	! '$egprlab' export --format ktap --out '$dir/none/file' '$run'"
check 'a skip has its reason' grep -q '^ok .* # SKIP the CPU has no MSR_IMM' "$dir/ktap"
check 'a proof that failed is not ok' sh -c "
	cp -r '$run' '$dir/failed' &&
	awk 'NR == 2 { sub(/,pass/, \",fail\") } { print }' '$run/proofs.csv' >'$dir/failed/proofs.csv' &&
	sed -i \"s/\$(sha256sum <'$run/proofs.csv' | cut -d' ' -f1)/\$(sha256sum <'$dir/failed/proofs.csv' | cut -d' ' -f1)/\" '$dir/failed/meta.json' &&
	[ \$('$egprlab' export --format ktap '$dir/failed' | grep -c '^not ok ') = 1 ]"

"$egprlab" export --format lkp "$run" >"$dir/matrix.json"
check 'the LKP matrix has an array per arm and an element per launch' sh -c "
	[ \$(grep -c '\"egprlab\.[^\"]*\.ticks\":' '$dir/matrix.json') = \$(($(rows summary.csv))) ] &&
	tr -d ' \n\t' <'$dir/matrix.json' | tr ']' '\n' | awk -F '[' 'NF == 2 { if (split(\$2, x, \",\") != 3) bad = 1; n++ }
		END { exit bad || !n }'"
check 'an element is the median of its launch' sh -c "
	want=\$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i; next }
		\$6 == \"prim\" && \$9 == \"xsave\" && \$at[\"launch\"] == 1 { print \$at[\"cycles\"] / \$at[\"exits\"] }' '$run/samples.csv' |
		sort -n | awk '{ x[NR] = \$1 } END { print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }')
	tr -d ' \n\t' <'$dir/matrix.json' | sed 's/.*\"egprlab.prim.none.dirty.packed.xsave.proxy.ticks\":\[\([^]]*\)\].*/\1/' |
	awk -F, -v want=\"\$want\" '{ print \$2, want; d = \$2 - want; exit !(d < 0.01 && d > -0.01) }'"

"$egprlab" export --format openmetrics "$run" >"$dir/metrics"
check 'OpenMetrics ends with its mark, and names no sample twice' sh -c "
	[ \"\$(tail -n 1 '$dir/metrics')\" = '# EOF' ] && ! grep -v '^#' '$dir/metrics' | sed 's/ [^ ]*\$//' | sort | uniq -d | grep ."
check 'it has every quantile, every difference once, every verdict' sh -c "
	[ \$(grep -c '^egpr_exit_ticks{' '$dir/metrics') = $((5 * $(rows summary.csv))) ] &&
	[ \$(grep -c '^egpr_difference_ticks{' '$dir/metrics') = $((3 * $(rows verdicts.csv) / 2)) ] &&
	[ \$(grep '^egpr_verdict{' '$dir/metrics' | grep -c ' 1\$') = $(rows verdicts.csv) ]"
have prometheus_client 'python3-prometheus-client' "Prometheus' own parser takes it" &&
	check "Prometheus' own parser takes it" "$python" -c "
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
names = [m.name for m in parse(open('$dir/metrics').read())]
assert names == ['egpr_run', 'egpr_run_sound', 'egpr_exit_ticks', 'egpr_difference_ticks', 'egpr_verdict'], names"

"$egprlab" export --format kcidb "$run" >"$dir/kcidb.json"
check 'KCIDB: every property is in the schema of 5.3, of its type and form' "$B/tests/tools/kcidb-check" "$dir/kcidb.json"
# What must be refused: a line of sed each, on the document as it is printed.
cat >"$dir/mutants" <<'END'
s/"minor":	3/"minor":	4/
0,/"status":	"DONE"/s//"status":	"FINE"/
0,/"origin":	"egprlab"/s//"origin":	"Egprlab"/
0,/"id":	"egprlab:/s//"id":	"egprlab-/
0,/"path":	"/s//"path":	"a..b/
0,/"start_time":	"/s//"start_time":	"at /
0,/"architecture":	"x86_64"/s//"architecture":	"X86"/
0,/"unit":/s//"units":/
0,/"value":	[0-9.e+-]*/s//"value":	"much"/
0,/"build_id":/s//"build":/
0,/"misc":	{/s//"misc":	[],"comment":	{/
END
kcidb_mutants() { # kcidb_mutants COMMAND...: refuses every mutant; each differs from the original
	while IFS= read -r mutant; do
		sed "$mutant" "$dir/kcidb.json" >"$dir/mutant.json"
		cmp -s "$dir/kcidb.json" "$dir/mutant.json" && echo "no mutant: $mutant" && return 1
		! "$@" "$dir/mutant.json" 2>/dev/null || { echo "not refused: $mutant"; return 1; }
	done <"$dir/mutants"
}
check 'and what is not so is refused' kcidb_mutants "$B/tests/tools/kcidb-check"
cat >"$dir/kcidb.py" <<'END'
import json, sys, kcidb_io
kcidb_io.schema.V5_3.validate(json.load(open(sys.argv[1])))
END
if have kcidb_io 'kcidb-io' "KCIDB's own package says the same"; then
	check "KCIDB's own package says the same" "$python" "$dir/kcidb.py" "$dir/kcidb.json"
	# It has the forms of times checked only where a further package is installed.
	sed -i '/start_time/d' "$dir/mutants"
	check 'of the mutants too' kcidb_mutants "$python" "$dir/kcidb.py"
fi

# read.csv() and read_csv() without an option: the types that the schema says.
have pandas 'python3-pandas' 'pandas reads the CSV files without options' &&
	check 'pandas reads the CSV files without options' "$python" -c "
import pandas
v = pandas.read_csv('$run/verdicts.csv')
assert len(v) == $(rows verdicts.csv) and v['diff'].dtype == float and v['blocks'].dtype == int
s = pandas.read_csv('$run/samples.csv')
assert len(s) == $(rows samples.csv) and s['cycles'].dtype.kind in 'if' and s['block'].dtype == int
g = s[(s.layer == 'prim') & (s.strategy == 'xsave')]
m = pandas.read_csv('$run/summary.csv')
m = m[(m.layer == 'prim') & (m.strategy == 'xsave')]
assert abs((g.cycles / g.exits).min() - m['min'].iloc[0]) < 0.01"
if command -v Rscript >/dev/null; then
	check 'R reads the CSV files without options' Rscript --vanilla -e "
v <- read.csv('$run/verdicts.csv')
stopifnot(nrow(v) == $(rows verdicts.csv), is.numeric(v\$diff), is.numeric(v\$blocks))
s <- read.csv('$run/samples.csv')
stopifnot(nrow(s) == $(rows samples.csv), is.numeric(s\$cycles))"
else
	n=$((n + 1))
	echo "ok $n - R reads the CSV files without options # SKIP no Rscript; install r-base-core"
fi
echo "1..$n"
