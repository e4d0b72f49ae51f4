#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# scripts/deps beside package managers of our own making: nothing is installed,
# on no distribution, and every way it can end is seen.
# seconds: 3
# shellcheck disable=SC2016 # the stand-ins expand their own arguments
set -u

tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
export BUILD_DIR="$tmp/build"
point=0

is() { # is STATUS WHAT [PATTERN]: the last `deps` ended so, and said so
	point=$((point + 1))
	if [ "$status" -eq "$1" ] && { [ -z "${3-}" ] || grep -q -e "$3" "$tmp/out"; }; then
		echo "ok $point - $2"
	else
		echo "not ok $point - $2: status $status"
		sed 's/^/# /' "$tmp/out"
	fi
}

# A machine with nothing but the tools of the script and what is added.
machine() {
	rm -rf "${tmp:?}/bin" "$tmp/build"
	mkdir "$tmp/bin"
	for tool in sh awk cat cksum cut dirname env find grep mkdir tr; do
		ln -s "$(command -v $tool)" "$tmp/bin/$tool"
	done
}

tool() { # tool NAME BODY
	printf '#!/bin/sh\n%s\n' "$2" >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

deps() {
	PATH=$tmp/bin scripts/deps "$@" >"$tmp/out" 2>&1
	status=$?
}

machine
deps bench
is 69 'no package manager: names to install by hand' libgsl-dev
deps nonsense
is 64 'an unknown goal' usage
deps bench --nonsense
is 64 'an unknown option' usage
deps bench --list
is 0 'the list' '^libgsl-dev$'
point=$((point + 1))
if grep -qE 'qemu|bochs|chromium' "$tmp/out"; then
	echo "not ok $point - bench needs no emulator and no browser"
else
	echo "ok $point - bench needs no emulator and no browser"
fi

for manager in dnf zypper; do
	machine
	tool $manager 'exit 1'
	tool rpm '[ "$3" = gcc ]'
	deps bench
	is 69 "$manager: what is missing" gsl-devel
	tool rpm 'exit 0'
	deps bench
	is 0 "$manager: nothing is missing"
done
machine
tool pacman '[ "$2" = gcc ]'
deps bench
is 69 'pacman: what is missing' '^gsl$'

# apt with everything there; with something missing and no way to become root;
# as root, where the install works, and where it does not.
machine
tool apt-get 'echo apt-get "$@"; exit 1'
tool apt-cache 'echo "  Candidate: 1"'
tool dpkg-query 'echo installed'
tool id 'echo 1000'
deps bench
is 0 'apt: nothing is missing'
[ -s "$BUILD_DIR/deps-bench.stamp" ]
status=$?
is 0 'apt: and the stamp says so'
rm "$BUILD_DIR/deps-bench.stamp"
tool dpkg-query '[ "$3" = libgsl-dev ] || echo installed'
deps bench
is 69 'apt: no root, no sudo: the command to run' 'as root: apt-get install .*libgsl-dev'
tool sudo 'echo sudo "$@"'
deps bench
is 0 'apt: sudo is asked for what is missing, and for that alone' 'sudo .*install .*recommends libgsl-dev$'
tool id 'echo 0'
rm "$BUILD_DIR/deps-bench.stamp"
deps bench
is 69 'apt: an install that fails' 'could not install: libgsl-dev'
point=$((point + 1))
if [ -e "$BUILD_DIR/deps-bench.stamp" ]; then
	echo "not ok $point - apt: a failure leaves no stamp"
else
	echo "ok $point - apt: a failure leaves no stamp"
fi
echo "1..$point"
