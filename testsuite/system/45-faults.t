#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes wrong below and beside our plugins: Slurm's own plugins that are
# missing, of another release or do otherwise than asked, machines that are
# not there, a slurmctld that refuses or does not answer. Each is told in one
# sentence of doc/messages.md, and nobody is given what he must not have.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

crooked=$NEURON_BUILD_DIR/testsuite/compat/.libs/crooked.so
prolog=$NEURON_BUILD_DIR/tools/neuron-prolog

# PluginDir begins with a directory that has none at first
eval "$(declare -f _plugins_conf | sed '1s/_plugins_conf/_all_plugins_conf/')"
_plugins_conf() {
	_all_plugins_conf | sed "s|^PluginDir=|&$CLUSTER_DIR/plugins:|"
}

cluster_new neuron
mkdir "$CLUSTER_DIR/plugins"
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_ultraserver us1 'n[1-2]'
cluster_ultraserver us2 'n[3-4]'
neuron_conf "TemplateName=row Devices=4"
cluster_prolog
stock=$(find "$NEURON_SLURM_PLUGINDIR" -name topology_flat.so -o -name topology_default.so)
if [ -e "$crooked" ]; then
	cp "$crooked" "$CLUSTER_DIR/plugins/${stock##*/}"
	NEURON_CROOKED=$stock
	export NEURON_CROOKED
fi
cluster_start
log=$CLUSTER_DIR/log/slurmctld

# told FILE SENTENCE NAME: it comes to stand in a log
told() {
	ok "$3" wait_for -t 20 grep -qF -- "$2" "$1"
}

#
# A plugin of Slurm that changes what was chosen
#
# refuses NAME SENTENCE ARGUMENT...: the placement of this job is not taken
refuses() {
	local name=$1 sentence=$2 job
	shift 2
	job=$(submit -J "$name" "$@")
	told "$log" "$sentence" "$name: the placement is refused"
	is "$(job_state "$job") $(job_alloc "$job")" "PENDING " "$name: the job gets nothing"
	cancel "$job"
}
if [ -e "$crooked" ]; then
	refuses devices \
		'refused the placement neuron=0-2,5 efa=0-2,5 on n1: not a consecutive set with its EFA interfaces, or one with a device that is masked' \
		-w n1 --gres=neuron:4
	refuses nodes \
		'refused the placement on n[1,3]: these are not UltraServers as the job requires them' \
		-N2-4 --gres=neuron:4 --neuron-ultraserver=require
	job=$(submit -w n1 --gres=neuron:4)
	ok "a job that is let alone runs" wait_state "$job" RUNNING
	judged "on a good set" "$job"
	cancel "$job"
else
	skip "a plugin of Slurm that changes what was chosen" \
		"testsuite/compat/crooked.la is not built (make check does)"
fi

#
# slurmctld that does not answer: the port of a slurmd that is stopped. It
# takes CTL_WAIT to give up, so that the rest goes on meanwhile
#
by_hand() { # NODE [VARIABLE=VALUE...]
	local node=$1
	shift
	env -i SLURM_CONF="$SLURM_CONF" SLURMD_NODENAME="$node" SLURM_JOB_ID=77 \
		SLURM_JOB_UID="$(id -u)" SLURM_JOB_NEURON=0-3 \
		SLURM_SCRIPT_CONTEXT=prolog_slurmd "$@" "$prolog" 2>&1
}
# Configurations with two nodes more, which slurmctld does not know
for dir in mute other; do
	mkdir "$CLUSTER_DIR/etc/$dir"
	cp "$CLUSTER_DIR"/etc/*.conf "$CLUSTER_DIR/etc/$dir"
	echo "NodeName=n[8-9] Profile=trn2u.48xlarge" >>"$CLUSTER_DIR/etc/$dir/neuron.conf"
done
for node in n8 n9; do
	cp -a "$CLUSTER_DIR/machines/n1" "$CLUSTER_DIR/machines/$node"
	rm "$CLUSTER_DIR/machines/$node/dev/neuron3"
done
port=$(sed -n 's/^NodeName=n4 .* Port=\([0-9]*\).*/\1/p' "$SLURM_CONF")
sed -i "s/^SlurmctldPort=.*/SlurmctldPort=$port/" "$CLUSTER_DIR/etc/mute/slurm.conf"
# One request, not two
echo "BadDevice=drain" >>"$CLUSTER_DIR/etc/mute/neuron.conf"
slurmd=$(_slurmd_pid n4)
kill -STOP "$slurmd"
by_hand n9 SLURM_CONF="$CLUSTER_DIR/etc/mute/slurm.conf" >"$CLUSTER_DIR/out/mute" &
mute=$!

