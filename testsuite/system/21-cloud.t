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
# Without sockets Slurm takes each CPU for one
cluster_conf "NodeName=e1 CPUs=128 RealMemory=524288 Gres=neuron:trn1:16,efa:8 State=CLOUD"
neuron_conf 'NodeName=e1 Profile=trn1.32xlarge'
cluster_partition all 'c[1-4]' Default=YES
cluster_partition without e1
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

# Slurm cannot place the devices' CPUs on a node whose sockets it does not know
topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }
# From 25.11 on the job waits for ever
_never_starts() {
	[[ $out == *'node configuration is not available'* ]] ||
		[[ $(job_reason "${out##* }") == Resources ]]
}
out=$(sbatch -p without --gres=neuron:4 --wrap=: 2>&1)
ok "a node with CPUs= alone: its jobs are refused" wait_for _never_starts
scancel -p without --state=PENDING
out=$(topo check)
like "$out" 'slurm.conf:[0-9]+: error: e1: State=CLOUD with 128 sockets, .* trn1.32xlarge has 2: .*\[cloud-sockets\]' \
	"check says why"
unlike "$(grep -E 'cloud-sockets' <<<"$out")" '(c|d)[[1-9]' "of no other node"
right=$(sed -n '/cloud-sockets/{n;s/^ *NodeName=e1 //p;}' <<<"$out")
sed -i "s/^NodeName=e1 CPUs=128 /NodeName=e1 $right /" "$SLURM_CONF"
ctld_stop && ctld_start
unlike "$(topo check)" cloud-sockets "as it says it is right"
job=$(submit -p without --gres=neuron:4)
ok "and a job gets the node" wait_state "$job" CONFIGURING

# A mask that cannot be read
scontrol update nodename=c3 comment='neuron-mask=5('
scontrol update nodename=c4 comment='neuron-mask=17(x)'
out=$(topo check)
line=$(grep -n '^NodeName=c' "$CLUSTER_DIR/etc/neuron.conf" | cut -d: -f1)
like "$out" "neuron.conf:$line: error: c3: the mask in its Comment cannot be read, .*\[running-mask\]" \
	"check finds a mask that cannot be read"
like "$out" "^    NodeName=c3 Comment='neuron-mask=" "and shows how it is written"
like "$out" 'warning: c4: its Comment masks device 17; a trn1.32xlarge has 0 to 15' \
	"and one of a device that is not there"
scontrol update nodename='c[3-4]' comment=
unlike "$(topo check)" running-mask "without them it says nothing"
finish
