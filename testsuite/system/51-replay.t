#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# slurm-replay on 128 nodes: a trace that it makes up and one that it reads,
# the judge's figures, its files, and what it refuses.
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$0")/cluster.sh"
# shellcheck source-path=SCRIPTDIR source=nodesim.sh
. "$(dirname "$0")/nodesim.sh"
_need_plugins
need_nodesim
for program in replay chart; do
	[ -x "$NEURON_BUILD_DIR/testsuite/bench/$program" ] ||
		skip_all "testsuite/bench/$program is not built"
done
replay=$(dirname "$0")/../bench/slurm-replay
dir=$(mktemp -d "${TMPDIR:-/tmp}/nslurm-51.XXXXXX") || exit 99
CLUSTER_DIRS+=("$dir")

# One figure of the first replica
figure() { # CLUSTER NAME
	awk -F, -v mode="$1" -v name="$2" \
		'$4 == 1 && $5 == mode && $6 == name { print $7 }' "$csv"
}

# Lines that are not "nodes,family,speed,replica,cluster,figure,number"
wrong_lines() {
	awk -F, 'NR > 1 && (NF != 7 || $1 !~ /^[0-9]+$/ || $4 !~ /^[0-9]+$/ ||
		$7 !~ /^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/)' "$1"
}

# Every tag of an SVG file is closed, in order.
# shellcheck disable=SC2317 # called by ok
well_formed() {
	awk '{
		text = text $0
	} END {
		while (match(text, /<[^>]*>/)) {
			tag = substr(text, RSTART + 1, RLENGTH - 2)
			if (index(substr(text, 1, RSTART - 1), "<"))
				exit 1
			text = substr(text, RSTART + RLENGTH)
			name = tag
			sub(/^\//, "", name)
			sub(/[ \/].*/, "", name)
			if (tag ~ /^\//) {
				if (!depth || open[depth--] != name)
					exit 1
			} else if (tag !~ /\/$/) {
				open[++depth] = name
				if (depth == 1 && name != "svg")
					exit 1
			}
			seen++
		}
		exit depth || seen < 10 || text ~ /[<>]/
	}' "$1"
}

#
# A trace that is made up
#
csv=$dir/figures.csv
if "$replay" --synthetic 7 --jobs 120 --nodes 128 --speed 3000 \
	--only stock,neuron --csv "$csv" --table "$dir/table" --svg "$dir/svg" \
	>"$dir/out" 2>"$dir/err"; then
	pass "a trace that is made up, on stock plugins and on ours"
else
	fail "a trace that is made up, on stock plugins and on ours"
	diag "$(cat "$dir/out" "$dir/err")"
fi
for name in submitted started; do
	is "$(figure neuron $name) $(figure stock $name)" "120 120" \
		"  all jobs: $name"
done
is "$(figure neuron connected) $(figure neuron best_shape) $(figure neuron \
	efa_aligned)" "100 100 100" "  ours: connected, of best shape, aligned"
for mode in stock neuron; do
	is "$(figure $mode double) $(figure $mode wrong-size)" "0 0" \
		"  $mode: nothing is given twice, nothing of another size"
	ok "  $mode: some allocations were looked at" \
		[ "$(figure $mode looked-at)" -ge 40 ]
	ok "  $mode: devices were in use" awk \
		"BEGIN { exit !($(figure $mode use) > 1) }"
done
ok "  where only counts matter nobody waits longer" awk \
	"BEGIN { exit !($(figure count wait-all-mean) <= $(figure neuron wait-all-mean)) }"
for name in main-mean backfill-mean submission all-cpu memory memory-first \
	leaves servers; do
	like "$(figure neuron $name)" '^[0-9]' "  ours: figure $name"
done
is "$(wrong_lines "$csv")" "" "  the CSV is one"
is "$(head -n 1 "$csv")" "nodes,family,speed,replica,mode,figure,value" \
	"  with names"
is "$(<"$dir/table")" "$(<"$dir/out")" "  the table is in its file too"
for name in wait cycles jobs quality span memory; do
	ok "  $name.svg is well-formed" well_formed "$dir/svg/$name.svg"
done

#
# A trace from a file, with a job that the machine is too small for
#
cat >"$dir/trace.csv" <<-END
	# made up
	submit_s,duration_s,devices
	0,60,4
	5,60,8
	5,60,32
	10,60,160
	20,60,1
END
csv=$dir/file.csv
ok "a trace from a file" "$replay" --nodes 8 --speed 20 --only neuron \
	--csv "$csv" "$dir/trace.csv"
is "$(figure neuron submitted) $(figure neuron started)" "4 4" \
	"  without the job that is too large"
is "$(figure neuron connected)" 100 "  is placed well"

# Nodes that the trace gives
cat >"$dir/nodes.csv" <<-END
	submit_s,duration_s,devices,nodes
	0,60,8,2
	1,60,32,4
	2,60,16,1
	3,60,9,9
END
csv=$dir/nodes-figures.csv
ok "a trace that says how many nodes" "$replay" --nodes 8 --speed 20 \
	--only neuron --csv "$csv" "$dir/nodes.csv"
is "$(figure neuron started)" 3 "  without the job that wants more than there are"
is "$(figure neuron looked-at) $(figure neuron wrong-size)" "7 0" \
	"  all nodes have their part of the devices"

#
# All jobs before the first one may start
#
csv=$dir/queue.csv
ok "a queue" "$replay" --synthetic 3 --queue --jobs 30 --nodes 64 --speed 5000 \
	--only neuron --csv "$csv"
is "$(figure neuron started)" 30 "  all its jobs start"
ok "  one cycle tests them all" test "$(figure neuron queue-depth)" -ge 30
ok "  in less than all cycles take" awk "BEGIN {
	exit !($(figure neuron queue-cycle) > 0 &&
		$(figure neuron queue-cycle) <= $(figure neuron main-max)) }"

#
# What it refuses
#
refused() { # ERE OPTION...
	local want=$1 got rc
	shift
	got=$("$replay" "$@" 2>&1)
	rc=$?
	like "$rc $got" "^2 slurm-replay: $want" "refused: ${*//"$dir"\//}"
}
refused 'wants one TRACE.csv or --synthetic'
refused 'wants either' --synthetic 1 "$dir/trace.csv"
refused '--synthetic wants a number' --synthetic 0
refused '--nodes wants a number from 8 to 10000, not "10001"' --nodes 10001
refused '--only wants some of .*, not "tree"' --only tree --synthetic 1
refused '--load wants a number' --load 11 --synthetic 1
refused 'topology/block wants a multiple of 4' --only block --nodes 10 \
	--synthetic 1
refused 'unknown option --nodse' --nodse 1
refused 'cannot read' "$dir/none.csv"
printf 'submit_s,duration_s,devices\n0,-1,4\n' >"$dir/bad.csv"
refused '.*bad.csv:2: duration_s is "-1"' "$dir/bad.csv"
for bad in '0,1,17,1:nodes is "1"; 17 devices are on 2 or more' \
	'0,1,4,0:nodes is "0"; 4 devices are on 1 or more' \
	'0,1,4,1.5:nodes is "1.5"' '0,1,4,3:4 devices are not as many' \
	'0,1,4,x:nodes is "x"'; do
	printf 'submit_s,duration_s,devices,nodes\n%s\n' "${bad%%:*}" >"$dir/bad.csv"
	refused ".*bad.csv:2: ${bad#*:}" "$dir/bad.csv"
done
printf 'a,b\n0,1\n' >"$dir/bad.csv"
refused '.*bad.csv:1: the columns' "$dir/bad.csv"
finish
