#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Everything that can go wrong with vmm-mini: status, message, nothing left behind.
# seconds: 8
set -u
B=${B:-build}
KVM=/dev/kvm
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

tap() { # tap RESULT DESCRIPTION
	n=$((n + 1))
	echo "$1 $n - $2"
}

# ends DESCRIPTION STATUS TEXT ARGUMENT...: status and a message that holds TEXT
ends() {
	what=$1
	status=$2
	text=$3
	shift 3
	"$B/vmm-mini" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	if [ $got -eq "$status" ] && grep -qF -- "$text" "$tmp/err" && ! [ -s "$tmp/out" ]; then
		tap ok "$what"
	else
		tap 'not ok' "$what"
		echo "# status $got, wanted $status and \"$text\""
		sed 's/^/# /' "$tmp/err" "$tmp/out"
	fi
}

ends 'no payload named' 64 'no payload named'
ends 'two payloads' 64 'more than one payload' a.elf b.elf
ends 'unknown option' 64 'unknown option' --nonsense a.elf
ends 'option without value' 64 'without its value' --cpl
ends 'CPL 1' 64 '--cpl wants 0 or 3' --cpl 1 a.elf
ends 'negative exits' 64 '--exits wants' --exits -1 a.elf
ends 'timeout of nothing' 64 '--timeout wants' --timeout 0 a.elf
ends 'unknown state' 64 '--state wants' --state live a.elf
if "$B/vmm-mini" --help | grep -q '^usage: vmm-mini'; then
	tap ok '--help'
else
	tap 'not ok' '--help'
fi
# lost DESCRIPTION: standard output that cannot be written is a status and a message
lost() {
	if [ "$status" -eq 69 ] && grep -q '^vmm-mini: standard output: ' "$tmp/err"; then
		tap ok "$1"
	else
		tap 'not ok' "$1"
		sed "s/^/# status $status: /" "$tmp/err"
	fi
}
"$B/vmm-mini" --help >/dev/full 2>"$tmp/err"
status=$?
lost '--help to a full disk'
"$B/vmm-mini" --help >&- 2>"$tmp/err"
status=$?
lost '--help with standard output closed'
ends 'no KVM device' 69 'no such device' --kvm "$tmp/nothing" "$B/payloads/cpuid.elf"
ends 'a device that is not KVM' 69 'not a KVM device' --kvm /dev/null "$B/payloads/cpuid.elf"
: >"$tmp/closed"
chmod 0 "$tmp/closed"
if [ -r "$tmp/closed" ]; then # root may open anything: become nobody
	chmod 711 "$tmp"
	mkdir "$tmp/bin"
	cp "$B/vmm-mini" "$tmp/bin/"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/bin/vmm-mini" --kvm "$tmp/closed" x.elf \
		2>"$tmp/err" >/dev/null
	status=$?
else
	"$B/vmm-mini" --kvm "$tmp/closed" x.elf 2>"$tmp/err" >/dev/null
	status=$?
fi
if [ $status -eq 69 ] && grep -q 'no permission' "$tmp/err" && grep -q 'fix: add yourself' "$tmp/err"; then
	tap ok 'no permission'
else
	tap 'not ok' 'no permission'
	sed 's/^/# /' "$tmp/err"
fi

if ! [ -w "$KVM" ]; then
	n=$((n + 1))
	echo "ok $n - runs # SKIP no $KVM that we may open"
	echo "1..$n"
	exit 0
fi

