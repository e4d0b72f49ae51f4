#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# make first-day: DRY=1 rehearses every step here and leaves a complete archive, whose text has no figure
# that was not measured; interrupted, it goes on; a step that fails stops no other. The steps of a host with
# APX run with a stand-in for the lab that plays one. Which proxies are falsified is decided by the rule.
# seconds: 60
# spare
# shellcheck disable=SC2016 # scripts of sh -c and awk have variables of their own
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
B=$(cd "${B:-build}" && pwd)
synthetic=$B/tests/tools/synthetic-run

if grep -qw apx /proc/cpuinfo; then
	echo '1..0 # SKIP this CPU has APX: there is nothing to rehearse'
	exit 0
fi
step() { cut -d'|' -f2 "$1/steps/$2" 2>/dev/null; }

# --- A rehearsal, by the command that people type.
day=$dir/day
make -s B="$B" MODULE=no first-day-after-deps DRY=1 DIR="$day" >"$dir/said" 2>&1
check 'make first-day DRY=1 ends well' sh -c "[ $? -eq 0 ] || { tail -n 30 '$dir/said'; false; }"
for id in host prove trace smoke hw proxy compare; do
	check "step $id is done" [ "$(step "$day" $id)" = "done" ]
done
for id in programs ring0; do # which need packages
	check "step $id is done, or says what is missing" sh -c "case '$(step "$day" $id)' in done) ;; skipped) grep -q '|skipped|.*|.*[a-z]' '$day/steps/$id' ;; *) exit 1 ;; esac"
done
check 'it says at each step what a host with APX does differently' \
	[ "$(grep -c '^== .*\[here: ' "$dir/said")" -eq 9 ]
check 'and where the archive is' grep -q "Archive: $day.tar.gz" "$dir/said"

# What is in the archive.
mkdir "$dir/unpacked"
tar -C "$dir/unpacked" -xzf "$day.tar.gz"
in=$dir/unpacked/day
for file in post.txt MANIFEST steps.txt doctor.json doctor.txt cpuid.txt versions.txt dmesg-before.txt dmesg-after.txt \
	comparisons.csv traces.txt prove/meta.json prove/proofs.csv hw/meta.json proxy/meta.json proxy/samples.csv \
	proxy/verdicts.csv proxy/report.txt logs/prove.txt logs/proxy.txt; do
	check "the archive has $file" [ -s "$in/$file" ]
done
check 'nothing in it is damaged' sh -c "cd '$in' && sha256sum -c --quiet MANIFEST"
check 'every file is in the list' sh -c "cd '$in' && find . -type f ! -name MANIFEST | sort >'$dir/files' && sed 's/^[0-9a-f]*  //' MANIFEST | sort | cmp - '$dir/files'"
check 'CPUID is this CPU'"'"'s' sh -c "grep -q '^00000000 00: [0-9a-f]\{8\} [0-9a-f]\{8\} [0-9a-f]\{8\} [0-9a-f]\{8\}$' '$in/cpuid.txt' && [ \$(wc -l <'$in/cpuid.txt') -gt 20 ]"
check 'the runs of hw are played and have no times' sh -c "for r in prove hw; do grep -q '\"played\":[[:space:]]*true' '$in'/\$r/meta.json && [ \$(cat '$in'/\$r/samples.csv | wc -l) -eq 1 ] || exit 1; done"
check 'no row of the archive is of provenance hw' sh -c "! grep -rlE '^[^,]*,[^,]*,[^,]*,[^,]*,hw,' '$in' --include='*.csv'"

# The text.
text=$in/post.txt
check 'the text has at most 60 lines' [ "$(wc -l <"$text")" -le 60 ]
check 'of at most 72 columns' [ "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' "$text")" -le 72 ]
check 'it says that it is a rehearsal' grep -q '^REHEARSAL' "$text"
sed -n '/^strategy /,/^$/p' "$text" | sed 1d | grep . >"$dir/table"
check 'its table has the strategies' [ "$(wc -l <"$dir/table")" -ge 10 ]
check 'no figure stands under hw' sh -c "! awk '\$2 != \"-\"' '$dir/table' | grep ."
# Each figure under proxy is the one of verdicts.csv.
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
	$c["baseline"] == "none" && $c["margin_text"] == "10 ticks" {
		printf "%.16s %+.3g [%+.3g, %+.3g]\n", $c["strategy"], $c["diff"], $c["diff_low"], $c["diff_high"]
	}' "$in/proxy/verdicts.csv" >"$dir/measured"
