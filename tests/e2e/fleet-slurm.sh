#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A fleet of two on this machine: munge, slurmctld and two slurmd on the loopback device, with the
# Prolog, Epilog and job array of scripts/fleet. One slurmd is killed in the middle of a task, one
# Prolog fails; nothing is lost, nothing counts twice.
# seconds: 60
# waits
# timeout: 600
# shellcheck disable=SC2016 # inner shells expand their own variables
set -u

B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
export B
. tests/e2e/tap.inc
PATH=$PATH:/usr/sbin:/sbin
tree=$PWD

for tool in munged slurmctld slurmd sbatch; do
	command -v $tool >/dev/null || {
		echo "1..0 # SKIP $tool is not installed: apt-get install slurm-wlm munge"
		exit 0
	}
done
[ "$(id -u)" = 0 ] || {
	echo '1..0 # SKIP slurmd runs jobs of others: only as root'
	exit 0
}

# with_environment NAME=VALUE: process ids that have this in their environment.
with_environment() {
	grep -lzsxF -e "$1" /proc/[0-9]*/environ | tr -dc '0-9\n'
}
children=
stop() {
	trap '' INT TERM HUP
	for pid in $children; do
		kill "$pid" 2>/dev/null
	done
	# What a slurmd that was killed has left: jobs of this test carry its configuration.
	for pid in $(with_environment "SLURM_CONF=$dir/slurm.conf"); do
		[ "$pid" = $$ ] || kill -9 "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

# waits SECONDS COMMAND...: until it is true.
waits() {
	tries=$((5 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || {
			echo "still not: $*"
			sinfo -N -o '%N %t %E' 2>&1
			squeue --array -o '%i %T %N %r' 2>&1
			return 1
		}
		sleep 0.2
	done
}

# Four ports in a row that nobody has.
port=$((15000 + $$ % 15000))
busy() {
	for offset in 0 1 2 3; do
		grep -qi ":$(printf '%04X' $((port + offset))) " /proc/net/tcp && return
	done
	return 1
}
while busy; do port=$((port + 4)); done

# The files that the Prolog of a node works on: a CPU list and one setting that is not quiet.
for node in n1 n2; do
	mkdir -p "$dir/root.$node/sys/devices/system/cpu" "$dir/root.$node/proc/sys/kernel" \
		"$dir/root.$node/run" "$dir/spool.$node"
	cat /sys/devices/system/cpu/online >"$dir/root.$node/sys/devices/system/cpu/online"
	echo 1 >"$dir/root.$node/proc/sys/kernel/nmi_watchdog"
done
for part in prolog epilog; do
	cat >"$dir/$part" <<END
#!/bin/sh
export PATH=$PATH SLURM_CONF=$dir/slurm.conf
exec $tree/scripts/fleet/$part --root $dir/root.\$SLURMD_NODENAME --lab $B/egprlab --accept noisy --seconds 0.2
END
	chmod +x "$dir/$part"
done
# Only sequences, three seconds: neither KVM nor counters are asked for.
cat >"$dir/plan.ini" <<'END'
[plan]
text = does the fleet work
budget = 3
looks = 1
margins = 10 ticks
delays = 0 5 10 20 40
batch_min = 32
batch_us = 150
batch_max = 8192
offsets = 10
per_exit = 200
resamples = 200
[prim]
states = dirty
strategies = gated-mov
weight = 1
END
host=$(hostname -s)
mkdir -p "$dir/state"
cat >"$dir/slurm.conf" <<END
ClusterName=egprlab-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
JobRequeue=1
KillWait=2
MinJobAge=300
ReturnToService=2
SlurmdTimeout=12
SchedulerParameters=nohold_on_prolog_fail,batch_sched_delay=0
SlurmdParameters=config_overrides
PrologFlags=Alloc
Prolog=$dir/prolog
Epilog=$dir/epilog
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1 Features=$(scripts/fleet/features --lab "$B/egprlab")
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1 Features=old
PartitionName=lab Nodes=n1,n2 Default=YES OverSubscribe=EXCLUSIVE MaxTime=10 State=UP
END
export SLURM_CONF="$dir/slurm.conf" EGPRLAB="$B/egprlab"

# CPU time of a scheduler matters here: two tasks at most at a time, as there are two nodes.
dd if=/dev/urandom of="$dir/munge.key" bs=128 count=1 2>/dev/null
chmod 600 "$dir/munge.key"
chmod 711 "$dir"
munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
	--pid-file="$dir/munge.pid" --seed-file="$dir/munge.seed" --log-file="$dir/munge.log" >"$dir/munged" 2>&1 &
children="$children $!"
waits 10 test -S "$dir/munge.socket" || cat "$dir/munged"
slurmctld -D >"$dir/slurmctld.out" 2>&1 &
children="$children $!"
start_node() {
	slurmd -D -N "$1" >>"$dir/slurmd.$1.out" 2>&1 &
	children="$children $!"
	eval "pid_$1=$!"
}
start_node n1
start_node n2
idle() {
	[ "$(sinfo -h -N -n "$1" -o %t)" = idle ]
}
check 'both nodes come up' waits 30 sh -c 'sinfo -h -N -o "%N=%t" | sort | paste -sd " " | grep -qx "n1=idle n2=idle"'
[ "$(sinfo -h -N -o %t 2>/dev/null | sort -u)" = idle ] || {
	sed 's/^/# /' "$dir"/slurmctld.out "$dir"/slurmd.n?.out | tail -n 40
	echo "1..$n"
	exit 0
}
check 'the features of a node are what its doctor says' sh -c \
	"scontrol show node n1 | grep -q 'ActiveFeatures=.*kernel-$(uname -r | tr -c 'a-zA-Z0-9.,_\n-' -)'"

out=$dir/runs
# array TASKS [OPTION...]: submits, and prints the job's number.
array() {
	tasks=$1
	shift
	sbatch --parsable --chdir="$dir" --array="$tasks" --output="$dir/task-%A_%a.log" "$@" \
		"$tree/scripts/fleet/plan.sbatch" "$out" --plan "$dir/plan.ini"
}
done_with() { # done_with JOB: Slurm has nothing more to do for it
	[ -z "$(squeue -h --array -j "$1" -t PENDING,RUNNING,COMPLETING,CONFIGURING,SUSPENDED -o %K 2>/dev/null)" ]
}
complete_runs() { # complete JOB TASK: how many complete runs a task has
	grep -l '"state":.*"complete"' "$out/$1-$2".*/meta.json 2>/dev/null | wc -l
}
each_once() { # each_once JOB TASK...
	job=$1
	shift
	for task; do
		[ "$(complete_runs "$job" "$task")" = 1 ] || {
			echo "task $task has $(complete_runs "$job" "$task") complete runs"
			cat "$dir/task-${job}_$task.log"
			return 1
		}
	done
}

# A node is lost in the middle of a task, as when its power fails.
job=$(array 1-4)
begun_on_n2() {
	grep -l '"node":.*"n2"' "$out/$job"-*/meta.json 2>/dev/null | head -n 1 | grep .
}
check 'a task of an array runs on either node' waits 30 begun_on_n2
lost=$(begun_on_n2)
lost=${lost%/meta.json}
check 'while it runs, the settings of its node are the quiet ones' grep -qx 0 "$dir/root.n2/proc/sys/kernel/nmi_watchdog"
# shellcheck disable=SC2154
kill -9 "$pid_n2"
# The batch script's parent is the step's own daemon, which would tell of its end.
jobs=$(with_environment SLURMD_NODENAME=n2)
for pid in $jobs; do
	parent=$(sed 's/.*) [A-Z] //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f1)
	grep -q '^slurmstepd' "/proc/$parent/comm" 2>/dev/null && kill -9 "$parent"
done
for pid in $jobs; do
	kill -9 "$pid" 2>/dev/null
done
grep -q '"state":.*"interrupted"' "$lost/meta.json"
check 'a slurmd and its job are killed in the middle of a run' test $? = 0
check 'Slurm finds that out' waits 60 sh -c '[ "$(sinfo -h -N -n n2 -o %t | tr -d "*")" = down ]'
check 'and the array is finished without it' waits 90 done_with "$job"
check 'every task has one complete run' each_once "$job" 1 2 3 4
check 'what the lost node had begun is still there, interrupted' grep -q '"state":.*"interrupted"' "$lost.lost/meta.json"
check 'its task was done by the other node' sh -c "
	task=\${1##*-}; task=\${task%%.*}
	grep -l '\"state\":.*\"complete\"' '$out/$job'-\$task.[1-9]*/meta.json | xargs grep -q '\"node\":.*\"n1\"'" - "$lost"

# The node comes back; its next job finds what the power failure left, and puts it right.
start_node n2
check 'the node comes back' waits 30 idle n2
job2=$(array 1-2)
check 'another array is finished by both' waits 60 done_with "$job2"
check 'with one complete run per task' each_once "$job2" 1 2
check 'one of each node' sh -c "
	grep -h '\"node\"' '$out/$job2'-?.0/meta.json | sort | uniq -c | tee /dev/stderr | wc -l | grep -qx 2"
quiet_again() {
	grep -qx 1 "$dir/root.n1/proc/sys/kernel/nmi_watchdog" && grep -qx 1 "$dir/root.n2/proc/sys/kernel/nmi_watchdog"
}
check 'the Epilog puts the settings back, those of the lost task too' waits 20 quiet_again

# A Prolog that fails.
rm "$dir/root.n2/sys/devices/system/cpu/online"
job3=$(array 1-2)
check 'with a Prolog that fails, the array is finished all the same' waits 90 done_with "$job3"
check 'once per task, by the node that works' each_once "$job3" 1 2
scripts/fleet/report "$out" "$job3" >"$dir/report"
status=$?
check 'the report of the array names the drained node and the reason, with status 1' sh -c "
	cat '$dir/report'
	[ $status = 1 ] && grep -q '^node	n2	drain.*egprlab prolog: noise profile: .*online: cannot be read' '$dir/report' &&
	[ \$(grep -c '^run	[12]	complete	.*node n1' '$dir/report') = 2 ]"

# All runs together.
"$B/egprlab" merge --db "$dir/lab.db" "$out"/* >"$dir/merged" 2>&1
status=$?
check 'all runs of both nodes are merged: eight, and the interrupted one is listed' sh -c "
	cat '$dir/merged'
	[ $status = 0 ] && grep -q '^merged	9 directories	9 new, 0 again, 0 damaged' '$dir/merged' &&
	grep -q '^unsound	$lost.lost	interrupted' '$dir/merged'"
echo "1..$n"
