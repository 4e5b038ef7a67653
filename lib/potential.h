/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * potential: what a machine has lost for jobs of several nodes, as one number.
 *
 * The future jobs are of classes: 2, 4, 8, ... nodes below one group of the
 * fabric. A class fits a group of f free nodes floor(f / size) times; in an
 * UltraServer a class of two is served by members whose legal partner is free
 * too. What a group of the whole machine could give a class, less what it can
 * give with the nodes that are free, in nodes, is what the class has lost
 * there. The potential is the sum of these losses over all groups, UltraServers
 * and switches of every level, and all classes that the group could ever serve,
 * plus one for every node that is not free. All classes have the same share.
 *
 * So it is 0 when all nodes are free, grows or stays when a node is taken, and
 * is highest when none is free. Of two sets of the same number of nodes, that
 * one damages the machine less which leaves the lower potential: one that fills
 * an UltraServer, then a leaf, rather than one that breaks several.
 */
#ifndef NEURON_POTENTIAL_H
#define NEURON_POTENTIAL_H

#include <stdbool.h>

#include "fabric.h"

typedef struct potential potential_t;

/*
 * IN fabric - finished; not needed afterwards.
 * IN counts - for each node, whether it is one that jobs want; others are as
 *	if they were not there. NULL: all are.
 * RET a potential for potential_destroy(); NULL with errno ENOMEM.
 */
extern potential_t *potential_create(const fabric_t *fabric, const bool *counts,
				     neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void potential_destroy(potential_t *potential);

/*
 * IN idle - for each node of the fabric, whether a job could take it.
 * OUT value - never above potential_highest().
 * RET 0; -1 with errno ENOMEM; value is untouched then.
 *
 * Takes O(nodes + groups) steps.
 */
extern int potential_measure(const potential_t *potential, const bool *idle,
			     uint32_t *value, neuron_error_t *err);

/* The value when no node is free; 0: no node counts */
extern uint32_t potential_highest(const potential_t *potential);

#endif
