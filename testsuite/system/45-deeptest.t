#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-topo test: nodes are tested by real jobs in a maintenance reservation,
# good ones go back to service, bad devices are masked, and whatever happens
# nodes are afterwards as they were before. Simulated machines have no EFA
# interfaces, so that the rings go over TCP.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2317 # eval, wait_for
. "$(dirname "$0")/cluster.sh"

[ -x "$NEURON_BUILD_DIR/tools/neuron-ringcheck" ] ||
	skip_all "tools/neuron-ringcheck is not built"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }

# deep [OPTIONS] NODES: everything that it prints, and how it ends
deep() {
	timeout 120 "$NEURON_BUILD_DIR/tools/neuron-topo" test --provider=tcp \
		--tasks=2 --size=256K "$@" 2>&1
	echo "exit $?"
}

last() { tail -n 1 <<<"$1"; }
# value JSON KEY...
value() {
	local json=$1
	shift
	"$NEURON_BUILD_DIR/testsuite/jsonget" "$@" <<<"$json"
}

machine() { # NODE PATH
	echo "$CLUSTER_DIR/machines/$1/$2"
}

unhealthy() { # NODE DEVICE TEXT
	echo "$3" >"$(machine "$1" "sys/devices/virtual/neuron_device/neuron$2/stats/hardware/health_status/unhealthy_components")"
}

state() { sinfo -N -h -n "$1" -o %T | head -n 1; }
reason() { scontrol show node "$1" | sed -n 's/^ *Reason=\(.*\) \[.*/\1/p'; }
comment() { scontrol show node "$1" | sed -n 's/^ *Comment=//p'; }
reservations() { scontrol show reservation -o | grep -c neuron-test; }
is_idle() { [ "$(state "$1")" = idle ]; }
is_drained() { [ "$(state "$1")" = drained ]; }

test_runs() { [ "$(reservations)" = 1 ] && squeue -h -o %j | grep -q neuron-test; }

drain() { # NODE REASON
	scontrol update nodename="$1" state=drain reason="$2" &&
		wait_for is_drained "$1"
}

cluster_new neuron
cluster_nodes 'n[1-3]' trn2u.48xlarge
cluster_prolog
cluster_start

#
# Good nodes
#
out=$(deep n1)
diag "$out"
is "$(last "$out")" "exit 0" "a node in service is good"
like "$out" '^n1: good$' "and told so"
ok "it is in service" wait_for is_idle n1
is "$(reservations)" 0 "its reservation is gone"
drain n2 "fan 3 | looked at by ops"
out=$(deep n2)
is "$(last "$out")" "exit 0" "a drained node is tested"
like "$out" '^n2: good, drained as before$' "and is good"
ok "without --return it is drained again" wait_for is_drained n2
is "$(reason n2)" "fan 3 | looked at by ops" "with its reason"
out=$(deep --return --json 'n[1-3]')
is "$(last "$out")" "exit 0" "three nodes, one of them drained"
json=$(sed '$d' <<<"$out")
is "$(value "$json" nodes 1 verdict)" good "--json: it is good"
is "$(value "$json" nodes 1 returned)" true "and is given back"
is "$(value "$json" rings 0 provider | cut -d ';' -f 1)" tcp "the ring went over TCP"
is "$(value "$json" rings 0 limit_from)" "the median of the links" "where links are compared with each other"
ok "--return: it is in service" wait_for is_idle n2
is "$(reservations)" 0 "no reservation is left"

#
# A bad device, a slow link
#
drain n1 "slow"
unhealthy n1 5 sram
out=$(deep --return 'n[1-2]')
diag "$out"
is "$(last "$out")" "exit 3" "a device that fails its check"
like "$out" '^n1: masked \(devices 5 are masked\), back in service$' "its node goes back to service"
like "$out" '^    neuron5: .*sram' "the reason is told"
like "$(comment n1)" 'neuron-mask=5\(neuron-topo test: neuron5: .*sram' "the device is masked with it"
ok "the node is in service" wait_for is_idle n1
unhealthy n1 5 ''
topo unmask n1 >/dev/null
unhealthy n1 7 hbm
out=$(deep --no-mask n1)
is "$(last "$out")" "exit 3" "--no-mask: the device is told"
is "$(comment n1)" "" "and not masked"
unhealthy n1 7 ''
drain n2 "again"
out=$(deep --return --min-bandwidth=100000 'n[1-2]')
diag "$out"
is "$(last "$out")" "exit 3" "links that are too slow"
like "$out" 'link from rank [0-9]+ on n[12] to rank [0-9]+ on n[12]: .* GB/s, and at least 100000.000 are expected' \
	"are named with both ends"
