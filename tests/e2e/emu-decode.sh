#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The emulator's decoder reads every enumerated REX2 and EVEX pattern as LLVM's
# disassembler does; differences are those of tests/emu/llvm-deviations.h.
# seconds: 8
set -u
B=${B:-build}
known=19 # the LLVM whose deviations are listed
LLVM_MC=$(sed -n 's/^LLVM_MC := //p' "$B/config.mk")

if [ -z "$LLVM_MC" ] || ! "$LLVM_MC" --version | grep -q "version $known\\."; then
	echo "1..0 # SKIP the list of deviations is that of LLVM $known: install llvm-$known"
	exit 0
fi
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT

echo "1..1"
"$B/tests/emu/decode-llvm" patterns >"$tmp/patterns"
"$LLVM_MC" --disassemble --triple=x86_64 "$tmp/patterns" >"$tmp/llvm" 2>/dev/null
if "$B/tests/emu/decode-llvm" check <"$tmp/llvm" >"$tmp/result"; then
	tail -1 "$tmp/result" | sed 's/^/ok 1 - /'
	exit 0
fi
sed 's/^/# /' "$tmp/result"
tail -1 "$tmp/result" | sed 's/^/not ok 1 - /'
exit 1
