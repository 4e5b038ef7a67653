/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job: batch scripts that "run" on nodes.
 *
 * A script says how long it runs and how it ends, in lines of its own or in
 * the environment of the job:
 *	#NODESIM seconds=12.5 exit=1
 *	NODESIM="seconds=12.5 exit=1"
 * A line of the script counts more. Else it runs as job_default() says and
 * ends well.
 */
#ifndef NODESIM_JOB_H
#define NODESIM_JOB_H

#include "node.h"

/* Seconds of a script that does not say them: 0 to JOB_SECONDS_MAX */
#define JOB_SECONDS_MAX 1e9
extern void job_default(double seconds);
/* Time runs so many times as fast for jobs that start from now on; > 0 */
extern void job_speed(double factor);

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

/* The scripts on a node. OUT ids - xfree() it. RET how many */
extern uint32_t job_ids(const node_t *node, slurm_step_id_t **ids);
/* On all nodes */
extern uint32_t jobs_running(void);

#endif
