#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Steps inside a job: each gets devices that lie together and exactly the EFA
# interfaces of these, whatever steps have come and gone. The same with stock
# steps, for comparison.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016 # what the steps run expands in them
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/cluster.sh"

# A job that starts steps of 3, 4 and 1 devices, ends the first and starts one
# of 4
write_steps() {
	cat >"$CLUSTER_DIR/steps.sh" <<-'END'
		#!/bin/bash
		gate=$CLUSTER_DIR/gate/steps
		mkfifo "$gate"
		step() {
			srun --exact -n1 --mem=0 --gres="neuron:$1" sh -c \
				"echo \$SLURM_NEURON_DEVICES; $2" &
			pid=$!
			for ((try = 0; try < 200; try++)); do
				[ "$(wc -l <"$CLUSTER_DIR/out/steps")" -lt "$3" ] || return
				sleep 0.1
			done
		}
		step 3 "read line <$gate" 1
		first=$pid
		step 4,efa:4 'exec sleep 1000' 2
		step 1 'exec sleep 1000' 3
		echo >"$gate"
		wait "$first"
		step 4 'exec sleep 1000' 4
		echo end
	END
}

start_cluster() { # SWITCHTYPE
	CLUSTER_SWITCH=$1
	cluster_new neuron
	cluster_nodes 't[1-2]' trn2u.48xlarge
	cluster_nodes o1 trn1.32xlarge
	# slurmctld tells the indexes of steps nowhere else
	cluster_conf DebugFlags=Gres
	[ -z "${manager:-}" ] || {
		cluster_conf "SlurmctldParameters=$manager"
		cluster_conf PrologFlags=Contain
		write_steps
	}
	cluster_start
	srun_of=() id_of=()
	next=0
	mkdir -p "$CLUSTER_DIR/steps"
}

#
# Steps
#

# What a step says: its id, its node, its devices and its interfaces
say='echo "$SLURM_STEP_ID $SLURMD_NODENAME ${SLURM_NEURON_DEVICES:--} ${FI_EFA_IFACE:--}"'

_has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# JOB NODES ARGS...: sets $step to a number of ours; the step runs until it is
# ended
step_start() {
	local job=$1 nodes=$2 tasks
	shift 2
	step=$((next++))
	tasks=$(tr ' ' '\n' <<<"$*" | sed -n 's/^-n//p')
	: >"$CLUSTER_DIR/steps/$step"
	srun --quiet --jobid="$job" -N"$nodes" --mem=0 "$@" \
		sh -c "$say; exec sleep 1000" </dev/null \
		>"$CLUSTER_DIR/steps/$step" 2>"$CLUSTER_DIR/steps/$step.err" &
	srun_of[step]=$!
	wait_for _has_lines "$CLUSTER_DIR/steps/$step" "$tasks" ||
		{ diag "step $*: $(<"$CLUSTER_DIR/steps/$step.err")" && return 1; }
	id_of[step]=$job.$(awk 'NR == 1 { print $1 }' "$CLUSTER_DIR/steps/$step")
}

_step_is_gone() {
	! squeue -s -h -o %i 2>/dev/null | grep -qx "$1"
}

step_end() {
	scancel "${id_of[$1]}"
	wait "${srun_of[$1]}" 2>/dev/null
	wait_for _step_is_gone "${id_of[$1]}"
	unset "srun_of[$1]"
}

steps_end() {
	local one
	for one in "${!srun_of[@]}"; do
		step_end "$one"
	done
}

# Devices that the tasks of a step see, node by node
step_sees() {
	local node
	awk '$3 != "-" { print $2 }' "$CLUSTER_DIR/steps/$1" | sort -u |
		while read -r node; do
			awk -v node="$node" '$2 == node && $3 != "-" { print $3 }' \
				"$CLUSTER_DIR/steps/$1" | as_set
		done | paste -sd' '
}

# Sets, one a line, as one set
as_set() {
	local one
	while read -r one; do
		hostlist "x[$one]"
	done | tr -d x | sort -nu | awk '
		$1 != last + 1 || NR == 1 { if (NR > 1) printf "%s,", run(); first = $1 }
		{ last = $1 }
		function run() { return first == last ? first : first "-" last }
		END { print run() }'
}

