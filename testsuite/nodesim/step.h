/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * step: the tasks that srun starts on nodes. They "run" as plan.h says, by the
 * environment that srun was called with, and srun is told what it would be told
 * of real ones: that they have started, their output (none) and how they ended.
 */
#ifndef NODESIM_STEP_H
#define NODESIM_STEP_H

#include "node.h"

/* RET SLURM_SUCCESS; the error that srun is answered with */
extern int step_start(node_t *node, const slurm_msg_t *msg);

/* End the steps of a job, or one of them by a signal; others do not matter.
 * IN id - step_id NO_VAL: all */
extern void step_kill(node_t *node, const slurm_step_id_t *id, int signal);

/* The machine is gone and its tasks with it; nobody is told */
extern void steps_lose(node_t *node);

/* RET a step of this job is on the node */
extern bool step_is_on(const node_t *node, uint32_t job_id);
/* The steps on a node. OUT ids - xfree() it. RET how many */
extern uint32_t step_ids(const node_t *node, slurm_step_id_t **ids);
/* On all nodes */
extern uint32_t steps_running(void);

#endif
