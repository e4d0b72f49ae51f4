#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a fleet knows of a node: features from doctor's JSON, the Prolog's refusals, the playbook.
# seconds: 8
set -u

B=${B:-build}
. tests/e2e/tap.inc

# doctor KEY=VALUE...: what a doctor could say, a key to a line as cJSON prints it.
doctor() {
	printf '{\n\t"host":\t{\n'
	printf '\t\t"cpu_vendor":\t"%s",\n\t\t"cpu_family":\t"%s",\n\t\t"cpu_model":\t"%s",\n\t\t"cpu_stepping":\t"%s",\n\t\t"kernel_release":\t"%s"\n\t},\n' "$1" "$2" "$3" "$4" "$5"
	printf '\t"backend":\t"%s",\n\t"representative":\t%s,\n\t"apx":\t%s,\n\t"played":\t%s,\n\t"pmu":\t%s,\n\t"module":\t%s\n}\n' "$6" "$7" "$8" "$9" "${10}" "${11}"
}
features() {
	doctor "$@" >"$dir/doctor.json"
	scripts/fleet/features --json "$dir/doctor.json"
}
check 'a host with APX' test "$(features GenuineIntel 6 207 2 6.19.0-1-amd64 vmx true true false true true)" = \
	intel-6-207,stepping-2,kernel-6.19.0-1-amd64,apx,vmx,pmu,module
check 'APX that is played is none' test "$(features AuthenticAMD 25 17 1 6.1.0-56-amd64 pvm false true true false false)" = \
	amd-25-17,stepping-1,kernel-6.1.0-56-amd64,pvm,interpreted-guests
check 'what Slurm would take for an operator is none' test "$(features Other 1 2 3 '6.1+x&y' none true false false false false)" = \
	other-1-2,stepping-3,kernel-6.1-x-y
"$B/egprlab" doctor --json --seconds 0.1 >"$dir/here.json"
check 'this host' sh -c "
	scripts/fleet/features --json '$dir/here.json' | tee /dev/stderr |
	grep -qxE '[a-z0-9]+-[0-9]+-[0-9]+,stepping-[0-9]+,kernel-[^,]+(,[a-z-]+)*'"
check 'no doctor is no feature' sh -c "! scripts/fleet/features --json '$dir/gone' 2>/dev/null && ! echo '{}' | scripts/fleet/features --json /dev/stdin 2>/dev/null"

# The Prolog without Slurm: scontrol is a script that writes down what it is told.
mkdir -p "$dir/bin" "$dir/root/sys/devices/system/cpu" "$dir/root/proc/sys/kernel" "$dir/root/run"
printf '#!/bin/sh\necho "$@" >>"%s/told"\n' "$dir" >"$dir/bin/scontrol"
# A doctor whose preflight says what the file beside it says.
cat >"$dir/bin/lab" <<END
#!/bin/sh
printf '{\n\t"noise":\t{\n\t\t"lost_pct":\t3.5,\n\t\t"verdict":\t"%s"\n\t},\n\t"checks":\t[]\n}\n' "\$(cat '$dir/verdict')"
END
chmod +x "$dir/bin/scontrol" "$dir/bin/lab"
echo 0-1 >"$dir/root/sys/devices/system/cpu/online"
echo 1 >"$dir/root/proc/sys/kernel/nmi_watchdog"
setting() {
	[ "$(cat "$dir/root/proc/sys/kernel/nmi_watchdog")" = "$1" ]
}
node() { # node STATUS prolog|epilog OPTION...
	want=$1 part=$2
	shift 2
	rm -f "$dir/told"
	PATH=$dir/bin:$PATH SLURMD_NODENAME=n7 "scripts/fleet/$part" --root "$dir/root" --lab "$dir/bin/lab" "$@"
	[ $? = "$want" ]
}
told() {
	cat "$dir/told"
	grep -q "^update nodename=n7 state=drain reason=$1" "$dir/told"
}
echo quiet >"$dir/verdict"
check 'a quiet node passes the Prolog' node 0 prolog --accept quiet
check 'with its settings quiet' setting 0
check 'and nothing said to Slurm' test ! -e "$dir/told"
check 'the Epilog goes well' node 0 epilog
check 'and puts the settings back' setting 1
echo noisy >"$dir/verdict"
check 'a noisy node is refused' node 1 prolog
check 'with the reason' told 'egprlab prolog: preflight: the node is noisy (3.5 % of the time lost to others), wanted usable'
check 'and given back' setting 1
check 'unless noise is accepted' node 0 prolog --accept noisy
node 0 epilog
: >"$dir/verdict"
check 'a preflight without a verdict is a refusal' node 1 prolog
# /proc/version is a file that nobody can write.
printf 'file\t1\t/proc/version\n' >"$dir/root/run/egpr-noise.state"
check 'a node whose settings cannot be put back is drained' node 1 epilog
check 'with the reason too' told 'egprlab epilog: noise profile: .*/proc/version: could not be set back'
rm "$dir/root/run/egpr-noise.state"
check 'a word that is no option is a refusal' node 1 prolog --accept perhaps

if command -v ansible-playbook >/dev/null; then
	export ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_LOCAL_TEMP="$dir/ansible" ANSIBLE_HOME="$dir/ansible"
	printf '[controller]\n\n[nodes]\nhere ansible_connection=local ansible_remote_tmp=%s\n[all:vars]\nlab_tree=%s\nlab_repository=none\nmunge_key=none\nansible_python_interpreter=%s\n' \
		"$dir/ansible" "$PWD" "$(command -v python3)" >"$dir/inventory.ini"
	check 'the playbook is one' ansible-playbook -i scripts/fleet/ansible/inventory.ini --syntax-check scripts/fleet/ansible/site.yml
	if [ "$B" = build ]; then
		check 'it reads the facts of a node' sh -c "
			ansible-playbook -i '$dir/inventory.ini' scripts/fleet/ansible/site.yml --tags features -e ansible_become=false >'$dir/played' 2>&1
			status=\$?
			cat '$dir/played'
			[ \$status = 0 ] && grep -q 'here: .*kernel-' '$dir/played'"
	fi
else
	n=$((n + 1))
	echo "ok $n - the playbook # SKIP ansible-playbook is not installed: apt-get install ansible-core"
fi
echo "1..$n"
