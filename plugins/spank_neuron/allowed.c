/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "allowed.h"

#include "plugins/common/gres_peer.h"
#include "plugins/compat/task_devices.h"

extern list_t *allowed_find(spank_t spank)
{
	const gres_peer_t *neuron = gres_peer_find("gres/neuron");
	const gres_peer_t *efa = gres_peer_find("gres/efa");
	const stepd_step_rec_t *step;
	list_t *devices;
	int task;

	if (!neuron || !neuron->machine->device_count ||
	    !(step = compat_step(neuron->env)) ||
	    spank_get_item(spank, S_TASK_ID, &task) ||
	    !(devices = compat_task_devices(step, task)))
		return NULL;
	neuron->note_allowed();
	if (efa)
		efa->note_allowed();
	return devices;
}
