/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order: in which order nodes should stand, and how near to it they can come
 * while running jobs depend on the order in which they stand now.
 *
 * What a job holds is kept in arrays with one entry for each of its nodes, in
 * the order of nodes. The order may change at will between nodes that share no
 * job; the nodes of one job must stay in theirs.
 */
#ifndef NEURON_ORDER_H
#define NEURON_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define ORDER_NODES_MAX 65536

typedef struct order order_t;

/*
 * IN wanted - count keys; the node with the lowest should come first. Equal
 *	keys: the lower node first.
 * RET an order for order_destroy(); NULL with errno EINVAL (too many nodes)
 *	or ENOMEM.
 */
extern order_t *order_create(const uint32_t *wanted, uint32_t count,
			     neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void order_destroy(order_t *order);

/*
 * Let these nodes, each of them once, stay in this order.
 * RET 0; -1 with errno EINVAL (a node out of range) or ENOMEM; the order is
 *	unchanged then.
 */
extern int order_keep(order_t *order, const uint32_t *nodes, uint32_t count,
		      neuron_error_t *err);

/*
 * The positions of all nodes: in ascending order of their keys, except that
 * nodes which must stand before another one come just before it where their
 * keys put them behind. Calls of order_keep() that contradict each other are
 * followed as far as possible.
 * OUT position - room for count; a permutation of 0 to count - 1.
 * OUT exact - or NULL; false when some node is not where its key puts it.
 * RET 0; -1 with errno ENOMEM; position is untouched then.
 */
extern int order_positions(const order_t *order, uint32_t *position,
			   bool *exact, neuron_error_t *err);

#endif
