#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The future: expected starts, backfill, preemption, reservations.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_partition low ALL Default=YES PriorityTier=1
cluster_partition high ALL PriorityTier=10
cluster_conf PreemptType=preempt/partition_prio
cluster_conf PreemptMode=REQUEUE
cluster_start

# Minutes from now until the start that sbatch --test-only names
minutes_until() {
	local at
	at=$(sbatch --test-only "$@" --wrap=true 2>&1 |
		sed -n 's/.* to start at \([^ ]*\) .*/\1/p')
	[ -n "$at" ] && echo $((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))
}

is "$(minutes_until -N2 --gres=neuron:16)" 0 "--test-only: now, on an empty cluster"
is "$(squeue -h | wc -l)" 0 "--test-only leaves no job behind"

# Rows of n1 end after 2, 60, 4 and 60 minutes
grant -w n2 --time=120 --gres=neuron:16 >/dev/null
for ((i = 0; i < 4; i++)); do
	job=$(grant -w n1 --time=60 --gres=neuron:4)
	case $(job_devices "$job") in
	0-3) scontrol update "jobid=$job" timelimit=2 ;;
	8-11) scontrol update "jobid=$job" timelimit=4 ;;
	esac
done
is "$(node_used n1)" "0-15 0-15" "n1 is full"
is "$(minutes_until -N1 --gres=neuron:4)" 2 "--test-only: 4 devices when the first row is free"
is "$(minutes_until -N1 --gres=neuron:8)" 60 \
	"--test-only: 8 devices only when 8 together are free, not when any 8 are"
is "$(minutes_until -N2 --gres=neuron:1)" 120 "--test-only: two nodes when both have a device"

job=$(submit -N1 --time=5 --gres=neuron:8)
wait_for eval '[ "$(job_field "$job" StartTime)" != Unknown ]'
at=$(job_field "$job" StartTime)
is "$((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))" 60 \
	"a pending job has the same expected start"
cancel_all
ok "all is free again" wait_idle

# Backfill: n1 half used for 5 minutes, then a job that needs everything
long=$(submit -w n1 --time=5 --gres=neuron:8)
ok "the first job runs" wait_state "$long" RUNNING
big=$(submit -N2 --time=60 --gres=neuron:16)
wait_for eval '[ "$(job_field "$big" StartTime)" != Unknown ]'
short=$(submit -N1 -w n1 --time=3 --gres=neuron:8)
late=$(submit -N1 -w n2 --time=60 --gres=neuron:4)
ok "a short job is backfilled" wait_state "$short" RUNNING
is "$(job_state "$late")" PENDING "a long one is not"
is "$(job_state "$big")" PENDING "the big one waits"
judged "backfilled job: well placed" "$long" "$short"
release "$long" "$short"
ok "then it starts" wait_state "$big" RUNNING
is "$(job_state "$late")" PENDING "before the long one"
judged "big job: well placed" "$big"
cancel_all
ok "all is free again" wait_idle

# Preemption
jobs=()
for ((i = 0; i < 4; i++)); do
	jobs+=("$(submit -w n1 -p low --gres=neuron:4)")
done
other=$(submit -w n2 -p low --gres=neuron:16)
wait_for eval '[ "$(running_jobs | wc -l)" -eq 5 ]'
is "$(running_jobs | wc -l)" 5 "five jobs of low priority run"
high=$(submit -w n1 -p high --gres=neuron:8)
ok "one of high priority takes their place" wait_state "$high" RUNNING
# shellcheck disable=SC2046
judged "and all that run are well placed" $(running_jobs)
is "$(job_state "$other")" RUNNING "a job on another node is left alone"
high2=$(submit -w n2 -p high --gres=neuron:4)
ok "a whole node is preempted for a part of it" wait_state "$high2" RUNNING
# shellcheck disable=SC2046
judged "and all that run are well placed" $(running_jobs)
cancel_all
ok "all is free again" wait_idle

# Reservations
scontrol create reservation reservationname=r1 starttime=now duration=30 \
	nodes=n2 "users=$(id -un)" >/dev/null
inside=$(grant -N1 --time=10 --reservation=r1 --gres=neuron:8)
is "$(job_nodes "$inside")" n2 "a job in a reservation runs in it"
outside=$(grant -N1 --time=10 --gres=neuron:16)
is "$(job_nodes "$outside")" n1 "one outside runs outside"
more=$(submit -N1 --time=10 --gres=neuron:4)
sleep 2
is "$(job_state "$more")" PENDING "and another one outside waits"
judged "in and out: well placed" "$inside" "$outside"
scancel "$inside" "$outside" "$more"
wait_for _no_jobs
scontrol delete reservationname=r1
# One that begins later: jobs that end before may use it now
scontrol create reservation reservationname=r2 starttime=now+20minutes \
	duration=30 nodes=n1,n2 "users=$(id -un)" >/dev/null
job=$(grant -N2 --time=10 --gres=neuron:16)
is "$(job_nodes "$job")" "n1 n2" "a short job runs before a reservation"
scancel "$job"
wait_for _no_jobs
job=$(submit -N1 --time=30 --gres=neuron:4)
sleep 2
is "$(job_state "$job")" PENDING "a long one does not"
scontrol delete reservationname=r2
ok "it starts when the reservation is gone" wait_state "$job" RUNNING
judged "well placed" "$job"
cancel_all
finish
