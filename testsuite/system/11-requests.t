#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every way to ask for devices.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_switch leaf1 'n[1-2]'
cluster_switch leaf2 'n[3-4]'
cluster_switch spine 'leaf[1-2]'
cluster_start

# NAME, WANTED "nodes x devices on each", ARGS
check() {
	local name=$1 wanted=$2 job counts
	shift 2
	if ! job=$(grant "$@"); then
		fail "$name: $*"
		diag "Slurm said: $job"
		return
	fi
	counts=$(job_alloc "$job" | while read -r _ neuron _; do
		set_size "$neuron"
	done | sort -n | tr '\n' ' ')
	is "${counts% }" "$wanted" "$name"
	judged "$name: well placed" "$job"
	scancel "$job"
	wait_idle
}

check "--gres without type" 4 --gres=neuron:4
check "--gres with type" 4 --gres=neuron:trn2:4
check "--gres without number" 1 --gres=neuron
check "--gres=gres/..." 4 --gres=gres/neuron:4
check "--gres with efa" 4 --gres=neuron:4,efa:4
check "--gres with type and efa" "8 8" -N2 --gres=neuron:trn2:8,efa:8
check "--tres-per-task" "4 4" -N2 -n4 --ntasks-per-node=2 \
	--tres-per-task=gres/neuron:2
check "--tres-per-task with type" 4 -N1 -n2 --tres-per-task=gres/neuron:trn2:2
check "--ntasks-per-node" "8 8" -N2 --ntasks-per-node=4 --gres=neuron:8
check "--cpus-per-task" 4 -n4 -N1 --cpus-per-task=6 --gres=neuron:4
check "more CPUs than the near socket has" 4 -N1 -n1 --cpus-per-task=120 \
	--gres=neuron:4
check "--nodes=min-max" "4 4 4" --nodes=2-3 --gres=neuron:4
check "--exclude" "4 4" -N2 --exclude='n[1-2]' --gres=neuron:4
check "--contiguous" "4 4" -N2 --contiguous --gres=neuron:4
check "--switches" "16 16" -N2 --switches=1 --gres=neuron:16
check "--mem" 4 -N1 --mem=1000000 --gres=neuron:4
check "--spread-job" "4 4" -N2 --spread-job --gres=neuron:4
check "--distribution" "4 4" -N2 -n8 --distribution=cyclic --gres=neuron:4
check "--exclusive, all devices" 16 -N1 --exclusive --gres=neuron:16
check "--exclusive, some devices asked" 16 -N1 --exclusive --gres=neuron:4

job=$(grant -N2 --nodelist=n2,n3 --gres=neuron:4)
is "$(job_nodes "$job")" "n2 n3" "--nodelist is obeyed across switches"
judged "--nodelist: well placed" "$job"
cancel_all
wait_idle

# min-max with too few nodes for the maximum
grant -w 'n[1-2]' -N2 --gres=neuron:16 >/dev/null
job=$(grant --nodes=1-4 --gres=neuron:16)
is "$(job_nodes "$job")" "n3 n4" "--nodes=1-4 takes the two that are free"
cancel_all
wait_idle

# CPUs of the socket of the devices: 0-3 and 12-15 are on socket 1
jobs=()
near=0
for ((i = 0; i < 4; i++)); do
	job=$(grant -w n1 -n1 --cpus-per-task=8 --gres=neuron:4)
	jobs+=("$job")
	cpu=$(scontrol show job -d "$job" |
		sed -n 's/.*CPU_IDs=\([0-9]*\).*/\1/p')
	case $(job_devices "$job"):$((cpu / 96)) in
	0-3:1 | 12-15:1 | 4-7:0 | 8-11:0) near=$((near + 1)) ;;
	*) diag "devices $(job_devices "$job") with CPU $cpu" ;;
	esac
done
is $near 4 "CPUs are on the socket of the devices"
judged "four jobs: well placed" "${jobs[@]}"
cancel_all
wait_idle

# Arrays: every element is a job of its own
job=$(submit --array=0-5%6 -N1 --gres=neuron:4)
wait_for eval '[ "$(running_jobs | wc -l)" -eq 6 ]'
is "$(running_jobs | wc -l)" 6 "all elements of an array run"
# shellcheck disable=SC2046
judged "elements of an array: well placed" $(running_jobs)
cancel_all
wait_idle

# Heterogeneous: two components, both or none
job=$(submit -N1 --gres=neuron:4 : -N2 --gres=neuron:16)
wait_for eval '[ "$(running_jobs | wc -l)" -eq 2 ]'
is "$(running_jobs | wc -l)" 2 "both components of a heterogeneous job run"
# shellcheck disable=SC2046
judged "components: well placed" $(running_jobs)
cancel_all
wait_idle

# Steps
cat >"$CLUSTER_DIR/steps.sh" <<-'END'
	#!/bin/bash
	cd "$CLUSTER_DIR/out" || exit 1
	show='echo "$SLURM_PROCID $SLURM_NEURON_DEVICES $NEURON_RT_VISIBLE_CORES"'
	srun -n1 sh -c "$show" >step.whole
	srun -n1 -c2 --exact --gres=neuron:4 sh -c "$show; : >a; until [ -e b ]; do sleep 0.1; done" >step.a &
	srun -n1 -c2 --exact --gres=neuron:4 sh -c "$show; : >b; until [ -e a ]; do sleep 0.1; done" >step.b &
	wait
	srun -n1 --gres=none sh -c "$show" >step.none
	srun -n2 --gres=neuron:8 --tres-per-task=gres/neuron:4 sh -c "$show" >step.tasks 2>step.err
	: >done
END
job=$(sbatch --parsable -o "$CLUSTER_DIR/out/steps" -N1 -n2 -c2 --gres=neuron:8 "$CLUSTER_DIR/steps.sh")
ok "a job with steps ends" wait_for -t 40 test -e "$CLUSTER_DIR/out/done"
job=$(cat "$CLUSTER_DIR/out/step.whole")
like "$job" '^0 [0-9]+-[0-9]+ [0-9]+(,[0-9]+){31}$' "a step without a request has all devices"
both=$(cat "$CLUSTER_DIR"/out/step.[ab] | cut -d' ' -f2 | sort -n | tr '\n' ' ')
like "$both" '^(0-3 4-7|8-11 12-15|4-7 8-11) $' "two steps share the devices"
is "$(cut -d' ' -f3 "$CLUSTER_DIR"/out/step.[ab] | tr , '\n' | sort | uniq -d)" "" \
	"and no core twice"
is "$(cat "$CLUSTER_DIR/out/step.none")" "0  " "a step with --gres=none has none"
is "$(grep -c . "$CLUSTER_DIR/out/step.tasks")" 2 "a step with devices per task runs"
diag "$(cat "$CLUSTER_DIR/out/step.tasks" "$CLUSTER_DIR/out/steps")"
finish
