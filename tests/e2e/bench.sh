#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab bench: Google Benchmark's options work, its files are read back, what
# cannot run is a row with its reason and without a time.
# seconds: 12
# shellcheck disable=SC2016 # scripts of sh -c have their own arguments
set -u
B=${B:-build}
lab=$B/egprlab
json=$B/tests/tools/json
. tests/e2e/tap.inc
tmp=$dir/work
mkdir "$tmp"

bench() { # bench STATUS OPTION...: leaves $tmp/out and $tmp/err
	want=$1
	shift
	"$lab" bench --benchmark_min_time=0.001 "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	check "bench $* ends with $want" test $status -eq "$want"
}

if ! "$lab" --help | grep -q '^  bench'; then
	echo '1..0 # SKIP built without Google Benchmark'
	exit 0
fi

# Names come from the tables: every strategy in every state.
bench 0 --benchmark_list_tests=true --benchmark_filter='^prim/'
for state in $("$lab" list states --json | $json each/id); do
	"$lab" list strategies --json | $json each/id | sed "/^kvm-own\$/d; s|delay-N|delay-10|; s|.*|prim/none/$state/&/manual_time|"
done | sort >"$tmp/want"
check 'layer prim has one benchmark per state and strategy' sh -c 'sort "$1" | cmp -s "$2" -' - "$tmp/out" "$tmp/want"
bench 0 --benchmark_list_tests=true --benchmark_filter='^boundary/'
check 'layer boundary has every exit kind' test \
	"$(cut -d/ -f2 "$tmp/out" | sort -u)" = "$("$lab" list exits --json | $json each/id | sort)"

bench 0 --benchmark_filter='^prim/none/dirty/(none|gated-mov)/' --benchmark_format=json
check 'both arms ran' test "$($json 'benchmarks/#' <"$tmp/out")" -eq 2
check 'they have cycles' sh -c '[ "$("$1" benchmarks/0/tsc_cycles <"$2")" != 0 ]' - "$json" "$tmp/out"
check 'and a provenance' sh -c '"$1" benchmarks/1/label <"$2" | grep -qE "^(hw|proxy)"' - "$json" "$tmp/out"
check 'the context names the host' test "$($json context/egpr_host_id <"$tmp/out")" = \
	"$("$lab" doctor --json --seconds 0.01 | $json host/id)"

bench 0 --benchmark_filter='^prim/none/dirty/none/' --benchmark_repetitions=3 \
	--benchmark_enable_random_interleaving=true --benchmark_format=json
check 'repetitions and their aggregates' test "$($json benchmarks/each/name <"$tmp/out" | grep -c '_median$')" -eq 1
bench 0 --benchmark_filter='^prim/none/dirty/none/' --benchmark_format=csv
check 'CSV with a header' sh -c 'head -n 1 "$1" | grep -q "^name,iterations,real_time"' - "$tmp/out"
bench 0 --benchmark_filter='^prim/none/dirty/none/' --benchmark_min_time=0.002s
check 'no word about how the library was built' sh -c '! grep -q DEBUG "$1"' - "$tmp/err"

# XSAVES needs CPL 0, which layer prim has nowhere.
bench 77 --benchmark_filter='^prim/none/dirty/xsaves/'
check 'skipped, with the reason' grep -q 'skipped: .*CPL 0' "$tmp/out"
bench 77 --benchmark_filter='^prim/none/dirty/xsaves/' --benchmark_format=json
# Versions from 1.8 on have a word of their own for a skip.
check 'the row is in the JSON' test "$($json benchmarks/0/error_occurred <"$tmp/out" || $json benchmarks/0/skipped <"$tmp/out")" = true
check 'without a measurement' test "$($json benchmarks/0/iterations <"$tmp/out")" -eq 0
bench 0 --benchmark_filter='^prim/none/dirty/(none|xsaves)/'

bench 0 --benchmark_filter='^prim/none/dirty/none/' --out "$tmp/run"
check 'gbench.json is written' test "$($json 'benchmarks/#' <"$tmp/run/gbench.json")" -eq 1
check 'and nothing else' test "$(ls -A "$tmp/run")" = gbench.json
rm -r "$tmp/run"
bench 64 --benchmark_filter='^nothing/' --out "$tmp/run"
check 'a failed run leaves no file' test -z "$(ls -A "$tmp/run")"

bench 64 --benchmark_filter='['
bench 64 --benchmark_min_time=soon
bench 64 --benchmark_format=xml
bench 64 --benchmark_nonsense=1
bench 64 --benchmark_filter
bench 64 --cpu none
bench 64 --cpu 99999
bench 64 extra
bench 64 --out /proc/nowhere

# Figures about the lab's own speed: printed with their goals, never a verdict here.
bench 0 --speed
check 'the summary has its own heading' grep -q '^Speed of the lab itself' "$tmp/out"
check 'software APX is under a heading of its own' grep -q '^  APX in software' "$tmp/out"
if [ -w /dev/kvm ]; then
	for what in 'pio-out exit' 'whole vmm-mini process'; do
		check "it compares a $what" sh -c 'grep -A 1 "$1" "$2" | grep -qE "ratio [0-9.]+ .*goal|fewer than"' - \
			"$what" "$tmp/out"
	done
	check 'the bare program does its exit' "$B/bare-vm" "$B/payloads/pio-out.elf"
	check 'and tells when it cannot' sh -c '! "$1" /dev/null 2>/dev/null' - "$B/bare-vm"
fi
echo "1..$n"
