#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-exporter against a real slurmctld: its figures, what hostile clients
# and a slurmctld that hangs do to it, ten thousand nodes; then a real
# Prometheus with the rules and the dashboard of contrib/.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016 # dollars of Grafana
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/cluster.sh"

: "${NEURON_SOURCE_DIR:=$_cluster_source}"
exporter=$NEURON_BUILD_DIR/tools/neuron-exporter
valid=$NEURON_BUILD_DIR/testsuite/openmetrics
contrib=$NEURON_SOURCE_DIR/contrib
[ -x "$exporter" ] ||
	skip_all "neuron-exporter is not built: libmicrohttpd (package libmicrohttpd-dev) is not there"

user=()
[ "$(id -u)" -ne 0 ] || user=(--user root)
topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }

#
# HTTP
#

# send PORT BYTES: what comes back until the other side closes; printf's escapes
send() {
	local fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$1" || return
	# shellcheck disable=SC2059 # that is the point
	printf "$2" >&"$fd"
	timeout 15 cat <&"$fd" 2>/dev/null
	exec {fd}>&-
}

# get PORT PATH [HEADER]: with the header of the answer
get() {
	send "$1" "GET $2 HTTP/1.0\r\n${3:+$3\r\n}\r\n" 2>/dev/null | tr -d '\r'
}

body() {
	get "$@" | sed '1,/^$/d'
}

answers() { # PORT
	get "$1" /metrics | head -n 1 | grep -q ' 200 '
}

# scrape PORT: a text that was measured after now
scrape() {
	local tries
	sleep 1
	for tries in 1 2 3; do
		body "$1" /metrics >"$CLUSTER_DIR/out/scrape"
		! grep -q '^neuron_up 1' "$CLUSTER_DIR/out/scrape" || return 0
		sleep "$tries"
	done
	return 1
}

value() { # SERIES
	awk -v series="$1" '{ i = length($0) - length($NF) } substr($0, 1, i - 1) == series { print $NF }' \
		"$CLUSTER_DIR/out/scrape"
}

is_value() { # SERIES NUMBER
	is "$(value "$1")" "$2" "$1"
}

pids=()
start() { # LOG COMMAND...
	local log=$1
	shift
	"$@" >"$CLUSTER_DIR/log/$log" 2>&1 &
	pids+=($!)
}
end_all() {
	_reap TERM "${pids[@]:-}"
	pids=()
}
trap 'end_all; _cluster_exit' EXIT

rpcs() { # how often slurmctld was asked for its nodes
	sdiag | awk '$1 == "REQUEST_NODE_INFO" { split($3, n, ":"); print n[2] }'
}

cluster_new neuron
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_nodes t1 trn1.32xlarge
cluster_nodes c1 cpu
cluster_ultraserver us1 'n[1-4]'
cluster_switch leaf1 'n[1-4]'
cluster_switch leaf2 t1,c1
cluster_switch spine 'leaf[1-2]'
cluster_partition all 'n[1-4]' Default=YES
cluster_partition one n1
cluster_partition two n2
cluster_partition trn1 t1
cluster_partition cpu c1
cluster_prolog
stats=$CLUSTER_DIR/run/stats
mkdir -m 0755 "$stats"
neuron_conf "StatsFile=$stats/neuron-stats"
rm -rf "$CLUSTER_DIR/machines/n1"
"$NEURON_BUILD_DIR/testsuite/simroot" --counters "$(_profile trn2u.48xlarge)" \
	"$CLUSTER_DIR/machines/n1" >/dev/null || bail "simroot failed"
cluster_start
port=$(_free_ports 4) || bail "no free ports"
node_port=$((port + 1)) late_port=$((port + 2)) prometheus_port=$((port + 3))

start exporter "$exporter" "${user[@]}" --listen "127.0.0.1:$port" --interval 1 --timeout 4
exporter_pid=$!
start exporter-node "$exporter" "${user[@]}" --node=n1 --listen "127.0.0.1:$node_port" --interval 1
ok "it serves" wait_for answers "$port"
ok "on a node too" wait_for answers "$node_port"