# Indexes that slurmctld gave to a step, node by node: STEP GRES
step_bits() {
	awk -v id="StepId=${id_of[$1]} " -v gres=" gres:$2 " '
		/Step Alloc GRES:/ { block++; inside = 1; next }
		/ gres:/ { mine = inside && index($0, gres) && index($0, id)
			if (mine && block != last) { text = ""; last = block }
			next }
		!/gres_|node_/ { inside = 0 }
		inside && mine && match($0, /gres_bit_alloc\[[0-9]+\]:[0-9]/) {
			text = text (text ? " " : "") \
				substr($0, RSTART + RLENGTH - 1)
			sub(/ of .*/, "", text) }
		END { print text }' "$CLUSTER_DIR/log/slurmctld"
}

# "neuron sets / efa sets" of slurmctld; with what the step itself sees when
# that is something else
step_has() {
	local bits sees
	bits=$(step_bits "$1" neuron)
	sees=$(step_sees "$1")
	[ "$bits" = "$sees" ] || bits+=" (it sees $sees)"
	echo "$bits / $(step_bits "$1" efa)"
}

# Start a step and test what it has: WANT NAME JOB NODES ARGS...
step_gets() {
	local want=$1 name=$2
	shift 2
	step_start "$@" || { fail "$name" && return; }
	is "$(step_has "$step")" "$want" "$name"
}

#
# One node, step by step; what is wrong with stock steps
#
for switch in '' switch/neuron; do
	start_cluster "$switch"
	job=$(grant -w t1 -n32 --gres=neuron:16)
	for gres in neuron:3 neuron:4,efa:4 neuron:1; do
		step_start "$job" 1 --exact -n1 --gres=$gres
	done
	has="$(step_has 0); $(step_has 1); $(step_has 2)"
	step_end 0
	step_start "$job" 1 --exact -n1 --gres=neuron:4
	has+="; $(step_has 3)"
	if [ -z "$switch" ]; then
		is "$has" "0-2 / ; 3-6 / 0-3; 7 / ; 0-2,8 / " \
			"stock: interfaces of others, devices that are not joined"
		steps_end
		cluster_stop
	else
		is "$has" "0-2 / 0-2; 4-7 / 4-7; 3 / 3; 8-11 / 8-11" \
			"ours: devices that lie together, and their interfaces"
	fi
done

# Every way to ask
step_end 1
step_end 2
step_end 3
while read -r want args; do
	# shellcheck disable=SC2086
	step_start "$job" 1 $args
	is "$(step_has "$step")" "${want//_/ }" "$args"
	step_end "$step"
done <<-END
	0-15_/_0-15 -n1
	0-15_/_0-15 -n1 --exact
	0-7_/_0-7 -n1 --gres=neuron:8
	0-11_/_0-11 -n1 --gres=neuron:trn2:12
	0-4_/_0-4 -n1 --exact --gres=neuron:5
	0-3_/_0-3 -n4 --exact --tres-per-task=gres/neuron:1
	0-7_/_0-7 -n4 --exact --tres-per-task=gres/neuron:trn2:2
	0-7_/_0-7 -n2 --exact --tres-per-task=gres/neuron:4,gres/efa:4
	0-3_/_0-3 -n8 --exact --gres=neuron:4
	0-3_/_0-1 -n1 --exact --gres=neuron:4,efa:2
	0-3_/_0-5 -n1 --exact --gres=neuron:4,efa:6
	0-3_/_0-3 -n1 --overcommit --gres=neuron:4
END

# All at the same moment, and more than fit: the last wait for the first
for ((i = 0; i < 12; i++)); do
	srun --quiet --jobid="$job" -N1 -n1 --exact --mem=0 --gres=neuron:2 \
		sh -c 'echo "$SLURM_NEURON_DEVICES"; sleep 2' </dev/null \
		>"$CLUSTER_DIR/out/at.$i" 2>/dev/null &
	srun_of[next++]=$!
done
wait "${srun_of[@]}"
srun_of=()
is "$(cat "$CLUSTER_DIR"/out/at.* | sort -u | sort -n | paste -sd' ')" \
	"0-1 2-3 4-5 6-7 8-9 10-11 12-13 14-15" "twelve steps at once: pairs"
