#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Jobs that share a node: none can open a device of another, and none sees the
# EFA interfaces of another in /dev/infiniband. Real device nodes, real device
# cgroups, real mount namespaces: root only. The nodes have a number that no
# driver has, so that an open that the cgroup allows ends with ENXIO and one
# that it refuses with EPERM.
#
# It runs in a mount namespace of its own, which is the host of its cluster:
# nothing that it mounts or unmounts can reach the machine, and nothing stays.
# It keeps to one CPU: job_container/tmpfs binds a mount namespace, which only
# one with a higher number can be, and Linux 6.18 counts for each CPU apart.
# shellcheck source-path=SCRIPTDIR
one_cpu() {
	local list
	list=$(sed -n 's/^Cpus_allowed_list:[ \t]*//p' /proc/self/status)
	echo "${list%%[-,]*}"
}
if [ "$(id -u)" = 0 ] && [ -z "${NEURON_OWN_MOUNTS:-}" ] &&
	unshare -m true 2>/dev/null; then
	NEURON_OWN_MOUNTS=yes exec taskset -c "$(one_cpu)" \
		unshare -m --propagation private bash "$0"
fi
. "$(dirname "$0")/cluster.sh"

[ "$(id -u)" = 0 ] || skip_all "only root can make device nodes and cgroups"
[ -n "${NEURON_OWN_MOUNTS:-}" ] || skip_all "no mount namespace can be made"

#
# What this machine can
#
try_devices_v1() {
	local dir=/sys/fs/cgroup/devices/neuron_test_$$ status
	[ -e /sys/fs/cgroup/devices/devices.list ] || return 1
	mkdir "$dir" 2>/dev/null || return 1
	(echo 'c 1:3 rwm' >"$dir/devices.deny") 2>/dev/null
	status=$?
	rmdir "$dir"
	return $status
}

try_devices_v2() {
	[ "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)" = cgroup2fs ] &&
		[ -w /sys/fs/cgroup/cgroup.subtree_control ]
}

if try_devices_v1; then
	cgroup=v1
elif try_devices_v2; then
	cgroup=v2
else
	skip_all "no device cgroup that can be used"
fi

# The first of the majors for local use that no driver has
free_majors() {
	local major
	for major in 60 61 62 63 120 121 122 123 124 125 126 127 \
		240 241 242 243 244; do
		awk -v "m=$major" '/^Block/ { exit } $1 == m { found = 1 }
			END { exit !found }' /proc/devices || echo "$major"
	done
}
{ read -r neuron_major && read -r efa_major; } < <(free_majors) ||
	skip_all "no device major is free"

#
# A machine of 16 devices and 8 EFA interfaces, with RDMA hardware beside it
#
node=pv$$
cluster_new neuron
[ -e "$NEURON_SLURM_PLUGINDIR/cgroup_$cgroup.so" ] ||
	skip_all "this Slurm has no cgroup/$cgroup"
[ -e "$NEURON_SLURM_PLUGINDIR/task_cgroup.so" ] ||
	skip_all "this Slurm has no task/cgroup"
(mknod "$CLUSTER_DIR/run/null" c 1 3 && : >"$CLUSTER_DIR/run/null") 2>/dev/null ||
	skip_all "$CLUSTER_DIR is on a file system without device nodes"
cluster_nodes "$node" trn1.32xlarge
lines=("CgroupPlugin=cgroup/$cgroup" ConstrainDevices=yes)
[ $cgroup = v1 ] || lines+=(IgnoreSystemd=yes)
cluster_cgroups "${lines[@]}"

root=$CLUSTER_DIR/machines/$node
dev=$root/dev
view=$dev/infiniband
for file in "$dev"/neuron*; do
	rm "$file" && mknod -m 666 "$file" c "$neuron_major" "${file##*/neuron}"
done
for file in "$view"/uverbs*; do
	rm "$file" && mknod -m 666 "$file" c "$efa_major" "${file##*/uverbs}"
