/* SPDX-License-Identifier: GPL-2.0-or-later */
/* topology/neuron as Slurm loads it */
#include "compat.h"

#include "stock.h"
#include "topology_neuron.h"

#define STOCK_LIST "topology_list.h"
#include "forward.h"

const char plugin_name[] = "Neuron topology plugin";
const char plugin_type[] = "topology/neuron";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;
/*
 * Read by Slurm through a pointer each time: the id of the plugin below, so
 * that "is it block?" and clients without this plugin get the right answer.
 */
uint32_t plugin_id = 0;
/* The same of the plugin below; 24.11 does not ask for it */
bool supports_exclusive_topo = false;

static void *base;

extern int init(void)
{
	const char *type = compat_base_topology();
	const uint32_t *id;
	const bool *exclusive;

	if (!type) {
		error("topology/neuron: slurm.conf: TopologyParam=%s: the word after neuron_base= must be tree, block or flat",
		      slurm_conf.topology_param);
		return SLURM_ERROR;
	}
	if (stock_open(type, stock_symbols, STOCK_SYMBOL_COUNT, &base))
		return SLURM_ERROR;
	if ((id = stock_data(base, "plugin_id")))
		plugin_id = *id;
	if ((exclusive = stock_data(base, "supports_exclusive_topo")))
		supports_exclusive_topo = *exclusive;
	if (topology_neuron_init()) {
		stock_close(&base);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	topology_neuron_fini();
	stock_close(&base);
	return SLURM_SUCCESS;
}

extern int topology_p_build_config TOPOLOGY_CONTEXT
{
	/* First, for its words are better: Slurm ends on a loop of switches */
	topology_neuron_build();
	return stock_topology_p_build_config TOPOLOGY_CONTEXT_ARGUMENT;
}

extern int topology_p_eval_nodes(topology_eval_t *topo_eval)
{
	return topology_neuron_eval(topo_eval, stock_topology_p_eval_nodes);
}
