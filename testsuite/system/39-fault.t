#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A device of a running job fails, or one of its nodes goes away: what becomes
# of the job, by --neuron-on-fault and --neuron-on-member-loss or the site, and
# what stands in its AdminComment.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2317 # eval, wait_for
. "$(dirname "$0")/cluster.sh"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }
# fault NODE:DEVICES REASON [POLICY]: mask them, then the jobs there
fault() {
	topo mask --reason "$2" "--jobs${3:+=$3}" "$1" 2>&1 | tail -n 1
}

# Without the placement, which select/neuron writes there
admin_comment() { # JOB
	scontrol show job "$1" | sed -n 's/^ *AdminComment=\(.*[^ ]\) *$/\1/p' | head -n 1 |
		sed 's/neuron-placement: [^;]*\(; *\|$\)//; s/; *$//'
}

# A job that runs again
again() { # JOB
	[ "$(job_field "$1" Restarts) $(job_state "$1")" = "1 RUNNING" ]
}

first_device() { # JOB
	local set
	set=$(job_devices "$1")
	echo "${set%%[-, ]*}"
}

running() { # submit ARGS...: prints the id when it runs
	local job
	job=$(submit "$@") && wait_state "$job" RUNNING && echo "$job"
}

# A job that says which signals reach its script and its step
cat_catch() {
	cat <<-END
		#!/bin/bash
		out=$CLUSTER_DIR/out
		trap 'echo "\$SLURM_JOB_ID script USR1" >>\$out/signals' USR1
		trap 'echo "\$SLURM_JOB_ID script TERM" >>\$out/signals' TERM
		srun -n1 --overlap bash -c 'trap "echo \$SLURM_JOB_ID step USR1 >>\$0/signals" USR1
			trap "echo \$SLURM_JOB_ID step USR2 >>\$0/signals" USR2
			: >\$0/ready.\$SLURM_JOB_ID
			while [ ! -e \$0/go.\$SLURM_JOB_ID ]; do sleep 0.1; done' \$out &
		while [ ! -e \$out/go.\$SLURM_JOB_ID ]; do sleep 0.1; done
	END
}

catching() { # sbatch ARGS...: prints the id when the step is there
	local job
	job=$(sbatch --parsable --output="$CLUSTER_DIR/out/job.%j" "$@" "$CLUSTER_DIR/catch.sh") &&
		wait_for test -e "$CLUSTER_DIR/out/ready.$job" && echo "$job"
}

signals() { # JOB
	sed -n "s/^$1 //p" "$CLUSTER_DIR/out/signals" 2>/dev/null | tr '\n' ' '
}

got() { # JOB SIGNALS
	[ "$(signals "$1")" = "$2 " ]
}

refused() { # NAME ERE COMMAND...
	local name=$1 ere=$2 out
	shift 2
	out=$("$@" 2>&1 </dev/null)
	isnt "$?" 0 "$name: refused"
	like "$out" "$ere" "$name: with a sentence"
}

when='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}'

cluster_new neuron
cluster_nodes 'n[1-12]' trn2u.48xlarge
cluster_ultraserver us1 'n[1-4]'
cluster_ultraserver us2 'n[5-8]'
cluster_ultraserver us3 'n[9-12]'
neuron_conf 'TemplateName=train Devices=4 OnFault=requeue OnMemberLoss=slurm'
neuron_conf OnFaultSignal=USR2
neuron_conf "RuntimeDir=$CLUSTER_DIR/run/slurm-neuron/%n"
cluster_start
cat_catch >"$CLUSTER_DIR/catch.sh"

#
# What can be asked
#
wrap=(--wrap=true)
refused "a policy that there is not" 'write none, notify, requeue or requeuehold' \
	sbatch --gres=neuron:1 --neuron-on-fault=restart "${wrap[@]}"
refused "a signal that nobody catches" 'write HUP, INT, QUIT' \
	sbatch --gres=neuron:1 --neuron-on-fault=notify:KILL "${wrap[@]}"
refused "loss" 'write slurm, nothing, restart or migrate' \
	sbatch --gres=neuron:1 --neuron-on-member-loss=requeue "${wrap[@]}"
refused "requeue with --no-requeue" 'but --no-requeue forbids it' \
	sbatch --no-requeue --gres=neuron:1 --neuron-on-fault=requeue "${wrap[@]}"
