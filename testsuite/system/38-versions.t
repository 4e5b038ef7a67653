#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Versions of driver, runtime library and the rest: as features of nodes that a
# job can ask for, whatever is restarted, and against the rules in slurmd's
# log, in Prolog and in neuron-topo check.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2317 # eval, wait_for
. "$(dirname "$0")/cluster.sh"

prolog=$NEURON_BUILD_DIR/tools/neuron-prolog
[ -x "$prolog" ] || skip_all "tools/neuron-prolog is not built"
[ -e "$NEURON_BUILD_DIR/plugins/.libs/node_features_neuron.so" ] ||
	skip_all "plugins/.libs/node_features_neuron.so is not built"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }

machine() { # NODE PATH
	echo "$CLUSTER_DIR/machines/$1/$2"
}

driver() { # NODE VERSION
	echo "$2" >"$(machine "$1" sys/module/neuron/version)"
}

runtime() { # NODE VERSION
	local dir
	dir=$(machine "$1" opt/aws/neuron/lib)
	rm -f "$dir"/libnrt.so.*.*
	: >"$dir/libnrt.so.$2"
	ln -sfn "libnrt.so.$2" "$dir/libnrt.so.1"
}

features() { # NODE [ActiveFeatures]
	scontrol show node "$1" | sed -n "s/^ *${2:-AvailableFeatures}=//p"
}

has() { # NODE FEATURE
	[[ ,$(features "$1"), = *,$2,* && ,$(features "$1" ActiveFeatures), = *,$2,* ]]
}

node_is_drained() {
	sinfo -N -h -n "$1" -o %T | grep -q drain
}

logged() { # NODE ERE
	grep -Eq "$2" "$CLUSTER_DIR/log/$1"
}

rules=$NEURON_SOURCE_DIR/etc/versions.json
good="neuron-driver-2.30.2.0,neuron-driver-2.30,neuron-runtime-2.34.10.0,neuron-runtime-2.34"
good+=,neuron-libfabric-2.1.0,neuron-libfabric-2.1,neuron-efa-2.17.2,neuron-efa-2.17
bad='Neuron driver 2.29.0.0 with Neuron runtime library 2.31.24.0: bad: driver 2.29 and later need runtime library 2.33 or later \(rule driver-2.29-needs-runtime-2.33;'

cluster_new neuron
cluster_conf NodeFeaturesPlugins=neuron
neuron_conf "VersionRules=$rules"
cluster_nodes 'n[1-2]' trn2u.48xlarge Feature=rack1,neuron-team
cluster_nodes n3 trn1.32xlarge
cluster_nodes c1 cpu
cluster_prolog
driver n2 2.29.0.0
runtime n2 2.31.24.0
cluster_start

#
# What nodes have
#
is "$(features n1)" "rack1,neuron-team,$good,neuron-lnc-2" "the features of a machine, behind those of slurm.conf"
is "$(features n1 ActiveFeatures)" "$(features n1)" "all of them are active"
is "$(features n3)" "$good,neuron-lnc-1" "a machine of another family"
is "$(features c1)" "(null)" "a node without Neuron devices has none"
a=$(submit --gres=neuron:1 --constraint=neuron-driver-2.29)
wait_state "$a" RUNNING
is "$(job_field "$a" NodeList)" n2 "--constraint of a driver, by its first two numbers"
b=$(submit --gres=neuron:1 --constraint='neuron-driver-2.30.2.0&neuron-lnc-2')
wait_state "$b" RUNNING
is "$(job_field "$b" NodeList)" n1 "of a driver and a default LNC"
c=$(submit --gres=neuron:1 --constraint='neuron-lnc-1|neuron-team')
ok "of one or another" wait_state "$c" RUNNING
like "$(submit --gres=neuron:1 --constraint=neuron-driver-2.99 2>&1)" "Invalid feature" \
	"a driver that no node has"
cancel "$a" "$b" "$c"

#
# slurmctld restarts
#
# Slurm holds a job for ever whose features no node has while one node is up:
# here the node that has them is slow to register
a=$(submit --hold --gres=neuron:1 --constraint=neuron-driver-2.29)
ok "a job for a driver is saved" wait_saved "$a"
slow=$(_slurmd_pid n2)
ctld_stop
kill -STOP "$slow"
echo nonsense >>"$CLUSTER_DIR/state/neuron_features"
ok "slurmctld starts while slurmd of n2 does not answer" ctld_start
is "$(features n2)" "rack1,neuron-team,neuron-driver-2.29.0.0,neuron-driver-2.29,neuron-runtime-2.31.24.0,neuron-runtime-2.31,${good#*,neuron-runtime-2.34,},neuron-lnc-2" \
	"its features are there before it registers"
is "$(features n2 ActiveFeatures)" "$(features n2)" "and active"
is "$(features n3)" "$good,neuron-lnc-1" "those of each node"
ok "a line that is none is told" logged slurmctld 'neuron_features: 1 lines are no "NODE FEATURES" and are passed over'
b=$(submit --gres=neuron:1 --constraint=neuron-driver-2.29)
ok "such a job can be submitted" test -n "$b"
scontrol release "$a"
others_answer() { [ "$(sinfo -N -h -n n1,n3,c1 -o %T | sort -u)" = idle ]; }
ok "the other nodes answer" wait_for -t 60 others_answer
tried() { [ "$(job_reason "$a")" != None ]; }
ok "slurmctld has looked at the job" wait_for tried
isnt "$(job_reason "$a")" BadConstraints "which is not held"
kill -CONT "$slow"
slurmd_restart n2
ok "the node answers" wait_nodes
ok "both jobs start" eval 'wait_state "$a" RUNNING && wait_state "$b" RUNNING'
cancel "$a" "$b"
is "$(sort -u "$CLUSTER_DIR/state/neuron_features" | wc -l)" 3 "three nodes are noted"
ok "scontrol reconfigure" cluster_reconfigure
ok "the nodes answer" wait_nodes
is "$(features n1)" "rack1,neuron-team,$good,neuron-lnc-2" "changes nothing"

