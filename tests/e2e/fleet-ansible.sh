#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The playbook of the fleet, played for real: a controller and two nodes, each this machine's tree with an overlay
# of its own, namespaces of its own (name, network, processes) and a systemd in them; Ansible reaches them
# by nsenter in the place of ssh. What it sets up works, played again it changes nothing, and a node that cannot
# have the module fails alone and says why. Kernel settings are read-only in there: Prolog and Epilog work on files.
# seconds: 1
# waits
# timeout: 2400
# shellcheck disable=SC2016,SC2317 # inner shells expand their own variables; check calls functions
set -u

B=${B:-build}
PATH=$PATH:/usr/sbin:/sbin

# A host comes up: inside the namespaces, as their first process.
if [ "${1:-}" = --host ]; then
	set -e
	name=$2 dir=$3
	root=$dir/$name/root
	hostname "$name"
	mount -t tmpfs -o size=4g tmpfs "$dir/$name"
	mkdir "$dir/$name/upper" "$dir/$name/work" "$root"
	mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/$name/upper,workdir=$dir/$name/work" "$root"
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=755 tmpfs "$root/dev"
	for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		mknod -m 666 "$root/dev/${node%%:*}" c "$(echo "$node" | cut -d : -f 2)" "${node##*:}"
	done
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
	mount --bind "$root/proc/sys" "$root/proc/sys"
	mount -o remount,bind,ro "$root/proc/sys"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	mount -t tmpfs tmpfs "$root/run"
	mkdir -p "$root/srv/site"
	mount --bind "$dir/site" "$root/srv/site"
	cp "$dir/hosts" "$root/etc/hosts"
	echo "$name" >"$root/etc/hostname"
	# Nothing that this machine starts, and nothing of a fleet that it may be in itself.
	rm -rf "$root"/etc/systemd/system/*.wants/* "$root/etc/fstab" "$root/etc/slurm/slurm.conf" "$root/opt/egpr-lab"
	: >"$root/etc/machine-id"
	touch "$root/var/lib/apt/lists" # no network in here: what is installed is of today
	# A kernel with control groups of both versions, as that of this machine may be: Slurm must not guess.
	[ "$(wc -l </proc/self/cgroup)" = 1 ] || echo CgroupPlugin=cgroup/v1 >"$root/etc/slurm/cgroup.conf"
	ln -sf /dev/null "$root/etc/systemd/system/console-getty.service"
	# One kernel with headers is enough for DKMS.
	[ ! -s "$dir/kernel" ] ||
		find "$root/lib/modules" -maxdepth 2 -name build ! -path "*/$(cat "$dir/kernel")/*" -delete
	# What the Prolog makes quiet.
	mkdir -p "$root/srv/quiet/sys/devices/system/cpu" "$root/srv/quiet/proc/sys/kernel" "$root/srv/quiet/run"
	cat /sys/devices/system/cpu/online >"$root/srv/quiet/sys/devices/system/cpu/online"
	echo 1 >"$root/srv/quiet/proc/sys/kernel/nmi_watchdog"
	mkdir -p "$root/mnt/old"
	cd "$root"
	pivot_root . mnt/old
	umount -l /mnt/old
	: >"/srv/site/$name.up"
	exec env -i container=egprlab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no
fi

[ -n "${LONG:-}" ] || {
	echo '1..0 # SKIP builds the lab and its module on hosts of its own, five minutes; fleet-features and fleet-slurm have the parts: LONG=1 tests/e2e/fleet-ansible.sh'
	exit 0
}
. tests/e2e/tap.inc
for tool in ansible-playbook slurmd slurmctld munged git ip nsenter /lib/systemd/systemd; do
	command -v $tool >/dev/null || {
		echo "1..0 # SKIP $tool is not installed: scripts/deps check"
		exit 0
	}
done
# spaces COMMAND...: in namespaces of its own, below a control group that is $cgroup.
cgroup=egprlab-$$
spaces() {
	mkdir -p "$dir/cgroup"
	exec unshare --mount --propagation private sh -ec '
		mount -t cgroup2 cgroup2 "$1/cgroup"
		mkdir -p "$1/cgroup/$2"
		echo 0 >"$1/cgroup/$2/cgroup.procs"
		shift 2
		exec unshare --cgroup --ipc --mount --uts --net --pid --fork --kill-child --propagation private "$@"' \
		- "$dir" "$@"
}
if [ "$(id -u)" != 0 ] || ! grep -qw overlay /proc/filesystems || ! (spaces $cgroup/trial true) 2>"$dir/err" ||
	! unshare --net ip link add port1 type veth peer name veth0 2>>"$dir/err"; then
	echo "1..0 # SKIP needs root, overlayfs, namespaces, cgroup2 and veth: $(tail -n 1 "$dir/err")"
	exit 0
fi

machines=
stop() {
	trap '' INT TERM HUP
	# With its first process a host is gone, and its mounts.
	for pid in $machines; do
		kill -9 "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	# The kernel takes a moment to end all of their processes.
	unshare --mount --propagation private sh -c 'mount -t cgroup2 cgroup2 "$1/cgroup" || exit
		for try in 1 2 3 4 5 6 7 8 9 10; do
			find "$1/cgroup/$2" -depth -type d -exec rmdir {} + 2>/dev/null
			[ -d "$1/cgroup/$2" ] || exit
			sleep 0.5
		done' - "$dir" $cgroup
	rm -rf --one-file-system "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

mkdir -p "$dir/site" "$dir/head" "$dir/node1" "$dir/node2"
# The tree as it stands, committed or not.
commit=$(git stash create)
if ! { git init -q --bare "$dir/site/lab.git" && git push -q "$dir/site/lab.git" "${commit:-HEAD}:refs/heads/main"; } 2>"$dir/err"; then
	echo "1..0 # SKIP not a clone of the lab: $(tail -n 1 "$dir/err")"
	exit 0
fi
for build in /lib/modules/*/build/Makefile; do
	[ ! -e "$build" ] || basename "$(dirname "$(dirname "$build")")"
