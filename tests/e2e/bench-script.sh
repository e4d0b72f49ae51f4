#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# scripts/bench: what it does with the module, on stand-ins for the lab, insmod and rmmod.
# seconds: 2
# shellcheck disable=SC2016 # the stand-ins expand their own variables
set -u

. tests/e2e/tap.inc

# The lab: three launches in $run, unless this is one without --pause.
build=$dir/build run=$dir/run log=$dir/log
mkdir -p "$build/kmod-$(uname -r)" "$dir/bin" "$run"
touch "$build/kmod-$(uname -r)/egpr_switch.ko"
cat >"$build/egprlab" <<LAB
#!/bin/sh
case "\$*" in
doctor) exit ;;
--help) exit ;;
model*) exit "\${MODEL:-0}" ;;
*run*) echo "\$*" >>'$log' ;;
*) exit ;;
esac
state=complete
case "\$*" in *--pause) [ "\$(grep -c pause '$log')" -ge 3 ] || state=interrupted ;; esac
echo "	\"state\":	\"\$state\"," >'$run/meta.json'
[ -z "\${DIES:-}" ] || exit 70
echo '$run'
LAB
for tool in insmod rmmod; do
	printf '#!/bin/sh\necho %s >>"%s"\n[ "$STUCK" != %s ]\n' $tool "$log" $tool >"$dir/bin/$tool"
done
printf '#!/bin/sh\necho 0\n' >"$dir/bin/id"
chmod +x "$build/egprlab" "$dir/bin"/*

bench() { # bench VARIABLE...: what it called, in one line, is in $dir/calls
	: >"$log"
	env BENCH_ROOT="$dir/root" PATH="$dir/bin:$PATH" B="$build" "$@" scripts/bench >"$dir/said" 2>&1
	status=$?
	cat "$dir/said"
	xargs <"$log" >"$dir/calls"
}

mkdir -p "$dir/root/proc" "$dir/root/sys/module"
touch "$dir/root/proc/modules"
called() { cat "$dir/calls"; test "$(cat "$dir/calls")" = "$1"; }
bench A=b >/dev/null
check 'every launch gets a load of its own' called "insmod run --profile quick --pause rmmod \
insmod run --resume $run --pause rmmod insmod run --resume $run --pause rmmod"
bench MODULE=no PROFILE=smoke >/dev/null
check 'without the module it runs in one go' called 'run --profile smoke'
bench DIES=y >/dev/null
check 'a failed run ends it, and the module is out' called 'insmod run --profile quick --pause rmmod'
check 'with the status of the run' test "$status" = 70
bench MODULE=no >/dev/null
check 'the static model is made behind the run and in front of the report' sh -c \
	'grep "^==" "$1" | sed -n "/Measuring/,/Report/p" | sed -n 2p | grep -q "Static model"' - "$dir/said"
check 'and is said to be kept' grep -q '^kept in results/latest/model.csv' "$dir/said"
bench MODULE=no MODEL=77 >/dev/null
check 'without llvm-mca it is left out' grep -q '^left out, for the reason above' "$dir/said"
check 'and the report still comes' grep -q '^== Report' "$dir/said"
bench MODULE=no MODEL=65 >/dev/null
check 'an answer that cannot be read ends it' test "$status" = 65
bench STUCK=rmmod >/dev/null
check 'a module that stays ends it' test "$status" = 69
check 'and it says so' grep -q 'could not be loaded anew' "$dir/said"
echo "1..$n"
