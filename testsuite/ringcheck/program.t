#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-ringcheck without Slurm: its ranks are processes of this machine that
# are given the environment of tasks. Messages go over libfabric's TCP.

: "${NEURON_BUILD_DIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
program=$NEURON_BUILD_DIR/tools/neuron-ringcheck
count=0 failed=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/nring.XXXXXX") || exit 99
pids=()

end() {
	local pid
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT

for variable in $(compgen -e | grep -E '^(SLURM|NEURON_RT|FI|OFI)_|^(LOCAL_)?(RANK|WORLD_SIZE)$'); do
	unset "$variable"
done
SLURM_CONF=$dir/slurm.conf
export SLURM_CONF

report() { # STATUS NAME [DETAILS...]
	local name=$2
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $name"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count - $name"
	shift 2
	printf '%s\n' "$@" | sed 's/^/# /'
}

is() {
	local rc=0
	[ "$1" = "$2" ] || rc=1
	report $rc "$3" "got:    $1" "wanted: $2" "$(tail -n 20 "$dir"/err 2>/dev/null)"
}

like() {
	local rc=0
	grep -Eq -- "$2" <<<"$1" || rc=1
	report $rc "$3" "got:          $1" "wanted match: $2"
}

unlike() {
	local rc=0
	grep -Eq -- "$2" <<<"$1" && rc=1
	report $rc "$3" "got:             $1" "wanted no match: $2"
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# rank RANK WORLD OPTIONS...: start one; its output in $dir/out RANK and err
rank() {
	local number=$1 world=$2
	shift 2
	env RANK="$number" WORLD_SIZE="$world" LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 \
		NEURON_RT_ROOT_COMM_ID="$address" SLURMD_NODENAME="n$number" \
		SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_NEURON_DEVICES= \
		FI_PROVIDER="$provider" "${extra[@]}" \
		"$program" "$@" >"$dir/out$number" 2>>"$dir/err" &
	pids[number]=$!
}

# all WORLD OPTIONS...: every rank, the last one first; their exit codes
all() {
	local world=$1 i
	shift
	new_run
	for ((i = world - 1; i >= 0; i--)); do
		rank "$i" "$world" "$@"
	done
	finish_ranks
}

new_run() {
	address=$root:$("$NEURON_BUILD_DIR/testsuite/freeport" 1) || exit 99
	: >"$dir/err"
	pids=() codes=
}

finish_ranks() {
	local i
	codes=
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" 2>/dev/null
		codes+="$? "
	done
	pids=()
	out=$(<"$dir/out0") err=$(<"$dir/err")
}

# A command that succeeds before 20 seconds are over
wait_for() {
	local end=$((SECONDS + 20))
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

root=127.0.0.1
provider=tcp
extra=()
small=(--size=40004 --iterations=2)

#
# Good ones
#
for world in 1 2 3 5; do
	all "$world" "${small[@]}" --each-link
	is "$codes" "$(yes 0 | head -n "$world" | tr '\n' ' ')" "$world ranks are good"
	is "$(grep -Ec '^ +[0-9]+ n[0-9]+ +[0-9]+ n[0-9]+ .* us .* GB/s .* GB/s$' <<<"$out")" \
		"$world" "with a line for each link"
	is "$(grep -c 'every element is right$' <<<"$out")" 2 "and right sums"
	is "$err" "" "and no other word"
done

all 3 "${small[@]}" --type=int32 --json
is "$codes" "0 0 0 " "JSON"
json=$out
if command -v python3 >/dev/null; then
	is "$(python3 -c 'import json, sys
o = json.load(sys.stdin)
print(o["format"], o["verdict"], o["exit_code"], repr(o["problem"]),
      o["world_size"], o["nodes"], o["type"], o["size"], o["iterations"],
      len(o["ranks"]), [(l["from"], l["to_node"], l["wrong"]) for l in o["links"]],
      all(l["bandwidth"] > 0 and l["latency_us"] > 0 for l in o["links"]),
      o["all_reduce"]["wrong"], o["all_gather"]["wrong"],
      0 <= o["slowest_link"] < 3)' <<<"$json" 2>&1)" \
		"1 good 0 '' 3 3 int32 40004 2 3 [(0, 'n1', 0), (1, 'n2', 0), (2, 'n0', 0)] True 0 0 True" \
		"is what the man page says"
else
	skip "is what the man page says" "no python3"
fi

all 2 "${small[@]}" --quiet
is "$codes$out$err" "0 0 " "--quiet says nothing when all is good"
all 2 "${small[@]}" --progress
like "$err" '2 of 2 ranks are here' "--progress says who came"
like "$err" 'the all-gather' "and what is done"

provider='tcp;ofi_rxm'
all 2 "${small[@]}"
if [[ $err == *"no endpoint"* ]]; then
	skip "provider tcp;ofi_rxm is good" "this libfabric has none"
else
	is "$codes" "0 0 " "provider tcp;ofi_rxm is good"
fi
provider=tcp
if [ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6; then
	root='[::1]'
	all 2 "${small[@]}"
	is "$codes" "0 0 " "an IPv6 address is good"
	root=127.0.0.1
else
	skip "an IPv6 address is good" "no IPv6 on this machine"
fi

#
# Bad ones
#
all 3 "${small[@]}" --min-bandwidth=100000
is "$codes" "1 1 1 " "too slow: every rank ends with 1"
like "$err" '^neuron-ringcheck: the link from rank [012] on n[012] to rank [012] on n[012] has .* GB/s, less than 100000$' \
	"the slow link is named once"
like "$out" '^BAD$' "below the table"

new_run
rank 0 4 --timeout=2
rank 2 4 --timeout=2
finish_ranks
is "$codes" "3 3 " "two of four ranks never come"
is "$err" "neuron-ringcheck: 2 of 4 ranks never came: rank 1, rank 3" "they are named"

new_run
extra=(SLURM_STEP_NODELIST='n[0-3]' SLURM_STEP_TASKS_PER_NODE='1(x4)')
rank 0 4 --timeout=2 --json
rank 2 4 --timeout=2 --json
finish_ranks
is "$err" "neuron-ringcheck: 2 of 4 ranks never came: rank 1 on n1, rank 3 on n3" \
	"with the nodes that Slurm has for them"
like "$out" '"exit_code":3' "in JSON too"
new_run
extra=(SLURM_STEP_NODELIST='m[0-3]' SLURM_STEP_TASKS_PER_NODE='1(x4)')
rank 0 2 --timeout=1
finish_ranks
unlike "$err" ' on m' "but not when another rank is elsewhere"
extra=()

new_run
rank 1 2 --timeout=1
finish_ranks
is "$codes" "3 " "rank 0 never comes"
like "$err" "rank 0 did not answer on 127.0.0.1 port [0-9]+: Connection refused" \
	"it is named"

# die RANK SIGNAL: four ranks in the middle of an all-reduce
die() {
	local i
	new_run
	for i in 3 2 1 0; do
		rank "$i" 4 --size=64M --iterations=1000 --time-limit="$3" --progress
	done
	wait_for grep -qs 'the all-reduce' "$dir/err"
	kill "-$2" "${pids[$1]}"
}
die 2 KILL 60
since=$SECONDS
finish_ranks
is "$codes" "3 3 137 3 " "a rank dies: all end"
like "$err" 'rank 2 on n2 was lost in the all-reduce' "it is named"
is "$((SECONDS - since < 15))" 1 "soon"
die 0 KILL 60
finish_ranks
is "$codes" "137 3 3 3 " "rank 0 dies: all end"
like "$err" 'rank 0 was lost' "it is named"
die 1 STOP 4
pid=${pids[1]}
unset 'pids[1]'
finish_ranks
kill -KILL "$pid"
is "$codes" "3 3 3 " "a rank hangs: the others end at the time limit"
like "$err" 'the time limit is over in the all-reduce: no answer from rank 1 on n1$' \
	"it is named"
wait "$pid" 2>/dev/null

# Strangers: a connection that sends garbage, one that is silent, one that goes
new_run
rank 0 2 "${small[@]}"
port=${address##*:}
connect() {
	exec 3<>"/dev/tcp/127.0.0.1/$port"
}
wait_for connect
printf 'GET / HTTP/1.1\r\n\r\n' >&3
exec 4<>"/dev/tcp/127.0.0.1/$port"
exec 5<>"/dev/tcp/127.0.0.1/$port"
head -c 100000 /dev/urandom >&5 2>/dev/null
exec 6<>"/dev/tcp/127.0.0.1/$port"
exec 6>&-
rank 1 2 "${small[@]}"
finish_ranks
exec 3>&- 4>&- 5>&-
is "$codes" "0 0 " "strangers do not disturb"

new_run
rank 0 2 --timeout=4
extra=(SLURM_JOB_ID=8)
rank 1 2 --timeout=4
extra=()
finish_ranks
like "$err" '1 of 2 ranks never came: rank 1; 1 connections were refused, the last: 127.0.0.1:[0-9]+ belongs to job 8.0' \
	"a rank of another job is not taken"

new_run
rank 0 3 --timeout=5
rank 1 3 --timeout=5
first=${pids[1]}
rank 1 3 --timeout=5
finish_ranks
wait "$first" 2>/dev/null
like "$err" 'two tasks have rank 1, on n1 and on n1' "a rank that comes twice"

new_run
rank 0 2
rank 1 2 --size=64K
finish_ranks
is "$codes" "2 2 " "other options on another rank"
like "$err" 'not all ranks have the options of rank 0: rank 1 on n1$' "are told"

# Devices
mkdir -p "$dir/machine/dev"
: >"$dir/machine/dev/neuron4"
echo "Root=$dir/machine" >"$dir/neuron.conf"
extra=(SLURM_NEURON_DEVICES=4)
all 2 "${small[@]}"
is "$codes" "0 0 " "devices below Root of neuron.conf"
extra=(SLURM_NEURON_DEVICES=4-5)
all 2 "${small[@]}"
is "$codes" "5 5 " "a device that is not there"
like "$err" "rank 0 on n0: cannot open $dir/machine/dev/neuron5: No such file or directory \(errno 2\) \(2 ranks cannot take part: rank 0 on n0, rank 1 on n1\)" \
	"is named, with the ranks"
all 2 "${small[@]}" --no-devices
is "$codes" "0 0 " "--no-devices does not look"
if [ "$(id -u)" -eq 0 ]; then
	skip "a device that is not ours" "root may open everything"
else
	chmod 0400 "$dir/machine/dev/neuron4"
	extra=(SLURM_NEURON_DEVICES=4)
	all 1 "${small[@]}"
	like "$codes$err" '^5 .*neuron4: Permission denied \(errno 13\)' \
		"a device that is not ours"
fi
echo "Root=relative" >"$dir/neuron.conf"
all 2 "${small[@]}"
is "$codes" "2 2 " "a neuron.conf that is wrong"
rm "$dir/neuron.conf"
extra=()

# libfabric
provider=nosuch
all 2 "${small[@]}"
is "$codes" "4 4 " "a provider that is not there"
like "$err" 'rank 0 on n0: libfabric has no endpoint for reliable messages with FI_PROVIDER=nosuch' \
	"is named"
provider=tcp
new_run
rank 0 2 "${small[@]}"
provider=sockets
rank 1 2 "${small[@]}"
finish_ranks
provider=tcp
is "$codes" "4 4 " "ranks with different providers"
like "$err" '(rank 0 has the provider tcp.* of libfabric, but not rank 1 on n1|no endpoint for reliable messages with FI_PROVIDER=sockets)' \
	"are told"

# Environment and options
usage() { # NAME PATTERN ENVIRONMENT...
	local name=$1 pattern=$2 text rc
	shift 2
	text=$(env "$@" 2>&1 >/dev/null)
	rc=$?
	is "$rc" 2 "$name"
	like "$text" "^neuron-ringcheck: $pattern" "$name: is told"
	is "$(wc -l <<<"$text")" 1 "$name: in one sentence"
}
usage "no environment" 'neither RANK and WORLD_SIZE nor SLURM_PROCID' "$program"
usage "no root" 'NEURON_RT_ROOT_COMM_ID is not set' RANK=1 WORLD_SIZE=2 "$program"
usage "a wrong rank" 'RANK=2: it must be a whole number from 0 to 1' RANK=2 WORLD_SIZE=2 "$program"
usage "a wrong root" 'NEURON_RT_ROOT_COMM_ID=here: it must be ADDRESS:PORT' \
	RANK=1 WORLD_SIZE=2 NEURON_RT_ROOT_COMM_ID=here "$program"
usage "a wrong option" '--sise=4 is not an option' "$program" --sise=4
usage "an address of another machine" 'rank 0 cannot listen on 203.0.113.1 port 99' \
	RANK=0 WORLD_SIZE=2 NEURON_RT_ROOT_COMM_ID=203.0.113.1:99 SLURMD_NODENAME=a \
	LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 SLURM_NEURON_DEVICES= "$program"
is "$("$program" --version)" "neuron-ringcheck $(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' \
	"$NEURON_BUILD_DIR/neuron-build.h")" "--version"
like "$("$program" --help)" '^Usage: srun ' "--help"

echo "1..$count"
[ "$failed" -eq 0 ]
