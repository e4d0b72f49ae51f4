#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A campaign in QEMU (SVM) with path length as the measure: Debian's 6.12 and its 6.1, as they are, with one boot
# killed and one panic on the way. No module of the lab takes part. Two builds of one KVM: campaign-bochs.
# seconds: 75
# timeout: 900
set -u

B=${B:-build}
export B
. tests/e2e/tap.inc
. tests/e2e/campaign.inc
export TMPDIR="$dir" # what the boot that is killed leaves goes with the test
for tool in qemu-system-x86_64 cpio; do
	command -v $tool >/dev/null 2>&1 || {
		echo "1..0 # SKIP $tool is not installed (scripts/deps check)"
		exit 0
	}
done
for series in 6.1 6.12; do
	release=$(scripts/machine/kernel $series 2>"$dir/err") || {
		echo "1..0 # SKIP no Debian kernel $series: $(head -n 1 "$dir/err")"
		exit 0
	}
done

plan_of_instructions "$dir/plan.ini" 32 0.2
boots tcg
cat >"$dir/kernels.ini" <<END
[campaign]
out = $dir/campaign
boots = 2
timeout = 400
run = --plan /lab/$dir/plan.ini
[kernel base]
release = $release
boot = $dir/boot 6.12
[kernel old]
release = 6.1
boot = $dir/boot 6.1
END
goes_on "$dir/kernels.ini" 'base:lost old:done old:panicked base:done base:done old:done' base old
# What the samples say, counted apart: the medians of the baseline differ by the row's number.
old=$(median base)
new=$(median old)
check "the path of an exit of 6.1 differs by what was counted ($new and $old instructions)" sh -c "
	awk -v old=$old -v new=$new '/^old against base/ { here = 1 } here && \$1 == \"boundary\" && \$2 == \"cpuid\" && \$5 == \"none\" {
		seen = 1; d = \$6 - (new - old); bad = d > 0.02 * old || d < -0.02 * old }
	END { exit bad || !seen }' '$dir/said'"
echo "1..$n"
