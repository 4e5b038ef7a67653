/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_tree: which nodes Slurm's topology/tree would choose, for comparison.
 *
 * What it does for jobs without required nodes, node weights or --switches:
 * it takes leaf switch after leaf switch, each time all its usable nodes in
 * the order of their numbers. Of two leaves it prefers the one whose subtree,
 * the smallest that has room for the rest, has fewer usable nodes; where none
 * has room, the one with more. Later leaves must be nearer to those taken
 * already, and have room in that sense, to be preferred. UltraServers are
 * unknown to it.
 */
#ifndef REPLAY_TREE_H
#define REPLAY_TREE_H

#include "lib/fabric.h"

typedef struct tree tree_t;

/* RET a tree for tree_destroy(), which keeps no reference to the fabric; NULL
 *	with errno ENOMEM */
extern tree_t *tree_create(const fabric_t *fabric);
extern void tree_destroy(tree_t *tree);

/*
 * Choose nodes.
 * IN usable - numbers of nodes, ascending.
 * OUT picked - room for want: positions in usable, in no order.
 * RET 0; -1 with errno ENOSPC.
 */
extern int tree_nodes(tree_t *tree, const uint32_t *usable, uint32_t count,
		      uint32_t want, uint32_t *picked);

#endif
