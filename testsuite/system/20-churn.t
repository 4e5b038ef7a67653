#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Exclusive use: while jobs come and go at random, and the controller is
# reconfigured, restarted and killed, no device is ever in two jobs.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'a[1-2]' trn1.32xlarge
cluster_nodes 'b[1-4]' trn2u.48xlarge
cluster_nodes 'i[1-2]' inf2.48xlarge
cluster_partition trn1 'a[1-2]'
cluster_partition trn2 'b[1-4]' Default=YES
cluster_partition inf2 'i[1-2]'
cluster_start

state=11
draw() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	drawn=$((state / 65536 % $1))
}

jobs=()
granted=0
perfect=0
pictures=0

start_one() {
	local partition nodes most job
	draw 4
	case $drawn in
	0) partition=trn1 nodes=2 most=16 ;;
	1) partition=inf2 nodes=2 most=12 ;;
	*) partition=trn2 nodes=4 most=16 ;;
	esac
	draw "$nodes" && nodes=$((drawn + 1))
	draw 3 && [ "$drawn" -eq 0 ] || most=6
	draw "$most"
	if job=$(grant -p $partition -N$nodes --gres=neuron:$((drawn + 1))); then
		jobs+=("$job")
		granted=$((granted + 1))
	fi
}

end_one() {
	[ ${#jobs[@]} -gt 0 ] || return
	draw ${#jobs[@]}
	scancel "${jobs[drawn]}"
	unset "jobs[drawn]"
	jobs=("${jobs[@]}")
}

# All jobs that run now: one snapshot, seen by the judge
look() {
	# shellcheck disable=SC2046
	job_events $(running_jobs) >"$CLUSTER_DIR/run/events"
	[ -s "$CLUSTER_DIR/run/events" ] || return
	pictures=$((pictures + 1))
	if "$NEURON_BUILD_DIR/testsuite/judge" --explain --require-consecutive \
		<"$CLUSTER_DIR/run/events" >"$CLUSTER_DIR/run/verdict" 2>&1; then
		perfect=$((perfect + 1))
	else
		diag "$(<"$CLUSTER_DIR/run/verdict")" "$(<"$CLUSTER_DIR/run/events")"
	fi
}

for ((round = 0; round < 150; round++)); do
	draw 5
	if [ "$drawn" -lt 3 ]; then
		start_one
	else
		end_one
	fi
	case $round in
	40) cluster_reconfigure && wait_nodes ;;
	80) ctld_stop && ctld_start && wait_nodes ;;
	110)
		[ ${#jobs[@]} -eq 0 ] || wait_saved "${jobs[0]}"
		ctld_kill && ctld_start && wait_nodes
		;;
	esac
	[ $((round % 5)) -ne 0 ] || look
done
ok "many jobs were granted ($granted)" test $granted -gt 40
is $perfect $pictures "every picture of the cluster is perfect"
cancel_all
ok "all is free again" wait_idle
used=
for node in a1 a2 b1 b2 b3 b4 i1 i2; do
	used+=" $(node_used $node)"
done
is "$(tr -d ' -' <<<"$used")" "" "nothing is left in use"
finish
