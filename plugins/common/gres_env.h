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
 * The part of a step's devices that Slurm binds to one task.
 * IN usable - counts positions among the step's devices when devices are
 *	constrained by a cgroup, else it counts devices.
 */
extern devset_t gres_env_of_task(const bitstr_t *step, const bitstr_t *usable);

/* Devices of one node of a job, for Prolog and Epilog; a gres_prep_t */
extern gres_prep_t *gres_env_build_prep(const gres_job_state_t *gres);
extern devset_t gres_env_prep_devset(const gres_prep_t *prep, int node_inx);

#endif