ok "their nodes are not given back" wait_for is_drained n2
is "$(reason n2)" again "and keep their reason"
scontrol update nodename=n2 state=resume

#
# What cannot be tested
#
a=$(submit -w n3 --gres=neuron:1)
wait_state "$a" RUNNING
out=$(deep n3)
is "$(last "$out")" "exit 1" "a node with a job"
like "$out" 'node n3 cannot be tested now: it has jobs; drain it and wait for their end' "is refused"
cancel "$a"
wait_for is_idle n3
like "$(deep n9)" 'neuron.conf has no node n9' "a node that is not there"
like "$(deep 'n[')" 'this is no list of nodes' "nonsense"
like "$(topo test --clean root 2>&1)" 'is no reservation of a test' "--clean of something else"
like "$(topo test --clean neuron-test-x-1 2>&1)" 'slurmctld has no reservation' "and of nothing"

#
# A user who is no operator of Slurm
#
if [ "$(id -u)" -ne 0 ]; then
	skip "an ordinary user" "only root can become one"
elif ! user_prepare || ! out=$(as_user neuron-topo show n1 2>&1); then
	skip "an ordinary user" "it cannot ask slurmctld: ${out##*$'\n'}"
else
	cp "$NEURON_BUILD_DIR/tools/neuron-ringcheck" "$CLUSTER_DIR/user/"
	drain n1 "not his"
	for options in n1 "--no-mask n2"; do
		# shellcheck disable=SC2086
		out=$(as_user neuron-topo test --provider=tcp $options)
		is "$?" 1 "an ordinary user tests no node: $options"
		like "$out" 'only operators of Slurm may test nodes' "and is told why"
	done
	is "$(reservations)" 0 "no reservation is left"
	is "$(reason n1)" "not his" "the node is as it was"
	scontrol update nodename=n1 state=resume
fi

#
# Interrupted
#
drain n1 "before"
for signal in INT TERM; do
	# A shell starts background jobs with SIGINT ignored
	env --default-signal=INT "$NEURON_BUILD_DIR/tools/neuron-topo" test \
		--provider=tcp --tasks=2 n1 >"$CLUSTER_DIR/out/$signal" 2>&1 &
	pid=$!
	ok "$signal: a test begins" wait_for test_runs
	kill "-$signal" "$pid"
	wait "$pid"
	is "$?" 1 "$signal: it ends"
	like "$(<"$CLUSTER_DIR/out/$signal")" 'interrupted' "$signal: and says why"
	is "$(reservations)" 0 "$signal: the reservation is gone"
	ok "$signal: the node is drained" wait_for is_drained n1
	is "$(reason n1)" before "$signal: as before"
done
"$NEURON_BUILD_DIR/tools/neuron-topo" test --provider=tcp --tasks=2 n1 \
	>/dev/null 2>&1 &
pid=$!
ok "killed: a test begins" wait_for test_runs
kill -KILL "$pid"
wait "$pid" 2>/dev/null
is "$(reservations)" 1 "killed: the reservation keeps other jobs away"
scancel -n neuron-test
no_tests() { [ -z "$(squeue -h -n neuron-test)" ]; }
ok "its job ends" wait_for no_tests
out=$(deep n1)
like "$out" 'of a test that was killed is undone' "the next test undoes it"
is "$(last "$out")" "exit 0" "and tests"
ok "the node is drained" wait_for is_drained n1
is "$(reason n1)" before "as it was first"
is "$(reservations)" 0 "no reservation is left"
finish
