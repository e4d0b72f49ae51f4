#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The bytes that our macros emit are the bytes an assembler that knows APX emits.
# seconds: 4
set -u
B=${B:-build}
APX_CC=$(sed -n 's/^APX_CC := //p' "$B/config.mk")
LLVM_MC=$(sed -n 's/^LLVM_MC := //p' "$B/config.mk")
CC=${CC:-gcc}
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

report() { # report STATUS DESCRIPTION
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

text_of() { # text_of OBJECT OUT: the bytes of .text
	objcopy -O binary -j .text "$1" "$2"
}

same_text() { # same_text SOURCE FLAGS...: bytes by macros equal bytes by mnemonics
	source=$1
	shift
	$CC -Iinclude "-I$B/include" "$@" -c "$source" -o "$tmp/bytes.o" &&
		"$APX_CC" -Iinclude "-I$B/include" -DEGPR_AS_APX "$@" -c "$source" -o "$tmp/names.o" &&
		text_of "$tmp/bytes.o" "$tmp/bytes.bin" && text_of "$tmp/names.o" "$tmp/names.bin" &&
		[ -s "$tmp/bytes.bin" ] && cmp "$tmp/bytes.bin" "$tmp/names.bin"
}

if [ -z "$APX_CC" ]; then
	echo "1..0 # SKIP no assembler that knows APX: install clang-19"
	exit 0
fi

same_text tests/encoding.S
report $? "every APX macro with every register equals $APX_CC"

for source in asm/strategy/*.S; do
	for form in hw trap; do
		upper=$(echo "$form" | tr '[:lower:]' '[:upper:]')
		same_text "$source" "-DEGPR_FORM=$form" "-DEGPR_FORM_$upper"
		report $? "$source, form $form, equals $APX_CC"
	done
done

# hw and proxy have the same length.
for source in asm/strategy/*.S; do
	id=$(basename "$source" .S)
	text_of "$B/asm/hw/$id.o" "$tmp/hw.bin" && text_of "$B/asm/proxy/$id.o" "$tmp/proxy.bin" &&
		[ "$(wc -c <"$tmp/hw.bin")" -gt 0 ] &&
		[ "$(wc -c <"$tmp/hw.bin")" = "$(wc -c <"$tmp/proxy.bin")" ]
	report $? "$id: proxy has the length of hw"
done

# LLVM 19 does not know MSR_IMM: the list is the one GNU as 2.44 prints, and the
# register and immediate fields of the others follow from it by the encoding rules.
cat >"$tmp/msr.want" <<'LIST'
c4 e7 7a f6 c0 e0 06 00 00
c4 c7 7a f6 c1 e0 06 00 00
62 ff 7e 08 f6 c0 e0 06 00 00
62 df 7e 08 f6 c7 30 08 00 00
c4 e7 7b f6 c0 e0 06 00 00
62 ff 7f 08 f6 c0 e0 06 00 00
LIST
$CC -c tests/msr-imm.S -o "$tmp/msr.o" && text_of "$tmp/msr.o" "$tmp/msr.bin"
tr '\n' ' ' <"$tmp/msr.want" >"$tmp/msr.want1"
od -An -v -tx1 "$tmp/msr.bin" | tr -s ' \n' '  ' | sed 's/^ //' >"$tmp/msr.got1"
cmp "$tmp/msr.want1" "$tmp/msr.got1"
report $? "MSR_IMM in VEX and EVEX form equals the list of GNU as 2.44"

# LLVM reads the instructions as they were meant.
cat >"$tmp/want" <<'LIST'
push2p %r17, %r16
pop2p %r16, %r17
pushp %r16
popp %r31
movq %r16, (%rdi)
movq 8(%rdi), %r31
xorl %r16d, %r16d
LIST
cat <<'LIST' | "$LLVM_MC" --disassemble --triple=x86_64 2>"$tmp/err" |
0x62 0xfc 0xfc 0x10 0xff 0xf1
0x62 0xfc 0xf4 0x10 0x8f 0xc0
0xd5 0x18 0x50
0xd5 0x19 0x5f
0xd5 0x48 0x89 0x87 0x00 0x00 0x00 0x00
0xd5 0x4c 0x8b 0xbf 0x08 0x00 0x00 0x00
0xd5 0x50 0x31 0xc0
LIST
	sed -n 's/^\t\([a-z]\)/\1/p' | tr '\t' ' ' | grep -v '^\.' >"$tmp/got"
cmp "$tmp/want" "$tmp/got"
report $? "llvm-mc reads the documented encodings as the instructions meant"

echo "1..$n"
exit "$failed"
