#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab model: every strategy, form and CPU model has a row with figures or with a reason; the path is the
# one that is seen to be executed; figures are those that llvm-mca printed, and what it did not print is
# no figure; rows are of provenance model and meet what was measured in the report alone.
# seconds: 20
# shellcheck disable=SC2016 # the stand-ins for llvm-mca and scripts of sh -c have their own variables
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
. tests/e2e/plan.inc
B=$(cd "${B:-build}" && pwd)
lab=$B/egprlab
json=$B/tests/tools/json

"$lab" model --list >"$dir/cpus" 2>"$dir/why"
if [ $? -eq 77 ]; then
	echo "1..0 # SKIP $(cat "$dir/why")"
	exit 0
fi

sed -i '1d; /^$/,$d' "$dir/cpus" # of the table its rows

# column FILE NAME: values of a column that has no quotes before it.
column() {
	awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$1"
}

"$lab" model >"$dir/model.csv" 2>"$dir/err"
status=$?
check 'it ends well' test $status -eq 0
check 'and has nothing to say' test ! -s "$dir/err"
delays=$(sed -n 's/^delays *= *//p' bench/plan/plans/quick.ini)
{
	"$lab" list strategies | cut -d' ' -f1 | grep -v '^delay-'
	for delay in $delays; do echo "delay-$delay"; done
} | while read -r strategy; do
	cut -d' ' -f1 "$dir/cpus" | while read -r cpu; do
		printf '%s %s %s\n' "$strategy" proxy "$cpu" "$strategy" hw "$cpu"
	done
done | sort >"$dir/want"
columns() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at["strategy"], $at["form"], $at["cpu"] }' "$1"; }
columns "$dir/model.csv" | sort >"$dir/got"
check 'a row for each strategy, form and CPU model, and no other' cmp "$dir/want" "$dir/got"
check 'every row is of provenance model' test "$(column "$dir/model.csv" provenance | sort -u)" = model
figures='exit_cycles entry_cycles cycles over_none round_cycles round_over_none exit_rthroughput
entry_rthroughput rthroughput exit_insns entry_insns exit_uops entry_uops'
check 'a row has all figures, or a reason and none' awk -F, -v figures="$figures" '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(figures, name, /[ \n]+/); next }
	{
		have = 0
		for (i = 1; i <= n; i++) have += $at[name[i]] != ""
		reason = $at["reason"] != ""
		if (have != (reason ? 0 : n)) { print; bad = 1 }
		rows[reason]++
	}
	END { exit bad || !rows[0] }' "$dir/model.csv"
known=$(grep -v 'not known' "$dir/cpus" | cut -d' ' -f1 | head -1)
"$lab" model --model "$known" --json >"$dir/model.json"
check 'JSON has the same rows' test "$("$json" each/cycles <"$dir/model.json" 2>/dev/null | xargs)" = \
	"$(awk -F, -v cpu="$known" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["strategy"] == "kvm-own" { exit } $at["cpu"] == cpu { print $at["cycles"] }' "$dir/model.csv" | xargs)"
"$lab" model --model "$known" --only gated-mov,proxy >"$dir/few.csv"
check 'and only what is asked for' sh -c "[ \$(wc -l <'$dir/few.csv') = 2 ] && grep -q ',gated-mov,.*,proxy,' '$dir/few.csv'"
check 'the list of CPUs is a table too' sh -c "'$lab' model --list --only $known --json | '$json' models/each/id | grep -qx $known"
check 'a CPU that llvm-mca knows has figures of every sequence of the lab, in both forms' awk -F, -v cpu="$known" '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$at["cpu"] == cpu && $at["reason"] != "" && $at["strategy"] != "kvm-own" { print; bad = 1 }
	END { exit bad }' "$dir/model.csv"

# The path: as long as what is executed. Delays are other code in the timed loop (asm/delay-row.S).
path() { # path STRATEGY: instructions of both halves without returns, as modelled
	awk -F, -v s="$1" -v cpu="$known" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["strategy"] == s && $at["form"] == "proxy" && $at["cpu"] == cpu {
			print $at["exit_insns"] + $at["entry_insns"] }' "$dir/model.csv"
}
executed() { # executed STRATEGY: instructions of a round as it was stepped through
	timeout 60 "$lab" trace --provenance proxy --strategy "$1" --json 2>/dev/null | "$json" insns_round 2>/dev/null
}
none=$(executed none)
if [ -n "$none" ]; then
	traced=0
	for strategy in $("$lab" list strategies | cut -d' ' -f1 | grep -v '^delay-'); do
		round=$(executed "$strategy")
		[ -n "$round" ] || continue
		[ "$strategy" = kvm-own ] && continue
		traced=$((traced + 1))
		[ $((round - none)) -eq "$(path "$strategy")" ] ||
			echo "$strategy: $((round - none)) executed, $(path "$strategy") modelled"
	done >"$dir/differ"
	check "what is modelled is what is executed: $traced strategies" sh -c "cat '$dir/differ'; [ ! -s '$dir/differ' ]"
	check 'and that is most of them' [ $traced -gt 9 ]
