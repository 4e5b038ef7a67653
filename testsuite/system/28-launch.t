#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The options --neuron-... of srun, sbatch and salloc, and the environment
# that a task, a batch script and a shell find.
# shellcheck source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'u[1-4]' trn2u.48xlarge
cluster_nodes t1 trn1.32xlarge
cluster_nodes i1 inf2.48xlarge
cluster_nodes c1 cpu
cluster_ultraserver us1 'u[1-4]'
neuron_conf 'CompileCache=/shared/%u/cache'
neuron_conf RootPorts=20000-20999
neuron_conf TemplateName=small Devices=4 Launch=core Tp=4

# u[1-4] are one UltraServer, in the order of their names
server=sys/class/neuron_device
for node in 0 1 2 3; do
	dir=$CLUSTER_DIR/machines/u$((node + 1))/$server
	printf '%d\n' $node >"$dir/node_id_4"
	printf '%d\n' $((node % 2)) >"$dir/node_id_2"
	echo 7f00c5f3a1b2d40e >"$dir/server_id_4"
	echo "7f00c5f3a1b2d40$([ $node -lt 2 ] && echo e || echo d)" >"$dir/server_id_2"
	echo 1,3,4 >"$dir/ultraserver_mode"
done
# An old kernel
mkdir -p "$CLUSTER_DIR/machines/t1/proc/sys/kernel"
echo 5.10.210-201.852.amzn2.x86_64 >"$CLUSTER_DIR/machines/t1/proc/sys/kernel/osrelease"
cluster_start
user=$(id -un)

# The environment of each task goes to a file of its own
write_show() {
	show=$CLUSTER_DIR/show.sh
	cat >"$show" <<-END
		#!/bin/sh
		env -0 | tr '\\n\\0' ' \\n' >"$CLUSTER_DIR/out/\$1.\$SLURM_PROCID"
	END
	chmod 0755 "$show"
}
write_show

# What task $2 of $1 has in variable $3
var() {
	sed -n "s/^$3=//p" "$CLUSTER_DIR/out/$1.$2" 2>/dev/null ||
		echo "no $1.$2"
}

has() {
	grep -q "^$3=" "$CLUSTER_DIR/out/$1.$2"
}

# Variables of task $2 of $1 are as the lines "NAME=value" of $4; NAME- is not
# there
vars() {
	local line name wrong=''
	while IFS= read -r line; do
		name=${line%%[=-]*}
		if [ "$line" = "$name-" ]; then
			! has "$1" "$2" "$name" ||
				wrong+="$name is there: $(var "$1" "$2" "$name")"$'\n'
		elif [ "$(var "$1" "$2" "$name")" != "${line#*=}" ]; then
			wrong+="$name=$(var "$1" "$2" "$name"), wanted $line"$'\n'
		fi
	done <<<"$4"
	is "$wrong" "" "$3"
}

# srun with the environment of tasks under a name; what it says in $said
run() {
	local tag=$1
	shift
	rm -f "$CLUSTER_DIR/out/$tag".*
	said=$(timeout 60 srun "$@" "$show" "$tag" 2>&1)
	status=$?
	[ "$status" -eq 0 ] || diag "srun $*: status $status: $said"
}

cores() {
	seq -s, "$1" "$2"
}

# N times the word $2
times() {
	local i out=''
	for ((i = 0; i < $1; i++)); do
		out+=,$2
	done
	echo "${out#,}"
}

#
# One task for each node
#
run one -N2 -w 'u[1-2]' --gres=neuron:4
for rank in 0 1; do
	from=$(var one $rank SLURM_NEURON_DEVICES)
	from=${from%-*}
	port=$(var one $rank MASTER_PORT)
	vars one $rank "trn2u: task $rank of one for each of two nodes" \
		"NEURON_RT_VISIBLE_CORES=$(cores $((4 * from)) $((4 * from + 15)))
