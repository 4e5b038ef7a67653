/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rank: the order of nodes that jobs see, and their place in the fabric as
 * text.
 */
#ifndef NEURON_RANK_H
#define NEURON_RANK_H

#include "plugins/common/site.h"

/*
 * Give every node of slurmctld its node_rank: by the hierarchy, UltraServer
 * members in ring order, then nodes outside any group by name. Jobs that the
 * last slurmctld left behind keep the order of their nodes, on which all that
 * Slurm knows of their devices and cores depends. Without a fabric the order
 * is by name.
 *
 * Called before slurmctld has fixed the order of its table: it is sorted by
 * name here, as Slurm does without a ranking.
 * RET false after logging when there was no memory: nothing is ranked.
 */
extern bool rank_nodes(const site_t *site);

/*
 * Ranks of the nodes of one job: unit << shift, plus the position in the unit.
 * A unit is an UltraServer or leaf of which the job has nodes; nodes outside
 * any group are together in the last one.
 * OUT ranks - xfree(); NULL when there are no nodes. size - how many.
 */
extern void rank_job(const fabric_t *fabric, bitstr_t *nodes,
		     unsigned int shift, uint32_t **ranks, uint32_t *size);

/*
 * Add the UltraServer of a node to its address "spine.leaf1.n3" and the
 * pattern "switch.switch.node", just before the node. Where the UltraServer is
 * itself the last switch of the address, only the pattern changes. Nothing
 * changes for a node of no UltraServer.
 * IN/OUT addr, pattern - as topology plugins write them, xmalloc().
 */
extern void rank_address(const fabric_t *fabric, const char *node, char **addr,
			 char **pattern);

#endif
