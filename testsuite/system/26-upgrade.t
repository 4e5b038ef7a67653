#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An upgrade of a running cluster: the controller first, then the nodes, as
# Slurm's upgrade guide says. Jobs keep their devices, and new ones get others.
# Then back: what the older release cannot read is refused and nothing is lost.
# The new one has SwitchType=switch/neuron beside, the old one has not.
#
# NEURON_OLD_SLURM_PREFIX and NEURON_OLD_BUILD_DIR name an older Slurm and a
# build of these plugins for it, or an older build for the same Slurm. Without
# them old and new are the same: everything is replaced all the same.
# shellcheck source-path=SCRIPTDIR
new_prefix=${NEURON_SLURM_PREFIX:-}
: "${NEURON_OLD_SLURM_PREFIX:=$new_prefix}"
. "$(dirname "$0")/cluster.sh"
new_prefix=$NEURON_SLURM_PREFIX
new_build=$NEURON_BUILD_DIR
new_plugins=$NEURON_SLURM_PLUGINDIR
: "${NEURON_OLD_SLURM_PREFIX:=$new_prefix}" "${NEURON_OLD_BUILD_DIR:=$new_build}"
plain_path=$PATH

# PREFIX BUILD PLUGINDIR: what is started from now on
use() {
	NEURON_SLURM_PREFIX=$1 NEURON_BUILD_DIR=$2 NEURON_SLURM_PLUGINDIR=$3
	PATH=$1/bin:$1/sbin:$plain_path
	hash -r
	[ ! -e "$SLURM_CONF" ] ||
		sed -i "s,^PluginDir=.*,PluginDir=$2/plugins/.libs:$3,
			/^SwitchType=/d" "$SLURM_CONF"
}

use_new() {
	use "$new_prefix" "$new_build" "$new_plugins"
	echo SwitchType=switch/neuron >>"$SLURM_CONF"
}

old_plugins=$new_plugins
if [ "$NEURON_OLD_SLURM_PREFIX" != "$new_prefix" ]; then
	NEURON_SLURM_PREFIX=$NEURON_OLD_SLURM_PREFIX
	old_plugins=$(_stock_plugindir)
fi
CLUSTER_SWITCH=
cluster_new neuron
use "$NEURON_OLD_SLURM_PREFIX" "$NEURON_OLD_BUILD_DIR" "$old_plugins"
old_version=$(slurmctld -V)
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_ultraserver us1 'n[1-4]'
cluster_start

# Steps that srun started
steps_are() {
	[ "$(squeue -s -h -o %i | grep -v '[a-z]' | paste -sd' ')" = "$1" ]
}

# What a new step of that job sees. A controller that has just started defers
# steps until it knows that the node is up, and srun asks again much later.
new_step() {
	wait_for -t 40 _new_step
	cat "$CLUSTER_DIR/out/step"
}

# shellcheck disable=SC2016 # the step expands it
_new_step() {
	SLURM_CONF=$srun_conf timeout 4 "$srun" --quiet --jobid="${jobs[1]}" --exact -n1 --mem=0 \
		--gres=neuron:4 sh -c 'echo "$SLURM_NEURON_DEVICES"' \
		</dev/null >"$CLUSTER_DIR/out/step" 2>&1 && return
	# It may have had its step when its time was over
	squeue -s -h -o %i | grep "^${jobs[1]}\.[1-9]" | xargs -r scancel
	return 1
}

jobs=()
for args in '-N2 --gres=neuron:4' '-N1 -n8 --gres=neuron:8' '-N4 --gres=neuron:1' \
	'-N1 -n2 --tres-per-task=gres/neuron:1'; do
	# shellcheck disable=SC2086
	jobs+=("$(submit $args)")
done
wait_for eval '[ "$(running_jobs | wc -l)" -eq 4 ]'
srun --quiet --jobid="${jobs[1]}" --exact -n1 --mem=0 --gres=neuron:3 \
	sleep 1000 </dev/null >/dev/null 2>&1 &
ok "a step runs" wait_for steps_are "${jobs[1]}.0"
# where stock steps would get the lowest that are left
first=$(job_devices "${jobs[1]}")
first=${first%-*}
right=$((first + 4))-$((first + 7))
waiting=$(submit --nice=1000 -N4 --gres=neuron:16)
held=$(submit --hold -N1 --gres=neuron:2)
before=$(picture "${jobs[@]}")
judged "$old_version: four jobs are well placed" "${jobs[@]}"
ok "the state is saved" wait_saved "${jobs[0]}"
ctld_stop