NEURON_RT_NUM_CORES=16
NEURON_LOGICAL_NC_CONFIG=2
NEURON_RT_ROOT_COMM_ID=127.0.0.1:$((port - 1))
NEURON_PJRT_PROCESSES_NUM_DEVICES=16,16
NEURON_PJRT_PROCESS_INDEX=$rank
NEURON_PJRT_WORLD_SIZE-
FI_PROVIDER=efa
FI_EFA_USE_DEVICE_RDMA=1
FI_EFA_FORK_SAFE-
CCOM_SOCKET_IFNAME=lo
NEURON_COMPILE_CACHE_URL=/shared/$user/cache
MASTER_ADDR=127.0.0.1
RANK=$rank
WORLD_SIZE=2
LOCAL_RANK=0
LOCAL_WORLD_SIZE=1
NODE_RANK=$rank
GROUP_RANK=$rank
SLURM_NEURON_TP-"
	is "$(var one $rank FI_EFA_IFACE | tr , '\n' | sort -u | wc -l)" 4 \
		"trn2u: task $rank has the four EFA interfaces of its devices"
done
is "$(var one 1 MASTER_PORT)" "$(var one 0 MASTER_PORT)" \
	"both nodes compute the same ports"
ok "out of RootPorts" [ "$(var one 0 MASTER_PORT)" -gt 20000 ]

run one -N1 -w t1 --gres=neuron:4
vars one 0 "trn1: four devices" "NEURON_RT_NUM_CORES=8
NEURON_LOGICAL_NC_CONFIG-
NEURON_PJRT_PROCESSES_NUM_DEVICES=8
FI_EFA_FORK_SAFE=1
WORLD_SIZE=1"
is "$(var one 0 FI_EFA_IFACE | tr , '\n' | sort -u | wc -l)" 2 \
	"trn1: two interfaces"
run one -N1 -w i1 --gres=neuron:12
vars one 0 "inf2: all devices, no EFA" \
	"NEURON_RT_VISIBLE_CORES=$(cores 0 23)
NEURON_LOGICAL_NC_CONFIG-
FI_EFA_IFACE-
FI_PROVIDER-
FI_EFA_USE_DEVICE_RDMA-
NEURON_RT_ULTRASERVER_MODE-"

#
# Several tasks for each node
#
run many -N2 --ntasks-per-node=4 -w 'u[1-2]' --gres=neuron:16
for rank in 0 3 4 7; do
	vars many $rank "eight tasks on two nodes: rank $rank" \
		"NEURON_RT_VISIBLE_CORES=$(cores $((rank % 4 * 16)) $((rank % 4 * 16 + 15)))
NEURON_RT_NUM_CORES=16
SLURM_NEURON_DEVICES=$((rank % 4 * 4))-$((rank % 4 * 4 + 3))
NEURON_PJRT_PROCESSES_NUM_DEVICES=$(times 8 16)
NEURON_PJRT_PROCESS_INDEX=$rank
WORLD_SIZE=8
LOCAL_WORLD_SIZE=4
LOCAL_RANK=$((rank % 4))
NODE_RANK=$((rank / 4))"
	is "$(var many $rank FI_EFA_IFACE | tr , '\n' | wc -l)" 4 \
		"rank $rank has the interfaces of its own devices"
done
run many -N2 --ntasks-per-node=4 -w 'u[1-2]' --gres=neuron:16 -m cyclic
vars many 3 "tasks spread over the nodes in turn: rank 3" \
	"NEURON_RT_VISIBLE_CORES=$(cores 16 31)
NEURON_PJRT_PROCESS_INDEX=3
LOCAL_RANK=1
NODE_RANK=1"
run many -N1 -n3 -w u1 --gres=neuron:1
is "$(var many 0 NEURON_RT_NUM_CORES)$(var many 2 NEURON_RT_NUM_CORES)" 11 \
	"four cores for three tasks: one each"
like "$said" 'warning: 4 logical cores cannot be shared equally by 3 tasks: 1 stay unused' \
	"and a warning"
is "$(grep -c warning <<<"$said")" 1 "once for the node"
run many -N1 -n5 -w u1 --gres=neuron:1
is "$(var many 4 NEURON_RT_VISIBLE_CORES)|$(var many 3 NEURON_RT_NUM_CORES)" '|1' \
	"five tasks for four cores: the last has none"
