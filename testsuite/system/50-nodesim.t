#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# nodesim does what 64 slurmd do, and fails as they can: what slurmctld makes of
# it is the judge.
# shellcheck source-path=SCRIPTDIR source=cluster.sh
# shellcheck disable=SC2317 # functions that ok() and wait_for() call
. "$(dirname "$0")/cluster.sh"
# shellcheck source-path=SCRIPTDIR source=nodesim.sh
. "$(dirname "$0")/nodesim.sh"
need_nodesim

# Until Slurm says so, however long that takes on a machine that has other things
# to do: a failure is found by timeouts that are added up
patience=120

# All nodes are asked for: of one that goes down in the second in which something
# else changes "sinfo -n" says "mixed*" until anything changes again, since
# slurmctld does not count its CPUs anew for that (24.11.5)
node_state() {
	sinfo -h -N -o '%N %T' | grep -wFf <(hostlist "$1") | cut -d ' ' -f 2 | sort -u
}

node_reason() {
	sinfo -h -N -n "$1" -o %E | sort -u
}

_node_is() {
	! node_state "$1" | grep -Evqx -- "$2"
}

wait_node() { # NODE ERE
	wait_for -t "$patience" _node_is "$1" "$2" && return
	sinfo -N -n "$1" -o '%N %T %E'
	return 1
}

wait_end() { # JOB STATE
	wait_for -t $patience _state_is "$1" "$2"
}

_stat_is() {
	[ "$(nodesim_stat "$1")" = "$2" ]
}

stat_comes() { # KEY VALUE
	wait_for -t $patience _stat_is "$1" "$2"
}

# It was drained when it registered wrongly
repaired() {
	nodesim heal "$1" && wait_node "$1" 'drained' &&
		scontrol update "NodeName=$1" State=RESUME && wait_node "$1" idle
}

# What nodes without jobs have in use
all_free() {
	scontrol show nodes | sed -n 's/^ *AllocTRES=//p' | sort -u
}

# Ticks of the processor that nodesim has used, and milliseconds of the clock
nodesim_time() {
	awk '{ print $14 + $15 }' "/proc/$_nodesim_pid/stat"
	date +%s%3N
}

nodesim_memory() { # KiB
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$_nodesim_pid/status"
}

#
# A tree of messages, prolog and epilog. A node is down when it says nothing for 20
# seconds; one that is mute keeps those behind it in the tree waiting for 4
#
cluster_new neuron
cluster_many "n[1-64]" trn2u.48xlarge
for ((i = 1; i <= 4; i++)); do
	cluster_switch "leaf$i" "n[$((i * 16 - 15))-$((i * 16))]"
done
cluster_switch core "leaf[1-4]"
cluster_conf PrologFlags=Alloc
cluster_conf Epilog=/bin/true
neuron_conf RuntimeDir="$CLUSTER_DIR/run/slurm-neuron/%n"
cluster_conf TreeWidth=4
cluster_conf SlurmdTimeout=20
cluster_conf MessageTimeout=4
cluster_nodesim --devices "$CLUSTER_DIR/run/devices"
pass "64 nodes of one process are idle"
is "$(sinfo -h -o '%D %T %G')" "64 idle neuron:trn2:16(S:0-1),efa:16(S:0-1)" \
	"all have their devices"
is "$(nodesim_stat nodes)" 64 "nodesim tells what it does"

job=$(run_for 2 -N2 --ntasks-per-node=1 --gres=neuron:4 -w "n[1-2]")
ok "a script starts" wait_end "$job" RUNNING
is "$(job_alloc "$job" | tr '\n' ';')" "n1 0-3 0-3;n2 0-3 0-3;" "  on its devices"
ok "  on its first node" stat_comes jobs 1
is "$(nodesim_stat holdings)" 2 "  with devices on both"
judged "  which the judge finds perfect" "$job"
ok "  and ends by itself" wait_end "$job" COMPLETED
is "$(node_used n1) $(node_used n2)" "- - - -" "  its devices are free"
ok "  every node ran a prolog" stat_comes prologs 2
ok "  and an epilog" stat_comes epilogs 2
is "$(sed 's/^[^ ]* //' "$CLUSTER_DIR/run/devices" | sort | tr '\n' ';')" \
	"free $job n1;free $job n2;take $job n1 efa=0-3 neuron=0-3;take $job n2 efa=0-3 neuron=0-3;" \
	"  the journal has what each node was told"

