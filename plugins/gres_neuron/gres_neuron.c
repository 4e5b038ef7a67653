/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gres/neuron: Neuron devices.
 *
 *	slurm.conf	GresTypes=neuron,efa
 *			NodeName=... Gres=neuron:trn2:16,efa:16
 *	neuron.conf	NodeName=... Profile=trn2.48xlarge
 *
 * gres.conf needs no line: slurmd finds the devices itself. Links= is never
 * published, since Slurm 24.05 to 26.05 sort by it the wrong way round.
 */
#include "gres_entry.h"

#include "lib/launch.h"
#include "plugins/common/bits.h"
#include "plugins/common/gres_env.h"

const char plugin_name[] = "Gres Neuron plugin";
const char plugin_type[] = "gres/neuron";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

const char gres_job_variable[] = "SLURM_JOB_NEURON";

/* What of these the user had set, for the SPANK plugin */
static gres_before_t before[] = {
	{"NEURON_RT_VISIBLE_CORES", NULL},
	{"NEURON_RT_NUM_CORES", NULL},
	{"NEURON_LOGICAL_NC_CONFIG", NULL},
	{"FI_EFA_IFACE", NULL},
	{"FI_PROVIDER", NULL},
	{NULL, NULL},
};

static void _note_before(char ***env)
{
	for (gres_before_t *variable = before; variable->name; variable++) {
		xfree(variable->value);
		variable->value = xstrdup(gres_env_get(*env, variable->name));
	}
	gres_note_before(before);
}

static void _set_env(char ***env, devset_t devices)
{
	char ifaces[LAUNCH_IFACES_MAX];
	launch_t launch = {
		.devices = devices,
		.visible = gres_use_local_device_index()
				   ? devices
				   : devset_run(0, gres_machine.device_count),
		.cores_per_device = gres_machine.cores_per_device,
		.lnc = gres_machine.lnc,
		.numbering = gres_machine.numbering,
		.ifaces = ifaces,
	};

	if (!gres_machine.device_count)
		launch.devices = 0;
	machine_ifaces(&gres_machine,
		       machine_efas_of(&gres_machine, launch.devices), ifaces,
		       sizeof(ifaces));
	(void) launch_environment(&launch, gres_env_set, env);
}

extern void gres_p_job_set_env(char ***job_env_ptr, bitstr_t *gres_bit_alloc,
			       uint64_t gres_cnt, gres_internal_flags_t flags)
{
	(void) gres_cnt;
	(void) flags;
	gres_note_step(job_env_ptr, bits_to_devset(gres_bit_alloc));
	_note_before(job_env_ptr);
	_set_env(job_env_ptr, bits_to_devset(gres_bit_alloc));
	gres_env_set_devset(job_env_ptr, gres_job_variable,
			    bits_to_devset(gres_bit_alloc));
}

extern void gres_p_step_set_env(char ***step_env_ptr, bitstr_t *gres_bit_alloc,
				uint64_t gres_cnt, gres_internal_flags_t flags)
{
	(void) gres_cnt;
	(void) flags;
	gres_note_step(step_env_ptr, bits_to_devset(gres_bit_alloc));
	_note_before(step_env_ptr);
	_set_env(step_env_ptr, bits_to_devset(gres_bit_alloc));
}

extern void gres_p_task_set_env(char ***task_env_ptr, bitstr_t *gres_bit_alloc,
				uint64_t gres_cnt, bitstr_t *usable_gres,
				gres_internal_flags_t flags)
{
	(void) gres_cnt;
	(void) flags;
	/* Without a binding a task has what its step has */
	if (usable_gres)
		_set_env(task_env_ptr, gres_bound(gres_bit_alloc, usable_gres));
}
