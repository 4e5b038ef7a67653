/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nearest: what a job that waits for devices on each of its nodes could ask
 * for instead, to have it now: a wider shape, fewer devices or fewer nodes. Of
 * devices and EFA interfaces alone; CPUs, switches and UltraServers do not
 * count here. (lib/outlook knows all of that, for neuron-topo; this one is for
 * slurmctld, which asks again and again.)
 */
#ifndef NEURON_NEAREST_H
#define NEURON_NEAREST_H

#include "shape.h"

/* Nodes with free devices that are looked at, beside as many as the job wants:
 * each costs a few microseconds */
#define NEAREST_LOOK_MAX 64

typedef struct {
	/* Of the job; set these and leave the rest 0 */
	uint32_t devices; /* on each node; for more than any machine has nothing
			   * is offered */
	uint32_t nodes; /* at least 1 */
	shape_tier_t tier;
	shape_tier_t widest; /* that the job may ask for; tier: no other */
	bool with_efa;
	/* The rest is nearest's */
	uint32_t looked;
	uint32_t
		by_tier[SHAPE_TIERS]; /* nodes, by the strictest that will do */
	uint32_t by_size[PROFILE_DEVICES_MAX + 1]; /* by the largest set */
} nearest_t;

/* What would do now; each alone */
typedef struct {
	shape_tier_t tier; /* the strictest wider one; SHAPE_TIERS: none */
	uint32_t devices; /* on as many nodes; 0: not even one */
	uint32_t nodes; /* with as many devices; 0: not even one */
} nearest_offer_t;

/*
 * Look at a node that the job may use.
 * IN free, free_efas - what is free on it now; devices that are masked are not.
 * RET false: enough was seen, nodes that follow are passed over.
 */
extern bool nearest_look(nearest_t *nearest, const shape_t *shape,
			 devset_t free, devset_t free_efas);

/* What the nodes have in common. A job that could have all that it asks is
 * offered nothing. */
extern nearest_offer_t nearest_offer(const nearest_t *nearest);

#endif
