/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gres_env: the environment array of a job, step or task in slurmstepd */
#ifndef NEURON_GRES_ENV_H
#define NEURON_GRES_ENV_H

#include "compat.h"

#include "lib/devset.h"

/* Set a variable, or remove it (value NULL). RET 0. A launch_set_t; arg is
 * the char *** that Slurm passes to GRES plugins. */
extern int gres_env_set(const char *name, const char *value, void *arg);

/* RET the value, NULL without one; Slurm's own memory */
extern const char *gres_env_get(char **env, const char *name);

/* Set a variable to a device set in text form */
extern void gres_env_set_devset(char ***env, const char *name, devset_t set);

/*
 * The part of a step's devices that Slurm binds to one task, from what it
 * passes to gres_p_task_set_env() (Slurm, src/interfaces/gres.c,
 * _get_usable_gres()).
 *
 * Without a device cgroup usable holds devices. With --gres-flags=
 * allow-task-sharing it holds positions among the devices of the step, and
 * given is packed in the same way. With a device cgroup it holds positions
 * among the devices that the task may open, which only allowed can tell.
 *
 * IN step - what the step has.
 * IN given - gres_bit_alloc; IN usable - usable_gres, not NULL.
 * IN allowed - what the task may open; NULL: not known, then the answer is
 *	right for the first task only.
 */
extern devset_t gres_env_of_task(devset_t step, const bitstr_t *given,
				 const bitstr_t *usable,
				 const devset_t *allowed);

/* Devices of one node of a job, for Prolog and Epilog; a gres_prep_t */
extern gres_prep_t *gres_env_build_prep(const gres_job_state_t *gres);
extern devset_t gres_env_prep_devset(const gres_prep_t *prep, int node_inx);

#endif
