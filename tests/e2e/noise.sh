#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# scripts/noise on a host made of files: everything it changes is put back after
# the end, a signal, a crash; and nothing else is touched.
# seconds: 6
# shellcheck disable=SC2016 # scripts of sh -c have their own arguments
set -u
B=${B:-build}
tmp=$(mktemp -d) || exit 70
root=$tmp/root
state=$root/run/egpr-noise.state
noise() { scripts/noise "$@" --root "$root"; }
trap 'noise restore >/dev/null 2>&1; rm -rf "$tmp"' EXIT
point=0

is() { # is WHAT COMMAND...
	what=$1
	shift
	point=$((point + 1))
	if "$@" >"$tmp/out" 2>&1; then
		echo "ok $point - $what"
	else
		echo "not ok $point - $what"
		sed 's/^/# /' "$tmp/out" "$tmp/err" 2>/dev/null
	fi
}

put() { # put FILE VALUE
	mkdir -p "$(dirname "$root$1")"
	printf '%s\n' "$2" >"$root$1"
}

# What the kernel shows while nobody holds the file open.
no_bound() {
	printf '\000\224\065\167' >"$root/dev/cpu_dma_latency"
}

# Four CPUs, 1 and 3 are siblings, everything is set for disturbance.
host() {
	rm -rf "$root"
	mkdir -p "$root/run" "$root/dev"
	put /sys/devices/system/cpu/online 0-3
	put /sys/devices/system/cpu/cpu1/topology/thread_siblings_list 1,3
	put /sys/devices/system/cpu/cpu3/online 1
	put /sys/devices/system/cpu/cpu1/cpufreq/scaling_governor powersave
	put /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor powersave
	put /sys/devices/system/cpu/intel_pstate/no_turbo 0
	put /proc/irq/7/smp_affinity_list 0-3
	put /proc/irq/8/smp_affinity_list 2
	put /proc/sys/kernel/nmi_watchdog 1
	put /sys/kernel/mm/ksm/run 1
	put /sys/kernel/mm/transparent_hugepage/enabled '[always] madvise never'
	no_bound
}

# The tree without the latency file, which is held open and not set back.
snapshot() {
	(cd "$root" && find sys proc run -type f -exec grep -H . {} + | sort)
}

holders() { # processes that hold the latency file open
	find /proc/[0-9]*/fd -lname "$root/dev/cpu_dma_latency" 2>/dev/null | wc -l
}

same() { # same FILE: the host is as the snapshot says; always and [always] are the same choice
	snapshot | sed 's/\[always\] madvise never/always/' >"$tmp/now"
	sed 's/\[always\] madvise never/always/' "$1" | diff - "$tmp/now" && [ "$(holders)" -eq 0 ]
}

setting() { # setting FILE VALUE
	[ "$(cat "$root$1")" = "$2" ] || { echo "$1 is $(cat "$root$1")"; false; }
}

settings_quiet() {
	setting /sys/devices/system/cpu/cpu1/cpufreq/scaling_governor performance &&
		setting /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor powersave &&
		setting /sys/devices/system/cpu/intel_pstate/no_turbo 1 &&
		setting /sys/devices/system/cpu/cpu3/online 0 &&
		setting /proc/irq/7/smp_affinity_list 0,2 &&
		setting /proc/irq/8/smp_affinity_list 2 &&
		setting /proc/sys/kernel/nmi_watchdog 0 &&
		setting /sys/kernel/mm/ksm/run 0 &&
		setting /sys/kernel/mm/transparent_hugepage/enabled madvise
}

is_quiet() {
	settings_quiet && [ "$(od -An -td4 "$root/dev/cpu_dma_latency" | tr -d ' ')" = 0 ] && [ "$(holders)" -eq 1 ]
}

host
snapshot >"$tmp/before"
noise show --cpu 1 >"$tmp/shown"
is 'show changes nothing' same "$tmp/before"
is 'show names what disturbs' sh -c '[ "$(grep -c disturbs "$1")" -eq 8 ]' - "$tmp/shown"
is 'an interrupt that spares the CPU is quiet' grep -q 'irq/8.*: quiet' "$tmp/shown"
is 'doctor sees the same faults' sh -c '
	for id in $(awk "/disturbs/ { print \$1 }" "$3" | sort -u); do
		"$1" doctor --cpu 1 --seconds 0.01 --root "$2" | grep -q "^  $id\$" || exit 1
	done' - "$B/egprlab" "$root" "$tmp/shown"