#
# Figures
#
a=$(submit -p one --gres=neuron:4)
b=$(submit -p all -N2 --gres=neuron:8)
c=$(submit -p cpu)
wait_state "$a" RUNNING
wait_state "$b" RUNNING
wait_state "$c" RUNNING
topo mask --reason hot t1:0-2 >/dev/null
# Both suspects; the first one is masked as well
scontrol update nodename=t1 comment="$(scontrol show node t1 | sed -n 's/^ *Comment=//p') neuron-suspect=2,7(warm)"
scontrol update nodename=n4 state=drain reason=test
# n1 has 12 or 4 free, and n2 is made a chequerboard of holes
topo mask --reason holes n2:1,3,4,6,9,11,12,14 >/dev/null
submit -p trn1 --gres=neuron:16 >/dev/null
e=$(submit -p all --gres=neuron:16 -N4 --time=1)
submit -p all --gres=neuron:1 --hold >/dev/null
submit -p all --gres=neuron:1 --dependency="afterok:$a" >/dev/null
h=$(submit -p two --gres=neuron:8)
ok "a scrape" scrape "$port"
is_value 'neuron_up' 1
is_value 'neuron_nodes{family="trn2u.48xlarge"}' 4
is_value 'neuron_nodes_unusable{family="trn2u.48xlarge"}' 1
is_value 'neuron_devices{family="trn2u.48xlarge"}' 64
is_value 'neuron_devices{family="trn1.32xlarge"}' 16
is_value 'neuron_devices_used{family="trn2u.48xlarge"}' 20
is_value 'neuron_devices_masked{family="trn1.32xlarge"}' 3
is_value 'neuron_devices_masked{family="trn2u.48xlarge"}' 8
is_value 'neuron_devices_unusable{family="trn2u.48xlarge"}' 16
is_value 'neuron_free_sets{family="trn1.32xlarge",size="16"}' 0
is_value 'neuron_fragmentation_ratio{family="trn1.32xlarge",size="16"}' 1
is_value 'neuron_device_masked{node="t1",device="2"}' 1
is "$(grep -c '^neuron_device_masked{' "$CLUSTER_DIR/out/scrape")" 11 "each masked device is named"
is "$(grep '^neuron_device_suspect{' "$CLUSTER_DIR/out/scrape")" 'neuron_device_suspect{node="t1",device="7"} 1' \
	"and each that is suspect"
is_value 'neuron_jobs_running{family="trn2u.48xlarge"}' 2
is_value 'neuron_jobs_running_by_level{level="0"}' 1
is_value 'neuron_jobs_running_by_level{level="1"}' 1
is_value 'neuron_allocations{family="trn2u.48xlarge"}' 3
is_value 'neuron_allocations_joined{family="trn2u.48xlarge"}' 3
is_value 'neuron_allocations_best{family="trn2u.48xlarge"}' 3
is_value 'neuron_allocations_efa_aligned{family="trn2u.48xlarge"}' 3
is_value 'neuron_jobs_pending{obstacle="masked"}' 2
is_value 'neuron_jobs_pending{obstacle="held"}' 1
is_value 'neuron_jobs_pending{obstacle="dependency"}' 1
is_value 'neuron_jobs_pending_devices{obstacle="held"}' 1
is_value 'neuron_node_usable{node="n4"}' 0
is_value 'neuron_node_devices_masked{node="t1"}' 3
is "$(value 'neuron_node_usable{node="c1"}')" "" "a node without devices is not there"
is_value 'neuron_placements_total{level="0"}' 1
is_value 'neuron_placements_total{level="1"}' 1
is_value 'neuron_placement_damage_count' 2
is_value 'neuron_placements_taken_back_total' 0
is_value 'neuron_decisions_total{question="start",outcome="choice"}' 2
isnt "$(value 'neuron_decision_seconds_count{question="ever"}')" 0 "decisions at submission are counted"
is "$(topo show --json | grep -c '"device":')" 13 "as neuron-topo says, which names the one that is both twice"

# Free, by the two programs
used=$(for node in n1 n2 n3; do node_used "$node" | cut -d ' ' -f 1; done |
	while read -r set; do set_size "$set"; done | awk '{ n += $1 } END { print n }')
is "$(value 'neuron_devices_used{family="trn2u.48xlarge"}')" "$used" "used devices as scontrol says"

# Shape: holes where devices are in use, not masked
topo unmask n2 >/dev/null
cancel "$h" "$e"
jobs=()
while [ "$(set_size "$(node_used n2 | cut -d ' ' -f 1)")" -lt 16 ]; do
	job=$(submit -p two --gres=neuron:1)
	wait_state "$job" RUNNING || break
	jobs+=("$job")
