/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * step: which of the devices that a job has on a node one of its steps gets.
 *
 * A step never waits for a better set, it takes the best that there is. So one
 * order decides, first to last:
 *
 *	1. when the step asks for EFA interfaces: the set is one that shape.h
 *	   gives to requests with interfaces, and those of its devices are free
 *	2. the tier, see shape.h; sets that are not connected come after all
 *	3. only near devices
 *	4. least damage to what the job has free
 *	5. lowest indexes, compared as numbers
 *
 * A set that is not connected is what Slurm would take: near devices from the
 * lowest, then others.
 */
#ifndef NEURON_STEP_H
#define NEURON_STEP_H

#include "shape.h"

typedef struct {
	devset_t free; /* of the job and in no step */
	/* those of them that have cores for the step beside them; members that
	 * are not free do not count */
	devset_t near;
	bool near_only; /* take no others where these are enough */
	unsigned int count; /* devices wanted, 1 or more */
	devset_t free_efas; /* EFA interfaces of the job and in no step */
	unsigned int efa_count; /* interfaces wanted, 0: none */
} step_wanted_t;

typedef struct {
	devset_t devices;
	/* efa_count of the free ones: those of the devices from the lowest,
	 * then others from the lowest */
	devset_t efas;
	shape_tier_t tier; /* SHAPE_TIERS: not connected */
} step_set_t;

/*
 * Choose.
 * IN profile - the one that shape was built of.
 * OUT set - untouched on failure.
 * RET 0; -1 with errno ENOSPC: fewer are free than wanted; EINVAL: count is 0.
 */
extern int step_pick(const shape_t *shape, const profile_t *profile,
		     const step_wanted_t *wanted, step_set_t *set);

#endif
