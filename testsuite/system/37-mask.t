#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A device that a node's Comment masks leaves scheduling; the node goes on with
# its others, whatever is restarted.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2317 # eval, wait_for
. "$(dirname "$0")/cluster.sh"

prolog=$NEURON_BUILD_DIR/tools/neuron-prolog
[ -x "$prolog" ] || skip_all "tools/neuron-prolog is not built"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }
# value JSON KEY...: the member of an object, of objects
value() {
	local json=$1
	shift
	"$NEURON_BUILD_DIR/testsuite/jsonget" "$@" <<<"$json"
}

# By the word itself, as an operator may write it
comment() { # NODE TEXT
	scontrol update "nodename=$1" comment="$2"
}

comment_of() { # NODE
	scontrol show node "$1" | sed -n 's/^ *Comment=//p'
}

waits() { # JOB ERE: it does, and slurmctld shows it so
	[ "$(job_state "$1")" = PENDING ] &&
		scontrol show job "$1" | grep -Eq "$2"
}

node_is_drained() {
	sinfo -N -h -n "$1" -o %T | grep -q drain
}

machine() { # NODE PATH
	echo "$CLUSTER_DIR/machines/$1/$2"
}

# "0-2,5" as " 0 1 2 5 "
each() {
	local part
	echo -n ' '
	for part in ${1//,/ }; do
		seq -s ' ' "${part%-*}" "${part#*-}" | tr '\n' ' '
	done
}

unhealthy() { # NODE DEVICE TEXT
	echo "$3" >"$(machine "$1" "sys/devices/virtual/neuron_device/neuron$2/stats/hardware/health_status/unhealthy_components")"
}

cluster_new neuron
neuron_conf CandidateNodes=check
neuron_conf ResetWait=0:3
cluster_nodes 'n[1-3]' trn2u.48xlarge
cluster_nodes 't1' trn1.32xlarge
cluster_partition all 'n[1-3]' Default=YES
cluster_partition trn1 t1
cluster_partition alone 'n[1-3]' OverSubscribe=EXCLUSIVE
cluster_prolog
cluster_start

#
# What is masked is given to nobody
#
is "$(topo mask --reason hot 'n1:0-3' 2>&1)" "n1: masked 0-3" "neuron-topo mask"
is "$(comment_of n1)" "neuron-mask=0-3(hot)" "is seen in the node's Comment"
is "$(topo mask --reason hot 'n1:0-3,5' 2>&1)" "n1: masked 5" "one more"
is "$(topo mask --reason hot 'n1:0-3,5' 2>&1)" "n1: nothing to do, they are masked for this reason" \
	"again"
comment n2 "rack 7; neuron-mask=8-15(bad board)"
a=$(submit -w n1 --gres=neuron:8)
wait_state "$a" RUNNING
is "$(job_alloc "$a")" "n1 8-15 8-15" "a job gets devices that are not masked"
b=$(submit -w n1 --gres=neuron:4)
ok "the next one waits" wait_for waits "$b" "1 more but for devices that are masked"
is "$(topo unmask 'n1:0-3' 2>&1)" "n1: unmasked 0-3" "neuron-topo unmask"
ok "then it starts" wait_state "$b" RUNNING
is "$(job_alloc "$b")" "n1 0-3 0-3" "with those"

c=$(submit -w n2 --gres=neuron:16)
ok "a job of all devices of a node is not refused" wait_for waits "$c" Reason
d=$(submit -w n2 --exclusive --gres=neuron:1)
e=$(submit -w n2 --exclusive)
g=$(submit -p alone -w n2 --gres=neuron:1)
f=$(submit -w n2 --gres=neuron:8)
wait_state "$f" RUNNING
is "$(job_alloc "$f")" "n2 0-7 0-7" "others pass it"
cancel "$f"
wait_gone "$f"
ok "a job of whole nodes waits" wait_for waits "$d" Reason
ok "also without devices" wait_for waits "$e" Reason
ok "also by its partition" wait_for waits "$g" Reason
is "$(topo unmask n2)" "n2: unmasked 8-15" "all of a node"
is "$(comment_of n2)" "rack 7;" "what else was in its Comment stays"
for job in "$c" "$d" "$e" "$g"; do
	ok "then job $job starts" wait_state "$job" RUNNING
	cancel "$job"
	wait_gone "$job"
done
is "$(topo unmask n2)" "n2: nothing to do, nothing of it is masked" "nothing is left"
comment n2 ""

# Two devices of trn1 share an EFA interface
topo mask --reason x t1:2,4-5 >/dev/null
job=$(submit -p trn1 -w t1 --gres=neuron:10)
wait_state "$job" RUNNING
is "$(job_alloc "$job")" "t1 6-15 3-7" "an interface leaves with its last device"
cancel "$job"
wait_gone "$job"
job=$(submit -p trn1 -w t1 --gres=neuron:2)
wait_state "$job" RUNNING
like "$(job_alloc "$job")" '^t1 (0-1|[68]-[79]|1[0-4]-1[1-5]) [03-7]$' "a pair with its interface"
cancel "$job"
topo unmask t1 >/dev/null

cancel_all
wait_idle
topo unmask n1 >/dev/null

#
# Jobs that have it keep it; steps too
#
a=$(submit -w n3 --gres=neuron:4)
wait_state "$a" RUNNING
held=$(job_devices "$a")
topo mask --reason x 'n3:0-15' >/dev/null
is "$(srun --overlap --jobid="$a" -n1 --gres=neuron:4 sh -c 'echo $SLURM_NEURON_DEVICES')" "$held" \
	"a step of a job gets a device that was masked since"
b=$(submit -w n3 --gres=neuron:1)
ok "another job gets nothing" wait_for waits "$b" masked
cluster_reconfigure && wait_nodes
is "$(job_alloc "$a" | cut -d' ' -f2) $(job_state "$a")" "$held RUNNING" \
	"reconfigured, the job still has it"
cancel "$a" "$b"
topo unmask n3 >/dev/null

#
# A ring around a hole
#
topo mask --reason x 'n3:5' >/dev/null
job=$(submit -w n3 --gres=neuron:8)
wait_state "$job" RUNNING
judged "8 devices beside a masked one are a good set" "$job"
unlike "$(job_devices "$job")" '^0-7$' "and without it"
rest=$(submit -w n3 --gres=neuron:4)
wait_state "$rest" RUNNING
judged "so are 4 more" "$job" "$rest"

#
# What neuron-topo says
#
show=$(topo --colour never show n3)
like "$show" '─x─' "show draws it as x"
is "$(topo show --json n3 | tr -d ' \n' | grep -o '"masked":[^]]*]')" \
	'"masked":[{"device":5,"reason":"x"}]' "show --json names it"
topo show --svg "$CLUSTER_DIR/out/svg" n3
is "$(grep -c '>n3 device 5: masked: x<' "$CLUSTER_DIR/out/svg")" 1 "so does the picture"
cancel "$job" "$rest"
wait_idle
out=$(topo fit -w n3 --gres=neuron:16)
is "$?" 3 "fit: not now"
like "$out" '1 device is masked on 1 of them' "says what is masked"
like "$out" 'masked devices come back' "and what would help"
json=$(topo fit --json -w n3 --gres=neuron:8)
is "$(value "$json" census masked_devices) $(value "$json" census fit)" "1 3" "fit --json"
topo fit -w n3 --gres=neuron:15 >/dev/null
is "$?" 3 "no set of 15 is left"
topo fit -w n3 --exclusive --gres=neuron:1 >/dev/null
is "$?" 3 "nor a whole node"
job=$(submit -w n3 --gres=neuron:16)
like "$(topo explain "$job")" '1 device is masked on 1 of them' "explain says it as well"
cancel "$job"
topo snapshot >"$CLUSTER_DIR/out/snapshot"
like "$(<"$CLUSTER_DIR/out/snapshot")" '"mask": *"5\(x\)"' "a snapshot has it"
like "$(topo replay "$CLUSTER_DIR/out/snapshot" fit -w n3 --gres=neuron:16)" \
	'1 device is masked' "and its replay"
sed 's/"5(x)"/"5(x"/' "$CLUSTER_DIR/out/snapshot" >"$CLUSTER_DIR/out/broken"
like "$(topo replay "$CLUSTER_DIR/out/broken" show 2>&1)" 'mask of node n3: .*"\(x": a reason' \
	"not one that cannot be read"
topo unmask n3 >/dev/null
topo fit -w n3 --gres=neuron:16 >/dev/null
is "$?" 0 "unmasked, it fits"

#
# Refusals
#
refused() { # NAME ERE ARGUMENT...
	local name=$1 ere=$2 out status
	shift 2
	out=$(topo "$@" 2>&1)
	status=$?
	isnt "$status" 0 "$name: refused"
	like "$out" "$ere" "$name: with a sentence"
}
refused "no reason" Usage mask n1:5
refused "no devices" 'write NODES:DEVICES' mask --reason x n1
refused "no such device" 'n1 has the devices 0 to 15, not 16' mask --reason x n1:16
refused "no number" 'n1|5x' mask --reason x n1:5x
refused "empty" 'no device is named' mask --reason x n1:
refused "no node" 'no node nowhere' mask --reason x nowhere:1
refused "nonsense" 'list of nodes|no node' unmask '[[['
comment n3 "neuron-mask=banana"
refused "a Comment that cannot be read" '"banana": a device is a number' mask --reason x n3:1
job=$(submit -w n3 --gres=neuron:16)
ok "it masks nothing" wait_state "$job" RUNNING
is "$(grep -c 'error: select/neuron: n3: neuron-mask=.*banana.*no device is masked there' "$CLUSTER_DIR/log/slurmctld")" 1 \
	"and slurmctld logs it once"
cancel "$job"
comment n3 ""
topo mask --reason $'a(b)\nc\x01\xc3' n3:1 >/dev/null
is "$(comment_of n3)" "neuron-mask=1(a[b]?c??)" "a reason has plain characters only"
topo unmask n3 >/dev/null
# An ordinary user, with a Slurm that he can read
ordinary() {
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		env SLURM_CONF="$CLUSTER_DIR/user/slurm.conf" \
		LD_LIBRARY_PATH="$CLUSTER_DIR/user/lib" \
		TMPDIR="$CLUSTER_DIR/user/tmp" \
		"$CLUSTER_DIR/user/neuron-topo" "$@" 2>&1
}
if [ "$(id -u)" -ne 0 ]; then
	skip "an ordinary user" "only root can become one"
else
	mkdir -p "$CLUSTER_DIR/user/lib"
	chmod 0755 "$CLUSTER_DIR" "$CLUSTER_DIR/user" "$CLUSTER_DIR/user/lib"
	cp "$NEURON_BUILD_DIR/tools/neuron-topo" "$CLUSTER_DIR/user/"
	cp -rL "$NEURON_SLURM_PLUGINDIR"/*.so "$CLUSTER_DIR/user/lib/"
	cp "$NEURON_SLURM_PREFIX"/lib*/libslurm*.so* "$CLUSTER_DIR/user/lib/" 2>/dev/null
	cp "$NEURON_BUILD_DIR"/plugins/.libs/*.so "$CLUSTER_DIR/user/lib/"
	cp "$CLUSTER_DIR"/etc/neuron.conf "$CLUSTER_DIR/user/"
	cp -r "$NEURON_SOURCE_DIR/etc/profiles" "$CLUSTER_DIR/user/"
	sed -i "s|^ProfileDir=.*|ProfileDir=$CLUSTER_DIR/user/profiles|" "$CLUSTER_DIR/user/neuron.conf"
	sed "s|^PluginDir=.*|PluginDir=$CLUSTER_DIR/user/lib|" "$SLURM_CONF" >"$CLUSTER_DIR/user/slurm.conf"
	cp "$CLUSTER_DIR"/etc/topology.conf "$CLUSTER_DIR/user/" 2>/dev/null
	chmod -R a+rX "$CLUSTER_DIR/user"
	mkdir -m 1777 "$CLUSTER_DIR/user/tmp"
	if ! out=$(ordinary show n3); then
		skip "an ordinary user" "it cannot ask slurmctld: ${out##*$'\n'}"
	else
		out=$(ordinary mask --reason x n3:1)
		is "$?" 1 "an ordinary user is refused"
		like "$out" "n3: slurmctld says: .*([Dd]enied|Invalid user)" "in slurmctld's words"
		is "$(comment_of n3)" "" "and nothing is masked"
	fi
fi

#
# Epilog and Prolog mask, and do not drain
#
a=$(submit -w n3 --gres=neuron:4)
wait_state "$a" RUNNING
b=$(submit -w n3 --gres=neuron:4)
wait_state "$b" RUNNING
busy=$(job_devices "$b")
busy=${busy%%-*}
# A process of a job that goes on has a device of the other one open
srun --overlap --jobid="$a" -n1 --gres=none sh -c 'exec 3<"$1"; echo $$ >"$2"; sleep 1000; :' \
	sh "$(machine n3 "dev/neuron$busy")" "$CLUSTER_DIR/out/intruder" >/dev/null 2>&1 &
srun=$!
wait_for test -s "$CLUSTER_DIR/out/intruder"
release "$b"
ok "a device stays busy: it is masked" wait_for -t 60 eval '[ -n "$(comment_of n3)" ]'
is "$(comment_of n3)" \
	"neuron-mask=$busy(it stays busy: process $(<"$CLUSTER_DIR/out/intruder") [sh] of user $(id -u), job $a has it open)" \
	"with the reason"
wait_gone "$b"
unlike "$(sinfo -N -h -n n3 -o %T)" drain "the node is not drained"
next=$(submit -w n3 --gres=neuron:8)
ok "the next job gets others" wait_state "$next" RUNNING
judged "a good set of them" "$next"
unlike "$(each "$(job_devices "$next")")" " $busy " "without the busy one"
cancel "$a" "$next"
wait "$srun" 2>/dev/null
wait_idle
topo unmask n3 >/dev/null

unhealthy n3 3 hbm
unhealthy n3 7 sram
job=$(submit -w n3 --gres=neuron:16 --neuron-shape=best)
ok "Prolog finds two bad devices: the job waits again" wait_for -t 60 eval \
	'[ "$(job_field "$job" Restarts) $(job_state "$job")" = "1 PENDING" ]'
is "$(comment_of n3)" "neuron-mask=3(it is unhealthy: hbm),7(it is unhealthy: sram)" \
	"they are masked"
isnt "$(job_field "$job" Priority)" 0 "it is not held"
like "$(scontrol show job "$job")" \
	'AdminComment=neuron: shape=best; .*run 0: neuron3: it is unhealthy: hbm, neuron7: it is unhealthy: sram *$' \
	"its AdminComment says why, and its options as before"
ok "the node is not drained" wait_idle
like "$(sinfo -N -h -n n3 -o %T)" '^idle$' "it is idle"
cancel "$job"
wait_idle
topo unmask n3 >/dev/null

# One of a job of two nodes
at=-1
landed() { # JOB: it runs again, on n3 without device $at
	local set
	[ "$(job_state "$1") $(job_field "$1" Restarts)" = "RUNNING 1" ] || return
	set=$(job_alloc "$1" | sed -n 's/^n3 \([^ ]*\).*/\1/p')
	[[ $set == [0-9]* ]] && [[ $(each "$set") != *" $at "* ]]
}
unhealthy n3 3 ""
unhealthy n3 7 ""
job=$(submit -w 'n[1,3]' -N2 --gres=neuron:4)
wait_state "$job" RUNNING
at=$(job_alloc "$job" | sed -n 's/^n3 \([0-9]*\).*/\1/p')
cancel "$job"
wait_idle
unhealthy n3 "$at" sram
job=$(submit -w 'n[1,3]' -N2 --gres=neuron:4)
ok "a job of two nodes lands on other devices of the bad one" wait_for -t 180 landed "$job"
is "$(comment_of n3)" "neuron-mask=$at(it is unhealthy: sram)" "one is masked"
judged "and a good set" "$job"
cancel "$job"
wait_idle

