#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-topo fit takes requests as sbatch does: what it says is what
# "sbatch --test-only" says and what then happens; what it refuses sbatch
# refuses too.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2086 # eval, rows are lists
. "$(dirname "$0")/cluster.sh"
# shellcheck source=schema.sh
. "$(dirname "$0")/schema.sh"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }
value() {
	local json=$1
	shift
	"$NEURON_BUILD_DIR/testsuite/jsonget" "$@" <<<"$json"
}
# placed JSON: "NODE DEVICES EFAS" lines, as job_alloc prints
placed() {
	local i=0 node devices efas
	while node=$(value "$1" placement nodes $i node 2>/dev/null); do
		devices=$(value "$1" placement nodes $i devices)
		efas=$(value "$1" placement nodes $i efas)
		echo "$node $devices ${efas:--}"
		i=$((i + 1))
	done
}

cluster_new neuron

cluster_nodes 'n[1-4]' trn2u.48xlarge Feature=fast
cluster_nodes 'i[1-2]' inf2.48xlarge
cluster_switch leaf 'n[1-4],i[1-2]'
cluster_ultraserver us1 'n[1-4]'
cluster_partition trn2 'n[1-4]' Default=YES
cluster_partition inf2 'i[1-2]'
neuron_conf 'TemplateName=row Devices=4 Type=trn2 Tp=16'
cluster_start
# What fits now: sbatch says so too, and it starts there with these devices
rows=(
	'-N2 --gres=neuron:8'
	'-N1 -n4 --tres-per-task=gres/neuron:2'
	'-n3 --ntasks-per-node=1 -N3 --tres-per-task=gres/neuron:4'
	'-N2 --gres=neuron:trn2:16 --neuron-ultraserver=require'
	'--gres=neuron:4 --neuron-shape=best --neuron-wait=never --neuron-env=none'
	'--gres=neuron:4 --neuron-tp=8'
	'--gres=neuron:4 --neuron-tp=8 --neuron-lnc=1'
	'--gres=neuron:2 --neuron-launch=core'
	'--neuron-template=row'
	'--neuron-template=row --gres=neuron:8'
	'--neuron-model=70B'
	'--neuron-model=8B -N2'
	'--gres=neuron:12 -p inf2'
	'--gres=neuron:1 -p trn2,inf2 -w i2'
	'--gres=neuron:8 -w n3'
	'--gres=neuron:8 -x n[2,3]'
	'-N1 --exclusive --gres=neuron:1'
	'--gres=neuron:8 -c 4 -n 3 --mem=4G -J name -o /dev/null -e /dev/null -D /tmp --comment=x'
	'--gres=neuron:8 -C fast --mem-per-cpu=10M -t 10'
	'-N2-3 --gres=neuron:16 --switches=1'
)
starts() { # REQUEST...
	local row=$* out said nodes job
	out=$(topo fit $row --json 2>"$CLUSTER_DIR/out/err")
	is "$?" 0 "fits now: $row"
	[ -z "$out" ] && diag "$(<"$CLUSTER_DIR/out/err")"
	said=$(sbatch --test-only -o /dev/null $row --wrap=: 2>&1)
	nodes=$(value "$out" slurmctld nodes)
	like "$said" "(^| )on nodes $(sed 's/[][]/\\&/g' <<<"$nodes") |using .* nodes? $nodes" \
		"sbatch --test-only says the same nodes: $nodes"
	job=$(sbatch --parsable -o /dev/null $row --wrap='sleep 300' 2>/dev/null)
	ok "it starts" wait_state "$job" RUNNING
	is "$(job_alloc "$job" | tr '\n' ',')" "$(placed "$out" | tr '\n' ',')" "with these devices"
	cancel "$job"
	wait_gone "$job"
}
for row in "${rows[@]}"; do
	starts $row
done
schema "fit --json" fit "$(topo fit -N2-3 --gres=neuron:16 --switches=1 --json)"

ok "a reservation" scontrol -Q create reservation reservationname=held nodes=n1 starttime=now \
	duration=60 users="$(id -un)"
starts --gres=neuron:8 --reservation=held
is "$(value "$(topo fit --gres=neuron:8 --json)" slurmctld nodes)" n2 \
	"of a reservation slurmctld alone knows"
