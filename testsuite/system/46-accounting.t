#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The placement of a job is kept with slurmdbd: sacct shows it when slurmctld
# has forgotten the job.
#
# Environment, for a Slurm that was built without MySQL:
#   NEURON_SLURMDBD		slurmdbd of the same release
#   NEURON_SLURMDBD_PLUGINDIR	where its accounting_storage_mysql.so is
#   NEURON_MARIADBD		mariadbd, with the libraries that it needs in
#				LD_LIBRARY_PATH
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2317 # eval, wait_for
. "$(dirname "$0")/cluster.sh"

# find_program NAME...: the first that there is
find_program() {
	local name
	for name; do
		PATH=$NEURON_SLURM_PREFIX/sbin:$PATH:/usr/sbin:/sbin command -v "$name" && return
	done
}
: "${NEURON_MARIADBD:=$(find_program mariadbd mysqld)}"
: "${NEURON_SLURMDBD:=$(find_program slurmdbd)}"
: "${NEURON_SLURMDBD_PLUGINDIR:=$NEURON_SLURM_PLUGINDIR}"
[ -n "$NEURON_MARIADBD" ] || skip_all "mariadbd is not installed"
[ -n "$NEURON_SLURMDBD" ] || skip_all "this Slurm has no slurmdbd"
[ -e "$NEURON_SLURMDBD_PLUGINDIR/accounting_storage_mysql.so" ] ||
	skip_all "this Slurm has no accounting_storage/mysql"
[ -e "$NEURON_SLURM_PLUGINDIR/accounting_storage_slurmdbd.so" ] ||
	skip_all "this Slurm has no accounting_storage/slurmdbd"
command -v sacct >/dev/null || [ -x "$NEURON_SLURM_PREFIX/bin/sacct" ] ||
	skip_all "this Slurm has no sacct"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }

cluster_new neuron
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_ultraserver us1 'n[1-2]'
port=$("$NEURON_BUILD_DIR/testsuite/freeport" 1) || bail "no free port"
cluster_conf "AccountingStorageType=accounting_storage/slurmdbd"
cluster_conf "AccountingStorageHost=127.0.0.1"
cluster_conf "AccountingStoragePort=$port"
cluster_conf "AccountingStorageTRES=gres/neuron,gres/efa"
_auth_choose
[ "$NEURON_AUTH" != munge ] ||
	cluster_conf "AccountingStoragePass=$CLUSTER_DIR/run/munge.socket"
cluster_write

pids=()
dbd_exit() {
	local status=$?
	[ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	[ "${#pids[@]}" -eq 0 ] || wait "${pids[@]}" 2>/dev/null
	(exit "$status")
	_cluster_exit
}
runs() { # PID COMMAND...: 99 when it has ended
	kill -0 "$1" 2>/dev/null || return 99
	"${@:2}"
}
trap dbd_exit EXIT

# The database: files of its own, no port, no users
db=$CLUSTER_DIR/db
mkdir "$db"
root=()
[ "$(id -u)" -ne 0 ] || root=(--user=root)
"$NEURON_MARIADBD" --no-defaults "${root[@]}" --datadir="$db" --socket="$db/socket" \
	--pid-file="$db/pid" --skip-networking --skip-grant-tables \
	--innodb-buffer-pool-size=64M --innodb-log-file-size=16M \
	>"$CLUSTER_DIR/log/mariadbd" 2>&1 &
pids+=($!)
wait_for -t 60 runs "${pids[0]}" test -S "$db/socket" ||
	bail "mariadbd does not start" "$(tail -5 "$CLUSTER_DIR/log/mariadbd")"
{
	echo "DbdHost=localhost"
	echo "DbdAddr=127.0.0.1"
	echo "DbdPort=$port"
	grep -E '^(AuthType|AuthInfo)=' "$SLURM_CONF"
	echo "SlurmUser=$(id -un)"
	echo "PluginDir=$NEURON_SLURMDBD_PLUGINDIR:$NEURON_SLURM_PLUGINDIR"
	echo "StorageType=accounting_storage/mysql"
	echo "StorageHost=localhost"
	echo "StorageUser=root"
	echo "StorageLoc=slurm_acct_db"
	echo "LogFile=$CLUSTER_DIR/log/slurmdbd"
	echo "PidFile=$CLUSTER_DIR/run/slurmdbd.pid"
} >"$CLUSTER_DIR/etc/slurmdbd.conf"
chmod 0600 "$CLUSTER_DIR/etc/slurmdbd.conf"
_munged_start
MYSQL_UNIX_PORT=$db/socket "$NEURON_SLURMDBD" -D >"$CLUSTER_DIR/log/slurmdbd.out" 2>&1 &
pids+=($!)
wait_for -t 60 runs "${pids[1]}" sacctmgr -n list cluster 2>/dev/null ||
	bail "slurmdbd does not start" "$(cat "$CLUSTER_DIR"/log/slurmdbd*)"

cluster_start
# By slurmdbd alone
kept() { # JOB FIELD
	sacct -n -X -P -j "$1" -o "$2"
}

job=$(submit_quick -N2 --gres=neuron:8 --comment=mine)
wait_gone "$job"
told=$(scontrol show job "$job" | sed -n 's/^ *SystemComment=//p')
like "$told" '^neuron: v1 level=1 us=0 .* n1:neuron=0-7:efa=0-7:links=12/12 n2:neuron=0-7' \
	"scontrol show job has the placement"
placement="neuron-placement: ${told#neuron: }"
is "$(scontrol show job "$job" | sed -n 's/^ *AdminComment=//p')" "$placement" "also in AdminComment"
ok "sacct has it there" wait_for -t 30 eval '[ "$(kept "$job" AdminComment)" = "${placement% }" ] ||
	[ "$(kept "$job" AdminComment)" = "$placement" ]'
like "$(kept "$job" AllocTRES)" 'gres/efa=16,gres/neuron=16' "beside what was allocated"

options=$(submit_quick --gres=neuron:4 --neuron-shape=best --neuron-wait=never)
wait_gone "$options"
ok "the options are kept" wait_for -t 30 eval \
	'[[ $(kept "$options" AdminComment) == "neuron: shape=best,wait=never; neuron-placement: v1 "* ]]'
stock=$(submit_quick -n1)
wait_gone "$stock"
ok "a job without devices ended" wait_for -t 30 eval '[ -n "$(kept "$stock" End)" ]'
is "$(kept "$stock" AdminComment)" "" "and has none"

# A job that ran, an array, a job that slurmctld forgets
array=$(submit_quick --array=1-2 --gres=neuron:1)
wait_gone "$array"
ok "each job of an array has its own" wait_for -t 30 eval \
	'[ "$(sacct -n -X -P -j "$array" -o AdminComment | grep -c "^neuron-placement: v1 .*neuron=[0-9]*:")" = 2 ]'
het=$(sbatch --parsable -o /dev/null --gres=neuron:2 : --gres=neuron:4 --wrap=:)
wait_gone "$het"
ok "so has each part of a heterogeneous one" wait_for -t 30 eval \
	'[ "$(sacct -n -X -P -j "$het" -o AdminComment | grep -c "^neuron-placement: v1 ")" = 2 ]'
ctld_stop
rm -rf "$CLUSTER_DIR"/state/*
ctld_start
wait_nodes
is "$(scontrol show job "$job" 2>/dev/null | grep -c SystemComment)" 0 "slurmctld knows nothing of the job now"
like "$(kept "$job" AdminComment)" '^neuron-placement: v1 .* n2:neuron=0-7:' "sacct does"
finish
