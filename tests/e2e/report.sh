#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `egprlab report`: what it writes from good runs, and what it refuses.
# seconds: 30
set -u

B=${B:-build}
egprlab=$B/egprlab
. tests/e2e/tap.inc

# synthetic NAME WORD...: a run directory of made-up numbers.
synthetic() {
	name=$1
	shift
	"$B/tests/tools/synthetic-run" "$dir/$name" blocks=12 "$@"
}

# refused NAME WORD...: report exits with 65 and names every word.
refused() {
	run=$dir/$1
	shift
	"$egprlab" report "$run" >"$dir/refused" 2>&1
	[ $? = 65 ] || return 1
	for word; do
		grep -q -e "$word" "$dir/refused" || { cat "$dir/refused"; return 1; }
	done
	[ ! -e "$run/report.html" ]
}

flip() { # FILE OFFSET: one bit of one byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf '%b' "\\0$(printf '%o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# revouch NAME FILE: make meta.json vouch for a file as it is now.
revouch() {
	sum=$(sha256sum "$dir/$1/$2" | cut -d' ' -f1)
	bytes=$(wc -c <"$dir/$1/$2")
	awk -v file="\"$2\":" -v sum="$sum" -v bytes="$bytes" '
		index($0, file) { inside = 1 }
		inside && /"sha256"/ { sub(/"sha256":\t"[0-9a-f]*"/, "\"sha256\":\t\"" sum "\"") }
		inside && /"bytes"/ { sub(/"bytes":\t[0-9]*/, "\"bytes\":\t" bytes); inside = 0 }
		{ print }' "$dir/$1/meta.json" >"$dir/meta" && cp "$dir/meta" "$dir/$1/meta.json"
}

synthetic good backend=pvm representative=no
check 'a report comes out' "$egprlab" report "$dir/good"
for file in report.html report.md report.txt; do
	check "$file is there" test -s "$dir/good/$file"
done
check 'no line of report.txt is wider than 70 columns' \
	awk 'length > 70 { print; bad = 1 } END { exit bad }' "$dir/good/report.txt"
check 'host, backend, provenance, representative stand behind the first screen' sh -c "
	tr '\n' ' ' <'$dir/good/report.txt' |
	grep 'Host: Synthetic CPU[^:]*Backend: pvm. Provenance: proxy[^:]*Representative: no'"
# list NAME: the block for a mail.
list() {
	sed '/^--- end/q' "$dir/$1/report.txt"
}
list good >"$dir/list"
check 'report.txt begins with what a reply to a list takes' sh -c "
	head -n 1 '$dir/list' | grep 'for the list' && tail -n 1 '$dir/list' | grep end"
check 'in 30 lines at the most' test "$(wc -l <"$dir/list")" -le 30
check 'with the cost, its interval, where, and from what' sh -c "
	tr '\n' ' ' <'$dir/list' |
	grep 'gated switch (gated-mov) adds +[0-9.]* TSC ticks \[[^]]*\] to an exit and entry in context packed' &&
	tr '\n' ' ' <'$dir/list' | grep '(proxy, real timing of a stand-in.*one launch'"
check 'and what was not measured is said' sh -c "tr '\n' ' ' <'$dir/list' | grep 'halves apart were not measured'"
check 'as many exit kinds as were measured, as vmexit prints them' sh -c "
	'$egprlab' report --vmexit '$dir/good' 2>'$dir/said' >'$dir/vmexit' &&
	grep 'TSC ticks, layer boundary' '$dir/said' &&
	! grep -vE '^[a-z0-9-]+ [0-9]+\$' '$dir/vmexit' &&
	[ \$(wc -l <'$dir/vmexit') = 3 ]"
cpuid=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	$at["exit_kind"] == "cpuid" && $at["strategy"] == "none" && $at["guest_state"] == "dirty" {
		printf "%.0f", $at["mean"] }' "$dir/good/summary.csv")
check 'with the mean of summary.csv' grep -qx "cpuid $cpuid" "$dir/vmexit"
check 'and the same lines are in report.txt' grep -qx "cpuid $cpuid" "$dir/good/report.txt"
check 'the verdicts of each margin are columns of the first table' \
	grep -q '^strategy  *sum  *95 % interval  *1 %  *10 ticks$' "$dir/good/report.txt"
check 'a backend that is not representative puts prim first' sh -c "
	grep '^Layer' '$dir/good/report.txt' | head -1 | grep prim"
strategies=$("$B/egprlab" list strategies --json | grep '"family"' | grep -cv '"base"\|"delay"\|"kvm.s own"')
check 'a comparison with two margins counts once' grep -q "^$strategies comparisons" "$dir/good/report.txt"
check 'the page asks nobody for anything' sh -c "
	! grep -nE '(src|href)=.?(https?:)?//|@import|url\(.?http' '$dir/good/report.html'"
check 'proxy timings are never called results' sh -c "
	! grep -inw 'results\?' '$dir/good/report.txt' '$dir/good/report.md'"
check 'every exit kind of the data is in the page' sh -c "
	cut -d, -f7 '$dir/good/summary.csv' '$dir/good/skipped.csv' | sort -u | grep -v exit_kind |
	while read -r kind; do grep -q \">\$kind\" '$dir/good/report.html' || exit 1; done"
if command -v gnuplot >/dev/null; then
	check 'every picture of the page is there as SVG and PNG' sh -c "
		! grep -q 'No picture' '$dir/good/report.html' &&
		ls '$dir'/good/plots/*.svg | sed 's/svg\$/png/' | xargs ls"
else
	n=$((n + 1))
	echo "ok $n - pictures # SKIP gnuplot is not installed"
fi
check 'every CSV row that the page links to exists' sh -c "
	grep -oE '[a-z]+\.csv#row=[0-9]+' '$dir/good/report.html' | sort -u | tr '#=' '  ' |
	while read -r file row number; do
		[ \"\$number\" -ge 2 ] && [ \"\$number\" -le \"\$(wc -l <'$dir/good/'\$file)\" ] || exit 1
	done"

check 'core cycles that were not counted are not available, not 0' grep -q '>not available<' "$dir/good/report.html"
check 'TSC ticks are not called cycles' sh -c "
	! tr -s ' \n' ' ' <'$dir/good/report.txt' |
	sed 's/[0-9-]* cycles (.not obviously[^)]*)//g; s/[0-9-]* cycles (.maybe not[^)]*)//g; s/[0-9]* cycles (worth a[^)]*)//g; s/(cycles; nobody[^)]*)//' | grep -oiE '.{0,5}\bcycles?\b' | grep -viE 'core +cycles?'"
# Means and single exits: per row which it is, for a run that kept it and for one that did not.
synthetic tails
sed -i '1s/.*/{ "cells": [{ "name": "prim\/none\/dirty", "tails_of_means": ["xsave"] }],/; s/"plan":[[:space:]]*{/& "per_exit": 100,/' "$dir/tails/meta.json"
sed -i 's/,10 ticks,/,10 cycles,/' "$dir/tails/verdicts.csv"
revouch tails verdicts.csv
"$egprlab" report "$dir/tails" >/dev/null
sed -n '/^Every arm, tails/,/^Every comparison/p' "$dir/tails/report.md" >"$dir/tail"
check 'a row of tails says of what they are' sh -c "
	grep -q '| gated-mov | dirty |.*| single exits |\$' '$dir/tail' && grep -q '| xsave | dirty |.*| means |\$' '$dir/tail' &&
	grep -q '| gated-mov | off |.*| not recorded |\$' '$dir/tail'"
check 'and all of them are of means where no exit was stamped' sh -c "
	sed -n '/^Every arm, tails/,/^Every comparison/p' '$dir/good/report.md' | grep '| gated-mov ' >'$dir/tail' && ! grep -v '| means |\$' '$dir/tail'"
check 'report.txt names the strategy of each of these rows' sh -c "
	sed -n '/^Every arm, means/,/^Every comparison/p' '$dir/tails/report.txt' | grep -cE '^none +gated-mov +dirty ' | grep -qx 2"
check 'no percentile of means is called one of exits' sh -c "
	sed -n '/^Every arm, means/,/^Every arm, tails/p' '$dir/tails/report.md' | grep '^| exit kind' | tr '|' '\n' | grep -E 'p[0-9]|least|MAD' >'$dir/heads' &&
	! grep -v mean '$dir/heads'"
check 'a margin of cycles in an old run is told as the ticks that it was' sh -c "
	grep -q '| 10 ticks |' '$dir/tails/report.md' && ! grep -q '10 cycles' '$dir/tails/report.txt' '$dir/tails/report.md'"
check 'a run that names no source of the TSC says so' sh -c "
	tr -s ' \n' ' ' <'$dir/good/report.txt' | grep 'ticks 2500000000 times a second; this run did not record who'"
synthetic halves contexts=yes launches=4
check 'where halves were apart, the sentence is of that context' sh -c "
	'$egprlab' report '$dir/halves' && sed '/^--- end/q' '$dir/halves/report.txt' | tr '\n' ' ' >'$dir/list' &&
	grep 'to an exit and entry in context apart (layer prim), and .* in context legacy-warm;' '$dir/list' &&
	! grep 'not measured\|one launch' '$dir/list'"
check 'and the table has both halves, which make the sum' sh -c "
	awk '/^strategy  *exit  *entry  *sum/ { inside = 1 } inside && /^gated-mov / { print \$2 + \$3 - \$4; exit }' \
		'$dir/halves/report.txt' >'$dir/sum' && awk '{ ok = \$1 < 0.2 && \$1 > -0.2 } END { exit !ok }' '$dir/sum'"
check 'delays are a table of their own, with their baseline' sh -c "
	grep -c 'id=\"injected-prim-apart-proxy\"' '$dir/halves/report.html' &&
	grep -q '^none  *delay-10  *delay-0' '$dir/halves/report.txt'"
check 'and a comparison is one row, whatever the number of margins' sh -c "
	[ \$(sed -n '/id=\"verdicts-prim-apart-proxy\"/,/<.table>/p' '$dir/halves/report.html' | grep -c '<td>gated-mov<') = 1 ]"
synthetic hybrid core=efficiency
sed -i 's/"tsc_hz":/"tsc": {"hz": 2500000000, "source": "cpuid-15h", "measured_spread": 0.0001}, &/' "$dir/hybrid/meta.json"
check 'a hybrid host names its core in the first lines' sh -c "
	'$egprlab' report '$dir/hybrid' && cat '$dir/hybrid/report.txt' | tr -s ' \n' ' ' |
	grep 'Host: Synthetic CPU, core type efficiency, kernel'"
check 'and the source of the TSC is a table' grep -q '^source *cpuid-15h' "$dir/hybrid/report.txt"

check 'one launch: nothing is said of others, in words' sh -c "
	grep '^launch  *1  *not estimable: one launch' '$dir/good/report.txt'"
synthetic levels launches=4
check 'launches and loads are variance components' sh -c "
	'$egprlab' report '$dir/levels' &&
	grep '^launch  *4  *0.25  *0.25' '$dir/levels/report.txt' &&
	grep '^module load  *2  *0  *0' '$dir/levels/report.txt' &&
	grep '^boot  *1  *not estimable: one boot' '$dir/levels/report.txt'"
check 'several launches are no reason for a warning' sh -c "
	[ -s '$dir/levels/report.txt' ] && ! grep 'ONE LAUNCH' '$dir/levels/report.txt'"
check 'one launch is told on the first screen' sh -c "
	head -n 18 '$dir/good/report.txt' | tr -s ' \\n' ' ' | grep 'one launch, so no interval speaks of another' &&
	tr -s ' \\n' ' ' <'$dir/good/report.txt' | grep 'every interval holds for this launch only'"
check 'without its rows nothing is said of the module' sh -c "
	! grep 'module itself' '$dir/levels/report.txt'"
synthetic module launches=3 module=yes
check 'what the module itself costs is a chapter' sh -c "
	'$egprlab' report '$dir/module' && grep -A 24 '^What the module itself costs' '$dir/module/report.txt' \
		>'$dir/chapter' && tr '\n' ' ' <'$dir/chapter' | grep 'median of 3 launches'"
check 'with the median of the launches' grep -q '^probe-other  *31.0  *32.0  *33.0$' "$dir/chapter"
check 'and every operation that is no half of a strategy' test \
	"$(sed -n '/^---* *$/,/^$/p' "$dir/chapter" | grep -c '^[(a-z].*[0-9]$')" -eq 9
sed -i '0,/"boot_id":.*/s//"boot_id": 7,/' "$dir/levels/meta.json"
check 'a launch without its boot is named' sh -c "
	'$egprlab' report '$dir/levels' && grep 'launch has no text \"boot_id\"' '$dir/levels/report.txt'"

if [ -e results/reference/path-length.csv ]; then
	check 'the committed path lengths are in the report' sh -c "
		tr '\n' ' ' <'$dir/good/report.txt' |
		grep 'counted by bochs [^(]*(model: instruction counts; backend vmx)'"
fi
mkdir "$dir/reference" "$dir/bin"
{
	head -n 1 "$dir/good/summary.csv" | cut -d, -f1-11 | sed 's/$/,machine,kernel,exits,insns,insns_p50/'
	echo 'x,x,vmx,no,model,kvm,cpuid,kernel,none,dirty,fp-0,bochs haswell,6.12,256,1096,1096'
	echo 'x,x,vmx,no,model,kvm,cpuid,kernel,gated-mov,dirty,fp-0,bochs haswell,6.12,256,1148,1149'
	echo 'x,y,vmx,no,model,kvm,cpuid,kernel,none,dirty,fp-0,bochs skylake,6.12,256,1196,1196'
	echo 'x,y,vmx,no,model,kvm,cpuid,kernel,gated-mov,dirty,fp-0,bochs skylake,6.12,256,1250,1250'
} >"$dir/reference/path-length.csv"
synthetic path
check 'path lengths are a chapter of their own' env PATH="$dir/bin" EGPRLAB_REFERENCE="$dir/reference" \
	"$egprlab" report "$dir/path"
check 'with what a switch adds' grep -q '^cpuid *gated-mov *dirty *1148 *+52 *+4.7' "$dir/path/report.txt"
check 'another machine with the same kernel has its own baseline' \
	grep -q '^cpuid *gated-mov *dirty *1250 *+54 *+4.5' "$dir/path/report.txt"
check 'and its own table' sh -c "grep -q 'id=\"path-x\"' '$dir/path/report.html' &&
	grep -q 'id=\"path-y\"' '$dir/path/report.html'"
sed 's/,1148,/,many,/' "$dir/reference/path-length.csv" >"$dir/bin/path-length.csv"
check 'a damaged file of path lengths is named' sh -c "
	EGPRLAB_REFERENCE='$dir/bin' PATH='$dir/bin' '$egprlab' report '$dir/path' &&
	tr '\n' ' ' <'$dir/path/report.txt' | grep -q \"line 3: insns is 'many'\""
for tool in sh env; do ln -s "$(command -v $tool)" "$dir/bin/$tool"; done
synthetic plain
check 'without gnuplot the report still comes out' sh -c "
	PATH='$dir/bin' '$egprlab' report '$dir/plain' 2>'$dir/said'"
check 'and says what to install' grep -q 'package gnuplot' "$dir/said"
check 'and names the pictures it lacks' grep -q 'No picture forest' "$dir/plain/report.html"
check 'a representative backend puts boundary first' sh -c "
	grep '^Layer' '$dir/plain/report.txt' | head -1 | grep boundary"

if command -v gnuplot >/dev/null; then
	# gnuplot as a host may have it: without a terminal, without fonts, or version 6, which
	# warns where 5 is silent.
	mkdir "$dir/fake"
	real=$(command -v gnuplot)
	cat >"$dir/fake/gnuplot" <<FAKE
#!/bin/sh
case \$4 in
*."\$FAKE_LACKS")
	printf '\n\tset terminal pngcairo size W, H\n\t             ^\n' >&2
	echo "\"style.gp\" line 25: unknown or ambiguous terminal type; type just 'set terminal' for a list" >&2
	exit 1
	;;
esac
[ -z "\${FAKE_DIES-}" ] || kill -ABRT \$\$
[ -z "\${FAKE_SIX-}" ] || echo 'warning: deprecated syntax' >&2
exec '$real' "\$@"
FAKE
	chmod +x "$dir/fake/gnuplot"
	fake() { # fake NAME VARIABLE=VALUE: a report with that gnuplot
		synthetic "$1"
		env PATH="$dir/fake:$PATH" "$2" "$egprlab" report --quiet "$dir/$1" >"$dir/$1.out" 2>"$dir/$1.err"
	}
	check 'without pngcairo the report comes out' fake no-png FAKE_LACKS=png
	check 'with its SVG pictures' sh -c "ls '$dir'/no-png/plots/*.svg && ! ls '$dir'/no-png/plots/*.png"
	check 'and says once why PNG is missing' sh -c "
		[ \$(grep -c 'no png pictures.*unknown or ambiguous terminal.*gnuplot-nox' '$dir/no-png.err') = 1 ] &&
		[ \$(wc -l <'$dir/no-png.err') = 1 ]"
	check 'in the report as well' sh -c "
		tr '\n' ' ' <'$dir/no-png/report.txt' | grep 'No PNG pictures: .*terminal' &&
		grep 'no picture forest.*Why: .*terminal' '$dir/no-png/report.md' &&
		! grep 'No picture' '$dir/no-png/report.html'"
	check 'without svg the page names each picture and why' sh -c "
		PATH='$dir/fake:$PATH' FAKE_LACKS=svg '$egprlab' report '$dir/no-png' 2>/dev/null;
		rm '$dir'/no-png/plots/*.svg;
		PATH='$dir/fake:$PATH' FAKE_LACKS=svg '$egprlab' report '$dir/no-png' 2>/dev/null &&
		grep 'No picture forest.*Why: .*terminal' '$dir/no-png/report.html' && ls '$dir'/no-png/plots/*.png"
	check 'a gnuplot that dies leaves a report' fake dies FAKE_DIES=1
	check 'that says so' grep -q 'No picture forest.*Why: gnuplot died of signal 6' "$dir/dies/report.html"
	check 'a gnuplot that warns draws all the same' fake six FAKE_SIX=1
	check 'every picture' sh -c "! grep 'No picture' '$dir/six/report.html' && [ ! -s '$dir/six.err' ]"
	cat >"$dir/fonts.conf" <<-FONTS
		<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
		<fontconfig><dir>$dir/nothing</dir><cachedir>$dir/cache</cachedir></fontconfig>
	FONTS
	check 'without fonts the report comes out' fake no-fonts FONTCONFIG_FILE="$dir/fonts.conf"
	check 'without the PNG pictures, which would have no words' sh -c "
		! ls '$dir'/no-fonts/plots/*.png && ls '$dir'/no-fonts/plots/*.svg &&
		tr -s ' \n' ' ' <'$dir/no-fonts/report.txt' | grep 'No PNG pictures: gnuplot finds no font; install'"
fi

synthetic unsound sound=no
check 'an unsound run is reported' env PATH="$dir/bin" "$egprlab" report "$dir/unsound"
check 'and says so before anything else' sh -c "sed -n 3p '$dir/unsound/report.txt' | grep UNSOUND"
synthetic cut complete=no
check 'an interrupted run is reported' env PATH="$dir/bin" "$egprlab" report "$dir/cut"
check 'and says so' grep -q INTERRUPTED "$dir/cut/report.txt"

synthetic flipped
flip "$dir/flipped/samples.csv" 2000
check 'a flipped byte is refused by name' refused flipped samples.csv checksum
synthetic short
dd if=/dev/null of="$dir/short/summary.csv" bs=1 seek=900 2>/dev/null
check 'a truncated CSV is refused by name' refused short summary.csv 'cut short'
revouch short summary.csv
check 'also when its checksum was made to fit' refused short summary.csv 'cut short'
synthetic column
sed -i '1s/,verdict,/,/' "$dir/column/verdicts.csv"
revouch column verdicts.csv
check 'a missing column is refused by name' refused column verdicts.csv "column 'verdict' is missing"
synthetic future
sed -i 's/"schema_version":\t4/"schema_version":\t7/' "$dir/future/meta.json"
check 'a future schema is refused by name' refused future meta.json 'version 7 is newer'
synthetic emu
sed -i '2s/,proxy,/,emu,/' "$dir/emu/samples.csv"
revouch emu samples.csv
check 'a time in an emu row is refused by name' refused emu 'samples.csv line 2' emu
# Contexts: what the first screen speaks of, and what they have to do with each other.
synthetic contexts contexts=yes
"$egprlab" report "$dir/contexts" >/dev/null
sed -n '/^Answer$/,/^Cost against context/p' "$dir/contexts/report.txt" >"$dir/first"
check 'the first screen speaks of apart and legacy-warm' sh -c "
	grep -q '^Layer prim, context apart' '$dir/first' && grep -q '^Layer prim, context legacy-warm' '$dir/first'"
check 'and not of packed' sh -c "! grep -q '^Layer prim, context packed' '$dir/first'"
check 'a statement has its context' sh -c "
	tr '\\n' ' ' <'$dir/first' | grep -q 'In context apart (each half[^)]*) gated-mov-disp8 is within [0-9.]* TSC ticks of none'"
check 'there is a figure of cost against context' sh -c "
	grep -q 'contexts-prim-proxy' '$dir/contexts/report.html' &&
	! command -v gnuplot || [ -s '$dir/contexts/plots/contexts-prim-proxy.svg' ]"
gated() { # gated WORDS: the row of gated-mov in the first table behind those words
	awk -v words="$1" 'index($0, words) { on = 1 } on && $1 == "gated-mov" { print; exit }' "$dir/contexts/report.txt"
}
check 'halves are told apart: three quarters at exit' sh -c "
	echo '$(gated 'Context apart: each half alone')' | awk '{ exit !(\$2 > 2.5 * \$3 && \$2 < 3.5 * \$3) }'"
check 'what memory adds is told in loads' sh -c "
	echo '$(gated 'What cold data adds')' | awk '{ d = \$2 / 200; exit !(d > \$NF - 0.05 && d < \$NF + 0.05 && \$2 > 100) }'"
check 'the wait of the first use is use-last less use-free' sh -c "
	echo '$(gated 'Latency of use')' | awk '{ exit !(\$2 > 2 * \$3 && \$3 > 0) }'"
check 'what each context claims stands beside what was read, and so does what is not kept' sh -c "
	'$egprlab' list contexts --json >'$dir/claims' &&
	sed -n '/What a round of none takes/,/^What a load/p' '$dir/contexts/report.md' >'$dir/ruler' &&
	grep -q '^| dram .*| within 10.0' '$dir/ruler' && grep -q '^| apart .*| within [0-9.]*' '$dir/ruler'"
check 'the report of a run without them has no such chapter' sh -c "! grep -q 'Cost against context' '$dir/good/report.txt'"
check 'cost takes the context that it is told' sh -c "
	'$egprlab' cost --layer prim --context dram '$dir/contexts' | awk '\$1 == \"gated-mov\" { print \$2; exit }' >'$dir/dram' &&
	'$egprlab' cost --layer prim '$dir/contexts' | awk '\$1 == \"gated-mov\" { print \$2; exit }' |
	awk -v dram=\"\$(cat '$dir/dram')\" '{ exit !(dram > 10 * \$1 && \$1 > 0) }'"
check 'compare pairs a context with itself' sh -c "
	'$egprlab' compare '$dir/contexts' '$dir/contexts' | awk '\$1 == \"prim\" && \$5 == \"gated-mov\" {
		rows++; bad += \$6 != 0; context[\$4] = 1 } END { for (c in context) n++; exit !(rows == 8 && n == 8 && !bad) }'"
check 'no directory at all is refused' refused nowhere 'not a run directory'
check 'no argument is a usage error' sh -c "'$egprlab' report; [ \$? = 64 ]"
echo "1..$n"
