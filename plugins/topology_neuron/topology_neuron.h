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
 * Choose nodes and devices for a job.
 * A job without Neuron GRES goes to stock() untouched. For others every
 * candidate node is narrowed to the device set it should give, node_map to the
 * best nodes, and stock() allocates exactly those.
 */
extern int topology_neuron_eval(topology_eval_t *eval,
				topology_stock_eval_t stock);

#endif
