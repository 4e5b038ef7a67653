# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of Slurm that a private cluster needs: half the time of all of it.
# Run in src/ of a configured build tree, after "make -C api":
#
#	make -f slurm.mk all|install [NEURON_MUNGE=yes]

programs := sackd sacct sacctmgr salloc sattach sbatch sbcast scancel \
	scontrol sdiag sinfo slurmctld slurmd sprio squeue srun sshare sstat \
	strigger

plugins := accounting_storage/slurmdbd auth/none auth/slurm cgroup/v1 \
	cli_filter/user_defaults cred/none data_parser/v0.0.42 gpu/generic \
	gpu/nrt gres/gpu gres/mps gres/nic gres/shard hash/k12 hash/sha3 \
	job_container/tmpfs job_submit/all_partitions job_submit/defaults \
	job_submit/logging job_submit/partition \
	job_submit/require_timelimit job_submit/throttle \
	jobacct_gather/cgroup jobacct_gather/linux jobcomp/filetxt \
	jobcomp/script mpi/pmi2 node_features/helpers preempt/partition_prio \
	preempt/qos prep/script priority/basic priority/multifactor \
	proctrack/cgroup proctrack/linuxproc proctrack/pgid sched/backfill \
	sched/builtin select/cons_tres select/linear serializer/json \
	serializer/url-encoded switch/nvidia_imex task/affinity task/cgroup \
	tls/none topology/3d_torus topology/block topology/default \
	topology/flat topology/tree
ifeq ($(NEURON_MUNGE),yes)
plugins += auth/munge cred/munge
endif

# Libraries that several of those link
shared := bcast database lua curl stepmgr slurmd/common \
	$(wildcard plugins/*/common plugins/*/common_xkcp)

wanted := $(wildcard $(programs) $(addprefix plugins/,$(plugins)))

.PHONY: all install $(shared) $(wanted)
all install: $(wanted)
	+$(if $(filter install,$@),$(MAKE) -C api install)
$(wanted): $(shared)
$(shared) $(wanted):
	+$(MAKE) -C $@ $(filter install,$(MAKECMDGOALS))