done
for job in "${jobs[@]}"; do
	case $(job_devices "$job") in 1 | 3 | 4 | 6 | 9 | 11 | 12 | 14) ;; *) cancel "$job" ;; esac
done
h=$(submit -p two --gres=neuron:4)
scrape "$port"
free=$(value 'neuron_node_devices_free{node="n2"}')
if [ "${free:-0}" -ge 4 ] && [ "$(job_state "$h")" = PENDING ]; then
	is_value 'neuron_jobs_pending{obstacle="shape"}' 1
else
	fail "no holes were made: $free free on n2, the job is $(job_state "$h")"
fi
cancel "$h" "${jobs[@]}"
h=$(submit -p one --gres=neuron:16)
scrape "$port"
is_value 'neuron_jobs_pending{obstacle="devices"}' 1
cancel "$h"

#
# Formats
#
body "$port" /metrics >"$CLUSTER_DIR/out/text"
body "$port" /metrics 'Accept: application/openmetrics-text;version=1.0.0' >"$CLUSTER_DIR/out/open"
for of in "$port" "$node_port"; do
	body "$of" /metrics >"$CLUSTER_DIR/out/text"
	body "$of" /metrics 'Accept: application/openmetrics-text;version=1.0.0' >"$CLUSTER_DIR/out/open"
	like "$("$valid" text <"$CLUSTER_DIR/out/text")" '^good: ' "the text is one of Prometheus"
	like "$("$valid" openmetrics <"$CLUSTER_DIR/out/open")" '^good: ' "the other is OpenMetrics"
	isnt "$("$valid" openmetrics <"$CLUSTER_DIR/out/text")" "" "and not one for the other"
	if command -v promtool >/dev/null; then
		is "$(promtool check metrics <"$CLUSTER_DIR/out/text" 2>&1)" "" "promtool finds nothing"
	else
		skip "promtool check metrics" "there is no promtool"
	fi
done
like "$(get "$port" /metrics)" '^Content-Type: text/plain; version=0.0.4; charset=utf-8$' "type of the text"
like "$(get "$port" /metrics 'Accept: application/openmetrics-text')" \
	'^Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8$' "type of OpenMetrics"

# Every metric and its bound
for mode in '' --node; do
	listed=$("$exporter" $mode --list | cut -f 1 | sort)
	seen=$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$CLUSTER_DIR/out/text" | sort)
	[ -n "$mode" ] || continue
	# no component is unhealthy now
	is "$(comm -23 <(echo "$listed") <(echo "$seen"))" "neuron_device_unhealthy" "--list of a node: all are there"
	is "$(comm -13 <(echo "$listed") <(echo "$seen"))" "" "and no other"
done

#
# A node: counters, and whose they are
#
at=$CLUSTER_DIR/machines/n1/sys
device=$(job_devices "$a")
device=${device%%[-,]*}
sys=$at/devices/virtual/neuron_device/neuron$device
echo 3 >"$sys/neuron_core0/stats/status/hw_error/total"
echo 4 >"$sys/neuron_core7/stats/status/hw_error/total"
echo 2500000 >"$sys/neuron_core1/stats/other_info/nc_time_in_use/total"
echo "hbm, link_efa" >"$sys/stats/hardware/health_status/unhealthy_components"
interface=$(sed -n 's/^interfaces=\([^,]*\).*/\1/p' "$CLUSTER_DIR/run/slurm-neuron/n1/job-$a")
echo 123456789012345 >"$at/class/infiniband/$interface/ports/1/hw_counters/tx_bytes"
scrape "$node_port"
is_value "neuron_device_errors_total{device=\"$device\",error=\"hw_error\"}" 7
is_value "neuron_device_busy_seconds_total{device=\"$device\"}" 2.5
is_value "neuron_device_healthy{device=\"$device\"}" 0
is_value "neuron_device_unhealthy{device=\"$device\",component=\"link_efa\"}" 1
is_value "neuron_device_job_info{device=\"$device\",job_id=\"$a\",user_id=\"$(id -u)\"}" 1
is_value "neuron_efa_job_info{interface=\"$interface\",job_id=\"$a\",user_id=\"$(id -u)\"}" 1
is_value "neuron_efa_transmit_bytes_total{interface=\"$interface\"}" 123456789012345
is_value neuron_node_malformed_files 0
echo 'x"} 1' >"$sys/stats/hardware/mem_ecc_uncorrected"
scrape "$node_port"
is "$(value "neuron_device_errors_total{device=\"$device\",error=\"mem_ecc_uncorrected\"}")" "" \
	"a counter that is none is left out"
