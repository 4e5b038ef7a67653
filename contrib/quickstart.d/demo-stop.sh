#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo-stop.sh FILE: end the cluster that demo.sh --keep FILE left running.
# Only processes that still name the cluster's own directory are touched.

file=$1
[ -r "$file" ] || {
	echo "No demo cluster is running."
	exit 0
}
{ read -r dir && mapfile -t pids; } <"$file"

# A daemon names the directory in its command, slurmstepd has a log there; one
# of Debian's packages can be called slurmctld-wlm after it started anew. Of
# other programs only those of jobs: a user's shell has SLURM_CONF as well.
belongs() {
	case $(cat "/proc/$1/comm" 2>/dev/null) in
	slurmctld* | slurmd* | munged) words "$1" cmdline | grep -qF "$dir/" ;;
	slurmstepd*) readlink "/proc/$1/fd/"* | grep -qF "$dir/" ;;
	*) words "$1" environ | grep -q '^SLURM_JOB_ID=' &&
		words "$1" cmdline environ | grep -qF "$dir/" ;;
	esac 2>/dev/null
}

# PID FILE...: of /proc, one word a line
words() {
	local pid=$1
	shift
	(cd "/proc/$pid" && cat "$@" | tr '\0' '\n') 2>/dev/null
}

case $dir in
/*/nslurm.*) ;;
*)
	echo "$file does not name a demo cluster" >&2
	exit 1
	;;
esac
found=()
for proc in /proc/[0-9]*; do
	pid=${proc#/proc/}
	[ "$pid" != $$ ] && [ "$pid" != "$PPID" ] && belongs "$pid" &&
		found+=("$pid")
done
[ ${#found[@]} -eq 0 ] || kill "${found[@]}" 2>/dev/null
# It would go on trying to tell a slurmctld that is gone
for pid in "${found[@]}"; do
	[[ $(cat "/proc/$pid/comm" 2>/dev/null) == slurmstepd* ]] &&
		kill -KILL "$pid" 2>/dev/null
done
end=$((SECONDS + 15))
for pid in "${found[@]}" "${pids[@]}"; do
	while belongs "$pid" && [ $SECONDS -lt $end ]; do
		sleep 0.1
	done
	belongs "$pid" && kill -KILL "$pid" 2>/dev/null
done
rm -rf "$dir"
rm -f "$file"
echo "The demo cluster is stopped."