is "$(value "$(topo fit --gres=neuron:8 --mem=4G --reservation=held --json)" not_looked_at)" \
	'["--mem=4G","--reservation=held"]' "what only slurmctld looks at is named"
like "$(topo fit --gres=neuron:8 --mem=4G)" 'Only slurmctld looks at --mem=4G\.' "also to people"
topo snapshot >"$CLUSTER_DIR/out/snapshot"
like "$(topo replay "$CLUSTER_DIR/out/snapshot" fit --gres=neuron:8 --mem=4G)" \
	'^Not looked at: --mem=4G\.' "off line nobody does"
like "$(topo fit --neuron-model=70B)" '^Model 70B needs .* GiB: ' "what a model needs is told"

# slurmctld refuses what only it looks at, and fit says it
like "$(topo fit --gres=neuron:8 --mem=900T)" 'slurmctld says: .*(onfiguration|emory)' "memory that no node has"
like "$(topo fit --gres=neuron:8 -C slow)" 'slurmctld says: .*feature' "a feature that no node has"
like "$(topo fit --gres=neuron:8 --reservation=nosuch)" 'slurmctld says: .*reservation' "no such reservation"

# What both refuse, in the same words: ARGUMENTS|ERE
refusals=(
	'--gres=neuron:17|16'
	'--gres=neuron:4 --neuron-tp=7|write tp=1, 2, 4, 8 or 16'
	'--gres=neuron:4 -p inf2 --neuron-lnc=2|write lnc=1'
	'-N1 --neuron-model=2T|2T'
	'--gres=neuron:4 --neuron-model=700B|700B'
	'--gres=neuron:4,efa:3|efa'
	'--gres=neuron:2 -n1 --tres-per-task=gres/neuron:2|both per node and per task'
)
for row in "${refusals[@]}"; do
	IFS='|' read -r arguments said <<<"$row"
	out=$(topo fit $arguments 2>&1)
	is "$?" 1 "refused: $arguments"
	like "$out" "$said" "and says why"
	theirs=$(sbatch -o /dev/null $arguments --wrap=: 2>&1)
	is "$(sed 's/^neuron-topo fit: //' <<<"$out")" \
		"$(sed -n 's/^sbatch: error: //p' <<<"$theirs" | grep -vE '^Batch job submission failed')" \
		"sbatch says the same"
done

# What is no request of Neuron devices: ARGUMENTS|ERE
for row in '--gpus=4|--gres=neuron:N' '-G 4|--gres=neuron:N' '--gpus-per-node=1|gres/gpu' \
	'--gres=neuron:1 --mem=lots|--mem lots: it must be a number' \
	'--gres=neuron:1 --exclusive=topo|--exclusive=topo: it must be' \
	'--gres=neuron:1 -n 0|--ntasks 0: it must be a number from 1' \
	'--gres=neuron:1 --switches=-1|--switches -1: it must be' \
	'--gres=neuron:1 -c 70000|--cpus-per-task 70000: it must be a number from 1 to' \
	'--gres=neuron:1 -p trn2,nosuch|--partition nosuch: there is none' \
	'--gres=neuron:0 --neuron-template=row|say how many devices'; do
	IFS='|' read -r arguments said <<<"$row"
	out=$(topo fit $arguments 2>&1)
	is "$?" 1 "refused: $arguments"
	like "$out" "$said" "and says what would be right"
done

# When it does not fit now: the earliest time is that of sbatch --test-only
scontrol -Q delete reservationname=held
for node in n1 n2 n3 n4; do
	grant -w $node --gres=neuron:16 -t $((${node#n} * 10)) >/dev/null
done
out=$(topo fit -N2 --gres=neuron:8 -t 5 --json)
is "$?" 3 "nothing is free"
start=$(value "$out" slurmctld start_time)
moment=$(value "$out" moment)
ok "free at $moment, slurmctld starts it at $start" test $((moment - start)) -ge -61 -a $((moment - start)) -le 61
is "$(value "$out" blockers | grep -oE '[0-9]+' | wc -l)" 2 "two jobs stand in the way"
is "$(placed "$out" | cut -d' ' -f1 | tr '\n' ' ')" "n1 n2 " "on the first two that come free"
finish
