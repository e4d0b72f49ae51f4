#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The program that upstream could take: it builds against the kernel's own KVM selftests, and says why it
# skips where there is no APX. Needs a kernel source: SOURCE=DIR, or the distribution's in /usr/src.
# seconds: 30
set -u

B=${B:-build}
. tests/e2e/tap.inc

source=${SOURCE:-}
if [ -z "$source" ]; then
	for tar in /usr/src/linux-source-6.1[2-9].tar.xz /usr/src/linux-source-[7-9].*.tar.xz; do
		[ -f "$tar" ] || continue
		tar -C "$dir" --strip-components=1 --wildcards -xf "$tar" '*/tools/testing/selftests/kvm' \
			'*/tools/testing/selftests/*.h' '*/tools/testing/selftests/lib.mk' '*/tools/testing/selftests/rseq' \
			'*/tools/include' '*/tools/arch/x86/include' '*/tools/lib/rbtree.c' && source=$dir
		break
	done
fi
kvm=$source/tools/testing/selftests/kvm
if [ -z "$source" ] || [ ! -d "$kvm" ]; then
	echo '1..0 # SKIP no kernel source 6.12 or later (SOURCE=DIR, or package linux-source-6.12)'
	exit 0
fi

# One directory for x86 up to 6.12, another later.
x86=$kvm/include/x86
[ -d "$x86" ] || x86=$kvm/include/x86_64
lib=$kvm/lib/$(basename "$x86")

# Its user headers, but for the numbers of system calls: those of the tools are a few of them.
cp -r "$source/tools/arch/x86/include/uapi" "$dir/uapi" && rm -f "$dir"/uapi/asm/unistd*

# cc FLAG...: with the flags that the Makefile there has. Its memcpy() and others must not become calls of themselves.
cc() {
	"${CC:-gcc}" -std=gnu99 -O2 -g -Wall -Wstrict-prototypes \
		-fno-builtin-memcmp -fno-builtin-memcpy -fno-builtin-memset -fno-builtin-strnlen -fno-stack-protector \
		-fno-PIE -fno-strict-aliasing -D_GNU_SOURCE -DCONFIG_64BIT -march=x86-64-v2 -no-pie -pthread \
		-I"$source/tools/include" -I"$source/tools/arch/x86/include" -I"$source/tools/include/uapi" \
		-I"$dir/uapi" -I"$kvm/include" -I"$x86" -I"$kvm/lib" \
		-I"$source/tools/testing/selftests" -I"$source/tools/testing/selftests/rseq" "$@"
}

build() {
	mkdir -p "$dir/lib" && cp "$kvm"/lib/*.c "$dir/lib" && mv "$dir/lib/string_override.c" "$dir" &&
		sed -i "s|\"\(\.\./\)*lib/rbtree.c\"|\"$source/tools/lib/rbtree.c\"|" "$dir/lib/rbtree.c" &&
		cc -ffreestanding -c "$dir/string_override.c" -o "$dir/string_override.o" &&
		cc -Werror tests/selftest/apx_state_test.c -c -o "$dir/apx_state_test.o" &&
		cc -w "$dir/apx_state_test.o" "$dir"/lib/*.c "$lib"/*.c "$lib"/*.S "$dir/string_override.o" -o "$dir/apx_state_test" 2>&1
}

# moves FROM TO: sixteen of them, each register at its place.
moves() {
	i=0
	while [ $i -lt 16 ]; do
		at=$([ $i -eq 0 ] && echo '(%rdi)' || printf '0x%x(%%rdi)' $((8 * i)))
		pattern=$(echo "$1, $2" | sed "s/MEM/$at/; s/REG/%r$((16 + i))/")
		grep -qF "$pattern" "$dir/code" || { echo "no $pattern"; return 1; }
		i=$((i + 1))
	done
}

check 'it builds against the selftests of the kernel' build
objdump=$(sed -n 's/^OBJDUMP_APX := //p' "$B/config.mk")
if [ -n "$objdump" ]; then
	"$objdump" -d --no-show-raw-insn "$dir/apx_state_test.o" | tr '\t' ' ' >"$dir/code"
	check 'its bytes load r16-r31' moves MEM REG
	check 'and store them' moves REG MEM
fi
timeout -s KILL 60 "$dir/apx_state_test" >"$dir/tap" 2>&1
status=$?
if [ "$status" = 4 ]; then
	check 'without APX it skips, and names what is missing' grep -q '1\.\.0 # SKIP.*FEATURE_APX' "$dir/tap"
else
	cat "$dir/tap"
	check 'with APX every case holds' [ "$status" = 0 ]
	check 'and is TAP' grep -q '^1\.\.10' "$dir/tap"
fi
echo "1..$n"
