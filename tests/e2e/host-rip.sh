#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What `dual` by HOST_RIP executes, counted in the code of a kvm-intel.ko of form hw, beside a gate: no machine without
# APX runs it. Proofs of it are in vmenter-bochs-6.12.sh.
# seconds: 1
# timeout: 1200
set -u
B=${B:-build}
. tests/e2e/tap.inc

if [ -z "${LONG:-}" ]; then
	echo '1..0 # SKIP KVM is compiled for minutes: LONG=1 tests/e2e/host-rip.sh'
	exit 0
fi
disassemble=llvm-objdump-19 # knows REX2
if ! command -v $disassemble >/dev/null 2>&1; then
	echo "1..0 # SKIP $disassemble is not installed (scripts/deps check)"
	exit 0
fi
release=$(scripts/machine/kernel 6.12 2>"$dir/err") || {
	echo "1..0 # SKIP no Debian kernel 6.12: $(head -n 1 "$dir/err")"
	exit 0
}
export VENDOR=kvm-intel
rip=$(FORM=hw scripts/kvm-build --inline dual --host-rip "$release" 2>"$dir/said")
check 'KVM builds with two exit labels' sh -c "cat '$dir/said'; test -n '$rip'"
check 'and objtool has nothing to say' sh -c "! grep . '$B/kvm-$release-host-rip/tree/log'"
gate=$(scripts/kvm-build --inline gated-mov "$release" 2>"$dir/said")
check 'and with a gate' sh -c "cat '$dir/said'; test -n '$gate'"

# code DIR SYMBOL: a line per instruction from the symbol to the next; that which names a context ends in `context`.
code() {
	$disassemble -dr --no-show-raw-insn --disassemble-symbols="$2" "$1/kvm-intel.ko" | awk '
	/^ *[0-9a-f]+: / { if (insn) print insn; sub(/^ *[0-9a-f]+: */, ""); gsub(/[ \t]+/, " "); insn = $0 }
	/R_X86_64_.*egpr_place_context/ { insn = insn " context" }
	END { print insn }'
}
# to_branch: of code, from what names a context to the first conditional branch behind it.
to_branch() { sed -n '/ context$/,/^ *j[a-ln-z]/p'; }
is() { # is NUMBER FILE: lines
	echo "$(wc -l <"$2") instructions"
	cat "$2"
	[ "$(wc -l <"$2")" -eq "$1" ]
}

code "$rip" egpr_vmexit_apx >"$dir/label"
grep -E 'r(1[6-9]|2[0-9]|3[01])' "$dir/label" >"$dir/words"
grep -vE 'r(1[6-9]|2[0-9]|3[01])' "$dir/label" >"$dir/around"
check 'behind the label of a guest with APX: 16 stores, 16 clears' is 32 "$dir/words"
check 'and ENDBR, PUSH, the context, POP, alignment' is 5 "$dir/around"
check 'no branch among them' sh -c "! grep -E '^ *(j|call|ret)' '$dir/label'"
code "$rip" vmx_vmexit >"$dir/own"
check 'VM-fail has 16 stores and 16 clears behind a gate' sh -c "
	test \$(grep -cE 'r(1[6-9]|2[0-9]|3[01])' '$dir/own') -eq 32"
to_branch <"$dir/own" >"$dir/fails"
check 'of three instructions' is 3 "$dir/fails"
code "$rip" __vmx_vcpu_run | to_branch >"$dir/entry"
check 'and so has the entry' is 3 "$dir/entry"
code "$rip" vmx_vcpu_run | to_branch >"$dir/compared"
check 'the comparison that HOST_RIP wants at each entry' is 4 "$dir/compared"
code "$gate" vmx_vmexit | to_branch >"$dir/gate"
check 'the gate that it replaces, with the load of the context' is 3 "$dir/gate"
echo "1..$n"
