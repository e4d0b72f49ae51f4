#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `egprlab explain` makes verdicts anew from samples.csv: it has to come to what verdicts.csv says, and
# has to say so where it does not.
# seconds: 12
set -u
. tests/e2e/tap.inc

B=${B:-build}
lab=$B/egprlab
epyc=results/reference/pvm-amd-epyc-proxy

# sealed DIR FILE: meta.json vouches for what the file holds now.
sealed() {
	sed -i "s/$3/$(sha256sum "$1/$2" | cut -d' ' -f1)/; s/\([^0-9]\)$4\([^0-9]\|\$\)/\1$(($(wc -c <"$1/$2")))\2/" "$1/meta.json"
}
# changed FROM TO FILE AWK: a copy with the file changed.
changed() {
	mkdir "$2" && cp "$1"/*.csv "$1/meta.json" "$2" || exit 70
	awk -F, "BEGIN { OFS = \",\" } NR > 1 { $4 } { print }" "$1/$3" >"$2/$3"
	sealed "$2" "$3" "$(sha256sum "$1/$3" | cut -d' ' -f1)" "$(($(wc -c <"$1/$3")))"
}
# says STATUS PATTERN COMMAND...
says() {
	want=$1 pattern=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	got=$?
	tr '\n' ' ' <"$dir/said" | tr -s ' ' >"$dir/filled"
	cat "$dir/said"
	[ "$got" = "$want" ] && grep -qE "$pattern" "$dir/filled"
}

# column FILE NAME: its number. name_row STRATEGY: row of its first verdict in layer prim, guest state dirty.
column() {
	head -n 1 "$epyc/$1" | tr , '\n' | grep -nx "$2" | cut -d: -f1
}
row=$(awk -F, -v layer="$(column verdicts.csv layer)" -v state="$(column verdicts.csv guest_state)" -v s="$(column verdicts.csv strategy)" \
	'$layer == "prim" && $state == "dirty" && $s == "gated-mov" { print NR; exit }' "$epyc/verdicts.csv")
rows=$(wc -l <"$epyc/verdicts.csv")
for one in 2 17 "$row" $((rows / 2)) $((rows - 3)) "$rows"; do
	want=$(sed -n "${one}p" "$epyc/verdicts.csv" | cut -d, -f"$(column verdicts.csv verdict)")
	check "row $one of the reference run ($want) comes out of its samples" \
		says 0 "against .*: $want .*Made anew from samples.csv: shift .* at look [0-9]+ of [0-9]+" "$lab" explain "$epyc" "$one"
done
check 'a link of the report names a row' says 0 "Row $row of" "$lab" explain "$epyc" "verdicts.csv#row=$row"
check 'so does a name' says 0 'prim/none/dirty@packed/gated-mov against none: slower' "$lab" explain "$epyc" 'prim/none/dirty@packed/gated-mov$'
check 'which blocks, by launch' grep -qE 'launch +blocks +from +to +shift' "$dir/said"
check 'and what widened the interval' grep -qE 'What widened it most: (launches|code offsets), [0-9.]+ times' "$dir/filled"
check 'as JSON' sh -c "'$lab' explain '$epyc' $row --json | '$B/tests/tools/json'"
check 'what to type next is a plan that runs here' sh -c "
	'$lab' explain '$epyc' $row 2>&1 >/dev/null | sed -n 's/^next: egprlab //p' >'$dir/next' && [ -s '$dir/next' ] &&
	'$lab' \$(cat '$dir/next') --dry-run | grep -q gated-mov"
check 'a name of several comparisons is refused' says 64 'say more of the name' "$lab" explain "$epyc" gated
check 'a name of none too' says 64 'matches .nonsense' "$lab" explain "$epyc" nonsense
check 'and the header' says 64 'has rows 2 to' "$lab" explain "$epyc" 1
check 'and a row behind the last' says 64 'has rows 2 to' "$lab" explain "$epyc" $((rows + 1))

# Planted: one launch in which the strategy took 40 ticks more, and an interval that somebody made narrower.
changed "$epyc" "$dir/samples" samples.csv "if (\$$(column samples.csv strategy) == \"gated-mov\" && \$$(column samples.csv launch) == 2) \$$(column samples.csv cycles) += 40 * \$$(column samples.csv exits)"
check 'samples that were changed do not explain the row' says 65 'not what samples.csv gives.*at no look this interval' \
	"$lab" explain "$dir/samples" "$row"
check 'and launches are what widens it then' grep -q 'What widened it most: launches' "$dir/filled"
changed "$epyc" "$dir/verdicts" verdicts.csv "if (NR == $row) \$$(column verdicts.csv diff_high) -= 0.01"
check 'nor does an interval that was changed' says 65 'at no look this interval' "$lab" explain "$dir/verdicts" "$row"
check 'other rows of it still come out' says 0 'Made anew' "$lab" explain "$dir/verdicts" $((row + 1))
echo "1..$n"
