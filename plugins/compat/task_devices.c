/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task_devices.h"

static bool _has_whole_job(const stepd_step_rec_t *step)
{
	return (step->step_id.step_id == SLURM_BATCH_SCRIPT) ||
	       (step->step_id.step_id == SLURM_EXTERN_CONT) ||
	       (step->step_id.step_id == SLURM_INTERACTIVE_STEP) ||
	       (step->flags & LAUNCH_EXT_LAUNCHER);
}

extern list_t *compat_task_devices(const stepd_step_rec_t *step, int task)
{
	if (_has_whole_job(step))
		return gres_g_get_devices(step->job_gres_list, true, 0, NULL, 0,
					  (stepd_step_rec_t *) step);
	return gres_g_get_devices(step->step_gres_list, false,
				  step->accel_bind_type, step->tres_bind, task,
				  (stepd_step_rec_t *) step);
}

extern bool compat_devices_are_constrained(void)
{
	return gres_use_local_device_index();
}
