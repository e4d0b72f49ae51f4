#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A campaign that reboots this machine, and power that fails: at each write of the state, in the middle of
# grub-reboot, of systemctl reboot and of a measurement. Played: the machine is a tree of files, its boot
# loader knows a default and what grub-reboot chose once, and a boot starts what the unit starts. Three ways
# of losing power: all that was written is there afterwards; all names are, and what was not synced is
# empty (torn); only what was synced is there, less what was removed since (synced).
# seconds: 10
# shellcheck disable=SC2016 # inner shells expand their own variables
set -u

B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
. tests/e2e/tap.inc
export dir B

# The disk: what survives. grub/next is what grub-reboot writes; out is the campaign's.
machine=$dir/machine
disk=$machine/disk
mkdir -p "$dir/bin" "$disk/grub" "$machine/root/proc/sys/kernel/random" "$machine/root/sys/fs/pstore"

# power WHERE: fails if it is to fail there.
cat >"$dir/bin/power" <<'END'
#!/bin/sh
[ "$1" = "$(cat "$dir/fails" 2>/dev/null)" ] || exit 0
rm "$dir/fails"
echo "$1" >"$dir/killed"
kill -9 "$(cat "$dir/pid")"
kill -9 "$PPID"
END
cat >"$dir/bin/grub-reboot" <<'END'
#!/bin/sh
power before-select
echo "$1" >"$dir/machine/disk/grub/next"
power after-select
END
# An orderly end of the machine: everything is on disk.
cat >"$dir/bin/systemctl" <<'END'
#!/bin/sh
[ "$*" = reboot ] || exit 1
power before-reboot
[ ! -s "$dir/fails" ] || sync-disk all
touch "$dir/rebooting"
power after-reboot
END
# sync-disk all|file|directory PATH: what is on disk from now on, of a directory its names. durable has the
# files of which that is so in the state in which they are.
cat >"$dir/bin/sync-disk" <<'END'
#!/bin/sh
case $1 in
all)
	rm -rf "$dir/synced" && cp -a "$dir/machine/disk" "$dir/synced"
	find "$dir/machine/disk" -type f -printf '%i %T@\n' >"$dir/durable"
	;;
