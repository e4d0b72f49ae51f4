#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab doctor names what this host can and cannot do, and agrees with what
# can be seen without it. Hosts that are not at hand are directories.
# seconds: 4
# shellcheck disable=SC2016 # scripts of sh -c have their own arguments
set -u
B=${B:-build}
json=$B/tests/tools/json
. tests/e2e/tap.inc
tmp=$dir/work
mkdir "$tmp"

skip() { # skip WHAT REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

fact() { # fact FILE ID KEY: of one check
	line=$($json checks/each/id <"$1" | grep -nx "$2" | cut -d: -f1)
	[ -n "$line" ] && $json "checks/$((line - 1))/$3" <"$1"
}

"$B/egprlab" doctor --seconds 0.05 >"$tmp/text"
check 'doctor succeeds' test $? -eq 0
"$B/egprlab" doctor --json --seconds 0.05 >"$tmp/json"
check 'doctor --json succeeds' test $? -eq 0
check 'the verdict comes first' sh -c 'head -n 1 "$1" | grep -q "^Verdict: "' - "$tmp/text"
check 'JSON and text give the same verdict' grep -qF "$($json verdict <"$tmp/json" | cut -c1-40)" "$tmp/text"
check 'ids of checks are unique' test -z "$($json checks/each/id <"$tmp/json" | sort | uniq -d)"
for id in apx pmu msr clocksource tsc core-type hypervisor kvm module noise isolation; do
	check "there is a fact about $id" test -n "$(fact "$tmp/json" $id fact)"
	check "the text shows $id" grep -q "^  $id" "$tmp/text"
done

# The dump is of this CPU: its family and model are those of /proc/cpuinfo.
"$B/egprlab" doctor --cpuid >"$tmp/cpuid"
check 'doctor --cpuid succeeds' test $? -eq 0
check 'every line is a leaf, a sub-leaf and four registers' sh -c '! sed 1d "$1" | grep -vE "^[0-9a-f]{8} [0-9a-f]{2}:( [0-9a-f]{8}){4}$"' - "$tmp/cpuid"
signature=$(sed -n 's/^00000001 00: \([0-9a-f]*\) .*/\1/p' "$tmp/cpuid")
family=$((0x$signature >> 8 & 15))
[ $family -ne 15 ] || family=$((family + (0x$signature >> 20 & 255)))
check 'leaf 1 has the family of /proc/cpuinfo' test "$family" = "$(sed -n 's/^cpu family[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
check 'and the last leaf is the one that leaf 0 names' grep -q "^$(sed -n 's/^00000000 00: \([0-9a-f]*\) .*/\1/p' "$tmp/cpuid") 00:" "$tmp/cpuid"
"$B/egprlab" doctor --cpuid --cpu 9999 >"$tmp/none" 2>&1
check 'a CPU that is not there is an error' test $? -eq 69

# Who says how fast the TSC ticks, and that nothing but counted core cycles is called cycles.
check 'the rate of the TSC has a source' sh -c 'echo "$1" | grep -qxE "cpuid-1[56]h|kernel|hypervisor|calibrated"' - \
	"$($json tsc/source <"$tmp/json")"
check 'and the text names it' sh -c 'tr -s " \n" " " <"$1" | grep -q "MHz ($2:"' - "$tmp/text" "$($json tsc/source <"$tmp/json")"
check 'TSC ticks are not called cycles' sh -c '! tr -s " \n" " " <"$1" | grep -oiE ".{0,5}\bcycles?\b" | grep -viE "core +cycles"' - "$tmp/text"

# What is not fine says what it costs and how to mend it.
check 'every fault has its cost and its remedy' sh -c '
	n=$("$1" checks/# <"$2")
	i=0
	while [ $i -lt "$n" ]; do
		level=$("$1" checks/$i/level <"$2")
		cost=$("$1" checks/$i/cost <"$2")
		fix=$("$1" checks/$i/fix <"$2")
		case $level in
		fine) [ -z "$cost$fix" ] || exit 1 ;;
		lack | mend) [ -n "$cost" ] && [ -n "$fix" ] || exit 1 ;;
		*) exit 1 ;;
		esac
		i=$((i + 1))
	done' - "$json" "$tmp/json"