awk '{ print $1, $3, $4, $5 }' "$dir/table" >"$dir/shown"
check 'each figure under proxy was measured' sh -c "! grep -vxFf '$dir/measured' '$dir/shown'"
# Every other number stands in a file of the archive.
sed "/^strategy /,/^\$/d" "$text" | grep -oE '[0-9]+(\.[0-9]+)?' | sort -u >"$dir/numbers"
awk -F, 'NR > 1 { n[$14]++ } END { print n["pass"] + 0; print n["fail"] + 0 }' "$in/prove/proofs.csv" >"$dir/known"
[ ! -e "$in/ring0/proofs.csv" ] ||
	awk -F, 'NR > 1 { n[$14]++ } END { print n["pass"] + 0; print n["fail"] + 0 }' "$in/ring0/proofs.csv" >>"$dir/known"
printf '%s\n' 16 31 95 72 >>"$dir/known" # r16-r31, 95 % intervals
grep -ohE '[0-9]+(\.[0-9]+)?' "$in/doctor.json" "$in/versions.txt" "$in/steps.txt" >>"$dir/known"
check 'and every other number is known' sh -c "! grep -vxFf '$dir/known' '$dir/numbers'"

# Again: nothing is done twice.
before=$(stat -c %Y "$day/logs/prove.txt" "$day/logs/proxy.txt")
DRY=1 DIR=$day scripts/first-day >"$dir/said" 2>&1
check 'once more: steps that are done stay done' [ "$(stat -c %Y "$day/logs/prove.txt" "$day/logs/proxy.txt")" = "$before" ]

# --- Interrupted.
torn=$dir/torn
DRY=1 DIR=$torn STEPS='host proxy' setsid scripts/first-day >"$dir/said" 2>&1 &
pid=$!
tries=0
until [ -s "$torn/proxy/samples.csv" ] || [ $tries -eq 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
kill -TERM $pid
wait $pid
check 'a signal ends it' [ $? -eq 143 ]
check 'and it says how to go on' grep -q 'interrupted; the same command goes on' "$dir/said"
check 'the step is interrupted, the one before it done' [ "$(step "$torn" proxy) $(step "$torn" host)" = 'interrupted done' ]
# Its argument alone, spelled so that this grep has another.
check 'nothing of the step runs on' sh -c "! grep -lzsx '[/]${torn#/}/proxy' /proc/[0-9]*/cmdline | grep ."
DRY=1 DIR=$torn STEPS='host proxy' scripts/first-day >"$dir/said" 2>&1
check 'the same command goes on' sh -c "[ $? -eq 0 ] && grep -q '== proxy' '$dir/said' && ! grep -q '== host' '$dir/said'"
check 'and the run is whole' grep -q '"state":[[:space:]]*"complete"' "$torn/proxy/meta.json"

# --- A step that fails: a program that gives other output with -mapxf.
fake() { # fake DIR: a build directory of links, to change something in
	mkdir -p "$1/tests/apx"
	find "$B" -mindepth 1 -maxdepth 1 ! -name tests -exec ln -s -t "$1" {} +
}
fake "$dir/wrong"
printf '#!/bin/sh\necho 1\n' >"$dir/wrong/tests/apx/sum-legacy"
printf '#!/bin/sh\necho 2\n' >"$dir/wrong/tests/apx/sum-apx"
chmod +x "$dir/wrong/tests/apx"/*
B=$dir/wrong DRY=1 DIR=$dir/fails STEPS='programs trace' scripts/first-day >"$dir/said" 2>&1
check 'a failing step ends with 71' [ $? -eq 71 ]
check 'the others are done' [ "$(step "$dir/fails" programs) $(step "$dir/fails" trace)" = 'failed done' ]
check 'the text names it' grep -q '^Steps without their result: programs (failed)' "$dir/fails/post.txt"
check 'and there is an archive' [ -s "$dir/fails.tar.gz" ]

# --- Without APX and without DRY.
DIR=$dir/none scripts/first-day >"$dir/said" 2>&1
check 'without APX it names DRY=1' sh -c "[ $? -eq 77 ] && grep -q 'DRY=1' '$dir/said' && [ ! -e '$dir/none' ]"
scripts/first-day nonsense >"$dir/said" 2>&1
check 'an argument is a usage error' [ $? -eq 64 ]

# --- As on a host with APX, with a stand-in for the lab: made-up runs, proofs of the played CPU.
fake "$dir/apx"
printf '#!/bin/sh\necho 1\n' >"$dir/apx/tests/apx/sum-legacy"
cp "$dir/apx/tests/apx/sum-legacy" "$dir/apx/tests/apx/sum-apx"
chmod +x "$dir/apx/tests/apx"/*
rm "$dir/apx/egprlab"
cat >"$dir/apx/egprlab" <<LAB
#!/bin/sh
lab='$B/egprlab'
echo "\$*" >>'$dir/calls'
out=
previous=
for word; do
	[ "\$previous" != --out ] || out=\$word
	previous=\$word
done
case "\$*" in
'doctor --json'*) "\$lab" "\$@" | sed 's/"apx":.*/"apx": true,/' ;;
*--prove\ *prim*) "\$lab" exec -- "\$lab" run --provenance hw --profile smoke --layer prim --out "\$out" ;;
*--prove\ *) exit 77 ;;
run*hw*) '$synthetic' "\$out" provenance=hw blocks=12 effect=\$(case "\$*" in *smoke*) echo 1 ;; *) echo 9 ;; esac) ;;
run*proxy*) '$synthetic' "\$out" provenance=proxy blocks=12 seed=7 ;;
trace*) echo 'as the table demands' ;;
*) exec "\$lab" "\$@" ;;
esac
LAB
chmod +x "$dir/apx/egprlab"
touch "$dir/calls"
B=$dir/apx MODULE=no DIR=$dir/real scripts/first-day >"$dir/said" 2>&1
status=$?
check 'the steps of a host with APX run' sh -c "[ $status -eq 0 ] || { cat '$dir/said'; false; }"
check 'each is done, but ring 0 without the module' [ "$(cut -d'|' -f2 "$dir/real/steps.txt" | xargs)" = 'done done done skipped done done done done done' ]
check 'and ring 0 says why' grep -q '^ring0|skipped|.*MODULE=no' "$dir/real/steps.txt"
check 'proofs come before any time' sh -c "[ \$(grep -n -- '--prove ' '$dir/calls' | head -n 1 | cut -d: -f1) -lt \$(grep -n 'run.*smoke' '$dir/calls' | grep -v -- '--prove ' | head -n 1 | cut -d: -f1) ]"
check 'hw and proxy are one plan' [ "$(grep -c -- '--profile quick' "$dir/calls")" -eq 2 ]
check 'the text is no rehearsal' sh -c "! grep -q REHEARSAL '$dir/real/post.txt'"
check 'of at most 60 lines of 72 columns' [ "$(awk '{ if (length($0) > 72) n++ } END { print (NR <= 60) n + 0 }' "$dir/real/post.txt")" = 10 ]
check 'it has figures of hw' grep -qE '^gated-mov +\+[0-9.e+]+ \[' "$dir/real/post.txt"
check 'and of exits, without the module of the VMM'"'"'s' grep -q '^gated-mov in the VMM, around KVM_RUN' "$dir/real/post.txt"
sed 's/^boundary,/kvm,/' "$dir/real/comparisons.csv" >"$dir/kvm.csv"
mkdir "$dir/kvm" && cp "$dir/kvm.csv" "$dir/kvm/comparisons.csv"
check 'with it of KVM'"'"'s own' sh -c "scripts/first-day-text '$dir/kvm' | grep -q \"^gated-mov at KVM's exits\""
check 'whether they are in the noise' grep -qE '^Within 1 % of no switch: [0-9]+ of [0-9]+ exit kinds' "$dir/real/post.txt"
check 'a strategy whose real cost is nine times the proxy'"'"'s falsifies it' grep -q '^prim,none,dirty,xsave,.*,falsified$' "$dir/real/comparisons.csv"

