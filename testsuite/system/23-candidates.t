#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# select/neuron asks cons_tres about the nodes that it thinks best, or refuses
# a job by itself. With CandidateNodes=check each answer is compared with that
# for all nodes, and its notes with Slurm's own, in thousands of random states.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
neuron_conf CandidateNodes=check
cluster_nodes 'b[1-8]' trn2u.48xlarge
cluster_nodes 'a[1-3]' trn1.32xlarge Weight=5
cluster_nodes 'i[1-2]' inf2.48xlarge Weight=3 Feature=small
cluster_switch leaf1 'b[1-4],a1'
cluster_switch leaf2 'b[5-8],a[2-3]'
cluster_switch leaf3 'i[1-2]'
cluster_switch spine 'leaf[1-3]'
cluster_ultraserver us1 'b[1-4]'
cluster_ultraserver us2 'b[5-8]'
cluster_start
log=$CLUSTER_DIR/log/slurmctld

state=23
draw() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	drawn=$((state / 65536 % $1))
}

# A random request; some need CPUs or memory that devices do not tell about
draw_request() {
	local nodes devices
	draw 4 && nodes=$((drawn + 1))
	draw 16 && devices=$((drawn + 1))
	request=("-N$nodes" --gres=neuron:trn2:$devices)
	draw 12
	case $drawn in
	0) request=(-N1 "-n$nodes" --tres-per-task=gres/neuron:trn2=$((devices % 4 + 1))) ;;
	1) request+=(--ntasks-per-node=$((devices * 6))) ;;
	2) request+=(--mem=$((devices * 120000))) ;;
	3) request=("-N1-$((nodes + 1))" --gres=neuron:trn2:$devices) ;;
	4) request=(-N1 --constraint=small --gres=neuron:inf2:$((devices / 2 + 1))) ;;
	5) request+=(--exclusive) ;;
	6) request=("-N$((nodes / 2 + 1))" --gres=neuron:trn1:$((devices / 2 + 1))) ;;
	7) request+=(-w b3) ;;
	8) request+=(-x 'b2,b5') ;;
	esac
	draw 4
	case $drawn in
	0) request+=(--neuron-ultraserver=require) ;;
	1) request+=(--neuron-ultraserver=no) ;;
	esac
	draw 9
	request+=(--time=$((drawn * 7 + 1)))
}

for ((i = 0; i < 120; i++)); do
	draw_request
	submit "${request[@]}" >/dev/null 2>&1
done
# Jobs of CPUs alone, so that devices are free where nothing else is
for ((i = 0; i < 6; i++)); do
	submit -N1 -n150 --time=5 >/dev/null
done

# The numbers of the last line of each controller that counted
counts() {
	sed -n 's/.*neuron: \([0-9]*\) questions: \([0-9]*\) .*, \([0-9]*\) by all nodes, \([0-9]*\) checked, \([0-9]*\) .*/\1 \2 \3 \4 \5/p' \
		"$log" | awk '
		function add() { for (i = 1; i <= 5; i++) sum[i] += last[i] }
		$1 < last[1] { add() }
		{ split($0, last) }
		END { add(); print sum[1], sum[2], sum[3], sum[4], sum[5] }'
}

# Masks come and go as well; some are of whole nodes
draw_mask() {
	local nodes=(b1 b2 b3 b4 b5 b6 b7 b8 a1 a2 a3 i1 i2) node first
	draw ${#nodes[@]} && node=${nodes[drawn]}
	draw 12 && first=$drawn
	draw 8
	case $drawn in
	0 | 1 | 2) scontrol update "nodename=$node" comment= ;;
	3) scontrol update "nodename=$node" comment="neuron-mask=0-15(all of it)" ;;
	4) scontrol update "nodename=$node" comment="fan 3; neuron-mask=$first" ;;
	*) scontrol update "nodename=$node" comment="neuron-mask=$first-$((first + drawn - 4))" ;;
	esac
}

ended=0
for ((round = 0; round < 25; round++)); do
	mapfile -t running < <(running_jobs)
	for job in "${running[@]}"; do
		draw 3
		[ "$drawn" -eq 0 ] || { scancel "$job" && ended=$((ended + 1)); }
	done
	draw_mask && draw_mask
	case $round in
	8) cluster_reconfigure && wait_nodes ;;
	16) ctld_stop && ctld_start && wait_nodes ;;
	esac
	# the scheduler's turn, one second at most
	mark=$(grep -c . "$log")
	# shellcheck disable=SC2016
	wait_for -t 2 eval '[ "$(grep -c . "$log")" -gt $((mark + 5)) ]'
done
ok "jobs came and went ($ended ended)" test $ended -gt 40
# The last ones may have ended a moment ago
wait_for -t 30 eval '[ -n "$(running_jobs)" ]'
# shellcheck disable=SC2046
judged "those that run are well placed" $(running_jobs)
cancel_all
ctld_stop
read -r asked choice all checked differed <<<"$(counts)"
diag "questions $asked, best nodes $choice, all nodes $all, checked $checked"
ok "thousands of answers were compared ($checked)" test "${checked:-0}" -gt 2000
is "${differed:-none}" 0 "not one differs"
ok "most were given without a look at all nodes" \
	test $((all * 2)) -lt "${asked:-0}"
unlike "$(grep 'select/neuron:.*ledger' "$log")" . \
	"what is noted as used is what Slurm has"
finish