# Against /proc/cpuinfo.
if grep -qw apx /proc/cpuinfo; then
	check 'APX is seen' test "$($json apx <"$tmp/json")" = true
else
	check 'no APX is seen' test "$($json apx <"$tmp/json")" = false
	check 'REX2 was tried, and the result said' sh -c 'echo "$1" | grep -q "raise #UD"' - "$(fact "$tmp/json" apx fact)"
	check 'the cost names the provenances that remain' sh -c 'echo "$1" | grep -q "proxy.*emu"' - \
		"$(fact "$tmp/json" apx cost)"
fi
if [ -w /dev/kvm ]; then
	check 'the backend is named' sh -c 'echo "$1" | grep -qxE "vmx|svm|pvm"' - "$($json backend <"$tmp/json")"
	if [ "$($json representative <"$tmp/json")" = false ]; then
		check 'what interprets guest code is said' test "$(fact "$tmp/json" backend level)" = lack
		check 'the verdict says so too' sh -c 'grep -q "say nothing about hardware" "$1"' - "$tmp/json"
	else
		check 'the backend is fine' test "$(fact "$tmp/json" backend level)" = fine
	fi
else
	skip 'the backend is named' 'no /dev/kvm'
fi

# A host without anything.
mkdir "$tmp/root"
"$B/egprlab" doctor --json --seconds 0.05 --root "$tmp/root" >"$tmp/none"
check 'a host without /proc and /dev can be asked' test $? -eq 0
check 'no KVM there' test "$(fact "$tmp/none" kvm level)" = mend
check 'the verdict says that no guest runs' grep -q 'no guest runs' "$tmp/none"
check 'no settings there' test -z "$(fact "$tmp/none" ksm fact)"
check 'nor a governor, which is said' test "$(fact "$tmp/none" governor level)" = lack

# A host that is badly set up.
mkdir -p "$tmp/root/sys/kernel/mm/ksm" "$tmp/root/proc/sys/kernel" "$tmp/root/sys/devices/system/cpu" \
	"$tmp/root/lib/modules/6.1.0-test/build" "$tmp/root/sys/module/kvm/parameters" \
	"$tmp/root/sys/devices/system/cpu/cpu0/cpufreq"
echo 1 >"$tmp/root/sys/kernel/mm/ksm/run"
echo 6.1.0-test >"$tmp/root/proc/sys/kernel/osrelease"
echo powersave >"$tmp/root/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
: >"$tmp/root/proc/modules"
: >"$tmp/root/lib/modules/6.1.0-test/build/Makefile"
"$B/egprlab" doctor --json --cpu 0 --seconds 0.05 --root "$tmp/root" >"$tmp/bad"
check 'KSM is a fault' test "$(fact "$tmp/bad" ksm level)" = mend
check 'the governor is a fault' test "$(fact "$tmp/bad" governor level)" = mend
check 'the remedy is the script' sh -c 'echo "$1" | grep -q "scripts/noise apply --cpu 0"' - "$(fact "$tmp/bad" governor fix)"
check 'headers are there, the module is not' sh -c 'echo "$1" | grep -q "headers of 6.1.0-test are installed"' - \
	"$(fact "$tmp/bad" module fact)"
mkdir -p "$tmp/root/sys/module/egpr_switch"
"$B/egprlab" doctor --json --cpu 0 --seconds 0.05 --root "$tmp/root" >"$tmp/bad"
check 'a loaded module is seen' test "$($json module <"$tmp/bad")" = true

