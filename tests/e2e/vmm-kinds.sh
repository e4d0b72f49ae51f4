#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# vmm-mini runs the payload of every exit kind, at every privilege level it has,
# or says in words why this host cannot.
# seconds: 8
set -u
B=${B:-build}
KVM=/dev/kvm
EXITS=32
n=0

ok() { # ok DESCRIPTION
	n=$((n + 1))
	echo "ok $n - $1"
}

not_ok() { # not_ok DESCRIPTION OUTPUT
	n=$((n + 1))
	echo "not ok $n - $1"
	echo "$2" | sed 's/^/# /'
}

skip() { # skip DESCRIPTION REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

if ! [ -w "$KVM" ]; then
	echo "1..0 # SKIP no $KVM that we may open"
	exit 0
fi

# What the output must hold beside the number of iterations.
expect() { # expect ID
	case $1 in
	pio-*) echo "exits KVM_EXIT_IO $((EXITS + 1))" ;;
	mmio-*) echo "exits KVM_EXIT_MMIO $EXITS" ;;
	hlt) echo "exits KVM_EXIT_HLT $EXITS" ;;
	*) echo "exits KVM_EXIT_IO 1" ;;
	esac
}

run_kind() { # run_kind ID CPL
	id=$1
	cpl=$2
	what="$id at CPL $cpl"
	irqchip=
	case $id in *-tsc-deadline* | *-x2apic-icr*) irqchip=--irqchip ;; esac
	out=$("$B/vmm-mini" --exits $EXITS --cpl "$cpl" --timeout 2 $irqchip "$B/payloads/$id.elf" 2>&1)
	status=$?
	case $status:$id in
	0:*)
		if echo "$out" | grep -qx "iterations $EXITS" && echo "$out" | grep -qx "$(expect "$id")"; then
			ok "$what"
		else
			not_ok "$what: wrong exits" "$out"
		fi
		;;
	69:*) # the payload did not fail: this KVM cannot run it
		case $out in
		*"no end within"* | *"cannot emulate"* | *"no in-kernel"*) skip "$what" "$(echo "$out" | head -n 1)" ;;
		*) not_ok "$what: no reason that we know" "$out" ;;
		esac
		;;
	65:*-imm | 65:*-imm-*)
		if echo "$out" | grep -q '#UD'; then
			skip "$what" "no MSR_IMM or no APX here"
		else
			not_ok "$what" "$out"
		fi
		;;
	65:l2-*) # what KVM tells of itself says whether the payload may
		why=$("$B/egprlab" run --dry-run --layer boundary --exit "$id" --profile smoke 2>&1 | sed -n "s/.*$id: \(this KVM gives a guest no VMX and no SVM.*\)/\1/p" | head -n 1)
		if [ -n "$why" ]; then
			skip "$what" "$why"
		else
			not_ok "$what" "$out"
		fi
		;;
	*) not_ok "$what: status $status" "$out" ;;
	esac
}

for source in asm/payload/*.S; do
	id=$(basename "$source" .S)
	run_kind "$id" 0
	case $id in
	pio-* | mmio-* | cpuid | vmcall | pause | ud-in-guest) run_kind "$id" 3 ;;
	esac
done
echo "1..$n"
