/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * placement: what a job was given, and why that.
 *
 * The text form is one line that Slurm can keep with a job and people can
 * read:
 *
 *	v1 level=2 us=0 groups=1/2 damage=40 left=8 n1:neuron=4-7:efa=4-7:links=4/4 n2:...
 *
 * "groups" counts the groups touched from the highest level of the fabric
 * down to level 1 and is empty without levels; "neuron" and "efa" are empty
 * for empty sets; links are those inside the set and the most that any set of
 * its size has.
 */
#ifndef NEURON_PLACEMENT_H
#define NEURON_PLACEMENT_H

#include "place.h"
#include "shape.h"

#define PLACEMENT_NODE_NAME_MAX 256

typedef struct {
	char name[PLACEMENT_NODE_NAME_MAX];
	devset_t devices;
	devset_t efas;
	uint32_t links;
	uint32_t links_best;
} placement_node_t;

typedef struct placement placement_t;

/*
 * RET an empty placement for placement_destroy(); NULL with errno ENOMEM, or
 *	EINVAL (no cost, or more levels than FABRIC_LEVELS_MAX).
 * IN cost - is copied; groups of higher levels than levels are left out.
 * IN levels - fabric_levels().
 */
extern placement_t *placement_create(const place_cost_t *cost,
				     uint32_t levels);
/* Accepts NULL; errno survives */
extern void placement_destroy(placement_t *placement);
/* RET 0; -1 with errno EINVAL (name empty, too long, or with blanks, colons or
 * unprintable characters; more than FABRIC_NODES_MAX nodes) or ENOMEM */
extern int placement_add(placement_t *placement, const placement_node_t *node);
extern uint32_t placement_node_count(const placement_t *placement);
/* NULL when out of range */
extern const placement_node_t *placement_node(const placement_t *placement,
					      uint32_t index);
extern const place_cost_t *placement_cost(const placement_t *placement);
/* RET text to be freed with free(); NULL with errno ENOMEM */
extern char *placement_encode(const placement_t *placement);
/* RET NULL with errno EINVAL (also for an unknown version) or ENOMEM. What
 * placement_encode() writes is read back the same. */
extern placement_t *placement_decode(const char *text, neuron_error_t *err);

#endif