# A kernel that takes no unsigned module.
lock=$tmp/root/sys/kernel/security/lockdown
efi=$tmp/root/sys/firmware/efi/efivars
rmdir "$tmp/root/sys/module/egpr_switch"
mkdir -p "${lock%/*}" "$efi" "$tmp/root/sys/module/module/parameters"
echo '[none] integrity confidentiality' >"$lock"
"$B/egprlab" doctor --json --cpu 0 --seconds 0.05 --root "$tmp/root" >"$tmp/bad"
check 'no lockdown: the module can be loaded' sh -c 'echo "$1" | grep -q "insmod"' - "$(fact "$tmp/bad" module fix)"
echo 'none [integrity] confidentiality' >"$lock"
"$B/egprlab" doctor --json --cpu 0 --seconds 0.05 --root "$tmp/root" >"$tmp/bad"
check 'lockdown is said' sh -c 'echo "$1" | grep -q "locked down (integrity)"' - "$(fact "$tmp/bad" module fact)"
check 'with what mends it' sh -c 'echo "$1" | grep -q "mokutil.*Secure Boot off"' - "$(fact "$tmp/bad" module fix)"
printf '\006\000\000\000\001' >"$efi/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
"$B/egprlab" doctor --json --cpu 0 --seconds 0.05 --root "$tmp/root" >"$tmp/bad"
check 'and that Secure Boot is on' sh -c 'echo "$1" | grep -q "(integrity; Secure Boot is on)"' - "$(fact "$tmp/bad" module fact)"
rm "$lock"
echo Y >"$tmp/root/sys/module/module/parameters/sig_enforce"
"$B/egprlab" doctor --json --cpu 0 --seconds 0.05 --root "$tmp/root" >"$tmp/bad"
check 'enforced signatures are said' sh -c 'echo "$1" | grep -q "sig_enforce"' - "$(fact "$tmp/bad" module fact)"

# A hybrid host.
mkdir -p "$tmp/hybrid/sys/devices/cpu_core" "$tmp/hybrid/sys/devices/cpu_atom"
echo 0 >"$tmp/hybrid/sys/devices/cpu_core/cpus"
echo 1-9 >"$tmp/hybrid/sys/devices/cpu_atom/cpus"
"$B/egprlab" doctor --json --cpu 0 --seconds 0.05 --root "$tmp/hybrid" >"$tmp/text"
check 'a hybrid CPU is said' test "$(fact "$tmp/text" core-type level)" = lack
check 'with the kind of the measuring core' sh -c 'echo "$1" | grep -q "CPU 0 is a core of type performance"' - \
	"$(fact "$tmp/text" core-type fact)"
check 'which is a fact of the host' test "$($json host/core_type <"$tmp/text")" = performance

# CPUs that are offline, and numbers beyond 1023 with holes between them.
mkdir -p "$tmp/far/sys/devices/system/cpu"
echo 0-3,1024-1031,1500 >"$tmp/far/sys/devices/system/cpu/present"
echo 0-3,1024-1031 >"$tmp/far/sys/devices/system/cpu/online"
"$B/egprlab" doctor --json --cpu 1500 --seconds 0.05 --root "$tmp/far" >"$tmp/text" 2>&1
check 'an offline CPU ends no doctor' test $? -eq 0
check 'it is a fault' test "$(fact "$tmp/text" noise level)" = mend
check 'with what brings it online' sh -c 'echo "$1" | grep -q "CPU 1500 is offline.*cpu1500/online.*0-3,1024-1031"' - \
	"$(fact "$tmp/text" noise fact)"
echo 0-3,1024-1500 >"$tmp/far/sys/devices/system/cpu/isolated"
"$B/egprlab" doctor --json --cpu 1500 --seconds 0.05 --root "$tmp/far" >"$tmp/text" 2>&1
check 'CPU 1500 can be isolated' sh -c 'echo "$1" | grep -q "CPU 1500 is isolated"' - "$(fact "$tmp/text" isolation fact)"

for bad in '--cpu x' '--cpu -1' '--cpu 1e9' '--seconds 0' '--seconds nan' '--seconds -3' '--cpu' 'extra'; do
	# shellcheck disable=SC2086
	"$B/egprlab" doctor $bad >"$tmp/text" 2>&1
	check "doctor $bad is refused" test $? -eq 64
done
echo "1..$n"
