#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab run --provenance emu: proofs for every strategy, exit kind and state, no time.
# seconds: 4
set -u

B=${B:-build}
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
n=0

ok() { # ok STATUS TEXT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

"$B/egprlab" run --provenance emu --profile smoke --out "$tmp/run" >"$tmp/out" 2>"$tmp/err"
status=$?
if [ $status -eq 77 ]; then
	echo "ok 1 - proofs # SKIP $(tail -n 1 "$tmp/err")"
	echo 1..1
	exit 0
fi
[ $status -eq 0 ]
ok $? 'the proofs of the smoke profile pass'
[ $status -eq 0 ] || sed 's/^/# /' "$tmp/out" "$tmp/err"

# The table of strategies and the proofs name the same rows; none is missing.
# ids COLLECTION: of `egprlab list --json`
ids() {
	"$B/egprlab" list "$1" --json | grep -o '"id":[[:space:]]*"[^"]*"' | cut -d'"' -f4
}

ids strategies | sed '/^kvm-own$/d; s/^delay.*/delay-0/' | sort >"$tmp/strategies"
awk -F, 'NR > 1 { print $9 }' "$tmp/run/proofs.csv" | sort -u >"$tmp/proved"
[ -s "$tmp/strategies" ] && cmp -s "$tmp/strategies" "$tmp/proved"
ok $? "every strategy of the lab's is in proofs.csv"
grep -q ',emu,boundary,.*,kvm-own,.*has no KVM that would switch by itself' "$tmp/run/skipped.csv"
ok $? "and KVM's own has its reason"

ids exits >"$tmp/exits"
missing=$(while read -r kind; do
		for state in off init dirty; do
			grep -qE "emu,boundary,$kind,[a-z]+,[a-z0-9-]+,$state," \
				"$tmp/run/proofs.csv" "$tmp/run/skipped.csv" || echo "$kind/$state"
		done
done <"$tmp/exits")
[ -s "$tmp/exits" ] && [ -z "$missing" ]
ok $? "every exit kind and state is proved, or skipped with its reason $missing"

awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /cycles|seconds|_us$|elapsed/) exit 1 }' \
	"$tmp/run/proofs.csv" && ! grep -qE '[0-9] ?(cycles|ticks|ns|us|ms|s)\b' "$tmp/out"
ok $? 'neither proofs.csv nor the table has a time'

[ "$(wc -l <"$tmp/run/samples.csv")" -eq 1 ] && [ "$(wc -l <"$tmp/run/summary.csv")" -eq 1 ]
ok $? 'nothing was timed'

awk -F, 'NR > 1 && $5 != "emu" { exit 1 }' "$tmp/run/proofs.csv"
ok $? 'every row says emu'

grep -q 'none,.*dirty,fp-0,no-leak,.*pass.*control, caught' "$tmp/run/proofs.csv"
ok $? 'the negative control leaks, and the proof sees it'

"$B/egprlab" run --provenance emu --profile smoke --exit pio-out --state dirty \
	--strategy gated-mov --out "$tmp/one" >"$tmp/out" 2>"$tmp/err" &&
	! grep -q 'uncond-mov' "$tmp/one/proofs.csv" && ! grep -q ',cpuid,' "$tmp/one/proofs.csv" &&
	grep -q 'pio-out,user,gated-mov,dirty,fp-0,guest-survives' "$tmp/one/proofs.csv"
ok $? 'the command line narrows what is proved'

"$B/egprlab" run --provenance emu --profile smoke --dry-run >"$tmp/out" 2>&1 &&
	grep -q 'state proofs' "$tmp/out"
ok $? '--dry-run says what would be proved'

echo "1..$n"
