#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# No include and no call goes where the `arrows` files do not let it: the tree holds, and a planted
# include in every room, a planted call, a forgotten line and a stale arrow are found.
# seconds: 12
set -u

cd "$(dirname "$0")/../.." || exit 70
. tests/e2e/tap.inc
B=$(cd "${B:-build}" && pwd)
# A copy of the sources, and of the objects as links, to plant things in.
tree=$dir/tree
objects=$dir/objects
mkdir "$tree" "$objects"
git ls-files -co --exclude-standard | grep -E '(\.(c|h|S|cc)|(^|/)arrows)$' |
	while read -r f; do [ -f "$f" ] && echo "$f"; done | cpio -pdm --quiet "$tree" || exit 70
# shellcheck disable=SC2046
(cd "$B" && find $(ls -d asm bench emu vmm kmod-* 2>/dev/null) -name '*.o' | cpio -pdm --quiet "$objects") || exit 70

said() { (cd "$tree" && B=$objects scripts/arrows "$@") >"$dir/said" 2>&1; }

scripts/arrows >"$dir/said" 2>&1
check 'the tree keeps to its arrows' [ $? -eq 0 ]
sed -n '/^[^#]/s/^/# /p' "$dir/said"
check 'it looked at sources and objects' grep -qE '^# [0-9]+ folders, [1-9][0-9]{2,} sources, [1-9][0-9]{2,} objects$' "$dir/said"

# plant FILE HEADER: an include at the end of it.
plant() { printf '#include <%s>\n' "$2" >>"$tree/$1"; }

rooms=$(sed -n 's/^\([a-z]*\):.*/\1/p' bench/arrows)
for room in $rooms; do
	first=$(find bench/"$room" -maxdepth 1 -name '*.c' | sort | head -n 1)
	above=cli/command.h
	[ "$room" = cli ] && above=proof/proof.h
	plant "$first" "bench/$above"
done
for first in asm/rows.c emu/native.c vmm-mini/elf.c kmod/main.c; do
	plant "$first" bench/cli/command.h
done
said
check 'a tree with planted includes fails' [ $? -eq 1 ]
for room in $rooms; do
	check "an include that goes up is found in bench/$room" \
		grep -qE "^bench/$room/[a-z_]*\.c:[0-9]+: includes .*: bench/$room may not use bench/(cli|proof)$" "$dir/said"
done
for room in asm emu vmm-mini kmod; do
	check "an include that goes up is found in $room" \
		grep -qE "^$room/[a-z]*\.c:[0-9]+: includes bench/cli/command\.h: $room may not use bench$" "$dir/said"
done

# A call without an include: a declaration of one's own.
git ls-files bench/stats | cpio -pdmu --quiet "$tree"
printf 'int rundir_sync(void *, void *);\nint planted(void);\nint planted(void)\n{\n\treturn rundir_sync(0, 0);\n}\n' >"$tree/bench/stats/planted.c"
"${CC:-gcc}" -c "$tree/bench/stats/planted.c" -o "$objects/bench/stats/planted.o" || exit 70
said bench
check 'a call that goes up is found' \
	grep -q '^bench/stats/planted\.c (rundir_sync): calls bench/rundir/.*: bench/stats may not use bench/rundir$' "$dir/said"

mkdir "$tree/bench/attic"
echo '/* nothing */' >"$tree/bench/attic/old.c"
sed -i 's/^stats:.*/stats: base/' "$tree/bench/arrows"
said bench
check 'a room without a line is found' grep -q '^bench/arrows: no line for bench/attic$' "$dir/said"
check 'an arrow that nothing uses is found' grep -q '^bench/arrows: stats uses nothing of base: take the arrow out$' "$dir/said"
B=$dir/nothing scripts/arrows >"$dir/said" 2>&1
check 'without objects it says what to do' [ $? -eq 70 ]
scripts/arrows results >"$dir/said" 2>&1
check 'a folder without the file is a usage error' [ $? -eq 64 ]
echo "1..$n"
