#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab exec: programs compiled with -mapxf give the output they give without.
# seconds: 5
set -u

B=${B:-build}
lab=$B/egprlab
progs=$(sed -n 's/^APX_CC := *//p' "$B/config.mk")
objdump=$(sed -n 's/^OBJDUMP_APX := *//p' "$B/config.mk")
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

ok() { # ok STATUS TEXT
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
	fi
}

if [ -z "$progs" ]; then
	echo 'ok 1 - exec # SKIP no compiler here knows -mapxf (clang >= 18)'
	echo 1..1
	exit 0
fi

# used PATTERN PROGRAM: instructions of the program that match
used() {
	"$objdump" -d --no-show-raw-insn "$2" | grep -cE "$1"
}

"$lab" exec -- "$B/tests/apx-demo" >"$tmp/demo"
ok $? 'apx-demo runs, and every result is the known one'

for legacy in "$B"/tests/apx/*-legacy; do
	name=$(basename "$legacy" -legacy)
	apx=${legacy%-legacy}-apx
	"$legacy" >"$tmp/want"
	for how in '' --no-patch; do
		# shellcheck disable=SC2086
		"$lab" exec $how -- "$apx" >"$tmp/got" 2>"$tmp/err"
		status=$?
		cmp "$tmp/want" "$tmp/got" >"$tmp/cmp" 2>&1 && [ "$status" -eq 0 ]
		same=$?
		ok $same "$name $how: same output with -mapxf"
		[ $same -eq 0 ] || {
			echo "# exit status $status"
			diff "$tmp/want" "$tmp/got" | sed 's/^/# /'
			sed 's/^/# /' "$tmp/err"
		}
	done
done

# What the compiler was meant to emit, it did emit, in one program or another.
for what in '%r(1[6-9]|2[0-9]|3[01])' '\{nf\}' 'ccmp' 'ctest' 'push2p?' 'pop2p?' 'setzu' 'cfcmov' \
	'imulq?	.*,.*,%r|(add|sub|and|or|xor)[lq]	[^,]*,[^,]*,[^,]*$'; do
	count=0
	for apx in "$B"/tests/apx/*-apx "$B/tests/apx-demo"; do
		count=$((count + $(used "$what" "$apx")))
	done
	[ "$count" -gt 0 ]
	ok $? "the programs contain $what ($count)"
done

# Status and signal of the program are exec's own.
"$lab" exec -- sh -c 'exit 37'
[ $? -eq 37 ]
ok $? 'the exit status is the program'"'"'s'

"$lab" exec -- "$tmp/absent" 2>"$tmp/err"
[ $? -eq 64 ] && grep -q 'absent: No such file' "$tmp/err"
ok $? 'a program that is not there: named, status 64'

echo 'int main(void) { return 0; }' >"$tmp/s.c"
cc -static "$tmp/s.c" -o "$tmp/static" 2>/dev/null &&
	! "$lab" exec -- "$tmp/static" 2>"$tmp/err" && grep -q 'statically linked' "$tmp/err"
ok $? 'a static program is refused, with the reason'

"$lab" exec 2>/dev/null
[ $? -eq 64 ]
ok $? 'no program: status 64'

echo "1..$n"
