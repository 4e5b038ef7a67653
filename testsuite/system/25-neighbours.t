#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Among equally good device sets a job takes the one that costs later jobs
# least while it runs: not beside a job that ends long before it, whose devices
# could then be joined with the free ones.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
neuron_conf CandidateNodes=check
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_start

# The first row for an hour, the last one until tomorrow
rows=()
for ((i = 0; i < 4; i++)); do
	limit=1440
	[ $i -ne 0 ] || limit=60
	rows+=("$(grant -w n1 --gres=neuron:4 --time=$limit)")
done
grant -w n2 --gres=neuron:16 >/dev/null
is "$(job_devices "${rows[0]}")" 0-3 "the first row is taken for an hour"
for job in "${rows[@]}"; do
	case $(job_devices "$job") in
	4-7 | 8-11) scancel "$job" ;;
	esac
done
ok "two rows are free" wait_for -t 10 eval \
	'[ "$(node_used n1)" = "0-3,12-15 0-3,12-15" ]'

# JOB TIME, devices that it must get
cases=(
	'short|30|4-7'
	'long|1440|8-11'
	'endless|UNLIMITED|8-11'
)
for entry in "${cases[@]}"; do
	IFS='|' read -r name limit wanted <<<"$entry"
	job=$(grant -N1 --gres=neuron:4 --time="$limit")
	is "$(job_devices "$job")" "$wanted" \
		"a $name job lies where it blocks least"
	scancel "$job"
	wait_for -t 10 eval '[ "$(node_used n1)" = "0-3,12-15 0-3,12-15" ]'
done

# Nodes too: half of n2 is taken for a day, half of n1 for an hour
cancel_all
ok "all is free again" wait_idle
soon=$(grant -w n1 --gres=neuron:8 --time=60)
long=$(grant -w n2 --gres=neuron:8 --time=1440)
job=$(grant -N1 --gres=neuron:8 --time=1440)
is "$(job_nodes "$job")" n2 "a long job goes to the node with a long job"
other=$(grant -N1 --gres=neuron:8 --time=30)
judged "all are well placed" "$soon" "$long" "$job" "$other"
unlike "$(grep 'error: select/neuron' "$CLUSTER_DIR/log/slurmctld")" . \
	"with all nodes the answers are the same"
cancel_all
finish
