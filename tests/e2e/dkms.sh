#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# DKMS: the sources that it is given build by themselves; make dkms installs what it builds, keeps it
# if asked again, and takes it back. Nothing of this machine changes: the first half
# gives DKMS trees of its own, the second has mounts of its own over the real ones.
# seconds: 25
# timeout: 600
# spare
set -u
. tests/e2e/tap.inc

name=egpr-switch
trees='/var/lib/dkms /usr/src /lib/modules'
PATH=$PATH:/usr/sbin:/sbin

# releases: of the kernels with headers here, oldest first.
releases() {
	for build in /lib/modules/*/build/Makefile; do
		[ ! -e "$build" ] || basename "$(dirname "$(dirname "$build")")"
	done | sort -V
}

# The machine inside: trees that may be written, and this script's second half in them.
if [ "${1:-}" = --inside ]; then
	over=$2
	mount -t tmpfs tmpfs "$over" || exit 70
	for tree in $trees; do
		at=$over/$(echo "$tree" | tr / _)
		mkdir -p "$at/upper" "$at/work" && mount -t overlay overlay \
			-o "lowerdir=$tree,upperdir=$at/upper,workdir=$at/work" "$tree" || exit 70
	done
	# One kernel is enough: which ones the module builds for, the beds' tests say.
	release=$(releases | head -n 1)
	find /lib/modules -maxdepth 2 -name build ! -path "*/$release/*" -delete
	# shellcheck disable=SC2317 # check calls it
	installed() {
		modinfo -k "$release" -F vermagic egpr_switch | grep -q "^$release " &&
			grep -qx "PACKAGE_VERSION=\"$(modinfo -k "$release" -F version egpr_switch)\"" /usr/src/"$name"-*/dkms.conf
	}
	check 'make dkms' make -s dkms
	check "installed for $release, of the sources' version" installed
	ko=$(modinfo -k "$release" -n egpr_switch)
	built=$(stat -c %i "$ko")
	check 'make dkms, again' sh -c "make -s dkms | grep -q '^kmod: $release: .*, of these sources already\$'"
	check 'keeps what it has built of the same sources' [ "$(stat -c %i "$ko")" = "$built" ]
	if [ -n "${LONG:-}" ]; then
		echo '/* other */' >>"$(echo /usr/src/$name-*)/kmod/main.c"
		check 'make dkms, its sources changed' make -s dkms
		check 'builds it anew' sh -c "[ \"\$(stat -c %i '$ko')\" != $built ]"
		check 'and is installed' installed
	fi
	check 'make dkms-remove' make -s dkms-remove
	left=$(find /usr/src /var/lib/dkms -name "$name*"; find /lib/modules -name 'egpr_switch.ko*')
	check "nothing is left${left:+: $left}" [ -z "$left" ]
	mkdir "$over/none" && mount --bind "$over/none" /lib/modules || exit 70
	make -s dkms >"$over/said" 2>&1
	check 'without headers, it says what to install' grep -q 'fix: apt-get install linux-headers-' "$over/said"
	exit 0
fi

state() { # state: what DKMS and the kernels have of us, and DKMS's own keys
	# shellcheck disable=SC2086
	find $trees -maxdepth 4 \( -name 'egpr*' -o -name 'mok.*' -o -name updates \) | sort
}

check 'an unknown word is a usage error' sh -c 'kmod/dkms install; [ $? = 64 ]'
mkdir "$dir/bin"
for tool in sh sed; do
	ln -s "$(command -v $tool)" "$dir/bin/$tool"
done
check 'without DKMS, it says what to install' sh -c \
	"PATH=$dir/bin kmod/dkms 2>&1 | grep -q 'fix: apt-get install dkms'"

if ! command -v dkms >/dev/null 2>&1; then
	echo "ok $((n + 1)) - DKMS builds the module # SKIP dkms is not installed: scripts/deps check"
	echo "1..$((n + 1))"
	exit 0
fi
if [ -z "$(releases)" ]; then
	echo "ok $((n + 1)) - DKMS builds the module # SKIP no kernel headers here: scripts/deps check"
	echo "1..$((n + 1))"
	exit 0
fi

state >"$dir/before"
# DKMS signs what it builds; its key is made if there is none.
export mok_signing_key="$dir/mok.key" mok_certificate="$dir/mok.pub"
mkdir "$dir/src" "$dir/tree"
check 'the sources are made' kmod/dkms source "$dir/src"
version=$(basename "$dir/src/$name"-*)
version=${version##*-}
dkms() {
	verb=$1
	shift
	command dkms "$verb" -m $name -v "$version" --sourcetree "$dir/src" --dkmstree "$dir/tree" "$@"
}
check 'dkms add' dkms add
check 'dkms remove' dkms remove --all

# How mounts are kept from the rest of the machine. In a chroot / is no mount point, and its
# propagation cannot be changed; there it does where no mount is shared anyway.
if unshare -m --propagation private true 2>/dev/null; then
	propagation=private
elif ! grep -q ' shared:' /proc/self/mountinfo; then
	propagation=unchanged
else
	propagation=
fi
if ! mkdir "$dir/over" || [ "$(id -u)" != 0 ] || ! grep -qw overlay /proc/filesystems ||
	[ -z "$propagation" ]; then
	echo "ok $((n + 1)) - make dkms # SKIP needs root, overlayfs and mounts of its own"
	n=$((n + 1))
else
	unshare -m --propagation $propagation "$0" --inside "$dir/over" >"$dir/inside" 2>&1
	status=$?
	sed "s/^\(not \)\?ok [0-9]* - /\1ok 0 - make: /" "$dir/inside" >"$dir/renamed"
	while IFS= read -r line; do
		case $line in
		'ok 0 '* | 'not ok 0 '*)
			n=$((n + 1))
			echo "${line%% 0 - *} $n - ${line#* 0 - }"
			;;
		*) echo "# $line" ;;
		esac
	done <"$dir/renamed"
	check 'the second half ran to its end' [ $status = 0 ]
fi
state >"$dir/after"
check 'nothing of this machine has changed' cmp "$dir/before" "$dir/after"
echo "1..$n"
