#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --neuron- options and templates: what is refused and how, what a model is
# given, how many tasks start, and what slurmctld keeps of the options.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_nodes 'm[1-2]' trn1.32xlarge
cluster_nodes i1 inf2.48xlarge
cluster_nodes c1 cpu
cluster_ultraserver us1 'n[1-2]'
cluster_partition trn2 'n[1-2]' Default=YES
cluster_partition trn1 'm[1-2]'
cluster_partition inf2 i1
cluster_partition cpu c1
cluster_partition mixed 'n[1-2],m[1-2],i1'
neuron_conf 'TemplateName=row Devices=4 Type=trn2 Tp=16 Description="a row"'
neuron_conf 'TemplateName=half Devices=8 Shape=best Launch=core Efa=none'
neuron_conf 'TemplateName=inf Devices=12 Type=inf2 Tp=8'
# What Prolog sees of the options of a job
cat >"$CLUSTER_DIR/prolog.sh" <<-END
	#!/bin/sh
	echo "\${SPANK_NEURON_OPTIONS:-none}" >"$CLUSTER_DIR/out/\$SLURM_JOB_ID.options"
END
chmod 0755 "$CLUSTER_DIR/prolog.sh"
cluster_conf "Prolog=$CLUSTER_DIR/prolog.sh"
cluster_start

# Submit, held; OUT is the id or "", SAID what sbatch said
said=$CLUSTER_DIR/out/said
try() {
	OUT=$(sbatch -H --parsable -o /dev/null "$@" --wrap true 2>"$said")
	SAID=$(<"$said")
}

refused() { # NAME ERE ARGS...
	local name=$1 want=$2
	shift 2
	try "$@"
	is "$OUT" '' "$name: refused"
	like "$SAID" "$want" "$name: says why"
	[ -z "$OUT" ] || scancel "$OUT"
}

# NAME "TresPerNode NumNodes NtasksPerNode" ARGS...
taken() {
	local name=$1 want=$2
	shift 2
	try "$@"
	if [ -z "$OUT" ]; then
		fail "$name: taken"
		diag "$SAID"
		return
	fi
	is "$(facts "$OUT")" "$want" "$name: taken"
	scancel "$OUT"
}

# NumNodes of a job that is pending is "1-1" or "1"
facts() {
	local nodes tasks tres
	nodes=$(job_field "$1" NumNodes)
	tasks=$(scontrol show job "$1" | sed -n 's/.*NtasksPerN:B:S:C=\([0-9]*\):.*/\1/p')
	tres=$(job_field "$1" TresPerNode)
	echo "${tres//gres\//} ${nodes%-*} $tasks"
}

# Each option good and bad
all='--gres=neuron:4'
taken "no option" "neuron:4,efa:4 1 0" $all
taken "tp" "neuron:4,efa:4 1 2" $all --neuron-tp=8
taken "tp of all cores" "neuron:4,efa:4 1 1" $all --neuron-tp=16
taken "lnc" "neuron:4,efa:4 1 0" $all --neuron-lnc=1
taken "tp with lnc" "neuron:4,efa:4 1 4" $all --neuron-tp=8 --neuron-lnc=1
taken "shape" "neuron:4,efa:4 1 0" $all --neuron-shape=ring
taken "wait" "neuron:4,efa:4 1 0" $all --neuron-wait=1:30
taken "launch=process" "neuron:4,efa:4 1 0" $all --neuron-launch=process
taken "launch=core" "neuron:4,efa:4 1 16" $all --neuron-launch=core
taken "ultraserver" "neuron:16,efa:16 2 0" -N2 --gres=neuron:16 \
	--neuron-ultraserver=require
taken "env" "neuron:4,efa:4 1 0" $all --neuron-env=basic
taken "tp over two nodes" "neuron:16,efa:16 2 1" -N2 --gres=neuron:16 \
	--neuron-tp=128
taken "tp with the user's tasks" "neuron:4,efa:4 1 0" -n3 $all --neuron-tp=8
taken "tp with the user's tasks per node" "neuron:4,efa:4 1 5" \
	--ntasks-per-node=5 $all --neuron-tp=8

refused "tp that does not divide" \
	'tp=6 does not go with the 16 logical cores that the 4 trn2 devices of a node have: write tp=1, 2, 4, 8 or 16$' \
	$all --neuron-tp=6
refused "tp beyond a node" 'tp=32 takes 2 whole nodes.*ask for -N2' \
	$all --neuron-tp=32
refused "tp that does not divide the job" \
	'tp=48 does not go with the 16 logical cores .*write tp=1, 2, 4, 8, 16 or 32$' \
	-N2 $all --neuron-tp=48
refused "tp per task" 'tp=3 does not go with the 8 logical cores that the 2 trn2 devices of a task have' \
	-n2 --tres-per-task=gres/neuron:2 --neuron-tp=3
