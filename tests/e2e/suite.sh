#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The tree of a newer Debian, in an imitation of it: what is said where it is missing, and that a command runs in it
# with this directory, /tmp and its own output. The real tree: tests/e2e/vmenter-*-7.3.sh.
# seconds: 2
# shellcheck disable=SC2016 # commands of the tree's own shell
set -u
. tests/e2e/tap.inc
export SUITE_B="$dir/suite-b"

says() { # says STATUS PATTERN COMMAND...
	status=$1 pattern=$2
	shift 2
	"$@" >"$dir/said" 2>&1
	test $? -eq "$status" && grep -qe "$pattern" "$dir/said"
}
skip() { # skip WHAT REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
check 'no suite is named' says 64 '^usage: ' scripts/suite
check 'one that is not known' says 64 '^usage: ' scripts/suite potato
check 'no command' says 64 '^usage: ' scripts/suite trixie --
check 'its help' says 0 'Bochs 3' scripts/suite --help
check 'no tree: how it is made' says 69 'fix: scripts/suite trixie makes it' scripts/suite trixie --there
check 'a command has none to run in' says 69 'no tree of Debian trixie' scripts/suite trixie -- true
for bed in tcg bochs; do
	check "boot $bed 7.3 names what is missing" says 69 'no tree of Debian trixie' scripts/boot $bed 7.3 -- true
	check "and so does the emulator of a tree for 6.12 ($bed)" says 69 'no tree of Debian trixie' env SUITE=trixie scripts/boot $bed 6.12 -- true
done
check 'a series that no release has' says 64 '^usage: ' scripts/boot tcg 6.2 -- true
check 'a fresh machine of no release' says 64 'usage: .*trixie' scripts/fresh --suite potato both

tree=$SUITE_B/suite/trixie
mkdir -p "$tree/root/bin" "$tree/root/usr/bin" "$tree/root/dev" "$tree/root/proc" "$tree/root/sys" "$tree/root/tmp"
if busybox=$(command -v busybox) && cp "$busybox" "$tree/root/bin/busybox"; then
	for tool in sh cat pwd echo uname test true; do ln -s busybox "$tree/root/bin/$tool"; done
	ln -s ../../bin/busybox "$tree/root/usr/bin/env"
	echo 9.9.9-tree >"$tree/root/release"
	echo made >"$tree/made"
	check 'it is there' says 0 "^$tree\$" scripts/suite trixie --there
	if ! scripts/suite trixie -- true 2>"$dir/err"; then
		skip 'a command runs in the tree' "no namespaces here: $(head -n 1 "$dir/err")"
	else
		check 'a command runs in the tree' says 0 '^9.9.9-tree$' scripts/suite trixie -- cat /release
		check 'in this directory' says 0 "^$PWD\$" scripts/suite trixie -- sh -c 'test -e scripts/suite && pwd'
		check 'with this /tmp' says 0 '^9.9.9-tree$' scripts/suite trixie -- cat "$tree/root/release"
		check 'its status comes back' says 3 '^ends$' scripts/suite trixie -- sh -c 'echo ends; exit 3'
		check 'words stay words' says 0 '^<a b><>$' scripts/suite trixie -- sh -c 'echo "<$1><$2>"' sh 'a b' ''
		check 'in the tree it is there already' says 0 '^trixie 9.9.9-tree$' scripts/suite trixie -- sh -c 'echo "$EGPR_SUITE $(scripts/suite trixie -- cat /release)"'
		check 'a kernel of the tree is built there' says 0 '^9.9.9-tree$' scripts/machine/in 9.9.9-tree cat /release
		check 'another one here' says 1 'release' scripts/machine/in 9.9.9-other cat /release
		check 'nothing stays mounted' sh -c '! grep -qF "$1" /proc/mounts' - "$tree"
	fi
else
	skip 'a command runs in the tree' 'no busybox-static here (scripts/deps check)'
fi
echo "1..$n"
