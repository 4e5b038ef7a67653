#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh: two simulated UltraServers of four trn2u.48xlarge under two EFA leaf
# switches, a real slurmctld and eight real slurmds, a mix of jobs, and a
# picture of who holds what. Called by contrib/quickstart.
#
#   demo.sh [--keep FILE]
#
# --keep leaves the cluster running and writes to FILE what demo-stop needs.

keep=
if [ "${1:-}" = --keep ]; then
	keep=$2
fi

# shellcheck source=../../testsuite/system/cluster.sh
. "$(dirname "$0")/../../testsuite/system/cluster.sh"

topo=$NEURON_BUILD_DIR/tools/neuron-topo
bold= plain=
if [ -t 1 ]; then
	bold=$'\033[1m' plain=$'\033[0m'
fi

say() {
	printf '%s\n' "$*"
}

# The command as a user would type it, then what it does
show_command() {
	printf '%s$ %s%s\n' "$bold" "$*" "$plain"
}

build_cluster() {
	# One that goes on running must not stay in memory for ever
	[ -z "$keep" ] || NEURON_MEMORY=no
	cluster_new neuron
	cluster_nodes 'trn[1-8]' trn2u.48xlarge
	cluster_switch leaf1 'trn[1-4]'
	cluster_switch leaf2 'trn[5-8]'
	cluster_switch spine 'leaf[1-2]'
	cluster_ultraserver us1 'trn[1-4]'
	cluster_ultraserver us2 'trn[5-8]'
	cluster_prolog
	cluster_start
}

jobs=()

# submit_job NAME OPTIONS...: a batch job that runs until the demo ends it
submit_job() {
	local name=$1 id
	shift
	show_command "sbatch --job-name=$name $* job.sh"
	id=$(submit --job-name="$name" "$@") || return 1
	jobs+=("$id")
	tell_when_started "$id" "$name"
}

# A step's own view: what srun tells a task
run_step() {
	show_command "srun --job-name=ask --gres=neuron:2 sh -c 'echo cores \$NEURON_RT_VISIBLE_CORES'"
	# shellcheck disable=SC2016
	srun --quiet --job-name=ask --gres=neuron:2 \
		sh -c 'echo "  cores $NEURON_RT_VISIBLE_CORES, EFA $FI_EFA_IFACE"'
}

# The machines are simulated, their EFA interfaces too: messages go over TCP
run_ringcheck() {
	show_command "srun -N2 --gres=neuron:4 env FI_PROVIDER=tcp neuron-ringcheck --size=1M"
	srun --quiet --job-name=ringcheck -N2 --gres=neuron:4 env FI_PROVIDER=tcp \
		"$NEURON_BUILD_DIR/tools/neuron-ringcheck" --size=1M |
		sed 's/^/  /'
}

tell_when_started() {
	local id=$1 name=$2
	if ! wait_for -t 5 _state_is "$id" RUNNING; then
		say "  job $id $name waits: $(job_reason "$id")"
		return
	fi
	job_alloc "$id" | while read -r node neuron efa; do
		say "  job $id $name has on $node: devices $neuron, EFA $efa"
	done
}

show_refusal() {
	show_command "sbatch --gres=neuron:17 job.sh"
	submit --gres=neuron:17 2>&1 | sed 's/^/  /'
}

table() {
	local id
	printf '\n%s%6s  %-12s %-6s %-8s %-8s %s%s\n' "$bold" JOBID NAME NODE \
		DEVICES EFA 'LOGICAL CORES' "$plain"
	for id in "${jobs[@]}"; do
		[ "$(job_state "$id")" = RUNNING ] || continue
		job_alloc "$id" | while read -r node neuron efa; do
			printf '%6s  %-12s %-6s %-8s %-8s %s\n' "$id" \
				"$(job_field "$id" JobName)" "$node" \
				"$neuron" "$efa" "$(cores "$neuron")"
		done
	done
	printf '\n'
}

# Devices of trn2 have four logical cores each
cores() {
	local first=${1%%[-,]*} last=${1##*[-,]}
	echo "$((first * 4))-$((last * 4 + 3))"
}

leave_running() {
	local pid
	{
		echo "$CLUSTER_DIR"
		ctld_pid
		for pid in "${_slurmd_pids[@]}" $_munged_pid; do
			echo "$pid"
		done
	} >"$keep"
	trap - EXIT INT TERM HUP
	rm -f "$_tap_out"
	disown -a
	say "The cluster goes on running. To use it:"
	say
	say "  export SLURM_CONF=$SLURM_CONF"
	say "  export PATH=$NEURON_SLURM_PREFIX/bin:$NEURON_SLURM_PREFIX/sbin:$(dirname "$topo"):\$PATH"
	say
	say "and to end it: contrib/quickstart stop"
	exit 0
}

say "Starting one slurmctld and eight slurmds, each a simulated trn2u.48xlarge ..."
build_cluster
say "The cluster is up after $SECONDS s."
say

submit_job pretrain -N4 --gres=neuron:16
submit_job finetune -N2 --gres=neuron:8
submit_job serve-a --gres=neuron:4
submit_job serve-b --gres=neuron:4 -c 16
submit_job workers -N1 -n4 --tres-per-task=gres/neuron=2
submit_job small-a --gres=neuron:1
submit_job small-b --gres=neuron:3
submit_job tune -N2 --gres=neuron:trn2:4
run_step
run_ringcheck
show_refusal
submit_job toolarge -N4 --gres=neuron:16

table
"$topo" show || exit 1

[ -z "$keep" ] || leave_running
say "Stopping the cluster ..."
TAP_PLANNED=1
cancel_all
exit 0
