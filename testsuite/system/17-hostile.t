#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nothing that a user can submit stops or stalls the controller, and nothing
# impossible is queued for ever.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_start
pid=$(ctld_pid)
long=$(printf 'x%.0s' {1..5000})
many=$(printf 'neuron:1,%.0s' {1..500})

# The controller lives; if not, a new one is started for the next test
lives() {
	is "$(ctld_pid)" "$pid" "$1: the controller lives"
	ctld_alive || ctld_start
	pid=$(ctld_pid)
}

# WANTED refused or any, ARGS: an answer comes within 5 seconds and the
# controller lives
try() {
	local wanted=$1 out status name
	shift
	name=$*
	[ ${#name} -le 60 ] || name="${name:0:57}..."
	name=${name//[^ -~]/?}
	out=$(timeout 5 sbatch --begin=now+1hour --parsable -o /dev/null "$@" --wrap=true 2>&1)
	status=$?
	if [ $status -eq 124 ]; then
		fail "$name: no answer"
	elif [ "$(ctld_pid)" != "$pid" ]; then
		fail "$name: the controller is gone"
		ctld_start
		pid=$(ctld_pid)
	elif [ "$wanted" = refused ] && [ $status -eq 0 ]; then
		fail "$name: must be refused"
	elif [ "$wanted" = refused ] && [ "$(wc -l <<<"$out")" -gt 3 ]; then
		fail "$name: is refused in too many words"
		diag "$out"
	else
		pass "$name"
	fi
}

try refused --gres=neuron:17
try refused --gres=neuron:-1
try refused --gres=neuron:99999999999999999999
try refused --gres=neuron:4294967296
try refused --gres=neuron:18446744073709551615
try refused --gres=neuron:65536
try refused --gres=neuron:1k
try refused --gres=neuron:1.5
try refused --gres=neuron:trn9:4
try refused --gres=neuron:trn2:trn2:4
try refused --gres=neuron:trn2:
try refused --gres=neuron::4
try any --gres=neuron:
try refused --gres='neuron:%n%s%s%s'
try refused --gres="neuron:$long"
try refused --gres="neuron:$long:4"
try refused --gres="$many"neuron:1
try refused --gres=neuron:4,neuron:8
try refused --gres=neuron:trn2:4,neuron:4
try refused --gres=neuron:4,efa:3
try refused --gres=neuron:4,efa:5
try any --gres=neuron:4,efa:0
try any --gres=neuron:0
try any --gres=neuron:0,efa:16
try refused --gres=efa:17
try any --gres=neuron:8 -N3
try any --gres=neuron:8 -N100000
try refused --gres=neuron:8 -w nothere
try any --gres=neuron:8 -N2-1
try refused --gres=neuron:4 --tres-per-task=gres/neuron:2 -n2
try refused -n1000 -N1 --tres-per-task=gres/neuron:1
try refused -n4000000000 --tres-per-task=gres/neuron:1
try refused -n3 -N2 --ntasks-per-node=2 --tres-per-task=gres/neuron:9
try any -n0 --tres-per-task=gres/neuron:1
try any --tres-per-task=gres/neuron:0 -n1
try any --gpus=4
try any --gpus-per-node=neuron:4
try any --gres=neuron:1 --gres-flags=one-task-per-sharing
try any --gres=neuron:4 --gres-flags=enforce-binding
try any --gres=neuron:4 --gres-flags=disable-binding
try any --gres=neuron:4 --cores-per-socket=4000
try any --gres=neuron:4 --mem=999999999999
try any --gres=neuron:4 --array=0-999
try any --gres=neuron:4 --switches=1@99999999
try any --gres=neuron:4 -C 'a&b|c'
try any --gres=$'neuron:4\nneuron:5'
try any --gres=$'neuron:\x01\x02\xff'
try any --gres='neuron:４'
try any --gres=',,,neuron:4,,,'
try any --gres=gres:neuron:4
try any --gres=gres/neuron=4
try any --gres=neuron=4
try any --gres=NEURON:4
try any --gres='neuron:4(IDX:0-99)'
try any --gres='neuron:4(S:0)'
try any --gres=craynetwork:1,neuron:1
try any --gres=none
try any --gres=help
ok "jobs are cancelled" cancel_all

# Changes of a held job
job=$(submit --hold -N1 --gres=neuron:4)
for change in gres=neuron:17 gres=neuron:-1 gres=neuron:x:y:z gres=neuron:4,efa:9 \
	"gres=neuron:$long" gres=none gres= gres=neuron:4,neuron:4 numnodes=5000 \
	numtasks=100000 numcpus=999999 trespertask=gres/neuron:4 trespernode=gres/neuron:99; do
	timeout 5 scontrol update "jobid=$job" "$change" >/dev/null 2>&1
	isnt $? 124 "change ${change:0:40}: an answer comes"
	lives "change ${change:0:40}"
done
cancel_all

# Let accepted oddities really be scheduled
for args in --gres=neuron:0 --gres=gres/neuron:4 '--gres=neuron:4 --gres-flags=disable-binding' \
	'-n3 --tres-per-task=gres/neuron:3' '-N2 -n3 --tres-per-task=gres/neuron:2' \
	'--gres=neuron:16 --exclusive' '--gres=neuron:2 --exclusive=user' \
	'--gres=neuron:1 --oversubscribe' '--gres=neuron:1 -n192' '--gres=neuron:5 --mem=0' \
	'--gres=neuron:4 --threads-per-core=1' '--gres=neuron:4 --hint=nomultithread' \
	'--gres=neuron:4 --sockets-per-node=1' '--gres=neuron:4 --ntasks-per-socket=2 -n4' \
	'--gres=neuron:4 --core-spec=4' '--gres=neuron:4 --use-min-nodes -N1-2' \
	'--gres=neuron:4 --ntasks-per-gpu=2' '--gpus=neuron:2' '--gres=neuron:4 --gres-flags=enforce-binding'; do
	# shellcheck disable=SC2086
	if job=$(timeout 10 sbatch --parsable -o /dev/null $args "$CLUSTER_DIR/gate.sh" 2>/dev/null); then
		wait_for -t 6 eval '[ "$(job_state "$job")" = RUNNING ] || [[ "$(job_reason "$job")" != None ]]'
		if [ "$(job_state "$job")" = RUNNING ] && [[ $(job_devices "$job") == *[0-9]* ]]; then
			judged "$args: well placed" "$job"
		else
			pass "$args: $(job_state "$job") $(job_reason "$job")"
		fi
		scancel "$job"
	else
		pass "$args: refused"
	fi
	lives "$args"
done
ok "jobs are cancelled" cancel_all

# A flood is answered
for ((i = 0; i < 20; i++)); do
	submit --array=0-49 --gres=neuron:16 -N2 >/dev/null
done
start=$SECONDS
is "$(squeue -h -r | wc -l)" 1000 "1000 jobs are queued"
timeout 10 sinfo >/dev/null
isnt $? 124 "sinfo is answered"
ok "and cancelled" cancel_all
[ $((SECONDS - start)) -lt 30 ]
is $? 0 "within half a minute"
ok "all is free again" wait_idle
job=$(grant -N2 --gres=neuron:4)
judged "after all this jobs are well placed" "$job"
cancel_all
finish