else
	n=$((n + 1))
	echo "ok $n - path # SKIP this host traces nothing"
fi

# Stand-ins for llvm-mca, around the real one.
for real in llvm-mca-22 llvm-mca-21 llvm-mca-20 llvm-mca-19 llvm-mca-18 llvm-mca; do
	real=$(command -v "$real") && break
done
[ -z "${EGPRLAB_LLVM_MCA:-}" ] || real=$(command -v "$EGPRLAB_LLVM_MCA")
ln -s "$(echo "$real" | sed 's|\(.*\)mca|\1objdump|')" "$dir/llvm-objdump"
stand_in() { # stand_in COMMANDS: what it does with a question in $q, about which $real is asked
	cat >"$dir/llvm-mca" <<MCA
#!/bin/sh
case "\$*" in *--version* | *=help*) exec '$real' "\$@" ;; esac
real='$real' dir='$dir' q='$dir/question'
cat >"\$q"
$1
MCA
	chmod +x "$dir/llvm-mca"
}
planted() { # planted COMMANDS: the lab with such an llvm-mca and one CPU
	stand_in "$1"
	EGPRLAB_LLVM_MCA="$dir/llvm-mca" "$lab" model --model "$known" >"$dir/csv" 2>"$dir/err"
	status=$?
}

planted '"$real" "$@" <"$q" >"$dir/answer.$$" 2>/dev/null; cat "$dir/answer.$$"; case $(grep -c r16 "$q") in 0) mv "$dir/answer.$$" "$dir/answer" ;; *) mv "$dir/answer.$$" "$dir/answer.hw" ;; esac'
check 'it asks the llvm-mca that the environment names' test "$status" -eq 0
for strategy in none gated-mov xsave; do
	for half in exit entry; do
		# The first figure of this name behind the region's own.
		printed=$(tr -d ' \n' <"$dir/answer" | tr '{' '\n' | awk -v name="\"Name\":\"$strategy/$half\"" '
			index($0, name) { on = 1 }
			on && match($0, /"TotalCycles":[0-9]+/) { print substr($0, RSTART + 14, RLENGTH - 14); exit }')
		check "$strategy, $half half: the cycles that llvm-mca printed ($printed)" sh -c '[ -n "$1" ] && awk -F, -v v="$1" -v s="$2" -v c="$3_cycles" "
			NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i; next }
			\$at[\"strategy\"] == s && \$at[\"form\"] == \"proxy\" { found = \$at[c] == v }
			END { exit !found }" "$4"' - "$printed" "$strategy" "$half" "$dir/csv"
	done
done

red() { # red WHAT WORD: the last planted() ended with 65, named it and printed nothing
	check "$1" sh -c '[ "$1" -eq 65 ] && [ ! -s "$2" ] && grep -q "$3" "$4"' - "$status" "$dir/csv" "$2" "$dir/err"
}
planted ':'
red 'an empty answer: no row' 'is empty'
planted '"$real" "$@" <"$q" 2>/dev/null | sed "s/\"TotalCycles\"/\"Cycles\"/"'
red 'a figure that is missing: no row' 'no TotalCycles'
planted '"$real" "$@" <"$q" 2>/dev/null | sed "s/\"TotalCycles\": [0-9]*/\"TotalCycles\": \"many\"/"'
red 'a figure that is no number: no row' 'no TotalCycles'
planted '"$real" "$@" <"$q" 2>/dev/null | head -c 20000'
red 'an answer that is cut: no row' 'is not JSON'
planted '"$real" "$@" <"$q" 2>/dev/null | sed "0,/gated-mov.exit/s//gated-mov-exit/"'
red 'an answer for something else: no row' "where it was asked about gated-mov/exit"
planted '"$real" "$@" -iterations=100 <"$q" 2>/dev/null'
red 'many iterations, or an option twice: no row' .
planted 'grep -q xsaveopt "$q" && { echo "<stdin>:3:2: error: found an unsupported instruction" >&2; exit 1; }; "$real" "$@" <"$q" 2>/dev/null'
check 'what llvm-mca refuses has its message as the reason, and nothing else has one' sh -c '
	[ "$1" -eq 0 ] && [ "$(grep -c "found an unsupported instruction" "$2")" -eq 2 ] &&
	[ "$(grep "found an unsupported instruction" "$2" | grep -c ,xsaveopt,)" -eq 2 ] &&
	[ "$(grep -c "KVM switches by itself" "$2")" -eq 2 ]' - "$status" "$dir/csv"
rm -f "$dir"/answer* "$dir/question"

refuses() { # refuses STATUS WORD VARIABLE ARGUMENT...
	wanted=$1
	word=$2
	variable=$3
	shift 3
	env "$variable" "$lab" model "$@" >"$dir/csv" 2>"$dir/err"
	status=$?
	check "$variable, model $*: ends with $wanted" sh -c 'cat "$4"; [ "$1" -eq "$2" ] && grep -q -e "$3" "$4" && [ ! -s "$5" ]' - \
		$status "$wanted" "$word" "$dir/err" "$dir/csv"
}
refuses 64 'z80. is not a CPU' A=b --model z80
refuses 64 'name one' A=b "$dir" "$dir"
refuses 65 'not a run directory' A=b "$dir"
refuses 77 'package llvm-19' PATH=/nowhere
refuses 64 'is no program' EGPRLAB_LLVM_MCA=/nowhere/llvm-mca

# With a run: kept there, and held against what it measured.
small_plan 1 dirty 'gated-mov, gated-push2, xsave' >"$dir/plan.ini"
if timeout 60 "$lab" run --plan "$dir/plan.ini" --provenance proxy --out "$dir/run" >"$dir/said" 2>&1 || [ $? -eq 71 ]; then
	(cd "$dir/run" && sha256sum -- *.csv meta.json) >"$dir/sums"
	check 'a run takes its rows, and they are printed' sh -c '"$1" model "$2" >"$3" && cmp "$3" "$2/model.csv"' - "$lab" "$dir/run" "$dir/csv"
	check 'its rows belong to the run' test "$(column "$dir/run/model.csv" run_id | sort -u)" = "$("$json" run_id <"$dir/run/meta.json")"
	check 'and nothing that was measured has changed' sh -c 'cd "$1" && sha256sum --quiet -c "$2"' - "$dir/run" "$dir/sums"
	check 'a report comes out' "$lab" report "$dir/run"
	check 'with a chapter of it' grep -q '^Static model: predicted against measured' "$dir/run/report.txt"
	if grep -q '\[this CPU\]' "$dir/cpus" && ! grep '\[this CPU\]' "$dir/cpus" | grep -q 'not known'; then
		check 'and how many pairs are near' sh -c 'tr "\n" " " <"$1" | grep -Eq "[0-9]+ of [1-9][0-9]* pairs lie within 20"' - "$dir/run/report.txt"
		here=$(grep '\[this CPU\]' "$dir/cpus" | cut -d' ' -f1)
		check 'the table of all CPU models begins with this one' grep -Eq "^strategy +$here\$" "$dir/run/report.txt"
		check 'each strategy is a pair' sh -c 'for s in gated-mov gated-push2; do grep -Eq "^ *$s +(round|sum) " "$1" || exit 1; done' - "$dir/run/report.txt"
	else
		check 'and why nothing is compared' grep -q 'Not compared with anything' "$dir/run/report.txt"
	fi
	check 'the first screen does not count it among what was measured' sh -c 'tr -s "\n " " " <"$1" | grep -q "Provenance: proxy\."' - "$dir/run/report.txt"
	sed '2s/,model,/,proxy,/' "$dir/run/model.csv" >"$dir/mixed"
	cp "$dir/mixed" "$dir/run/model.csv"
	"$lab" report "$dir/run" >/dev/null 2>&1
	check 'a row of another provenance in model.csv: none of it is shown' sh -c "tr -s '\n ' ' ' <'$dir/run/report.txt' | grep -q 'is of provenance .proxy., where only .model. belongs'"
	rm "$dir/run/model.csv"
	awk -F, -v OFS=, 'NR == 2 { $5 = "model" } { print }' "$dir/run/verdicts.csv" >"$dir/mixed"
	cp "$dir/mixed" "$dir/run/verdicts.csv"
	sum=$(sha256sum <"$dir/mixed" | cut -d' ' -f1)
	bytes=$(wc -c <"$dir/mixed")
	awk -v sum="$sum" -v bytes="$bytes" '
		/"verdicts.csv":/ { on = 1 }
		on && /"sha256"/ { sub(/:\t"[0-9a-f]*"/, ":\t\"" sum "\"") }
		on && /"bytes"/ { sub(/:\t[0-9]*/, ":\t" bytes) }
		on && /}/ { on = 0 }
		{ print }' "$dir/run/meta.json" >"$dir/mixed" && cp "$dir/mixed" "$dir/run/meta.json"
	"$lab" report "$dir/run" >/dev/null 2>"$dir/err"
	status=$?
	check 'a row of provenance model among the verdicts is refused' sh -c "cat '$dir/err'; [ $status -eq 65 ] && grep -q \"provenance 'model', which never has one\" '$dir/err'"
else
	n=$((n + 1))
	echo "ok $n - a run # SKIP $(tail -n 1 "$dir/said")"
fi
echo "1..$n"
