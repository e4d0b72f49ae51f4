#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# vmm-mini --footprint: the guest walks what the host's caches say, once per exit, every line
# counted; what does not walk is no result, and what was emulated has no time.
# seconds: 10
set -u
B=${B:-build}
KVM=/dev/kvm
CACHE=/sys/devices/system/cpu/cpu0/cache
EXITS=3
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

tap() { # tap RESULT DESCRIPTION
	n=$((n + 1))
	echo "$1 $n - $2"
	[ "$1" = ok ] || sed 's/^/# /' "$tmp/err" "$tmp/out"
}

vmm() { # vmm STATUS ARGUMENT...: ends with STATUS
	want=$1
	shift
	"$B/vmm-mini" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	[ $status -eq "$want" ]
}

refused() { # refused TEXT ARGUMENT...
	text=$1
	shift
	if vmm 64 "$@" a.elf && grep -qF -- "$text" "$tmp/err" && ! [ -s "$tmp/out" ]; then
		tap ok "refused: $*"
	else
		tap 'not ok' "refused: $*: status $status"
	fi
}

refused '--footprint wants' --footprint l4
refused '--footprint wants' --footprint ''
refused '--walk wants' --walk none
refused '--walk wants' --walk sideways
refused '--seed wants' --seed -1

if ! [ -w "$KVM" ]; then
	echo "1..$n # no $KVM that we may open: no guest was run"
	exit 0
fi

# bytes LEVEL TYPE: of a cache of CPU 0, as the kernel says
bytes() {
	for index in "$CACHE"/index*; do
		[ "$(cat "$index/level")" = "$1" ] || continue
		case $(cat "$index/type") in
		"$2" | Unified) sed 's/K$/ 1024/; s/M$/ 1048576/' "$index/size" | awk '{ print $1 * $2 }' ;;
		esac
	done
}

# walks FOOTPRINT WALK BYTES: as many lines as that, before each of the exits, and no time
walks() {
	if [ -z "$3" ]; then
		n=$((n + 1))
		echo "ok $n - $1, $2 # SKIP the kernel does not say how large this cache is"
		return
	fi
	lines=$(($3 * 3 / 4 / 64))
	if vmm 0 --emulate --state off --footprint "$1" --walk "$2" --seed 5 --exits $EXITS \
		"$B/payloads/pio-out.elf" &&
		grep -qx "walks $EXITS" "$tmp/out" &&
		grep -qx "lines walked $((EXITS * lines))" "$tmp/out" &&
		grep -qx "iterations $EXITS" "$tmp/out" &&
		! grep -q ticks "$tmp/out"; then
		tap ok "$1, $2: $lines lines before each of $EXITS exits, no time"
	else
		tap 'not ok' "$1, $2: status $status, wanted $EXITS walks of $lines lines"
	fi
}

for walk in linear random; do
	walks l1 $walk "$(bytes 1 Data)"
	walks l2 $walk "$(bytes 2 Unified)"
done
walks l1 code "$(bytes 1 Instruction)"
walks l2 code "$(bytes 2 Unified)"

if vmm 0 --emulate --state off --footprint 0 --exits $EXITS "$B/payloads/pio-out.elf" &&
	! grep -q walk "$tmp/out"; then
	tap ok 'footprint 0 walks nothing'
else
	tap 'not ok' "footprint 0: status $status"
fi

# At CPL 3 guest code runs on the CPU whatever KVM does at CPL 0, so levels can be told.
if vmm 0 --cpl 3 --footprint l1 --walk random --exits $EXITS "$B/payloads/pio-out.elf" &&
	[ "$(grep -c '^TSC ticks per line, l[12] [0-9.]*$' "$tmp/out")" -eq 2 ] &&
	grep -q '^footprint l1: ' "$tmp/out"; then
	tap ok 'what a line costs is measured, and said'
else
	tap 'not ok' "what a line costs: status $status"
fi

for fault in skipped short empty; do
	if vmm 65 --emulate --state off --footprint l1 --exits 12 \
		"$B/payloads/test/walk-$fault.elf" && grep -q 'walks of together' "$tmp/err"; then
		tap ok "a walk that is $fault is no result"
	else
		tap 'not ok' "a walk that is $fault: status $status"
	fi
done
# egpr-c has a batch of its own.
if ! [ -e "$B/payloads/egpr-c.elf" ]; then
	n=$((n + 1))
	echo "ok $n - a payload that cannot walk # SKIP no compiler that knows APX: install clang-19"
elif vmm 65 --emulate --exits 1 --footprint l1 "$B/payloads/egpr-c.elf" &&
	grep -q 'others do not walk' "$tmp/err"; then
	tap ok 'a payload that cannot walk is no result'
else
	tap 'not ok' "a payload that cannot walk: status $status"
fi
echo "1..$n"
