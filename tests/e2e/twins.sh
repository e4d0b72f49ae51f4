#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The form that state proofs run and the forms that are timed are one sequence: `trap` is `hw`
# with UD2s, `proxy` is `hw` on legacy registers, `hw` does what the table says. Read from the
# disassembly of the objects, of user space and of the module; and each check is seen to fail.
# seconds: 10
set -u

B=${B:-build}
CC=${CC:-gcc}
FORMS='hw proxy trap'
tool=$B/tests/twins/twins
objdump=$(sed -n 's/^OBJDUMP_APX := //p' "$B/config.mk")
as_flags=$(sed -n 's/^EGPR_AS_FLAGS := //p' "$B/config.mk")
if ! command -v "${objdump:-none}" >/dev/null 2>&1; then
	echo '1..0 # SKIP no disassembler that knows APX: install llvm-19'
	exit 0
fi
. tests/e2e/tap.inc

disassemble() { "$objdump" -d -r --no-leading-headers "$@"; }

# all_forms DIRECTORY: the tool for the objects in DIRECTORY/FORM, one per strategy.
all_forms() {
	for form in $FORMS; do
		# shellcheck disable=SC2046 # one word each
		disassemble $(basename -s .S asm/strategy/*.S | sed "s|.*|$1/$form/&.o|") >"$dir/$form.all" || return
	done
	"$tool" "$dir/hw.all" "$dir/proxy.all" "$dir/trap.all"
}

# relay WHERE DIRECTORY: the lines of all_forms as points.
relay() {
	all_forms "$2" >"$dir/lines" 2>"$dir/err"
	status=$?
	while read -r line; do
		n=$((n + 1))
		echo "${line%%ok *}ok $n - $1: ${line#*ok }"
	done <"$dir/lines"
	sed 's/^/# /' "$dir/err"
	check "$1: every row of the table holds" [ $status -eq 0 ]
}

relay 'user space' "$B/asm"

# The module's: for the kernels that the beds boot, and for the running one.
for series in 6.1 6.12 "$(uname -r)"; do
	kdir=$(find /lib/modules -maxdepth 2 \( -path "*/$series/build" -o -path "*/${series}[.-]*/build" \) |
		sort -V | tail -n 1)
	if [ ! -e "$kdir/Makefile" ]; then
		n=$((n + 1))
		echo "ok $n - module for $series # SKIP no kernel headers: install the linux-headers package"
		continue
	fi
	release=$(basename "$(dirname "$kdir")")
	grep -qsx "$release" "$dir/seen" && continue
	echo "$release" >>"$dir/seen"
	check "module for $release: it builds" kmod/build "$kdir"
	relay "module for $release" "$B/kmod-$release"
done

# Where code can be copied, delay-N is a row of slots: an addition, or a no-op as long.
slots() { # slots OBJECT
	"$objdump" -D -j .rodata --no-leading-headers "$1" | awk '
		/^[0-9a-f]+ </ { part = $2 }
		/^ *[0-9a-f]+:/ { sub(/^[^\t]*: */, ""); $1 = $1; text[part] = text[part] $0 ";" }
		END {
			add = text["<egpr_delay_slot_add>:"]
			nop = text["<egpr_delay_slot_nop>:"]
			print add " | " nop
			exit !(add == "48 01 c0 addq %rax, %rax;" && nop == "0f 1f 00 nopl (%rax);")
		}'
}
check 'the slots of delay rows differ by the addition' slots "$B/asm/delay-row.o"
sed 's/nopl (%rax)/nopl 1(%rax)/' asm/delay-row.S >"$dir/row.S"
$CC -c "$dir/row.S" -o "$dir/row.o" || exit 70
noticed() { ! slots "$dir/row.o" && ! cmp -s asm/delay-row.S "$dir/row.S"; }
check 'slots of different lengths are noticed' noticed

# assemble SOURCE: in every form, and disassembled, as $dir/FORM.one
assemble() {
	for form in $FORMS; do
		# shellcheck disable=SC2086 # several flags
		$CC -Iinclude "-I$B/include" $as_flags "-DEGPR_FORM=$form" \
			"-DEGPR_FORM_$(echo $form | tr '[:lower:]' '[:upper:]')" -c "$1" -o "$dir/one.o" &&
			disassemble "$dir/one.o" >"$dir/$form.one" || return
	done
}

# caught_by TOOL SOURCE ID: which checks fail for the source; "read" if it cannot be understood.
# What they said is in $dir/lines and $dir/err.
caught_by() {
	: >"$dir/lines"
	assemble "$2" >"$dir/err" 2>&1 || {
		echo 'the assembler'
		return
	}
	"$1" "$dir/hw.one" "$dir/proxy.one" "$dir/trap.one" "$3" >"$dir/lines" 2>"$dir/err"
	case $? in
	0 | 1) sed -n 's/^not ok \([a-z]*\) .*/\1/p' "$dir/lines" | xargs ;;
	65) echo read ;;
	*) echo 'the tool' ;;
	esac
}