# Programs of users are replaced last
srun=$NEURON_OLD_SLURM_PREFIX/bin/srun
srun_conf=$CLUSTER_DIR/etc/slurm.old.conf
cp "$SLURM_CONF" "$srun_conf"
use_new
diag "from $old_version to $(slurmctld -V)"
ok "the new controller starts" ctld_start
is "$(picture "${jobs[@]}")" "$before" "no allocation has changed"
ok "the nodes, still old, answer it" wait_nodes
ok "the step runs" steps_are "${jobs[1]}.0"
is "$(new_step)" "$right" "a new step gets devices that lie together"
other=$(submit -N1 --gres=neuron:4)
ok "a new job starts" wait_state "$other" RUNNING
judged "it shares nothing with the others" "${jobs[@]}" "$other"
scancel "$other"
for node in n1 n2 n3 n4; do
	slurmd_restart $node
done
ok "the nodes are replaced" wait_nodes
srun=srun
srun_conf=$SLURM_CONF
is "$(picture "${jobs[@]}")" "$before" "no allocation has changed"
ok "the step runs" steps_are "${jobs[1]}.0"
is "$(new_step)" "$right" "a new step gets devices that lie together"
is "$(job_state "$waiting")" PENDING "a job that waited waits"
is "$(job_state "$held")" PENDING "a held one is held"
scontrol release "$held"
ok "it starts when it is released" wait_state "$held" RUNNING
judged "and is well placed" "${jobs[@]}" "$held"
ok "the state is saved" wait_saved "${jobs[0]}"

# Back
ctld_stop
use "$NEURON_OLD_SLURM_PREFIX" "$NEURON_OLD_BUILD_DIR" "$old_plugins"
if [ "$old_version" != "$("$new_prefix/sbin/slurmctld" -V)" ]; then
	lines=$(wc -l <"$CLUSTER_DIR/log/slurmctld")
	timeout -k 1 20 slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1
	isnt $? 124 "the old controller refuses to start on newer state"
	like "$(tail -n "+$((lines + 1))" "$CLUSTER_DIR/log/slurmctld")" \
		'fatal: .*(incompatible|version)' "and says why"
else
	ok "the old controller starts" ctld_start
	ok "the step runs" steps_are "${jobs[1]}.0"
	is "$(new_step)" "$((first + 3))-$((first + 6))" \
		"a new step gets what Slurm gives"
	ctld_stop
fi
use_new
ok "the new one starts again" ctld_start
ok "the step runs" steps_are "${jobs[1]}.0"
jobs+=("$held")
judged "all jobs are there" "${jobs[@]}"
for job in "${jobs[@]}"; do
	release "$job"
done
ok "the nodes answer" wait_nodes
ok "the job that waited starts when the others have ended" \
	wait_state "$waiting" RUNNING
judged "and is well placed" "$waiting"
cancel_all
ok "all is free again" wait_idle

# What a newer version has kept, or something else
mark=$CLUSTER_DIR/state/neuron_state
is "$(<"$mark")" "slurm-neuron state 1" "the state has the mark of its version"
ctld_stop
for entry in 'slurm-neuron state 2|kept by a newer slurm-neuron .state 2, this one knows up to 1' \
	'slurm-neuron state -1|kept by a newer|' 'hello|not a mark of slurm-neuron' \
	'|not a mark of slurm-neuron'; do
	printf '%s' "${entry%%|*}" >"$mark"
	lines=$(wc -l <"$CLUSTER_DIR/log/slurmctld")
	timeout -k 1 20 slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1
	isnt $? 124 "mark '${entry%%|*}': slurmctld does not start"
	like "$(tail -n "+$((lines + 1))" "$CLUSTER_DIR/log/slurmctld")" \
		"error: .*neuron_state: .*$(cut -d'|' -f2 <<<"$entry")" "and says why"
done
rm "$mark"
ok "without a mark, as an older version leaves it, it starts" ctld_start
is "$(<"$mark")" "slurm-neuron state 1" "and leaves one"

# Turned off, and on again, with jobs in the state that are not running
ok "the nodes answer" wait_nodes
held=$(submit -H -N1 --gres=neuron:2)
ended=$(submit_quick -N1 --gres=neuron:2)
ok "a job ends" wait_state "$ended" COMPLETED
wait_saved "$held"
ctld_stop
cp "$CLUSTER_DIR/etc/slurm.conf" "$CLUSTER_DIR/etc/slurm.conf.on"
sed -i -e 's,^SelectType=.*,SelectType=select/cons_tres,' \
	-e 's,^TopologyPlugin=.*,TopologyPlugin=topology/tree,' \
	-e '/^JobSubmitPlugins/d' -e '/^SwitchType/d' -e '/^TopologyParam=.*neuron/d' \
	"$CLUSTER_DIR/etc/slurm.conf"
ok "without the plugins slurmctld starts, with jobs of theirs in its state" ctld_start
is "$(job_state "$held")" PENDING "a job that waits is still there"
ctld_stop
mv "$CLUSTER_DIR/etc/slurm.conf.on" "$CLUSTER_DIR/etc/slurm.conf"
ok "and with them again" ctld_start
is "$(job_state "$held")" PENDING "it is still there"
finish
