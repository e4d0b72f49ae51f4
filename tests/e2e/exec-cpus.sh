#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The user host on CPUs without XSAVE, without AVX, with AVX only, and with all that QEMU has.
# seconds: 8
set -u
. tests/e2e/qemu.inc

B=${B:-build}
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

if ! command -v qemu-x86_64 >/dev/null; then
	echo '1..0 # SKIP no qemu-x86_64 here (package qemu-user)'
	exit 0
fi
if reason=$(traps_no_rex2 qemu-x86_64); then
	echo "1..0 # SKIP $reason"
	exit 0
fi
if [ ! -x "$B/tests/apx-demo" ]; then
	echo '1..0 # SKIP no compiler here knows -mapxf (clang >= 18)'
	exit 0
fi

# QEMU runs a new program on the real CPU, so the library is preloaded as exec would.
for cpu in Nehalem qemu64 SandyBridge Haswell max; do
	for program in apx-demo apx/threads-apx apx/destructors-apx; do
		n=$((n + 1))
		timeout -s KILL 60 qemu-x86_64 -cpu $cpu -E LD_PRELOAD="$PWD/$B/libegpr-exec.so" \
			"$B/tests/$program" >"$tmp/got" 2>"$tmp/err"
		status=$?
		want=$B/tests/${program%-apx}-legacy
		if [ ! -x "$want" ]; then
			: >"$tmp/want"
			: >"$tmp/got"
		else
			"$want" >"$tmp/want"
		fi
		if [ $status -eq 0 ] && cmp -s "$tmp/want" "$tmp/got"; then
			echo "ok $n - $program on $cpu"
		else
			echo "not ok $n - $program on $cpu: status $status"
			grep -v 'TCG doesn' "$tmp/err" | sed 's/^/# /'
		fi
	done
done
echo "1..$n"
