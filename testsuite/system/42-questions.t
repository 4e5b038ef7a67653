#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-topo fit, explain, sizes, snapshot and replay against a real
# slurmctld: the answers are what then happens.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016 # eval
. "$(dirname "$0")/cluster.sh"
# shellcheck source=schema.sh
. "$(dirname "$0")/schema.sh"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }
# value JSON KEY...: the member of an object, of objects
value() {
	local json=$1
	shift
	"$NEURON_BUILD_DIR/testsuite/jsonget" "$@" <<<"$json"
}

cluster_new neuron
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_nodes 'i[1-2]' inf2.48xlarge
cluster_switch leaf 'n[1-4],i[1-2]'
cluster_ultraserver us1 'n[1-4]'
cluster_partition trn2 'n[1-4]' Default=YES
cluster_partition inf2 'i[1-2]'
neuron_conf 'TemplateName=l-trn2 Devices=4 Type=trn2 Description="a row"'
cluster_start

# What fit says of a free cluster is what grant then gives
out=$(topo fit -N2 --gres=neuron:8 --json)
is $? 0 "two nodes with eight devices fit now"
is "$(value "$out" now)" true "it says so"
like "$(topo fit -N2 --gres=neuron:8)" 'slurmctld would start it at .* on n' "slurmctld is asked too"
job=$(grant -N2 --gres=neuron:8 -t 10)
is "$(job_alloc "$job" | cut -d' ' -f1,2 | tr '\n' ' ')" \
	"$(value "$out" placement nodes 0 node) $(value "$out" placement nodes 0 devices) $(value "$out" placement nodes 1 node) $(value "$out" placement nodes 1 devices) " \
	"the same nodes and devices are granted then"
like "$(scontrol show job "$job")" \
	'SystemComment=neuron: v1 level=1 us=0 .* n1:neuron=0-7:efa=0-7:links=12/12 n2:neuron=0-7:efa=0-7:links=12/12' \
	"the placement is kept with the job"
explained=$(topo explain "$job")
like "$explained" 'one UltraServer joins all nodes' "explain: the level"
like "$explained" 'NeuronLinks 16 of 16|NeuronLinks 12 of 12' "explain: the links"
like "$explained" 'NeuronLink +1 of 1 joints between nodes' "explain: the joints of UltraServers"
like "$explained" 'EFA .* on 2 of 2 nodes' "explain: the interfaces"
like "$explained" 'ranks +follow switches and UltraServer rings' "explain: the order of ranks"
is "$(value "$(topo explain "$job" --json)" nodes_with_their_own_efa)" 2 "explain --json"
is "$(value "$(topo explain "$job" --json)" ranks_out_of_order)" 0 "with the order of ranks"

schema "explain --json of a job that runs" explain-running "$(topo explain "$job" --json)"
schema "show --json" show "$(topo show --json)"
schema "fit --json" fit "$out"
schema "snapshot" snapshot "$(topo snapshot --json)" 'profiles[.]'

# Pictures
out=$(topo show)
like "$out" '^ +UltraServer us1' "show: the UltraServer"
is "$(grep -c ' $' <<<"$out")" 0 "show: no blank at the end of a line"
like "$out" '^ +4 sets of 16 on 4 nodes|^ +2 sets of 16 on 2 nodes' "show: what is free"
like "$out" '^  n1 +1x8' "show: what a node can take"
unlike "$(topo show n2)" 'i1' "show of one node: no other"
out=$(topo show --json 'n[1-2]')
is "$(value "$out" nodes 0 name) $(value "$out" nodes 1 name)" "n1 n2" "show --json: the nodes asked"
is "$(value "$out" nodes 0 devices 0) $(value "$out" nodes 0 devices 8)" "$job null" "who has which device"
is "$(value "$out" nodes 0 groups 0) $(value "$out" nodes 0 groups 1)" "us1 leaf" "and what is above"
ok "an SVG" topo show --svg "$CLUSTER_DIR/run/picture.svg"
is "$(grep -c '<title>n1 device' "$CLUSTER_DIR/run/picture.svg")" 16 "draws each device"
is "$(grep -c "job $job" "$CLUSTER_DIR/run/picture.svg")" 17 "names the job on each of its devices and below"
ok "a page" topo show --html "$CLUSTER_DIR/run/picture.html"
ok "which is whole" grep -q '</html>' "$CLUSTER_DIR/run/picture.html"
unlike "$(<"$CLUSTER_DIR/run/picture.html")" 'src=|href=|url\(' "and needs no other file"
if command -v xmllint >/dev/null; then
	ok "the SVG is well-formed" xmllint --noout "$CLUSTER_DIR/run/picture.svg"
