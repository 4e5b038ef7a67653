/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SPANK plugin of a user who writes the options of his job himself: what
 * stands in the environment variable WILD_OPTIONS is handed to slurmctld in
 * place of what our own plugin makes of --neuron- options.
 */
#include <stdlib.h>

#include "slurm/spank.h"

SPANK_PLUGIN(wild, 1);

extern int slurm_spank_init_post_opt(spank_t spank, int argc, char *argv[])
{
	const char *text = getenv("WILD_OPTIONS");

	(void) argc;
	(void) argv;
	if (!text || (spank_context() == S_CTX_REMOTE))
		return 0;
	return spank_job_control_setenv(spank, "NEURON_OPTIONS", text, 1);
}
