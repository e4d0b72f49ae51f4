#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab show: what it says of a strategy is what the table, the sources and the object files have.
# seconds: 10
# shellcheck disable=SC2016 # scripts of sh -c have their own arguments
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
B=$(cd "${B:-build}" && pwd)
lab=$B/egprlab
json=$B/tests/tools/json

for strategy in $("$lab" list strategies | cut -d' ' -f1); do
	"$lab" show --quiet "$strategy" >"$dir/text" 2>"$dir/err" && "$lab" show --quiet "$strategy" --json >"$dir/json" 2>>"$dir/err"
	check "$strategy is shown" sh -c "[ $? -eq 0 ] && [ ! -s '$dir/err' ]"
	id=${strategy%-N}
	sym=$(sed -n "s/^	X(\([a-z0-9_]*\), \"$id\",.*/\1/p" include/egpr/strategy.h)
	check "$strategy: its row" sh -c 'grep -q "^  X($1, \"$2\", " "$3"' - "$sym" "$id" "$dir/text"
	check "$strategy: its source, both halves" sh -c '
		sed -n "/^SEQ_BEGIN/,/^SEQ_END/p" "asm/strategy/$1.S" | sed "s/^/  /" >"$2/want" &&
		sed -n "/^  SEQ_BEGIN/,/^  SEQ_END/p" "$2/text" | cmp "$2/want" -' - "$id" "$dir"
	# The bytes of each half, from the object file of its form.
	: >"$dir/differ"
	for i in 0 1 2 3 4 5; do
		symbol=$("$json" "halves/$i/symbol" <"$dir/json")
		form=$("$json" "halves/$i/form" <"$dir/json")
		object=$B/asm/$form/$id.o
		at=$(nm "$object" | awk -v s="$symbol" '$3 == s { print $1 }')
		bytes=$("$json" "halves/$i/bytes" <"$dir/json")
		objcopy -O binary --only-section=.text "$object" "$dir/raw"
		want=$(od -An -v -tx1 -j "$((0x$at))" -N "$bytes" "$dir/raw" | tr -d ' \n')
		[ "$want" = "$("$json" "halves/$i/code" <"$dir/json")" ] || echo "$symbol" >>"$dir/differ"
	done
	# Branches are not linked, so that the two are the same to the byte.
	check "$strategy: the bytes of its object files, in three forms" sh -c "cat '$dir/differ'; [ ! -s '$dir/differ' ]"
done

counts() { # counts STRATEGY FORM HALF: the line of the table
	"$lab" show "$1" | awk -v f="$2" -v h="$3" '$1 == f && $2 == h { print $6, $7, $8, $9; exit }'
}
check 'gated-mov stores and clears 16 at exit' test "$(counts gated-mov hw exit)" = '16 16 0 0'
check 'and loads 16 at entry' test "$(counts gated-mov proxy entry)" = '0 0 16 0'
check 'gated-push2: eight pairs in form hw' test "$(counts gated-push2 hw exit)" = '8 16 0 0'
check 'sixteen single ones in form proxy' test "$(counts gated-push2 proxy entry)" = '0 0 16 0'
check 'xsave: one XSAVE and 16 clears' test "$(counts xsave hw exit)" = '0 16 0 1'
if "$lab" show gated-mov | grep -q '^Not disassembled'; then
	n=$((n + 1))
	echo "ok $n - disassembly # SKIP $("$lab" show gated-mov | grep '^Not disassembled')"
else
	insns=$("$lab" show gated-mov --form hw --json | "$json" halves/each/insns_count | awk '{ n += $1 } END { print n }')
	check 'a line per instruction' test "$("$lab" show gated-mov --form hw | grep -c '^    +0x')" -eq "$insns"
	check 'in form hw on r16 to r31' sh -c '"$1" show gated-mov --form hw | grep -q "movq %r31, 0x78(%rdi)"' - "$lab"
	check '--filter leaves instructions that match' sh -c '
		"$1" show gated-mov --filter "^hw/exit/.*r31" >"$2" && [ "$(grep -c "^    +0x" "$2")" = 2 ] && ! grep -q "^Form proxy" "$2"' - "$lab" "$dir/few"
	check '--only leaves a half of a form' sh -c '
		"$1" show gated-mov --only hw,entry >"$2" && [ "$(grep -c "^    +0x" "$2")" = 18 ] && [ "$(grep -c "^hw  *entry" "$2")" = 1 ] &&
		! grep -q "^[a-z]*  *exit " "$2"' - "$lab" "$dir/few"
	check 'and so in JSON' sh -c '"$1" show gated-mov --only hw,entry --json | "$2" halves/each/form | grep -qx hw' - "$lab" "$json"
	check 'and only that form' sh -c '! "$1" show gated-mov --form hw | grep -q "^Form proxy"' - "$lab"
fi
check 'without a disassembler the rest is there, and why it is missing' sh -c '
	PATH=/nowhere "$1" show gated-mov >"$2" && /bin/grep -q "^Not disassembled: .*package llvm-19" "$2" &&
	/bin/grep -q "+0x00  f7 87 80" "$2"' - "$lab" "$dir/bare"
next=$("$lab" show gated-mov 2>&1 >/dev/null | sed -n 's/^next: egprlab //p')
check 'standard error ends with a command that can be typed' sh -c '[ -n "$2" ] && { "$1" $2 >/dev/null 2>&1; [ $? -ne 64 ]; }' - "$lab" "$next"
refuses() { # refuses WORD ARGUMENT...
	word=$1
	shift
	"$lab" show "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	check "show $* is refused" sh -c "[ $status -eq 64 ] && grep -q -e '$word' '$dir/err' && [ ! -s '$dir/out' ]"
}
refuses 'not a strategy' nonsense
refuses 'name one'
refuses 'not a form' gated-mov --form none
refuses 'no row is left' gated-mov --only r32
echo "1..$n"