else
	skip "the SVG is well-formed" "no xmllint"
fi
out=$(timeout 5 "$NEURON_BUILD_DIR/tools/neuron-topo" show --watch=1 | grep -c 'Free devices')
ok "show --watch draws again ($out pictures)" test "$out" -ge 2

# A broken set: rows of four, one device of each is held
cancel_all
wait_idle
holders=()
for node in n1 n2 n3 n4; do
	for ((i = 0; i < 16; i++)); do
		holders+=("$(grant -w $node --gres=neuron:1 -t 7)")
	done
done
# Leave a column of four on each node: best, not consecutive
for job in "${holders[@]}"; do
	case $(job_devices "$job") in
	0 | 4 | 8 | 12) scancel "$job" ;;
	esac
done
ok "a column is free on each node" wait_for -t 20 eval \
	'[ "$(set_size "$(node_used n4 | cut -d" " -f1)")" = 12 ]'
out=$(topo fit --gres=neuron:4 --json)
is $? 3 "four consecutive devices do not fit now"
is "$(value "$out" census broken)" 4 "all nodes have enough, but no set"
is "$(value "$out" helps 0 change)" "--neuron-shape=best" "a wider shape would help"
is "$(value "$out" helps 1 change)" "--gres=neuron:1" "so would fewer devices"
out=$(topo fit --gres=neuron:4 --neuron-shape=best --json)
is $? 0 "with the wider shape it fits"
is "$(value "$out" placement nodes 0 devices)" "0,4,8,12" "on the column"
# shellcheck disable=SC2317 # it is called
says() { # JOB TEXT: its comment ends with
	[[ "$(scontrol show job "$1" | grep SystemComment) " == *"$2 "* ]]
}
while IFS='|' read -r wants end; do
	# shellcheck disable=SC2086 # a list
	job=$(submit -t 5 $wants)
	ok "$wants: says what is possible now" wait_for -t 20 says "$job" ", ${end//JOB/$job}"
	cancel "$job"
done <<'END'
-w n2 --gres=neuron:4|possible now: --neuron-shape=best or --gres=neuron:1
-w n1,n3 --gres=neuron:trn2:4|possible now: --neuron-shape=best or --gres=neuron:trn2:1
-N2 --gres=neuron:trn2:4|possible now: --neuron-shape=best or --gres=neuron:trn2:1
-N4 --gres=neuron:16|possible now: --gres=neuron:1
-N1 --gres=neuron:4 --neuron-launch=process|possible now: --gres=neuron:1
-N1 -n1 --tres-per-task=gres/neuron=4|neuron-topo explain JOB says what helps
-N1 --gres=neuron:1 --exclusive|neuron-topo explain JOB says what helps
END
full=$(grant -N4 --gres=neuron:4 --neuron-shape=best)
job=$(submit -N1 --gres=neuron:1)
ok "nor is anything smaller" wait_for -t 20 says "$job" ", nothing smaller is possible now"
cancel "$job" "$full"
waiting=$(submit --gres=neuron:4 -t 5)
ok "a job waits" wait_state "$waiting" PENDING
ok "the job says itself what it waits for" wait_for -t 20 eval '
	[[ $(scontrol show job "$waiting") =~ "neuron: waits for 1 node with 4 devices: of 4 that it may use now 0 can give a set of shape consecutive, 4 more have enough devices free but in no such set, possible now: --neuron-shape=best or --gres=neuron:1" ]]'