refused "restart with --no-requeue" 'on-member-loss: the job is to be requeued, but --no-requeue' \
	sbatch --no-requeue --gres=neuron:1 --neuron-on-member-loss=restart "${wrap[@]}"
refused "restart with --no-kill" 'but --no-kill lets it go on' \
	sbatch --no-kill --gres=neuron:1 --neuron-on-member-loss=migrate "${wrap[@]}"
refused "a job of srun" 'only jobs of sbatch can be requeued' \
	srun --gres=neuron:1 --neuron-on-fault=requeuehold true
refused "no devices" 'asks for no Neuron devices' sbatch --neuron-on-fault=notify "${wrap[@]}"
refused "mask: a policy that there is not" 'write none, notify, requeue or requeuehold' \
	topo mask --reason x --jobs=kill n1:0
is "$(scontrol show node n1 | sed -n 's/^ *Comment=//p')" "" "nothing is masked by it"

#
# Signals, and what is written
#
none=$(running -w n1 --gres=neuron:4)
other=$(running -w n1 --gres=neuron:4)
device=$(first_device "$none")
is "$(topo mask --reason hot "n1:$device" 2>&1)" "n1: masked $device" "mask alone"
is "$(admin_comment "$none")" "" "does nothing to jobs"
is "$(fault "n1:$device" hot)" "n1: 1 job dealt with" "mask --jobs, masked already"
like "$(admin_comment "$none")" "^run 0: n1:$device failed $when \(hot\): it goes on\$" \
	"without a policy its AdminComment says what failed"
is "$(job_state "$none") $(job_field "$none" Comment)" "RUNNING " "and it goes on; its Comment is the user's"
is "$(admin_comment "$other")" "" "another job on the node is none of it"
before=$(admin_comment "$none")
is "$(fault "n1:$device" hot)" "n1: 0 jobs dealt with" "again"
is "$(admin_comment "$none")" "$before" "nothing is written again"

site=$(catching -w n1 --gres=neuron:1 --neuron-on-fault=notify)
mine=$(catching -w n1 --gres=neuron:1 --neuron-on-fault=notify:sigusr1)
batch=$(catching -w n1 --gres=neuron:1 --neuron-on-fault=notify:B:USR1)
is "$(admin_comment "$batch")" "neuron: on-fault=notify:B:USR1" "what was asked is in the AdminComment"
is "$(fault "n1:$(first_device "$site"),$(first_device "$mine"),$(first_device "$batch")" \
	'2 uncorrected; (memory) errors')" "n1: 3 jobs dealt with" "three devices at once"
ok "notify: OnFaultSignal reaches the step" wait_for got "$site" "step USR2"
ok "notify:SIGNAL: that one" wait_for got "$mine" "step USR1"
ok "notify:B:SIGNAL: the script" wait_for got "$batch" "script USR1"
like "$(admin_comment "$batch")" "^neuron: on-fault=notify:B:USR1; run 0: n1:$(first_device "$batch") failed $when \(2 uncorrected, \[memory\] errors\): signal B:USR1 is sent\$" \
	"the AdminComment says so, behind the options"
ok "so does the output of the job" wait_for grep -q \
	"neuron: run 0: n1:$(first_device "$batch") failed" "$CLUSTER_DIR/out/job.$batch"
fault "n1:$(first_device "$site"),$(first_device "$batch")" 'worse' >/dev/null
is "$(signals "$site")$(signals "$mine")$(signals "$batch")" "step USR2 step USR1 script USR1 " \
	"the same devices again: no second signal"
: >"$CLUSTER_DIR/out/go.$site"
: >"$CLUSTER_DIR/out/go.$mine"
: >"$CLUSTER_DIR/out/go.$batch"
cancel "$none" "$other"
wait_gone "$site" "$mine" "$batch"

#
# Another user
#
ordinary=
if [ "$(id -u)" -ne 0 ]; then
	skip "an ordinary user" "only root can become one"
elif ! user_prepare || ! out=$(as_user neuron-topo show n3 2>&1); then
	skip "an ordinary user" "it cannot ask slurmctld: ${out##*$'\n'}"
else
	ordinary=$(running -w n3 --gres=neuron:4)
	device=$(first_device "$ordinary")
	topo mask --reason hot "n3:$device" >/dev/null
	refused "an ordinary user" 'n3: slurmctld (says|does not)' \
		as_user neuron-topo mask --reason hot --jobs=requeue "n3:$device"
	refused "his own word" "[Dd]enied|Invalid user" \
		as_user scontrol update "jobid=$ordinary" "admincomment=neuron+: run 0: x"
	is "$(job_state "$ordinary") $(job_field "$ordinary" Restarts) $(admin_comment "$ordinary")" \
		"RUNNING 0 " "the job knows nothing of it"
	cancel "$ordinary"
