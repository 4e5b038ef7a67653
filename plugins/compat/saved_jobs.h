/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * saved_jobs: the jobs that the last slurmctld left in StateSaveLocation,
 * before this one recovers them.
 */
#ifndef NEURON_SAVED_JOBS_H
#define NEURON_SAVED_JOBS_H

#include "compat.h"

/* A record that is gone after the call; it is in no list and no hash */
typedef void (*saved_job_t)(const job_record_t *job_ptr, void *arg);

/*
 * Call each() for every saved job, in their order. Nothing of Slurm is
 * changed. A file that cannot be read to its end is one at which slurmctld
 * itself stops, or which it was told to ignore: the jobs before are passed.
 */
extern void saved_jobs_each(saved_job_t each, void *arg);

#endif