# The rule: further apart than the margin, within it, or neither.
mkdir -p "$dir/rule/hw" "$dir/rule/proxy"
verdict() { # verdict PROVENANCE STRATEGY LOW HIGH
	echo "$1,prim,none,dirty,$2,none,0,$3,$4,10,10 ticks" >>"$dir/rule/${5:-$1}/verdicts.csv"
}
for run in hw proxy; do
	echo 'provenance,layer,exit_kind,guest_state,strategy,baseline,diff,diff_low,diff_high,margin,margin_text' >"$dir/rule/$run/verdicts.csv"
done
verdict hw near 10 12
verdict proxy near 7 8
verdict hw dear 30 32
verdict proxy dear 7 8
verdict hw cheap 1 2
verdict proxy cheap 20 22
verdict hw vague 0 40
verdict proxy vague 7 8
verdict hw alone 1 2
verdict emu played 1 2 hw
verdict proxy played 1 2
scripts/first-day-text --compare "$dir/rule" >"$dir/compared"
says() { sed -n "s/^prim,none,dirty,$1,.*,//p" "$dir/compared"; }
for case in near:holds dear:falsified cheap:falsified vague:open 'alone:not compared' 'played:not compared'; do
	check "rule: $case" [ "$(says "${case%%:*}")" = "${case#*:}" ]
done
check 'a row of another provenance is no figure of hw' grep -q '^prim,none,dirty,played,,,,' "$dir/compared"
scripts/first-day-text "$dir/absent" >"$dir/said" 2>&1
check 'a directory that is not there: status 64' [ $? -eq 64 ]
echo "1..$n"
