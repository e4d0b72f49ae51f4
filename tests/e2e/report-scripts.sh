#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The scripts around a report: printing it, and perf where there is a PMU.
# seconds: 10
set -u

B=${B:-build}
dir=$(mktemp -d) || exit 70
trap 'rm -rf "$dir"' EXIT
n=0

# status WANT WHAT COMMAND...: one TAP line; the command must exit with WANT. What the
# one before it said is in $dir/last.
status() {
	[ ! -e "$dir/out" ] || mv "$dir/out" "$dir/last"
	n=$((n + 1))
	want=$1 what=$2
	shift 2
	"$@" >"$dir/out" 2>&1
	got=$?
	if [ $got = "$want" ]; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what (status $got)"
		sed 's/^/# /' "$dir/out" | head -20
	fi
}

mkdir "$dir/bin" "$dir/run"
for tool in sh dirname mktemp rm cat sed; do ln -s "$(command -v $tool)" "$dir/bin/$tool"; done
status 64 'report-print without arguments is a usage error' scripts/report-print
status 65 'report-print names a missing report' scripts/report-print "$dir/run" "$dir/a.pdf"
"$B/tests/tools/synthetic-run" "$dir/real" blocks=4 || exit 70
PATH=$dir/bin "$B/egprlab" report "$dir/real" >/dev/null 2>&1 || exit 70
status 69 'report-print says which package it lacks' env PATH="$dir/bin" \
	scripts/report-print "$dir/real" "$dir/a.pdf"
status 0 'and names chromium' grep -q chromium "$dir/last"
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then
	status 64 'a picture of an unknown kind is a usage error' scripts/report-print "$dir/real" "$dir/a.gif"
	status 0 'the report as PDF' scripts/report-print "$dir/real" "$dir/a.pdf"
	status 0 'is a PDF' sh -c "head -c 5 '$dir/a.pdf' | grep -q %PDF"
	status 0 'its first screen as PNG' scripts/report-print "$dir/real" "$dir/a.png" 800 600
	status 0 'is a PNG' sh -c "head -c 4 '$dir/a.png' | grep -q PNG"
else
	n=$((n + 1))
	echo "ok $n - printing # SKIP no chromium; install the package chromium"
fi

status 64 'perf-kvm-stat refuses an unknown kind' scripts/perf-kvm-stat teleport
status 64 'perf-kvm-stat refuses what is no number' scripts/perf-kvm-stat cpuid many
status 77 'perf-kvm-stat skips where there is no perf' env PATH="$dir/bin" B="$B" scripts/perf-kvm-stat
status 0 'and says which package it lacks' grep -q linux-perf "$dir/last"
if [ ! -e /dev/egpr_switch ] && command -v perf >/dev/null; then
	status 77 'and where the module is not loaded' scripts/perf-kvm-stat
	status 0 'with how to load it' grep -q 'make kmod' "$dir/last"
fi
status 64 'perf-record without a kind is a usage error' scripts/perf-record
status 64 'perf-record refuses an unknown kind' scripts/perf-record teleport
status 77 'perf-record skips where there is no perf' env PATH="$dir/bin" B="$B" scripts/perf-record cpuid
status 0 'and says which package it lacks' grep -q linux-perf "$dir/last"
counted=$(perf stat -x, -e cycles true 2>&1 | sed -n 's/^\([0-9][0-9]*\),.*/\1/p')
if [ "${counted:-0}" -gt 0 ] && [ -w /dev/kvm ]; then
	status 0 'perf-record shows where the cycles go' scripts/perf-record cpuid 1000 "$dir/perf"
	status 0 'by function' test -s "$dir/perf/functions.txt"
else
	n=$((n + 1))
	echo "ok $n - where the cycles go # SKIP no PMU that perf can use, or no /dev/kvm"
fi
echo "1..$n"
