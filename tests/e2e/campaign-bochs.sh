#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A campaign of two builds of KVM in Bochs (VMX) with path length as the measure: one has eight instructions
# more in its __vmx_vcpu_run. They are found, with one boot killed and one panic on the way.
# seconds: 400
# timeout: 1500
# spare
set -u

B=${B:-build}
export B
. tests/e2e/tap.inc
. tests/e2e/campaign.inc
export TMPDIR="$dir" # what the boot that is killed leaves goes with the test
for tool in bochs-bin xorriso cpio objdump; do
	command -v $tool >/dev/null 2>&1 || {
		echo "1..0 # SKIP $tool is not installed (scripts/deps check)"
		exit 0
	}
done
if ! release=$(scripts/machine/kernel 6.12 2>"$dir/err") || ! scripts/machine/headers "$release" >/dev/null 2>"$dir/err"; then
	echo "1..0 # SKIP no Debian kernel 6.12 with its headers: $(head -n 1 "$dir/err")"
	exit 0
fi
builds "$release"

# At a thousand million instructions a second the timer interrupts every four million; an exit takes a thousand.
plan_of_instructions "$dir/plan.ini" 64 0.1
boots bochs
cat >"$dir/builds.ini" <<END
[campaign]
out = $dir/campaign
boots = 2
timeout = 600
run = --plan /lab/$dir/plan.ini
[kernel base]
release = $release
kvm = $base
boot = $dir/boot 6.12
[kernel planted]
release = $release
kvm = $planted
boot = $dir/boot 6.12
END
goes_on "$dir/builds.ini" 'base:lost planted:done planted:panicked base:done base:done planted:done' base planted
eight_found
echo "1..$n"