done | sort -V | head -n 1 >"$dir/kernel"
kernel=$(cat "$dir/kernel")
printf '127.0.0.1 localhost\n10.77.0.1 head\n10.77.0.2 node1\n10.77.0.3 node2\n' >"$dir/hosts"
for host in head node1 node2; do
	spaces $cgroup/$host "$PWD/$0" --host $host "$dir" >"$dir/$host.log" 2>&1 &
	machines="$machines $!"
	tries=100
	until [ -e "$dir/site/$host.up" ] || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	pgrep -P $! >"$dir/$host.pid"
done
# One wire from the controller to each node.
network() {
	for host in head node1 node2; do
		nsenter -t "$(cat "$dir/$host.pid")" -n ip link set lo up || return
	done
	nsenter -t "$(cat "$dir/head.pid")" -n sh -ec 'ip link add lab0 type bridge; ip addr add 10.77.0.1/24 dev lab0; ip link set lab0 up' || return
	for i in 1 2; do
		nsenter -t "$(cat "$dir/head.pid")" -n sh -ec 'ip link add port$1 type veth peer name veth0 netns $2; ip link set port$1 master lab0 up' \
			- $i "$(cat "$dir/node$i.pid")" || return
		nsenter -t "$(cat "$dir/node$i.pid")" -n sh -ec 'ip link set veth0 up; ip addr add 10.77.0.$1/24 dev veth0' - $((i + 1)) || return
	done
}
check 'three hosts come up and are wired' network

