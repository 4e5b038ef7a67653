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

/* What else the release reads, also that of the plugin below */
#define DEFINE(type, name) type name;
TOPOLOGY_VALUES(DEFINE)
#undef DEFINE

#define ENTRY(type, name) {#name, &name, sizeof(name)},
static const struct {
	const char *name;
	void *address;
	size_t size;
} values[] = {ENTRY(uint32_t, plugin_id) TOPOLOGY_VALUES(ENTRY)};
#undef ENTRY

static void *base;

/* Slurm's plugin without switches: where the nodes are chosen already, it
 * answers the same as topology/tree, which counts the nodes of every switch */
static void *flat;
static int (*flat_eval_nodes)(topology_eval_t *topo_eval);
static const stock_symbol_t flat_symbols[] = {
	{"topology_p_eval_nodes", (void **) &flat_eval_nodes},
};

static void _copy_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const void *value = stock_data(base, values[i].name);

		if (value)
			memcpy(values[i].address, value, values[i].size);
	}
}

extern int init(void)
{
	const char *type = compat_base_topology();

	if (!type) {
		error("topology/neuron: slurm.conf: TopologyParam=%s: the word after neuron_base= must be tree, block or flat",
		      slurm_conf.topology_param);
		return SLURM_ERROR;
	}
	if (stock_open(type, stock_symbols, STOCK_SYMBOL_COUNT, &base))
		return SLURM_ERROR;
	_copy_values();
	if ((running_in_slurmctld() &&
	     stock_open(TOPOLOGY_FLAT, flat_symbols, ARRAY_SIZE(flat_symbols),
			&flat)) ||
	    topology_neuron_init()) {
		stock_close(&flat);
		stock_close(&base);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	topology_neuron_fini();
	stock_close(&flat);
	stock_close(&base);
	return SLURM_SUCCESS;
}

extern int topology_p_build_config TOPOLOGY_CONTEXT
{
	/* First, for its words are better: Slurm ends on a loop of switches */
	topology_neuron_build();
	return stock_topology_p_build_config TOPOLOGY_CONTEXT_ARGUMENT;
}

/* Before topology_p_build_config(), once, when slurmctld has read slurm.conf */
extern bool topology_p_generate_node_ranking TOPOLOGY_CONTEXT
{
	return topology_neuron_rank_nodes() ||
	       stock_topology_p_generate_node_ranking TOPOLOGY_CONTEXT_ARGUMENT;
}

/* In slurmd, about its own node */
extern int topology_p_get_node_addr(char *node_name, char **addr,
				    char **pattern TOPOLOGY_DATA)
{
	int rc = stock_topology_p_get_node_addr(node_name, addr,
						pattern TOPOLOGY_DATA_ARGUMENT);

	if (!rc)
		topology_neuron_address(node_name, addr, pattern);
	return rc;
}

extern uint32_t topology_p_get_fragmentation(bitstr_t *node_mask TOPOLOGY_DATA)
{
	uint32_t value;

	if (topology_neuron_fragmentation(node_mask, &value))
		return value;
	return stock_topology_p_get_fragmentation(
		node_mask TOPOLOGY_DATA_ARGUMENT);
}

TOPOLOGY_RANK_ENTRY

extern int topology_p_eval_nodes(topology_eval_t *topo_eval)
{
	bool switches = topo_eval->job_ptr->req_switch ||
			xstrcmp(compat_base_topology(), "topology/tree");

	return topology_neuron_eval(topo_eval, stock_topology_p_eval_nodes,
				    switches ? stock_topology_p_eval_nodes
					     : flat_eval_nodes);
}
