# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables that the tests use
#
# cluster.sh: private Slurm clusters for tests, and TAP output.
#
# Source it from a bash script. A cluster is real: one slurmctld and one
# slurmd for each node, all on this machine, on ports of their own, with every
# file under one directory made by mktemp. Nothing needs root. Whatever was
# started is stopped when the script ends, by any way; the directory is removed
# when every test passed, else kept and named.
#
# Environment:
#   NEURON_SLURM_PREFIX	where Slurm is installed (default: from PATH)
#   NEURON_SLURM_PLUGINDIR	where Slurm's own plugins are (default: PREFIX/lib/slurm
#			or as distributions have it, /usr/lib/.../slurm-wlm)
#   NEURON_BUILD_DIR	top of the build tree (default: that of the sources)
#   NEURON_AUTH		munge | none (default: munge when it can be started)
#   NEURON_KEEP		not empty: keep the directory in any case
#   CLUSTER_TOPOLOGY	TopologyPlugin without this project (topology/tree)
#   CLUSTER_BACKFILL	seconds between two cycles of backfill (1)
#   NEURON_MEMORY	no: clusters are below TMPDIR from the start (default: in
#			/dev/shm while they run, when that is fit for it)
#
# Build a cluster:
#   cluster_new MODE		stock, links or neuron: topology/tree +
#				select/cons_tres with generic GRES, the same
#				with Links=, or the plugins of this project
#   cluster_nodes NODES FAMILY [KEY=VALUE...]	add nodes "trn[1-8]" of a
#				family (trn2u.48xlarge, ..., cpu)
#   cluster_switch NAME LIST	a leaf over nodes, or over switches
#   cluster_ultraserver NAME NODES [KEY=VALUE]	members in ring order
#   cluster_partition NAME NODES [KEY=VALUE...]	without any: "all", default
#   cluster_conf LINE		one more line for slurm.conf
#   cluster_sched OPTIONS	more SchedulerParameters
#   cluster_cgroups LINE...	use cgroups, with these lines in cgroup.conf; root only
#   neuron_conf LINE		one more line for neuron.conf
#   cluster_prolog		Prolog and Epilog of this project
#   cluster_start		write the files, start, wait until all are idle
#
# Run it:
#   ctld_stop ctld_kill ctld_start	the controller: TERM, KILL, start
#   cluster_reconfigure		scontrol reconfigure and wait until answered
#   submit ARGS...		job that runs until released; prints its id
#   submit_quick ARGS...	job that ends at once; prints its id
#   grant ARGS...		allocation without a script, now or never; prints its id
#   release JOB...		let jobs of submit end
#   cancel JOB..., cancel_all
#   wait_for [-t SECONDS] COMMAND...	poll until it succeeds
#   wait_state JOB STATE, wait_gone JOB, wait_idle, wait_nodes
#   job_state JOB, job_field JOB KEY
#   job_alloc JOB		lines "node neuron-indexes efa-indexes"
#   job_devices JOB		the neuron sets only, one word
#   job_nodes JOB		node names, one word
#   set_size INDEXES		how many "0-3,8" are
#   node_used NODE		"neuron-indexes efa-indexes" in use
#   picture JOB...		what these jobs have and what is in use on every node
#   judged NAME JOB...		test: testsuite/judge finds the allocations of these
#				jobs perfect, together
#   user_prepare		let an ordinary user reach the cluster; root only
#   as_user COMMAND ARGS...	run neuron-topo or scontrol as one
#
# Report:
#   ok NAME COMMAND...; is GOT WANT NAME; isnt GOT BAD NAME;
#   like GOT ERE NAME; unlike GOT ERE NAME; pass NAME; fail NAME; diag TEXT;
#   skip NAME REASON; skip_all REASON; finish

set -u
LC_ALL=C
export LC_ALL

_cluster_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${NEURON_BUILD_DIR:=$_cluster_source}"
NEURON_BUILD_DIR=$(cd "$NEURON_BUILD_DIR" && pwd) || exit 99
if [ -z "${NEURON_SLURM_PREFIX:-}" ]; then
	NEURON_SLURM_PREFIX=$(command -v slurmctld || command -v scontrol)
	NEURON_SLURM_PREFIX=${NEURON_SLURM_PREFIX%/*bin/*}
fi
_stock_plugindir() {
	local dir
	for dir in "$NEURON_SLURM_PREFIX"/lib{,64}/{,*/}slurm{,-wlm}; do
		[ ! -e "$dir/select_cons_tres.so" ] ||
			{ echo "$dir" && return; }
	done
}
: "${NEURON_SLURM_PLUGINDIR:=$(_stock_plugindir)}"
export NEURON_BUILD_DIR NEURON_SLURM_PREFIX NEURON_SLURM_PLUGINDIR
PATH=$NEURON_SLURM_PREFIX/bin:$NEURON_SLURM_PREFIX/sbin:$PATH
# Options of the caller's own Slurm do not belong here
for _var in $(compgen -e | grep -E '^(SLURM|SBATCH|SRUN|SALLOC|SQUEUE|SINFO|SCANCEL|SCONTROL|SACCT)_'); do
	unset "$_var"
done

#
# TAP
#
TAP_COUNT=0
TAP_FAILED=0
TAP_PLANNED=
_tap_out=$(mktemp "${TMPDIR:-/tmp}/nslurm-tap.XXXXXX") || exit 99