cat >"$dir/ssh" <<END
#!/bin/sh
# ssh OPTION... HOST COMMAND, where HOST is a set of namespaces.
while [ \$# -gt 2 ]; do shift; done
exec nsenter -t "\$(cat "$dir/\$1.pid")" -m -u -i -n -p -C -r -w /usr/bin/env -i HOME=/root LANG=C.UTF-8 \\
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -c "\$2"
END
chmod +x "$dir/ssh"
on() { # on HOST COMMAND: its words on standard output
	"$dir/ssh" "$@"
}
cat >"$dir/ansible.cfg" <<END
[defaults]
home = $dir/ansible
local_tmp = $dir/ansible/tmp
[ssh_connection]
pipelining = true
transfer_method = piped
END
export ANSIBLE_CONFIG="$dir/ansible.cfg" ANSIBLE_NOCOLOR=1
dd if=/dev/urandom of="$dir/munge.key" bs=128 count=1 2>/dev/null
inventory() { # inventory NODE1: with these variables of node1
	sed "s/^lab_repository=.*/lab_repository=\/srv\/site\/lab.git/; s|^munge_key=.*|munge_key=$dir/munge.key|
		s|^lab_node_options=.*|lab_node_options=--accept noisy --seconds 0.2 --root /srv/quiet|
		s/^node1\$/node1 $1/; s/^node2\$/node2 lab_module=false/" scripts/fleet/ansible/inventory.ini
	cat <<-END
		ansible_become=false
		ansible_ssh_executable=$dir/ssh
		ansible_python_interpreter=/usr/bin/python3
	END
}
plays() { # plays STATUS WORD...: the playbook ends with that status
	want=$1
	shift
	ansible-playbook -i "$dir/inventory.ini" "$@" scripts/fleet/ansible/site.yml >"$dir/played" 2>&1
	got=$?
	grep -E '^(fatal|PLAY RECAP|[a-z0-9]+ +: ok)|FAILED' "$dir/played"
	[ $got = "$want" ]
}
recap() { # recap HOST WORDS: of its line
	grep "^$1  *:" "$dir/played" | tee /dev/stderr | grep -qE " $2( |\$)"
}
nodes() { # nodes WORDS: what the controller says of all nodes, within twenty seconds
	tries=40
	until [ "$(on head "sinfo -h -N -o '%N=%t' | sort | paste -sd ' '")" = "$1" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || {
			on head 'sinfo -N -o "%N %t %E"; tail -n 5 /var/log/slurm/slurmctld.log'
			return 1
		}
		sleep 0.5
	done
}
features_of() { # features_of NODE: as its doctor says, and as the controller does
	want=$(on "$1" /opt/egpr-lab/scripts/fleet/features) got=$(on head "sinfo -h -n $1 -o %f")
	echo "doctor: $want, controller: $got"
	[ -n "$want" ] && [ "$want" = "$got" ]
}

# A node whose kernel has no headers.
without=$(uname -r)
[ ! -e "/lib/modules/$without/build/Makefile" ] || without=0.0.0-none
inventory "lab_kernel=$without" >"$dir/inventory.ini"
check 'a playbook with a node whose kernel has no headers ends with failure' plays 2
check 'it says so, and what can be done' grep -q "node1: no module for kernel $without: No package matching .linux-headers-$without.*lab_kernel.*lab_module=false" "$dir/played"
check 'it is that node alone' recap node1 failed=1
check 'the other' recap node2 failed=0
check 'and the controller are set up' recap head failed=0
check 'its slurmd joins the controller, which has no other node' nodes node2=idle
check 'the features of the node are what its doctor says' features_of node2
check 'a job runs on it, between Prolog and Epilog' sh -c "[ \"\$('$dir/ssh' head 'cd /tmp && srun -N 1 hostname')\" = node2 ]"
quiet_again() {
	tries=40
	until [ "$(on node2 'cat /srv/quiet/proc/sys/kernel/nmi_watchdog; ls /srv/quiet/run' | paste -sd ' ')" = 1 ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.5
	done
}
check 'which leaves nothing of the quiet settings' quiet_again

# The other node comes later. A build of the same tree in a tree at the same place: once is enough.
on node2 'cp -a /opt/egpr-lab/build /srv/site/' && on node1 'mv /srv/site/build /opt/egpr-lab/'
module=lab_module=false
[ -z "$kernel" ] || module=lab_kernel=$kernel
inventory "$module" >"$dir/inventory.ini"
good=$(on node1 'cat /etc/slurm/cgroup.conf 2>/dev/null')
on node1 'echo CgroupPlugin=none-such >/etc/slurm/cgroup.conf'
check 'a node whose slurmd ends at once fails' plays 2 --limit head,node1
check 'with the last words of slurmd' grep -q 'node1: its slurmd does not answer the controller: .*none-such' "$dir/played"
on node1 "if [ -n '$good' ]; then echo '$good' >/etc/slurm/cgroup.conf; else rm /etc/slurm/cgroup.conf; fi"
check 'once that is mended the node is set up by itself' plays 0 --limit head,node1
check 'the other is not touched, and stays in the configuration' nodes 'node1=idle node2=idle'
if [ -n "$kernel" ]; then
	check "DKMS has the module for $kernel" sh -c "'$dir/ssh' node1 'dkms status' | tee /dev/stderr | grep -q '^egpr-switch/.*$kernel.*: installed'"
else
	n=$((n + 1))
	echo "ok $n - the module by DKMS # SKIP no kernel has headers in /lib/modules/*/build: scripts/deps check"
fi
check 'for all hosts once more' plays 0
# The other node's configuration was that of one.
check 'the other node has the new configuration' recap node2 failed=0
check 'and once again' plays 0
for host in head node1 node2; do
	check "changes nothing: $host" recap $host 'changed=0 .*failed=0'
done
check 'a job runs on both nodes' sh -c "
	[ \"\$('$dir/ssh' head 'cd /tmp && srun -N 2 hostname' | sort | paste -sd ' ')\" = 'node1 node2' ]"

# Features that are not those of the doctor.
on head 'scontrol update nodename=node2 availablefeatures=old activefeatures=old'
check 'features by themselves' plays 0 --tags features
check 'one is told to the controller' recap head 'changed=1 .*failed=0'
check 'and is what the doctor says' features_of node2
check 'what has to start again with the machine does' sh -c "
	'$dir/ssh' head 'systemctl is-enabled munge slurmctld; systemctl is-active munge slurmctld' | sort | uniq -c | tee /dev/stderr | wc -l | grep -qx 2 &&
	'$dir/ssh' node1 'systemctl is-enabled munge slurmd; systemctl is-active munge slurmd' | sort | uniq -c | tee /dev/stderr | wc -l | grep -qx 2"
echo "1..$n"