schema "explain --json of a job that waits" fit "$(topo explain "$waiting" --json)"
explained=$(topo explain "$waiting")
like "$explained" '4 have enough free, but in no set of shape consecutive' "explain: the obstacle"
like "$explained" 'after the end of job' "explain: whose end it waits for"
like "$explained" '--neuron-shape=best, on n' "explain: what would help"
blocker=$(value "$(topo explain "$waiting" --json)" blockers 0)
ok "the first of those that stand in its way is one that runs" wait_state "$blocker" RUNNING

# A job's own options count
scancel "$waiting"
own=$(submit --gres=neuron:4 --neuron-shape=ring --neuron-wait=never -t 5)
ok "a job with options waits or runs" wait_for -t 20 eval '[[ $(scontrol show job "$own") =~ "AdminComment=neuron: shape=ring,wait=never" ]]'
ok "with a shape that a column has it runs" wait_state "$own" RUNNING
scancel "$own"
wait_gone "$own"
waiting=$(submit --gres=neuron:4 -t 5)
ok "a job waits again" wait_state "$waiting" PENDING
# The scheduler has looked at it
wait_for eval '[ "$(job_reason "$waiting")" != None ]'

# The same off line, and with nodes gone
# What slurmctld says meanwhile may differ
_explains_the_same() {
	topo snapshot >"$CLUSTER_DIR/run/snapshot"
	now=$(topo explain "$waiting" --json | sed '/"time"/d; /"moment"/d')
	replayed=$(topo replay "$CLUSTER_DIR/run/snapshot" explain "$waiting" --json |
		sed '/"time"/d; /"moment"/d')
	[ -n "$now" ] && [ "$replayed" = "$now" ]
}
wait_for _explains_the_same
is "$replayed" "$now" "a snapshot explains the same"
is "$(topo replay "$CLUSTER_DIR/run/snapshot" show | head -20)" "$(topo show | head -20)" "shows the same"
out=$(topo replay --without n1 "$CLUSTER_DIR/run/snapshot" fit --gres=neuron:4 --json)
is "$(value "$out" census unusable)" 1 "without a node"
is "$(value "$out" census broken)" 3 "the others are left"
out=$(topo replay "$CLUSTER_DIR/run/snapshot" explain "$waiting" --shape best --json)
is "$(value "$out" now)" true "another shape off line"

# UltraServers: two nodes of one that are no pair
cancel_all
wait_idle
first=$(grant -w n1 --gres=neuron:16 -t 9)
second=$(grant -w n3 --gres=neuron:16 -t 9)
out=$(topo fit -N2 --gres=neuron:16 --neuron-ultraserver=require --json)
is $? 3 "n2 and n4 are no group that a job can require"
is "$(value "$out" helps 0 change)" "--neuron-ultraserver=prefer" "which is named"
like "$(value "$out" blockers)" "$first|$second" "as is the end of one of the jobs"
is "$(value "$out" helps 0 cost)" "losing 1.00 of its NeuronLink bandwidth between nodes: 0 of 1 joints" \
	"with what it costs"
ok "without it they fit" topo fit -N2 --gres=neuron:16 --neuron-ultraserver=prefer
waiting=$(submit -N2 --gres=neuron:16 --neuron-ultraserver=require -t 5)
ok "such a job waits" wait_state "$waiting" PENDING
like "$(topo explain "$waiting")" '--neuron-ultraserver=prefer, on n' "and explain says why"
is "$(topo fit --gres=neuron:4 --neuron-launch=process --neuron-shape=best 2>&1 >/dev/null | grep -c .)" 1 \
	"options that contradict each other are refused"

# A node is drained, and would help
cancel_all
wait_idle
scontrol update nodename='n[2-4]' state=drain reason='a test'
job=$(grant -w n1 --gres=neuron:16 -t 9)
out=$(topo fit --gres=neuron:16 --json)
is $? 3 "all other nodes are drained"
is "$(value "$out" census unusable)" 3 "they are counted"
is "$(value "$out" blockers 0)" "$job" "the job whose end would do is named"
like "$(topo fit --gres=neuron:16)" 'nodes that are down or drained come back' "as is what would help"
scontrol update nodename='n[2-4]' state=resume
cancel_all
wait_idle

