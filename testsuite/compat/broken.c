/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A topology plugin with each fault that plugins.t looks for. It has none of
 * the functions that Slurm asks for, one that Slurm does not know and one that
 * every program of Slurm has too; it needs a function and a datum that no
 * program has, and a function that slurmctld alone has.
 */
#include <stdint.h>

#include "slurm/slurm_version.h"

extern const char plugin_name[];
extern const char plugin_type[];
extern const uint32_t plugin_version;
extern int init(void);
extern int fini(void);
extern int topology_p_neuron_unknown(void);
extern int gres_init(void);

extern int neuron_no_function(void);
extern void *find_part_record(char *name);
extern int neuron_no_datum;
#pragma weak neuron_no_datum

const char plugin_name[] = "Broken plugin";
const char plugin_type[] = "topology/broken";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

extern int init(void)
{
	return neuron_no_function();
}

extern int fini(void)
{
	return 0;
}

extern int topology_p_neuron_unknown(void)
{
	char name[] = "all";

	return find_part_record(name) ? neuron_no_datum : 0;
}

extern int gres_init(void)
{
	return 0;
}
