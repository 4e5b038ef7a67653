#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nodes that are not up yet (State=CLOUD) are placed from neuron.conf alone:
# a job has its devices by index before its first node ever registers.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'c[1-4]' trn1.32xlarge State=CLOUD
cluster_switch leaf1 'c[1-2]'
cluster_switch leaf2 'c[3-4]'
cluster_switch spine 'leaf[1-2]'
# Many more that are never used: the files are not read for each of them
cluster_conf "NodeName=d[1-500] CPUs=128 Sockets=2 CoresPerSocket=32 ThreadsPerCore=2 RealMemory=524288 Gres=neuron:trn1:16,efa:8 State=CLOUD"
neuron_conf 'NodeName=d[1-500] Profile=trn1.32xlarge'
cluster_partition all 'c[1-4]' Default=YES
cluster_conf SuspendProgram=/bin/true
cluster_conf ResumeProgram=/bin/true
cluster_conf SuspendTime=-1
cluster_conf ResumeTimeout=300
cluster_write
_munged_start
began=$(date +%s)
ok "slurmctld starts without any node" ctld_start
ok "at once" test $(($(date +%s) - began)) -le 8
is "$(sinfo -h -o %T)" 'idle~' "all nodes are powered down"

job=$(submit -N2 --gres=neuron:4)
ok "a job is given two of them" wait_state "$job" CONFIGURING
is "$(job_alloc "$job")" "$(printf 'c1 0-3 0-1\nc2 0-3 0-1')" \
	"rows with their shared EFA interfaces, under one switch"
other=$(submit --gres=neuron:8)
ok "a second job is given one" wait_state "$other" CONFIGURING
is "$(job_alloc "$other")" 'c1 4-11 2-5' "beside the first"

slurmd_start c1 c2
# slurmctld looks at jobs that wait for nodes every half minute
ok "the first job runs when its nodes come up" \
	wait_for -t 75 _state_is "$job" RUNNING
is "$(job_alloc "$job")" "$(printf 'c1 0-3 0-1\nc2 0-3 0-1')" \
	"on the devices it was promised"
ok "the second one too" wait_for -t 75 _state_is "$other" RUNNING
is "$(job_alloc "$other")" 'c1 4-11 2-5' "on its own"
is "$(node_used c1)" '0-11 0-5' "nothing else is in use"
finish