is "$(cat "$CLUSTER_DIR"/out/at.* | wc -l)" 12 "all of them ran"

# A step beside others: what it shares and what not
step_gets "0-5 / 0-5" "six devices" "$job" 1 -n1 --exact --gres=neuron:6
first=$step
step_gets "0-3 / " "--overlap: the lowest of the whole job, as Slurm does" \
	"$job" 1 -n1 --overlap --gres=neuron:4
step_gets " / " "--gres=none: nothing" "$job" 1 -n1 --exact --gres=none
step_gets "8-15 / 8-15" "beside six devices eight lie together, whoever overlaps" \
	"$job" 1 -n1 --exact --gres=neuron:8
timeout 5 srun --quiet --jobid="$job" -N1 -n1 --exact --mem=0 \
	--gres=neuron:4 true </dev/null >/dev/null 2>&1
is $? 124 "a step for which too few are left waits"
step_end "$first"
step_gets "0-7 / 0-7" "and holds nothing when it gives up" \
	"$job" 1 -n1 --exact --gres=neuron:8
steps_end

# Devices at cores that are free, where the job insists on it
cancel_all
job=$(grant -w t1 -n96 -c2 --gres=neuron:16 --gres-flags=enforce-binding)
step_gets "0-3 / 0-3" "four devices and all cores of their socket" \
	"$job" 1 -n48 -c2 --exact --gres=neuron:4
step_gets "4-7 / 4-7" "the next four are at the other socket" \
	"$job" 1 -n1 --exact --gres=neuron:4
step_gets "8-9 / 8-9" "the next two as well" \
	"$job" 1 -n1 --exact --gres=neuron:2
step_gets "10-15 / 10-15" "where six are not left there, some of each" \
	"$job" 1 -n1 --exact --gres=neuron:6
steps_end
cancel_all

# A step that fails after its devices were chosen, for want of cores beside them
job=$(grant -w t1 -n96 -c2 --gres=neuron:16 --gres-flags=enforce-binding)
step_gets "0 / 0" "a device and nearly all cores of its socket" \
	"$job" 1 -n46 -c2 --exact --gres=neuron:1
timeout 5 srun --quiet --jobid="$job" -N1 -n1 -c8 --exact --mem=0 \
	--gres=neuron:2 true </dev/null >/dev/null 2>&1
is $? 124 "a step that wants more cores than its devices have waits"
step_gets "1-15 / 1-15" "and holds nothing" "$job" 1 -n1 --exact --gres=neuron:15
steps_end
cancel_all

# Two nodes, with other devices taken on each
job=$(grant -w 't[1-2]' -N2 --ntasks-per-node=16 --gres=neuron:12)
step_gets "0-2 0-2 / 0-2 0-2" "two nodes" "$job" 2 -n2 --exact --gres=neuron:3
step_gets "4-7 4-5 / 4-7 4-5" "three tasks on two nodes" \
	"$job" 2 -n3 --exact --tres-per-task=gres/neuron:2
step_gets "8-11 / 8-11" "one of the nodes" \
	"$job" 1 -w t2 -n1 --exact --gres=neuron:4
step_gets "3 / 3" "the other node" "$job" 1 -w t1 -n1 --exact --gres=neuron:1,efa:1
step_gets "8-10 3,6-7 / 8-10 3,6-7" \
	"where none is left that has consecutive indexes, one that is joined" \
	"$job" 2 -n2 --exact --gres=neuron:3
steps_end
cancel_all

# Two devices share an interface
job=$(grant -w o1 -n32 --gres=neuron:16)
step_gets "0 / 0" "trn1: one device and its interface" \
	"$job" 1 -n1 --exact --gres=neuron:1,efa:1
step_gets "2 / 1" "trn1: the next whose interface is free" \
	"$job" 1 -n1 --exact --gres=neuron:1,efa:1
step_gets "1 / " "trn1: without an interface beside the first" \
	"$job" 1 -n1 --exact --gres=neuron:1
step_gets "4-7 / 2-3" "trn1: four devices, two interfaces" \
	"$job" 1 -n1 --exact --gres=neuron:4
steps_end
cancel_all