#
# An upgrade
#
driver n2 2.30.2.0
runtime n2 2.34.10.0
slurmd_restart n2
ok "a new driver is told with slurmd's next start" wait_for -t 30 eval 'has n2 neuron-driver-2.30.2.0 && has n2 neuron-runtime-2.34.10.0'
is "$(features n2)" "rack1,neuron-team,$good,neuron-lnc-2" "the old features are gone, others stay"
is "$(sinfo -N -h -n n2 -o %T)" idle "the node stays in service"
like "$(submit --gres=neuron:1 --constraint=neuron-driver-2.29 2>&1)" "Invalid feature|not available" \
	"no job can ask for the old one"
driver n2 'evil,$(id)'
slurmd_restart n2
gone() { ! has n2 neuron-driver-2.30; }
ok "a driver that tells nonsense has no feature" wait_for -t 30 gone
is "$(features n2)" "rack1,neuron-team,${good#*,*,},neuron-lnc-2" "the others stay"

#
# An administrator
#
ok "scontrol gives a node other features" scontrol update nodename=n1 \
	"availablefeatures=rack2,$good,neuron-lnc-2" "activefeatures=rack2,$good,neuron-lnc-2"
is "$(features n1)" "rack2,$good,neuron-lnc-2" "which it has"
slurmd_restart n1
ok "its slurmd restarts" wait_nodes
is "$(features n1 ActiveFeatures)" "rack2,$good,neuron-lnc-2" "and keeps"
echo NEURON_LOGICAL_NC_CONFIG=1 >"$(machine n1 opt/aws/neuron/logical_nc_config)"
slurmd_restart n1
ok "another default LNC" wait_for -t 30 has n1 neuron-lnc-1

#
# Rules
#
driver n2 2.29.0.0
runtime n2 2.31.24.0
slurmd_restart n2
ok "slurmd's log names both versions and the rule" wait_for -t 30 logged n2 "error: gres/neuron: $bad"
ok "a pair that works is no error" eval '! logged n1 "error: gres/neuron: Neuron driver"'
wait_nodes
a=$(submit -w n2 --gres=neuron:1)
ok "VersionCheck=warn, the default: the job runs" wait_state "$a" RUNNING
ok "the node stays in service" eval '! node_is_drained n2'
cancel "$a"
check=$(topo --config "$CLUSTER_DIR/etc/neuron.conf" check 2>&1)
like "$check" "error: n2: $bad" "neuron-topo check names the node, the versions and the rule"
like "$check" "warning: n2: Neuron driver: 2\.29\.0\.0; 1 of 2 nodes with profile trn2u.48xlarge have 2\.30\.2\.0" \
	"and nodes of one family that differ"
sed -i 's/^VersionRules/VersionCheck=drain\n&/' "$CLUSTER_DIR/etc/neuron.conf"
a=$(submit -w n2 --gres=neuron:1)
ok "VersionCheck=drain: the node is drained" wait_for node_is_drained n2
like "$(scontrol show node n2 | sed -n 's/^ *Reason=//p')" "neuron-prolog: $bad" "with the reason"
b=$(submit -w n1 --gres=neuron:1)
ok "another node is not" wait_state "$b" RUNNING
cancel "$a" "$b"
scontrol update nodename=n2 state=resume
sed -i 's/^VersionCheck=drain/VersionCheck=off/' "$CLUSTER_DIR/etc/neuron.conf"
: >"$CLUSTER_DIR/log/n2"
slurmd_restart n2
ok "VersionCheck=off" wait_for -t 30 has n2 neuron-driver-2.29
ok "says nothing" eval '! logged n2 "driver 2.29 and later"'
a=$(submit -w n2 --gres=neuron:1)
ok "and lets a job run" wait_state "$a" RUNNING
cancel "$a"
# A file that nobody can read drains no node, whatever the policy
sed -i 's/^VersionCheck=off/VersionCheck=drain/; s/^VersionRules=.*/VersionRules=\/does\/not\/exist/' \
	"$CLUSTER_DIR/etc/neuron.conf"
a=$(submit -w n2 --gres=neuron:1)
ok "rules that are not there drain nothing" wait_state "$a" RUNNING
cancel "$a"

#
# Features that cannot be found, noted or read
#
rm -f "$CLUSTER_DIR/state/neuron_features"
mkdir "$CLUSTER_DIR/state/neuron_features"
driver n1 2.28.0.0
slurmd_restart n1
ok "features that cannot be noted are there all the same" wait_for -t 30 has n1 neuron-driver-2.28
ok "and slurmctld says what that means" logged slurmctld 'after a restart of slurmctld, jobs that wait for a version can be held'
ctld_stop
ok "slurmctld starts without them" ctld_start
ok "and says so" logged slurmctld 'nodes get the features of their versions when they register'
ok "as they do" wait_for -t 60 has n1 neuron-driver-2.28
mv "$CLUSTER_DIR/machines/n3" "$CLUSTER_DIR/away"
slurmd_restart n3
ok "a machine that cannot be looked at" wait_for -t 30 logged n3 'node_features/neuron: cannot look at this machine: '
finish
