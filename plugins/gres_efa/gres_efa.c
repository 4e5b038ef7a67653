/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gres/efa: the EFA interfaces that belong to Neuron devices.
 *
 *	slurm.conf	GresTypes=neuron,efa
 *			NodeName=... Gres=neuron:trn2:16,efa:16
 *
 * GresTypes names neuron first: gres/neuron writes the interfaces of the
 * devices, then this plugin corrects what a job without them sees.
 */
#include "gres_entry.h"

#include "lib/launch.h"
#include "plugins/common/bits.h"
#include "plugins/common/gres_env.h"

const char plugin_name[] = "Gres EFA plugin";
const char plugin_type[] = "gres/efa";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

const char gres_job_variable[] = "SLURM_JOB_EFA";

static bool _has_devices(char **env)
{
	const char *devices = gres_env_get(env, "SLURM_NEURON_DEVICES");

	return devices && devices[0];
}

/* What a job or step with EFA interfaces but without Neuron devices uses */
static void _set_ifaces(char ***env, devset_t efas)
{
	char ifaces[LAUNCH_IFACES_MAX];

	machine_ifaces(&gres_machine, efas, ifaces, sizeof(ifaces));
	gres_env_set("FI_EFA_IFACE", ifaces[0] ? ifaces : NULL, env);
	if (ifaces[0])
		gres_env_set("FI_PROVIDER", "efa", env);
}

extern void gres_p_job_set_env(char ***job_env_ptr, bitstr_t *gres_bit_alloc,
			       uint64_t gres_cnt, gres_internal_flags_t flags)
{
	devset_t efas = bits_to_devset(gres_bit_alloc);

	(void) gres_cnt;
	(void) flags;
	gres_note_step(job_env_ptr, efas);
	if (!efas || !_has_devices(*job_env_ptr))
		_set_ifaces(job_env_ptr, efas);
	gres_env_set_devset(job_env_ptr, gres_job_variable, efas);
}

extern void gres_p_step_set_env(char ***step_env_ptr, bitstr_t *gres_bit_alloc,
				uint64_t gres_cnt, gres_internal_flags_t flags)
{
	devset_t efas = bits_to_devset(gres_bit_alloc);
	const char *job = gres_env_get(*step_env_ptr, gres_job_variable);

	(void) gres_cnt;
	(void) flags;
	gres_note_step(step_env_ptr, efas);
	/*
	 * "srun --gres=neuron:2" inside a job does not name the interfaces
	 * that the job has for these devices; they are its own all the same.
	 */
	if (!_has_devices(*step_env_ptr) || (job && !job[0]))
		_set_ifaces(step_env_ptr, efas);
}

extern void gres_p_task_set_env(char ***task_env_ptr, bitstr_t *gres_bit_alloc,
				uint64_t gres_cnt, bitstr_t *usable_gres,
				gres_internal_flags_t flags)
{
	(void) gres_cnt;
	(void) flags;
	if (usable_gres && !_has_devices(*task_env_ptr))
		_set_ifaces(task_env_ptr,
			    gres_bound(gres_bit_alloc, usable_gres));
}
