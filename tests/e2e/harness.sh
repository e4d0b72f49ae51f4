#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The test runner must notice every way in which a test can go wrong: a runner
# that overlooks one makes all other tests worthless.
# seconds: 5
set -u

tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
point=0

# script NAME: a test from stdin.
script() {
	{
		echo '#!/bin/sh'
		cat
	} >"$tmp/$1.sh"
	chmod +x "$tmp/$1.sh"
}

# expect NAME SUMMARY STATUS [PATTERN]: how the runner must judge it.
expect() {
	point=$((point + 1))
	CHECK_DIR=$tmp/check CHECK_JOBS=2 TEST_TIMEOUT=20 tests/run "$tmp/$1.sh" >"$tmp/out" 2>&1
	status=$?
	if [ "$(tail -n 1 "$tmp/out")" = "$2" ] && [ $status -eq "$3" ] && grep -q -e "${4-.}" "$tmp/out"; then
		echo "ok $point - $1"
	else
		echo "not ok $point - $1: status $status"
		sed 's/^/# /' "$tmp/out"
	fi
}

script passing <<'EOT'
echo 'ok 1 - a'
echo 'ok 2 - b'
echo '1..2'
EOT
expect passing '2 passed, 0 failed, 0 skipped' 0

script failing <<'EOT'
echo 'not ok 1 - the answer is 42'
echo 1..1
EOT
expect failing '0 passed, 1 failed, 0 skipped' 1 'the answer is 42'

script skipping <<'EOT'
echo 'ok 1 - needs a moon # SKIP new moon tonight'
echo 1..1
EOT
expect skipping '0 passed, 0 failed, 1 skipped' 0 'needs a moon: new moon tonight'

script all-skipped <<'EOT'
echo '1..0 # SKIP nothing to see'
EOT
expect all-skipped '0 passed, 0 failed, 1 skipped' 0 'nothing to see'

script crashing <<'EOT'
echo 1..1
echo 'ok 1'
kill -SEGV $$
EOT
expect crashing '1 passed, 1 failed, 0 skipped' 1 'ended by signal 11'

script hanging <<'EOT'
# timeout: 1

echo 1..1
echo 'ok 1'
sleep 100
EOT
expect hanging '1 passed, 1 failed, 0 skipped' 1 'longer than 1 s'

script plan-less <<'EOT'
echo 'ok 1'
EOT
expect plan-less '1 passed, 1 failed, 0 skipped' 1 'no plan'

script silent <<'EOT'
exit 0
EOT
expect silent '0 passed, 1 failed, 0 skipped' 1 'no plan'

script short <<'EOT'
echo 1..3
echo 'ok 1'
exit 0
EOT
expect short '1 passed, 1 failed, 0 skipped' 1 'planned 3 points, printed 1'

script bad-status <<'EOT'
echo 1..1
echo 'ok 1'
exit 3
EOT
expect bad-status '1 passed, 1 failed, 0 skipped' 1 'status 3'

script bailing <<'EOT'
echo 1..1
echo 'ok 1'
echo 'Bail out! no disk'
EOT
expect bailing '1 passed, 1 failed, 0 skipped' 1 'no disk'

script leaving-a-process <<'EOT'
setsid sleep 15 >/dev/null 2>&1 &
echo 1..1
echo 'ok 1'
EOT
expect leaving-a-process '1 passed, 1 failed, 0 skipped' 1 'left behind: .*sleep 15'

script leaving-a-file <<'EOT'
: >"$TMPDIR/rubbish"
echo 1..1
echo 'ok 1'
EOT
expect leaving-a-file '1 passed, 1 failed, 0 skipped' 1 'left behind: .*rubbish'

# No minute is left for what is spare; with the limit off there is no end.
script spare <<'EOT'
# seconds: 7
# spare

echo 'ok 1'
echo 1..1
EOT
export CHECK_STARTED=0
expect spare '0 passed, 0 failed, 1 skipped' 0 'no time is left for its 7 s'
CHECK_MINUTES=0 expect spare '1 passed, 0 failed, 0 skipped' 0
LONG=1 expect spare '1 passed, 0 failed, 0 skipped' 0
CHECK_STARTED=$(date +%s)
CHECK_MINUTES=2 expect spare '1 passed, 0 failed, 0 skipped' 0
CHECK_MINUTES=1 # of which half is kept for what runs alone
export CHECK_MINUTES
sed -i 's/^# seconds: 7/# seconds: 31/' "$tmp/spare.sh"
expect spare '0 passed, 0 failed, 1 skipped' 0 'no time is left for its 31 s'
unset CHECK_MINUTES

expect missing '0 passed, 1 failed, 0 skipped' 1 'could not be started'

# A cmocka program: what its crash and its skipped test look like.
if cat >"$tmp/c.c" <<'EOT' && ${CC:-gcc} "$tmp/c.c" -lcmocka -o "$tmp/cmocka.sh"; then
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
static void good(void **state) { (void)state; }
static void wrong(void **state) { (void)state; assert_int_equal(1, 2); }
static void skipped(void **state) { (void)state; print_message("no reason but this\n"); skip(); }
static void crash(void **state) { (void)state; *(volatile int *)state = 1; __builtin_trap(); }
int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(good), cmocka_unit_test(wrong),
					    cmocka_unit_test(skipped), cmocka_unit_test(crash) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
EOT
	expect cmocka '1 passed, 2 failed, 1 skipped' 1 'skipped: no reason but this'
else
	point=$((point + 1))
	echo "not ok $point - cmocka: does not build"
fi

# Two tests side by side and one alone; the sum over all.
script alone <<'EOT'
# alone

echo 1..1
echo 'ok 1'
EOT
point=$((point + 1))
CHECK_DIR=$tmp/check tests/run "$tmp/passing.sh" "$tmp/failing.sh" "$tmp/alone.sh" >"$tmp/out" 2>&1
if [ "$(tail -n 1 "$tmp/out")" = '3 passed, 1 failed, 0 skipped' ] &&
	[ -s "$tmp/check/alone.queue" ]; then
	echo "ok $point - sum"
else
	echo "not ok $point - sum"
	sed 's/^/# /' "$tmp/out"
fi

# One that waits does so beside the others, though only one of these runs at a time: each needs the other.
meet() { # meet NAME OTHER HEADER
	script "$1" <<EOT
$3

: >'$tmp/met.$1'
for i in \$(seq 100); do [ -e '$tmp/met.$2' ] && break; sleep 0.1; done
echo 1..1
[ -e '$tmp/met.$2' ] && echo 'ok 1' || echo 'not ok 1'
EOT
}
meet waits busy '# waits'
meet busy waits '# seconds: 1'
point=$((point + 1))
CHECK_JOBS=1 CHECK_DIR=$tmp/check tests/run "$tmp/waits.sh" "$tmp/busy.sh" >"$tmp/out" 2>&1
if [ "$(tail -n 1 "$tmp/out")" = '2 passed, 0 failed, 0 skipped' ]; then
	echo "ok $point - one that waits has a place of its own"
else
	echo "not ok $point - one that waits has a place of its own"
	sed 's/^/# /' "$tmp/out"
fi
echo "1..$point"
