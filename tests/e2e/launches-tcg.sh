#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Launches with a load of the module each, and what the module itself costs, in a Debian
# kernel on SVM (QEMU). Emulated exits have no meaning as times: what is checked is where
# they were put.
# seconds: 60
# timeout: 600
# spare
set -u

B=${B:-build}
json=$B/tests/tools/json
. tests/e2e/tap.inc

release=$(scripts/machine/kernel 6.12 2>"$dir/err") || {
	echo "1..0 # SKIP no Debian kernel 6.12: $(head -n 1 "$dir/err")"
	exit 0
}
kdir=/lib/modules/$release/build
[ -e "$kdir/Makefile" ] || {
	echo "1..0 # SKIP no headers for $release: apt-get install linux-headers-$release"
	exit 0
}
cat >"$dir/inside" <<'INSIDE'
lab=build/egprlab
ko=build/kmod-$(uname -r)/egpr_switch.ko
rmmod egpr_switch 2>/dev/null
insmod "$ko" && $lab run --profile smoke --layer ring0 --state off --launches 2 --pause --out /out/run || exit
rmmod egpr_switch && insmod "$ko" && $lab run --resume /out/run --pause
INSIDE
check 'the module builds' kmod/build "$kdir"
check 'two launches run, the module loaded anew between them' env OUT="$dir/machine" \
	scripts/boot tcg 6.12 -- sh -c "$(cat "$dir/inside")"
run=$dir/machine/run
check 'that is the whole run' grep -q '"state":.*"complete"' "$run/meta.json"
for i in 0 1; do
	"$json" launches/$i/module_load <"$run/meta.json" | tr ' ' '\n' | sort >"$dir/load.$i"
	"$json" launches/$i/boot_id <"$run/meta.json" >"$dir/boot.$i"
done
check 'each launch names the module and KVM' test "$(grep -cE '^(egpr_switch|kvm|kvm_amd):[0-9]+$' "$dir/load.1")" -eq 3
check 'of the module there were two loads, of KVM one' test "$(comm -12 "$dir/load.0" "$dir/load.1" | wc -l)" -eq 2
check 'of the kernel one boot' cmp "$dir/boot.0" "$dir/boot.1"
check 'the report has the loads as a level' sh -c "
	'$B/egprlab' report '$run' && grep -E '^module load +2 ' '$run/report.txt' &&
	grep -E '^launch +2 .*not estimable: one per module' '$run/report.txt'"
check 'every operation of the module is timed in both' test \
	"$(awk -F, 'NR > 1 { n[$12]++ } END { for (op in n) if (n[op] == 2) all++; print all }' "$run/module.csv")" -eq 9
check 'as nothing that hardware would take' sh -c "
	! grep -v ',none,no,proxy,ring0,' '$run/module.csv' | sed 1d | grep . &&
	grep -q 'an emulator runs this' '$run/report.txt'"
echo "1..$n"
