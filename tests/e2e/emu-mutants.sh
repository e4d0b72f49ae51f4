#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The emulator's tests can fail: each deliberate mistake below is caught by the
# test that claims to cover it.
# seconds: 8
set -u
B=${B:-build}
CC=${CC:-gcc}
cases=30000
case $B in
*/san)
	echo "1..0 # SKIP mutants are built without sanitizers; run the plain build"
	exit 0
	;;
esac
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

# file | sed expression | test that must notice | what is wrong
mutants() {
	cat <<'LIST'
decode_operands|s/idx == EMU_RSP ?/(idx \& 7) == EMU_RSP ?/|diff-rex2|r12, r20 and r28 are no index
decode_operands|s/b->x4 << 4/0/|diff-rex2|X4 is ignored
reencode|s/ | row->impl / /|diff-rex2|a stand-in hides an implicit register
reencode|s/insn->w << 3/0/|unit|W is lost
operand|s/size >= 4 || zero_upper/size >= 8 || zero_upper/|diff-map4|32-bit results do not zero-extend
execute|s/FL_CF | FL_PF : 0/FL_CF : 0/|diff-map4|PF is not CF in default flags
legacy|s/if (!re->noflags)/if (1)/|diff-map4|NF writes flags
execute|s/pair\[1\] = emu_get(ctx, insn->vreg)/pair[1] = emu_get(ctx, insn->rm)/|diff-map4|PUSH2 pushes one register twice
legacy|s/return dividend >= limit/return dividend > limit/|unit|the smallest overflowing quotient
legacy|s/re->zext ? v . emu_mask(re->zext) : v/v/|diff-map4|16-bit NDD keeps upper bits
legacy|s/EMU_READ_FOR_WRITE : EMU_READ/EMU_READ : EMU_READ/|unit|a read-modify-write faults as a read
semantics|s/f |= out \& 8 ? FL_AF : 0;//|diff-map4|AF without a slot
xstate|s/(inuse || !(x->opt || x->compact))/inuse/|unit|XSAVE leaves initial data out
xstate|s/ctx->page->xinuse = load ? 1 : 0/ctx->page->xinuse = 1/|unit|XINUSE stays set
xstate|s/value \& ~(settable | BIT19)/value \& ~(ctx->xcr0_real | BIT19)/|unit|what XCR0 is bounds what it may be
xstate|s/i < EGPR_XFEATURE; i++/i < 17; i++/|xstate|AMX has no room in the compacted format
xstate|s/if (align)/if (0)/|xstate|components are packed that are aligned
xstate|s/^\t\toff += size;/\t\toff += (size + 63) \& ~63u;/|xstate|components are aligned that are packed
xstate|s/ctx->xstd_offset ? ctx->xstd_offset : //|xstate|component 19 is at 960 everywhere
xstate|s/off = compact_offset(ctx, x->rfbm)/off = compact_offset(ctx, x->rfbm \& header[HDR_STATE])/|xstate|an area is laid out by what was in it
xstate|s/load = x->rfbm \& BIT19 .*/load = !!(x->rfbm \& BIT19);/|xstate|stale bytes are loaded
xstate|s/if (!x->rest)$/if (!x->rest || !(header[HDR_STATE] \& x->rest))/|xstate|no MXCSR for an AVX that is not in the area
xstate|s/ \& ~COMPACTED \& ~allowed)/ \& 0)/|xstate|XCOMP_BV may have anything
xstate|s/|| h\[HDR_STATE\] \& ~h\[HDR_XCOMP\]//|xstate|XSTATE_BV may go beyond XCOMP_BV
xstate|s/h\[HDR_XCOMP\] || h\[2\] || /h[HDR_XCOMP] || /|xstate|a reserved word of the standard format
xstate|s/(x->supervisor ? ctx->xss : 0);/ctx->xss;/|xstate|XRSTOR takes supervisor components
LIST
}

# build FILE.c TEST: $tmp/mutant, the test with that file in place of the library's
build() {
	if [ "$2" = unit ]; then
		set -- "$1" "$B/tests/unit/emu.o" "$B/tests/emu/machine.o"
	elif [ "$2" = xstate ]; then
		set -- "$1" "$B/tests/unit/emu-xstate.o"
	else
		set -- "$1" "$B/tests/emu/$2.o" "$B/tests/emu/diff.o" "$B/tests/emu/machine.o" "$B/tests/emu/ref.o"
	fi
	$CC -std=gnu11 -O1 -Iinclude -Iemu -c "$1" -o "$tmp/mutated.o" || return 1
	shift
	# shellcheck disable=SC2086 # several flags
	$CC ${LDFLAGS:-} "$tmp/mutated.o" "$@" "$B/libegpremu.a" -o "$tmp/mutant" -lcmocka
}

# passes TEST: does $tmp/mutant pass?
passes() {
	if [ "$1" = unit ] || [ "$1" = xstate ]; then
		"$tmp/mutant" >/dev/null 2>&1
	else
		"$tmp/mutant" --cases "$cases" >/dev/null 2>&1
	fi
}

mutants >"$tmp/list"
echo "1..$(($(wc -l <"$tmp/list") + 4))"
# The control: without a mistake, built the same way, each passes.
for test in unit xstate diff-rex2 diff-map4; do
	n=$((n + 1))
	if build emu/execute.c "$test" && passes "$test"; then
		echo "ok $n - $test passes without a mistake"
	else
		echo "not ok $n - $test fails without a mistake"
	fi
done
while IFS= read -r row; do
	n=$((n + 1))
	file=${row%%|*}
	rest=${row#*|}
	what=${rest##*|}
	rest=${rest%|*}
	test=${rest##*|}
	expr=${rest%|*}
	sed "$expr" "emu/$file.c" >"$tmp/$file.c"
	if cmp -s "emu/$file.c" "$tmp/$file.c"; then
		echo "not ok $n - $what: the mistake no longer applies to emu/$file.c"
		continue
	fi
	if ! build "$tmp/$file.c" "$test"; then
		echo "not ok $n - $what: does not build"
	elif passes "$test"; then
		echo "not ok $n - $test does not notice: $what"
	else
		echo "ok $n - $test notices: $what"
	fi
done <"$tmp/list"