like "$said" 'warning: this node has 5 tasks and only 4 logical cores' "and a warning"
run many -N2 -n3 -w 'u[1-2]' --gres=neuron:4
is "$(var many 2 NEURON_PJRT_PROCESSES_NUM_DEVICES)" 8,8,16 \
	"two tasks on one node and one on the other: each counts its own"

run bound -N1 -n4 -w u1 --tres-per-task=gres/neuron:2
lists=$(for rank in 0 1 2 3; do
	var bound $rank NEURON_RT_VISIBLE_CORES
done)
is "$(tr , '\n' <<<"$lists" | sort -un | wc -l)" 32 \
	"devices bound to tasks: all cores differ"
is "$(var bound 1 NEURON_RT_NUM_CORES)" 8 "and are those of two devices"

#
# A process for each core
#
run core -N2 -w 'u[1-2]' --gres=neuron:4 --neuron-launch=core
vars core 1 "launch=core with one task: a process for each core below it" \
	"NEURON_RT_NUM_CORES=16
NEURON_PJRT_PROCESSES_NUM_DEVICES=$(times 32 1)
NEURON_PJRT_PROCESS_INDEX=16
LOCAL_WORLD_SIZE=1"
run core -N2 --ntasks-per-node=4 -w 'u[1-2]' --gres=neuron:1 --neuron-launch=core
vars core 6 "launch=core with a task for each core: the whole list" \
	"NEURON_RT_NUM_CORES=4
NEURON_PJRT_PROCESSES_NUM_DEVICES=$(times 8 1)
NEURON_PJRT_PROCESS_INDEX=6
LOCAL_RANK=2
LOCAL_WORLD_SIZE=4"
is "$(var core 6 NEURON_RT_VISIBLE_CORES)" "$(var core 4 NEURON_RT_VISIBLE_CORES)" \
	"the same for every task of the node"
unlike "$said" warning "no warning"
run core -N1 -n2 -w u1 --gres=neuron:1 --neuron-launch=core
like "$said" 'warning: --neuron-launch=core: this node has 2 tasks for 4 logical' \
	"launch=core with another number of tasks: a warning"

#
# LNC, tensor parallelism
#
run lnc -N1 -n2 -w u1 --gres=neuron:2 --neuron-lnc=1
from=$(var lnc 0 SLURM_NEURON_DEVICES)
vars lnc 1 "lnc=1: eight cores a device" \
	"NEURON_RT_VISIBLE_CORES=$(cores $((8 * from + 8)) $((8 * from + 15)))
NEURON_RT_NUM_CORES=8
NEURON_LOGICAL_NC_CONFIG=1
NEURON_PJRT_PROCESSES_NUM_DEVICES=8,8"
run tp -N1 -w u1 --gres=neuron:4 --neuron-tp=8
is "$(var tp 0 SLURM_NEURON_TP)" 8 "tp=8 on sixteen cores"
unlike "$said" warning "no warning"

run tp -N1 -w u1 --neuron-template=small --neuron-tp=2
vars tp 0 "what a template says, and what the job says instead" \
	"NEURON_RT_NUM_CORES=16
NEURON_PJRT_PROCESSES_NUM_DEVICES=$(times 16 1)
SLURM_NEURON_TP=2"

#
# Steps of one job
#
cat >"$CLUSTER_DIR/steps.sh" <<END
#!/bin/bash
#SBATCH --neuron-launch=core
#SBATCH --neuron-tp 4
#SBATCH --gres=neuron:4
cd "$CLUSTER_DIR/out"
$show batch
srun -n1 $show inherit
srun -n1 --neuron-launch=process --neuron-tp=2 $show override
srun -n1 --neuron-env=none $show none
srun -n1 --neuron-env=basic $show basic
for i in 1 2; do
	srun -n1 --exact --mem=100 --gres=neuron:2 sh -c "$show step\$i;
		until [ -e step1.0 ] && [ -e step2.0 ]; do sleep 0.1; done" &
