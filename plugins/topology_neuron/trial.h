/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trial: one call of the stock evaluation on a chosen set of nodes, undone
 * when it fails.
 */
#ifndef NEURON_TRIAL_H
#define NEURON_TRIAL_H

#include "topology_neuron.h"

/* One node of a trial */
typedef struct {
	int node;
	/* sockets whose cores may be used, a bit each; 0: all */
	uint32_t sockets;
} trial_node_t;

/*
 * Let the stock plugin allocate exactly these nodes.
 * IN nodes - count of them, all candidates of eval.
 * RET SLURM_SUCCESS with eval as the stock plugin left it; its error with
 *	eval as it was before.
 */
extern int trial_run(topology_eval_t *eval, topology_stock_eval_t stock,
		     const trial_node_t *nodes, uint32_t count);

#endif
