#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a job, a step and a task see.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes t1 trn1.32xlarge
cluster_nodes t2 trn2u.48xlarge
cluster_nodes i2 inf2.48xlarge
cluster_nodes c1 cpu
cluster_start

# Show variables as a line; "unset" when one is not there
show='for v in SLURM_NEURON_DEVICES NEURON_RT_VISIBLE_CORES NEURON_RT_NUM_CORES NEURON_LOGICAL_NC_CONFIG; do eval "printf \"%s|\" \"\${$v-unset}\""; done; echo'

# What a batch script and a step of it print
run() {
	local job
	rm -f "$CLUSTER_DIR/out/env"
	job=$(sbatch --parsable --output="$CLUSTER_DIR/out/env" "$@" \
		--wrap="$show; srun sh -c '$show'; echo end")
	if ! wait_for eval 'grep -qsx end "$CLUSTER_DIR/out/env"'; then
		diag "job $job $(job_state "$job") $(job_reason "$job")"
	fi
	cat "$CLUSTER_DIR/out/env"
}

cores() {
	seq -s, "$1" "$2"
}

first() {
	sed -n 1p <<<"$1"
}

second() {
	sed -n 2p <<<"$1"
}

out=$(run -w t2 -n1 --gres=neuron:trn2:16)
is "$(first "$out")" "0-15|$(cores 0 63)|64|2|" "trn2: all cores of a node, two physical ones each"
is "$(second "$out")" "$(first "$out")" "trn2: the step sees the same"

# The whole job: scripts have it, tasks of srun alone only what is theirs
whole='echo "${SLURM_JOB_NEURON-unset} ${SLURM_JOB_EFA-unset}"'
job=$(sbatch --parsable -o "$CLUSTER_DIR/out/whole" -w t2 --gres=neuron:trn2:8 --wrap="$whole")
ok "a script ends" wait_state "$job" COMPLETED
is "$(<"$CLUSTER_DIR/out/whole")" "0-7 0-7" "a script has the devices and interfaces of the job"
is "$(srun -w t2 --gres=neuron:trn2:8 sh -c "$whole")" "unset unset" "a task of srun has not"

hold=$(grant -w t2 --gres=neuron:trn2:4)
out=$(run -w t2 -n1 --gres=neuron:trn2:4)
devices=$(first "$out" | cut -d'|' -f1)
from=${devices%-*}
is "$(first "$out")" "$devices|$(cores $((4 * from)) $((4 * from + 15)))|16|2|" \
	"trn2: the cores of the devices that the job was given ($devices)"
isnt "$devices" "$(job_devices "$hold")" "other devices than its neighbour's"
scancel "$hold"

out=$(run -w t1 -n1 --gres=neuron:trn1:4)
devices=$(first "$out" | cut -d'|' -f1)
from=${devices%-*}
is "$(first "$out")" "$devices|$(cores $((2 * from)) $((2 * from + 7)))|8|unset|" \
	"trn1: two cores a device, no choice of LNC"
out=$(run -w i2 -n1 --gres=neuron:inf2:12)
is "$(first "$out")" "0-11|$(cores 0 23)|24|unset|" "inf2: all cores of a node"

out=$(run -w t2 -n1)
like "$(first "$out")" '^\|?\|(unset|0)?\|' "a job without devices sees an empty list of cores"
is "$(second "$out")" "$(first "$out")" "and its step too"
out=$(NEURON_RT_VISIBLE_CORES=0-63 run -w t2 -n1)
is "$(first "$out" | cut -d'|' -f2)" "" "whatever its environment said at submission"
out=$(NEURON_RT_VISIBLE_CORES=0-63 NEURON_RT_NUM_CORES=64 run -w t2 -n1 --gres=neuron:trn2:1)
is "$(grep '^0' <<<"$out" | head -n 1 | cut -d'|' -f2-3)" '0-63|64' \
	"with devices a value of the user is kept"
like "$out" 'warning: NEURON_RT_NUM_CORES=64 .* means NEURON_RT_NUM_CORES=4$' \
	"and a warning says what it should be"
out=$(run -w c1 -n1)
like "$(tail -n 1 <<<"$out")" '^end$' "a job on a node without devices runs"

# EFA
show='echo "${FI_EFA_IFACE-unset}|${FI_PROVIDER-unset}|${CUDA_VISIBLE_DEVICES-unset}"'
out=$(CUDA_VISIBLE_DEVICES=0 run -w t2 -n1 --gres=neuron:trn2:16)
is "$(first "$out" | cut -d'|' -f1 | tr , '\n' | sort -u | wc -l)" 16 \
	"trn2: sixteen EFA interfaces for sixteen devices"
is "$(first "$out" | cut -d'|' -f2-)" "efa|unset" "the provider is named; no CUDA device"
out=$(run -w t1 -n1 --gres=neuron:trn1:4)
is "$(first "$out" | cut -d'|' -f1 | tr , '\n' | sort -u | wc -l)" 2 \
	"trn1: two EFA interfaces for four devices"
is "$(second "$out" | cut -d'|' -f1)" "$(first "$out" | cut -d'|' -f1)" \
	"the step has the same ones"
out=$(run -w i2 -n1 --gres=neuron:inf2:4)
is "$(first "$out")" "unset|unset|unset" "inf2: none"

# The interfaces that belong to a known set
one=$(sed -n 's/.*"efa": "0000:\(..\):\(..\)\.0".*/\1 \2/p' \
	"$(_profile trn1.32xlarge)" | head -n 1)
job=$(grant -w t1 --gres=neuron:trn1:16)
is "$(srun --overlap --jobid="$job" -n1 sh -c 'echo $FI_EFA_IFACE' | cut -d, -f1)" \
	"rdmap$((16#${one% *}))s$((16#${one#* }))" \
	"trn1: the first interface is the one of device 0"
scancel "$job"

# Tasks with devices of their own
job=$(grant -w t2 -n4 --tres-per-task=gres/neuron:trn2:2)
out=$(srun --jobid="$job" -n4 --tres-per-task=gres/neuron:trn2:2 --gres-flags=enforce-binding \
	sh -c 'echo "$SLURM_PROCID $NEURON_RT_VISIBLE_CORES"' 2>&1 | sort)
is "$(wc -l <<<"$out")" 4 "four tasks run"
diag "$out"
scancel "$job"
finish