# Masked, and given all the same: the node is drained, and no job goes round
# for ever
out=$(env -i SLURM_CONF="$SLURM_CONF" SLURMD_NODENAME=n3 SLURM_JOB_ID=999999 \
	SLURM_JOB_UID="$(id -u)" SLURM_JOB_NEURON="$at" \
	SLURM_SCRIPT_CONTEXT=prolog_slurmd "$prolog" 2>&1)
is "$?" 1 "a bad device that is masked already"
ok "drains the node" node_is_drained n3
diag "$out"
scontrol update nodename=n3 state=resume
wait_idle
unhealthy n3 "$at" ""
topo unmask n3 >/dev/null

# Jobs that end at the same moment
pids=()
for ((d = 0; d < 8; d++)); do
	unhealthy n3 $d hbm
	env -i SLURM_CONF="$SLURM_CONF" SLURMD_NODENAME=n3 SLURM_JOB_ID=$((999000 + d)) \
		SLURM_JOB_UID="$(id -u)" SLURM_JOB_NEURON=$d \
		SLURM_SCRIPT_CONTEXT=epilog_slurmd "${prolog%prolog}epilog" >/dev/null 2>&1 &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || fail "neuron-epilog failed: $?"
done
is "$(comment_of n3)" "neuron-mask=0-7(it is unhealthy: hbm)" "eight Epilogs at once: no mask is lost"
unlike "$(sinfo -N -h -n n3 -o %T)" drain "the node goes on"
for ((d = 0; d < 8; d++)); do unhealthy n3 $d ""; done
topo unmask n3 >/dev/null

