#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Machines that are not what their profile says: only what is there is used.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-6]' trn2u.48xlarge
cluster_start
root=$CLUSTER_DIR/machines/n2

job=$(submit -w n1 --gres=neuron:4)
ok "a job runs on another node" wait_state "$job" RUNNING
before=$(job_alloc "$job")

node_state() {
	scontrol show node "$1" | sed -n 's/.*State=\([^ ]*\).*/\1/p'
}

# Device 5 of n2 disappears
find "$root" -path '*neuron5*' -prune -exec rm -rf {} +
slurmd_restart n2
wait_for -t 30 eval 'grep -q "neuron.*5" "$CLUSTER_DIR/log/n2"'
like "$(grep -E 'error' "$CLUSTER_DIR/log/n2")" 'neuron' "slurmd names what is missing"
ok "Slurm does not give the node to anybody" wait_for -t 30 \
	eval '[[ "$(node_state n2)" =~ DRAIN|INVAL|DOWN ]]'
is "$(grant -w n2 --gres=neuron:4 >/dev/null && echo granted)" "" "nor when it is asked for"
is "$(job_alloc "$job")" "$before" "the job on the other node is not touched"
two=$(grant -N2 --gres=neuron:8)
is "$(job_nodes "$two")" "n1 n3" "others are used"
judged "well placed" "$job" "$two"

# break_machine NODE KIND: the node's machine gets one fault
break_machine() {
	rm -rf "$CLUSTER_DIR/machines/$1"
	"$NEURON_BUILD_DIR/testsuite/simroot" --break "$2" \
		"$(_profile trn2u.48xlarge)" "$CLUSTER_DIR/machines/$1" >/dev/null &&
		slurmd_restart "$1"
}

# refused NODE KIND ERE: the log names the fault, nobody is given the node
refused() {
	ok "$2: slurmd starts" break_machine "$1" "$2"
	ok "$2: it says what is wrong" wait_for -t 30 \
		grep -qE "$3" "$CLUSTER_DIR/log/$1"
	ok "$2: Slurm does not give the node to anybody" wait_for -t 30 \
		eval "[[ \$(node_state $1) =~ DRAIN|INVAL|DOWN ]]"
}

refused n4 no-efa=3 'gres/efa: efa3: no EFA interface with PCI address'
refused n5 link=0-1 'neuron0: connected_devices is .*; profile trn2u.48xlarge has'

# Garbage is told, and nothing is concluded from it
ok "garbage: slurmd starts" break_machine n6 garbage=neuron2/core_count
ok "garbage: it says in which file" wait_for -t 30 \
	grep -q 'gres/neuron: .*neuron2/core_count' "$CLUSTER_DIR/log/n6"
cancel_all
finish
