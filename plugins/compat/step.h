/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * step: the record that slurmstepd has of its step. A SPANK plugin is only
 * told single items of it (spank_get_item()); the nodes of a step, the tasks
 * of each and the GRES of the whole step are not among them.
 */
#ifndef NEURON_STEP_H
#define NEURON_STEP_H

#include "compat.h"

#include "src/slurmd/slurmstepd/slurmstepd_job.h"

/*
 * The record of this slurmstepd.
 * IN env - where slurmstepd keeps the environment of the step, as it passes
 *	it to gres_p_step_set_env() and gres_p_job_set_env(): its member env.
 *	Releases before 25.11 have no other way to the record.
 * RET NULL: env is NULL or this is not slurmstepd.
 */
extern const stepd_step_rec_t *compat_step(char ***env);

#endif
