/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view: the private /dev/infiniband of a task. lib/view.h says why and what
 * stays, private_dir.h how it is done, doc/isolation.md when.
 */
#ifndef NEURON_SPANK_VIEW_H
#define NEURON_SPANK_VIEW_H

#include "compat.h"

/*
 * Give the calling process a private view, when there is something to hide.
 * Call it in slurm_spank_task_init_privileged(). On nodes without gres/efa
 * there is nothing to do; with PrivateView=auto of neuron.conf only where the
 * device cgroup is in force, with never nowhere.
 *
 * IN devices - see allowed_find(); NULL: nothing is to do.
 * RET 0; -1 after one line in the log, which the user sees: the task owns an
 *	EFA interface, and could not use it among others that it can see but
 *	not open. It must not start. A task without any is never held up: what
 *	goes wrong for it is only logged.
 */
extern int view_make(list_t *devices);

#endif
