#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Campaigns without a machine to boot: boot commands that make up a run, and a reboot that is played
# on a tree of files. Hangs, panics, failures, and a kill at every moment.
# seconds: 15
# shellcheck disable=SC2016 # what a campaign file says is not expanded here
set -u

B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
egprlab=$B/egprlab
. tests/e2e/tap.inc

# A boot: one launch more of made-up numbers; the second kernel's strategy is dearer. What a call
# is to do instead stands in a file of its number.
cat >"$dir/boot" <<END
#!/bin/sh
echo x >>'$dir/calls'
act=\$(cat '$dir/act.'\$(wc -l <'$dir/calls') 2>/dev/null)
case \$act in
hang) sleep 3041 & wait; exit ;;
sleep) exec sleep 3042 ;;
panic) echo '[    1.0] Kernel panic - not syncing: sysrq triggered crash'; exit 70 ;;
fail) exit 70 ;;
esac
had=0
[ -z "\$CAMPAIGN_RUN" ] || had=\$(grep -c '"module_load"' "\$CAMPAIGN_RUN/meta.json")
[ "\$act" = short ] || had=\$((had + 1))
[ \$had -gt 0 ] || exit 0
complete=no
[ \$had -lt \$CAMPAIGN_BOOTS ] || complete=yes
exec '$B/tests/tools/synthetic-run' "\$CAMPAIGN_OUT/run" few=yes blocks=40 launches=\$had complete=\$complete \\
	host=machine kernel=\$1 effect=\$2 seed=\$2
END
chmod +x "$dir/boot"
# campaign OUT BOOTS [LINE]: a campaign file.
campaign() {
	cat <<END
[campaign]
out = $dir/$1
boots = $2
timeout = 6
${3:-}
[kernel base]
release = 6.1
boot = $dir/boot base 1
[kernel series]
release = 6.12
boot = $dir/boot series 3
END
}
forget() {
	rm -rf "$dir/calls" "$dir"/act.* "${dir:?}/$1"
}
run() { # run FILE: its status in $status, its words in $dir/said
	"$egprlab" campaign "$1" >"$dir/said" 2>&1
	status=$?
}
order() {
	awk -F '\t' '$1 ~ /^[0-9]+$/ { printf "%s%s:%s", sep, $2, $3; sep = " " }' "$1"
}
says() { # says STATUS WORDS: of the last run
	cat "$dir/said"
	[ "$status" = "$1" ] && grep -q -e "$2" "$dir/said"
}

campaign plain 4 >"$dir/plain.ini"
forget plain
run "$dir/plain.ini"
check 'the boots go ABBA' test "$(order "$dir/said")" = \
	'base:done series:done series:done base:done base:done series:done series:done base:done'
check 'and the verdict is that of compare, with status 1' says 1 'gated-mov .* 4, 4 .*slower'
check 'each kernel has one run, with a launch per boot' sh -c "
	[ \$(grep -c '\"module_load\"' '$dir/plain/base/meta.json') = 4 ] && grep -q '\"complete\"' '$dir/plain/series/meta.json'"
calls=$(wc -l <"$dir/calls")
run "$dir/plain.ini"
check 'once it is done it boots nothing and says the same' sh -c "
	[ $status = 1 ] && [ $(wc -l <"$dir/calls") = $calls ] && grep -q 'gated-mov .*slower' '$dir/said'"
echo '; another text' >>"$dir/plain.ini"
run "$dir/plain.ini"
check 'another text is another campaign' says 65 'begun with another text'

# What goes wrong on the way.
campaign wrong 2 'failures = 4' >"$dir/wrong.ini"
forget wrong
echo hang >"$dir/act.1"
echo panic >"$dir/act.2"
echo fail >"$dir/act.3"
echo short >"$dir/act.6"
run "$dir/wrong.ini"
check 'a hang, a panic, a failure and a launch that is missing are recorded and made up for' test "$(order "$dir/said")" = \
	'base:hung series:panicked series:failed base:done series:done base:failed base:done series:done'
check 'and are in no run' sh -c "
	cat '$dir/said'
	[ $status = 1 ] && [ \$(grep -c '\"module_load\"' '$dir/wrong/base/meta.json') = 2 ] &&
	[ \$(grep -c '\"module_load\"' '$dir/wrong/series/meta.json') = 2 ]"
check 'nothing of the hung boot is left' sh -c "! grep -lzx '304[1]' /proc/[0-9]*/cmdline 2>/dev/null | grep ."
campaign over 2 'failures = 1' >"$dir/over.ini"
forget over
for call in 2 3 4 5 6 7 8; do echo panic >"$dir/act.$call"; done
sed -i 's|\(boot = .*boot base 1\)|\1 #|' "$dir/over.ini"
run "$dir/over.ini"
check 'a kernel that only panics is given up, and said so' says 69 'kernel series has no boot that was measured'

# A kill of the program alone, while a boot hangs.
campaign alone 2 >"$dir/alone.ini"
asleep() { grep -lzx '304[2]' /proc/[0-9]*/cmdline 2>/dev/null | grep -q .; }
ends_its_boot() {
	forget alone
	echo sleep >"$dir/act.1"
	"$egprlab" campaign "$dir/alone.ini" >/dev/null 2>&1 &
	program=$!
	for _ in $(seq 50); do
		asleep && break
		sleep 0.1
	done
	asleep || return 1
	kill -9 $program
	wait $program 2>/dev/null
	for _ in $(seq 50); do
		asleep || return 0
		sleep 0.1
	done
	return 1
}
check 'killed alone, it leaves no boot behind' ends_its_boot