nodesim speed 1000
job=$(run_for 1000 -N64 --ntasks-per-node=1 --gres=neuron:16)
ok "1000 seconds on all nodes pass in one" wait_end "$job" COMPLETED
is "$(job_field "$job" NumNodes)" 64 "  on 64 nodes"
nodesim speed 1
ok "  all nodes are idle again" wait_node "n[1-64]" idle
is "$(all_free)" "" "  with nothing in use"

#
# Failures that slurmctld takes its time to find. Meanwhile other nodes work
#
late=$(run_for 1000 -N2 --ntasks-per-node=1 --gres=neuron:16 -w "n[63-64]")
lost=$(run_for 1000 -N1 -w n3 --gres=neuron:4 --no-requeue)
wait_end "$lost" RUNNING
wait_end "$late" RUNNING
stat_comes jobs 2
scontrol update "JobId=$late" EndTime=now
nodesim drop n3
nodesim mute n4 REQUEST_PING
nodesim mute "n[31-32]" all
is "$(nodesim_stat jobs)" 1 "drop: the job of a node is lost"
like "$(nodesim register n3 2>&1)" "^nodesim: n3 is dropped: start it$" \
	"  it says nothing"

job=$(sbatch --parsable --output=/dev/null -N1 -w n20 --gres=neuron:1 <<-'END'
	#!/bin/sh
	#NODESIM seconds=0.2 exit=3
END
)
ok "a script can fail" wait_end "$job" FAILED
is "$(job_field "$job" ExitCode)" 3:0 "  with the exit code that it says"

job=$(NODESIM="seconds=0.1 exit=4" submit_quick -N1 -w n20 --gres=neuron:1)
ok "the environment can say it too" wait_end "$job" FAILED
is "$(job_field "$job" ExitCode)" 4:0 "  with its exit code"

job=$(run_for 1000 -N8 --ntasks-per-node=1 --gres=neuron:16 -w "n[10-17]")
wait_end "$job" RUNNING
scancel "$job"
ok "a script is cancelled" wait_end "$job" CANCELLED
ok "  its nodes are idle" wait_node "n[10-17]" idle

job=$(grant -N4 --ntasks-per-node=1 --gres=neuron:8 -w "n[10-13]")
is "$(job_devices "$job")" "0-7 0-7 0-7 0-7" "an allocation without a script"
NODESIM="seconds=0.5" srun --jobid="$job" -N4 -n8 --gres=neuron:4 true 2>"$_tap_out"
is $? 0 "  a step of 8 tasks on 4 nodes runs to its end"
NODESIM="seconds=0.1 exit=7" srun --jobid="$job" -N1 -n1 --gres=neuron:1 true \
	2>"$_tap_out"
is $? 7 "  a step can fail"
NODESIM="seconds=1000" srun --jobid="$job" --gres=neuron:1 true 2>"$_tap_out" &
step=$!
ok "  a step runs" stat_comes steps 4
is "$(scontrol show step "$job" | grep -c State=RUNNING)" 1 "  as slurmctld says"
cancel "$job"
wait $step
isnt $? 0 "  and ends with the allocation"
ok "  which is given back" wait_node "n[10-13]" idle
is "$(nodesim_stat steps)" 0 "  nothing runs there any more"

nodesim mute n5 REQUEST_TERMINATE_JOB
job=$(run_for 0 -N1 -w n5 --gres=neuron:4)
ok "mute to a type: a job does not end there" \
	wait_for -t $patience _node_is n5 'completing\*?'