#
# Many steps
#
# Events "start STEP NODE NEURON EFA" and "end STEP", after "job NODE NEURON".
# Judged here: no device and no interface is in two steps or outside the job;
# the interfaces are those of the devices; a step has as many links as sets of
# its size can have (on a torus of 4 x 4) and consecutive indexes, unless no
# free set of the job had.
verdict() {
	awk '
	function expand(text, set,   n, i, j, part, ends) {
		delete set
		n = (text == "-") ? 0 : split(text, part, ",")
		for (i = 1; i <= n; i++) {
			split(part[i], ends, "-")
			if (ends[2] == "") ends[2] = ends[1]
			for (j = ends[1]; j <= ends[2]; j++) set[j + 0] = 1
		}
	}
	function linked(a, b,   d) {
		if (int(a / 4) == int(b / 4)) {
			d = (a - b + 4) % 4
			return d == 1 || d == 3
		}
		d = (a - b + 16) % 16
		return d == 4 || d == 12
	}
	function run_links(first, size,   i, j, n) {
		for (i = first; i < first + size; i++)
			for (j = first; j < i; j++) n += linked(i, j)
		return n + 0
	}
	function is_good(first, size) { return run_links(first, size) == most[size] }
	function wrong(text) { print "wrong: " text ": " $0; faults++ }
	BEGIN { split("0 1 2 4", few, " ")
		for (i = 1; i <= 4; i++) most[i] = few[i]
		most[8] = 12 }
	$1 == "job" { expand($3, set); for (d in set) job[$2, d] = 1; next }
	$1 == "end" { for (key in holder) if (holder[key] == $2) delete holder[key]
		for (key in efa) if (efa[key] == $2) delete efa[key]
		next }
	{
		steps++
		expand($4, set)
		size = 0; first = 99
		for (d in set) {
			size++
			if (d + 0 < first) first = d + 0
			if (!(($3, d) in job)) wrong("not of the job")
			if (($3, d) in holder) wrong("twice")
		}
		good = is_good(first, size)
		for (d = first; d < first + size; d++) if (!(d in set)) good = 0
		better = ""
		for (f = 0; !good && f + size <= 16; f++) {
			for (d = f; d < f + size; d++)
				if (!(($3, d) in job) || (($3, d) in holder)) break
			if (d == f + size && is_good(f, size)) better = f "-" d - 1
		}
		if (better != "") { print "bad: " $0 ", not " better; bad++ }
		for (d in set) holder[$3, d] = $2
		if ($5 != $4) other++
		expand($5, set)
		for (d in set) {
			if (($3, d) in efa) wrong("interface twice")
			efa[$3, d] = $2
		}
	}
	END { printf "%d sets, %d wrong, %d worse than could be, %d with other interfaces\n",
		steps, faults, bad, other }' "$CLUSTER_DIR/run/events"
}

state=7
draw() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	drawn=$((state / 65536 % $1))
}

start_event() {
	local on neurons efas i
	mapfile -t on < <(awk '{ print $2 }' "$CLUSTER_DIR/steps/$1" | sort -u)
	read -ra neurons <<<"$(step_bits "$1" neuron)"
	read -ra efas <<<"$(step_bits "$1" efa)"
	for i in "${!on[@]}"; do
		echo "start $1 ${on[i]} ${neurons[i]} ${efas[i]:--}"
	done >>"$CLUSTER_DIR/run/events"
}

# Devices of the job that are left on a node
declare -A left

start_random() {
	local nodes=1 size on node
	draw 8
	size=$((drawn < 4 ? drawn + 1 : drawn - 3))
	[ "$drawn" -ne 7 ] || size=8
	draw 3
	case $drawn in
	0) nodes=2 on=t1,t2 ;;
	1) on=t1 ;;
	*) on=t2 ;;
	esac
	for node in ${on//,/ }; do
		[ "${left[$node]}" -ge "$size" ] || return
	done
	draw 3
	case $drawn in
	0) set -- --gres=neuron:$size,efa:$size ;;
	1) set -- --tres-per-task=gres/neuron:$size ;;
	*) set -- --gres=neuron:$size ;;
	esac
	step_start "$job" $nodes -w "$on" -n$nodes --exact "$@" ||
		{ fail "a step starts" && return; }
	start_event "$step"
	uses[step]="$on $size"
	for node in ${on//,/ }; do
		left[$node]=$((left[$node] - size))
	done
	started=$((started + 1))
}

