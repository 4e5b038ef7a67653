#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# While devices are masked and unmasked at random, jobs come and go, and
# controller and slurmd are restarted and killed, no job is given a masked
# device, none loses one, and at the end every device is there.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }

cluster_new neuron
cluster_nodes 'a[1-2]' trn1.32xlarge
cluster_nodes 'b[1-3]' trn2u.48xlarge
cluster_nodes i1 inf2.48xlarge
cluster_start

state=37
draw() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	drawn=$((state / 65536 % $1))
}

nodes=(a1 a2 b1 b2 b3 i1)
devices=(16 16 16 16 16 12)
declare -A masked # indexes, "-3-5-"
jobs=() masks=0 granted=0 onto_masked=0 wrong_masks=0 pictures=0 perfect=0 lost=0

change_mask() {
	local node device
	draw ${#nodes[@]}
	node=${nodes[drawn]} device=${devices[drawn]}
	draw "$device"
	device=$drawn
	if [[ ${masked[$node]:-} == *-$device-* ]]; then
		topo unmask "$node:$device" >/dev/null || lost=$((lost + 1))
		masked[$node]=${masked[$node]//-$device-/}
	else
		topo mask --reason "round $1" "$node:$device" >/dev/null || lost=$((lost + 1))
		masked[$node]+=-$device-
	fi
	masks=$((masks + 1))
}

# "0-2,5" as "-0--1--2--5-"
each() {
	local part out=
	for part in ${1//,/ }; do
		out+=$(seq -f '-%.0f-' -s '' "${part%-*}" "${part#*-}")
	done
	echo "$out"
}

# The job that has just started: nothing that was masked when it did
look_at() { # JOB
	local node set index
	while read -r node set _; do
		for index in $(tr -s - ' ' <<<"$(each "$set")"); do
			[[ ${masked[$node]:-} != *-$index-* ]] && continue
			onto_masked=$((onto_masked + 1))
			diag "job $1 has $set on $node, of which $index is masked"
		done
	done < <(job_alloc "$1")
}

start_one() {
	local type most job
	draw 4
	case $drawn in
	0) type=trn1 most=16 ;;
	1) type=inf2 most=12 ;;
	*) type=trn2 most=16 ;;
	esac
	draw 3 && [ "$drawn" -eq 0 ] || most=6
	draw $most
	local count=$((drawn + 1)) where=1
	draw 3
	[ "$drawn" -ne 0 ] || [ $type = inf2 ] || where=2
	if job=$(grant -N$where --gres=neuron:$type:$count); then
		jobs+=("$job")
		granted=$((granted + 1))
		look_at "$job"
	fi
}

end_one() {
	[ ${#jobs[@]} -gt 0 ] || return
	draw ${#jobs[@]}
	scancel "${jobs[drawn]}"
	unset "jobs[drawn]"
	jobs=("${jobs[@]}")
}

# All jobs that run now, by the judge; and the masks, as slurmctld has them
look() {
	local node want
	# shellcheck disable=SC2046
	job_events $(running_jobs) >"$CLUSTER_DIR/run/events"
	if [ -s "$CLUSTER_DIR/run/events" ]; then
		pictures=$((pictures + 1))
		if "$NEURON_BUILD_DIR/testsuite/judge" --explain --require-consecutive \
			<"$CLUSTER_DIR/run/events" >"$CLUSTER_DIR/run/verdict" 2>&1; then
			perfect=$((perfect + 1))
		else
			diag "$(<"$CLUSTER_DIR/run/verdict")" "$(<"$CLUSTER_DIR/run/events")"
		fi
	fi
	for node in "${nodes[@]}"; do
		want=$(tr -s - '\n' <<<"${masked[$node]:-}" | grep . | sort -n | tr '\n' ' ')
		[ "$(masks_of "$node")" = "$want" ] && continue
		wrong_masks=$((wrong_masks + 1))
		diag "$node: masked $(masks_of "$node"), wanted $want"
	done
}

masks_of() {
	scontrol show node "$1" | sed -n 's/^ *Comment=neuron-mask=//p' |
		sed 's/([^)]*)//g' | tr , '\n' | while IFS=- read -r first last; do
		seq "$first" "${last:-$first}"
	done | tr '\n' ' '
}

for ((round = 0; round < 150; round++)); do
	draw 8
	if [ "$drawn" -lt 3 ]; then
		start_one
	elif [ "$drawn" -lt 6 ]; then
		end_one
	else
		change_mask $round
	fi
	case $round in
	30) cluster_reconfigure && wait_nodes ;;
	60) ctld_stop && ctld_start && wait_nodes ;;
	90) slurmd_restart b1 && wait_nodes ;;
	120)
		# what was told to the one who changed it is in the saved state
		: >"$CLUSTER_DIR/run/before"
		change_mask $round
		wait_for test "$CLUSTER_DIR/state/node_state" -nt "$CLUSTER_DIR/run/before"
		[ ${#jobs[@]} -eq 0 ] || wait_saved "${jobs[0]}"
		ctld_kill && ctld_start && wait_nodes
		;;
	esac
	[ $((round % 5)) -ne 0 ] || look
done
ok "many jobs were granted ($granted) and masks changed ($masks)" test $granted -gt 30 -a $masks -gt 20
is $lost 0 "every change of a mask was taken"
is $onto_masked 0 "no job was given a masked device"
is $wrong_masks 0 "the masks outlive restarts and kills"
is $perfect $pictures "every picture of the cluster is perfect"

# What is healthy is not lost: all of it at once
cancel_all
wait_idle
all=0
for ((n = 0; n < ${#nodes[@]}; n++)); do
	for ((d = 0; d < devices[n]; d++)); do
		[[ ${masked[${nodes[n]}]:-} != *-$d-* ]] || continue
		grant -w "${nodes[n]}" --gres=neuron:1,efa:0 >/dev/null || all=$((all + 1))
	done
	grant -w "${nodes[n]}" --gres=neuron:1,efa:0 >/dev/null &&
		fail "${nodes[n]}: one device more than are left"
done
is $all 0 "every device that is not masked can be had, one by one"
cancel_all
wait_idle
for node in "${nodes[@]}"; do
	topo unmask "$node" >/dev/null
done
job=$(grant -N3 --gres=neuron:trn2:16)
is "$(job_devices "$job" | tr -d '\n ')" 0-150-150-15 "unmasked, all devices at once"
cancel_all
finish