nodesim heal n5
ok "  until it answers" wait_node n5 idle
is "$(node_used n5)" "- -" "  the devices are free"

nodesim delay n6 1.5
start=$(date +%s%N)
job=$(run_for 0 -N1 -w n6 --gres=neuron:4)
ok "delay: the job completes" wait_end "$job" COMPLETED
ok "  late" test $((($(date +%s%N) - start) / 1000000)) -ge 3000
ok "  the node is idle" wait_node n6 idle
nodesim heal n6

nodesim lose n7 neuron:5
ok "lose: a node with one device less" wait_node n7 'inval'
like "$(node_reason n7)" 'gres/neuron count .*\(15 < 16\)' \
	"  slurmctld says which"
isnt "$(grant -N1 -w n7 --gres=neuron:1 >/dev/null; echo $?)" 0 "  gets no job"
ok "  it is repaired" repaired "n7"

nodesim lose n8 efa:0
ok "lose: an interface" wait_node n8 'inval'
like "$(node_reason n8)" 'gres/efa count .*\(15 < 16\)' "  slurmctld says which"
ok "  it is repaired" repaired "n8"

nodesim gres "n[9-10]" neuron:8
ok "gres: nodes with half of their devices" wait_node "n[9-10]" 'inval'
like "$(node_reason n9)" 'gres/neuron count .*\(8 < 16\)' "  slurmctld says it"
ok "  they are repaired" repaired "n[9-10]"

nodesim gres n11 neuron:20
stat_comes waiting 0
job=$(grant -N1 --ntasks-per-node=1 -w n11 --gres=neuron:16)
is "$(job_devices "$job")" "0-15" "gres: more than slurm.conf knows of are no harm"
cancel "$job"
nodesim heal n11

#
# What was found meanwhile
#
ok "drop: slurmctld finds that a node is gone" wait_node n3 'down\*'
isnt "$(nodesim_stat forwarded)" 0 "  by messages that go from node to node"
ok "  its job failed" wait_end "$lost" NODE_FAIL
ok "mute: a node that answers no ping" wait_node n4 'down\*'
ok "mute all: nodes that answer nothing" wait_node "n[31-32]" 'down\*'
is "$(sinfo -h -t down -o %D)" 4 "  no other node is harmed"
nodesim start n3
nodesim heal "n4,n[31-32]"
ok "start, heal: they are back" wait_node "n[3-4,31-32]" idle
ok "a script is over its time limit" wait_end "$late" TIMEOUT
ok "  all nodes are idle" wait_node "n[1-64]" idle
is "$(nodesim_stat jobs) $(nodesim_stat holdings)" "0 0" "  they run no job more"
is "$(nodesim_stat conflicts)" 0 "  no device was ever in two jobs"

#
# Idle it costs next to nothing: 10,000 nodes a fraction of a core and 2 GiB
#
mapfile -t before < <(nodesim_time)
sleep 2
mapfile -t after < <(nodesim_time)
ok "idle it needs less than 2 % of a core" test \
	$(((after[0] - before[0]) * 50000 / $(getconf CLK_TCK))) -le \
	$((after[1] - before[1]))
ok "  and 200 KiB for a node, beside what a program of Slurm needs" test \
	"$(nodesim_memory)" -le $((64 * 200 + 65536))

#
# slurmctld is away
#
job=$(run_for 3 -N2 --ntasks-per-node=1 --gres=neuron:16)
wait_end "$job" RUNNING
ctld_stop
ok "a script ends while slurmctld is gone" stat_comes jobs 0
isnt "$(nodesim_stat waiting)" 0 "  which the node keeps"
ctld_start
ok "  and tells when it is back" wait_end "$job" COMPLETED
ok "  all nodes are idle" wait_node "n[1-64]" idle

