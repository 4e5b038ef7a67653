# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of Slurm that a private cluster needs: half the time of all of it.
# Names of all supported releases; what a release has not is left out.
# Run in src/ of a configured build tree, after "make -C api":
#
#	make -f slurm.mk all|install [NEURON_MUNGE=yes]

programs := sackd sacct sacctmgr salloc sattach sbatch sbcast scancel \
	scontrol sdiag sinfo slurmctld slurmd sprio squeue srun sshare sstat \
	strigger

plugins := accounting_storage/slurmdbd auth/none auth/slurm certgen/script \
	certmgr/script cgroup/v1 cli_filter/user_defaults compress/none cred/none \
	gpu/generic gpu/nrt gres/gpu gres/mps gres/nic gres/shard hash/k12 hash/sha3 \
	job_container/tmpfs job_submit/all_partitions job_submit/defaults \
	job_submit/logging job_submit/partition job_submit/require_timelimit \
	job_submit/throttle jobacct_gather/cgroup jobacct_gather/linux \
	jobcomp/filetxt jobcomp/script metrics/openmetrics mpi/pmi2 \
	namespace/linux namespace/tmpfs node_features/helpers \
	preempt/partition_prio preempt/qos prep/script priority/basic \
	priority/multifactor proctrack/cgroup proctrack/linuxproc \
	proctrack/pgid sched/backfill sched/builtin select/cons_tres \
	select/linear serializer/json serializer/url-encoded \
	switch/nvidia_imex task/affinity task/cgroup tls/none \
	topology/3d_torus topology/block topology/default topology/flat \
	topology/ring topology/torus3d topology/tree url_parser/internal
# Only the newest, for each takes as long as slurmctld
plugins += $(patsubst plugins/%,%,$(lastword $(sort \
	$(wildcard plugins/data_parser/v*))))
ifeq ($(NEURON_MUNGE),yes)
plugins += auth/munge cred/munge
endif

# Libraries that several of those link
shared := $(wildcard bcast database curl stepmgr slurmd/common \
	plugins/*/common plugins/*/common_xkcp)

wanted := $(wildcard $(programs) $(addprefix plugins/,$(plugins)))

.PHONY: all install $(shared) $(wanted)
all install: $(wanted)
	+$(if $(filter install,$@),$(MAKE) -C api install)
$(wanted): $(shared)
$(shared) $(wanted):
	+$(MAKE) -C $@ $(filter install,$(MAKECMDGOALS))
