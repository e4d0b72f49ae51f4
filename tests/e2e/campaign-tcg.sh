#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A campaign of two Debian kernels in QEMU with path length as the measure: 6.12 against 6.1, with
# one boot killed and one panic on the way. No module of the lab takes part.
# seconds: 200
# timeout: 480
set -u

B=${B:-build}
export B
. tests/e2e/tap.inc
export TMPDIR="$dir" # what the boot that is killed leaves goes with the test
for tool in qemu-system-x86_64 cpio; do
	command -v $tool >/dev/null 2>&1 || {
		echo "1..0 # SKIP $tool is not installed (scripts/deps check)"
		exit 0
	}
done
for series in 6.1 6.12; do
	scripts/machine/kernel $series >/dev/null 2>"$dir/err" || {
		echo "1..0 # SKIP no Debian kernel $series: $(head -n 1 "$dir/err")"
		exit 0
	}
done

cat >"$dir/plan.ini" <<'END'
[plan]
text = instructions of one exit
budget = 1
looks = 1
margins = 10 ticks
delays = 0
batch_min = 32
batch_us = 20
batch_max = 64
offsets = 10
per_exit = 10
resamples = 200
[boundary]
exits = cpuid
states = off
strategies = gated-mov
weight = 1
END
# The second boot that is begun panics; all others are those of scripts/campaign-bed.
cat >"$dir/boot" <<END
#!/bin/sh
cut -d' ' -f5 /proc/\$\$/stat >>'$dir/calls' # its process group
if [ \$(wc -l <'$dir/calls') = 3 ]; then
	exec scripts/boot tcg \$1 -- sh -c 'echo c >/proc/sysrq-trigger'
fi
FILES='$dir/plan.ini' ICOUNT=1 exec scripts/campaign-bed tcg \$1
END
chmod +x "$dir/boot"
cat >"$dir/kernels.ini" <<END
[campaign]
out = $dir/kernels
boots = 2
timeout = 240
run = --plan /lab/$dir/plan.ini
[kernel old]
release = 6.1
boot = $dir/boot 6.1
[kernel new]
release = 6.12
boot = $dir/boot 6.12
END

# Power fails in the first boot: the campaign and all that it started end at once.
setsid "$B/egprlab" campaign "$dir/kernels.ini" >"$dir/first" 2>&1 &
campaign=$!
tries=100
until [ -s "$dir/calls" ] || [ $tries = 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
sleep 2
kill -9 $campaign
kill -9 -"$(head -n 1 "$dir/calls")"
wait $campaign 2>/dev/null
check 'a boot is killed with the campaign' grep -q '^now 0 booting' "$dir/kernels/state"
"$B/egprlab" campaign "$dir/kernels.ini" >"$dir/said" 2>&1
status=$?
sed 's/^/# /' "$dir/said"
check 'the campaign goes on and ends with a verdict' test "$status" -le 1
check 'the boot that was killed and the panic are recorded, and made up for' sh -c "
	awk -F '\t' '\$1 ~ /^[0-9]+\$/ { print \$2 \":\" \$3 }' '$dir/said' | paste -sd ' ' | tee /dev/stderr |
	grep -qx 'old:lost new:done new:panicked old:done old:done new:done'"
check 'the panic is that of the kernel' sh -c "cat '$dir/kernels/boot-2/log'; grep -q 'Kernel panic' '$dir/kernels/boot-2/log'"
for kernel in old new; do
	check "two boots of $kernel are two launches of one run" sh -c "
		[ \$(sed -n 's/.*\"boot_id\":.*\"\(.*\)\".*/\1/p' '$dir/kernels/$kernel/meta.json' | sort -u | wc -l) = 2 ] &&
		grep -q '\"complete\"' '$dir/kernels/$kernel/meta.json'"
done
# What the samples say, counted apart: the medians of the baseline differ by the row's number.
median() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $9 == "none" { print $at["cycles"] / $at["exits"] }' \
		"$dir/kernels/$1/samples.csv" | sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'
}
old=$(median old)
new=$(median new)
check "the path of an exit differs by what was counted (old $old, new $new instructions)" sh -c "
	awk -v old=$old -v new=$new '\$1 == \"boundary\" && \$2 == \"cpuid\" && \$5 == \"none\" {
		seen = 1; d = \$6 - (new - old); bad = d > 0.02 * old || d < -0.02 * old }
	END { exit bad || !seen }' '$dir/said'"
check 'and the verdict says so' grep -qE '^boundary +cpuid +off +fp-0 +none .*(slower|faster|equivalent)' "$dir/said"
echo "1..$n"
