#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Debian's bzip2, zlib and cJSON, compiled with -mapxf, pass their own tests under exec.
#
# The sources are fetched by apt as signed Debian sources into the build directory, once;
# nothing of them is kept in the tree. Without a network or apt the test is skipped.
# seconds: 15
# spare
set -u

B=${B:-build}
lab=$PWD/$B/egprlab
cc=$(sed -n 's/^APX_CC := *//p' "$B/config.mk")
src=$PWD/$B/debian-src
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

ok() { # ok STATUS TEXT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

skip() {
	echo "ok 1 - Debian sources # SKIP $1"
	echo 1..1
	exit 0
}

# apt with its own lists, cache and sources: nothing of the system's changes.
fetch() {
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$src.new" || return 1
	echo "deb-src [signed-by=$keys] http://deb.debian.org/debian bookworm main" >"$tmp/sources"
	cat >"$tmp/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$tmp/sources";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State::lists "$tmp/lists";
		Dir::Cache "$tmp/cache";
		APT::Sandbox::User "";
		Acquire::Languages "none";
		Acquire::Retries "1";
		Acquire::http::Timeout "10";
	CONF
	APT_CONFIG=$tmp/apt.conf timeout 60 apt-get -qq update >"$tmp/log" 2>&1 &&
		(cd "$src.new" && APT_CONFIG=$tmp/apt.conf timeout 60 \
			apt-get -qq source --download-only bzip2 zlib cjson) >>"$tmp/log" 2>&1 &&
		for tar in "$src.new"/*.orig.tar.*; do
			tar -xf "$tar" -C "$src.new" || return 1
		done &&
		mv "$src.new" "$src"
}

[ -n "$cc" ] || skip 'no compiler here knows -mapxf (clang >= 18)'
command -v apt-get >/dev/null || skip 'no apt-get here'
if [ ! -d "$src" ]; then
	rm -rf "$src.new"
	fetch || skip "the sources cannot be fetched: $(tail -n 1 "$tmp/log" 2>/dev/null)"
fi

build() { # build OUTPUT FLAGS SOURCE...
	out=$1
	flags=$2
	shift 2
	# shellcheck disable=SC2086
	"$cc" -w -O2 -mapxf $flags "$@" -o "$tmp/$out" -lm >"$tmp/log" 2>&1 || {
		sed 's/^/# /' "$tmp/log"
		return 1
	}
}

run() { # run PROGRAM ARGUMENT...
	program=$1
	shift
	timeout 60 "$lab" exec -- "$tmp/$program" "$@"
}

cd "$src"/bzip2-* || exit 70
build bzip2 -D_FILE_OFFSET_BITS=64 blocksort.c huffman.c crctable.c randtable.c compress.c \
	decompress.c bzlib.c bzip2.c
ok $? 'bzip2 compiles'
for i in 1 2 3; do
	run bzip2 -$i <sample$i.ref >"$tmp/out" && cmp -s "$tmp/out" sample$i.bz2
	ok $? "bzip2: its sample $i compresses to the byte"
	run bzip2 -d <sample$i.bz2 >"$tmp/out" && cmp -s "$tmp/out" sample$i.ref
	ok $? "bzip2: sample $i comes back"
done

cd "$src"/zlib-* || exit 70
set -- adler32.c compress.c crc32.c deflate.c gzclose.c gzlib.c gzread.c gzwrite.c infback.c \
	inffast.c inflate.c inftrees.c trees.c uncompr.c zutil.c
build example '-DHAVE_UNISTD_H -I.' "$@" test/example.c &&
	build minigzip '-DHAVE_UNISTD_H -I.' "$@" test/minigzip.c
ok $? 'zlib compiles'
(cd "$tmp" && run example >"$tmp/out" 2>&1) && ! grep -qi 'error\|bad' "$tmp/out" &&
	grep -q 'inflate with dictionary: hello, hello!' "$tmp/out"
ok $? 'zlib: its example program passes'
run minigzip -9 <ChangeLog >"$tmp/out.gz" && gzip -t "$tmp/out.gz" &&
	gzip -dc "$tmp/out.gz" | cmp -s - ChangeLog && run minigzip -d <"$tmp/out.gz" | cmp -s - ChangeLog
ok $? 'zlib: minigzip and gzip read each other'

cd "$src"/cJSON-*/tests || exit 70
for test in parse_number.c parse_object.c parse_string.c print_number.c cjson_add.c misc_tests.c; do
	name=$(basename "$test" .c)
	build "$name" '-I.. -Iunity/src -DUNITY_INCLUDE_DOUBLE' "$test" unity/src/unity.c &&
		run "$name" >"$tmp/out" 2>&1
	status=$?
	ok $status "cJSON: $name"
	[ $status -eq 0 ] || sed 's/^/# /' "$tmp/log" "$tmp/out"
done

echo "1..$n"