done
others="by-ibdev issm.sock link plain rdma_cm uverbs64"
mknod -m 640 "$view/rdma_cm" c "$efa_major" 200 && chown 1:2 "$view/rdma_cm"
mknod -m 600 "$view/uverbs64" c "$efa_major" 64
mkdir "$view/by-ibdev"
ln -s ../uverbs0 "$view/by-ibdev/first"
ln -s uverbs64 "$view/link"
echo text >"$view/plain"
mkfifo "$view/issm.sock"
chmod 755 "$view"
# A neighbour's device by another name
mknod -m 666 "$dev/elsewhere" c "$efa_major" 0

# What a task sees and can open, a line each. $2: opened as well
cat >"$CLUSTER_DIR/look.sh" <<'END'
#!/bin/bash
LC_ALL=C
dev=$1
verdict() {
	local said
	said=$( (: <"$1") 2>&1)
	case $said in
	'' | *'No such device or address'*) echo "$2 open" ;;
	*'Operation not permitted'*) echo "$2 refused" ;;
	*'No such file'*) echo "$2 absent" ;;
	*) echo "$2 $said" ;;
	esac
}
echo "iface ${FI_EFA_IFACE:-}"
echo "devices ${SLURM_NEURON_DEVICES:-}"
echo "list $(ls "$dev/infiniband" | tr '\n' ' ')"
echo "owner $(stat -c '%a %u %g %t:%T' "$dev/infiniband/rdma_cm")"
echo "plain $(cat "$dev/infiniband/plain")"
echo "null $(echo x >/dev/null && echo works)"
for ((i = 0; i < 16; i++)); do
	verdict "$dev/neuron$i" "neuron$i"
done
for i in 0 1 2 3 4 5 6 7 64; do
	verdict "$dev/infiniband/uverbs$i" "uverbs$i"
done
verdict "$dev/infiniband/by-ibdev/first" first
verdict "$dev/elsewhere" elsewhere
END
chmod 755 "$CLUSTER_DIR/look.sh"
look="$CLUSTER_DIR/look.sh $dev"

# What a task of a job with these options sees
see() {
	srun "$@" "$CLUSTER_DIR/look.sh" "$dev" 2>&1
}

# Something that the host mounts while a job runs
mkdir "$CLUSTER_DIR/later"
mount --bind "$CLUSTER_DIR/later" "$CLUSTER_DIR/later" &&
	mount --make-shared "$CLUSTER_DIR/later"
mkdir "$CLUSTER_DIR/later/"{host,job}

# The mounts in the directory of this test
test_dir=$CLUSTER_DIR/
mounts() {
	awk -v "dir=$test_dir" 'index($5, dir) == 1 { print $5 }' \
		/proc/self/mountinfo
}

# shellcheck disable=SC2317 # wait_for calls it
said() { # FILE LINE
	grep -qsx "$2" "$CLUSTER_DIR/out/$1"
}

fact() { # OUTPUT KEY
	sed -n "s/^$2 *//p" <<<"$1" | sed 's/ $//'
}