# A mask that cannot be set
comment n3 "neuron-mask=banana"
unhealthy n3 2 hbm
job=$(submit -w n3 --gres=neuron:16)
ok "no mask can be set: the node is drained" wait_for -t 60 node_is_drained n3
is "$(sinfo -N -h -n n3 -p all -o %E)" "neuron-prolog: neuron2: it is unhealthy: hbm" "with the reason"
cancel "$job"
unhealthy n3 2 ""
comment n3 ""
wait_for -t 60 eval '[ -z "$(squeue -h -t CG -o %i)" ] && [ "$(sinfo -N -h -n n3 -p all -o %T)" = drained ]'
scontrol update nodename=n3 state=resume
wait_idle

# srun cannot be requeued
unhealthy n3 0 hbm
out=$(srun -w n3 --gres=neuron:16 true 2>&1)
isnt "$?" 0 "srun fails"
diag "$out"
ok "but the node goes on" wait_idle
is "$(comment_of n3)" "neuron-mask=0(it is unhealthy: hbm)" "without the device"
unhealthy n3 0 ""
topo unmask n3 >/dev/null

cancel_all
wait_idle
ctld_stop
unlike "$(grep -E 'error: [a-z_]+/(neuron|efa)|error:.*ledger' "$CLUSTER_DIR/log/slurmctld" | grep -v banana)" . "no other error"
finish
