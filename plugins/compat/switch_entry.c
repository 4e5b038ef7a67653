/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch/neuron as Slurm loads it */
#include "compat.h"

#include "src/slurmd/slurmstepd/slurmstepd_job.h"

#include "switch_neuron.h"

const char plugin_name[] = "Neuron step devices plugin";
const char plugin_type[] = "switch/neuron";
const uint32_t plugin_id = SWITCH_NEURON_ID;
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

/* What Slurm keeps with a step; only slurmctld has some */
typedef struct hidden switch_stepinfo_t;

extern int init(void)
{
	return switch_neuron_init();
}

extern int fini(void)
{
	switch_neuron_fini();
	return SLURM_SUCCESS;
}

#define IDLE(type, name, parameters, value) \
	extern type name parameters;        \
	extern type name parameters         \
	{                                   \
		return value;               \
	}
#define NOTHING(name, parameters)    \
	extern void name parameters; \
	extern void name parameters  \
	{                            \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "switch_list.h"
#pragma GCC diagnostic pop

extern int STEPINFO_BUILD(switch_stepinfo_t **stepinfo,
			  STEPINFO_BUILD_CONTEXT *context,
			  step_record_t *step_ptr);
extern int STEPINFO_BUILD(switch_stepinfo_t **stepinfo,
			  STEPINFO_BUILD_CONTEXT *context,
			  step_record_t *step_ptr)
{
	(void) context;
	/* A batch or external step of later releases */
	if (step_ptr)
		*stepinfo = switch_neuron_hide(step_ptr);
	return SLURM_SUCCESS;
}

/* For the credential, and, later, for the state file: nothing is written */
extern void STEPINFO_PACK(switch_stepinfo_t *stepinfo, buf_t *buffer,
			  uint16_t protocol_version);
extern void STEPINFO_PACK(switch_stepinfo_t *stepinfo, buf_t *buffer,
			  uint16_t protocol_version)
{
	(void) buffer;
	(void) protocol_version;
	switch_neuron_show(stepinfo);
}

extern int STEPINFO_UNPACK(switch_stepinfo_t **stepinfo, buf_t *buffer,
			   uint16_t protocol_version);
extern int STEPINFO_UNPACK(switch_stepinfo_t **stepinfo, buf_t *buffer,
			   uint16_t protocol_version)
{
	(void) buffer;
	(void) protocol_version;
	*stepinfo = NULL;
	return SLURM_SUCCESS;
}

/* For the answer to srun */
extern void STEPINFO_DUPLICATE(switch_stepinfo_t *source,
			       switch_stepinfo_t **dest);
extern void STEPINFO_DUPLICATE(switch_stepinfo_t *source,
			       switch_stepinfo_t **dest)
{
	switch_neuron_show(source);
	*dest = NULL;
}

extern void STEPINFO_FREE(switch_stepinfo_t *stepinfo);
extern void STEPINFO_FREE(switch_stepinfo_t *stepinfo)
{
	switch_neuron_free(stepinfo);
}