refused "lnc of another family" 'trn1 devices cannot run with lnc=2: write lnc=1$' \
	-p trn1 $all --neuron-lnc=2
refused "lnc where one family has it" 'write lnc=1, or name the type' \
	-p mixed --gres=neuron:4,efa:0 --neuron-lnc=2
taken "lnc where the type is named" "neuron:trn2:4,efa:4 1 0" -p mixed \
	--gres=neuron:trn2:4 --neuron-lnc=2
refused "launch=process with a wide shape" \
	'shape=ring does not go with launch=process.*shape=consecutive or launch=core' \
	$all --neuron-launch=process --neuron-shape=ring
refused "UltraServers that a family has not" \
	'the inf2 nodes that the job may use are in no UltraServer: write ultraserver=prefer or' \
	-p inf2 $all --neuron-ultraserver=require
refused "options without devices" 'asks for no Neuron devices: add --gres=neuron:N' \
	--neuron-tp=8
refused "options with neuron:0" 'asks for no Neuron devices' \
	--gres=neuron:0 --neuron-template=row
refused "options in a partition without devices" 'partition cpu has no Neuron nodes' \
	-p cpu --neuron-template=row
refused "tasks that differ between families" 'name the type of the devices' \
	-p mixed --gres=neuron:4,efa:0 --neuron-tp=4
for bad in tp=0 tp=-1 tp=8x lnc=3 shape=square wait=soon launch=thread \
	ultraserver=yes env=all model=big template=../x; do
	refused "$bad" "neuron-${bad%%=*}" $all "--neuron-$bad"
done

# Templates
taken "a template" "neuron:trn2:4,efa:4 1 1" --neuron-template=row
taken "a template's devices, the user's tp" "neuron:trn2:4,efa:4 1 4" \
	--neuron-template=row --neuron-tp=4
taken "the user's devices, a template's type and tp" \
	"neuron:trn2:8,efa:8 1 2" --neuron-template=row --gres=neuron:8
taken "the user's type" "neuron:trn1:8,efa:4 1 1" -p mixed \
	--neuron-template=row --gres=neuron:trn1:8
taken "a template without EFA" "neuron:8 1 32" --neuron-template=half
taken "the user's EFA interfaces" "neuron:8,efa:8 1 32" \
	--neuron-template=half --gres=neuron:8,efa:8
taken "a template's type finds its nodes" "neuron:inf2:12 1 3" -p mixed \
	--neuron-template=inf
refused "no such template" \
	'--neuron-template=column: there is no such template: the templates of this cluster are row, half, inf$' \
	--neuron-template=column
refused "a template of another partition" 'type inf2' --neuron-template=inf
refused "a template and an option against it" \
	'shape=best does not go with launch=process' \
	--neuron-template=half --neuron-launch=process

# Models
model() { # NAME "as taken" "devices and nodes" ARGS...
	local name=$1 want=$2 pick=$3
	shift 3
	taken "$name" "$want" "$@"
	like "$SAID" "neuron: model [^ ]* needs [0-9]* GiB: the job gets $pick, [0-9]* GiB" \
		"$name: says what it picked"
}
model "70B on trn2" "neuron:trn2:2,efa:2 1 0" \
	"2 trn2 devices on 1 node" --neuron-model=70B
model "70B on trn1" "neuron:trn1:8,efa:4 1 0" "8 trn1 devices on 1 node" \
	-p trn1 --neuron-model=70B --neuron-tp=16 -n1
model "70B on inf2" "neuron:inf2:5 1 0" "5 inf2 devices on 1 node" \
	-p inf2 --neuron-model=70B
model "8B of fp8" "neuron:inf2:1 1 0" "1 inf2 device on 1 node" \
	-p inf2 --neuron-model=8B:fp8
model "405B on trn1" "neuron:trn1:16,efa:8 2 0" \
	"16 trn1 devices on each of 2 nodes" -p trn1 --neuron-model=405B
model "405B on two nodes of trn2" "neuron:trn2:5,efa:5 2 0" \
	"5 trn2 devices on each of 2 nodes" -N2 --neuron-model=405B \
	--neuron-shape=connected
model "70B to train" "neuron:trn2:14,efa:14 1 0" "14 trn2 devices on 1 node" \
	--neuron-model=70B:train --neuron-shape=connected
model "a model and tp" "neuron:trn2:8,efa:8 1 1" "8 trn2 devices on 1 node" \
	--neuron-model=70B --neuron-tp=32
model "the family of fewest devices" "neuron:trn2:2,efa:2 1 0" \
	"2 trn2 devices on 1 node" -p mixed --neuron-model=70B
model "a model in a template's type" "neuron:trn2:4,efa:4 1 1" \
	"4 trn2 devices on 1 node" -p mixed --neuron-model=8B \
	--neuron-template=row