fi
topo unmask 'n[1,3]' >/dev/null

#
# Requeued: all at once, since each waits for its credentials to expire
#
# Of a full node with a queue behind it
race=$(running -w n2 --gres=neuron:8 --neuron-on-fault=requeue)
full=$(running -w n2 --gres=neuron:8)
for _ in {1..12}; do
	sbatch --parsable --output=/dev/null -w n2 --gres=neuron:1 --wrap \
		"echo \$SLURM_NEURON_DEVICES >>$CLUSTER_DIR/out/queue"
done >/dev/null
# The task that has the number of its array
array=$(submit -w n3 -a 0-1 --gres=neuron:4 --neuron-on-fault=requeue)
wait_for eval '[ "$(squeue -h -r -j "$array" -t R -o %A | wc -l)" = 2 ]'
task=$(squeue -h -r -j "$array" -o '%A %K' | sed -n "s/^$array //p")
# One component of two
het=$(sbatch --parsable --output=/dev/null --neuron-on-fault=requeue -w n4 --gres=neuron:4 : -w n5 --gres=neuron:4 "$CLUSTER_DIR/gate.sh")
wait_for eval '[ "$(squeue -h -j "$het" -t R -o %i | wc -l)" = 2 ]'
template=$(running -w n6 --neuron-template=train)
held=$(running -w n7 --gres=neuron:4 --neuron-on-fault=requeuehold)
stays=$(running -w n7 --gres=neuron:4 --neuron-on-fault=none)
srun -w n8 --gres=neuron:4 sleep 1000 2>"$CLUSTER_DIR/out/srun" &
srun=$!
wait_for eval 'step=$(squeue -h -w n8 -t R -o %A | grep .)'
later=$(running -w n9 --gres=neuron:4 --neuron-on-fault=requeue)
ended=$(running -w n10 --no-requeue --gres=neuron:4)

gone=$(first_device "$race")
is "$(fault "n2:$gone" hot)" "n2: 1 job dealt with" "requeue"
is "$(fault "n3:$(job_alloc "$array" | sed -n 's/^n3 \([0-9]*\).*/\1/p')" hot)" "n3: 1 job dealt with" \
	"requeue of a task of an array"
is "$(fault n5:0-15 hot)" "n5: 1 job dealt with" "requeue of a heterogeneous job"
is "$(fault "n6:$(first_device "$template")" hot none)" "n6: 1 job dealt with" \
	"a template counts more than the site"
is "$(fault n7:0-15 'bad board' requeue)" "n7: 2 jobs dealt with" "two jobs of one node, each by its own policy"
is "$(fault n8:0-15 hot requeue)" "n8: 1 job dealt with" "a job of srun"
is "$(fault n10:0-15 hot requeue)" "n10: 1 job dealt with" "a job with --no-requeue"
topo mask --reason hot n9:0-15 >/dev/null
later_state=$(job_state "$later")
ctld_stop
# Commands ask again for as long as that
sed 's/^MessageTimeout=.*/MessageTimeout=2/' "$SLURM_CONF" >"$CLUSTER_DIR/etc/away.conf"
is "$later_state $(SLURM_CONF=$CLUSTER_DIR/etc/away.conf fault n9:0-15 hot | grep -c slurmctld)" "RUNNING 1" \
	"slurmctld is away: that is said"
ctld_start && wait_nodes
is "$(fault n9:0-15 hot)" "n9: 1 job dealt with" "it is back"

wait "$srun"
isnt "$?" 0 "the job of srun is ended"
like "$(<"$CLUSTER_DIR/out/srun")" "neuron: run 0: n8:[0-9-]+ failed $when \(hot\): it is ended, since it cannot be requeued" \
	"its user reads why"
ok "so is that with --no-requeue" wait_gone "$ended"
like "$(admin_comment "$ended")" "n10:[0-9-]+ failed .*it is ended, since it cannot be requeued" "with the reason"
ok "requeuehold: it is held" wait_for eval '[ "$(job_field "$held" Priority) $(job_state "$held")" = "0 PENDING" ]'
like "$(admin_comment "$held")" 'neuron: on-fault=requeuehold; run 0: n7:[0-9-]+ failed .* \(bad board\): it is requeued and held$' \
	"and says why"
