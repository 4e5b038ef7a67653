#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --neuron-ultraserver: a job that requires UltraServers waits for them, one
# that does not care takes the nodes that others miss least.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
neuron_conf CandidateNodes=check
cluster_nodes 'n[1-10]' trn2u.48xlarge
cluster_switch leaf1 'n[1-4],n9'
cluster_switch leaf2 'n[5-8],n10'
cluster_switch spine 'leaf[1-2]'
cluster_ultraserver us1 'n[1-4]'
cluster_ultraserver us2 'n[5-8]'
cluster_partition all ALL Default=YES
cluster_partition alone 'n[9-10]'
cluster_start

require=--neuron-ultraserver=require
no=--neuron-ultraserver=no

# Hold whole nodes
hold() {
	local node
	for node in $(hostlist "$1"); do
		holder[${node#n}]=$(grant -w "$node" --time=60 --gres=neuron:16) ||
			return 1
	done
}

let_go() {
	local node
	for node in $(hostlist "$1"); do
		cancel "${holder[${node#n}]}" || return 1
	done
}

minutes_until() {
	local at
	at=$(sbatch --test-only --time=5 "$@" --wrap=true 2>&1 |
		sed -n 's/.* to start at \([^ ]*\) .*/\1/p')
	[ -n "$at" ] && echo $((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))
}

# Nodes of a job that runs at once; it is cancelled
nodes_of() {
	local job
	job=$(submit --time=5 "$@")
	wait_state "$job" RUNNING
	job_nodes "$job"
	cancel "$job"
}

# A job with these options is pending after some passes of the schedulers
waits() {
	local name=$1 job
	shift
	job=$(submit --time=5 "$@")
	wait_for -t 3 _state_is "$job" RUNNING
	is "$(job_state "$job")" PENDING "$name: waits"
	cancel "$job"
}

holder=()
is "$(nodes_of -N2 --gres=neuron:16 $require)" "n1 n2" "a legal pair"
is "$(nodes_of -N4 --gres=neuron:16 $require)" "n1 n2 n3 n4" "a whole one"
is "$(nodes_of -N9 --gres=neuron:16 $require)" \
	"n1 n2 n3 n4 n9 n5 n6 n7 n8" "two and a node"

# n1 and n3, n5 and n7, and the others are free
ok "no legal pair is free" hold 'n[2,4,6,8]'
is "$(nodes_of -N2 --gres=neuron:16)" "n1 n3" "prefer: an illegal pair will do"
waits "require: no pair" -N2 --gres=neuron:16 $require
waits "require: no four" -N4 --gres=neuron:16 $require
is "$(nodes_of -N1 --gres=neuron:16 $require)" n1 "require: any one node"
is "$(minutes_until -N2 --gres=neuron:16)" 0 "--test-only, prefer: now"
is "$(minutes_until -N2 --gres=neuron:16 $require)" 60 \
	"--test-only, require: when others end"
job=$(submit -N2 --time=5 --gres=neuron:16 $require)
wait_for eval '[ "$(job_field "$job" StartTime)" != Unknown ]'
at=$(job_field "$job" StartTime)
is "$((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))" 60 \
	"backfill expects the same"
ok "n6 is free again" let_go n6
ok "then the job starts" wait_state "$job" RUNNING
is "$(job_nodes "$job")" "n5 n6" "on the pair that is legal now"
judged "it is well placed" "$job"
cancel "$job"

# Tasks that spread unevenly: 5 of 4 devices on two nodes
is "$(nodes_of -N2 -n5 --tres-per-task=gres/neuron=4 $require)" "n5 n6" \
	"require: an uneven job on the same pair"

# Only n1 and n3 are half free: they are missed least
ok "all is free again" cancel_all
ok "all is idle" wait_idle
for node in n1 n3; do
	job=$(grant -w $node --time=60 --gres=neuron:8)
done
is "$(nodes_of -N2 --gres=neuron:8)" "n1 n2" "prefer: a legal pair, whatever it damages"
is "$(nodes_of -N2 --gres=neuron:8 $no)" "n1 n3" "no: the pair that damages least"
is "$(nodes_of -N2 --gres=neuron:8 $require)" "n1 n2" "require: as prefer"
ok "all is free again" cancel_all

# What can never be
out=$(sbatch -p alone -N2 --gres=neuron:16 $require --wrap=true 2>&1)
like "$out" "Requested node configuration is not available" \
	"no UltraServer in the partition: refused"
is "$(nodes_of -p alone -N2 --gres=neuron:16)" "n9 n10" "prefer: it runs there"
out=$(sbatch -N2 -w n1,n3 --gres=neuron:16 $require --wrap=true 2>&1)
like "$out" "Requested node configuration is not available" \
	"an illegal pair by name: refused"
is "$(nodes_of -N2 -w n1,n3 --gres=neuron:16)" "n1 n3" "prefer: it runs there"
is "$(squeue -h | wc -l)" 0 "none is left"
unlike "$(grep 'error: select/neuron' "$CLUSTER_DIR/log/slurmctld")" . \
	"with all nodes the answers are the same"
finish
