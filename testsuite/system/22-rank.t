#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The order of nodes that jobs see follows UltraServer rings and switches,
# whatever the names are, and stays with running jobs when the fabric changes;
# SLURM_TOPOLOGY_ADDR names the UltraServer; backfill asks what a slot damages.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-8]' trn2u.48xlarge
cluster_nodes a1 cpu
cluster_nodes z1 cpu
cluster_switch leaf1 'n[1,4,6-7]'
cluster_switch leaf2 'n[2-3,5,8],z1'
cluster_switch spine 'leaf[1-2]'
cluster_ultraserver us1 n4,n1,n7,n6
cluster_ultraserver us2 n8,n2,n3,n5
cluster_sched bf_topopt_enable,bf_running_job_reserve
cluster_conf DebugFlags=Backfill
CLUSTER_DEBUG=verbose cluster_start

# The nodes of an allocation in the order of SLURM_JOB_NODELIST
nodes_of() {
	# shellcheck disable=SC2016
	salloc -Q --immediate=5 "$@" sh -c \
		'scontrol show hostnames "$SLURM_JOB_NODELIST"' | xargs
}

# "node of task 0, of task 1, ...", checked to be node 0, 1, ... too
tasks_of() {
	# shellcheck disable=SC2016
	salloc -Q --immediate=5 --ntasks-per-node=1 "$@" srun sh -c \
		'echo $SLURM_PROCID $SLURM_NODEID $SLURMD_NODENAME' |
		sort -n | awk '{ printf "%s%s", s, ($1 == NR - 1 && $2 == $1) ? $3 : "?"; s = " " }'
}

address_of() {
	# shellcheck disable=SC2016
	salloc -Q --immediate=5 -w "$1" -n1 srun sh -c \
		'echo $SLURM_TOPOLOGY_ADDR $SLURM_TOPOLOGY_ADDR_PATTERN'
}

ring='n4 n1 n7 n6 n8 n2 n3 n5'
check_order() { # WHEN
	is "$(nodes_of -N8 -w 'n[1-8]')" "$ring" "$1: nodes follow switches and rings"
	is "$(tasks_of -N8 -w 'n[1-8]')" "$ring" "$1: and so do node ids and ranks"
}

check_order "at first"
is "$(scontrol show node -o | sed 's/^NodeName=\([^ ]*\) .*/\1/' | xargs)" "$ring z1 a1" \
	"a node of no UltraServer is at the end of its leaf, one of no switch at the end"
is "$(tasks_of -N8 --gres=neuron:16)" "$ring" "a job with devices has the same order"
is "$(tasks_of -N3 -w n5,n1,n2)" "n1 n2 n5" "and so has a part of the nodes, named in any order"
ok "all is free again" wait_idle
is "$(tasks_of -N4 --gres=neuron:16 -x n1)" "n8 n2 n3 n5" "an UltraServer is in the order of its ring"

# What tasks are told
is "$(address_of n2)" "spine.leaf2.us2.n2 switch.switch.ultraserver.node" \
	"the address of a node names switches, UltraServer, node"
is "$(address_of z1)" "spine.leaf2.z1 switch.switch.node" \
	"and only switches where there is no UltraServer"

# After a restart
ctld_stop
ok "slurmctld starts again" ctld_start
ok "and all nodes answer" wait_nodes
check_order "after a restart"

# A job whose nodes give different devices, so that to mix them up is seen
ok "all is free again" wait_idle
half=$(grant -w n8 --gres=neuron:8)
job=$(submit -N2 -w n8,n2 --gres=neuron:8)
ok "a job of two nodes runs" wait_state "$job" RUNNING
scancel "$half"
held=$(job_alloc "$job")
is "$held" "n8 8-15 8-15"$'\n'"n2 0-7 0-7" "with other devices on each"
ok "and is saved" wait_saved "$job"

# Another fabric, in which these two nodes should be the other way round
sed -i -e 's/^UltraServerName=us1.*/UltraServerName=us1 Nodes=n5,n7,n1,n4/' \
	-e 's/^UltraServerName=us2.*/UltraServerName=us2 Nodes=n2,n8,n6,n3/' \
	"$CLUSTER_DIR/etc/neuron.conf"
sed -i -e 's/^SwitchName=leaf1.*/SwitchName=leaf1 Nodes=n[1,4-5,7]/' \
	-e 's/^SwitchName=leaf2.*/SwitchName=leaf2 Nodes=n[2-3,6,8],z1/' \
	"$CLUSTER_DIR/etc/topology.conf"
