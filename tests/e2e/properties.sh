#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The report's table of properties: what it cites as proved exists, and what it
# says about the sequences is what their bytes say. No cell of a table of claims is prose alone.
# seconds: 4
set -u

B=${B:-build}
objdump=$(sed -n 's/^OBJDUMP_APX := //p' "$B/config.mk")
. tests/e2e/tap.inc

# exists PROOF: kind/file or kind/file:function.
exists() {
	file=${1%%:*}
	case $1 in
	*:*) grep -q "cmocka_unit_test[a-z_]*(${1##*:}\b\|TEST(${1##*:})" "tests/$file.c" ;;
	e2e/*) [ -x "tests/$file.sh" ] ;;
	*) [ -f "tests/$file.c" ] ;;
	esac
}

# count STRATEGY HALF PATTERN: instructions of a half that match, in the hw form.
count() {
	"$objdump" -d --no-show-raw-insn "$B/asm/hw/$1.o" |
		awk -v name="_$2>:" -v pattern="$3" 'index($0, ">:") { on = index($0, name) } on && $2 ~ pattern' |
		wc -l
}

CONDITIONAL='^j[^m]'

"$B/tests/tools/synthetic-run" "$dir/run" blocks=4 || exit 70
mkdir "$dir/bin" # no gnuplot: no picture is needed here
PATH=$dir/bin "$B/egprlab" report "$dir/run" >/dev/null 2>&1 || exit 70
sed -n '/^## Properties/,/^## Models/{ s/\\//g; p; }' "$dir/run/report.md" >"$dir/properties"

check 'the table has nine properties' sh -c "[ \$(grep -c '^| [a-z|X|u]' '$dir/properties') -ge 9 ]"
# bare REPORT: cells of prose alone, in the tables whose cells are claims; `cells N` at the end. A model is a
# file of docs/models, a definition a file of the tree; tests are looked for below.
bare() {
	sed 's/\\//g' "$1" | awk -F '|' '
	function file_there(name, line) { return (getline line <name) > 0 }
	function stands(cell, kind, name) {
		if (!match(cell, /\[(proved|model|cited|measured|by definition): [^]]+\]/))
			return 0
		cell = substr(cell, RSTART + 1, RLENGTH - 2)
		kind = name = cell
		sub(/:.*/, "", kind)
		sub(/^[a-z ]*: */, "", name)
		sub(/[,;].*/, "", name)
		if (kind == "model")
			return file_there("docs/models/" name)
		return kind != "by definition" || file_there(name)
	}
	/^\| (property \| (unconditional|fpstate)|what \| stands on) / { claims = 3; tables++; next }
	/^\| XINUSE \| XFD / { claims = 4; tables++; next }
	!/^\|/ { claims = 0 }
	claims && !/^\|-/ {
		for (i = claims; i < NF; i++) {
			cells++
			if (!stands($i))
				print $2 ":" $i
		}
	}
	END { print "cells " cells + 0 " tables " tables + 0 }'
}
bare "$dir/run/report.md" >"$dir/bare"
check 'every cell of the four tables of claims has a test, a model or a source' sh -c "
	cat '$dir/bare'; ! grep -v '^cells ' '$dir/bare' && grep -q '^cells [1-9][0-9][0-9] tables 4\$' '$dir/bare'"
# planted TABLE SED: with its first row's last cell changed that one cell is told, and no other.
planted() {
	sed "/^| $1 | /,/^\$/{ /^|-/{ n; $2; } }" "$dir/run/report.md" >"$dir/planted"
	bare "$dir/planted" | grep -v '^cells ' >"$dir/told"
	cat "$dir/told"
	[ "$(wc -l <"$dir/told")" -eq 1 ]
}
for table in 'property | unconditional' 'property | fpstate' what XINUSE; do
	check "prose alone is told: $table" planted "$table" 's/ *\\\[[^|]*| *$/|/'
done
check 'a model that is not there is told' planted 'property | unconditional' 's/\\\[[^|]*| *$/\\[model: no-such.pml, quiet\\] |/'
check 'and so is a definition' planted 'property | fpstate' 's/\\\[[^|]*| *$/\\[by definition: include\/no-such.h\\] |/'
sed -n '/^## The posts/,/^## State proofs/{ s/\\//g; p; }' "$dir/run/report.md" >>"$dir/properties"
grep -oE '(unit|e2e)/[a-z0-9./-]+(:[a-z0-9_]+)?' "$dir/properties" | sort -u >"$dir/proofs"
check 'proofs are named' test -s "$dir/proofs"
while read -r proof; do
	check "$proof exists" exists "$proof"