# Parts of an array and of a heterogeneous job, by the names that squeue has
array=$(sbatch --parsable --array=3-4 --gres=neuron:8 -o /dev/null --wrap='sleep 300')
ok "an array runs" wait_for -t 20 eval '[ "$(squeue -h -j "$array" -t R -o %i | wc -l)" = 2 ]'
like "$(topo explain "${array}_4")" '^Job [0-9]+ .*: RUNNING, 1 nodes, 8 devices' "explain: one of an array"
is "$(value "$(topo explain "${array}_3" --json)" placement nodes 0 devices)" \
	"$(scontrol show job -d "${array}_3" | sed -n 's/.*neuron[:a-z0-9]*(IDX:\([0-9,-]*\)).*/\1/p')" "with its own devices"
het=$(sbatch --parsable -o /dev/null --gres=neuron:4 : --gres=neuron:16 -N2 --wrap='sleep 300')
ok "a heterogeneous job runs" wait_for -t 30 eval '[ "$(squeue -h -j "$het" -t R -o %i | wc -l)" = 2 ]'
like "$(topo explain "$het+0")" ': RUNNING, 1 nodes, 4 devices' "explain: its first part"
like "$(topo explain "$het+1")" ': RUNNING, 2 nodes, 32 devices' "explain: its second"
like "$(topo explain "$het+1")" 'NeuronLink +1 of 1 joints' "which is a pair"
like "$(topo explain "$het+2" 2>&1)" 'no such job' "there is no third"
cancel_all
wait_idle

# Sizes and templates
sizes=$(topo sizes)
like "$sizes" '^ +16 +64 +1536 GiB +16  consecutive' "sizes of trn2u"
like "$sizes" '^ +12 +24 +384 GiB +0  consecutive' "sizes of inf2"
like "$sizes" '^l-trn2 +4 trn2' "templates"
ok "a template fits" topo fit --neuron-template=l-trn2
like "$("$NEURON_BUILD_DIR/tools/neuron-topo" sizes --all --profile-dir "$NEURON_SOURCE_DIR/etc/profiles")" \
	'^trn1n.32xlarge' "sizes --all: every family"

# Refusals: ARGUMENTS|what is said
rows=(
	'fit|how many devices'
	'fit --gres=neuron:0|how many devices'
	'fit --gres=neuron:17|at most 16|16'
	'fit --gres=gpu:1|how many devices'
	'fit -N0 --gres=neuron:1|--nodes 0: it must be a number'
	'fit -N4-2 --gres=neuron:1|must not be below'
	'fit -Nx --gres=neuron:1|--nodes x: it must be a number'
	'fit --gres=neuron:1 -p nowhere|--partition nowhere: there is none'
	'fit --gres=neuron:1 -w nowhere|nowhere: not all of these are nodes'
	'fit --gres=neuron:1 -t soon|--time soon'
	'fit --gres=neuron:1 --neuron-shape=round|round'
	'fit --neuron-template=nothing|has none of that name'
	'show nowhere|there is no node nowhere'
	'explain 999999|no such job'
	'explain x|no such job'
	'replay /nowhere fit|/nowhere: No such file'
	'replay /dev/null show|it is no snapshot'
)
for row in "${rows[@]}"; do
	IFS='|' read -r arguments said <<<"$row"
	# shellcheck disable=SC2086
	out=$(topo $arguments 2>&1)
	is $? 1 "\"$arguments\" is refused"
	like "$out" "$said" "and says why"
done
for bad in '{}' '{"format":"neuron-topo-snapshot-1"}' '[1]' '{"format":"neuron-topo-snapshot-1","neuron_conf":"x","profiles":{"../../x":{}},"nodes":[],"partitions":[],"jobs":[]}' \
	'{"format":"neuron-topo-snapshot-1","neuron_conf":"Shape=round","profiles":{},"nodes":[],"partitions":[],"jobs":[]}'; do
	out=$(topo replay - show <<<"$bad" 2>&1)
	is $? 1 "the snapshot $bad is refused"
	like "$out" 'neuron-topo show: .*' "with a sentence"
done
finish