is "$(job_state "$stays") $(job_field "$stays" Restarts)" "RUNNING 0" "none: it goes on"
ok "requeue: it runs again" wait_for -t 40 eval '[ "$(job_field "$race" Restarts)" = 1 ]'
like "$(admin_comment "$race")" "^neuron: on-fault=requeue; run 0: n2:$gone failed $when \(hot\): it is requeued\$" \
	"its AdminComment has what was asked and what befell it"
ok "meanwhile the queue runs" wait_for -t 40 eval '[ "$(wc -l <"$CLUSTER_DIR/out/queue")" = 12 ]'
unlike "$(<"$CLUSTER_DIR/out/queue")" "^$gone\$" "none of it on the device"
release "$full"
ok "and the job again, elsewhere" wait_for -t 40 again "$race"
is "$(($(hostlist "x[$(job_devices "$race")]" | grep -c "^x$gone\$")))" 0 "without the device"
is "$(fault "n2:$gone" hot)" "n2: 0 jobs dealt with" "the new run has nothing to do with it"
is "$(job_field "${array}_$task" Restarts)$(job_field "${array}_$((1 - task))" Restarts)" 10 \
	"of the array one task was requeued"
is "$(job_field "$het+0" Restarts)$(job_field "$het+1" Restarts)" 11 "of the heterogeneous job both components"
like "$(admin_comment "$het+1")" "run 0: n5:[0-9-]+ failed .*: it is requeued\$" "its component says why"
is "$(job_field "$template" Restarts) $(job_field "$later" Restarts)" "1 1" "the others too"
cancel_all
wait_idle
topo unmask 'n[1-12]' >/dev/null

#
# Prolog, by hand: it sends away the job that it is for, and no other
#
prolog=$NEURON_BUILD_DIR/tools/neuron-prolog
mkdir -p "$CLUSTER_DIR/run/slurm-neuron"
# bad_prolog NODE JOB DEVICE: slurmd would run it so, and a device is bad
bad_prolog() {
	echo hbm >"$CLUSTER_DIR/machines/$1/sys/devices/virtual/neuron_device/neuron$3/stats/hardware/health_status/unhealthy_components"
	env -i SLURM_CONF="$SLURM_CONF" SLURMD_NODENAME="$1" SLURM_JOB_ID="$2" \
		SLURM_JOB_UID="$(id -u)" SLURM_JOB_NEURON="$3" \
		SLURM_SCRIPT_CONTEXT=prolog_slurmd "$prolog" 2>&1
}
array=$(submit -w n3 -a 0-1 --gres=neuron:4)
wait_for eval '[ "$(squeue -h -r -j "$array" -t R -o %A | wc -l)" = 2 ]'
task=$(squeue -h -r -j "$array" -o '%A %K' | sed -n "s/^$array //p")
het=$(sbatch --parsable --output=/dev/null -w n4 --gres=neuron:4 : -w n5 --gres=neuron:4 "$CLUSTER_DIR/gate.sh")
wait_for eval '[ "$(squeue -h -j "$het" -t R -o %i | wc -l)" = 2 ]'
diag "$(bad_prolog n3 "$array" "$(job_alloc "$array" | sed -n 's/^n3 \([0-9]*\).*/\1/p')")"
is "$(job_field "${array}_$task" Restarts)$(job_field "${array}_$((1 - task))" Restarts)" 10 \
	"Prolog of the task with the number of its array: the others go on"
diag "$(bad_prolog n5 $((het + 1)) "$(job_alloc $((het + 1)) | sed -n 's/^n5 \([0-9]*\).*/\1/p')")"
is "$(job_field "$het+0" Restarts)$(job_field "$het+1" Restarts)" 11 \
	"Prolog of a component of a heterogeneous job: all are requeued"
like "$(admin_comment "$het+1")" "^run 0: neuron[0-9]+: it is unhealthy: hbm\$" "with the reason"
cancel_all
wait_idle
topo unmask 'n[3,5]' >/dev/null

