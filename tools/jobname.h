/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jobname: what a request to slurmctld must call a job, so that it means this
 * one */
#ifndef NEURON_JOBNAME_H
#define NEURON_JOBNAME_H

#include <slurm/slurm.h>

#define JOBNAME_MAX 32

typedef struct {
	/* "12", "12_3" or "12+1". The number of a task may be that of its
	 * array, which then means all tasks */
	char job[JOBNAME_MAX];
	/* With all components of a heterogeneous job, for what cannot be done
	 * to one of them */
	char whole[JOBNAME_MAX];
} jobname_t;

extern void jobname_of(const job_info_t *info, jobname_t *name);

#endif
