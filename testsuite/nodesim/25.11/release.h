/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * release: what messages of Slurm 25.11 look like, where others differ.
 */
#ifndef NODESIM_RELEASE_H
#define NODESIM_RELEASE_H

#include "slurm_base.h"

typedef prolog_complete_msg_t release_prolog_done_t;

static inline slurm_step_id_t release_batch_id(const batch_job_launch_msg_t *m)
{
	return m->step_id;
}

static inline slurm_step_id_t release_prolog_id(const prolog_launch_msg_t *m)
{
	return m->step_id;
}

static inline void release_set_prolog(release_prolog_done_t *m,
				      const slurm_step_id_t *id)
{
	m->step_id = *id;
}

static inline void release_set_batch(complete_batch_script_msg_t *m,
				     const slurm_step_id_t *id)
{
	m->step_id = *id;
}

static inline void release_set_epilog(epilog_complete_msg_t *m,
				      const slurm_step_id_t *id)
{
	m->step_id = *id;
}

static inline void release_set_ping(ping_slurmd_resp_msg_t *m, const char *node)
{
	(void) m;
	(void) node;
}

#endif
