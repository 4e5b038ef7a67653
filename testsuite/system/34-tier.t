#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --neuron-shape, --neuron-wait and --neuron-launch: the tier of a job and how
# long it waits for it, in place of what Shape and ShapeWait say.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

column=0,4,8,12

# Hold all devices but those of a column of the 4x4 torus, each with a job
hold_all_but_column() {
	local device job
	holders=()
	for device in {0..15}; do
		job=$(grant -w n1 --time=60 --gres=neuron:1) || return 1
		holders[device]=$job
	done
	for job in "${holders[@]}"; do
		case ,$column, in
		*,"$(job_devices "$job")",*) scancel "$job" ;;
		esac
	done
	wait_for -t 10 eval '[ "$(set_size "$(node_used n1 | cut -d" " -f1)")" -eq 12 ]'
}

# A job of four devices with these options runs at once on the column
starts() {
	local name=$1 job
	shift
	job=$(submit -N1 --time=5 --gres=neuron:4 "$@")
	ok "$name: starts" wait_state "$job" RUNNING
	is "$(job_devices "$job")" $column "$name: on the column"
	scancel "$job"
	wait_gone "$job"
}

# The same is pending after some passes of the schedulers
waits() {
	local name=$1 job
	shift
	job=$(submit -N1 --time=5 --gres=neuron:4 "$@")
	wait_for -t 3 _state_is "$job" RUNNING
	is "$(job_state "$job")" PENDING "$name: waits"
	scancel "$job"
	wait_gone "$job"
}

# Minutes from now until the start that sbatch --test-only names
minutes_until() {
	local at
	at=$(sbatch --test-only -N1 --time=5 --gres=neuron:4 "$@" --wrap=true 2>&1 |
		sed -n 's/.* to start at \([^ ]*\) .*/\1/p')
	[ -n "$at" ] && echo $((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))
}

site() {
	sed -i '/^Shape/d' "$CLUSTER_DIR/etc/neuron.conf"
	printf '%s\n' "$@" >>"$CLUSTER_DIR/etc/neuron.conf"
	cluster_reconfigure && wait_nodes
}

cluster_new neuron
neuron_conf CandidateNodes=check
cluster_nodes n1 trn2u.48xlarge
cluster_start

ok "a column is free" hold_all_but_column
waits "no options"
starts "--neuron-shape=best" --neuron-shape=best
starts "--neuron-shape=connected" --neuron-shape=connected
starts "--neuron-launch=core" --neuron-launch=core
waits "--neuron-launch=process" --neuron-launch=process
waits "the shape goes before launch" --neuron-launch=core \
	--neuron-shape=consecutive
is "$(minutes_until --neuron-shape=best)" 0 "--test-only, best: now"
is "$(minutes_until)" 60 "--test-only, no options: when others end"
job=$(submit -N1 --gres=neuron:4)
wait_for eval '[ "$(job_field "$job" StartTime)" != Unknown ]'
at=$(job_field "$job" StartTime)
is "$((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))" 60 \
	"backfill expects the same of a job that waits"
# backfill, not the main scheduler, starts what is behind another job
behind=$(submit -N1 --time=5 --nice=100 --gres=neuron:4 --neuron-shape=best)
ok "a wider one behind it is backfilled" wait_state "$behind" RUNNING
is "$(job_devices "$behind")" $column "on the column"
cancel "$job" "$behind"

job=$(submit -N1 --gres=neuron:4 --neuron-wait=0:5)
began=$(date +%s)
wait_for -t 3 _state_is "$job" RUNNING
is "$(job_state "$job")" PENDING "--neuron-wait: at first it waits"
ok "--neuron-wait: then it starts" wait_for -t 20 _state_is "$job" RUNNING
ok "--neuron-wait: not before its time" test $(($(date +%s) - began)) -ge 4
cancel "$job"

ok "site: Shape=connected" site Shape=connected
starts "no options, wide site"
waits "a stricter job on a wide site" --neuron-shape=consecutive
starts "--neuron-shape=best, wide site" --neuron-shape=best

ok "site: ShapeWait" site ShapeWait=0:1
waits "--neuron-wait=never" --neuron-wait=never
waits "a longer wait" --neuron-wait=1:00
starts "the wait of the site"
# What a job says is kept with it
job=$(submit -N1 --gres=neuron:4 --neuron-wait=never)
ok "slurmctld stops" ctld_stop
ok "slurmctld starts" ctld_start
ok "the node answers" wait_nodes
wait_for -t 4 _state_is "$job" RUNNING
is "$(job_state "$job")" PENDING "--neuron-wait=never, after a restart: waits"
unlike "$(grep 'error: select/neuron' "$CLUSTER_DIR/log/slurmctld")" . \
	"with all nodes the answers are the same"
cancel_all
finish