file) find "$2" -printf '%i %T@\n' >>"$dir/durable" ;;
directory)
	for file in "$2"/*; do
		to=$dir/synced/${file#"$dir/machine/disk/"}
		if [ ! -L "$file" ] && [ -d "$file" ]; then
			mkdir -p "$to"
		else
			cp -a --remove-destination "$file" "$to"
			[ -L "$file" ] || grep -qx "$(find "$file" -printf '%i %T@')" "$dir/durable" || : >"$to"
		fi
	done
	;;
esac
END
# The lab that measures: made-up numbers, and which boots they are of.
cat >"$dir/bin/lab" <<'END'
#!/bin/sh
had=0
while [ $# -gt 0 ]; do
	case $1 in
	--launches) launches=$2 ;;
	--out | --resume) run=$2 ;;
	esac
	shift
done
boots=$(cat "$run/boots" 2>/dev/null)
[ -z "$boots" ] || had=$(echo "$boots" | wc -l)
[ -e "$run/launches" ] && launches=$(cat "$run/launches")
rm -rf "$run"
power begun
complete=no
had=$((had + 1))
[ $had -lt "$launches" ] || complete=yes
kernel=$(cat "$dir/machine/root/proc/sys/kernel/osrelease")
"$B/tests/tools/synthetic-run" "$run" few=yes blocks=8 launches=$had complete=$complete host=machine kernel="$kernel" || exit
echo "$launches" >"$run/launches"
power half
[ -z "$boots" ] || echo "$boots" >"$run/boots"
cat "$dir/machine/root/proc/sys/kernel/random/boot_id" >>"$run/boots"
power measured
END
chmod +x "$dir/bin"/*
PATH=$dir/bin:$PATH
export KILL_NAME=egprlab KILL_SELF="$dir/bin/lab"

# Kernel base is what this machine boots by itself.
default=6.1-base
cat >"$dir/campaign.ini" <<END
[campaign]
out = $disk/out
boots = 2
timeout = 20
[kernel base]
release = 6.1-base
entry = 6.1-base
[kernel series]
release = 6.12-series
entry = 6.12-series
END
# power_on: the boot loader takes what was chosen, once.
power_on() {
	release=$default
	if [ -s "$disk/grub/next" ]; then
		release=$(cat "$disk/grub/next")
		rm "$disk/grub/next"
	fi
	boots=$(($(cat "$machine/boots") + 1))
	echo $boots >"$machine/boots"
	echo "boot-$boots" >"$machine/root/proc/sys/kernel/random/boot_id"
	echo "$release" >"$machine/root/proc/sys/kernel/osrelease"
	echo "boot-$boots $release" >>"$machine/ledger"
	rm -f "$dir/rebooting"
}
# What the unit starts, but for where its files are.
unit=$(sed -n 's|^ExecStart=/usr/local/bin/egprlab \(.*\) /etc/egprlab/campaign.ini$|\1|p' scripts/fleet/egprlab-campaign.service)
check 'the unit goes on with a campaign' test "$unit" = campaign
# unit_starts [NAME=VALUE...]: its status in $status
unit_starts() {
	env "$@" sh -c 'echo $$ >"$dir/pid"; LD_PRELOAD=$B/tests/tools/kill-at.so exec "$B/egprlab" campaign --root "$dir/machine/root" "$dir/campaign.ini"' \
		>"$dir/said" 2>&1
	status=$?
}
# plays: boots until nothing is left to do; not for ever.
plays() {
	unit_starts
	while [ -e "$dir/rebooting" ]; do
		[ "$(cat "$machine/boots")" -lt 20 ] || break
		power_on
		unit_starts
	done
}
outcomes() {
	awk -F '\t' '$1 ~ /^[0-9]+$/ { printf "%s%s:%s", sep, $2, $3; sep = " " }' "$dir/said"
}
# sound: two boots of each kernel, each boot once, in which that kernel ran; one boot at most made up for.
sound() {
	[ $status -le 2 ] && [ "$(outcomes | tr ' ' '\n' | grep -c :done)" = 4 ] &&
		[ "$(outcomes | tr ' ' '\n' | grep -vc :done)" -le 1 ] || return 1
	for kernel in base:6.1-base series:6.12-series; do
		run=$disk/out/${kernel%:*}
		grep -q '"complete"' "$run/meta.json" && [ "$(grep -c '"module_load"' "$run/meta.json")" = 2 ] &&
			[ "$(sort -u "$run/boots" | wc -l)" = 2 ] && [ "$(wc -l <"$run/boots")" = 2 ] || return 1
		while read -r boot; do
			grep -qx "$boot ${kernel#*:}" "$machine/ledger" || return 1
		done <"$run/boots"
	done
}

# One whole campaign; the machine as it is before each start of the unit is kept.
machine_is_new() {
	rm -rf "$disk" "$dir/rebooting"
	mkdir -p "$disk/grub"
	echo 0 >"$machine/boots"
	: >"$machine/ledger"
	power_on
}
kept=0
keeps() {
	kept=$((kept + 1))
	cp -a "$machine" "$dir/kept.$kept"
}
machine_is_new
keeps
unit_starts
while [ -e "$dir/rebooting" ] && [ $kept -lt 9 ]; do
	power_on
	keeps
	unit_starts
done
check 'the boots of a machine whose power does not fail go ABBA' test "$(outcomes)" = 'base:done series:done series:done base:done'
check 'each boot counts once, for the kernel that ran' sound
check 'one start of the unit before the first reboot, one in each boot' test $kept = 5

# loses WAY: what is not on disk, see above.
loses() {
	case $1 in
	torn)
		find "$disk" -type f -printf '%i %T@ %p\n' | while read -r inode time file; do
			grep -qx "$inode $time" "$dir/durable" || : >"$file"
		done
		;;
	synced)
		(cd "$dir/synced" && find . -type f) | while read -r file; do
			[ -e "$disk/$file" ] || rm "$dir/synced/$file"
		done
		rm -rf "$disk"
		cp -a "$dir/synced" "$disk"
		;;
	esac
}
# fails_in START WAY [NAME=VALUE...]: power fails in that start of the unit, what WAY says is lost, then the
# machine comes up again and goes on.
fails_in() {
	start=$1 way=$2
	shift 2
	rm -rf "$machine" "$dir/killed" "$dir/rebooting"
	cp -a "$dir/kept.$start" "$machine"
	sync-disk all
	unit_starts KILL_SYNCED=sync-disk KILL_LOG="$dir/killed" "$@"
	[ -s "$dir/killed" ] || return 0
	loses "$way"
	power_on
	plays
	sound || {
		echo "power fails in start $start, '$*' ($(cat "$dir/killed")), kept what was $way:"
		outcomes
		echo
		cat "$dir/said" "$machine/ledger" "$disk"/out/*/boots
		return 1
	}
	failures=$((failures + 1))
	outcomes | tr ' ' '\n' | sed -n 's/.*://; /done/!p' >>"$dir/costs"
}
failures=0
: >"$dir/costs"
everywhere() { # everywhere WAY START...: at every write
	way=$1
	shift
	for start; do
		at=1
		while :; do
			fails_in "$start" "$way" KILL_AT=$at || return
			[ -s "$dir/killed" ] || break
			at=$((at + 1))
		done
		[ $at -gt 4 ] || return
	done
}
commands() { # commands WAY START...: in the midst of what it starts
	way=$1
	shift
	for start; do
		for where in before-select after-select before-reboot after-reboot begun half measured; do
			echo $where >"$dir/fails"
			fails_in "$start" "$way" || return
			rm -f "$dir/fails"
		done
	done
}
if [ "${LONG:-0}" = 1 ]; then
	export KILL_ALSO=remove
	for way in written torn synced; do
		check "power that fails at a write costs one boot at most, way: $way" everywhere $way 1 2 3 4 5
		check "and so it does in the midst of a command, way: $way" commands $way 1 2 3 4 5
	done
else
	check 'power that fails at a write of the third boot costs one boot at most, with what was synced' everywhere synced 4
	check 'and with all names, where what was not synced is empty' everywhere torn 4
	n=$((n + 1))
	echo "ok $n - in every boot, every removal and command # SKIP 400 campaigns take two minutes of CPU time; LONG=1 does it"
fi
check 'no such boot is told as one whose measurement failed' sh -c "! grep failed '$dir/costs'"
check 'some of that cost a boot, and some none' sh -c "
	echo '$failures failures of power:'; sort '$dir/costs' | uniq -c
	[ \$(wc -l <'$dir/costs') -gt 0 ] && [ \$(wc -l <'$dir/costs') -lt $failures ]"
echo "# $failures failures of power; $(sort "$dir/costs" | uniq -c | awk '{ printf "%s%d boots %s", sep, $1, $2; sep = ", " }')"
echo "1..$n"
