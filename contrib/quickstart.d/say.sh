# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# What quickstart says, and the programs that it starts.

phases=1
phase_number=0
phase_name=
child=
temporary=()

clock() {
	printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

die() {
	printf 'quickstart: %s\n' "$*" >&2
	exit 1
}

say() {
	printf '      %s\n' "$*"
}

# One line for each phase; on a terminal it is rewritten until phase_end
phase() {
	phase_number=$((phase_number + 1))
	phase_name=$*
	progress_shown=-1
	[ ! -t 1 ] || printf '[%d/%d] %s ...' "$phase_number" "$phases" "$*"
}

phase_end() {
	[ ! -t 1 ] || printf '\r\033[K'
	printf '[%d/%d] %s%s (%s since start)\n' "$phase_number" "$phases" \
		"$phase_name" "${1:+: $1}" "$(clock)"
}

# Rewrite the line on a terminal, else say it every ten percent
progress() {
	local percent=$1
	if [ -t 1 ]; then
		printf '\r\033[K[%d/%d] %s: %d %% (%s since start)' \
			"$phase_number" "$phases" "$phase_name" "$percent" \
			"$(clock)"
	elif [ $((percent / 10)) -gt "$progress_shown" ]; then
		progress_shown=$((percent / 10))
		printf '[%d/%d] %s: %d %% (%s since start)\n' "$phase_number" \
			"$phases" "$phase_name" "$percent" "$(clock)"
	fi
}

# Run a command in a process group of its own, which stopped() can end.
# The locks stay ours: nothing that a command leaves behind may hold them.
start() {
	set -m
	"$@" 8>&- 9>&- </dev/null &
	child=$!
	set +m
}

finish() {
	local rc=0
	wait "$child" || rc=$?
	child=
	return "$rc"
}

# LOG COMMAND...: output goes to the log, whose end is shown on failure
run_logged() {
	local log=$1
	shift
	start "$@" >"$log" 2>&1
	finish || failed "$log" "$*"
}

# LOG EXPECTED COMMAND...: the same, showing how many files were made
run_counted() {
	local log=$1 expected=$2 percent
	shift 2
	start "$@" >"$log" 2>&1
	while kill -0 "$child" 2>/dev/null; do
		sleep 1
		percent=$(grep -Ec \
			'^libtool: (compile|link|install): |^  (CC|CCLD)  ' "$log")
		percent=$((percent * 100 / expected))
		progress $((percent > 99 ? 99 : percent))
	done
	finish || failed "$log" "$*"
}

failed() {
	printf '\n' >&2
	grep -E -B2 -A4 'error:|Error |\*\*\*' "$1" | tail -n 30 >&2
	tail -n 10 "$1" >&2
	cp "$1" "$cache/failed.log"
	die "failed: $2 (all of its output: $cache/failed.log)"
}

# A folder in the cache that is gone when quickstart ends
new_temporary() {
	temporary_dir=$(mktemp -d "$cache/tmp/quickstart.XXXXXX") ||
		die "cannot write to $cache/tmp"
	temporary+=("$temporary_dir")
}

clean_up() {
	local dir
	allow_services
	for dir in "${temporary[@]}"; do
		rm -rf "$dir"
	done
	temporary=()
}

stopped() {
	trap '' INT TERM HUP
	printf '\nquickstart: stopped, cleaning up\n' >&2
	if [ -n "$child" ]; then
		kill -TERM -- "-$child" 2>/dev/null
		wait_for_group "$child" ||
			kill -KILL -- "-$child" 2>/dev/null
	fi
	exit "$1"
}

# Tests stop their clusters first, which takes some seconds
wait_for_group() {
	local i
	for ((i = 0; i < 300; i++)); do
		kill -0 -- "-$1" 2>/dev/null || return 0
		sleep 0.1
	done
	return 1
}

# FD FILE WHAT: wait until no other quickstart does the same
take_lock() {
	eval "exec $1>>\"\$2\"" || die "cannot write $2"
	flock -n "$1" && return
	[ ! -t 1 ] || printf '\n'
	say "another quickstart $3; waiting for it"
	until flock -w 1 "$1"; do
		: # a signal is seen between two tries
	done
}