taken "a model and enough devices" "neuron:2,efa:2 1 0" --gres=neuron:2 \
	--neuron-model=70B
refused "a model and too few devices" \
	'model 70B needs 157 GiB, and 1 trn2 device has 96 GiB: ask for 2 or more' \
	--gres=neuron:1 --neuron-model=70B
refused "a model for more nodes than asked" \
	'model 405B:train needs 7242 GiB, and 2 trn2 nodes hold 3072 GiB: ask for 5 nodes' \
	-N2 --neuron-model=405B:train

# What a job runs with. A script that tells
cat >"$CLUSTER_DIR/tell.sh" <<-'END'
	#!/bin/bash
	echo "NTASKS=${SLURM_NTASKS:-} PER_NODE=${SLURM_NTASKS_PER_NODE:-} TASKS=${SLURM_TASKS_PER_NODE:-}"
	srun sh -c 'echo "task $SLURM_PROCID of $SLURM_NTASKS on $SLURMD_NODENAME"' | sort -V
	echo end
END
chmod 0755 "$CLUSTER_DIR/tell.sh"
tell() { # NAME WANTED-LINE WANTED-TASKS "options" ARGS...
	local name=$1 line=$2 tasks=$3 options=$4 job file
	shift 4
	job=$(sbatch --parsable -o "$CLUSTER_DIR/out/%j.tell" "$@" \
		"$CLUSTER_DIR/tell.sh" 2>"$said")
	file=$CLUSTER_DIR/out/$job.tell
	if ! wait_for -t 30 grep -qs '^end' "$file"; then
		fail "$name: it ends"
		diag "$(cat "$said" "$file" 2>&1)" "$(scontrol show job "$job" 2>&1)"
		return
	fi
	is "$(head -n 1 "$file")" "$line" "$name: environment of the script"
	is "$(grep -c '^task' "$file")" "$tasks" "$name: tasks of a plain srun"
	is "$(cat "$CLUSTER_DIR/out/$job.options" 2>&1)" "$options" \
		"$name: options that Prolog sees"
}
tell "without options" "NTASKS= PER_NODE= TASKS=2" 1 none $all
tell "tp=8 of 16 cores" "NTASKS=2 PER_NODE=2 TASKS=2" 2 tp=8 $all \
	--neuron-tp=8
tell "tp=16 on two nodes" "NTASKS=8 PER_NODE=4 TASKS=4(x2)" 8 tp=16 -N2 \
	--gres=neuron:16 --neuron-tp=16
tell "one process for each core" "NTASKS=16 PER_NODE=16 TASKS=16" 16 \
	tp=8,launch=core $all --neuron-tp=8 --neuron-launch=core
tell "a template" "NTASKS=4 PER_NODE=4 TASKS=4" 4 \
	"tp=4,wait=0-00:10:00,template=row" --neuron-template=row \
	--neuron-wait=10 --neuron-tp=4
tell "a template of many" "NTASKS=32 PER_NODE=32 TASKS=32" 32 \
	"shape=best,launch=core,template=half" --neuron-template=half
tell "the user's tasks" "NTASKS=3 PER_NODE= TASKS=3" 3 tp=8 -n3 $all \
	--neuron-tp=8
tell "tp and CPUs for a task" "NTASKS=2 PER_NODE=2 TASKS=2" 2 tp=8 -c 6 $all \
	--neuron-tp=8
tell "a number of nodes from a range" "NTASKS=4 PER_NODE=2 TASKS=2(x2)" 4 \
	tp=8 --nodes=1-2 $all --neuron-tp=8

# sbatch from inside a job starts anew
cat >"$CLUSTER_DIR/nested.sh" <<-END
	#!/bin/bash
	sbatch --parsable -o "$CLUSTER_DIR/out/nested" --gres=neuron:4 "$CLUSTER_DIR/tell.sh" 2>&1
END
chmod 0755 "$CLUSTER_DIR/nested.sh"
sbatch -o "$CLUSTER_DIR/out/nesting" $all --neuron-tp=4 "$CLUSTER_DIR/nested.sh" \
	>"$said" 2>&1
if wait_for -t 30 grep -qs '^end' "$CLUSTER_DIR/out/nested"; then
	like "$(cat "$CLUSTER_DIR/out/$(<"$CLUSTER_DIR/out/nesting").options")" \
		'^none$' "sbatch inside a job has no options of that job"
else
	fail "sbatch inside a job has no options of that job"
	diag "$(cat "$said" "$CLUSTER_DIR"/out/nest* 2>&1)"
fi