done
wait
srun -n1 --overlap $show over1 & srun -n1 --overlap $show over2 & wait
RANK=7 NEURON_RT_NUM_CORES=99 srun -n1 $show users
echo end
END
sbatch -N1 -w u1 -n4 --output="$CLUSTER_DIR/out/steps" "$CLUSTER_DIR/steps.sh" >/dev/null
wait_for -t 60 grep -qsx end "$CLUSTER_DIR/out/steps"
vars batch 0 "a batch script has the whole set as one task" \
	"NEURON_RT_NUM_CORES=16
RANK=0
WORLD_SIZE=1
MASTER_ADDR=127.0.0.1
SLURM_NEURON_TP=4
NEURON_PJRT_PROCESSES_NUM_DEVICES=$(times 16 1)"
vars inherit 0 "srun inside has the options of the directives" \
	"NEURON_PJRT_PROCESSES_NUM_DEVICES=$(times 16 1)
SLURM_NEURON_TP=4"
vars override 0 "an option of srun counts more" \
	"NEURON_PJRT_PROCESSES_NUM_DEVICES=16
SLURM_NEURON_TP=2"
is "$(grep -E '^(NEURON_(RT|PJRT|LOGICAL|COMPILE|GLOBAL)_|FI_|CCOM_|MASTER_|RANK=|WORLD_|SLURM_NEURON_[DT])' \
	"$CLUSTER_DIR/out/none.0" | sed 's/=.*//' | sort | tr '\n' ' ')" \
	"SLURM_NEURON_DEVICES " "env=none: only the devices, also inside a script that has all"
is "$(grep -E '^(NEURON_(RT|PJRT|LOGICAL|COMPILE|GLOBAL)_|FI_|CCOM_|MASTER_|RANK=|WORLD_|SLURM_NEURON_[DT])' \
	"$CLUSTER_DIR/out/basic.0" | sed 's/=.*//' | sort | tr '\n' ' ')" \
	"FI_EFA_IFACE FI_PROVIDER NEURON_LOGICAL_NC_CONFIG NEURON_RT_NUM_CORES NEURON_RT_ROOT_COMM_ID NEURON_RT_VISIBLE_CORES SLURM_NEURON_DEVICES " \
	"env=basic: which hardware is whose, and the root communicator"
is "$({ var step1 0 NEURON_RT_VISIBLE_CORES && var step2 0 NEURON_RT_VISIBLE_CORES; } |
	tr , '\n' | sort -un | wc -l)" 16 "two steps at once: no core twice"
ports() {
	var "$1" 0 MASTER_PORT
	var "$1" 0 NEURON_RT_ROOT_COMM_ID | sed 's/.*://'
}
is "$({ ports step1 && ports step2; } | sort -u | wc -l)" 4 "nor a port"
is "$({ ports over1 && ports over2; } | sort -u | wc -l)" 4 \
	"steps that share their devices have different ports too"
is "$(var batch 0 MASTER_PORT | grep -c -Fx -f <(ports step1 && ports over1))" 0 \
	"and other ones than their script"
vars users 0 "what a script sets itself is kept" "RANK=7
NEURON_RT_NUM_CORES=99"
like "$(<"$CLUSTER_DIR/out/steps")" \
	'warning: NEURON_RT_NUM_CORES=99 is in the environment and is kept, but what was allocated means NEURON_RT_NUM_CORES=16' \
	"with a warning that names both values"
like "$(<"$CLUSTER_DIR/out/steps")" 'warning: RANK=7 is' "RANK too"
is "$(grep -c warning "$CLUSTER_DIR/out/steps")" 2 \
	"variables that the script was given are not taken for the user's"

#
# Variables of the user, from the shell he submits from
#
out=$(NEURON_RT_VISIBLE_CORES=0-63 NEURON_COMPILE_CACHE_URL=s3://mine/cache \
	NEURON_RT_ROOT_COMM_ID=10.9.8.7:1 srun -N1 -w u1 --gres=neuron:16 "$show" mine 2>&1)
