#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-ringcheck as a user starts it: only srun and the environment that
# tasks are given say who is who. Simulated machines have no EFA interfaces, so
# that its messages go over TCP.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
[ -x "$NEURON_BUILD_DIR/tools/neuron-ringcheck" ] ||
	skip_all "tools/neuron-ringcheck is not built"
cluster_nodes 'trn[1-4]' trn2u.48xlarge
cluster_ultraserver us1 'trn[1-4]'
cluster_start

# ring [OPTIONS OF SRUN] -- [OPTIONS]: everything that it prints, and how it ends
ring() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	timeout 90 srun --quiet "${options[@]}" env FI_PROVIDER=tcp \
		"$NEURON_BUILD_DIR/tools/neuron-ringcheck" "$@" 2>&1
	echo "exit $?"
}

last() {
	tail -n 1 <<<"$1"
}

small=(--size=256K --iterations=2)

out=$(ring -N4 --gres=neuron:4 -- "${small[@]}")
diag "$out"
is "$(last "$out")" "exit 0" "four nodes are good"
like "$out" '^4 ranks on 4 nodes, provider tcp' "its ranks are on four nodes"
like "$out" '^ *3 trn4 +0 trn1 .* GB/s$' "the ring closes from the last node to the first"
is "$(grep -c 'every element is right$' <<<"$out")" 2 "all-reduce and all-gather are right"
like "$out" 'slowest is the link from rank [0-3] on trn[1-4] to rank [0-3] on trn[1-4]:' \
	"the slowest link is named"
unlike "$out" 'is not set' "tasks are given all that it needs"

out=$(ring -N2 -n4 --ntasks-per-node=2 --gres=neuron:8 -- "${small[@]}" --type=int32 --json)
is "$(last "$out")" "exit 0" "two tasks on each of two nodes are good"
like "$out" '"world_size":4' "JSON: its ranks"
like "$out" '"nodes":2' "JSON: its nodes"
is "$(grep -o '"devices":"[^"]*"' <<<"$out" | sort -u | wc -l)" 2 \
	"JSON: the tasks of a node have different devices"

out=$(ring -N1 -n1 --gres=neuron:1 -- "${small[@]}")
is "$(last "$out")" "exit 0" "one task alone is good"

out=$(ring -N4 --gres=neuron:4 -- "${small[@]}" --min-bandwidth=100000)
is "$(last "$out")" "exit 1" "a link that is too slow"
like "$out" 'neuron-ringcheck: the link from rank .* has .* GB/s, less than 100000' \
	"is named"

# Two at once in two jobs
ring -N2 --gres=neuron:4 -- "${small[@]}" >"$CLUSTER_DIR/out/one" &
one=$!
ring -N2 --gres=neuron:4 -- "${small[@]}" >"$CLUSTER_DIR/out/two" &
wait "$one" "$!"
is "$(tail -qn 1 "$CLUSTER_DIR"/out/{one,two} | tr '\n' ' ')" "exit 0 exit 0 " \
	"two jobs at once do not meet each other"

# Two at once in two steps of one job: neither starts before both are there
job=$(grant -N2 -c8 --gres=neuron:8)
step() {
	# shellcheck disable=SC2016
	timeout 90 srun --quiet --jobid="$job" --exact -N2 -n2 -c2 --mem=64M \
		--gres=neuron:4 env FI_PROVIDER=tcp sh -c \
		': >"$1/here.$SLURM_STEP_ID.$SLURM_PROCID"
		until [ -e "$1/go" ]; do sleep 0.1; done
		exec "$0" --size=256K --json' \
		"$NEURON_BUILD_DIR/tools/neuron-ringcheck" "$CLUSTER_DIR/out" 2>&1
	echo "exit $?"
}
step >"$CLUSTER_DIR/out/one" &
one=$!
step >"$CLUSTER_DIR/out/two" &
two=$!
# shellcheck disable=SC2016
wait_for eval '[ "$(find "$CLUSTER_DIR/out" -name "here.*" | wc -l)" -eq 4 ]'
: >"$CLUSTER_DIR/out/go"
wait "$one" "$two"
is "$(tail -qn 1 "$CLUSTER_DIR"/out/{one,two} | tr '\n' ' ')" "exit 0 exit 0 " \
	"nor do two steps of one job"
is "$(grep -oh '"devices":"[^"]*"' "$CLUSTER_DIR"/out/{one,two} | sort | uniq -c | tr -s ' \n' ' ')" \
	' 2 "devices":"0-3" 2 "devices":"4-7" ' "each has devices of its own"
cancel "$job"

# A device that is not there
rm -f "$CLUSTER_DIR/machines/trn3/dev/neuron2"
out=$(ring -N4 --gres=neuron:4 -- "${small[@]}")
is "$(last "$out")" "exit 5" "a device that cannot be opened"
like "$out" 'neuron-ringcheck: rank 2 on trn3: cannot open .*/dev/neuron2: No such file' \
	"is told with its rank, node and error"
out=$(ring -N4 --gres=neuron:4 -- "${small[@]}" --no-devices)
is "$(last "$out")" "exit 0" "--no-devices does not look"

# A task that does not come
# shellcheck disable=SC2016
out=$(timeout 60 srun --quiet -N4 --gres=neuron:4 env FI_PROVIDER=tcp sh -c \
	'[ "$SLURM_PROCID" = 1 ] || exec "$0" --no-devices --timeout=5' \
	"$NEURON_BUILD_DIR/tools/neuron-ringcheck" 2>&1)
is "$?" 3 "a rank that never comes"
like "$out" '1 of 4 ranks never came: rank 1 on trn2$' "is named with its node"

# A task that dies on the way
# shellcheck disable=SC2016
out=$(timeout 90 srun --quiet -N4 --gres=neuron:4 env FI_PROVIDER=tcp sh -c \
	'echo $$ >"$1/pid$SLURM_PROCID"; exec "$0" --no-devices --size=64M --iterations=1000 --progress' \
	"$NEURON_BUILD_DIR/tools/neuron-ringcheck" "$CLUSTER_DIR/out" \
	2>"$CLUSTER_DIR/out/dies" &
	srun=$!
	wait_for grep -qs 'the all-reduce' "$CLUSTER_DIR/out/dies"
	kill -KILL "$(<"$CLUSTER_DIR/out/pid2")"
	wait "$srun")
is "$?" 137 "a rank that dies"
like "$(<"$CLUSTER_DIR/out/dies")" 'rank 2 on trn3 was lost in the all-reduce' \
	"is named with its node"

# Interfaces that are not there
out=$(timeout 60 srun --quiet -N2 --gres=neuron:4 \
	"$NEURON_BUILD_DIR/tools/neuron-ringcheck" "${small[@]}" 2>&1)
is "$?" 4 "without EFA interfaces"
like "$out" 'libfabric has no endpoint for reliable messages with FI_PROVIDER=efa' \
	"the provider is named"
finish