diag() {
	local line
	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

pass() {
	TAP_COUNT=$((TAP_COUNT + 1))
	printf 'ok %d - %s\n' "$TAP_COUNT" "$*"
}

fail() {
	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	printf 'not ok %d - %s\n' "$TAP_COUNT" "$*"
}

ok() {
	local name=$1
	shift
	if "$@" >"$_tap_out" 2>&1; then
		pass "$name"
	else
		fail "$name"
		diag "command: $*"
		diag "output:  $(<"$_tap_out")"
	fi
}

is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got:    $1"
		diag "wanted: $2"
	fi
}

isnt() {
	if [ "$1" != "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got what must not be: $1"
	fi
}

like() {
	if grep -Eq -- "$2" <<<"$1"; then
		pass "$3"
	else
		fail "$3"
		diag "got:           $1"
		diag "wanted match:  $2"
	fi
}

unlike() {
	if grep -Eq -- "$2" <<<"$1"; then
		fail "$3"
		diag "got:             $1"
		diag "wanted no match: $2"
	else
		pass "$3"
	fi
}

skip() {
	TAP_COUNT=$((TAP_COUNT + 1))
	printf 'ok %d - %s # SKIP %s\n' "$TAP_COUNT" "$1" "$2"
}

skip_all() {
	printf '1..0 # SKIP %s\n' "$*"
	TAP_PLANNED=1
	exit 0
}

bail() {
	diag "$(printf '%s\n' "$@")"
	printf 'Bail out! %s\n' "$1"
	TAP_FAILED=$((TAP_FAILED + 1))
	exit 99
}

finish() {
	printf '1..%d\n' "$TAP_COUNT"
	TAP_PLANNED=1
	[ "$TAP_FAILED" -eq 0 ] || exit 1
	exit 0
}

#
# Machines. type devices efas sockets cores/socket threads MiB
#
family_facts() {
	case $1 in
	trn2u.48xlarge | trn2.48xlarge) echo trn2 16 16 2 48 2 2097152 ;;
	trn1.32xlarge) echo trn1 16 8 2 32 2 524288 ;;
	trn1n.32xlarge) echo trn1n 16 16 2 32 2 524288 ;;
	trn1.2xlarge) echo trn1 1 0 1 4 2 32768 ;;
	inf2.48xlarge) echo inf2 12 0 2 48 2 786432 ;;
	inf2.24xlarge) echo inf2 6 0 1 48 2 393216 ;;
	inf2.8xlarge) echo inf2 1 0 1 16 2 131072 ;;
	inf2.xlarge) echo inf2 1 0 1 2 2 16384 ;;
	cpu) echo - 0 0 2 4 2 32768 ;;
	*) return 1 ;;
	esac
}

# Socket of each device, in order of index
_neuron_sockets() {
	case $1 in
	trn2*) echo 1 1 1 1 0 0 0 0 0 0 0 0 1 1 1 1 ;;
	trn1*.32*) echo 0 0 1 1 0 0 1 1 0 0 1 1 0 0 1 1 ;;
	inf2.48*) echo 1 1 1 1 1 1 0 0 0 0 0 0 ;;
	inf2.24*) echo 0 0 0 0 0 0 ;;
	*) echo 0 ;;
	esac
}

# Socket of each EFA interface, in order of PCI address
_efa_sockets() {
	case $1 in
	trn2* | trn1n*) echo 0 0 0 0 0 0 0 0 1 1 1 1 1 1 1 1 ;;
	trn1.32*) echo 0 0 0 0 1 1 1 1 ;;
	esac
}

# What Links= of device $2 says, for the graph of family $1
_links_of() {
	local i n=$3 out='' w
	for ((i = 0; i < n; i++)); do
		w=0
		case $1 in
		trn*)
			((i / 4 == $2 / 4 && ((i - $2 + 4) % 4 == 1 ||
				(i - $2 + 4) % 4 == 3))) && w=1
			((i % 4 == $2 % 4 && ((i - $2 + 16) % 16 == 4 ||
				(i - $2 + 16) % 16 == 12))) && w=1
			;;
		inf2.48*) (((i - $2 + 12) % 12 == 1 || (i - $2 + 12) % 12 == 11)) && w=1 ;;
		*) ((i - $2 == 1 || $2 - i == 1)) && w=1 ;;
		esac
		[ "$i" -eq "$2" ] && w=-1
		out=$out${out:+,}$w
	done
	echo "$out"
}

