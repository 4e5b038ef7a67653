#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Jobs without Neuron devices are placed exactly as stock Slurm places them:
# the same stream of jobs on the same cluster under both.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

_need_plugins
state=7
draw() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	drawn=$((state / 65536 % $1))
}

options=('' '--exclusive' '--contiguous' '--ntasks-per-node=2' '--cpus-per-task=3'
	'--mem=200000' '--switches=1' '--spread-job' '--threads-per-core=1'
	'--exclude=n2' '--nodelist=n3' '--hint=nomultithread' '--use-min-nodes'
	'--ntasks-per-socket=4' '--core-spec=2' '--distribution=cyclic')

# What a job without devices was given; scontrol's words for it
given() {
	if [[ $1 =~ ^[0-9]+$ ]]; then
		scontrol show job -d "$1" | grep -E ' Nodes=.*CPU_IDs|NumNodes=|NodeList=n'
	else
		# sentences without numbers of jobs
		sed 's/[0-9]\{1,\}//g' <<<"$1"
	fi
}

stream() {
	local i args job jobs=()
	state=7
	cluster_new "$1"
	cluster_nodes 'n[1-6]' trn2u.48xlarge
	cluster_nodes 'c[1-2]' cpu
	cluster_switch leaf1 'n[1-3]'
	cluster_switch leaf2 'n[4-6]'
	cluster_switch leaf3 'c[1-2]'
	cluster_switch spine 'leaf[1-3]'
	cluster_start
	for ((i = 0; i < 120; i++)); do
		draw 4 && args="-N$((drawn + 1))"
		draw 120 && args+=" -n$((drawn + 4))"
		draw ${#options[@]} && args+=" ${options[drawn]}"
		# shellcheck disable=SC2086
		job=$(grant $args)
		echo "$i: $args"
		given "$job"
		[[ $job =~ ^[0-9]+$ ]] && jobs+=("$job")
		draw 3
		if [ $drawn -gt 0 ] && [ ${#jobs[@]} -gt 3 ]; then
			draw ${#jobs[@]}
			scancel "${jobs[drawn]}"
			wait_gone "${jobs[drawn]}"
			unset "jobs[drawn]"
			jobs=("${jobs[@]}")
		fi
	done
	cancel_all
	echo "expected starts:"
	grant -N6 --time=10 --exclude='c[1-2]' --exclusive >/dev/null
	for args in -N1 '-N2 -n20' '-N6 --exclusive' '-n300'; do
		# shellcheck disable=SC2086
		sbatch --test-only --time=5 $args --wrap=true 2>&1 |
			sed 's/.*using/using/'
	done
	cancel_all
	cluster_stop
}

work=$(mktemp -d "${TMPDIR:-/tmp}/nslurm-same.XXXXXX")
CLUSTER_DIRS+=("$work")
stream stock >"$work/stock"
stream neuron >"$work/neuron"
count=$(grep -c 'CPU_IDs' "$work/stock")
ok "the stream of stock Slurm has many allocations ($count)" test "$count" -gt 100
ok "ours are the same, node for node and CPU for CPU" \
	diff "$work/stock" "$work/neuron"
finish