# uverbs of the verbs names "rdmap16s26,..." by sysfs, sorted
uverbs_of() {
	local name
	for name in ${1//,/ }; do
		grep -lx "$name" "$root"/sys/class/infiniband_verbs/*/ibdev |
			sed 's,/ibdev$,,; s,.*/,,'
	done | sort
}

# The GRES interfaces in the list that a task saw
seen() {
	fact "$1" list | tr ' ' '\n' | grep -x 'uverbs[0-7]' | sort
}

opened() { # OUTPUT NAME
	sed -n "s/^\($2[0-9]*\) open$/\1/p" <<<"$1" | sort
}

one_line() {
	tr '\n' ' ' <<<"$1" | sed 's/ *$//'
}

neurons_of() {
	local i
	for i in $(hostlist "x[$1]"); do
		echo "neuron${i#x}"
	done | sort
}

# Test that a task has exactly its own: OUTPUT WHAT
own_only() {
	local want
	want=$(uverbs_of "$(fact "$1" iface)")
	[ -n "$want" ] || diag "$1"
	isnt "$want" '' "$2: has EFA interfaces"
	is "$(one_line "$(seen "$1")")" "$(one_line "$want")" "$2: sees these alone"
	is "$(one_line "$(opened "$1" uverbs | grep -v 64)")" \
		"$(one_line "$want")" "$2: can open them"
	is "$(one_line "$(opened "$1" neuron)")" \
		"$(one_line "$(neurons_of "$(fact "$1" devices)")")" \
		"$2: can open its Neuron devices and no other"
}

# Test that a task has no GRES and all else
none_seen() {
	is "$(fact "$1" list)" "$others" "$2: sees no EFA interface, and all else"
	is "$(opened "$1" neuron)" '' "$2: can open no Neuron device"
}

listing() {
	(cd "$view" && find . -printf '%p %y %m %u %g %s %l\n' | sort)
}
before=$(listing)
cluster_start

#
# One job
#
out=$(see --gres=neuron:4)
own_only "$out" "a step of 4 devices"
is "$(fact "$out" list | tr ' ' '\n' | grep -vx 'uverbs[0-7]' | xargs)" "$others" \
	"it sees everything that is no EFA interface"
is "$(fact "$out" owner)" "640 1 2 $(printf %x "$efa_major"):c8" \
	"owner, mode and number of a file are its own"
is "$(fact "$out" plain)" text "a plain file has its content"
is "$(fact "$out" uverbs64)" open "other RDMA hardware can be opened"
is "$(grep -c ' refused$' <<<"$out")" 13 \
	"12 Neuron devices are refused, and an EFA interface by another name"
is "$(fact "$out" elsewhere)" refused "the other name is refused"
is "$(fact "$out" 'neuron15')" refused "refused is EPERM"
is "$(grep -c '^uverbs[0-7] absent$' <<<"$out")" 6 "6 EFA interfaces are not there"

out=$(see)
none_seen "$out" "a job without Neuron devices"
is "$(fact "$out" null)" works "it runs like any other"
is "$(fact "$out" first)" absent "a link to what is hidden leads nowhere"
out=$(see --gres=neuron:2,efa:0)
is "$(fact "$out" list)" "$others" "devices without interfaces: none is seen"
is "$(one_line "$(opened "$out" neuron)")" \
	"$(one_line "$(neurons_of "$(fact "$out" devices)")")" \
	"the devices can be opened"

#
# A batch script, its steps and tasks
#
job=$(sbatch --parsable -n4 --gres=neuron:8 --output="$CLUSTER_DIR/out/batch" \
	--wrap="$look >$CLUSTER_DIR/out/script
	srun -n1 --exact --gres=neuron:2 $look >$CLUSTER_DIR/out/step
	srun -n1 --exact --gres=none $look >$CLUSTER_DIR/out/none
	srun -n2 --exact --tres-per-task=gres/neuron=2 \
		--output=$CLUSTER_DIR/out/task%t $look
	srun -n2 --exact --tres-per-task=gres/neuron=2 \
		--gres-flags=allow-task-sharing \
		--output=$CLUSTER_DIR/out/sharing%t $look
	echo end")
ok "a batch job runs" wait_for said batch end
diag "$(grep -v '^end$' "$CLUSTER_DIR/out/batch")"
out=$(<"$CLUSTER_DIR/out/script")
own_only "$out" "a batch script"
is "$(seen "$out" | wc -l)" 4 "it has the 4 interfaces of 8 devices"
out=$(<"$CLUSTER_DIR/out/step")
own_only "$out" "a step that names devices only"
is "$(seen "$out" | wc -l)" 1 "it has the interface of these, not all of its job's"
none_seen "$(<"$CLUSTER_DIR/out/none")" "a step without any"
for task in 0 1; do
	out=$(<"$CLUSTER_DIR/out/task$task")
	is "$(one_line "$(opened "$out" neuron)")" \
		"$(one_line "$(neurons_of "$(fact "$out" devices)")")" \
		"task $task: what is bound to it is what it can open and what it is told"
	is "$(opened "$out" neuron | wc -l)" 2 "task $task: 2 devices"
	is "$(one_line "$(seen "$out")")" \
		"$(one_line "$(opened "$out" uverbs | grep -v 64)")" \
		"task $task: sees no interface that it cannot open"
	is "$(comm -23 <(uverbs_of "$(fact "$out" iface)") <(seen "$out"))" '' \
		"task $task: sees the interface of its devices"
done
isnt "$(opened "$(<"$CLUSTER_DIR/out/task0")" neuron)" \
	"$(opened "$(<"$CLUSTER_DIR/out/task1")" neuron)" "tasks have different devices"
for task in 0 1; do
	out=$(<"$CLUSTER_DIR/out/sharing$task")
	is "$(opened "$out" neuron | wc -l)" 4 \
		"task $task of two that share: can open the devices of both"
	is "$(set_size "$(fact "$out" devices)")" 2 \
		"task $task of two that share: is told of 2"
done
is "$(for task in 0 1; do
	neurons_of "$(fact "$(<"$CLUSTER_DIR/out/sharing$task")" devices)"
done | sort -u | xargs)" "$(one_line "$(opened "$out" neuron)")" \
	"what two tasks that share are told are the devices of both"
ok "the job is gone" wait_gone "$job"

#
# Two jobs and a third without devices, at once
#
hold() {
	local name=$1
	shift
	sbatch --parsable --output="$CLUSTER_DIR/out/$name" "$@" --wrap="$look
	cat /proc/self/mountinfo >$CLUSTER_DIR/out/$name.mounts
	echo end
	$CLUSTER_DIR/gate.sh
	ls $CLUSTER_DIR/later/host >$CLUSTER_DIR/out/$name.later
	mount -t tmpfs of_job $CLUSTER_DIR/later/job && echo mounted
	$CLUSTER_DIR/gate.sh"
}
a=$(hold a --gres=neuron:4)
hold b --gres=neuron:8 >/dev/null
hold c >/dev/null
for job in a b c; do
	ok "job $job runs" wait_for said "$job" end
done
own_only "$(<"$CLUSTER_DIR/out/a")" "the first of two jobs"
own_only "$(<"$CLUSTER_DIR/out/b")" "the second of two jobs"
none_seen "$(<"$CLUSTER_DIR/out/c")" "the third"
own_only "$(see --overlap --jobid="$a" --gres=neuron:4)" \
	"a shell in a job that runs"
is "$(sort <(seen "$(<"$CLUSTER_DIR/out/a")") <(seen "$(<"$CLUSTER_DIR/out/b")") |
	uniq -d)" '' "no interface is seen by both"
