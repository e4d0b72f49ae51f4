#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# libFuzzer with ASan and UBSan on the emulator's decoder and executor, from the
# kept corpus, for a bounded time. `make fuzz` is the long run.
# seconds: 10
set -u
B=${B:-build}
seconds=12

if [ ! -x "$B/tests/fuzz/emu" ]; then
	echo "1..0 # SKIP no clang with libFuzzer: install clang-19 and libclang-rt-19-dev"
	exit 0
fi
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/found"

echo "1..2"
if "$B/tests/fuzz/emu" -runs=0 "-artifact_prefix=$tmp/" tests/fuzz/corpus/emu >"$tmp/log" 2>&1; then
	echo "ok 1 - $(find tests/fuzz/corpus/emu -type f | wc -l) kept inputs"
else
	sed 's/^/# /' "$tmp/log"
	echo "not ok 1 - a kept input fails"
fi
if "$B/tests/fuzz/emu" "-max_total_time=$seconds" -max_len=64 "-artifact_prefix=$tmp/" \
	"$tmp/found" tests/fuzz/corpus/emu >"$tmp/log" 2>&1; then
	runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$tmp/log")
	echo "ok 2 - $runs runs without a finding"
else
	tail -40 "$tmp/log" | sed 's/^/# /'
	for f in "$tmp"/crash-* "$tmp"/oom-* "$tmp"/timeout-*; do
		[ -e "$f" ] && echo "# input: $(od -An -v -tx1 "$f" | tr -d '\n')"
	done
	echo "not ok 2 - fuzzing found something"
fi