is_value neuron_node_malformed_files 1
echo 0 >"$sys/stats/hardware/mem_ecc_uncorrected"
echo >"$sys/stats/hardware/health_status/unhealthy_components"

#
# Requests that nobody should send
#
status() { # BYTES: of the answer
	send "$port" "$1" 2>/dev/null | head -n 1 | tr -d '\r' | cut -d ' ' -f 2
}
long=$(printf '%080000d' 0)
while IFS='|' read -r wanted name bytes; do
	got=$(status "$bytes")
	like "${got:-closed}" "^(${wanted//,/|})$" "$name"
done <<END
200|the first page|GET / HTTP/1.0\r\n\r\n
200|HEAD|HEAD /metrics HTTP/1.0\r\n\r\n
404|a path with an escape|GET /%%6detrics HTTP/1.0\r\n\r\n
200|a query|GET /metrics?a=%%00&b[]=1 HTTP/1.0\r\n\r\n
404|another path|GET /metrics/ HTTP/1.0\r\n\r\n
404|a path that goes up|GET /../../etc/passwd HTTP/1.0\r\n\r\n
404|an escaped one|GET /%%2e%%2e/%%2e%%2e/etc/passwd HTTP/1.0\r\n\r\n
404|a path with a null byte|GET /metrics%%00 HTTP/1.0\r\n\r\n
405|POST|POST /metrics HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello
405|PUT|PUT / HTTP/1.0\r\n\r\n
405|DELETE|DELETE /metrics HTTP/1.0\r\n\r\n
405|OPTIONS|OPTIONS * HTTP/1.0\r\n\r\n
405|a method of its own|FROB /metrics HTTP/1.0\r\n\r\n
413|a body|GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nx
413,closed|a body in pieces|GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nx
400|a negative length|GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n
400|no Host|GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n
414,closed|a long path|GET /$long HTTP/1.0\r\n\r\n
431,closed|a long header|GET /metrics HTTP/1.0\r\nX: $long\r\n\r\n
400,closed,405,505|no HTTP|hello\r\n\r\n
400,closed,505|another HTTP|GET /metrics HTTP/9.9\r\nConnection: close\r\n\r\n
400,closed,404,405|null bytes|GET \0\0\0 HTTP/1.0\r\n\r\n
400,closed,405|no method| / HTTP/1.0\r\n\r\n
END
like "$(send "$port" 'POST / HTTP/1.0\r\n\r\n' | tr -d '\r')" '^Allow: GET, HEAD$' "405 says what there is"
like "$(get "$port" /metrics "Accept: $(printf '%04000d' 0),;q=,=;;")" \
	'^Content-Type: text/plain' "an Accept of nonsense is none"
ok "it still serves" answers "$port"

# More connections than it takes, that send nothing; then they go
before=$(awk '/^VmRSS/ { print $2 }' "/proc/$exporter_pid/status")
fds=()
for ((i = 0; i < 60; i++)); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$port" && fds+=("$fd")
done 2>/dev/null
ok "silent connections are closed and it serves" wait_for -t 30 answers "$port"
for fd in "${fds[@]}"; do
	exec {fd}>&-
done
ok "then at once" wait_for -t 12 answers "$port"
after=$(awk '/^VmRSS/ { print $2 }' "/proc/$exporter_pid/status")
ok "its memory stays: $before to $after KiB" test "$after" -lt $((before + 8192))

#
# slurmctld
#
start exporter-slow "$exporter" "${user[@]}" --listen "127.0.0.1:$late_port" --interval 60
wait_for answers "$late_port"
before=$(rpcs)
for ((i = 0; i < 20; i++)); do get "$late_port" /metrics >/dev/null; done
is "$(rpcs)" "$before" "within the interval slurmctld is not asked"
is "$(body "$late_port" /metrics | sed -n 's/^neuron_exporter_refreshes_total{result="good"} //p')" 1 \
	"it was measured once"

