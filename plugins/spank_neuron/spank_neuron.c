/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spank_neuron: what jobs ask of Neuron devices with --neuron-..., and the
 * environment of their tasks.
 *
 *	plugstack.conf	required /usr/lib64/slurm/spank_neuron.so
 *
 * A job without Neuron devices and EFA interfaces is left as it is.
 */
#include "plugins/compat/spank.h"

#include "allowed.h"
#include "ask.h"
#include "paired.h"
#include "task.h"
#include "view.h"

const char plugin_name[] = "neuron";
const char plugin_type[] = "spank";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

extern int slurm_spank_init(spank_t spank, int argc, char *argv[])
{
	(void) argc;
	(void) argv;
	switch (spank_context()) {
	case S_CTX_LOCAL:
	case S_CTX_ALLOCATOR:
	case S_CTX_REMOTE:
		return ask_register(spank);
	default:
		return SLURM_SUCCESS;
	}
}

extern int slurm_spank_init_post_opt(spank_t spank, int argc, char *argv[])
{
	(void) argc;
	(void) argv;
	if (spank_context() != S_CTX_REMOTE)
		return ask_hand_on(spank);
	paired_add();
	task_prepare(ask_options());
	return SLURM_SUCCESS;
}

/* In the process of a task, as root, before it becomes the user's */
extern int slurm_spank_task_init_privileged(spank_t spank, int argc,
					    char *argv[])
{
	list_t *devices = allowed_find(spank);
	int rc = view_make(devices);

	(void) argc;
	(void) argv;
	FREE_NULL_LIST(devices);
	return rc ? SLURM_ERROR : SLURM_SUCCESS;
}

/* In the process of a task, as the user, behind the GRES plugins */
extern int slurm_spank_task_init(spank_t spank, int argc, char *argv[])
{
	(void) argc;
	(void) argv;
	task_set_env(spank);
	return SLURM_SUCCESS;
}
