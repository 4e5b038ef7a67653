#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-health: faults of a machine become masks, suspects and drained nodes,
# by HealthCheckProgram and by the daemon, whatever is restarted meanwhile.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2317 # eval, wait_for
. "$(dirname "$0")/cluster.sh"

health=$NEURON_BUILD_DIR/tools/neuron-health
[ -x "$health" ] || skip_all "tools/neuron-health is not built"
: "${NEURON_SOURCE_DIR:=$_cluster_source}"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }

comment_of() { # NODE
	scontrol show node "$1" | sed -n 's/^ *Comment=//p'
}

has_comment() { # NODE ERE
	comment_of "$1" | grep -Eq -- "$2"
}

lacks_comment() { # NODE ERE
	! has_comment "$@"
}

drained_for() { # NODE REASON
	sinfo -N -h -n "$1" -o %T | grep -q drain &&
		[ "$(sinfo -N -h -n "$1" -p all -o %E)" = "$2" ]
}

waits() { # JOB
	[ "$(job_state "$1")" = PENDING ] && isnt_running "$1"
}

isnt_running() {
	[ "$(job_state "$1")" != RUNNING ]
}

machine() { # NODE PATH
	echo "$CLUSTER_DIR/machines/$1/$2"
}

hardware() { # NODE DEVICE FILE TEXT
	echo "$4" >"$(machine "$1" "sys/devices/virtual/neuron_device/neuron$2/stats/hardware/$3")"
}

port() { # NODE STATE: of efa0
	echo "$2" >"$(machine "$1" sys/class/infiniband/rdmap201s0/ports/1/state)"
}

sequence=100
kernel() { # NODE TEXT: a line of the kernel's log
	sequence=$((sequence + 1))
	echo "3,$sequence,1000,-;$2" >>"$(machine "$1" dev/kmsg)"
}

serial() { # NODE DEVICE
	cat "$(machine "$1" "sys/devices/virtual/neuron_device/neuron$2/info/serial_number")"
}

look() { # NODE OPTION...
	local node=$1
	shift
	"$health" --node "$node" "$@" 2>&1
}

