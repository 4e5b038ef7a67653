#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Configurations that are wrong: at start the controller refuses; at
# reconfigure it stays as it was and says so.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_switch leaf 'n[1-2]'
cluster_ultraserver us1 'n[1-2]'
cluster_start
conf=$CLUSTER_DIR/etc/neuron.conf
cp "$conf" "$CLUSTER_DIR/etc/good"
cp "$CLUSTER_DIR/etc/topology.conf" "$CLUSTER_DIR/etc/good.topology"
cp "$SLURM_CONF" "$CLUSTER_DIR/etc/good.slurm"
log=$CLUSTER_DIR/log/slurmctld

restore() {
	cp "$CLUSTER_DIR/etc/good" "$conf"
	cp "$CLUSTER_DIR/etc/good.topology" "$CLUSTER_DIR/etc/topology.conf"
	cp "$CLUSTER_DIR/etc/good.slurm" "$SLURM_CONF"
	rm -f "$CLUSTER_DIR/etc/topology.yaml"
}

mkdir "$CLUSTER_DIR/profiles"
sed '5 s/^/,/' "$(_profile trn2u.48xlarge)" \
	>"$CLUSTER_DIR/profiles/trn2u.48xlarge.json"

# How to spoil a configuration: NAME, what the log must say, sed program,
# file (default neuron.conf)
spoilers=(
	'unknown key|neuron.conf:[0-9]+.*Colour|$ a Colour=red'
	'repeated key|neuron.conf:[0-9]+.*CoreNumbering|$ a CoreNumbering=absolute\nCoreNumbering=absolute'
	'value out of range|neuron.conf:[0-9]+.*CoreNumbering.*sideways|$ a CoreNumbering=sideways'
	'unknown tier|neuron.conf:[0-9]+.*Shape.*round|$ a Shape=round'
	'not a key and a value|neuron.conf:[0-9]+|$ a hello world'
	'unknown profile|neuron.conf:[0-9]+.*trn9|s/trn2u.48xlarge/trn9.48xlarge/'
	'wrong LNC|neuron.conf:[0-9]+.*Lnc|s/Profile=.*/& Lnc=7/'
	'node named twice|neuron.conf:[0-9]+.*n1|$ a NodeName=n1 Profile=trn2.48xlarge'
	'node unknown to slurm.conf|neuron.conf:[0-9]+.*n77: slurm.conf has no such node: name it there, or take it out here|$ a NodeName=n77 Profile=trn2.48xlarge'
	'bad list of nodes|neuron.conf:[0-9]+|s/NodeName=n.*/NodeName=n[1-2 Profile=trn2u.48xlarge/'
	'no line for a node|n[12].*NodeName|/^NodeName/d'
	'UltraServer with an unknown node|neuron.conf:[0-9]+.*n99|s/^UltraServerName=us1 .*/UltraServerName=us1 Nodes=n1,n99/'
	'UltraServer named twice|neuron.conf:[0-9]+.*us1|$ a UltraServerName=us1 Nodes=n1,n2'
	'other machine than slurm.conf says|NodeName=n1.*trn2|/^Ultra/d; s/trn2u.48xlarge/trn1.32xlarge/'
	'no profiles|ProfileDir|s,^ProfileDir=.*,ProfileDir=/nonexistent,'
	"profile that does not parse|trn2u.48xlarge.json:[0-9]+|s,^ProfileDir=.*,ProfileDir=$CLUSTER_DIR/profiles,"
	'switch with an unknown node|topology.conf:[0-9]+.*n55|$ a SwitchName=other Nodes=n55|topology.conf'
	'binary rubbish|neuron.conf:[0-9]+|1 s/^/\x01\x02\xff/'
	'one node in two leaves|topology.conf:[0-9]+.*n1|$ a SwitchName=other Nodes=n1|topology.conf'
	'switches in a loop|topology.conf:[0-9]+.*x1|$ a SwitchName=x1 Switches=x2\nSwitchName=x2 Switches=x1|topology.conf'
	'efa before neuron|GresTypes|s/^GresTypes=.*/GresTypes=efa,neuron/|slurm.conf'
	'select/neuron alone|TopologyPlugin=topology/tree: .*needs TopologyPlugin=topology/neuron .*names the plugin below it|s,^TopologyPlugin=.*,TopologyPlugin=topology/tree,|slurm.conf'
	'topology/neuron alone|SelectType=select/cons_tres: .*needs SelectType=select/neuron .it works on top of select/cons_tres|s,^SelectType=.*,SelectType=select/cons_tres,|slurm.conf'
)
# 24.11 knows no topology.yaml
case $(slurmctld -V) in
*' 24.11.'*) ;;
*) spoilers+=('topology.yaml|topology.yaml: where this file is. Slurm loads only its own topology plugins and not TopologyPlugin=topology/neuron: .*topology.conf|s/.*/&/|topology.yaml') ;;
esac