down() {
	body "$port" /metrics | grep -q '^neuron_up 0$'
}
up() {
	body "$port" /metrics | grep -q '^neuron_up 1$'
}
ctld=$(ctld_pid)
kill -STOP "$ctld"
ok "slurmctld hangs: neuron_up 0" wait_for -t 15 down
like "$(<"$CLUSTER_DIR/log/exporter")" 'slurmctld has not answered in 4 seconds' "with a sentence"
is "$(body "$port" /metrics | grep -c '^neuron_devices')" 0 "and nothing that may be wrong"
kill -CONT "$ctld"
ok "it goes on: neuron_up 1" wait_for -t 20 up
ctld_stop
ok "no slurmctld: neuron_up 0" wait_for -t 20 down
ctld_start && wait_nodes
ok "it is back" wait_for -t 20 up
# The process that measures may be killed at any time
for ((i = 0; i < 3; i++)); do
	kill -KILL "$(cat "/proc/$exporter_pid/task/$exporter_pid/children")" 2>/dev/null
	wait_for -t 10 up || fail "after the $i. kill of its worker"
done
pass "its worker was killed three times"
echo nonsense >"$stats/neuron-stats"
chmod 0444 "$stats/neuron-stats"
sed -i "s|^StatsFile=.*|StatsFile=$stats/other|" "$CLUSTER_DIR/etc/neuron.conf"
echo nonsense >"$stats/other"
ok "a StatsFile of nonsense: neuron_up 0" wait_for -t 10 down
like "$(tail -n 3 "$CLUSTER_DIR/log/exporter")" 'StatsFile=.*other: line 1: it must be version=' "with a sentence"
sed -i "s|^StatsFile=.*|StatsFile=$stats/neuron-stats|" "$CLUSTER_DIR/etc/neuron.conf"
ok "slurmctld writes its own anew" wait_for -t 15 up

#
# Refusals
#
refused() { # NAME ERE ARGUMENT...
	local name=$1 ere=$2 out status
	shift 2
	out=$(timeout 5 "$exporter" "$@" 2>&1 </dev/null)
	status=$?
	isnt "$status" 0 "$name: refused"
	like "$out" "$ere" "$name: with a sentence"
}
if [ "$(id -u)" -eq 0 ]; then
	refused "root" 'root starts it: name who it is to be' --listen "127.0.0.1:$late_port"
	refused "no such user" 'there is no such user' --user nosuchuser
else
	refused "another user" 'only root can be another user' --user root
fi
for bad in 127.0.0.1 127.0.0.1: :1 127.0.0.1:0 127.0.0.1:65536 127.0.0.1:+1 127.0.0.1:1x localhost:1 ::1:1 '[::1:1' \
	'[127.0.0.1]:1' 1.2.3:1; do
	refused "--listen $bad" 'it must be ADDRESS:PORT' "${user[@]}" --listen "$bad"
done
refused "an address in use" 'cannot listen' "${user[@]}" --listen "127.0.0.1:$port"
refused "--interval 0" 'a number from 1 to 3600' "${user[@]}" --interval 0
refused "--timeout x" 'a number from 1 to 120' "${user[@]}" --timeout x
refused "--per-node -1" 'a number from 0 to 65536' "${user[@]}" --per-node -1
refused "--print xml" 'text or openmetrics' "${user[@]}" --print xml
refused "no neuron.conf" 'nowhere' "${user[@]}" --print text --config /nowhere/neuron.conf
refused "two modes" Usage "${user[@]}" --node --snapshot x
refused "an argument" Usage "${user[@]}" x
if [ "$(id -u)" -eq 0 ] && id nobody >/dev/null 2>&1; then
	_reap TERM "${pids[2]}"
	start exporter-nobody "$exporter" --user nobody --listen "127.0.0.1:$late_port" --interval 1
	nobody=$!
	wait_for answers "$late_port"
	is "$(awk '/^(Uid|Gid|Groups):/ { $1 = ""; print }' "/proc/$nobody/status" | tr -s ' \n' ' ' | sed 's/ $//')" \
		" $(id -u nobody | sed 's/.*/& & & &/') $(id -g nobody | sed 's/.*/& & & &/')" "--user: it is nobody, and in no group"
	is "$(awk '/^CapEff:/ { print $2 }' "/proc/$nobody/status")" 0000000000000000 "with no capability"
else
	skip "--user" "only root can become another user"
fi

