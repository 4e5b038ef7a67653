/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task_devices: what the device cgroup of a task allows, and why */
#ifndef NEURON_TASK_DEVICES_H
#define NEURON_TASK_DEVICES_H

#include "step.h"

/*
 * The device files of all GRES of this node, as task/cgroup judges them for
 * a task (src/plugins/task/cgroup/task_cgroup_devices.c): alloc is 1 in those
 * that it may open. Batch scripts, interactive steps and the daemons of mpirun
 * have what their job has; all else what the step or, where GRES are bound to
 * tasks, the task has.
 *
 * IN task - number of the task among those of the step on this node.
 * RET list of gres_device_t for list_destroy(), which leaves the elements;
 *	NULL: no GRES of this node has device files.
 */
extern list_t *compat_task_devices(const stepd_step_rec_t *step, int task);

/* True when the device cgroup is in force: cgroup.conf, TaskPlugin */
extern bool compat_devices_are_constrained(void);

#endif
