/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gres_peer: what gres/neuron and gres/efa know of the job or step that a
 * slurmstepd runs, for the SPANK plugin in the same process.
 *
 * Each offers the structure below under the name PEER_SYMBOL. Its content
 * comes from slurmd and from the credential of the step, never from an
 * environment that a user may have written.
 */
#ifndef NEURON_GRES_PEER_H
#define NEURON_GRES_PEER_H

#include "machine.h"
#include "peer.h"

typedef struct {
	const char *name;
	char *value;
} gres_before_t;

typedef struct {
	const machine_t *machine;
	const char *addresses; /* see address.h; NULL: none */
	/* What the step (of a batch script or shell: the job) has on this
	 * node; empty before Slurm asked the plugin for its environment */
	devset_t devices;
	/*
	 * In the process of a task: the device files that Slurm marks as
	 * allowed now, behind compat_task_devices(), are those of the task.
	 */
	void (*note_allowed)(void);
	/* In the process of a task to which Slurm binds devices: those */
	bool is_bound;
	devset_t bound;
	/*
	 * Where slurmstepd keeps the environment of the step, as it gave it to
	 * gres_p_step_set_env() or gres_p_job_set_env(); NULL before.
	 */
	char ***env;
	/*
	 * gres/neuron: the variables that it wrote into that environment, as
	 * they were before; up to one whose name is NULL. value NULL: it was
	 * not there.
	 */
	const gres_before_t *before;
} gres_peer_t;

/* What a GRES plugin offers; NULL: it is not loaded. IN type - "gres/efa" */
extern const gres_peer_t *gres_peer_find(const char *type);

#endif