# verdict NAME WHAT WANT GOT: a point, and a line of the table.
verdict() {
	n=$((n + 1))
	not=not
	[ "$3" != "$4" ] || not=
	echo "${not:+$not }ok $n - $1: $2"
	[ -z "$not" ] || echo "# is to be caught by: ${3:-nobody}"
	grep -v '^ok' "$dir/lines" "$dir/err" -h | sed 's/^/# /'
	printf '%-22s | %-16s | %s\n' "$1" "${4:-nobody}" "$2" >>"$dir/table"
}

field() { sed -n "s/^ \* $1: //p" "$2"; }

for mutant in tests/mutants/twins/*.S; do
	id=$(field row "$mutant")
	if ! grep -qsx "$id" "$dir/controls"; then
		echo "$id" >>"$dir/controls"
		verdict "$id" 'as it is in asm/' '' "$(caught_by "$tool" "asm/strategy/$id.S" "$id")"
	fi
	verdict "$(basename "$mutant" .S)" "$(sed -n '3s/^ \* //p' "$mutant")" "$(field 'caught by' "$mutant")" \
		"$(caught_by "$tool" "$mutant" "$id")"
done

# Mistakes in the table itself, for which the tool is built with another one.
# ID | sed expression | what is wrong
table_mutants() {
	cat <<'LIST'
gated-mov|s/"test flag; 16 stores, 16 clears"/"test flag; 15 stores, 16 clears"/|the words count a store too few
gated-mov|s/"test flag; 16 loads"/"16 loads"/|the words leave the test out
gated-mov|s/"test flag; 16 loads"/"test flag; 16 loads, 16 sighs"/|the words count what nobody knows
outer|s/"as gated-mov, where KVM's inner/"as gated-mow, where KVM's inner/|the words name no row
gated-mov-disp8|s/, displacements of one byte//|the words leave the size out
delay|s/"N dependent one-cycle/"9 dependent one-cycle/|the words count wrong
uncond-mov|s/UNCOND, REGS, EGPR_NEEDS_XSETBV/UNCOND, REGS, 0/|a need is missing
xsaveopt|s/ | EGPR_NEEDS_XSAVEOPT,/,/|a need is missing that nothing but needs say
xsaves|s/ | EGPR_NEEDS_CPL0,/,/|the privilege is missing
gated-mov|s/"gated-mov", GATED, REGS, 0/"gated-mov", GATED, REGS, EGPR_NEEDS_XSAVE/|a need too many
live-access|s/EGPR_READS_OPERAND,/0,/|an operand that the row does not speak of
xsavec|s/XSAVE, XSAVE_COMPACT, EGPR_NEEDS_XSAVE |/XSAVE, XSAVE, EGPR_NEEDS_XSAVE |/|the wrong home
live|s/LIVE, FPSTATE, 0,/LIVE, REGS, 0,/|a home that nobody fills
gated-mov|s/"gated-mov", GATED/"gated-mov", UNCOND/|a gate that the family does not have
dual|s/GATED, REGS, EGPR_BIND_DUAL/GATED, REGS, 0/|a gated family without a gate
kvm-own|s/OWN, KVM, EGPR_NEEDS/OWN, REGS, EGPR_NEEDS/|a home that is KVM's said to be the lab's
LIST
}
table_mutants >"$dir/list"
mkdir -p "$dir/include/egpr" || exit 70
while IFS='|' read -r id rest; do
	what=${rest##*|}
	sed "${rest%|*}" include/egpr/strategy.h >"$dir/include/egpr/strategy.h"
	: >"$dir/lines"
	# Only row.o has the table in it.
	if cmp -s include/egpr/strategy.h "$dir/include/egpr/strategy.h"; then
		got='nobody: the mistake no longer applies'
	elif $CC -std=gnu11 "-I$dir/include" -Iinclude "-I$B/include" -c tests/twins/row.c -o "$dir/row.o" 2>"$dir/err" &&
		find "$B/tests/twins" -name '*.o' ! -name row.o -print0 |
		xargs -0 "$CC" "$dir/row.o" -o "$dir/twins" 2>"$dir/err"; then
		got=$(caught_by "$dir/twins" "asm/strategy/$id.S" "$id")
	else
		got='the compiler'
	fi
	verdict "table, $id" "$what" table "$got"
done <"$dir/list"

echo '# mistake                | caught by        | what it is'
sed 's/^/# /' "$dir/table"
echo "1..$n"