good=$B/payloads/cpuid.elf
ends 'odd memory size' 64 'multiple of 2 MiB' --memory 3 "$good"
ends 'no such payload' 64 'No such file' "$tmp/nothing.elf"
ends 'a directory' 65 'not an ELF file' "$tmp"
ends 'an empty file' 65 'not an ELF file' "$tmp/closed"
head -c 4000 /dev/zero >"$tmp/zeros"
ends 'a file of zeros' 65 'not an ELF file' "$tmp/zeros"
head -c 40 "$good" >"$tmp/cut"
ends 'an ELF cut in its header' 65 'truncated' "$tmp/cut"
head -c 4200 "$good" >"$tmp/cut"
ends 'an ELF cut in a segment' 65 'truncated' "$tmp/cut"
ends 'a program of this host' 65 'ET_EXEC' "$B/vmm-mini"
patch_byte() { # patch_byte OFFSET OCTAL: $tmp/patched is the good one with that byte
	cp "$good" "$tmp/patched"
	printf '%b' "\\0$2" | dd of="$tmp/patched" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
patch_byte 4 1
ends 'a 32-bit ELF' 65 '32-bit' "$tmp/patched"
patch_byte 18 267 # EM_AARCH64
ends 'an ELF for another machine' 65 'not for x86-64' "$tmp/patched"
patch_byte 82 377 # the first segment's address
ends 'a segment outside memory' 65 'outside guest memory' "$tmp/patched"
patch_byte 26 0 # the entry point
ends 'an entry outside' 65 'no executable segment' "$tmp/patched"

for cpl in 0 3; do
	ends "a payload that loops, CPL $cpl" 69 'no end within 0.5 s' --cpl $cpl --timeout 0.5 "$B/payloads/test/loops.elf"
	ends "a payload that exits for ever, CPL $cpl" 69 'no end within 0.5 s' --cpl $cpl --timeout 0.5 \
		"$B/payloads/test/exits-for-ever.elf"
	ends "page fault, CPL $cpl" 65 '#PF (vector 14)' --cpl $cpl "$B/payloads/test/page-fault.elf"
	ends "page fault, CPL $cpl: its address" 65 'cr2 0x7ffffff000' --cpl $cpl "$B/payloads/test/page-fault.elf"
	ends "page fault, CPL $cpl: registers" 65 'r11=1122334455667788' --cpl $cpl "$B/payloads/test/page-fault.elf"
	ends "unknown port, CPL $cpl" 65 'port 0x99' --cpl $cpl "$B/payloads/test/unknown-port.elf"
	ends "a payload's own status, CPL $cpl" 42 'status 42' --cpl $cpl "$B/payloads/test/reports-status.elf"
done
ends 'triple fault' 65 'triple fault' "$B/payloads/test/triple-fault.elf"
ends 'too little memory' 65 'outside guest memory' --memory 2 "$B/payloads/test/far.elf"

"$B/vmm-mini" "$good" >/dev/full 2>"$tmp/err"
status=$?
lost 'a report to a full disk'
"$B/vmm-mini" "$good" >&- 2>"$tmp/err"
status=$?
lost 'a report with standard output closed'

# timeout passes the signal on after half a second; a VMM that did not end would be killed: 137.
for signal in HUP.1 INT.2 TERM.15; do
	number=${signal#*.}
	signal=${signal%.*}
	for payload in loops exits-for-ever; do
		timeout --preserve-status -s "$signal" -k 2 0.5 "$B/vmm-mini" --timeout 20 \
			"$B/payloads/test/$payload.elf" >"$tmp/out" 2>"$tmp/err"
		status=$?
		if [ $status -eq $((128 + number)) ] && ! [ -s "$tmp/out" ] &&
			[ "$(cat "$tmp/err")" = "vmm-mini: ended by SIG$signal" ]; then
			tap ok "SIG$signal ends $payload"
		else
			tap 'not ok' "SIG$signal ends $payload"
			sed "s/^/# status $status: /" "$tmp/err"
		fi
	done
done

# An instruction that an interpreting KVM does not know is named by its bytes.
"$B/vmm-mini" "$B/payloads/test/not-emulated.elf" >/dev/null 2>"$tmp/err"
status=$?
if [ $status -eq 0 ]; then
	n=$((n + 1))
	echo "ok $n - exit 17 # SKIP this KVM runs CPL 0 code on the CPU"
elif [ $status -eq 69 ] && grep -q 'cannot emulate the instruction 0f 01 d0' "$tmp/err"; then
	tap ok 'exit 17 names the bytes'
else
	tap 'not ok' 'exit 17 names the bytes'
	sed 's/^/# /' "$tmp/err"
fi

# A hang is an error of one payload, not of the program that runs it: see vmm-kinds.
"$B/vmm-mini" --timeout 1 "$B/payloads/vmcall.elf" >/dev/null 2>"$tmp/err"
status=$?
if [ $status -eq 0 ]; then
	n=$((n + 1))
	echo "ok $n - a vmcall that hangs # SKIP this KVM answers it"
elif [ $status -eq 69 ] && grep -q 'no end within 1 s.*KVM hangs on an instruction.*0f 01' "$tmp/err"; then
	tap ok 'a vmcall that hangs ends in time'
	ends 'the same vmcall, left alone by KVM' 65 '#UD' --timeout 1 --no-patch "$B/payloads/test/vmcall.elf"
else
	tap 'not ok' 'a vmcall that hangs ends in time'
	sed 's/^/# /' "$tmp/err"
fi

"$B/vmm-mini" --trace --exits 3 "$B/payloads/mmio-write.elf" >/dev/null 2>"$tmp/err"
if [ "$(grep -c '^KVM_EXIT_MMIO write 0x3fe01000, 8 bytes$' "$tmp/err")" -eq 3 ]; then
	tap ok '--trace names every exit'
else
	tap 'not ok' '--trace names every exit'
	sed 's/^/# /' "$tmp/err"
fi
echo "1..$n"