ok "topology.conf and neuron.conf are read again" cluster_reconfigure
ok "and all nodes answer" wait_nodes

# shellcheck disable=SC2317
runs_alone() {
	[ "$(running_jobs)" = "$job" ]
}
same_job() { # WHEN
	is "$(job_state "$job")" RUNNING "$1: the job runs on"
	is "$(job_alloc "$job")" "$held" "$1: it has the same devices on the same nodes"
	is "$(node_used n8) $(node_used n2)" "8-15 8-15 0-7 0-7" "$1: and just those are in use"
	judged "$1: other jobs get others" "$job" "$(grant -N2 -w n8,n2 --gres=neuron:8)"
	scancel "$(running_jobs | grep -vx "$job")"
	wait_for runs_alone
}
same_job "after a new topology"
is "$(nodes_of -N8 -w 'n[1-8]')" "n5 n7 n1 n4 n8 n2 n6 n3" \
	"the order is the new one but for the nodes of the job"
is "$(address_of n6)" "spine.leaf2.us2.n6 switch.switch.ultraserver.node" \
	"the address is the new one"

ok "this is saved" wait_saved "$job"
ctld_kill
ok "slurmctld starts after it was killed" ctld_start
ok "and all nodes answer" wait_nodes
same_job "after a kill"

release "$job"
ok "the job ends" wait_gone "$job"
ok "slurmctld reads its files again" cluster_reconfigure
ok "and all nodes answer" wait_nodes
ring='n5 n7 n1 n4 n2 n8 n6 n3'
check_order "without the job"
ok "all is free again" wait_idle

# n5 and n1 are free in 10 minutes, and are halves of two pairs; all is free in
# 60 minutes. When n7 is free, after 20 minutes, n5 and n7 are a pair; before
# 25.05 backfill's question about that moment finds n7 still in use.
minutes_to_start() {
	local at
	at=$(job_field "$1" StartTime)
	echo $((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))
}
for node in n5 n1; do
	grant -w $node --time=10 --exclusive --gres=neuron:16 >/dev/null
done
grant -w n7 --time=20 --exclusive --gres=neuron:16 >/dev/null
grant -w n2,n3,n4,n6,n8 -N5 --time=60 --exclusive --gres=neuron:16 >/dev/null
job=$(submit -N2 --time=5 --gres=neuron:16)
# shellcheck disable=SC2317
was_considered() {
	grep -q "JobId=$job use:" "$CLUSTER_DIR/log/slurmctld"
}
ok "backfill compares slots" wait_for was_considered
scores=$(sed -n "s/.*JobId=$job add slot:\([0-9]*\) .* job_score:/\1 /p" \
	"$CLUSTER_DIR/log/slurmctld" | sort -u | xargs)
like "$scores" '^0 30 1 (28|30) 2 28$' "by what the nodes of the job damage"
start=60
[[ $scores != *'1 28'* ]] || start=20
is "$(minutes_to_start "$job")" $start "and takes the first that damages least"
cancel_all

# A job that gives nodes back: Slurm keeps its devices in the order of nodes
cluster_new neuron
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_ultraserver us1 n4,n2,n3,n1
cluster_start
half=$(grant -w n4 --gres=neuron:8)
job=$(submit -N3 -w n4,n2,n3 --gres=neuron:8)
ok "a job of three nodes runs" wait_state "$job" RUNNING
scancel "$half"
scontrol update jobid="$job" nodelist=n4,n2
held=$(job_alloc "$job")
is "$(node_used n4) $(node_used n2)" "8-15 8-15 0-7 0-7" \
	"it shrinks to two nodes and keeps the devices there"
ok "this is saved" wait_saved "$job"
ctld_kill
ok "slurmctld starts after it was killed" ctld_start
ok "and all nodes answer" wait_nodes
is "$(job_alloc "$job")" "$held" "the smaller job has the same devices"
is "$(node_used n4) $(node_used n2)" "8-15 8-15 0-7 0-7" \
	"and just those are in use"
cancel_all

# UltraServers that are switches of topology.conf, in the order of its line
cluster_new neuron
cluster_nodes 'm[1-2]' trn2u.48xlarge
cluster_switch us1 m2,m1
cluster_switch spine us1
neuron_conf UltraServerSwitches='us*'
cluster_start
is "$(tasks_of -N2)" "m2 m1" "a switch that is an UltraServer has a ring too"
is "$(address_of m1)" "spine.us1.m1 switch.ultraserver.node" \
	"and is named once in the address"
cancel_all
finish