#
# slurm.conf changes
#
registered=$(nodesim_stat registrations)
sed -i 's/^SlurmdTimeout=20/SlurmdTimeout=21/' "$SLURM_CONF"
cluster_reconfigure
_registered_again() {
	[ "$(nodesim_stat registrations)" -ge $((registered + 64)) ]
}
ok "reconfigure: all nodes read slurm.conf and register" \
	wait_for -t $patience _registered_again
wait_node "n[1-64]" idle
unlike "$(cat "$CLUSTER_DIR/log/slurmctld")" 'different slurm.conf' \
	"  with the same slurm.conf"

sed -i 's/^NodeName=n\[1-64\]/NodeName=n[1-63]/; s/\[1-64\]/[1-63]/' \
	"$SLURM_CONF"
sed -i 's/n\[49-64\]/n[49-63]/' "$CLUSTER_DIR/etc/topology.conf"
sed -i 's/n\[1-64\]/n[1-63]/' "$CLUSTER_DIR/etc/neuron.conf"
cluster_reconfigure
_has_left() {
	[ "$(nodesim register n64 2>&1)" = "nodesim: n64 has left slurm.conf" ]
}
ok "a node leaves slurm.conf" wait_for -t $patience _has_left
ok "  the others are idle" wait_node "n[1-63]" idle
is "$(sinfo -h -o %D)" 63 "  all 63"

#
# Refusals
#
refused() { # COMMAND WANTED
	# shellcheck disable=SC2086
	is "$(nodesim $1 2>&1)" "nodesim: $2" "refused: $1"
}
refused "jump n1" '"jump" is no command'
refused "drop" 'drop takes NODES'
refused "drop n1 n2" 'drop takes NODES'
refused "drop n65" 'there is no node "n65"'
refused "drop n[1-" '"n[1-" is not a list of nodes'
refused "mute n1" 'mute takes NODES VALUE'
refused "mute n1 HELLO" '"HELLO" is no message of Slurm such as REQUEST_PING, nor "all"'
refused "delay n1 -1" 'delay is a number of seconds from 0 to 3600, not "-1"'
refused "delay n1 1s" 'delay is a number of seconds from 0 to 3600, not "1s"'
refused "delay n1 nan" 'delay is a number of seconds from 0 to 3600, not "nan"'
refused "lose n1 5" 'a device is NAME:INDEX, not "5"'
refused "lose n1 neuron:x" 'a device is NAME:INDEX, not "neuron:x"'
refused "lose n1 neuron:-1" 'a device is NAME:INDEX, not "neuron:-1"'
refused "gres n1 neuron" 'GRES is NAME:COUNT with at most 1024, not "neuron"'
refused "gres n1 neuron:9999" \
	'GRES is NAME:COUNT with at most 1024, not "neuron:9999"'
refused "speed 0" 'speed is a factor above 0 and up to 1e+06, not "0"'
refused "seconds -1" 'seconds are a number from 0 to 1e+09, not "-1"'
ok "nothing of this did harm" wait_node "n[1-63]" idle
is "$(grep -E "error|fatal" "$CLUSTER_DIR/log/nodesim")" \
	"nodesim: error: node n64 has left slurm.conf" "nodesim saw no other error"
nodesim quit
ok "quit" wait_for -t $patience _all_dead "$_nodesim_pid"

#
# Stock Slurm, neither prolog nor epilog
#
cluster_new stock
cluster_many "n[1-8]" trn1.32xlarge
cluster_many "c[1-3]" cpu
cluster_nodesim --seconds 0.1
pass "nodes of two families are idle, in stock Slurm"
is "$(nodesim_stat forwarded)" 0 "no message goes from node to node"
job=$(submit_quick -N4 --ntasks-per-node=1 --gres=neuron:16)
ok "a job runs" wait_end "$job" COMPLETED
ok "  its nodes are idle" wait_node "n[1-8],c[1-3]" idle
is "$(nodesim_stat prologs) $(nodesim_stat epilogs)" "0 0" \
	"  without prolog and epilog"
nodesim lose n1 neuron:0
ok "a node loses a device" wait_node n1 inval
ok "  it is repaired" repaired n1
finish