end_random() {
	local all=("${!srun_of[@]}") one node on size
	[ ${#all[@]} -gt 0 ] || return
	draw ${#all[@]}
	one=${all[drawn]}
	step_end "$one"
	echo "end $one" >>"$CLUSTER_DIR/run/events"
	read -r on size <<<"${uses[one]}"
	for node in ${on//,/ }; do
		left[$node]=$((left[$node] + size))
	done
}

# A controller that has just started defers steps until it knows that the
# nodes are up, and srun asks again much later
steps_start() {
	timeout 4 srun --quiet --jobid="$job" -N2 --overlap --gres=none --mem=0 \
		true </dev/null >/dev/null 2>&1
}

churn() { # ROUNDS DEVICES [ROUND OF A RESTART]
	local round
	job=$(grant -w 't[1-2]' -N2 --ntasks-per-node=32 --gres=neuron:"$2")
	left=([t1]=$2 [t2]=$2)
	started=0
	uses=()
	job_alloc "$job" | awk '{ print "job", $1, $2 }' >"$CLUSTER_DIR/run/events"
	for ((round = 0; round < $1; round++)); do
		draw 5
		if [ "$drawn" -lt 3 ]; then
			start_random
		else
			end_random
		fi
		[ "$round" -ne "${3:--1}" ] || {
			wait_saved "$job"
			ctld_kill
			ctld_start && wait_for -t 60 steps_start
		}
	done
}

for devices in 16 12 8; do
	churn $((devices == 16 ? 520 : 100)) $devices 60
	said=$(verdict)
	sets=$(grep -c ^start "$CLUSTER_DIR/run/events")
	is "$(tail -n 1 <<<"$said")" "$sets sets, 0 wrong, 0 worse than could be, 0 with other interfaces" \
		"$devices devices on two nodes, $started steps, one restart of slurmctld"
	[ "$(wc -l <<<"$said")" -eq 1 ] || diag "$said"
	steps_end
	step_gets "$(job_devices "$job") / $(job_efas "$job")" "nothing is lost" \
		"$job" 2 -n2 --exact
	steps_end
	cancel_all
done
unlike "$(<"$CLUSTER_DIR/log/slurmctld")" \
	'oversubscribed|still needed|underflow|should never|mismatch' \
	"slurmctld has no complaint"

# Steps that a node manages for slurmctld
cluster_stop
manager=enable_stepmgr
start_cluster switch/neuron
sbatch --quiet --stepmgr -w t1 -n32 --gres=neuron:16 \
	--output="$CLUSTER_DIR/out/steps" "$CLUSTER_DIR/steps.sh"
wait_for -t 60 grep -qsx end "$CLUSTER_DIR/out/steps"
is "$(sed '/^end$/q' "$CLUSTER_DIR/out/steps" | paste -sd' ')" "0-2 4-7 3 8-11 end" \
	"a slurmstepd that manages the steps of its job does the same"
cancel_all
manager=

# The same steps by Slurm alone: this test can see the difference
cluster_stop
start_cluster ''
state=7
churn 60 16
said=$(verdict)
diag "stock: $(tail -n 1 <<<"$said")"
like "$said" '^bad: ' "stock: steps have sets that are worse than could be"
like "$(<"$CLUSTER_DIR/log/slurmctld")" \
	'SwitchType=switch/neuron gives them sets' "slurmctld says what would do better"

# It needs the rest
steps_end
ctld_stop
sed -i 's/^SelectType=.*/SelectType=select\/cons_tres/
	s/^TopologyPlugin=.*/TopologyPlugin=topology\/tree\nSwitchType=switch\/neuron/' \
	"$SLURM_CONF"
timeout -k 1 20 slurmctld -D -f "$SLURM_CONF" >"$CLUSTER_DIR/out/refused" 2>&1
isnt $? 124 "slurmctld refuses switch/neuron on other plugins"
like "$(<"$CLUSTER_DIR/out/refused")" \
	'SelectType=select/cons_tres: SwitchType=switch/neuron needs SelectType=select/neuron' \
	"and says why"
finish
