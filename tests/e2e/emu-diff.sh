#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Emulated execution equals native execution (REX2) and an oracle written for the
# test (EVEX map 4, promoted BMI), 10^6 random cases each.
# seconds: 25
set -u
B=${B:-build}
cases=1000000
seed=$(date +%s)
n=0
failed=0

echo "1..2"
for what in rex2 map4; do
	n=$((n + 1))
	if out=$("$B/tests/emu/diff-$what" --cases "$cases" --seed "$seed"); then
		echo "ok $n - $out"
	else
		echo "$out" | sed 's/^/# /'
		echo "not ok $n - $what differs, seed $seed"
		failed=1
	fi
done
exit "$failed"
