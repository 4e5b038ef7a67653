/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job: what a job of slurmctld asks of Neuron, as a request */
#ifndef NEURON_JOB_H
#define NEURON_JOB_H

#include "compat.h"

#include "lib/conf.h"
#include "lib/gang.h"
#include "lib/request.h"

typedef struct {
	request_t request;
	gres_state_t *neuron; /* the job's own record of each GRES */
	gres_state_t *efa; /* NULL: none asked */
	place_ultraserver_t ultraserver;
	shape_tier_t widest; /* that goes with its other options */
} job_neuron_t;

/* Ids by which Slurm knows the two GRES */
extern uint32_t job_neuron_id(void);
extern uint32_t job_efa_id(void);

/*
 * Look at a job's GRES and at its options --neuron-... Options that cannot be
 * read, which submission refuses, count as none.
 * IN conf - its Shape and ShapeWait make the tier of the job where the job does
 *	not say otherwise.
 * IN now - until when it has waited.
 * RET 1: it asks for Neuron devices, *job is set; 0: it does not; -1: it does
 *	in a way that no node can serve (several types at once, per socket or
 *	per job), which submission refuses but job updates could bring.
 */
extern int job_neuron_read(job_record_t *job_ptr, const conf_t *conf,
			   time_t now, job_neuron_t *job);

/*
 * The size of a job, without a look at what it may have: so many devices of
 * each of so many nodes at least; all pending tasks of an array together.
 * OUT type - of devices, the job's; NULL: any.
 * RET false: it asks for none.
 */
extern bool job_neuron_size(const job_record_t *job_ptr, const char **type,
			    uint32_t *devices, uint32_t *nodes);

/*
 * What a job that was read wants of gang.
 * OUT wanted - refers to job.
 */
extern void job_neuron_wanted(const job_neuron_t *job, uint32_t nodes_min,
			      uint32_t nodes_max, uint32_t nodes_wanted,
			      uint32_t cpus, gang_request_t *wanted);

#endif