vars mine 0 "a user's cores, cache and root are kept" \
	"NEURON_RT_VISIBLE_CORES=0-63
NEURON_COMPILE_CACHE_URL=s3://mine/cache
NEURON_RT_ROOT_COMM_ID=10.9.8.7:1"
unlike "$out" warning "no warning: they do not contradict the allocation"
out=$(NEURON_RT_VISIBLE_CORES=$'60-64\n' FI_EFA_IFACE=rdmap9s9 \
	srun -N1 -w u1 --gres=neuron:16 "$show" mine 2>&1)
like "$out" 'warning: NEURON_RT_VISIBLE_CORES=60-64\? is' \
	"cores outside of it: a warning, printable"
like "$out" 'warning: FI_EFA_IFACE=rdmap9s9 is' "an interface of others too"

# salloc: steps inherit from it
out=$(salloc -N1 -n4 -w u1 --gres=neuron:1 --neuron-launch=core -- \
	srun -n4 "$show" salloc 2>&1)
is "$(var salloc 3 NEURON_RT_NUM_CORES)" 4 "srun inside salloc has its options"
out=$(salloc -N1 -w u1 --gres=neuron:1 --neuron-tp=2 -- sh -c \
	"sbatch --wait -o /dev/null -N1 -w u2 --gres=neuron:1 --wrap '$show nested'" 2>&1)
vars nested 0 "a job submitted from a job has its own options" SLURM_NEURON_TP-

# Steps of other kinds
salloc -N1 -w u1 --gres=neuron:4 : -N1 -w u2 --gres=neuron:1 -- \
	srun --het-group=0,1 "$show" het >/dev/null 2>&1
vars het 1 "a component of a heterogeneous step: its hardware only" \
	"NEURON_RT_NUM_CORES=4
NEURON_RT_ROOT_COMM_ID=$(var het 0 NEURON_RT_ROOT_COMM_ID)
RANK-
NEURON_PJRT_PROCESSES_NUM_DEVICES-"
like "$(var het 0 NEURON_RT_ROOT_COMM_ID)" '^127\.0\.0\.1:20[0-9]{3}$' \
	"all components meet at one root"
printf 'u2\nu1\nu2\n' >"$CLUSTER_DIR/out/hosts"
SLURM_HOSTFILE=$CLUSTER_DIR/out/hosts salloc -N2 -w 'u[1-2]' -n4 --gres=neuron:4 -- \
	srun -n3 -m arbitrary "$show" arbitrary >/dev/null 2>&1
vars arbitrary 2 "an arbitrary order of tasks: cores by rank" \
	"NEURON_PJRT_PROCESSES_NUM_DEVICES=8,16,8
NEURON_PJRT_PROCESS_INDEX=2
LOCAL_RANK=1
NODE_RANK=1"
is "$(for rank in 0 1 2; do var arbitrary $rank MASTER_PORT; done | sort -u | wc -l)" 1 \
	"and one root"
salloc -N2 -w 'u[1-2]' -n2 --gres=neuron:4 -- \
	srun --external-launcher "$show" external >/dev/null 2>&1
vars external 1 "an external launcher has all devices of its job" \
	"NEURON_RT_NUM_CORES=16
NEURON_PJRT_PROCESSES_NUM_DEVICES=16,16"

#
# UltraServers
#
run us4 -N4 -w 'u[1-4]' --gres=neuron:16
vars us4 2 "four nodes that are an UltraServer" \
	"NEURON_RT_ULTRASERVER_MODE=1
NEURON_RT_ULTRASERVER_SERVER_ID=7f00c5f3a1b2d40e
NEURON_RT_ULTRASERVER_NODE_ID=2
NEURON_GLOBAL_TOPOID=2
NEURON_GLOBAL_TOPOID0_HOST=u1
NEURON_ULTRASERVER_NODE_CONFIG=4"
run us2 -N2 -w 'u[3-4]' --gres=neuron:16
vars us2 1 "a pair" \
	"NEURON_RT_ULTRASERVER_MODE=3
