/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gres_entry.h"

#include "plugins/common/gres_env.h"

extern gres_peer_t neuron_peer;

machine_t gres_machine;
static list_t *gres_devices;
static char *gres_addresses;
/* What the task of this process may open, once the SPANK plugin has asked */
static bool allowed_is_known;
static devset_t allowed;

static int _add_allowed(void *x, void *arg)
{
	const gres_device_t *device = x;

	(void) arg;
	if (device->alloc)
		allowed |= devset_of(device->index);
	return 0;
}

static void _note_allowed(void)
{
	allowed_is_known = true;
	allowed = 0;
	if (gres_devices)
		list_for_each(gres_devices, _add_allowed, NULL);
}

gres_peer_t neuron_peer = {
	.machine = &gres_machine,
	.note_allowed = _note_allowed,
};

extern int init(void)
{
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	FREE_NULL_LIST(gres_devices);
	xfree(gres_addresses);
	machine_fini();
	return SLURM_SUCCESS;
}

extern int gres_p_node_config_load(list_t *gres_conf_list,
				   node_config_load_t *config)
{
	FREE_NULL_LIST(gres_devices);
	xfree(gres_addresses);
	machine_publish(config->gres_name, gres_conf_list, config,
			&gres_machine, &gres_devices, &gres_addresses);
	return SLURM_SUCCESS;
}

extern void gres_note_step(char ***env, devset_t devices)
{
	neuron_peer.env = env;
	neuron_peer.devices = devices;
}

extern devset_t gres_bound(const bitstr_t *given, const bitstr_t *usable)
{
	neuron_peer.is_bound = true;
	neuron_peer.bound =
		gres_env_of_task(neuron_peer.devices, given, usable,
				 allowed_is_known ? &allowed : NULL);
	return neuron_peer.bound;
}

extern void gres_note_before(const gres_before_t *before)
{
	neuron_peer.before = before;
}

extern void gres_p_send_stepd(buf_t *buffer)
{
	machine_pack(&gres_machine, gres_devices, gres_addresses, buffer);
}

extern void gres_p_recv_stepd(buf_t *buffer)
{
	(void) machine_unpack(&gres_machine, &gres_devices, &gres_addresses,
			      buffer);
	neuron_peer.addresses = gres_addresses;
}

extern list_t *gres_p_get_devices(void)
{
	return gres_devices;
}

extern void gres_p_step_hardware_init(bitstr_t *usable_gres, char *settings)
{
	(void) usable_gres;
	(void) settings;
}

extern void gres_p_step_hardware_fini(void)
{
}

extern gres_prep_t *gres_p_prep_build_env(gres_job_state_t *gres_js)
{
	return gres_env_build_prep(gres_js);
}

extern void gres_p_prep_set_env(char ***prep_env_ptr, gres_prep_t *gres_prep,
				int node_inx)
{
	gres_env_set_devset(prep_env_ptr, gres_job_variable,
			    gres_env_prep_devset(gres_prep, node_inx));
}
