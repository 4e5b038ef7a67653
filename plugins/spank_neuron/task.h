/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task: the environment of the tasks of a slurmstepd */
#ifndef NEURON_TASK_H
#define NEURON_TASK_H

#include "plugins/compat/spank.h"

#include "lib/options.h"

/*
 * Look at the step once, in slurm_spank_init_post_opt() of slurmstepd. A step
 * without Neuron devices is left as it is, by the other function too.
 * IN options - of the step; those of a template that they name are added.
 */
extern void task_prepare(const options_t *options);

/*
 * Set the environment of one task, in slurm_spank_task_init(): in the process
 * of the task, as the user, behind the GRES plugins.
 */
extern void task_set_env(spank_t spank);

#endif
