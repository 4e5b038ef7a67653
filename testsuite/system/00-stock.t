#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The harness itself, on stock Slurm: start, submit, read an allocation,
# restart, stop.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

is "$(hostlist 'a[1-3,7],b,c[9-10]' | tr '\n' ' ')" \
	'a1 a2 a3 a7 b c9 c10 ' "hostlist expands" || true
is "$(_gres_indexes efa 'neuron:trn2:4(IDX:0,2-3,5),efa:2(IDX:1-2)')" 1-2 \
	"indexes of efa are read"
is "$(_gres_indexes neuron 'neuron:trn2:4(IDX:0,2-3,5),efa:2(IDX:1-2)')" \
	0,2-3,5 "indexes of neuron are read"
is "$(_gres_indexes efa 'neuron:trn2:4(IDX:0-3)')" - "no efa is read as -"

cluster_new stock
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_switch leaf1 'n[1-2]'
cluster_switch leaf2 'n[3-4]'
cluster_switch spine 'leaf[1-2]'
cluster_start

is "$(scontrol show config | sed -n 's/^SelectType *= //p')" \
	select/cons_tres "stock Slurm runs"
is "$(sinfo -N -h -o %N | sort | tr '\n' ' ')" 'n1 n2 n3 n4 ' "all nodes are there"

job=$(submit -N2 --gres=neuron:trn2:4,efa:4 --exclude=n1)
ok "a job starts" wait_state "$job" RUNNING
is "$(job_nodes "$job")" "n3 n4" "on two nodes of one leaf"
is "$(job_alloc "$job" | awk 'NF == 3' | wc -l)" 2 "its allocation is read"
alloc=$(job_alloc "$job")
is "$(node_used n3)" "$(cut -d' ' -f2- <<<"$alloc" | head -n 1)" \
	"the node shows the same indexes"

ok "state is saved" wait_saved "$job"
ctld_kill
ok "slurmctld is gone" eval '! ctld_alive'
ok "it starts again" ctld_start
ok "the job still runs" wait_state "$job" RUNNING
is "$(job_alloc "$job")" "$alloc" "with the same allocation"
ok "reconfigure is answered" cluster_reconfigure
is "$(job_alloc "$job")" "$alloc" "and the same allocation after it"

ok "a job is released" release "$job"
ok "and ends" wait_gone "$job"
is "$(job_state "$job")" COMPLETED "in good order"
is "$(node_used n3)" "- -" "its devices are free"

quick=$(submit_quick -n1)
ok "a short job ends" wait_gone "$quick"
job=$(submit -N4 --exclusive)
next=$(submit -N1)
ok "a job with all nodes starts" wait_state "$job" RUNNING
is "$(job_state "$next")" PENDING "the next one waits"
ok "cancel" cancel "$job"
ok "the next one starts" wait_state "$next" RUNNING
ok "cancel_all" cancel_all
ok "all nodes are idle again" wait_idle

dir=$CLUSTER_DIR
pids=("$(ctld_pid)" "${_slurmd_pids[@]}")
cluster_stop
ok "no daemon is left" _all_dead "${pids[@]}"
is "$(grep -lsF -f <(echo "$dir") /proc/[0-9]*/cmdline)" "" "no process of the cluster is left"
finish