# A kill at every moment, then the same command again.
campaign killed 2 >"$dir/killed.ini"
killed_everywhere() {
	at=1
	while :; do
		forget killed
		rm -f "$dir/kill.log"
		KILL_AT=$at KILL_NAME=egprlab KILL_LOG=$dir/kill.log LD_PRELOAD="$B/tests/tools/kill-at.so" \
			"$egprlab" campaign "$dir/killed.ini" >/dev/null 2>&1
		[ -s "$dir/kill.log" ] || break
		run "$dir/killed.ini"
		if [ $status != 1 ] || [ "$(order "$dir/said" | tr ' ' '\n' | grep -c :done)" != 4 ] ||
			[ "$(order "$dir/said" | tr ' ' '\n' | grep -vc :done)" -gt 1 ] ||
			[ "$(grep -c '"module_load"' "$dir/killed/base/meta.json")" != 2 ] ||
			[ "$(grep -c '"module_load"' "$dir/killed/series/meta.json")" != 2 ]; then
			echo "after a kill at $at ($(cat "$dir/kill.log")):"
			cat "$dir/said"
			return 1
		fi
		at=$((at + 1))
	done
	echo "$((at - 1)) moments"
	[ $at -gt 24 ]
}
check 'killed at every moment, it loses the boot that was under way at most' killed_everywhere
check 'two at once are one too many' sh -c "
	echo hang >'$dir/act.1'; rm -rf '$dir/calls' '$dir/killed'
	'$egprlab' campaign '$dir/killed.ini' >/dev/null 2>&1 &
	first=\$!
	for i in 1 2 3 4 5 6 7 8 9 10; do [ -s '$dir/calls' ] && break; sleep 0.1; done
	'$egprlab' campaign '$dir/killed.ini' >'$dir/said' 2>&1
	status=\$?
	wait \$first
	cat '$dir/said'
	[ \$status = 69 ] && grep -q 'another campaign is at work' '$dir/said'"

# This machine boots: its kernel is what a tree of files says, and a loop plays the boot loader.
root=$dir/root
mkdir -p "$root/proc/sys/kernel/random" "$root/sys/fs/pstore"
cat >"$dir/plan.ini" <<'END'
[plan]
text = two kernels
budget = 1
looks = 1
margins = 10 ticks
delays = 0 5 10 20 40
batch_min = 32
batch_us = 100
batch_max = 8192
offsets = 10
per_exit = 200
resamples = 200
[prim]
states = dirty
strategies = gated-mov
weight = 1
END
cat >"$dir/real.ini" <<END
[campaign]
out = $dir/real
boots = 2
run = --plan '$dir/plan.ini' --cpu 0
select = echo "\$ENTRY" >$dir/next
reboot = touch $dir/rebooted
[kernel base]
release = 6.1-test
entry = 6.1-test
[kernel series]
release = 6.12-test
entry = 6.12-test
END
boots=0
power_on() { # power_on RELEASE: another boot of the machine
	boots=$((boots + 1))
	echo "boot-$boots" >"$root/proc/sys/kernel/random/boot_id"
	echo "$1" >"$root/proc/sys/kernel/osrelease"
	rm -f "$dir/rebooted"
}
power_on 6.1-other
while :; do
	"$egprlab" campaign --root "$root" "$dir/real.ini" >"$dir/said" 2>&1
	status=$?
	sed "s/^/# /" "$dir/said"
	if [ ! -e "$dir/rebooted" ] || [ $boots -ge 12 ]; then
		break
	fi
	case $boots in
	2) # the watchdog bit: the kernel of always came up, and pstore has an older panic
		echo 'Kernel panic - not syncing: of last week' >"$root/sys/fs/pstore/dmesg-7"
		touch -d '1 week ago' "$root/sys/fs/pstore/dmesg-7"
		power_on 6.1-other
		;;
	4)
		echo 'Kernel panic - not syncing: Fatal exception' >"$root/sys/fs/pstore/dmesg-0"
		power_on 6.1-other
		;;
	*) power_on "$(cat "$dir/next")" ;;
	esac
	[ $boots = 6 ] && rm "$root/sys/fs/pstore/dmesg-0"
done
check 'reboots: a hang and a panic are told apart by what pstore holds' test \
	"$(order "$dir/said")" = 'base:done series:hung series:done base:panicked base:done series:done'
check 'and the runs are compared' sh -c "cat '$dir/said'; [ $status -le 2 ] && grep -q '^prim .*gated-mov .* 2, 2 ' '$dir/said'"

# Words for what is wrong with a file.
wrong() { # wrong WORDS SED: the plain file after SED
	campaign other 2 | sed "$2" >"$dir/bad.ini"
	run "$dir/bad.ini"
	says 64 "$1"
}
check 'a key that is none' wrong 'bad.ini line 4: unknown key .patience.' 's/^timeout/patience/'
check 'a number that is none' wrong "line 3: boots is 'some', not a number from 2 to 64" 's/^boots = 2/boots = some/'
check 'one kernel' wrong 'needs two sections' '/kernel series/,$d'
check 'neither boot nor entry' wrong 'needs either .entry. or .boot.' 's/^boot = .*series.*//'
check 'a name that is a path' wrong 'no name for a kernel' 's|kernel base|kernel ../x|'
echo "1..$n"
