#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many programs mask and unmask devices of one node in the same moment: no
# change is lost.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"
# shellcheck source=schema.sh
. "$(dirname "$0")/schema.sh"

topo() { "$NEURON_BUILD_DIR/tools/neuron-topo" "$@"; }

cluster_new neuron
cluster_nodes 'n[1-4]' trn2u.48xlarge
cluster_start

comment_of() { # NODE
	scontrol show node "$1" | sed -n 's/^ *Comment=//p'
}

# together COMMAND...: one for each device, {} is its index. What fails is told
together() {
	local d pids=() failed=0
	for ((d = 0; d < 16; d++)); do
		"${@//\{\}/$d}" >"$CLUSTER_DIR/out/$d" 2>&1 &
		pids+=($!)
	done
	for d in "${!pids[@]}"; do
		wait "${pids[d]}" && continue
		diag "device $d: $(<"$CLUSTER_DIR/out/$d")"
		failed=$((failed + 1))
	done
	is "$failed" 0 "none of 16 at once fails: ${*:1:2} ${*: -1}"
}

for ((round = 1; round <= 3; round++)); do
	together topo mask --reason "round $round" "n$round:{}"
	is "$(comment_of n$round)" "neuron-mask=0-15(round $round)" "round $round: no mask is lost"
	together topo unmask "n$round:{}"
	is "$(comment_of n$round)" "" "round $round: nor is the end of one"
done

# Some come and others go, beside what the site wrote
scontrol update nodename=n4 comment="rack 7; neuron-mask=0-7(old)"
# shellcheck disable=SC2317 # together() calls it
swap() { # DEVICE
	if [ "$1" -lt 8 ]; then topo unmask "n4:$1"; else topo mask --reason new "n4:$1"; fi
}
together swap '{}'
is "$(comment_of n4)" "rack 7; neuron-mask=8-15(new)" "masks that come and go at once"

# Several nodes wait for it together
topo unmask n4 >/dev/null
start=$(date +%s%N)
out=$(topo mask --json --reason x 'n[1-4]:0' 'n[1-4]:5')
took=$((($(date +%s%N) - start) / 1000000))
is "$?" 0 "four nodes, named twice"
is "$(comment_of n1) $(comment_of n4)" "neuron-mask=0(x),5(x) rack 7; neuron-mask=0(x),5(x)" "are masked"
is "$("$NEURON_BUILD_DIR/testsuite/jsonget" nodes 7 changed <<<"$out")" 5 "--json says what changed"
ok "in the time of one ($took ms)" test "$took" -lt 5000
schema "mask --json" mask "$out"
out=$(topo unmask --json 'n[1-4]')
schema "unmask --json" mask "$out"
is "$("$NEURON_BUILD_DIR/testsuite/jsonget" action <<<"$out") $("$NEURON_BUILD_DIR/testsuite/jsonget" nodes 0 changed <<<"$out")" \
	"unmask 0,5" "so does unmask --json"
start=$(date +%s%N)
topo unmask 'n[1-4]' >/dev/null
ok "nothing to do takes no time" test $((($(date +%s%N) - start) / 1000000)) -lt 1000

# A node of several that cannot be changed: those before it are, and stay
scontrol update nodename=n3 comment="neuron-mask=banana"
out=$(topo mask --json --reason x 'n[1-4]:1' 2>"$CLUSTER_DIR/out/err")
is "$?" 1 "one that cannot be read"
like "$(<"$CLUSTER_DIR/out/err")" 'node n3: .*banana' "is named"
is "$(comment_of n2)|$(comment_of n4)" "neuron-mask=1(x)|rack 7;" "those before it are masked"
is "$("$NEURON_BUILD_DIR/testsuite/jsonget" nodes 1 changed <<<"$out")|$("$NEURON_BUILD_DIR/testsuite/jsonget" nodes 3 changed <<<"$out")" \
	"1|" "and --json says so"
finish