#
# Ten thousand nodes
#
profile=$(_profile trn2u.48xlarge)
many() { # NODES: a snapshot in which every other node has a job of 8, each hundredth a mask, some are down
	awk -v count="$1" -v profile="$(tr -d '\n\t' <"$profile")" '
	function comma(i) { return i > 1 ? ", " : "" }
	# sprintf() of mawk has a limit
	function text(key, value) { return number(key, "\"" value "\"") }
	function number(key, value) { return "\"" key "\": " value }
	function job(id, state) {
		return number("job_id", id) ", " text("user_name", "u") ", " text("partition", "all") ", " text("job_state", state)
	}
	BEGIN {
		print "{" text("format", "neuron-topo-snapshot-1") ", " number("time", 1000000) ","
		print text("neuron_conf", "NodeName=n[1-" count "] Profile=trn2u.48xlarge") ","
		for (i = 1; i <= count; i += 16) {
			leaves = leaves "SwitchName=l" i " Nodes=n[" i "-" i + 15 "]\\n"
			names = names comma(i) "l" i
		}
		gsub(" ", "", names)
		print text("topology_conf", leaves "SwitchName=s Switches=" names "\\n") ","
		print number("profiles", "{" number("trn2u.48xlarge", profile) "}") ", \"nodes\": ["
		for (i = 1; i <= count; i++)
			print comma(i) "{" text("name", "n" i) ", " number("cpus", 192) ", " text("state", "IDLE") ", " \
				number("usable", i % 50 ? "true" : "false") (i % 100 ? "" : ", " text("mask", "3(hot)")) "}"
		print "], \"partitions\": [{" text("name", "all") ", " text("nodes", "n[1-" count "]") ", " \
			number("default", "true") ", " number("up", "true") "}], \"jobs\": ["
		for (i = 1; i <= count; i += 2)
			print comma(i) "{" job(i, "RUNNING") ", " text("tres_per_node", "gres/neuron:8") ", \"shares\": [{" \
				text("node", "n" i) ", " text("devices", "0-7") ", " text("efas", "0-7") "}]}"
		for (i = 1; i <= count; i++)
			print ", {" job(100000 + i, "PENDING") ", " text("state_reason", "Resources") ", " \
				number("submit_time", 999000) ", " number("node_count", 1 + i % 7 * 1000) ", " \
				text("tres_per_node", "gres/neuron:" 1 + i % 16) "}"
		print "]}"
	}'
}
many 10000 >"$CLUSTER_DIR/out/many"
from=$(date +%s%N)
"$exporter" "${user[@]}" --snapshot "$CLUSTER_DIR/out/many" --print text >"$CLUSTER_DIR/out/scrape" ||
	fail "10,000 nodes"
took=$((($(date +%s%N) - from) / 1000000))
diag "10,000 nodes, 15,000 jobs: $took ms from the snapshot's file to $(wc -c <"$CLUSTER_DIR/out/scrape") bytes"
ok "10,000 nodes: in less than 5 seconds" test "$took" -lt 5000
is_value 'neuron_devices{family="trn2u.48xlarge"}' 160000
is_value 'neuron_devices_used{family="trn2u.48xlarge"}' 40000
is_value 'neuron_devices_masked{family="trn2u.48xlarge"}' 100
is_value 'neuron_jobs_running{family="trn2u.48xlarge"}' 5000
is_value 'neuron_allocations_best{family="trn2u.48xlarge"}' 5000
pending=$(sed -n 's/^neuron_jobs_pending{.* //p' "$CLUSTER_DIR/out/scrape" | awk '{ n += $1 } END { print n }')
is "$pending" 10000 "each job that waits has one obstacle"
series=$(grep -vc '^#' "$CLUSTER_DIR/out/scrape")
diag "$series series"
ok "no more than 300 series" test "$series" -le 300
like "$("$valid" text <"$CLUSTER_DIR/out/scrape")" '^good: ' "they are good"
is "$(grep -c '^neuron_node_' "$CLUSTER_DIR/out/scrape")" 0 "none of a single node"
"$exporter" "${user[@]}" --snapshot "$CLUSTER_DIR/out/many" --per-node 10000 --print text >"$CLUSTER_DIR/out/scrape"
is "$(grep -c '^neuron_node_' "$CLUSTER_DIR/out/scrape")" 40000 "unless asked for: four of each node"

# Each within its bound
list=$("$exporter" --list)
bounds=$(awk -F '\t' '{ print $1 "=" $3 }' <<<"$list")
# shellcheck disable=SC2046 # a list
like "$("$valid" text $(grep -v '_seconds=\|_damage=' <<<"$bounds") <"$CLUSTER_DIR/out/scrape")" '^good: ' \
	"no metric has more series than --list says"

