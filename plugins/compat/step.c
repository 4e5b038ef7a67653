/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "step.h"

#include <stddef.h>

#if STEP_IS_GLOBAL
#include "src/slurmd/slurmstepd/slurmstepd.h"

#pragma weak step

extern const stepd_step_rec_t *compat_step(char ***env)
{
	return (env && &step) ? step : NULL;
}
#else
extern const stepd_step_rec_t *compat_step(char ***env)
{
	if (!env || !running_in_slurmstepd())
		return NULL;
	return (const stepd_step_rec_t *) ((const char *) env -
					   offsetof(stepd_step_rec_t, env));
}
#endif