# One that refuses
said=$(by_hand n8 SLURM_CONF="$CLUSTER_DIR/etc/other/slurm.conf")
is $? 1 "a bad device of a node that slurmctld has not"
like "$said" 'cannot mask devices 3, do it by hand: slurmctld has refused it: slurmctld has no node n8' \
	"cannot be masked"
like "$said" 'cannot drain the node, do it by hand: slurmctld has refused it: Invalid node name' \
	"nor the node drained: the reason is slurmctld's"
said=$(by_hand n1 SPANK_NEURON_OPTIONS=lnc=7)
is $? 0 "a job that slurmctld has not"
like "$said" 'job 77: cannot take it off the node, do it by hand: slurmctld has refused it: Invalid job id' \
	"cannot be taken off the node"
rm "$CLUSTER_DIR/machines/n1/dev/neuron3"
said=$(by_hand n1)
like "$said" 'devices 3 are masked now' "a device that is masked is told"
: >"$CLUSTER_DIR/machines/n1/dev/neuron3"
scontrol update nodename=n1 comment=
wait_for -t 10 _all_idle

#
# neuron.conf of a node that is not slurmctld's
#
sed -i '/^TemplateName/d' "$CLUSTER_DIR/etc/neuron.conf"
job=$(submit -w n1 --neuron-template=row)
told "$CLUSTER_DIR/log/n1" 'spank_neuron: neuron.conf has no TemplateName=row' \
	"a template that the node does not know"
cancel "$job"
echo "TemplateName=row Devices=4" >>"$CLUSTER_DIR/etc/neuron.conf"

#
# Machines
#
cp "$SLURM_CONF" "$CLUSTER_DIR/etc/good"
sed -i '/^NodeName=n2 /s/ CPUs=.* RealMemory/ CPUs=64 Sockets=2 CoresPerSocket=16 ThreadsPerCore=2 RealMemory/' \
	"$SLURM_CONF"
slurmd_restart n2
told "$CLUSTER_DIR/log/n2" \
	'gres/neuron: slurm.conf: CPUs=64: trn2u.48xlarge has 96 cores with 192 threads: set Sockets=2 CoresPerSocket=48 ThreadsPerCore=2' \
	"other CPUs than the family has"
cp "$CLUSTER_DIR/etc/good" "$SLURM_CONF"
mv "$CLUSTER_DIR/machines/n2" "$CLUSTER_DIR/machines/gone"
slurmd_restart n2
told "$CLUSTER_DIR/log/n2" \
	"gres/neuron: cannot look at this machine: root directory $CLUSTER_DIR/machines/n2: " \
	"a Root that is not there"
mv "$CLUSTER_DIR/machines/gone" "$CLUSTER_DIR/machines/n2"

#
# The silent one has been given up
#
wait "$mute"
is $? 1 "a slurmctld that does not answer: neuron-prolog ends"
like "$(<"$CLUSTER_DIR/out/mute")" \
	'cannot drain the node, do it by hand: slurmctld has not answered in 20 seconds' \
	"without draining the node"
kill -CONT "$slurmd"

#
# Starts of slurmctld
#
ctld_stop
# refuses_to_start NAME SENTENCE
refuses_to_start() {
	local lines
	lines=$(wc -l <"$log")
	timeout -k 1 15 slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1
	isnt $? 124 "$1: slurmctld refuses to start"
	like "$(tail -n "+$((lines + 1))" "$log")" "$2" "$1: is told"
}
tree=$CLUSTER_DIR/plugins/topology_tree.so
echo "no plugin" >"$tree"
refuses_to_start "a plugin that is none" "neuron: cannot open $tree: "
cp "$NEURON_BUILD_DIR/plugins/.libs/gres_efa.so" "$tree"
refuses_to_start "a plugin of another kind" \
	"neuron: Slurm's topology/tree plugin has no function topology_p_[a-z_]+; these plugins were built for Slurm [0-9.]+"
rm "$tree"
# All but one of Slurm's own
mkdir "$CLUSTER_DIR/stock"
ln -s "$NEURON_SLURM_PLUGINDIR"/*.so "$CLUSTER_DIR/stock"
rm "$CLUSTER_DIR/stock/topology_tree.so"
sed -i "s|^\(PluginDir=.*\):[^:]*$|\1:$CLUSTER_DIR/stock|" "$SLURM_CONF"
refuses_to_start "a plugin that is missing" \
	"neuron: no plugin topology/tree in PluginDir=$CLUSTER_DIR/plugins:"
cp "$CLUSTER_DIR/etc/good" "$SLURM_CONF"
mark=$CLUSTER_DIR/state/neuron_state
mv "$mark" "$mark.good"
ln -s neuron_state "$mark"
refuses_to_start "a mark that cannot be read" "$mark: cannot be read: "
mv "$mark.good" "$mark"
ok "repaired, slurmctld starts" ctld_start
finish
