#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The emulator's freestanding library stands on its own: it refers to nothing
# outside itself and uses no vector register, so a kernel and a guest can link it.
# seconds: 1
set -u
B=${B:-build}
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT

echo "1..3"
verdict() { # verdict N WHAT: by the status of the command before
	if [ $? -eq 0 ]; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
	fi
}

ld -r --whole-archive "$B/libegpremu-free.a" -o "$tmp/all.o" && nm -u "$tmp/all.o" >"$tmp/undefined"
verdict 1 "it links into one object"
! [ -s "$tmp/undefined" ] || { sed 's/^/# /' "$tmp/undefined"; false; }
verdict 2 "it refers to nothing outside itself"
! objdump -d "$tmp/all.o" | grep -E '%[xyz]mm|%st|%mm[0-7]' | sed 's/^/# /' | grep .
verdict 3 "it uses general registers only"