#
# A member goes away: every job has it
#
# Takes nodes of two UltraServers; what it lost and what it keeps
member_of() { # NODE: its UltraServer
	echo $(((${1#n} + 3) / 4))
}
us_nodes() { # JOB: of each node the UltraServer, once
	local node
	for node in $(job_nodes_each "$1"); do
		member_of "$node"
	done | sort -u | tr '\n' ' '
}
job_nodes_each() { # JOB
	job_alloc "$1" | cut -d' ' -f1
}

migrate=$(running -N8 --gres=neuron:8 --neuron-ultraserver=require --neuron-on-member-loss=migrate)
mapfile -t nodes < <(job_nodes_each "$migrate")
gone=${nodes[1]}
mapfile -t kept < <(for node in "${nodes[@]}"; do
	[ "$(member_of "$node")" = "$(member_of "$gone")" ] || echo "$node"
done)
is "${#kept[@]}" 4 "a job on two UltraServers"
first=${kept[0]#n}
lose=(--nodelist="${nodes[0]},$gone" -N2 --gres=neuron:1)
restart=$(running "${lose[@]}" --neuron-on-member-loss=restart)
nothing=$(running "${lose[@]}" --neuron-on-member-loss=nothing)
slurm=$(running "${lose[@]}" --no-requeue)
is "$(job_nodes_each "$nothing" | wc -l)" 2 "nothing: two nodes"
_reap KILL "$(_slurmd_pid "$gone")"
# As slurmctld does it after SlurmdTimeout; a short one takes others for lost
# on a busy machine
scontrol update "nodename=$gone" state=down reason=lost
ok "restart: requeued" wait_for eval '[ "$(job_field "$restart" Restarts)" = 1 ]'
like "$(admin_comment "$restart")" "; run 0: $gone was lost $when: it is requeued\$" "and says why"
is "$(job_state "$nothing") $(job_nodes_each "$nothing")" "RUNNING ${nodes[0]}" "nothing: it goes on with the other"
like "$(admin_comment "$nothing")" "; run 0: $gone was lost $when: it goes on without it\$" "and says so"
ok "by Slurm's own rules: ended" wait_for _state_is "$slurm" NODE_FAIL
like "$(admin_comment "$slurm")" "^run 0: $gone was lost $when: it is ended\$" "and says why"
like "$(admin_comment "$migrate")" "; run 0: $gone was lost $when: run 1 keeps n\[$first-$((first + 3))\]\$" \
	"migrate: the next run keeps the other UltraServer"
rival=$(submit -w "n$first" --gres=neuron:16)
ctld_stop
ctld_start
ok "it runs again, also when slurmctld was restarted" wait_for -t 40 again "$migrate"
is "$(job_state "$rival")" PENDING "what it keeps was not given to a job behind it"
is "$(job_nodes_each "$migrate" | grep -cxF "$(printf '%s\n' "${kept[@]}")")" 4 "it has the nodes that lost nothing"
unlike "$(us_nodes "$migrate")" "$(member_of "$gone")" "the others are of another UltraServer"
judged "and all of them good" "$migrate"
cancel "$rival"
slurmd_start "$gone"
ok "the node is back: the job that required it restarts" wait_for -t 40 again "$restart"
cancel "$restart" "$nothing"
wait_idle_but() {
	! sinfo -h -N -o %T | grep -Eq 'down|drain|comp'
}
wait_for -t 30 wait_idle_but

# A device of a member fails
mapfile -t nodes < <(job_nodes_each "$migrate")
# Of the lower one: without a wish to stay the job would come back to both
bad=${nodes[1]}
set=$(job_alloc "$migrate" | sed -n "s/^$bad \([0-9]*\).*/\1/p")
is "$(fault "$bad:$set" hot)" "$bad: 1 job dealt with" "a device of a member fails: it is lost as the node would be"
like "$(admin_comment "$migrate")" "; run 1: $bad:$set failed $when \(hot\): it is requeued; run 1: $bad was left $when: run 2 keeps n" \
	"the AdminComment says both"
ok "it runs again" wait_for -t 40 eval '[ "$(job_field "$migrate" Restarts) $(job_state "$migrate")" = "2 RUNNING" ]'
others=$(for node in "${nodes[@]}"; do
	[ "$(member_of "$node")" = "$(member_of "$bad")" ] || echo "$node"
done)
is "$(job_nodes_each "$migrate" | grep -cxF "$others")" 4 "with the nodes of the other UltraServer"
judged "without the device" "$migrate"
is "$(job_alloc "$migrate" | sed -n "s/^$bad \([^ ]*\).*/x[\1]/p" | while read -r list; do
	hostlist "$list"
done | grep -cxF "x$set")" 0 "which nobody gets"
cancel_all
finish
