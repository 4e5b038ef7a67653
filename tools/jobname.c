/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jobname.h"

#include <stdio.h>
#include <string.h>

extern void jobname_of(const job_info_t *info, jobname_t *name)
{
	memset(name, 0, sizeof(*name));
	if (info->het_job_id)
		(void) snprintf(name->job, JOBNAME_MAX, "%u+%u",
				info->het_job_id, info->het_job_offset);
	else if (info->array_task_id != NO_VAL)
		(void) snprintf(name->job, JOBNAME_MAX, "%u_%u",
				info->array_job_id, info->array_task_id);
	else
		(void) snprintf(name->job, JOBNAME_MAX, "%u", info->job_id);
	if (info->het_job_id)
		(void) snprintf(name->whole, JOBNAME_MAX, "%u",
				info->het_job_id);
	else
		memcpy(name->whole, name->job, JOBNAME_MAX);
}