done <"$dir/proofs"

for strategy in uncond-mov uncond-push2 gated-mov gated-mov-disp8 gated-push2 dual xsave xsaveopt xsavec xsaves \
	live live-access outer kvm-own; do
	for half in exit entry; do
		branches=$(count $strategy $half "$CONDITIONAL")
		xsetbv=$(count $strategy $half '^xsetbv')
		case $strategy in
		dual | live | kvm-own) want='0 0' ;;
		live-access) # the flag, the FPU test, and sixteen cases by halves
			want='0 0'
			[ $half = entry ] || want='17 0'
			;;
		uncond-*) want='1 1' ;;
		*) want='1 0' ;;
		esac
		check "$strategy $half: branches and XSETBVs are $want" [ "$branches $xsetbv" = "$want" ]
	done
done
check 'gated-mov-lfence fences both halves' sh -c "
	[ $(count gated-mov-lfence exit '^lfence') = 1 ] && [ $(count gated-mov-lfence entry '^lfence') = 1 ]"

# The chapter behind it: what the models said when this was built.
cat >"$dir/models.c" <<'C'
#include <bench/report/report.h>
int main(void)
{
	static struct report r;

	report_models(&r);
	return doc_text(&r.doc, stdout);
}
C
# chapter INCLUDE: the chapter with that answer table, compiled as the lab is.
chapter() {
	"${CC:-gcc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$1" -I. -Iinclude -I"$B/include" \
		"$dir/models.c" bench/report/models.c "$B/libegprbench.a" "$B/libegprasm.a" -o "$dir/chapter" &&
		"$dir/chapter" | tr '\n' ' '
}
mkdir -p "$dir/without/egpr"
docs/models/table >"$dir/without/egpr/model-answers.h"
chapter "$dir/without" >"$dir/said"
check 'built without spin the chapter says so' grep -q 'Not asked: there was no spin .*scripts/deps check' "$dir/said"
sed -n '/^## Models/,/^## The posts/{ s/\\//g; p; }' "$dir/run/report.md" >"$dir/models"
answers=$B/docs/models/answers
if [ -f "$answers/egpr.csv" ]; then
	# Column and assumption of each loss, as the table has them.
	awk -F, 'function column(family, strategy) { return strategy == "dual" ? "dual" : family }
	FNR > 1 && $7 == "violated" && $5 != "base" && $5 != "delay" && !(($3, $6, column($5, $4)) in seen) {
		seen[$3, $6, column($5, $4)] = 1
		print $3, $6, $8
	}' "$answers/egpr.csv" | sort >"$dir/lost"
	sed -n '/^| assumption | unconditional/,/^$/p' "$dir/models" | sed '1,2d; /^$/d' | awk -F '|' '{
		split($2, name, ":")
		gsub(/ /, "", name[1])
		for (i = 3; i <= 8; i++) {
			if (!index($i, "[model: egpr.pml, " name[1] "]"))
				print "no evidence:", $i
			n = split($i, lost, /loses |, /)
			for (j = 1; j <= n; j++)
				if (match(lost[j], /^[a-z0-9-]+ \([0-9]+ steps\)/)) {
					split(lost[j], word, /[ (]+/)
					print name[1], word[1], word[2]
				}
		}
	}' | sort >"$dir/told"
	check 'the table of the models tells every loss' diff "$dir/lost" "$dir/told"
	check 'and there are losses' test -s "$dir/told"
	sed -n '/^| assumption | lost/,/^$/p' "$dir/models" | sed '1,2d; /^$/d' | sed 's/.*| \(.*\) |$/\1/' >"$dir/traces"
	check 'every way there is one of the answers' sh -c "
		[ -s '$dir/traces' ] && while read -r trace; do grep -qF -- \"\$trace\" '$answers/egpr.csv' || exit 1; done <'$dir/traces'"
	check 'the XFD race is lost without the fix, and not with it' grep -q \
		'^| nm: .*| run: [^|]*| holds | lost |  | .*#NM in the host |$' "$dir/models"
	grep 'KVM_SET_MSRS' "$dir/models" "$dir/properties" | grep XFD >"$dir/msrs"
	check 'KVM_SET_MSRS of XFD is called a model finding wherever it stands' sh -c "
		cat '$dir/msrs'; [ \$(wc -l <'$dir/msrs') -ge 3 ] && ! grep -vi 'model finding' '$dir/msrs'"
else
	check 'the report says that the models were not asked' grep -q 'Not asked: there was no spin' "$dir/models"
fi
echo "1..$n"
