#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Emulated execution equals native execution (REX2), 10^6 random cases.
# seconds: 10
set -u
B=${B:-build}
cases=1000000
seed=$(date +%s)

echo "1..1"
if out=$("$B/tests/emu/diff-rex2" --cases "$cases" --seed "$seed"); then
	echo "ok 1 - $out"
	exit 0
fi
echo "$out" | sed 's/^/# /'
echo "not ok 1 - emulated and native execution differ, seed $seed"
exit 1