like "$(<"$CLUSTER_DIR/out/a.mounts")" "$view .* tmpfs neuron " \
	"a job has a tmpfs of its own there"
is "$(mounts)" "$CLUSTER_DIR/later" "the host has none, while they run"
is "$(listing)" "$before" "the host's files are as they were"
mount -t tmpfs of_host "$CLUSTER_DIR/later/host" &&
	: >"$CLUSTER_DIR/later/host/arrived"
release "$a"
ok "the job goes on" wait_for said a mounted
is "$(<"$CLUSTER_DIR/out/a.later")" arrived \
	"what the host mounts later arrives in a job that runs"
is "$(mounts | sort | xargs)" "$CLUSTER_DIR/later $CLUSTER_DIR/later/host" \
	"what a job mounts does not reach the host"
umount "$CLUSTER_DIR/later/host"
cancel_all
ok "all is free again" wait_idle

#
# When the view cannot be made
#
chmod g+w "$view"
out=$(srun --gres=neuron:2 echo it runs 2>&1)
unlike "$out" '^it runs' "a task with interfaces does not start"
like "$out" "$view: this directory must belong to root and nobody else may write to it; the EFA interfaces of other jobs cannot be hidden" \
	"its user reads why"
ok "the node stays in service" wait_idle
is "$(srun echo it runs 2>&1)" "it runs" "a job without Neuron devices starts"
is "$(srun --gres=neuron:2,efa:0 echo it runs 2>/dev/null)" "it runs" \
	"and one without interfaces"
job=$(sbatch --parsable --gres=neuron:2 --output="$CLUSTER_DIR/out/failed" \
	--wrap="echo it runs")
