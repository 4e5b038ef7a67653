#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which devices and which nodes a job is given: all at once or none, joined,
# in the best shape, with the right EFA interfaces, close together.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-8]' trn2u.48xlarge
cluster_switch leaf1 'n[1-4]'
cluster_switch leaf2 'n[5-8]'
cluster_switch spine 'leaf[1-2]'
cluster_ultraserver us1 'n[1-4]'
cluster_ultraserver us2 'n[5-8]'
cluster_start

is "$(scontrol show config | sed -n 's/^SelectType *= //p')" select/neuron \
	"select/neuron is in charge"
for plugin in select_neuron topology_neuron gres_neuron gres_efa job_submit_neuron; do
	ok "slurmctld runs the $plugin that was built" grep -qF \
		"$NEURON_BUILD_DIR/plugins/.libs/$plugin.so" "/proc/$(ctld_pid)/maps"
done

# Devices
for ((size = 1; size <= 16; size++)); do
	job=$(grant -N1 --gres=neuron:$size)
	is "$(set_size "$(job_devices "$job")")" $size "$size devices are given"
	judged "$size devices are well placed" "$job"
	scancel "$job"
done
ok "all is free again" wait_idle

jobs=()
for ((i = 0; i < 4; i++)); do
	jobs+=("$(grant -w n1 --gres=neuron:4)")
done
judged "four jobs of 4 share a node" "${jobs[@]}"
is "$(node_used n1)" "0-15 0-15" "and use all of it"
isnt "$(grant -w n1 --gres=neuron:1 >/dev/null && echo granted)" granted \
	"a full node gives nothing"

# Free the rows 1 and 3: 8 devices are free, but not 8 that hang together
for job in "${jobs[@]}"; do
	case $(job_devices "$job") in
	4-7 | 12-15) scancel "$job" ;;
	*) held=$job ;;
	esac
done
wait_for eval '[ "$(node_used n1)" = "0-3,8-11 0-3,8-11" ]'
is "$(node_used n1)" "0-3,8-11 0-3,8-11" "two rows apart are free"
job=$(submit -w n1 --gres=neuron:8)
other=$(submit -w n1 --gres=neuron:4)
ok "a job of 4 is given one of them" wait_state "$other" RUNNING
is "$(job_state "$job")" PENDING "a job of 8 waits for better ones"
is "$(job_devices "$job")" "" "and holds nothing meanwhile"
scancel "$other"
scancel "$held"
ok "it starts when two rows together are free" wait_state "$job" RUNNING
judged "in the best shape" "$job"
cancel_all
ok "all is free again" wait_idle

# EFA interfaces that somebody uses alone
efa=$(grant -w n1 --gres=efa:4)
is "$(job_alloc "$efa" | awk '{ print $2 }')" - "EFA can be asked for alone"
isnt "$(grant -w n1 --gres=neuron:16 >/dev/null && echo granted)" granted \
	"devices whose interfaces are taken are not given"
jobs=()
for ((i = 0; i < 3; i++)); do
	jobs+=("$(grant -w n1 --gres=neuron:4)")
done
judged "devices are given with interfaces that are free" "${jobs[@]}"
cancel_all
ok "all is free again" wait_idle

# Nodes
job=$(grant -N4 --gres=neuron:16)
is "$(job_nodes "$job")" "n1 n2 n3 n4" "four nodes are one UltraServer"
judged "all devices of four nodes" "$job"
other=$(grant -N2 --gres=neuron:16)
like "$(job_nodes "$other")" '^(n5 n6|n7 n8)$' "two nodes are a legal pair"
job2=$(submit -N4 --gres=neuron:8)
sleep 2
is "$(job_state "$job2")" PENDING "a job that needs four nodes waits"
is "$(node_used n7)$(node_used n8)" "- -- -" "and takes none of the two that are free"
scancel "$job"
ok "it starts when four nodes are free" wait_state "$job2" RUNNING
is "$(job_nodes "$job2")" "n1 n2 n3 n4" "in one UltraServer"
judged "all at once" "$job2" "$other"
cancel_all
ok "all is free again" wait_idle

half=$(grant -w n2 --gres=neuron:8)
job=$(grant -N1 --gres=neuron:8)
is "$(job_nodes "$job")" n2 "a node that is in use is filled first"
judged "next to the other job" "$half" "$job"
cancel_all
ok "all is free again" wait_idle
one=$(grant -w n1 --gres=neuron:16)
job=$(grant -N4 --gres=neuron:16)
is "$(job_nodes "$job")" "n5 n6 n7 n8" "a job stays under one switch"
other=$(grant -N3 --gres=neuron:16)
is "$(job_nodes "$other")" "n2 n3 n4" "and so does the next"
judged "the whole cluster" "$one" "$job" "$other"
cancel_all
finish
