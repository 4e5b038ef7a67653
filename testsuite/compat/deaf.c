/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slurmctld that does not take everything, for testsuite/system/38-health.t:
 * loaded before a program, it refuses to tell of all jobs and to change the
 * state of a node. All else is asked of the real one.
 */
#include <dlfcn.h>
#include <errno.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

extern int slurm_load_jobs(time_t update_time, job_info_msg_t **msg,
			   uint16_t show_flags)
{
	(void) update_time;
	(void) msg;
	(void) show_flags;
	errno = ESLURM_ACCESS_DENIED;
	return SLURM_ERROR;
}

extern int slurm_update_node(update_node_msg_t *update)
{
	int (*real)(update_node_msg_t * update);

	if (update->node_state != NO_VAL) {
		errno = ESLURM_ACCESS_DENIED;
		return SLURM_ERROR;
	}
	*(void **) &real = dlsym(RTLD_NEXT, "slurm_update_node");
	return real(update);
}