is 'apply succeeds' noise apply --cpu 1
is 'the host is quiet' is_quiet
noise show --cpu 1 >"$tmp/shown" 2>/dev/null
is 'show agrees' sh -c '! grep disturbs "$1"' - "$tmp/shown"
is 'apply again succeeds' noise apply --cpu 1
is 'and is still quiet' settings_quiet
is 'restore succeeds' noise restore
is 'everything is as it was' same "$tmp/before"
is 'restore without a state does nothing' noise restore

host
is 'run gives the status of its command' sh -c '"$@"; [ $? -eq 7 ]' - scripts/noise run --cpu 1 --root "$root" -- sh -c 'exit 7'
is 'everything is as it was' same "$tmp/before"
noise_run() { scripts/noise run --cpu 1 --root "$root" -- "$@"; }
is 'the command finds a quiet host' noise_run sh -c '[ "$(cat "$0/proc/sys/kernel/nmi_watchdog")" = 0 ]' "$root"
is 'the command reads stdin' sh -c 'echo word | "$@" | grep -q word' - scripts/noise run --cpu 1 --root "$root" -- cat

wait_for_quiet() {
	tries=0
	until [ -e "$tmp/up" ] || [ $tries -ge 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

# start: a run in the background that measures until it is told to stop.
start() {
	rm -f "$tmp/up"
	no_bound
	env --default-signal=INT scripts/noise run --cpu 1 --root "$root" -- \
		sh -c 'trap "exit 3" INT TERM; : >"$0"; while :; do sleep 0.05; done' "$tmp/up" 2>/dev/null &
	runner=$!
	wait_for_quiet
}

for signal in TERM INT; do
	start
	is "quiet before SIG$signal" is_quiet
	kill -$signal $runner
	wait $runner
	is "SIG$signal reaches the command" test $? -eq 3
	is "everything is as it was after SIG$signal" same "$tmp/before"
done

start
is 'a second run is refused' sh -c '"$@"; [ $? -eq 69 ]' - scripts/noise run --cpu 1 --root "$root" -- true
is 'and leaves the first alone' is_quiet
child=$(pgrep -P $runner -f "$tmp/up")
kill -KILL $runner
wait $runner 2>/dev/null
kill -KILL "$child"
is 'a crash leaves the state file' test -s "$state"
is 'the next run restores it first' noise_run true
is 'everything is as it was after the crash' same "$tmp/before"

# A setting that cannot be put back stays on record.
is 'apply' noise apply --cpu 1
rm "$root/sys/kernel/mm/ksm/run"
mkdir "$root/sys/kernel/mm/ksm/run"
is 'restore says what it could not' sh -c '"$@" 2>&1 | grep -q "ksm/run: could not be set back to .1."' - \
	scripts/noise restore --root "$root"
is 'and keeps that alone' sh -c '[ "$(wc -l <"$1")" -eq 1 ]' - "$state"
rmdir "$root/sys/kernel/mm/ksm/run"
put /sys/kernel/mm/ksm/run 0
is 'restore later' noise restore
is 'everything is as it was' same "$tmp/before"

# A file that this host does not have is no error.
rm -r "$root/sys/devices/system/cpu/intel_pstate" "$root/proc/irq"
snapshot >"$tmp/before"
is 'a smaller host' noise_run true
is 'is as it was' same "$tmp/before"

for bad in '' 'nothing' 'apply --cpu' 'apply --cpu x' 'apply --cpu 9' 'apply extra' 'run' 'run --cpu 1' 'restore --nonsense'; do
	# shellcheck disable=SC2086 # words are wanted
	scripts/noise $bad ${bad:+--root "$root"} >"$tmp/text" 2>&1
	is "'$bad' is refused" test $? -eq 64
done
is 'and leaves nothing' same "$tmp/before"
# Numbers beyond 1023 with holes, and a CPU that is offline.
host
put /sys/devices/system/cpu/online 0-3,1024-1026
put /sys/devices/system/cpu/cpu1024/topology/thread_siblings_list 1024,1500
put /sys/devices/system/cpu/cpu1500/online 0
put /proc/irq/7/smp_affinity_list 0-3,1024-1026
is 'CPU 1024 can be made quiet' noise apply --cpu 1024
is 'interrupts go to the others' grep -qx '0,1,2,3,1025,1026' "$root/proc/irq/7/smp_affinity_list"
is 'and come back' noise restore
is 'an offline CPU is refused, with what brings it online' sh -c '
	said=$(scripts/noise apply --cpu 1500 --root "$1" 2>&1); [ $? -eq 69 ] && echo "$said" | grep -q "cpu1500/online"' - "$root"
is 'a CPU that is not there is refused' sh -c '
	said=$(scripts/noise apply --cpu 1400 --root "$1" 2>&1); [ $? -eq 64 ] && echo "$said" | grep -q "not there"' - "$root"

echo "1..$point"
