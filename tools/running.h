/* SPDX-License-Identifier: GPL-2.0-or-later */
/* running: what slurmctld runs with, for lib/audit.h */
#ifndef NEURON_RUNNING_H
#define NEURON_RUNNING_H

#include "lib/audit.h"

typedef struct running running_t;

/*
 * Ask slurmctld. libslurm ends a program whose slurm.conf it does not like;
 * this one goes on.
 * RET for running_free(); NULL with errno ENOENT (slurmctld cannot be asked)
 *	or ENOMEM.
 */
extern running_t *running_load(neuron_error_t *err);
/* Accepts NULL */
extern void running_free(running_t *running);
extern const audit_running_t *running_get(const running_t *running);

#endif
