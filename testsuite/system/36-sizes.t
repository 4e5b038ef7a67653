#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# SizeWeights=queue: what jobs ask for says which sizes a node is kept useful
# for; both plugins go by the same weights.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

CLUSTER_DEBUG=debug
cluster_new neuron
neuron_conf CandidateNodes=check
neuron_conf SizeWeights=queue
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_nodes 'i[1-2]' inf2.48xlarge
cluster_start
log=$CLUSTER_DIR/log/slurmctld

# The last weights of a family that slurmctld logged
weights() {
	sed -n "s/.*select\/neuron: $1: .* weigh \(.*\) more$/\1/p" "$log" | tail -n 1
}

weights_are() {
	[ "$(weights "$1")" = "$2" ]
}

# A first decision counts what is there: itself
job=$(submit -N1 --time=30 --gres=neuron:trn2:16)
ok "a job of 16 devices starts" wait_state "$job" RUNNING
is "$(weights trn2u.48xlarge)" "0, 0, 0, 0, 31" "its size alone weighs more"
is "$(weights inf2.48xlarge)" "" "none on machines that it cannot have"

# A queue of other sizes, all of which wait for nodes that are full
for ((i = 0; i < 3; i++)); do
	grant -N1 --time=30 --gres=neuron:trn2:16 >/dev/null
done
for ((i = 0; i < 40; i++)); do
	submit -N1 --time=30 --gres=neuron:trn2:4 >/dev/null
done
submit --array=1-10 -N2 --time=30 --gres=neuron:trn2:8 >/dev/null
submit -N1 -n6 --time=30 --tres-per-task=gres/neuron:inf2=1 >/dev/null
# Devices asked: 160 in fours, 160 in eights, 64 in machines
ok "after a minute the queue says what weighs more" \
	wait_for -t 90 weights_are trn2u.48xlarge "0, 0, 11, 11, 3"
is "$(weights inf2.48xlarge)" "0, 0, 0, 31, 0" \
	"and on the other machines their own"

mapfile -t running < <(running_jobs)
for job in "${running[@]}"; do
	scancel "$job"
done
wait_for eval '[ "$(running_jobs | grep -c .)" -ge 8 ]'
# shellcheck disable=SC2046
judged "what starts is well placed" $(running_jobs)
unlike "$(grep 'error: select/neuron' "$log")" . \
	"with all nodes the answers are the same"
ok "slurmctld stops" ctld_stop
: >"$log"
ok "slurmctld starts" ctld_start
ok "it counts the jobs that it read" wait_for eval '[ "$(weights trn2u.48xlarge)" != "" ]'
cancel_all

# Fixed weights: nothing is counted
sed -i '/^SizeWeights/d' "$CLUSTER_DIR/etc/neuron.conf"
ctld_stop
: >"$log"
ok "slurmctld starts without SizeWeights" ctld_start
ok "the nodes answer" wait_nodes
job=$(submit -N1 --time=30 --gres=neuron:trn2:16)
ok "a job of 16 devices starts" wait_state "$job" RUNNING
is "$(weights trn2u.48xlarge)" "" "no size weighs more"
cancel_all
finish
