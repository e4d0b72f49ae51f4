#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The properties of the XSAVE interface on kvm-amd (QEMU) and kvm-intel (Bochs) of a Debian 6.12 kernel, for
# the components that those CPUs have, with a migration between two VMs. On QEMU also for r16-r31, in a KVM
# that keeps them beside the fpstate: right, and to the letter of the posted diff, which must fail four.
# seconds: 40
# timeout: 900
# spare
set -u

B=${B:-build}
. tests/e2e/tap.inc
. tests/e2e/qemu.inc

# section BED NAME: its lines.
section() {
	sed -n "/^== $2\$/,/^== /{ /^== /!p }" "$dir/$1"
}
whole() { # whole BED NAME: eight properties, none skipped, none failed
	section "$1" "$2" >"$dir/section"
	cat "$dir/section"
	[ "$(grep -cE '^ok [0-9]+ - test_' "$dir/section")" -eq 8 ] && ! grep -qiE 'skip|^not ok' "$dir/section"
}
only() { # only BED NAME TESTS: these fail, and no other
	section "$1" "$2" >"$dir/section"
	grep -v '^# difference' "$dir/section"
	[ "$(sed -n 's/^not ok [0-9]* - test_\([a-z_]*\).*/\1/p' "$dir/section" | sort | tr '\n' ' ')" = "$3 " ] &&
		[ "$(grep -cE '^ok [0-9]+ - test_' "$dir/section")" -eq 4 ]
}
migrated() { # migrated BED NAME
	section "$1" "$2" >"$dir/section"
	cat "$dir/section"
	grep -q '^1\.\.[1-9]' "$dir/section" && ! grep -q '^not ok' "$dir/section"
}

for bed in tcg bochs; do
	case $bed in
	tcg) emulator=qemu-system-x86_64 vendor=amd ;;
	bochs) emulator=bochs-bin vendor=intel ;;
	esac
	if ! command -v "$emulator" >/dev/null 2>&1; then
		n=$((n + 1))
		echo "ok $n - $bed # SKIP $emulator is not installed (scripts/deps check)"
		continue
	fi
	edited=
	command="tests/bed/uabi-edited $vendor"
	if [ $bed = bochs ]; then
		# The copies are in kvm.ko, which both vendors' modules share: once is enough.
		command="echo '== stock'; CMOCKA_MESSAGE_OUTPUT=TAP $B/tests/unit/group/uabi-ioctl; echo '== end'"
	elif traps_no_rex2 "$emulator" >"$dir/why"; then
		: # two guests that execute APX
	elif release=$(scripts/machine/kernel 6.12 2>"$dir/why") &&
		VENDOR=kvm-$vendor scripts/kvm-build "$release" >"$dir/why" 2>&1; then
		edited=y
	elif [ $? != 69 ]; then
		check "$bed: KVM builds with r16-r31 in its XSAVE buffers" sh -c "cat '$dir/why'; false"
	fi
	TIMEOUT=300 scripts/boot "$bed" 6.12 -- sh -c "grep -q ^kvm_$vendor /proc/modules && $command" >"$dir/$bed" 2>&1
	status=$?
	if [ "$status" = 69 ]; then
		n=$((n + 1))
		echo "ok $n - $bed # SKIP $(tail -n 1 "$dir/$bed")"
		continue
	fi
	check "$bed: all properties hold (kvm_$vendor)" whole $bed stock
	check "$bed: it ran to its end" sh -c "tail -n 20 '$dir/$bed'; grep -qx '== end' '$dir/$bed'"
	[ $bed = tcg ] || continue
	if [ -z "$edited" ]; then
		n=$((n + 1))
		echo "ok $n - r16-r31 in XSAVE buffers # SKIP $(head -n 1 "$dir/why")"
		continue
	fi
	check 'r16-r31 beside the fpstate: all properties hold for them too' whole $bed excluded
	check 'and they are among what was tried' sh -c "grep -A 2 '^== excluded\$' '$dir/$bed' | grep -q 'XCR0 of the guests: 0x[0-9a-f]*8[0-9a-f]\{4\}\$'"
	check 'as posted four do not, and no other' only $bed posted 'clear_bit compacted_refused not_given refused_changes_nothing'
	check 'two running guests, and a migration between them' migrated $bed excluded-migrate
	check 'as posted it works too, but for the guest whose bit is clear' migrated $bed posted-migrate
	check 'the kernel does not complain' sh -c "sed -n '/^== log\$/,/^== end\$/p' '$dir/$bed' | grep -v '^==' | grep . && exit 1 || exit 0"
done
echo "1..$n"
