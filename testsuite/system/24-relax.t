#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ShapeWait: a job that has waited so long takes sets of the next tier, one
# tier after the other; without it a job waits for the shape for ever.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

# On the 4x4 torus, leave free a set of a tier and of no stricter one:
# DEVICES, how many tiers beyond consecutive
frees=(
	'0,4,8,12|1|a column: best, not consecutive'
	'0-3,4,8|2|six with a ring: not the best six'
	'0-2,5|3|four in a T: connected, no ring'
)

# Hold all devices but those of a set, each with a job of its own
hold_all_but() {
	local device job
	holders=()
	for device in {0..15}; do
		job=$(grant -w n1 --gres=neuron:1) || return 1
		holders[device]=$job
	done
	for device in $(hostlist "[$1]"); do
		for job in "${holders[@]}"; do
			[ "$(job_devices "$job")" != "$device" ] || scancel "$job"
		done
	done
	wait_for -t 10 eval '[ "$(set_size "$(node_used n1 | cut -d" " -f1)")" -eq '"$((16 - $(set_size "$1")))"' ]'
}

try_one() {
	local devices=$1 steps=$2 name=$3 job began
	ok "$name: the rest is held" hold_all_but "$devices"
	job=$(submit -N1 --gres=neuron:"$(set_size "$devices")")
	began=$(date +%s)
	wait_for -t $((steps * wait - 2)) _state_is "$job" RUNNING
	is "$(job_state "$job")" PENDING "$name: it waits"
	ok "$name: then it starts" wait_for -t 20 _state_is "$job" RUNNING
	ok "$name: after $steps times the wait, not before" \
		test $(($(date +%s) - began)) -ge $((steps * wait - 1))
	is "$(set_size "$(job_devices "$job")")" "$(set_size "$devices")" \
		"$name: with as many devices as it asked"
	cancel_all
	ok "$name: all is free again" wait_idle
}

wait=4
cluster_new neuron
neuron_conf ShapeWait=0:$wait
neuron_conf CandidateNodes=check
cluster_nodes n1 trn2u.48xlarge
cluster_start
for entry in "${frees[@]}"; do
	IFS='|' read -r devices steps name <<<"$entry"
	try_one "$devices" "$steps" "$name"
done
unlike "$(grep 'error: select/neuron' "$CLUSTER_DIR/log/slurmctld")" . \
	"with all nodes the answers are the same"

# Without ShapeWait it waits on
sed -i '/^ShapeWait/d' "$CLUSTER_DIR/etc/neuron.conf"
ok "reconfigured without ShapeWait" cluster_reconfigure
ok "the node answers" wait_nodes
ok "a column is free" hold_all_but 0,4,8,12
job=$(submit -N1 --gres=neuron:4)
wait_for -t $((wait + 2)) _state_is "$job" RUNNING
is "$(job_state "$job")" PENDING "without ShapeWait it waits for ever"
cancel_all
finish
