# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# nodesim.sh: clusters of thousands of nodes, whose slurmd are one process,
# testsuite/nodesim/nodesim. Source it after cluster.sh.
#
#   cluster_many NODES FAMILY [KEY=VALUE...]	nodes of a family, as cluster_nodes
#   cluster_nodesim [OPTION...]	instead of cluster_start: write the files, start
#				slurmctld and nodesim with these options, wait
#				until all nodes are idle
#   nodesim COMMAND...		tell it something, see testsuite/nodesim/command.h
#   nodesim_stat KEY		one figure of its "stat"
#   nodesim_start [OPTION...], nodesim_stop
#   nodesim_log			lines of its log that matter
#   run_for SECONDS ARGS...	submit a script that "runs" so long; prints its id

# The program is a child of this shell; cluster_stop ends it like a slurmd
_nodesim_pid=

need_nodesim() {
	[ -x "$NEURON_BUILD_DIR/testsuite/nodesim/nodesim" ] ||
		skip_all "testsuite/nodesim/nodesim is not built"
}

# Addresses for $2 nodes in Slurm's form, from address number $1 on. Each /24
# has 250 of them
_many_addresses() {
	local first=$1 left=$2 last
	while [ "$left" -gt 0 ]; do
		last=$((first % 250 + left > 250 ? 250 : first % 250 + left))
		printf '%s127.%d.%d.[%d-%d]' "${3:-}" $((1 + first / 62500)) \
			$((first / 250 % 250)) $((first % 250 + 1)) "$last"
		left=$((left - last + first % 250))
		first=$((first - first % 250 + 250))
		set -- '' '' ,
	done
}

cluster_many() {
	local nodes=$1 family=$2 type devices efas sockets cores threads memory
	local gres='' count
	shift 2
	read -r type devices efas sockets cores threads memory \
		<<<"$(family_facts "$family")"
	[ -n "$type" ] || bail "no facts about family $family"
	[ "$devices" -eq 0 ] || gres=Gres=neuron:$type:$devices
	[ "$efas" -eq 0 ] || gres=$gres,efa:$efas
	hostlist "$nodes" | sed "s/\$/ $family/" >>"$CLUSTER_DIR/run/families"
	count=$(hostlist "$nodes" | wc -l)
	_nodes_conf+="NodeName=$nodes"
	_nodes_conf+=" NodeAddr=$(_many_addresses "$_many" "$count")"
	_nodes_conf+=" CPUs=$((sockets * cores * threads)) Sockets=$sockets"
	_nodes_conf+=" CoresPerSocket=$cores ThreadsPerCore=$threads"
	_nodes_conf+=" RealMemory=$memory $gres $*"$'\n'
	# cluster.sh keeps two ports free with this, and a leaf over all of it
	_node_list+=("$nodes")
	_many=$((_many + count))
	if [ "$CLUSTER_MODE" = neuron ]; then
		[ "$devices" -eq 0 ] ||
			_neuron_conf+="NodeName=$nodes Profile=$family"$'\n'
	else
		_stock_gres "$nodes" "$family" "$type" "$devices" "$efas" \
			$((sockets * cores)) "$sockets"
	fi
}
_many=0

nodesim() {
	"$NEURON_BUILD_DIR/testsuite/nodesim/nodesim" \
		--tell "$CLUSTER_DIR/run/nodesim" "$@"
}

nodesim_stat() {
	nodesim stat | sed -n "s/^$1 //p"
}

nodesim_start() {
	rm -f "$CLUSTER_DIR/run/nodesim"
	"$NEURON_BUILD_DIR/testsuite/nodesim/nodesim" "$@" \
		--control "$CLUSTER_DIR/run/nodesim" \
		>>"$CLUSTER_DIR/log/nodesim" 2>&1 &
	_nodesim_pid=$!
	_slurmd_pids+=("$_nodesim_pid")
	wait_for -t 60 _nodesim_answers
}

_nodesim_answers() {
	kill -0 "$_nodesim_pid" 2>/dev/null || return 99
	nodesim stat >/dev/null 2>&1
}

nodesim_stop() {
	local i
	_reap TERM "$_nodesim_pid"
	for i in "${!_slurmd_pids[@]}"; do
		[ "${_slurmd_pids[i]}" != "$_nodesim_pid" ] ||
			unset "_slurmd_pids[i]"
	done
	_nodesim_pid=
}

nodesim_log() {
	grep -vE ' debug[0-9]*: ' "$CLUSTER_DIR/log/nodesim" | tail -n 20
}

cluster_nodesim() {
	local try
	cluster_write
	_munged_start
	for try in 1 2 3; do
		ctld_start && nodesim_start "$@" &&
			wait_for -t 180 _all_idle && return
		[ "$try" -lt 3 ] || break
		grep -qs 'Address already in use' "$CLUSTER_DIR"/log/* || break
		nodesim_stop
		ctld_kill
		rm -rf "$CLUSTER_DIR"/log/* "$CLUSTER_DIR"/state/*
		cluster_write
	done
	ctld_alive || bail "slurmctld does not start" "$(cluster_log)"
	bail "not all nodes are idle" "$(sinfo -h -o '%D %T %E')" \
		"$(nodesim_log)" "$(cluster_log)"
}

run_for() {
	local seconds=$1
	shift
	sbatch --parsable --output=/dev/null "$@" <<-END
		#!/bin/sh
		#NODESIM seconds=$seconds
	END
}
