/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hardware: what the step of a slurmstepd has on this node */
#ifndef NEURON_HARDWARE_H
#define NEURON_HARDWARE_H

#include "plugins/common/gres_peer.h"
#include "plugins/compat/step.h"

typedef struct {
	const machine_t *machine; /* as slurmd found it; never NULL */
	/* Of the step; of the job for a batch script, a shell and extern */
	devset_t devices;
	/*
	 * The EFA interfaces of the step: those that Slurm gave it, and those
	 * of its devices that its job has. ("srun --gres=neuron:2" inside a
	 * job does not name interfaces; they are its own all the same.)
	 */
	devset_t efas;
	/* In the process of a task: Slurm bound these devices to it */
	bool is_bound;
	devset_t bound;
	/* slurmstepd's record of the step; NULL: not known */
	const stepd_step_rec_t *step;
} hardware_t;

/*
 * Look at it, in slurmstepd: init_post_opt, user_init and all task hooks, with
 * or without privileges. Opens no file.
 * RET true: the step has Neuron devices or EFA interfaces and *hardware is set;
 *	false: it has neither, this is no Neuron machine, or gres/neuron is not
 *	loaded.
 */
extern bool hardware_find(hardware_t *hardware);

#endif
