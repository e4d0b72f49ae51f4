#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest host's fault path under libFuzzer, ASan and UBSan: the kept corpus, and
# as many new inputs as fit a few seconds. `make fuzz-guest` runs for as long as one likes.
# seconds: 8
set -u
B=${B:-build}
RUNS=60000
fuzzer=$B/tests/fuzz/guest-host
corpus=tests/fuzz/corpus/guest-host
faults='-handle_ill=0 -handle_segv=0 -handle_fpe=0 -handle_bus=0'

if ! [ -x "$fuzzer" ]; then
	echo "1..0 # SKIP no libFuzzer: install clang-19"
	exit 0
fi
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/new"

run() { # run NUMBER DESCRIPTION ARGUMENT...
	number=$1
	what=$2
	shift 2
	# shellcheck disable=SC2086
	if "$fuzzer" $faults -artifact_prefix="$tmp/" -max_len=144 "$@" >"$tmp/log" 2>&1; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		tail -n 20 "$tmp/log" | sed 's/^/# /'
		for input in "$tmp"/crash-* "$tmp"/timeout-*; do
			[ -f "$input" ] && echo "# input: $(od -An -tx1 "$input" | tr -d '\n')"
		done
	fi
}

count=$(find "$corpus" -type f | wc -l)
run 1 "$count kept inputs" "$corpus" -runs=0
run 2 "$RUNS new inputs" -seed=1 -runs=$RUNS "$tmp/new" "$corpus"
echo "1..2"
