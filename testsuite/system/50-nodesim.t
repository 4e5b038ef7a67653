#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# nodesim does what 64 slurmd do, and fails as they can: what slurmctld makes of
# it is the judge.
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source-path=SCRIPTDIR source=nodesim.sh
. "$(dirname "$0")/nodesim.sh"
need_nodesim

node_state() {
	sinfo -h -N -n "$1" -o %T | sort -u
}

node_reason() {
	sinfo -h -N -n "$1" -o %E | sort -u
}

_node_is() {
	! node_state "$1" | grep -Evqx -- "$2"
}

wait_node() { # NODE ERE
	wait_for -t 90 _node_is "$1" "$2"
}

_stat_is() {
	[ "$(nodesim_stat "$1")" = "$2" ]
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

#
# A tree of messages, prolog and epilog, quick timeouts
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
cluster_conf SlurmdTimeout=9
cluster_conf MessageTimeout=3
cluster_nodesim
pass "64 nodes of one process are idle"
is "$(sinfo -h -o '%D %T %G')" "64 idle neuron:trn2:16(S:0-1),efa:16(S:0-1)" \
	"all have their devices"
is "$(nodesim_stat nodes)" 64 "nodesim tells what it does"

#
# Jobs
#
job=$(run_for 2 -N2 --ntasks-per-node=1 --gres=neuron:4 -w "n[1-2]")
ok "a script starts" wait_state "$job" RUNNING
is "$(job_alloc "$job" | tr '\n' ';')" "n1 0-3 0-3;n2 0-3 0-3;" "  on its devices"
is "$(nodesim_stat jobs)" 1 "  on its first node"
judged "  which the judge finds perfect" "$job"
ok "  and ends by itself" wait_state "$job" COMPLETED
is "$(node_used n1) $(node_used n2)" "- - - -" "  its devices are free"
ok "  every node ran a prolog" wait_for _stat_is prologs 2
ok "  and an epilog" wait_for _stat_is epilogs 2

job=$(sbatch --parsable --output=/dev/null -N1 --gres=neuron:1 <<-'END'
	#!/bin/sh
	#NODESIM seconds=0.2 exit=3
END
)
ok "a script can fail" wait_state "$job" FAILED
is "$(job_field "$job" ExitCode)" 3:0 "  with the exit code that it says"

job=$(NODESIM="seconds=0.1 exit=4" submit_quick -N1 --gres=neuron:1)
ok "the environment can say it too" wait_state "$job" FAILED
is "$(job_field "$job" ExitCode)" 4:0 "  with its exit code"

nodesim speed 1000
job=$(run_for 1000 -N64 --ntasks-per-node=1 --gres=neuron:16)
ok "1000 seconds on all nodes pass in one" wait_state "$job" COMPLETED
is "$(job_field "$job" NumNodes)" 64 "  on 64 nodes"
nodesim speed 1
ok "  all nodes are idle again" wait_idle
is "$(all_free)" "" "  with nothing in use"

job=$(run_for 1000 -N8 --ntasks-per-node=1 --gres=neuron:16)
wait_state "$job" RUNNING
scancel "$job"
ok "a script is cancelled" wait_state "$job" CANCELLED
ok "  its nodes are idle" wait_idle
is "$(nodesim_stat jobs)" 0 "  it runs no more"

job=$(grant -N4 --ntasks-per-node=1 --gres=neuron:8)
is "$(job_devices "$job")" "0-7 0-7 0-7 0-7" "an allocation without a script"
cancel "$job"
ok "  is given back" wait_idle

job=$(run_for 9 -N2 --ntasks-per-node=1 --gres=neuron:16)
wait_state "$job" RUNNING
wait_saved "$job"
ctld_kill
ok "a script ends while slurmctld is gone" wait_for _stat_is jobs 0
isnt "$(nodesim_stat waiting)" 0 "  which the node keeps"
ctld_start
ok "  and tells when it is back" wait_state "$job" COMPLETED
ok "  all nodes are idle" wait_idle

#
# Failures. Meanwhile a script goes on for longer than it may
#
long=$(run_for 1000 -N2 --ntasks-per-node=1 --gres=neuron:16 --time=1 -w "n[63-64]")
job=$(run_for 1000 -N1 -w n3 --gres=neuron:4 --no-requeue)
wait_state "$job" RUNNING
nodesim drop n3
ok "drop: slurmctld finds that a node is gone" wait_node n3 'down\*'
isnt "$(nodesim_stat forwarded)" 0 "  by messages that go from node to node"
ok "  its job failed" wait_state "$job" NODE_FAIL
is "$(nodesim_stat jobs)" 1 "  and is lost"
like "$(nodesim register n3 2>&1)" "^nodesim: n3 is dropped: start it$" \
	"  it says nothing"
is "$(sinfo -h -t down -o %D)" 1 "  no other node is harmed"
nodesim start n3
ok "start: it is back" wait_node n3 idle

nodesim mute n4 REQUEST_PING
ok "mute: a node that answers no ping" wait_node n4 'down\*'
nodesim heal n4
ok "heal: it is back" wait_node n4 idle

nodesim mute "n[31-32]" all
ok "mute all: nodes that answer nothing" wait_node "n[31-32]" 'down\*'
is "$(sinfo -h -t down -o %D)" 2 "  no other node is harmed"
nodesim heal "n[31-32]"
ok "  they are back" wait_node "n[31-32]" idle

nodesim mute n5 REQUEST_TERMINATE_JOB
job=$(run_for 0 -N1 -w n5 --gres=neuron:4)
ok "mute to a type: a job does not end there" \
	wait_for _node_is n5 'completing\*?'
nodesim heal n5
ok "  until it answers" wait_node n5 idle
is "$(node_used n5)" "- -" "  the devices are free"

nodesim delay n6 1.5
start=$(date +%s%N)
job=$(run_for 0 -N1 -w n6 --gres=neuron:4)
ok "delay: the job completes" wait_state "$job" COMPLETED
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
wait_for _stat_is waiting 0
job=$(grant -N1 --ntasks-per-node=1 -w n11 --gres=neuron:16)
is "$(job_devices "$job")" "0-15" "gres: more than slurm.conf knows of are no harm"
cancel "$job"
nodesim heal n11
ok "a script is over its time limit" \
	wait_for -t 120 _state_is "$long" TIMEOUT
ok "  all nodes are idle" wait_idle
is "$(nodesim_stat jobs)" 0 "  it runs no more"

#
# slurm.conf changes
#
registered=$(nodesim_stat registrations)
sed -i 's/^SlurmdTimeout=9/SlurmdTimeout=10/' "$SLURM_CONF"
cluster_reconfigure
_registered_again() {
	[ "$(nodesim_stat registrations)" -ge $((registered + 64)) ]
}
ok "reconfigure: all nodes read slurm.conf and register" \
	wait_for _registered_again
wait_idle
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
ok "a node leaves slurm.conf" wait_for _has_left
ok "  the others are idle" wait_idle
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
ok "nothing of this did harm" _all_idle
is "$(grep -E "error|fatal" "$CLUSTER_DIR/log/nodesim")" \
	"nodesim: error: node n64 has left slurm.conf" "nodesim saw no other error"
nodesim quit
ok "quit" wait_for _all_dead "$_nodesim_pid"

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
ok "a job runs" wait_state "$job" COMPLETED
ok "  its nodes are idle" wait_idle
is "$(nodesim_stat prologs) $(nodesim_stat epilogs)" "0 0" \
	"  without prolog and epilog"
nodesim lose n1 neuron:0
ok "a node loses a device" wait_node n1 inval
ok "  it is repaired" repaired n1
finish
