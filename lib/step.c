/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "step.h"

#include <errno.h>

/* The lowest members of a set, count of them or all */
static devset_t _lowest(devset_t set, unsigned int count)
{
	devset_t lowest = 0;

	for (int d = -1; count && ((d = devset_next(set, d)) >= 0); count--)
		lowest |= devset_of((unsigned int) d);
	return lowest;
}

/* The lowest of some, then the lowest of others */
static devset_t _lowest_of_both(devset_t first, devset_t others,
				unsigned int count)
{
	devset_t set = _lowest(first, count);

	return set | _lowest(others & ~first, count - devset_count(set));
}

/* Damage is what the job loses, not only its near devices */
static int _pick_from(const shape_t *shape, const step_wanted_t *wanted,
		      devset_t from, bool with_efa, shape_tier_t tier,
		      devset_t *devices)
{
	shape_span_t span = {.free = wanted->free, .seconds = 1};
	shape_pick_t pick;
	uint32_t parts;

	if (shape_pick_timed(shape, from, wanted->free_efas, with_efa,
			     wanted->count, tier, &span, 1, &pick, &parts))
		return -1;
	*devices = pick.devices;
	return 0;
}

/* RET SHAPE_TIERS: no connected set is free */
static shape_tier_t _pick_tier(const shape_t *shape,
			       const step_wanted_t *wanted, devset_t near,
			       bool with_efa, devset_t *devices)
{
	bool others =
		!wanted->near_only || (devset_count(near) < wanted->count);

	for (shape_tier_t tier = 0; tier < SHAPE_TIERS; tier++) {
		if (!_pick_from(shape, wanted, near, with_efa, tier, devices) ||
		    (others && !_pick_from(shape, wanted, wanted->free,
					   with_efa, tier, devices)))
			return tier;
	}
	return SHAPE_TIERS;
}

extern int step_pick(const shape_t *shape, const profile_t *profile,
		     const step_wanted_t *wanted, step_set_t *set)
{
	devset_t near = wanted->near & wanted->free;
	step_set_t best = {.tier = SHAPE_TIERS};

	if (!wanted->count) {
		errno = EINVAL;
		return -1;
	}
	if ((devset_count(wanted->free) < wanted->count) ||
	    (devset_count(wanted->free_efas) < wanted->efa_count)) {
		errno = ENOSPC;
		return -1;
	}
	if (wanted->efa_count)
		best.tier =
			_pick_tier(shape, wanted, near, true, &best.devices);
	if (best.tier == SHAPE_TIERS)
		best.tier =
			_pick_tier(shape, wanted, near, false, &best.devices);
	if (best.tier == SHAPE_TIERS)
		best.devices =
			_lowest_of_both(near, wanted->free, wanted->count);
	best.efas = _lowest_of_both(profile_efas_of(profile, best.devices) &
					    wanted->free_efas,
				    wanted->free_efas, wanted->efa_count);
	*set = best;
	return 0;
}
