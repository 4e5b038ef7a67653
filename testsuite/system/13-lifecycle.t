#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Allocations survive whatever happens to the controller; hold, requeue,
# release and changes of jobs.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_ultraserver us1 'n[1-4]'
cluster_start

jobs=()
for args in '-N2 --gres=neuron:4' '-N1 --gres=neuron:8' '-N4 --gres=neuron:2' \
	'-N1 --gres=neuron:1' '-N3 --gres=neuron:3' '-N1 -n2 --tres-per-task=gres/neuron:1'; do
	# shellcheck disable=SC2086
	jobs+=("$(submit $args)")
done
wait_for eval '[ "$(running_jobs | wc -l)" -eq 6 ]'
is "$(running_jobs | wc -l)" 6 "six jobs run"
judged "six jobs: well placed" "${jobs[@]}"
pending=$(submit --hold -N4 --gres=neuron:16)
before=$(picture "${jobs[@]}")

ok "reconfigure" cluster_reconfigure
is "$(picture "${jobs[@]}")" "$before" "reconfigure changes no allocation"
ok "the state is saved" wait_saved "${jobs[0]}"
ctld_stop
ok "the controller is restarted" ctld_start
is "$(picture "${jobs[@]}")" "$before" "a restart changes no allocation"
ok "the state is saved" wait_saved "${jobs[0]}"
ctld_kill
ok "it is killed and started again" ctld_start
is "$(picture "${jobs[@]}")" "$before" "a crash changes no allocation"
judged "after the crash: well placed" "${jobs[@]}"

ok "all nodes answer it" wait_nodes
new=$(grant -N2 --gres=neuron:4)
judged "a new job shares nothing with the old ones" "${jobs[@]}" "$new"
scancel "$new"
scontrol release "$pending"
sleep 2
is "$(job_state "$pending")" PENDING "a job that needs everything waits"
for job in "${jobs[@]}"; do
	release "$job"
done
ok "it starts when all have ended" wait_state "$pending" RUNNING
judged "it is well placed" "$pending"
is "$(job_state "${jobs[0]}")" COMPLETED "the old ones ended in good order"
cancel_all
ok "all is free again" wait_idle
is "$(node_used n1)$(node_used n2)$(node_used n3)$(node_used n4)" \
	"- -- -- -- -" "nothing is left in use"

# Nodes reconnect too
job=$(submit -N2 --gres=neuron:8)
wait_state "$job" RUNNING
before=$(job_alloc "$job")
scontrol reconfigure
ctld_kill
ok "killed during reconfigure" ctld_start
# a controller that is killed before it has saved a start runs the job anew
wait_state "$job" RUNNING
like "$(job_alloc "$job" | wc -l)" '^2$' "the job has two nodes"
judged "and is well placed" "$job"
cancel_all
ok "all is free again" wait_idle

# Hold
job=$(submit --hold -N1 --gres=neuron:16)
other=$(submit -w n1 --gres=neuron:16)
ok "another one starts" wait_state "$other" RUNNING
is "$(job_state "$job")" PENDING "a held job waits"
scontrol release "$job"
ok "and starts when it is let go" wait_state "$job" RUNNING
judged "both: well placed" "$job" "$other"

# Requeue
scontrol requeue "$job"
ok "a job can be requeued" wait_for eval '[ "$(job_field "$job" Restarts)" = 1 ]'
ok "and starts again" wait_for -t 60 eval '[ "$(job_state "$job")" = RUNNING ]'
judged "well placed again" "$job" "$other"
scontrol requeuehold "$job"
wait_state "$job" PENDING
is "$(job_alloc "$job")" "" "a requeued and held job holds no devices"
cancel_all
ok "all is free again" wait_idle

# Changes
job=$(submit --hold -N1 --gres=neuron:2)
ok "a pending job can be changed" scontrol update "jobid=$job" gres=neuron:8
like "$(scontrol update "jobid=$job" gres=neuron:17 2>&1)" '16|gres|GRES|device' \
	"but not to something impossible"
scontrol release "$job"
ok "the changed job starts" wait_state "$job" RUNNING
is "$(set_size "$(job_devices "$job")")" 8 "with what it was changed to"
judged "and the interfaces of that" "$job"
job2=$(submit -N2 --gres=neuron:4)
ok "a job on two nodes" wait_state "$job2" RUNNING
scancel --signal=KILL "$job2"
ok "it is killed" wait_gone "$job2"
like "$(job_devices "$job2")" '^[- ]*$' "and holds nothing"
cancel_all
ok "all is free again" wait_idle

# A node that goes away
job=$(submit -w n1 --requeue --gres=neuron:8)
wait_state "$job" RUNNING
scontrol update nodename=n1 state=down reason=test
wait_for eval '[ "$(job_field "$job" Restarts)" = 1 ]'
scontrol update nodename=n1 state=resume
ok "a job whose node failed runs again" wait_for -t 60 eval '[ "$(job_state "$job")" = RUNNING ]'
judged "well placed" "$job"
scontrol update nodename=n1 state=drain reason=test
is "$(grant -w n1 --gres=neuron:1 >/dev/null && echo granted)" "" "a drained node is given to nobody"
cancel_all
finish