# salloc and srun say what was picked, too
out=$(salloc -p inf2 --neuron-model=70B true 2>&1)
like "$out" '^salloc: neuron: model 70B .* 5 inf2 devices' "salloc says what it picked"
out=$(srun -p inf2 --neuron-model=70B true 2>&1)
like "$out" '^srun: neuron: model 70B .* 5 inf2 devices' "srun says what it picked"
# and what they cannot do
out=$(srun $all --neuron-tp=8 sh -c 'echo one task' 2>&1)
like "$out" '^srun: neuron: the job has room for 2 tasks on each node, .* add --ntasks-per-node=2$' \
	"srun says that it starts one task"
is "$(grep -c 'one task' <<<"$out")" 1 "it does"
out=$(srun $all --neuron-tp=8 --ntasks-per-node=2 sh -c 'echo one task' 2>&1)
is "$(grep -c 'one task' <<<"$out") $(grep -c 'room for' <<<"$out")" "2 0" "told so it starts them, and says nothing"
like "$(salloc $all --neuron-launch=core true 2>&1)" 'salloc: neuron: .* add --ntasks-per-node=16$' "salloc says it too"
out=$(srun --neuron-tp=3 $all true 2>&1)
like "$out" '^srun: error: tp=3 does not go with' "srun says why not"

# Components of a heterogeneous job
try -p cpu -n1 : $all --neuron-tp=8
isnt "$OUT" '' "a component without devices beside one with options"
cancel_all
wait_idle

# A change of a job keeps its options in mind
try $all --neuron-tp=16
job=$OUT
ok "a change to devices that suit tp" scontrol update "jobid=$job" gres=neuron:8
is "$(job_field "$job" TresPerNode)" "gres/neuron:8,gres/efa:8" "they are there"
unchanged() { # NAME ERE CHANGE...
	local name=$1 want=$2
	shift 2
	if scontrol update "jobid=$job" "$@" >"$said" 2>&1; then
		fail "$name: refused"
	else
		like "$(<"$said")" "$want" "$name: refused"
	fi
}
unchanged "a change to devices that do not suit tp" \
	'tp=16 does not go with the 12 logical cores' gres=neuron:3
ok "a change of something else" scontrol update "jobid=$job" comment=x
scancel "$job"
try -N2 --gres=neuron:16,efa:0 --neuron-tp=128 --neuron-lnc=2
job=$OUT
unchanged "fewer nodes than a group has" 'tp=128 does not go with' numnodes=1
unchanged "a number of nodes that splits groups" 'tp=128 does not go with' \
	numnodes=3
unchanged "nodes of another family" 'trn1 devices cannot run with lnc=2' \
	partition=trn1
ok "twice the nodes" scontrol update "jobid=$job" numnodes=4
is "$(job_field "$job" NumNodes)" 4-4 "they are there"
scancel "$job"
try --neuron-model=405B -p trn1
job=$OUT
unchanged "fewer nodes than a model needs" 'model 405B needs 906 GiB' \
	numnodes=1
scancel "$job"

# Numbers that AWS documents
echo UndocumentedSizes=refuse >>"$CLUSTER_DIR/etc/neuron.conf"
ok "only documented sizes" cluster_reconfigure
model "70B in a documented size" "neuron:trn2:4,efa:4 1 0" \
	"4 trn2 devices on 1 node" --neuron-model=70B
model "405B in a documented size" "neuron:trn1:16,efa:8 2 0" \
	"16 trn1 devices on each of 2 nodes" -p trn1 --neuron-model=405B

# What no client of ours sends
wild=$NEURON_BUILD_DIR/testsuite/compat/.libs/wild.so
if [ -e "$wild" ]; then
	echo "required $wild" >>"$CLUSTER_DIR/etc/plugstack.conf"
	long=$(printf 'x%.0s' {1..60000})
	# shellcheck disable=SC2016 # no shell is to expand it
	for bad in x tp tp= tp=0 tp=-8 tp=4294967304 'tp=8,tp=8' 'tp=8,' \
		$'tp=8\nlnc=1' 'tp=$(id)' 'template=../../etc/passwd' \
		'template=;reboot' 'Tp=8' 'tp=8 ' $'tp=\xd9\xa8' 'shape=' \
		"model=${long}B" "tp=$long" "$long" 'model=70B::train' ',,,'; do
		export WILD_OPTIONS=$bad
		name=${bad:0:30}
		refused "by hand: ${name//[^ -~]/?}" \
			'^sbatch: error: [ -~]*(NEURON_OPTIONS|--neuron-)' $all
	done
	WILD_OPTIONS=tp=08 tell "by hand, another way to write it" \
		"NTASKS=2 PER_NODE=2 TASKS=2" 2 tp=8 $all
	# What no program can be started with would drain the node of the job
	WILD_OPTIONS=$(printf 'x%.0s' {1..100000})
	refused "by hand: 100000 bytes" \
		'SPANK environment of the job is too large' $all
	unset WILD_OPTIONS
	ok "the controller lives" ctld_alive
else
	skip "options by hand" "testsuite/compat/wild.la is not built (make check does)"
fi

finish