#
# Prometheus
#
if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then
	skip "Prometheus" "there is no prometheus and promtool; contrib/quickstart check gets them from Debian"
	cancel_all
	end_all
	finish
fi
cp "$contrib"/prometheus/*.yml "$CLUSTER_DIR/etc/"
ok "the rules are right" promtool check rules "$CLUSTER_DIR/etc/alerts.yml"
ok "and pass their tests" promtool test rules "$CLUSTER_DIR/etc/alerts_test.yml"
ok "prometheus.yml is right" promtool check config "$CLUSTER_DIR/etc/prometheus.yml"
sed -i "s/19430/$port/; s/\"trn1:19431\", \"trn2:19431\"/\"127.0.0.1:$node_port\"/; s/scrape_interval: .*/scrape_interval: 1s/" \
	"$CLUSTER_DIR/etc/prometheus.yml"
sed -i 's/^global:/&\n  evaluation_interval: 1s/' "$CLUSTER_DIR/etc/prometheus.yml"
start prometheus prometheus --config.file="$CLUSTER_DIR/etc/prometheus.yml" \
	--storage.tsdb.path="$CLUSTER_DIR/run/prometheus" --web.listen-address="127.0.0.1:$prometheus_port"

# encode TEXT: for a URL
encode() {
	local i char
	for ((i = 0; i < ${#1}; i++)); do
		char=${1:i:1}
		case $char in
		[a-zA-Z0-9._~-]) printf %s "$char" ;;
		*) printf '%%%%%02X' "'$char" ;;
		esac
	done
}
query() { # EXPRESSION: the answer as JSON
	body "$prometheus_port" "/api/v1/query?query=$(encode "$1")"
}
has_series() { # EXPRESSION
	query "$1" | grep -q '"status":"success".*"result":\[{'
}
fires() { # ALERT TEXT
	body "$prometheus_port" /api/v1/alerts | tr '{' '\n' | grep -A3 "\"alertname\":\"$1\"" | grep -q "$2"
}
ok "Prometheus scrapes the cluster" wait_for -t 30 has_series 'neuron_devices{job="neuron"}'
ok "and the node" wait_for -t 30 has_series 'neuron_device_errors_total{job="neuron-node"}'
has_series 'neuron_nosuch' && fail "a query without a series says so"
ok "alert: t1's masked devices" wait_for -t 30 fires NeuronDeviceMasked '"node":"t1"'
unlike "$(body "$prometheus_port" /api/v1/alerts)" '"node":"n3"' "n3 has none"
topo mask --reason late n3:7 >/dev/null
ok "a device is masked: its alert fires" wait_for -t 30 fires NeuronDeviceMasked '"node":"n3"'
topo unmask n3 >/dev/null
not_fires() {
	! fires "$@"
}
ok "it returns: the alert ends" wait_for -t 30 not_fires NeuronDeviceMasked '"node":"n3"'

# The dashboard, with something to see
for ((i = 1; i <= 3; i++)); do
	echo $((7 + i)) >"$sys/neuron_core0/stats/status/hw_error/total"
	echo $((i * 1000000)) >"$sys/neuron_core1/stats/other_info/nc_time_in_use/total"
	job=$(submit -p one --gres=neuron:1)
	wait_state "$job" RUNNING
	cancel "$job"
	sleep 1
done
ok "alert: errors of a device" wait_for -t 20 fires NeuronDeviceErrors "\"device\":\"$device\""
expressions=$(sed -n 's/^ *"expr": "\(.*\)",$/\1/p' "$contrib/grafana/dashboard.json" |
	sed 's/\\"/"/g; s/\$family/.*/g')
is "$(grep -c . <<<"$expressions")" "$(grep -c '"expr"' "$contrib/grafana/dashboard.json")" "expressions of the dashboard"
while IFS= read -r expression; do
	ok "series of $expression" wait_for -t 15 has_series "$expression"
done <<<"$expressions"
ok "the dashboard is JSON" "$NEURON_BUILD_DIR/testsuite/jsonget" title <"$contrib/grafana/dashboard.json"

cancel_all
end_all
ctld_stop
unlike "$(grep -E 'error: [a-z_]+/(neuron|efa)' "$CLUSTER_DIR/log/slurmctld")" . "slurmctld has no error of ours"
finish
