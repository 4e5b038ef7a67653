/* SPDX-License-Identifier: GPL-2.0-or-later */
/* allowed: the device files that the task of this process may open */
#ifndef NEURON_ALLOWED_H
#define NEURON_ALLOWED_H

#include "plugins/compat/spank.h"

/*
 * Ask Slurm, see compat_task_devices(), and tell gres/neuron and gres/efa: to
 * these Slurm gives positions among the devices of the task, which they
 * could not know else. Call it in slurm_spank_task_init_privileged().
 * RET list of gres_device_t for list_destroy(), which leaves the elements;
 *	NULL: this is no Neuron machine.
 */
extern list_t *allowed_find(spank_t spank);

#endif
