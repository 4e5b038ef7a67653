#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sentences of doc/messages.md that no other test has: what users and
# administrators read is what the file says.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes n1 trn2u.48xlarge
cluster_nodes m1 trn1.32xlarge
cluster_nodes c1 cpu
cluster_partition trn2 n1 Default=YES
cluster_partition mixed 'n1,m1'
cluster_partition cpu c1
cluster_partition secret n1 Hidden=YES
cluster_prolog
cluster_start
conf=$CLUSTER_DIR/etc/neuron.conf
cp "$conf" "$CLUSTER_DIR/etc/good"

# refused SENTENCE ARGUMENT...: sbatch says it and submits nothing
refused() {
	local sentence=$1 name said
	shift
	name=$*
	said=$(sbatch --parsable -o /dev/null "$@" "$CLUSTER_DIR/gate.sh" 2>&1)
	isnt $? 0 "${name:0:80}: is refused"
	is "$(grep -cF -- "$sentence" <<<"$said")" 1 "with \"$sentence\""
	grep -qF -- "$sentence" <<<"$said" || diag "$said"
}

#
# Requests
#
said=$(sbatch --parsable -o /dev/null --gres=neuron:5 "$CLUSTER_DIR/gate.sh" 2>&1)
like "$said" 'AWS documents no unit of 5 devices on this family; the job is accepted$' \
	"a number that is no unit: is told"
like "$said" '^[0-9]+$' "and accepted"
cancel_all
said=$(sbatch --parsable -o /dev/null -N1 -n2 --tres-per-task=gres/neuron=1 "$CLUSTER_DIR/gate.sh" 2>&1)
like "$said" 'neuron: AWS documents no unit of as many devices as the tasks on one node have together; the job is accepted' \
	"so are tasks that have such a number together"
cancel_all
refused '--neuron-template=row: this cluster has no templates: ask for devices with --gres=neuron:N' \
	--neuron-template=row
refused 'this is no size of a model; write SIZE[:TYPE][:train] such as 70B' --neuron-model=big
refused 'models are not trained in this type; write :bf16, :fp16 or :fp32 before :train' \
	--neuron-model=70B:fp8:train
refused 'Neuron devices were asked for both per node and per task: use one of --gres and --tres-per-task' \
	-n2 --gres=neuron:2 --tres-per-task=gres/neuron=1
refused 'a node would start 2 processes on trn1.32xlarge (lnc=1) and 4 on trn2u.48xlarge (lnc=2): name the type' \
	-p mixed --gres=neuron:4,efa:0 --neuron-launch=process --neuron-tp=4
refused 'Neuron devices were asked for, but partition cpu has no Neuron nodes: ask for partition trn2 or mixed' \
	-p cpu --gres=neuron:4
refused 'has no Neuron nodes: ask for partition trn2 or mixed' \
	-p "cpu,$(printf 'x%.0s' {1..600})" --gres=neuron:4
scontrol update partitionname=trn2 nodes=c1
scontrol update partitionname=mixed nodes=c1
refused 'Neuron devices were asked for, but no partition of this cluster has Neuron nodes: leave out --gres=neuron' \
	--gres=neuron:4
scontrol update partitionname=trn2 nodes=n1
scontrol update partitionname=mixed nodes=n1,m1
# Of a client of one's own; sbatch has no way to ask so
said=$("$NEURON_BUILD_DIR/testsuite/spankenv" --per-job whole n1 gres/neuron:2 \
	"$CLUSTER_DIR/gate.sh" 2>&1)
isnt $? 0 "devices for a whole job are refused"
like "$said" 'Neuron devices were asked for per job or per socket: ask per node \(--gres=neuron:N\) or per task' \
	"with a sentence"
zeros=$(printf '0%.0s' {1..4076})
refused 'with efa:4 the list of GRES is longer than 4095 bytes: ask for fewer other GRES' \
	"--gres=neuron:${zeros}4"

#
# Prolog by hand
#
prolog() { # VARIABLE=VALUE...
	env -i SLURM_JOB_NEURON=0-3 SLURM_JOB_EFA=0-3 "$@" \
		"$NEURON_BUILD_DIR/tools/neuron-prolog" 2>&1
}
said=$(prolog)
is $? 2 "neuron-prolog without the environment of slurmd"
like "$said" 'SLURM_JOB_ID=\(not set\): slurmd sets it to a number; run this from Prolog= or Epilog= of slurm.conf' \
	"says what it needs"
said=$(prolog SLURM_JOB_ID=1 SLURM_JOB_UID=0)
is $? 2 "without the name of the node"
like "$said" 'SLURMD_NODENAME is not set; run this from Prolog= or Epilog= of slurm.conf' "as well"
long=/$(printf 'x%.0s' {1..5000})/slurm.conf
said=$(prolog SLURM_JOB_ID=1 SLURM_JOB_UID=0 SLURMD_NODENAME=n1 SLURM_CONF="$long")
is $? 2 "with a path that is too long"
like "$said" 'SLURM_CONF: the path is too long' "is told"
said=$(prolog SLURM_JOB_ID=1 SLURM_JOB_UID=0 SLURMD_NODENAME=n9 SLURM_CONF="$SLURM_CONF")
is $? 2 "on a node without a line"
like "$said" 'neuron.conf: no NodeName line for n9' "is told"
said=$(prolog SLURM_JOB_ID=1 SLURM_JOB_UID=0 SLURMD_NODENAME=m1 SLURM_CONF="$SLURM_CONF" \
	SLURM_JOB_EFA=12)
is $? 2 "with an interface that the machine has not"
like "$said" 'slurmctld gave the job device [0-9]+ and EFA interface 12, but .* is neuron.conf the same everywhere\?' \
	"is told"

# A user who asks for what this machine has not
said=$(prolog SLURM_JOB_ID=1 SLURM_JOB_UID=0 SLURMD_NODENAME=m1 SLURM_CONF="$SLURM_CONF" \
	SPANK_NEURON_OPTIONS=lnc=2)
is $? 0 "an LNC that the machine has not is no fault of the node"
like "$said" '--neuron-lnc=2: trn1.32xlarge has no such LNC; its default is 1' "is told"

#
# neuron.conf
#
cat "$CLUSTER_DIR/etc/good" - >"$conf" <<<'UndocumentedSizes=refuse'
ok "UndocumentedSizes=refuse is read" cluster_reconfigure
refused '5 Neuron devices on one node were asked for; this cluster allows only the units that AWS documents, which have 1, 4, 8 or 16 devices here: ask for 4 or 8' \
	--gres=neuron:5
cat "$CLUSTER_DIR/etc/good" - >"$conf" <<<"CompileCache=/$(printf 'x%.0s' {1..1100})"
ok "a long CompileCache is read" cluster_reconfigure
# shellcheck disable=SC2317 # it is called
too_long() {
	grep -q 'neuron.conf: CompileCache is longer than 1023 bytes: it is not set' \
		"$CLUSTER_DIR"/log/*
}
ok "slurmd does not set it, and says so" wait_for -t 20 too_long
cp "$CLUSTER_DIR/etc/good" "$conf"
ok "all is as it was" cluster_reconfigure
sed -i '/^NodeName=m1/d' "$conf"
scontrol reconfigure >/dev/null 2>&1
# shellcheck disable=SC2317 # it is called
not_described() {
	grep -q 'no NodeName line for m1, which has Gres=.* in slurm.conf: add NodeName=m1 Profile=' \
		"$CLUSTER_DIR/log/slurmctld"
}
ok "a node that is not described is named" wait_for -t 20 not_described
cp "$CLUSTER_DIR/etc/good" "$conf"
finish
