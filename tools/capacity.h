/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capacity: what the free devices of nodes can still take */
#ifndef NEURON_CAPACITY_H
#define NEURON_CAPACITY_H

#include "cluster.h"

typedef struct {
	uint32_t nodes; /* that can give a set of the size */
	uint32_t sets; /* that can be given, one beside the other */
} capacity_t;

/*
 * Sets of the site's shape that the free devices of a node hold, taken one
 * after the other as jobs would get them.
 * IN size - devices of a set.
 * RET how many; 0 for a node that is not usable.
 */
extern uint32_t capacity_of_node(const cluster_t *cluster, uint32_t node,
				 unsigned int size);
/* The same of all nodes */
extern capacity_t capacity_of(const cluster_t *cluster, unsigned int size);

/* The free devices of a node as the fewest sets, largest first: "1x8+1x2" */
extern void capacity_text(const cluster_t *cluster, uint32_t node, char *buf,
			  size_t size);

#endif