ok "a batch job ends" wait_for _state_is "$job" FAILED
like "$(<"$CLUSTER_DIR/out/failed")" "cannot be hidden" "and its output says why"
unlike "$(<"$CLUSTER_DIR/out/failed")" "^it runs" "it did not start"
chmod g-w "$view"
mv "$view" "$dev/real" && ln -s real "$view"
unlike "$(srun --gres=neuron:2 echo it runs 2>&1)" '^it runs' \
	"a symbolic link is not followed"
rm "$view" && mv "$dev/real" "$view"
like "$(srun --gres=neuron:2 echo it runs 2>&1)" '^it runs' \
	"with the directory as it was it starts"

#
# PrivateView
#
# The node is idle from before; a job shows that the new slurmd is there
slurmd_back() {
	slurmd_restart "$node"
	wait_for srun -Q true && wait_idle
}
# shellcheck disable=SC2016 # $ is sed's
restart() { # FILE EXPRESSION
	sed -i "$2" "$CLUSTER_DIR/etc/$1"
	slurmd_back
}
restart neuron.conf '$ a PrivateView=never'
out=$(see --gres=neuron:2)
is "$(seen "$out" | wc -l)" 8 "PrivateView=never: all interfaces are seen"
is "$(opened "$out" uverbs | grep -vc 64)" 1 "one can be opened"
restart cgroup.conf 's/^ConstrainDevices=.*/ConstrainDevices=no/'
restart neuron.conf 's/^PrivateView=.*/PrivateView=auto/'
out=$(see --gres=neuron:2)
is "$(seen "$out" | wc -l)" 8 "devices are not constrained: all interfaces are seen"
is "$(opened "$out" uverbs | grep -vc 64)" 8 "and can be opened"
restart neuron.conf 's/^PrivateView=.*/PrivateView=always/'
out=$(see --gres=neuron:2)
is "$(one_line "$(seen "$out")")" "$(one_line "$(uverbs_of "$(fact "$out" iface)")")" \
	"PrivateView=always: only the own one all the same"
is "$(opened "$out" neuron | wc -l)" 16 "of Neuron devices none is hidden"
restart cgroup.conf 's/^ConstrainDevices=.*/ConstrainDevices=yes/'
restart neuron.conf '/^PrivateView=/d'

#
# In a job's own mount namespace
#
plugin=''
if [ -e "$NEURON_SLURM_PLUGINDIR/job_container_tmpfs.so" ]; then
	plugin=job_container/tmpfs
	echo "JobContainerType=$plugin" >>"$SLURM_CONF"
elif [ -e "$NEURON_SLURM_PLUGINDIR/namespace_tmpfs.so" ]; then
	plugin=namespace/tmpfs
	echo "NamespaceType=$plugin" >>"$SLURM_CONF"
fi
if [ -n "$plugin" ]; then
	mkdir -m 755 "$CLUSTER_DIR/base" "$CLUSTER_DIR/scratch"
	printf 'AutoBasePath=true\nBasePath=%s\nDirs=%s\n' "$CLUSTER_DIR/base" \
		"$CLUSTER_DIR/scratch" >"$CLUSTER_DIR/etc/job_container.conf"
	echo PrologFlags=Contain >>"$SLURM_CONF"
	ctld_stop
	ctld_start
	slurmd_back
	: >"$CLUSTER_DIR/scratch/of_host"
	out=$(srun --gres=neuron:4 sh -c "ls -A $CLUSTER_DIR/scratch; $look" 2>&1)
	unlike "$out" of_host "$plugin: the job has a directory of its own"
	own_only "$out" "$plugin"
	none_seen "$(see)" "$plugin, without Neuron devices"
else
	skip "in a job's own mount namespace" "this Slurm has no such plugin"
fi

#
# Nothing stays
#
wait_for _no_jobs
is "$(listing)" "$before" "at the end the host's files are as they were"
isnt "$(_slurm_cgroups)" '' "there are cgroups of this test"
cluster_stop
umount "${test_dir}later"
is "$(mounts)" '' "nothing stays mounted"
is "$(_slurm_cgroups)" '' "no cgroup stays"
finish
