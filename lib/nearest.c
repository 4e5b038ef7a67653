/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nearest.h"

typedef struct {
	const shape_t *shape;
	devset_t free, free_efas;
	bool with_efa;
} node_t;

static bool _has(const node_t *node, uint32_t devices, shape_tier_t tier)
{
	shape_pick_t pick;

	return !shape_pick(node->shape, node->free, node->free_efas,
			   node->with_efa, devices, tier, &pick);
}

/* RET SHAPE_TIERS: in none that the job may ask for */
static shape_tier_t _strictest(const nearest_t *nearest, const node_t *node)
{
	shape_tier_t tier = nearest->tier;

	while (tier <= nearest->widest && tier < SHAPE_TIERS) {
		if (_has(node, nearest->devices, tier))
			return tier;
		tier++;
	}
	return SHAPE_TIERS;
}

static uint32_t _largest(const nearest_t *nearest, const node_t *node)
{
	uint32_t size = devset_count(node->free);

	if (size >= nearest->devices)
		size = nearest->devices - 1;
	while (size && !_has(node, size, nearest->tier))
		size--;
	return size;
}

extern bool nearest_look(nearest_t *nearest, const shape_t *shape,
			 devset_t free, devset_t free_efas)
{
	node_t node = {shape, free, free_efas, nearest->with_efa};
	shape_tier_t tier = SHAPE_TIERS;

	if (!free)
		return true;
	if (!nearest->devices || nearest->devices > PROFILE_DEVICES_MAX)
		return false;
	if (nearest->looked >= NEAREST_LOOK_MAX &&
	    nearest->looked - NEAREST_LOOK_MAX >= nearest->nodes)
		return false;
	nearest->looked++;
	if (devset_count(free) >= nearest->devices)
		tier = _strictest(nearest, &node);
	if (tier < SHAPE_TIERS)
		nearest->by_tier[tier]++;
	if (tier == nearest->tier)
		nearest->by_size[nearest->devices]++;
	else
		nearest->by_size[_largest(nearest, &node)]++;
	return true;
}

extern nearest_offer_t nearest_offer(const nearest_t *nearest)
{
	nearest_offer_t offer = {.tier = SHAPE_TIERS};
	uint32_t whole, nodes;

	if (!nearest->devices || nearest->devices > PROFILE_DEVICES_MAX)
		return offer;
	nodes = whole = nearest->by_size[nearest->devices];
	if (whole >= nearest->nodes)
		return offer;
	offer.nodes = whole;
	for (uint32_t tier = nearest->tier + 1;
	     tier < SHAPE_TIERS && offer.tier == SHAPE_TIERS; tier++) {
		nodes += nearest->by_tier[tier];
		if (nodes >= nearest->nodes)
			offer.tier = (shape_tier_t) tier;
	}
	nodes = whole;
	for (uint32_t size = nearest->devices - 1; size && !offer.devices;
	     size--) {
		nodes += nearest->by_size[size];
		if (nodes >= nearest->nodes)
			offer.devices = size;
	}
	return offer;
}
