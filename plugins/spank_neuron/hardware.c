/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hardware.h"

#include "plugins/common/bits.h"
#include "plugins/compat/step.h"

/* What the job of a step has of a GRES on this node; the record holds that
 * node alone */
static devset_t _of_job(const stepd_step_rec_t *step, const char *name)
{
	uint32_t id = gres_build_id((char *) name);
	gres_state_t *state = NULL;
	devset_t set = 0;
	list_itr_t *i;

	if (!step || !step->job_gres_list)
		return 0;
	i = list_iterator_create(step->job_gres_list);
	while ((state = list_next(i))) {
		gres_job_state_t *job = state->gres_data;

		if ((state->plugin_id == id) && job->node_cnt &&
		    job->gres_bit_alloc)
			set |= bits_to_devset(job->gres_bit_alloc[0]);
	}
	list_iterator_destroy(i);
	return set;
}

extern bool hardware_find(hardware_t *hardware)
{
	const gres_peer_t *neuron = gres_peer_find("gres/neuron");
	const gres_peer_t *efa = gres_peer_find("gres/efa");

	memset(hardware, 0, sizeof(*hardware));
	if (!neuron || !neuron->env || !neuron->machine->device_count)
		return false;
	hardware->machine = neuron->machine;
	hardware->devices = neuron->devices;
	hardware->is_bound = neuron->is_bound;
	hardware->bound = neuron->bound;
	hardware->step = compat_step(neuron->env);
	hardware->efas = (efa ? efa->devices : 0) |
			 (machine_efas_of(neuron->machine, neuron->devices) &
			  _of_job(hardware->step, "efa"));
	return hardware->devices || hardware->efas;
}
