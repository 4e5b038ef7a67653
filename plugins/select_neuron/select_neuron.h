/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * select_neuron: the gate around select/cons_tres, below any release's entry
 * points. It trusts nobody, not even topology/neuron: a real placement whose
 * device sets are not legal is refused.
 */
#ifndef NEURON_SELECT_NEURON_H
#define NEURON_SELECT_NEURON_H

#include "compat.h"

#include "prune.h"

/* RET SLURM_SUCCESS; SLURM_ERROR after logging why neuron.conf is refused.
 * Outside slurmctld nothing is read. */
extern int select_neuron_init(void);
extern void select_neuron_fini(void);

/* Give nodes the features that they had before slurmctld started, see
 * feature_state.h. Call it once, when the node table is new. */
extern void select_neuron_features(void);

/* Match nodes with neuron.conf. RET SLURM_SUCCESS; SLURM_ERROR after logging
 * what is wrong. */
extern int select_neuron_map(void);

/* Read what is in use on every node, by every job: these are new */
extern void select_neuron_read(void);
/* A job's allocation has changed, has ended */
extern void select_neuron_job_changed(job_record_t *job_ptr);
extern void select_neuron_job_ended(job_record_t *job_ptr);
/* A node left a job, which goes on */
extern void select_neuron_job_resized(job_record_t *job_ptr,
				      const node_record_t *node_ptr);

/* Answer a select_p_job_test(), see prune.h */
extern int select_neuron_test(const prune_call_t *call);

/* Somebody asks for the state of all nodes */
extern void select_neuron_nodes_asked(void);

/* True for a job that asks for Neuron devices, which topology/neuron places */
extern bool select_neuron_is_ours(job_record_t *job_ptr);

/*
 * Look at a placement that cons_tres has just made for a job to start now.
 * RET SLURM_SUCCESS when every node's devices are a set of the job's tier and
 *	its EFA interfaces are exactly theirs, and the nodes are as
 *	--neuron-ultraserver=require wants them; otherwise an error, and the
 *	placement is taken back.
 */
extern int select_neuron_verify(job_record_t *job_ptr);

#endif