NEURON_RT_ULTRASERVER_SERVER_ID=7f00c5f3a1b2d40d
NEURON_RT_ULTRASERVER_NODE_ID=1
NEURON_GLOBAL_TOPOID=1
NEURON_GLOBAL_TOPOID0_HOST=u3
NEURON_ULTRASERVER_NODE_CONFIG=2"
run us2 -N2 -w 'u[3-4]' --gres=neuron:16 --neuron-ultraserver=no
vars us2 1 "unless the job does not want it" NEURON_RT_ULTRASERVER_MODE-
run us3 -N3 -w 'u[1-3]' --gres=neuron:16
vars us3 1 "three nodes are no group" NEURON_RT_ULTRASERVER_MODE-
echo busy >"$CLUSTER_DIR/machines/u3/$server/ultraserver_mode"
run us2 -N2 -w 'u[3-4]' --gres=neuron:16
vars us2 0 "nor is a pair while the driver is busy" NEURON_RT_ULTRASERVER_MODE-
echo 1,3,4 >"$CLUSTER_DIR/machines/u3/$server/ultraserver_mode"

#
# Jobs without Neuron devices, and clients without this plugin
#
plain() {
	srun -N1 -w "$1" --jobid="$job" --overlap env |
		grep -Ev '^(SLURM_(STEP|STEPID|LAUNCH|SRUN|TASK_PID|TOPOLOGY|CPUS|JOB_[A-Z]*_TIME)|SLURM_.*PORT|_=)' | sort
}
for node in c1 u1; do
	job=$(grant -N1 -w $node)
	with=$(plain $node)
	mv "$CLUSTER_DIR/etc/plugstack.conf" "$CLUSTER_DIR/etc/no-plugstack.conf"
	without=$(plain $node)
	mv "$CLUSTER_DIR/etc/no-plugstack.conf" "$CLUSTER_DIR/etc/plugstack.conf"
	is "$with" "$without" "$node: a job without devices finds what it found before"
	like "$with" '^SLURM_JOB_ID=' "$node: (it ran)"
	scancel "$job"
done
mkdir "$CLUSTER_DIR/login"
cp "$CLUSTER_DIR"/etc/{slurm,plugstack,topology}.conf "$CLUSTER_DIR/login"
out=$(SLURM_CONF=$CLUSTER_DIR/login/slurm.conf srun -N1 -w u1 --gres=neuron:4 --neuron-tp=8 "$show" login 2>&1)
is "$(var login 0 SLURM_NEURON_TP)" 8 "a client without neuron.conf"
unlike "$out" error "(no error)"

#
# Values that are none
#
for option in tp=N lnc=1 shape= wait=TIME launch= ultraserver= template=NAME env= model=SIZE; do
	for command in srun sbatch salloc; do
		$command --help | grep -q -- "--neuron-$option" ||
			fail "$command --help shows --neuron-$option"
	done
done
pass "all options are in the help of srun, sbatch and salloc"
next=$(scontrol show config | sed -n 's/^NEXT_JOB_ID *= //p')
bad=('tp=0' 'tp=-8' 'tp=8x' 'tp=99999999999999999999' 'tp=' 'tp=8;reboot' $'tp=8\n9'
	'lnc=3' 'lnc=-1' 'lnc=२' 'shape=../..' 'shape=$(id)' 'wait=-1' 'wait=soon'
	'launch=both' 'launch=core,process' 'ultraserver=maybe' 'env=all'
	'template=../../etc/passwd' 'template=a b' $'template=a\nb' 'template=`id`'
	'template=ä' 'model=70' 'model=-7B' 'model=70B:bf17' 'model=70B;id'
	"tp=$(head -c 100000 /dev/zero | tr '\0' 9)")
