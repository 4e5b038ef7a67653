/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology_neuron: where devices and nodes of a Neuron job are chosen, below
 * any release's entry points.
 */
#ifndef NEURON_TOPOLOGY_NEURON_H
#define NEURON_TOPOLOGY_NEURON_H

#include "compat.h"

typedef int (*topology_stock_eval_t)(topology_eval_t *eval);

/* RET SLURM_SUCCESS; SLURM_ERROR after logging why neuron.conf is refused.
 * Outside slurmctld nothing is read. */
extern int topology_neuron_init(void);
extern void topology_neuron_fini(void);

/* Match nodes, read topology.conf. Logs what is wrong; Neuron jobs wait
 * until it is right. */
extern void topology_neuron_build(void);

/*
 * Give slurmctld's nodes the order in which jobs should have them, see rank.h.
 * RET false: the stock plugin is to be asked.
 */
extern bool topology_neuron_rank_nodes(void);

/*
 * The same for the nodes of one job.
 * OUT ranks - xfree(); for each node, unit << shift plus the place in the unit.
 * RET false: the stock plugin is to be asked.
 */
extern bool topology_neuron_rank_job(bitstr_t *nodes, unsigned int shift,
				     uint32_t **ranks, uint32_t *size);

/* Add the UltraServer of a node to the address that the stock plugin gave */
extern void topology_neuron_address(const char *node, char **addr,
				    char **pattern);

/*
 * What the machine has lost for jobs of several nodes when only these are
 * free, see lib/potential.h.
 * RET false: the stock plugin is to be asked.
 */
extern bool topology_neuron_fragmentation(bitstr_t *idle, uint32_t *value);

/*
 * Choose nodes and devices for a job.
 * A job without Neuron GRES goes to stock() untouched. For others every
 * candidate node is narrowed to the device set it should give, node_map to the
 * best nodes, and exact() allocates exactly those. Where it will not, stock()
 * chooses among all that were narrowed.
 */
extern int topology_neuron_eval(topology_eval_t *eval,
				topology_stock_eval_t stock,
				topology_stock_eval_t exact);

#endif
