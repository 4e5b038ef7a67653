/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job: batch scripts that "run" on nodes; plan.h says for how long.
 */
#ifndef NODESIM_JOB_H
#define NODESIM_JOB_H

#include "node.h"

/* RET false: the node runs that job already */
extern bool job_start(node_t *node, const slurm_step_id_t *id,
		      const char *script, char **environment,
		      uint32_t environment_count);

/*
 * A batch script is killed; slurmctld is told.
 * RET false: none of this job is on the node
 */
extern bool job_kill(node_t *node, uint32_t job_id, int signal);

/* The machine is gone and its scripts with it; nobody is told */
extern void jobs_lose(node_t *node);

/* RET its script runs there */
extern bool job_is_on(const node_t *node, uint32_t job_id);
/* Slurmctld knows that a script of the node has ended */
extern void job_confirmed(node_t *node, uint32_t job_id);

/* The scripts on a node, and those of whose end slurmctld does not know yet.
 * OUT ids - xfree() it. RET how many */
extern uint32_t job_ids(const node_t *node, slurm_step_id_t **ids);
/* On all nodes */
extern uint32_t jobs_running(void);

#endif