for command in srun sbatch salloc; do
	wrong=''
	for value in "${bad[@]}"; do
		case $command in
		sbatch) out=$(sbatch -N1 "--neuron-$value" --wrap true 2>&1) ;;
		*) out=$($command -N1 "--neuron-$value" true 2>&1) ;;
		esac
		status=$?
		name=--neuron-${value%%=*}
		[ $status -ne 0 ] && grep -qa -- "^$name=.*; " <<<"$out" ||
			wrong+="$name: $value: status $status: ${out:0:300}"$'\n'
		first=$(grep -a -m 1 -- "^$name=" <<<"$out")
		[ ${#first} -lt 512 ] || wrong+="$name: a long sentence"$'\n'
	done
	is "$wrong" "" "$command refuses ${#bad[@]} bad values with a sentence"
done
{
	echo '#!/bin/sh'
	echo "#SBATCH --neuron-tp=$(head -c 1000000 /dev/zero | tr '\0' 9)"
} >"$CLUSTER_DIR/out/long.sh"
out=$(sbatch -N1 "$CLUSTER_DIR/out/long.sh" 2>&1)
isnt "$?" 0 "a directive of a megabyte is refused"
is "$(scontrol show config | sed -n 's/^NEXT_JOB_ID *= //p')" "$next" \
	"nothing was submitted"

# The ways by which Slurm carries options, written by hand
for value in 'evil' '../..' $'core\nx' '$(id)'; do
	out=$(SLURM_SPANK__SLURM_SPANK_OPTION_neuron_neuron_launch=$value \
		srun -N1 -w u1 --gres=neuron:1 true 2>&1)
	isnt "$?" 0 "a forged option in the environment of srun is refused"
done
rm -f "$CLUSTER_DIR"/out/forged.*
out=$(_SLURM_SPANK_OPTION_neuron_neuron_launch='evil;id' \
	_SLURM_SPANK_OPTION_neuron_neuron_tp=$'1\n2' SLURM_NEURON_ENV='PATH:x,:,,a:zzzzzzzz' \
	sbatch --wait -N1 -w u1 --gres=neuron:1 -o "$CLUSTER_DIR/out/forged" \
	--wrap "$show forged" 2>&1)
vars forged 0 "one that reaches slurmstepd is left out" \
	"NEURON_RT_NUM_CORES=4
NEURON_PJRT_PROCESSES_NUM_DEVICES=4
SLURM_NEURON_TP-"
ok "(PATH is still there)" has forged 0 PATH

#
# Ports that Slurm reserves, and shells on the first node
#
cluster_new neuron
cluster_nodes 'u[1-2]' trn2u.48xlarge
cluster_conf MpiParams=ports=14000-14099
cluster_conf LaunchParameters=use_interactive_step
cluster_start
write_show
run resv -N2 -w 'u[1-2]' --gres=neuron:4 --resv-ports=2
is "$(ports resv | sort | tr '\n' -)" "$(var resv 1 SLURM_STEP_RESV_PORTS)-" \
	"ports that Slurm reserved for a step are used"
command -v script >/dev/null || skip "a shell of salloc" "there is no script(1)"
! command -v script >/dev/null || {
	export SHELL=/bin/sh
	# What is typed before there is a prompt is thrown away by srun --pty, and
	# a step in the shell would read what is typed for the shell
	typed() {
		wait_for -t 60 grep -q 'ready> ' "$CLUSTER_DIR/out/salloc"
		cat <<-END
			$show inter
			srun -N2 $show within </dev/null
			exit
		END
	}
	: >"$CLUSTER_DIR/out/salloc"
	typed | PS1='ready> ' timeout -k 1 120 script -qec \
		"salloc -N2 -w u[1-2] --gres=neuron:4 --neuron-tp=4" /dev/null \
		>>"$CLUSTER_DIR/out/salloc" 2>&1
	vars inter 0 "a shell of salloc on the first node" \
		"NEURON_RT_NUM_CORES=16
WORLD_SIZE=1
NEURON_PJRT_PROCESSES_NUM_DEVICES=16
SLURM_NEURON_TP=4"
	vars within 1 "a step from that shell" "WORLD_SIZE=2
RANK=1
SLURM_NEURON_TP=4"
	isnt "$(var within 0 NEURON_RT_ROOT_COMM_ID)" \
		"$(var inter 0 NEURON_RT_ROOT_COMM_ID)" "has other ports than it"
}
finish