# The same switches as topology.conf
write_yaml() {
	cat >"$CLUSTER_DIR/etc/topology.yaml" <<-'END'
		- topology: all
		  cluster_default: true
		  tree:
		    switches:
		      - switch: leaf
		        nodes: n[1-2]
	END
}

spoil() {
	local rest=$1
	name=${rest%%|*} && rest=${rest#*|}
	pattern=${rest%%|*} && rest=${rest#*|}
	program=${rest%%|*} && rest=${rest#*|}
	pattern=${pattern//,/|}
	file=neuron.conf
	case $1 in *'|topology.'* | *'|slurm.conf') file=${1##*|} ;; esac
	[ "$file" != topology.yaml ] || write_yaml
	sed -i "$program" "$CLUSTER_DIR/etc/$file"
}

# What was logged at error level since line $1
said() {
	tail -n "+$(($1 + 1))" "$log" | grep -E 'error:|fatal:'
}

job=$(submit -N2 --gres=neuron:4)
ok "a job runs" wait_state "$job" RUNNING
before=$(job_alloc "$job")

for entry in "${spoilers[@]}"; do
	spoil "$entry"
	lines=$(wc -l <"$log")
	pid=$(ctld_pid)
	scontrol reconfigure >/dev/null 2>&1
	wait_for -t 10 _ctld_answers
	like "$(said "$lines")" "$pattern" "reconfigure: $name: is said"
	is "$(ctld_pid)" "$pid" "reconfigure: $name: the controller stays as it was"
	is "$(job_alloc "$job")" "$before" "reconfigure: $name: the job too"
	restore
	ctld_alive || ctld_start
done
job2=$(grant -N2 --gres=neuron:4)
judged "jobs are placed as before" "$job" "$job2"
ok "a good configuration is accepted" cluster_reconfigure
is "$(job_alloc "$job")" "$before" "and the job keeps its devices"
ok "the nodes answer" wait_nodes
job3=$(grant -N2 --gres=neuron:8)
judged "jobs are placed" "$job" "$job2" "$job3"
cancel_all
ctld_stop

for entry in "${spoilers[@]}"; do
	spoil "$entry"
	lines=$(wc -l <"$log")
	timeout -k 1 15 slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1
	status=$?
	isnt $status 124 "start: $name: the controller refuses"
	like "$(said "$lines")" "$pattern" "start: $name: is said"
	# Slurm tries to load a plugin twice, and several plugins read the file:
	# the same sentence may come again
	is "$(said "$lines" | grep -E "$pattern" |
		sed 's,^[^]]*\] [a-z]*: \([a-z_]*/neuron: \)*,,' | sort -u | wc -l)" 1 \
		"start: $name: in one sentence"
	restore
done
rm "$conf"
lines=$(wc -l <"$log")
timeout -k 1 15 slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1
isnt $? 124 "start: without neuron.conf: the controller refuses"
like "$(said "$lines")" 'neuron.conf' "start: without neuron.conf: is said"
restore
ok "a good configuration starts" ctld_start
ok "the nodes answer" wait_nodes
job=$(grant -N2 --gres=neuron:4)
judged "jobs are placed" "$job"
cancel_all
finish