# "a[1-3,5],b" -> one name a line
hostlist() {
	local head range i
	while [ -n "$1" ]; do
		if [[ $1 =~ ^([^],[]*)\[([0-9,-]+)\](,(.*))?$ ]]; then
			head=${BASH_REMATCH[1]}
			set -- "${BASH_REMATCH[4]}" "${BASH_REMATCH[2]}"
			for range in ${2//,/ }; do
				for ((i = ${range%-*}; i <= ${range#*-}; i++)); do
					echo "$head$i"
				done
			done
		else
			echo "${1%%,*}"
			[[ $1 == *,* ]] && set -- "${1#*,}" || set -- ''
		fi
	done
}

#
# Files
#
CLUSTER_DIR=

cluster_new() {
	CLUSTER_MODE=${1:-neuron}
	[ -x "$NEURON_SLURM_PREFIX/sbin/slurmctld" ] &&
		[ -x "$NEURON_SLURM_PREFIX/sbin/slurmd" ] ||
		skip_all "no slurmctld and slurmd under NEURON_SLURM_PREFIX"
	[ -n "$NEURON_SLURM_PLUGINDIR" ] ||
		skip_all "no plugins of Slurm under NEURON_SLURM_PREFIX"
	if [ "$CLUSTER_MODE" = neuron ]; then
		_need_plugins
	fi
	[ -z "$CLUSTER_DIR" ] || cluster_stop
	CLUSTER_DIR=$(mktemp -d "$(_place)/nslurm.XXXXXX") || exit 99
	CLUSTER_DIRS+=("$CLUSTER_DIR")
	SLURM_CONF=$CLUSTER_DIR/etc/slurm.conf
	export SLURM_CONF CLUSTER_DIR
	mkdir -p "$CLUSTER_DIR"/{etc,log,state,spool,run,gate,out,dev,machines}
	: >"$CLUSTER_DIR/etc/slurm.conf"
	: >"$CLUSTER_DIR/etc/neuron.conf"
	: >"$CLUSTER_DIR/etc/gres.conf"
	_nodes_conf='' _topology_conf='' _partitions='' _extra_conf=''
	_neuron_conf='' _sched='' _munged_pid='' _cgroups='' _cgroups_before=''
	_node_list=() _switches=() _slurmd_pids=()
	: "${NEURON_AUTH:=}"
}

# A simulated machine is a thousand directories and small files, which cost a
# disk more than all else that a test does
_place() {
	if [ "${NEURON_MEMORY:-}" != no ] && [ -z "${NEURON_KEEP:-}" ] && _memory_suits; then
		echo /dev/shm
	else
		echo "${TMPDIR:-/tmp}"
	fi
}

# Room, device nodes that can be opened, scripts that can be run
_memory_suits() {
	local free dir suits=1
	free=$(stat -f -c '%T %a %S' /dev/shm 2>/dev/null |
		awk '$1 == "tmpfs" { printf "%d", $2 * $3 / 1048576 }')
	[ "${free:-0}" -ge 1024 ] && dir=$(mktemp -d /dev/shm/nslurm.XXXXXX) || return 1
	_device_file "$dir/device"
	printf '#!/bin/sh\n' >"$dir/script" && chmod 0755 "$dir/script"
	! (: <"$dir/device" && "$dir/script") 2>/dev/null || suits=0
	rm -rf "$dir"
	return $suits
}

# What is kept for inspection goes to the disk
_keep() {
	local kept=$1
	if [[ $1 == /dev/shm/* ]]; then
		kept=$(mktemp -d "${TMPDIR:-/tmp}/nslurm.XXXXXX") || return
		mv "$1"/* "$1"/.[!.]* "$kept" 2>/dev/null
		rm -rf "$1"
	fi
	diag "kept for inspection: $kept"
}

_need_plugins() {
	local plugin
	for plugin in topology_neuron select_neuron gres_neuron gres_efa \
		job_submit_neuron spank_neuron switch_neuron; do
		[ -e "$NEURON_BUILD_DIR/plugins/.libs/$plugin.so" ] ||
			skip_all "plugins/.libs/$plugin.so is not built"
	done
	for plugin in simroot judge; do
		[ -x "$NEURON_BUILD_DIR/testsuite/$plugin" ] ||
			skip_all "testsuite/$plugin is not built"
	done
}

cluster_nodes() {
	local nodes=$1 family=$2 type devices efas sockets cores threads memory
	local gres='' node
	shift 2
	# shellcheck disable=SC2034
	read -r type devices efas sockets cores threads memory \
		<<<"$(family_facts "$family")"
	[ -n "$type" ] || bail "no facts about family $family"
	[ "$devices" -eq 0 ] || gres=Gres=neuron:$type:$devices
	[ "$efas" -eq 0 ] || gres=$gres,efa:$efas
	for node in $(hostlist "$nodes"); do
		_node_list+=("$node")
		echo "$node $family" >>"$CLUSTER_DIR/run/families"
		_nodes_conf+="NodeName=$node NodeHostname=localhost"
		_nodes_conf+=" NodeAddr=127.0.0.1 Port=@PORT${#_node_list[@]}@"
		_nodes_conf+=" CPUs=$((sockets * cores * threads))"
		_nodes_conf+=" Sockets=$sockets CoresPerSocket=$cores"
		_nodes_conf+=" ThreadsPerCore=$threads RealMemory=$memory"
		_nodes_conf+=" $gres $*"$'\n'
	done
	if [ "$CLUSTER_MODE" = neuron ]; then
		[ "$devices" -eq 0 ] ||
			_neuron_conf+="NodeName=$nodes Profile=$family"$'\n'
	else
		_stock_gres "$nodes" "$family" "$type" "$devices" "$efas" \
			$((sockets * cores)) "$sockets"
	fi
	[ "$CLUSTER_MODE" != neuron ] || [ "$devices" -eq 0 ] ||
		for node in $(hostlist "$nodes"); do
			_simulate "$family" "$CLUSTER_DIR/machines/$node"
		done
}

_profile() {
	local dir
	for dir in "$_cluster_source" "$NEURON_BUILD_DIR"; do
		[ ! -e "$dir/etc/profiles/$1.json" ] ||
			{ echo "$dir/etc/profiles/$1.json" && return; }
	done
	return 1
}

# Write a simulated machine; the second of a family is a copy of the first
_simulate() {
	local first=$CLUSTER_DIR/machines/.$1
	if [ ! -d "$first" ]; then
		"$NEURON_BUILD_DIR/testsuite/simroot" "$(_profile "$1")" \
			"$first" >"$CLUSTER_DIR/log/simroot" 2>&1 ||
			bail "simroot $1 failed" "$(<"$CLUSTER_DIR/log/simroot")"
	fi
	cp -a "$first" "$2"
}

_device_file() {
	[ -e "$1" ] && return
	mknod "$1" c 1 3 2>/dev/null || : >"$1"
}

# gres.conf as an administrator of stock Slurm writes it: a line for each
# device, EFA interfaces in order of PCI address
_stock_gres() {
	local nodes=$1 family=$2 type=$3 devices=$4 efas=$5 cores=$6 per i s
	local sockets dir=$CLUSTER_DIR/dev/$2 line
	per=$((cores / $7))
	mkdir -p "$dir/infiniband"
	read -ra sockets <<<"$(_neuron_sockets "$family")"
	for ((i = 0; i < devices; i++)); do
		s=${sockets[i]}
		_device_file "$dir/neuron$i"
		line="NodeName=$nodes Name=neuron Type=$type File=$dir/neuron$i"
		line+=" Cores=$((s * per))-$((s * per + per - 1))"
		[ "$CLUSTER_MODE" != links ] ||
			line+=" Links=$(_links_of "$family" "$i" "$devices")"
		echo "$line" >>"$CLUSTER_DIR/etc/gres.conf"
	done
	read -ra sockets <<<"$(_efa_sockets "$family")"
	for ((i = 0; i < efas; i++)); do
		s=${sockets[i]}
		_device_file "$dir/infiniband/uverbs$i"
		line="NodeName=$nodes Name=efa File=$dir/infiniband/uverbs$i"
		line+=" Cores=$((s * per))-$((s * per + per - 1))"
		echo "$line" >>"$CLUSTER_DIR/etc/gres.conf"
	done
}

cluster_switch() {
	local name=$1 list=$2
	case " ${_switches[*]:-} " in
	*" ${list%%[\[,]*}"*) _topology_conf+="SwitchName=$name Switches=$list"$'\n' ;;
	*) _topology_conf+="SwitchName=$name Nodes=$list"$'\n' ;;
	esac
	_switches+=("$name")
}

cluster_ultraserver() {
	local name=$1 nodes=$2
	shift 2
	[ "$CLUSTER_MODE" != neuron ] ||
		_neuron_conf+="UltraServerName=$name Nodes=$nodes $*"$'\n'
}

cluster_partition() {
	local name=$1 nodes=$2
	shift 2
	_partitions+="PartitionName=$name Nodes=$nodes State=UP"
	_partitions+=" MaxTime=INFINITE $*"$'\n'
}

cluster_conf() {
	_extra_conf+="$*"$'\n'
}

cluster_prolog() {
	cluster_conf "Prolog=$NEURON_BUILD_DIR/tools/neuron-prolog"
	cluster_conf "Epilog=$NEURON_BUILD_DIR/tools/neuron-epilog"
	cluster_conf "PrologFlags=Alloc"
	neuron_conf "RuntimeDir=$CLUSTER_DIR/run/slurm-neuron/%n"
}

cluster_sched() {
	_sched+=",$1"
}

cluster_cgroups() {
	_cgroups=$(printf '%s\n' "$@")
	_cgroups_before=$(_slurm_cgroups)
}

# The cgroups that slurmd makes and leaves: with the name of the node where
# Slurm was built for several slurmd on a machine
_slurm_cgroups() {
	local node names=(-name slurm -o -name slurmstepd.scope)
	for node in "${_node_list[@]}"; do
		names+=(-o -name "slurm_$node" -o -name "${node}_slurmstepd.scope")
	done
	find /sys/fs/cgroup -mindepth 1 -maxdepth 3 -type d \( "${names[@]}" \) \
		-prune 2>/dev/null
}

_remove_cgroups() {
	local top left=0
	for top in $(_slurm_cgroups); do
		! grep -qxF "$top" <<<"$_cgroups_before" || continue
		find "$top" -depth -type d -exec rmdir {} \; 2>/dev/null
		[ ! -d "$top" ] || left=1
	done
	return $left
}

neuron_conf() {
	_neuron_conf+="$*"$'\n'
}

_port_is_free() {
	! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The first of $1 free ports in a row
_free_ports() {
	local base try i
	if [ -x "$NEURON_BUILD_DIR/testsuite/freeport" ]; then
		"$NEURON_BUILD_DIR/testsuite/freeport" "$1" && return
	fi
	for ((try = 0; try < 100; try++)); do
		base=$((10000 + (RANDOM * 32768 + RANDOM) % 20000))
		for ((i = 0; i < $1; i++)); do
			_port_is_free $((base + i)) || continue 2
		done
		echo "$base"
		return
	done
	return 1
}

_auth_choose() {
	local can=no
	[ -e "$NEURON_SLURM_PLUGINDIR/auth_munge.so" ] &&
		PATH=$PATH:/usr/sbin:/sbin command -v munged >/dev/null &&
		can=yes
	case ${NEURON_AUTH:-} in
	munge | none) ;;
	*) [ $can = yes ] && NEURON_AUTH=munge || NEURON_AUTH=none ;;
	esac
}

# Authentication without a fixed path: a munged of our own, or none.
# (auth/slurm serves its clients on a socket in /run that only root can make
# and that every Slurm of the machine shares.)
# A requeued job waits as long as credentials live: cred_expire.
_auth_conf() {
	if [ "$NEURON_AUTH" = munge ]; then
		echo "AuthType=auth/munge"
		echo "CredType=cred/munge"
		echo "AuthInfo=socket=$CLUSTER_DIR/run/munge.socket,cred_expire=8"
	else
		echo "AuthType=auth/none"
		echo "CredType=cred/none"
		echo "AuthInfo=cred_expire=8"
	fi
}

_munged_start() {
	local dir=$CLUSTER_DIR/munge
	[ "$NEURON_AUTH" = munge ] && [ -z "$_munged_pid" ] || return 0
	mkdir -p "$dir" && chmod 0700 "$dir"
	(umask 077 && head -c 64 /dev/urandom >"$dir/key")
	chmod 0755 "$CLUSTER_DIR" "$CLUSTER_DIR/run"
	PATH=$PATH:/usr/sbin:/sbin env -u SLURM_CONF munged --foreground \
		--force \
		--num-threads=2 --key-file="$dir/key" \
		--socket="$CLUSTER_DIR/run/munge.socket" \
		--pid-file="$dir/pid" --log-file="$dir/log" \
		--seed-file="$dir/seed" >"$dir/out" 2>&1 &
	_munged_pid=$!
	wait_for -t 10 test -S "$CLUSTER_DIR/run/munge.socket" ||
		bail "munged does not start" "$(cat "$dir/out" "$dir/log")"
}

_host_conf() {
	local host
	host=$(hostname -s 2>/dev/null) || host=$(cut -d. -f1 /proc/sys/kernel/hostname)
	echo "ClusterName=test"
	echo "SlurmctldHost=$host(127.0.0.1)"
	echo "SlurmUser=$(id -un)"
	echo "SlurmdUser=$(id -un)"
	echo "SlurmctldPort=$1"
	echo "SlurmdPort=$(($1 + 1))"
	echo "StateSaveLocation=$CLUSTER_DIR/state"
	echo "SlurmdSpoolDir=$CLUSTER_DIR/spool/%n"
	echo "SlurmctldPidFile=$CLUSTER_DIR/run/slurmctld.pid"
	echo "SlurmdPidFile=$CLUSTER_DIR/run/%n.pid"
	echo "SlurmctldLogFile=$CLUSTER_DIR/log/slurmctld"
	echo "SlurmdLogFile=$CLUSTER_DIR/log/%n"
}

_plugins_conf() {
	local stock=$NEURON_SLURM_PLUGINDIR
	echo "GresTypes=neuron,efa"
	if [ "$CLUSTER_MODE" = neuron ]; then
		echo "PluginDir=$NEURON_BUILD_DIR/plugins/.libs:$stock"
		echo "SelectType=select/neuron"
		echo "TopologyPlugin=topology/neuron"
		echo "JobSubmitPlugins=neuron"
		echo "SwitchType=${CLUSTER_SWITCH-switch/neuron}"
	else
		echo "PluginDir=$stock"
		echo "SelectType=select/cons_tres"
		echo "TopologyPlugin=${CLUSTER_TOPOLOGY:-topology/tree}"
	fi
}

_common_conf() {
	local sched=bf_interval=${CLUSTER_BACKFILL:-1},bf_resolution=1,batch_sched_delay=0
	cat <<-END
		SelectTypeParameters=CR_Core_Memory
		DefMemPerCPU=512
		SlurmdParameters=config_overrides
		SchedulerType=sched/backfill
		SchedulerParameters=$sched,sched_interval=1,sched_min_interval=0,default_queue_depth=1000$_sched
		PriorityType=priority/basic
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/$([ -n "$_cgroups" ] && echo cgroup || echo none)
		MpiDefault=none
		JobAcctGatherType=
		AccountingStorageType=
		JobCompType=
		PropagateResourceLimits=NONE
		ReturnToService=2
		InactiveLimit=0
		KillWait=1
		CompleteWait=0
		EpilogMsgTime=0
		MinJobAge=600
		SlurmctldTimeout=300
		SlurmdTimeout=300
		MessageTimeout=60
		TreeWidth=65533
		SlurmctldDebug=${CLUSTER_DEBUG:-info}
		SlurmdDebug=${CLUSTER_DEBUG:-info}
	END
}

# The ports of the first jobs are those of any other new cluster on this machine,
# and all nodes are this machine
_root_ports() {
	local first=$((16384 + 512 * (CLUSTER_PORT % 31)))
	echo "RootPorts=$first-$((first + 511))"
}

_write_neuron_conf() {
	local dir
	dir=$(dirname "$(_profile trn2u.48xlarge)")
	{
		echo "ProfileDir=$dir"
		echo "Root=$CLUSTER_DIR/machines/%n"
		printf '%s' "$_neuron_conf"
		[[ $_neuron_conf == *RootPorts=* ]] || _root_ports
	} >"$CLUSTER_DIR/etc/neuron.conf"
}

cluster_write() {
	local i nodes=$_nodes_conf
	_auth_choose
	CLUSTER_PORT=$(_free_ports $((${#_node_list[@]} + 1))) ||
		bail "no free ports"
	if [ -z "$_topology_conf" ]; then
		_topology_conf="SwitchName=leaf Nodes=$(IFS=, && echo "${_node_list[*]}")"$'\n'
	fi
	[ -n "$_partitions" ] || cluster_partition all ALL Default=YES
	for ((i = ${#_node_list[@]}; i > 0; i--)); do
		nodes=${nodes//@PORT$i@/$((CLUSTER_PORT + i))}
	done
	{
		_host_conf "$CLUSTER_PORT"
		_auth_conf
		_plugins_conf
		_common_conf
		printf '%s' "$_extra_conf"
		printf '%s' "$nodes"
		printf '%s' "$_partitions"
	} | sed '/=$/d' >"$SLURM_CONF"
	printf '%s' "$_topology_conf" >"$CLUSTER_DIR/etc/topology.conf"
	echo "${_cgroups:-CgroupPlugin=disabled}" >"$CLUSTER_DIR/etc/cgroup.conf"
	if [ "$CLUSTER_MODE" = neuron ]; then
		_write_neuron_conf
		echo "required $NEURON_BUILD_DIR/plugins/.libs/spank_neuron.so" \
			>"$CLUSTER_DIR/etc/plugstack.conf"
	else
		rm -f "$CLUSTER_DIR"/etc/{neuron,plugstack}.conf
	fi
	_write_gate
}

# The script of jobs that run until they are released: it sleeps in open(2)
_write_gate() {
	cat >"$CLUSTER_DIR/gate.sh" <<-END
		#!/bin/sh
		gate=$CLUSTER_DIR/gate/\$SLURM_JOB_ID
		[ -p "\$gate" ] || mkfifo "\$gate"
		read -r line <"\$gate"
	END
	chmod 0755 "$CLUSTER_DIR/gate.sh"
}

#
# Daemons
#
ctld_start() {
	slurmctld -f "$SLURM_CONF" >>"$CLUSTER_DIR/log/slurmctld.out" 2>&1
	wait_for -t 5 ctld_alive && wait_for -t 120 _ctld_answers
}

_ctld_answers() {
	! _ctld_gone || return 99
	scontrol ping 2>/dev/null | grep -q 'is UP'
}

# Processes whose arguments begin with a word and contain our slurm.conf.
# The controller is a daemon, so that a reconfigure that fails leaves it as it
# was (in the foreground it would end); one that succeeds gives it a new id.
_pids_of() {
	local file pid line
	for file in $(grep -lsF -f <(echo "$SLURM_CONF") /proc/[0-9]*/cmdline); do
		pid=${file#/proc/}
		pid=${pid%/cmdline}
		line=$(tr '\0' ' ' 2>/dev/null <"$file")
		[[ ${line%% *} != */"$1" && ${line%% *} != "$1" ]] || echo "$pid"
	done
}

ctld_pid() {
	_pids_of slurmctld | head -n 1
}

ctld_alive() {
	[ -n "$(ctld_pid)" ]
}

_ctld_dead() {
	! ctld_alive
}

# One that becomes a daemon or reconfigures has another id a moment later, and
# is in neither place for whoever looks in between
_ctld_gone() {
	_ctld_dead && sleep 0.3 && _ctld_dead
}

# End the controller with a signal, and its helper process with it
_ctld_end() {
	local pid pids='' end=$((SECONDS + 20))
	while pid=$(_pids_of slurmctld) && [ -n "$pid" ]; do
		for pid in $pid; do
			pids+=" $pid $(cat "/proc/$pid/task/$pid/children" 2>/dev/null)"
			kill "-$1" "$pid" 2>/dev/null
		done
		wait_for -t 20 _ctld_dead
		[ $SECONDS -lt $end ] || break
	done
	# shellcheck disable=SC2086
	wait_for -t 5 _all_dead $pids || kill -KILL $pids 2>/dev/null
}

_all_dead() {
	local pid
	for pid in "$@"; do
		[ ! -d "/proc/$pid" ] ||
			grep -q '^State:.*Z' "/proc/$pid/status" 2>/dev/null || return 1
	done
}

_reap() {
	local sig=$1 pid
	shift
	[ -n "${1:-}" ] || return 0
	for pid in "$@"; do
		kill "-$sig" "$pid" 2>/dev/null
	done
	for pid in "$@"; do
		wait "$pid" 2>/dev/null
	done
}

ctld_stop() {
	_ctld_end TERM
}

ctld_kill() {
	_ctld_end KILL
}

# Wait until what has happened so far is in the state files: a controller
# writes them some seconds late, and one that is killed knows no more. A
# change of a job makes it write.
wait_saved() { # JOB
	local mark=$CLUSTER_DIR/run/mark try
	for try in 1 2 3; do
		: >"$mark"
		scontrol update "jobid=$1" comment="saved $try" || continue
		wait_for -t 8 test "$CLUSTER_DIR/state/job_state" -nt "$mark" &&
			return
	done
	return 1
}

slurmd_start() {
	local node
	for node in "$@"; do
		slurmd -D -N "$node" -f "$SLURM_CONF" \
			>>"$CLUSTER_DIR/log/$node.out" 2>&1 &
		_slurmd_pids+=($!)
	done
}

# Needed after the root directory of a node was changed
slurmd_restart() {
	local pid i
	pid=$(_slurmd_pid "$1")
	_reap TERM "$pid"
	for i in "${!_slurmd_pids[@]}"; do
		[ "${_slurmd_pids[i]}" != "$pid" ] || unset "_slurmd_pids[i]"
	done
	slurmd_start "$1"
}

_slurmd_pid() {
	local pid
	for pid in $(_pids_of slurmd); do
		tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "-N $1 " && echo "$pid"
	done
}

cluster_start() {
	local try
	cluster_write
	_munged_start
	for try in 1 2 3; do
		ctld_start && slurmd_start "${_node_list[@]}" &&
			wait_for -t 60 _all_idle && return
		# somebody else was faster with one of our ports
		[ "$try" -lt 3 ] && grep -qs 'Address already in use' \
			"$CLUSTER_DIR"/log/* || break
		_reap TERM "${_slurmd_pids[@]:-}"
		_slurmd_pids=()
		ctld_kill
		rm -rf "$CLUSTER_DIR"/log/* "$CLUSTER_DIR"/state/*
		cluster_write
	done
	ctld_alive || bail "slurmctld does not start" "$(cluster_log)"
	bail "not all nodes are idle" "$(sinfo -N -h -o '%N %T %E')" \
		"$(cluster_log)"
}

_all_idle() {
	local states pid
	! _ctld_gone || return 99
	for pid in "${_slurmd_pids[@]:-}"; do
		[ -z "$pid" ] || kill -0 "$pid" 2>/dev/null || return 99
	done
	states=$(sinfo -N -h -o '%T' 2>/dev/null | sort -u)
	[ "$states" = idle ]
}

_nodes_answer() {
	! sinfo -N -h -o '%T' 2>/dev/null | grep -Eq '\*|unknown|down'
}

# After a restart of the controller: all nodes have answered it
wait_nodes() {
	wait_for -t 60 _nodes_answer
}

# The last lines that matter of all logs
cluster_log() {
	local file
	for file in "$CLUSTER_DIR"/log/*; do
		[ -s "$file" ] || continue
		echo "$file:"
		grep -E 'error|fatal|neuron' "$file" | tail -n 15
	done
}

cluster_reconfigure() {
	scontrol reconfigure && wait_for -t 30 _ctld_answers
}

# Jobs and commands of this cluster: all have its SLURM_CONF in their
# environment. (This shell has not: it was started without.)
_stray_jobs() {
	local file pid
	for file in $(grep -lsF -f <(echo "SLURM_CONF=$SLURM_CONF") \
		/proc/[0-9]*/environ); do
		pid=${file#/proc/}
		pid=${pid%/environ}
		[ "$pid" = $$ ] || echo "$pid"
	done
}

# slurmstepd writes over its environment, but listens on a socket below the
# directory of the cluster
_stray_steps() {
	local inode file
	for inode in $(awk -v dir="$CLUSTER_DIR/spool/" 'index($NF, dir) == 1 {
		print $7 }' /proc/net/unix); do
		file=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" \
			2>/dev/null | head -n 1)
		file=${file#/proc/}
		[ -z "$file" ] || echo "${file%%/*}"
	done
}

_stray_pids() {
	_stray_steps
	_stray_jobs
}

_kill_strays() {
	local try pids
	for try in 1 2 3 4 5; do
		pids=$(_stray_pids)
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086
		kill -KILL $pids 2>/dev/null
	done
}

_no_jobs() {
	[ -z "$(squeue -h -o %i 2>/dev/null)" ]
}

cluster_stop() {
	[ -n "$CLUSTER_DIR" ] || return 0
	if ctld_alive && ! _no_jobs; then
		scancel --full --signal=KILL --state=RUNNING -u "$(id -un)" 2>/dev/null
		scancel -u "$(id -un)" 2>/dev/null
		wait_for -t 5 _no_jobs
	fi
	_reap TERM "${_slurmd_pids[@]:-}"
	_slurmd_pids=()
	ctld_stop
	_kill_strays
	[ -z "$_cgroups" ] || wait_for -t 5 _remove_cgroups ||
		diag "cgroups are left: $(_slurm_cgroups)"
	[ -z "$_munged_pid" ] || _reap TERM "$_munged_pid"
	_munged_pid=
	CLUSTER_DIR=
}

CLUSTER_DIRS=()

_cluster_exit() {
	local status=$? dir=
	trap '' INT TERM HUP
	trap - EXIT
	cluster_stop
	rm -f "$_tap_out"
	if [ -z "$TAP_PLANNED" ] && [ "$status" -ne 99 ]; then
		diag "the test ended before it was finished (status $status)"
		[ "$status" -ne 0 ] || status=1
	fi
	for dir in "${CLUSTER_DIRS[@]}"; do
		if [ "$status" -eq 0 ] && [ -z "${NEURON_KEEP:-}" ]; then
			rm -rf "$dir"
		else
			_keep "$dir"
		fi
	done
	exit "$status"
}
trap _cluster_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

#
# Waiting
#
# A command that returns 99 can never succeed any more
wait_for() {
	local seconds=20 end status nap=2
	if [ "$1" = -t ]; then
		seconds=$2
		shift 2
	fi
	end=$((SECONDS + seconds))
	until "$@"; do
		status=$?
		[ $status -ne 99 ] || return 1
		[ $SECONDS -lt $end ] || return 1
		# Most of what is waited for comes at once
		sleep "0.0$nap"
		[ $nap -eq 9 ] || nap=$((nap + 1))
	done
}

#
# Jobs
#
submit() {
	sbatch --parsable --output=/dev/null "$@" "$CLUSTER_DIR/gate.sh"
}

# An allocation without a script: it is there at once or not at all. Prints
# the id; on failure what Slurm said
grant() {
	local out
	out=$(salloc --no-shell --immediate=1 "$@" 2>&1)
	if [[ $out =~ Granted\ job\ allocation\ ([0-9]+) ]]; then
		echo "${BASH_REMATCH[1]}"
	else
		echo "$out" | tr '\n' ' '
		return 1
	fi
}

submit_quick() {
	sbatch --parsable --output=/dev/null "$@" --wrap=true
}

release() {
	local job
	for job in "$@"; do
		wait_for test -p "$CLUSTER_DIR/gate/$job" || return 1
		# shellcheck disable=SC2016
		timeout 10 sh -c 'echo >"$1"' sh "$CLUSTER_DIR/gate/$job"
	done
}

cancel() {
	scancel "$@" && wait_gone "$@"
}

cancel_all() {
	scancel -u "$(id -un)" 2>/dev/null
	wait_for _no_jobs
}

job_state() {
	squeue -h -j "$1" -t all -o %T 2>/dev/null | head -n 1
}

job_field() {
	scontrol show job -d "$1" 2>/dev/null | tr ' ' '\n' |
		sed -n "s/^$2=//p" | head -n 1
}

# The rest of the line, for values with blanks
job_reason() {
	squeue -h -j "$1" -t all -o %r 2>/dev/null | head -n 1
}

_state_is() {
	[ "$(job_state "$1")" = "$2" ]
}

wait_state() {
	wait_for _state_is "$1" "$2"
}

_is_gone() {
	local job
	for job in "$@"; do
		[ -z "$(squeue -h -j "$job" -o %i 2>/dev/null)" ] || return 1
	done
}

wait_gone() {
	wait_for _is_gone "$@"
}

wait_idle() {
	wait_for -t 30 _all_idle
}

# What an ordinary user needs of files that he can read
user_prepare() {
	local dir=$CLUSTER_DIR/user
	mkdir -p "$dir/lib" &&
		chmod 0755 "$CLUSTER_DIR" "$dir" "$dir/lib" || return 1
	cp "$NEURON_BUILD_DIR/tools/neuron-topo" "$NEURON_SLURM_PREFIX/bin/scontrol" "$dir/"
	cp -L "$NEURON_SLURM_PLUGINDIR"/*.so "$dir/lib/"
	cp "$NEURON_SLURM_PREFIX"/lib*/libslurm*.so* "$dir/lib/" 2>/dev/null
	cp "$NEURON_BUILD_DIR"/plugins/.libs/*.so "$dir/lib/"
	cp -r "$CLUSTER_DIR"/etc/{neuron,topology}.conf "$_cluster_source/etc/profiles" "$dir/"
	sed -i "s|^ProfileDir=.*|ProfileDir=$dir/profiles|" "$dir/neuron.conf"
	sed "s|^PluginDir=.*|PluginDir=$dir/lib|" "$SLURM_CONF" >"$dir/slurm.conf"
	chmod -R a+rX "$dir"
	mkdir -p -m 1777 "$dir/tmp"
}

as_user() {
	local program=$1
	shift
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		env SLURM_CONF="$CLUSTER_DIR/user/slurm.conf" \
		LD_LIBRARY_PATH="$CLUSTER_DIR/user/lib" \
		TMPDIR="$CLUSTER_DIR/user/tmp" \
		"$CLUSTER_DIR/user/$program" "$@" 2>&1
}

picture() {
	local word
	for word in "$@"; do
		echo "$word: $(job_alloc "$word" | tr '\n' ';')"
	done
	for word in "${_node_list[@]}"; do
		echo "$word: $(node_used "$word")"
	done
}

# "node neuron-indexes efa-indexes" from scontrol show job -d; - for none.
# One record can stand for several nodes: "Nodes=a[1-2] ... GRES=..."
alloc_lines() {
	local nodes gres neuron efa node
	sed -n 's/^ *Nodes=\([^ ]*\) .*GRES=\(.*\)$/\1 \2/p' |
		while read -r nodes gres; do
			neuron=$(_gres_indexes neuron "$gres")
			efa=$(_gres_indexes efa "$gres")
			for node in $(hostlist "$nodes"); do
				echo "$node $neuron $efa"
			done
		done
}

_gres_indexes() {
	local re="(^|,)$1(:[^,:]+)?:[0-9]+\\(IDX:([0-9,-]+)\\)"
	if [[ $2 =~ $re ]]; then
		echo "${BASH_REMATCH[3]}"
	else
		echo -
	fi
}

# Only of this very job, not of the array or heterogeneous job that it leads
job_alloc() {
	scontrol show job -d "$1" 2>/dev/null |
		awk -v "job=JobId=$1" '$1 ~ /^JobId=/ { mine = $1 == job } mine' |
		alloc_lines
}

# "start" and "end" lines for testsuite/judge; family of a node by its name
node_family() {
	sed -n "s/^$1 //p" "$CLUSTER_DIR/run/families"
}

# Lines "start TIME JOB NODE FAMILY NEURON EFA" of jobs that run now
job_events() {
	local job node neuron efa
	for job in "$@"; do
		job_alloc "$job" | while read -r node neuron efa; do
			[ "$neuron" = - ] ||
				echo "start $SECONDS $job $node $(node_family "$node") $neuron $efa"
		done
	done
}

# Test that the allocations of these jobs, taken together, are perfect
judged() {
	local name=$1
	shift
	job_events "$@" >"$CLUSTER_DIR/run/events"
	if "$NEURON_BUILD_DIR/testsuite/judge" --explain \
		--require-consecutive <"$CLUSTER_DIR/run/events" >"$_tap_out" 2>&1; then
		pass "$name"
	else
		fail "$name"
		diag "$(<"$CLUSTER_DIR/run/events")"
		diag "$(<"$_tap_out")"
	fi
}

running_jobs() {
	squeue -h -r -t RUNNING -o %A
}

job_devices() {
	job_alloc "$1" | awk '{ printf "%s%s", s, $2; s = " " }'
}

# Number of indexes in "0-3,8"
set_size() {
	[ "$1" != - ] && [ -n "$1" ] || { echo 0 && return; }
	hostlist "x[$1]" | grep -c .
}

job_efas() {
	job_alloc "$1" | awk '{ printf "%s%s", s, $3; s = " " }'
}

job_nodes() {
	job_alloc "$1" | awk '{ printf "%s%s", s, $1; s = " " }'
}

node_used() {
	local gres
	gres=$(scontrol show node -d "$1" | sed -n 's/^ *GresUsed=//p')
	echo "$(_gres_indexes neuron "$gres") $(_gres_indexes efa "$gres")"
}
