/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holding: what a job has of one GRES on one of its nodes, and how much of it
 * is in its steps; what a step asks for.
 *
 * The rules are those of Slurm's src/stepmgr/gres_stepmgr.c, the same from
 * 24.11 to 26.05: _step_get_gres_needed(), _step_alloc(),
 * _set_step_gres_bit_alloc().
 */
#ifndef NEURON_HOLDING_H
#define NEURON_HOLDING_H

#include "compat.h"

#include "lib/devset.h"

typedef struct {
	gres_state_t *state; /* of the job */
	gres_job_state_t *gres; /* its data */
	int offset; /* of the node among the job's */
	devset_t free; /* in no step */
} holding_t;

/*
 * Find it.
 * RET 0; -1 when the job has none there, several types at once, no indexes, or
 *	when Slurm's count and bits differ.
 */
extern int holding_find(const job_record_t *job_ptr, uint32_t plugin_id,
			int offset, holding_t *holding);

/* Note devices as in a step; counts are left as they are */
extern void holding_hide(holding_t *holding, devset_t set);
/* Note them as in no step; what a job has no more is passed over */
extern void holding_show(const job_record_t *job_ptr, uint32_t plugin_id,
			 int offset, devset_t set);

/* Those of the free ones that have a core beside them that no step uses */
extern devset_t holding_near(const holding_t *holding,
			     const job_record_t *job_ptr,
			     const node_record_t *node_ptr);

/* Give some of the free ones to a step, counted and listed as Slurm does */
extern void holding_give(holding_t *holding, step_record_t *step_ptr,
			 devset_t set);

/* A step's request of one GRES */
typedef struct {
	const gres_step_state_t *gres; /* NULL: it asks for none */
	uint64_t given; /* on the nodes that were looked at */
} asking_t;

/* RET 0; -1 when it asks for several types */
extern int asking_find(list_t *gres_list_req, uint32_t plugin_id,
		       asking_t *asking);

/* True when what the job has there can be meant */
extern bool asking_fits(const asking_t *asking, const holding_t *holding);

/*
 * How many Slurm will give on a node, and count them as given.
 * IN nodes - of the step that are left, with this one.
 * RET 0 to all that are free; -1: too few, the step will be refused.
 */
extern int asking_count(asking_t *asking, const holding_t *holding,
			uint16_t tasks, uint32_t nodes);

#endif