# "0-2,5" as " 0 1 2 5 "
each() {
	local part
	echo -n ' '
	for part in ${1//,/ }; do
		seq -s ' ' "${part%-*}" "${part#*-}" | tr '\n' ' '
	done
}

cluster_new neuron
neuron_conf CandidateNodes=check
neuron_conf HealthInterval=0:01
neuron_conf "RuntimeDir=$CLUSTER_DIR/run/slurm-neuron/%n"
neuron_conf "HealthRules=$CLUSTER_DIR/etc/health-rules.json"
# The rules that are shipped, with less patience
sed 's/"for": [0-9]*/"for": 0/; s/"clear_after": [0-9]*/"clear_after": 2/; s/"then_after": [0-9]*/"then_after": 1/' \
	"$NEURON_SOURCE_DIR/etc/health-rules.json" >"$CLUSTER_DIR/etc/health-rules.json"
# slurmd gives the program the name of the node, and nothing else
printf '#!/bin/sh\nexport SLURM_CONF=%s\nexec %s >>%s 2>&1\n' "$SLURM_CONF" "$health" \
	"$CLUSTER_DIR/out/check" >"$CLUSTER_DIR/etc/check"
chmod 755 "$CLUSTER_DIR/etc/check"
cluster_conf "HealthCheckProgram=$CLUSTER_DIR/etc/check"
cluster_conf HealthCheckInterval=1
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_partition all 'n[1-2]' Default=YES
cluster_start

#
# HealthCheckProgram
#
out=$(look n1 --dry-run)
is "$out" "n1: nothing is wrong" "a healthy machine"
ok "every node was looked at" wait_for grep -q '^n2: nothing is wrong' "$CLUSTER_DIR/out/check"
is "$(comment_of n1)" "" "and is left alone"

running=$(submit -w n1 --gres=neuron:4)
wait_state "$running" RUNNING
held=$(job_devices "$running")
hardware n1 3 sram_ecc_uncorrected 2
hardware n1 9 health_status/unhealthy_components hbm
mask='neuron-mask=3(sram-uncorrected: sram_ecc_uncorrected is 2; replace the instance),9(unhealthy-memory: unhealthy_components is hbm; replace the instance)'
ok "two faults at once: the devices are masked" wait_for has_comment n1 '9\('
is "$(comment_of n1)" "$mask" "each with its reason"
unlike "$(sinfo -N -h -n n1 -o %T)" drain "the node goes on"
is "$(job_state "$running") $(job_devices "$running")" "RUNNING $held" "so does a job"
job=$(submit -w n1 --gres=neuron:4)
ok "another one starts" wait_state "$job" RUNNING
unlike "$(each "$(job_devices "$job")")" ' [39] ' "on devices that are well"
judged "as a good set" "$job" "$running"
cancel "$job" "$running"
wait_gone "$running"

slurmd_restart n1
wait_nodes
is "$(comment_of n1)" "$mask" "slurmd restarts: they stay masked"
ctld_stop
hardware n1 5 mem_ecc_uncorrected 18446744073709551615
# slurmd runs HealthCheckProgram when slurmctld says so
ok "slurmctld is away: a look that is on its way ends" wait_for -t 90 \
	flock -n "$CLUSTER_DIR/run/slurm-neuron/n1/health" true
look n1 >"$CLUSTER_DIR/out/away" &
away=$!
ok "a new fault is kept" wait_for grep -q '^rule hbm-uncorrected 5 masked' \
	"$CLUSTER_DIR/run/slurm-neuron/n1/health/state"
ctld_start
wait_nodes
wait "$away"
ok "it is told when slurmctld is back" wait_for -t 60 has_comment n1 '5\(hbm-uncorrected: '
like "$(comment_of n1)" '^neuron-mask=3\(.*,5\(.* is 18446744073709551615; .*,9\(' "with the others"
job=$(submit -w n1 --gres=neuron:16)
ok "a job of all devices waits" wait_for waits "$job"
cancel "$job"

# An operator's word, while the fault lasts and after it
topo unmask n1:3 >/dev/null
ok "unmasked while it is broken, it is masked again" wait_for has_comment n1 '3\(sram'
hardware n1 3 sram_ecc_uncorrected 0
hardware n1 5 mem_ecc_uncorrected 0
hardware n1 9 health_status/unhealthy_components ''
: >"$CLUSTER_DIR/out/check"
ok "the driver is loaded anew, two looks" \
	wait_for eval '[ "$(grep -c "^n2: nothing is wrong" "$CLUSTER_DIR/out/check")" -ge 3 ]'
like "$(comment_of n1)" 'neuron-mask=3\(.*,5\(.*,9\(' "no mask goes by itself"
look n1 --forget 9 >/dev/null
topo unmask n1 >/dev/null
: >"$CLUSTER_DIR/out/check"
wait_for eval '[ "$(grep -c "^n1: nothing is wrong" "$CLUSTER_DIR/out/check")" -ge 2 ]'
is "$(comment_of n1)" "" "but by an operator, and then for good"
job=$(submit -w n1 --gres=neuron:16)
ok "no healthy device is lost" wait_state "$job" RUNNING
cancel "$job"
wait_idle

#
# A job that wants to go elsewhere when its device fails
#
landed() { # JOB DEVICE: it was requeued, and runs without the device
	[ "$(job_state "$1") $(job_field "$1" Restarts)" = "RUNNING 1" ] &&
		[[ $(each "$(job_devices "$1")") != *" $2 "* ]]
}
job=$(submit -w n1 --gres=neuron:4 --neuron-on-fault=requeue)
wait_state "$job" RUNNING
at=$(job_devices "$job")
at=${at%%-*}
hardware n1 "$at" sram_ecc_uncorrected 1
ok "it is requeued, and lands on others" wait_for -t 180 landed "$job" "$at"
like "$(scontrol show job "$job")" "AdminComment=.* n1:$at failed .*[(]sram-uncorrected: .*requeued" "its AdminComment says why"
cancel "$job"
wait_gone "$job"
hardware n1 "$at" sram_ecc_uncorrected 0
look n1 --forget all >/dev/null
topo unmask n1 >/dev/null

#
# Suspects are shown, and used
#
hardware n1 7 health_status/hw_error_event 1
ok "a suspect is in the node's Comment" wait_for has_comment n1 \
	'^neuron-suspect=7\(hw-error-event: hw_error_event \+1 in 3600 s; see the kernel.s log\)$'
like "$(topo --colour never show n1)" '─!' "show draws it as !"
like "$(topo --colour never show n1)" '^n1 device 7 is suspect: hw-error-event: ' "with the reason"
like "$(topo show --json n1 | tr -d '\n ')" '"suspect":\[\{"device":7,"reason":"hw-error-event:' \
	"show --json has it"
topo show --svg "$CLUSTER_DIR/out/svg" n1
like "$(<"$CLUSTER_DIR/out/svg")" 'n1 device 7: suspect: hw-error-event' "the picture too"
job=$(submit -w n1 --gres=neuron:16)
ok "a job can have it" wait_state "$job" RUNNING
cluster_reconfigure && wait_nodes
like "$(comment_of n1)" '^neuron-suspect=7' "reconfigured, it is a suspect still"
scontrol update nodename=n1 comment="$(comment_of n1) rack 7"
look n1 --forget all >/dev/null
ok "forgotten, it is none, and what else stands there stays" \
	wait_for eval '[ "$(comment_of n1)" = "rack 7" ]'
cancel "$job"
wait_idle
scontrol update nodename=n1 comment=

#
# An EFA interface comes and goes
#
port n1 '1: DOWN'
ok "a port that is down: a suspect, then masked" wait_for has_comment n1 \
	'neuron-mask=0\(efa0 \[rdmap201s0\]: efa-port: its port is 1: DOWN; '
port n1 '4: ACTIVE'
ok "its rule takes that back" wait_for eval '[ -z "$(comment_of n1)" ]'
port n1 '1: DOWN'
wait_for has_comment n1 neuron-mask=0
topo mask --reason "my own" n1:0 >/dev/null
port n1 '4: ACTIVE'
ok "but not what an operator said" wait_for eval '[ "$(comment_of n1)" = "neuron-mask=0(my own)" ]'
: >"$CLUSTER_DIR/out/check"
wait_for eval '[ "$(grep -c "^n1: nothing is wrong" "$CLUSTER_DIR/out/check")" -ge 2 ]'
is "$(comment_of n1)" "neuron-mask=0(my own)" "later too"
topo unmask n1 >/dev/null

#
# The daemon, beside HealthCheckProgram
#
"$health" --daemon --node n2 >"$CLUSTER_DIR/out/daemon" 2>&1 &
daemon=$!
kernel n2 "NEURON_HW_ERR=DMA_ERROR instance-id=i-0 hostname=h nd-id=4 nc-id=1 serial-num=0123456789abcdef action=TERMINATE_INSTANCE"
kernel n2 "x NEURON_HW_ERR=DMA_ERROR nd-id=99 nc-id=1"
kernel n2 'NEURON_HW_ERR=$(touch$IFS/tmp/x) nd-id=3'
kernel n2 "NEURON_HW_ERR=DMA_ERROR instance-id=i-0 hostname=h nd-id=6 nc-id=1 serial-num=$(serial n2 6) action=TERMINATE_INSTANCE"
ok "an error in the kernel's log: the device is masked" wait_for has_comment n2 \
	"^neuron-mask=6\(kernel-dma: the kernel's log has DMA_ERROR; replace the instance\)$"
ok "malformed lines are told" wait_for grep -q \
	'passed over: record 102 .*NEURON_HW_ERR= with a malformed or missing nd-id' \
	"$CLUSTER_DIR/out/daemon" "$CLUSTER_DIR/out/check"
unlike "$(comment_of n2)" '[=,][34]\(' "one with another serial number does not count"
cp "$CLUSTER_DIR/etc/health-rules.json" "$CLUSTER_DIR/etc/good"
sed -i 's/"verdict": "masked"/"verdict": "mask"/' "$CLUSTER_DIR/etc/health-rules.json"
kill -HUP "$daemon"
ok "a rule is wrong: the daemon says so" wait_for grep -q \
	'not read again: .*rules\[0\].verdict is "mask"; it must be "ok", "suspect", "masked" or "node"' \
	"$CLUSTER_DIR/out/daemon"
hardware n2 8 health_status/unhealthy_components link_efa
ok "and goes on with the old ones" wait_for has_comment n2 '8\(unhealthy-link: '
out=$(look n2)
is "$?" 2 "a look by hand refuses them"
like "$out" 'error: .*health-rules.json: rules\[0\]\.verdict is "mask"' "with the sentence"
mv "$CLUSTER_DIR/etc/good" "$CLUSTER_DIR/etc/health-rules.json"
kill -HUP "$daemon"
ok "mended, it reads them" wait_for grep -q 'the rules are read again' "$CLUSTER_DIR/out/daemon"
kill -TERM "$daemon"
wait "$daemon"
is "$?" 0 "a signal ends it"
hardware n2 8 health_status/unhealthy_components ''
look n2 --forget all >/dev/null
topo unmask n2 >/dev/null

#
# The whole node
#
mv "$(machine n2 sys/devices/virtual/neuron_device)" "$CLUSTER_DIR/out/gone"
rm "$(machine n2 sys/class)"/neuron_device/neuron*
out=$(look n2 --dry-run)
like "$out" 'would drain the node: neuron-health: no-devices: no_devices; load the neuron driver' \
	"--dry-run says what would be done"
ok "no driver: the node is drained" wait_for drained_for n2 \
	"neuron-health: no-devices: no_devices; load the neuron driver"
is "$(comment_of n2)" "" "and no device is masked"
ctld_stop
ctld_start
wait_nodes
ok "slurmctld restarts: it stays so" drained_for n2 \
	"neuron-health: no-devices: no_devices; load the neuron driver"
# The words of agents only when they are asked for
is "$(grep -EcR 'Action:|NeuronHasError' "$CLUSTER_DIR"/out/{check,daemon})" "$CLUSTER_DIR/out/check:0
$CLUSTER_DIR/out/daemon:0" "nothing that an agent of the cloud waits for is said"
echo CloudHealthStrings=hyperpod >>"$CLUSTER_DIR/etc/neuron.conf"
like "$(look n2 --dry-run)" '^would drain the node: Action:Reboot$' "but in neuron.conf"
sed -i 's/^CloudHealthStrings=.*/CloudHealthStrings=npd/' "$CLUSTER_DIR/etc/neuron.conf"
hardware n1 2 sram_ecc_uncorrected 1
ok "for the node problem detector" wait_for grep -q \
	'neuron-health: NeuronHasError_SRAM_UNCORRECTABLE_ERROR: neuron2: masked: sram-uncorrected: ' \
	"$CLUSTER_DIR/out/check"
hardware n1 2 sram_ecc_uncorrected 0
sed -i '/^CloudHealthStrings=/d' "$CLUSTER_DIR/etc/neuron.conf"
look n1 --forget all >/dev/null
topo unmask n1 >/dev/null
mv "$CLUSTER_DIR/out/gone" "$(machine n2 sys/devices/virtual/neuron_device)"
for ((d = 0; d < 16; d++)); do
	ln -s "../../devices/virtual/neuron_device/neuron$d" "$(machine n2 sys/class/neuron_device)/neuron$d"
done
: >"$CLUSTER_DIR/out/check"
ok "the driver is back" wait_for grep -q '^n2: nothing is wrong' "$CLUSTER_DIR/out/check"
ok "the node waits for an operator" drained_for n2 \
	"neuron-health: no-devices: no_devices; load the neuron driver"
scontrol update nodename=n2 state=resume
wait_idle

#
# What can keep it from what it does
#
mv "$CLUSTER_DIR/etc/check" "$CLUSTER_DIR/etc/check.away"
printf '#!/bin/sh\n' >"$CLUSTER_DIR/etc/check"
chmod 755 "$CLUSTER_DIR/etc/check"
for node in n1 n2; do
	ok "$node: nobody looks" wait_for flock -n "$CLUSTER_DIR/run/slurm-neuron/$node/health" true
done
exec {lock}<"$CLUSTER_DIR/run/slurm-neuron/n1/health"
flock $lock
look n1 >"$CLUSTER_DIR/out/locked" &
locked=$!
deaf=$NEURON_BUILD_DIR/testsuite/compat/.libs/deaf.so
hardware n2 6 sram_ecc_uncorrected 1
out=$(LD_PRELOAD=$deaf look n2)
like "$out" 'cannot deal with the jobs' "a device fails again, and slurmctld does not tell whose it is"
like "$out" 'cannot ask slurmctld for the jobs of n2: ' "with the reason"
like "$(comment_of n2)" '^neuron-mask=6\(sram' "the device is masked all the same"
hardware n2 6 sram_ecc_uncorrected 0
look n2 --forget all >/dev/null
topo unmask n2 >/dev/null
mv "$(machine n2 sys/devices/virtual/neuron_device)" "$CLUSTER_DIR/out/gone"
out=$(LD_PRELOAD=$deaf look n2)
like "$out" 'cannot drain the node' "a node that slurmctld does not drain"
unlike "$(sinfo -N -h -n n2 -o %T)" drain "is not drained"
mv "$CLUSTER_DIR/out/gone" "$(machine n2 sys/devices/virtual/neuron_device)"
look n2 --forget all >/dev/null
wait $locked
exec {lock}<&-
like "$(<"$CLUSTER_DIR/out/locked")" 'another neuron-health is looking for longer than 10 seconds' \
	"it does not wait for ever for another one"
mv "$CLUSTER_DIR/etc/check.away" "$CLUSTER_DIR/etc/check"

# BadDevice=drain
echo BadDevice=drain >>"$CLUSTER_DIR/etc/neuron.conf"
job=$(submit -w n2 --gres=neuron:16 --neuron-on-fault=requeue)
ok "a job that wants to begin again runs" wait_state "$job" RUNNING
hardware n2 2 sram_ecc_uncorrected 1
ok "BadDevice=drain: the node goes with its device" wait_for drained_for n2 \
	"neuron-health: neuron2: sram-uncorrected: sram_ecc_uncorrected is 1; replace the instance"
begins_again() { [ "$(scontrol show job "$job" | sed -n 's/.* Restarts=\([0-9]*\).*/\1/p')" = 1 ]; }
ok "and so does the job" wait_for begins_again
like "$(scontrol show job "$job")" 'AdminComment=.*run 0: n2:2 failed .*sram_ecc_uncorrected is 1.*: it is requeued' "with the reason"
scancel "$job"
hardware n2 2 sram_ecc_uncorrected 0
sed -i '/^BadDevice=/d' "$CLUSTER_DIR/etc/neuron.conf"
wait_for lacks_comment n2 .
scontrol update nodename=n2 state=resume

#
# An ordinary user
#
if [ "$(id -u)" -ne 0 ]; then
	skip "an ordinary user" "only root can become one"
else
	user=$CLUSTER_DIR/user
	mkdir -p "$user/lib"
	chmod 0755 "$CLUSTER_DIR" "$user" "$user/lib"
	cp "$health" "$user/"
	cp -rL "$NEURON_SLURM_PLUGINDIR"/*.so "$user/lib/"
	cp "$NEURON_SLURM_PREFIX"/lib*/libslurm*.so* "$user/lib/" 2>/dev/null
	cp "$NEURON_BUILD_DIR"/plugins/.libs/*.so "$user/lib/"
	cp -r "$NEURON_SOURCE_DIR/etc/profiles" "$CLUSTER_DIR/etc/health-rules.json" "$user/"
	cp -r "$CLUSTER_DIR/machines/n1" "$user/machine"
	echo 1 >"$user/machine/sys/devices/virtual/neuron_device/neuron1/stats/hardware/sram_ecc_uncorrected"
	sed "s|^ProfileDir=.*|ProfileDir=$user/profiles|; s|^HealthRules=.*|HealthRules=$user/health-rules.json|; s|^RuntimeDir=.*|RuntimeDir=$user/run|" \
		"$CLUSTER_DIR/etc/neuron.conf" >"$user/neuron.conf"
	sed "s|^PluginDir=.*|PluginDir=$user/lib|" "$SLURM_CONF" >"$user/slurm.conf"
	cp "$CLUSTER_DIR"/etc/topology.conf "$user/" 2>/dev/null
	chmod -R a+rX "$user"
	install -d -o 65534 -g 65534 "$user/run"
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups \
		env SLURM_CONF="$user/slurm.conf" LD_LIBRARY_PATH="$user/lib" TMPDIR="$user/run" \
		"$user/neuron-health" --node n1 --root "$user/machine" 2>&1)
	is "$?" 1 "an ordinary user with files of his own"
	like "$out" 'neuron1: masked: sram-uncorrected' "finds what he wrote there"
	like "$out" 'cannot mask devices or show suspects' "but can tell nobody"
	is "$(comment_of n1)" "" "nothing is masked"
	sed -i "s|^RuntimeDir=.*|RuntimeDir=$CLUSTER_DIR/run/slurm-neuron/%n|" "$user/neuron.conf"
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups \
		env SLURM_CONF="$user/slurm.conf" LD_LIBRARY_PATH="$user/lib" \
		"$user/neuron-health" --node n1 --root "$user/machine" 2>&1)
	is "$?" 2 "and in the place of root's state"
	like "$out" 'its owner is|Permission denied|must be root' "he is refused"
fi

cancel_all
wait_idle
ctld_stop
unlike "$(grep -E 'error: [a-z_]+/(neuron|efa)|error:.*ledger' "$CLUSTER_DIR/log/slurmctld")" . "no error in slurmctld's log"
finish
