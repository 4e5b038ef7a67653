/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "place_fabric.h"
#include "replay_timed.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
/* Answers of shape_pick() that are remembered */
#define CACHE_BITS 16
#define ROW 4
#define NONE (-1)

static const policy_t policies[] = {
	{.name = "count",
	 .sets = SETS_LOWEST,
	 .tier = SHAPE_CONNECTED,
	 .nodes = NODES_FULLEST},
	{.name = "stock",
	 .sets = SETS_LOWEST,
	 .tier = SHAPE_CONNECTED,
	 .nodes = NODES_TREE},
	{.name = "rows", .sets = SETS_ROWS, .nodes = NODES_FULLEST},
	{.name = "plain", .tier = SHAPE_BEST, .nodes = NODES_FULLEST},
	{.name = "consecutive"},
	{.name = "relaxed", .relaxed = true},
	{.name = "timed", .timed = true},
	{.name = "timed-best", .tier = SHAPE_BEST, .timed = true},
	{.name = "queue", .timed = true, .by_queue = true},
	{.name = "queue-best",
	 .tier = SHAPE_BEST,
	 .timed = true,
	 .by_queue = true},
	{.name = "best", .tier = SHAPE_BEST},
	{.name = "ring", .tier = SHAPE_RING},
	{.name = "connected", .tier = SHAPE_CONNECTED},
};

/* An answer of shape_pick() and what it was asked */
typedef struct {
	uint32_t free;
	uint32_t free_efas;
	uint8_t devices; /* 0: empty */
	uint8_t tier;
	bool found;
	shape_pick_t pick;
} _answer_t;

struct decider {
	const profile_t *profile;
	const shape_t *shape;
	const fabric_t *fabric;
	tree_t *tree;
	const double *ends;
	double now;
	double end;
	uint8_t efa_order[PROFILE_EFAS_MAX]; /* by PCI address */
	_answer_t *cache;
	/* of the last decision */
	place_candidate_t *candidates;
	share_t *offers;
	uint32_t *usable;
	uint32_t count;
	uint32_t *picked;
	/* for ranks */
	uint32_t *below; /* candidates below each group */
	uint32_t *at_leaf; /* candidates of each leaf */
	uint32_t *sizes;
	bool *touched;
};

extern const policy_t *policy_find(const char *name, neuron_error_t *err)
{
	for (int i = 0; i < COUNT(policies); i++)
		if (!strcmp(policies[i].name, name))
			return &policies[i];
	neuron_error_set(err, ENOENT,
			 "policy \"%.40s\" is not known; there are count, "
			 "stock, rows, plain, consecutive, relaxed, timed, "
			 "timed-best, queue, queue-best, best, ring and "
			 "connected",
			 name);
	return NULL;
}

extern shape_tier_t policy_tier(const policy_t *policy, double waited,
				double relax)
{
	double steps;

	if (!policy->relaxed || relax <= 0)
		return policy->tier;
	steps = waited / relax;
	return steps >= SHAPE_CONNECTED ? SHAPE_CONNECTED
					: (shape_tier_t) steps;
}

extern uint32_t policy_devices(const policy_t *policy, uint32_t devices)
{
	uint32_t size = ROW;

	if (policy->sets != SETS_ROWS || devices <= 1)
		return devices;
	while (size < devices)
		size *= 2;
	return size;
}

extern bool policy_is_fungible(const policy_t *policy)
{
	return policy->sets == SETS_LOWEST;
}

static bool _is_row(devset_t set)
{
	unsigned int count = devset_count(set);

	return count == 1 ||
	       (devset_is_run(set) && (devset_first(set) % (int) count) == 0 &&
		(count == 4 || count == 8 || count == 16));
}

extern bool policy_set_is_legal(const policy_t *policy, const shape_t *shape,
				shape_tier_t tier, devset_t set)
{
	if (policy->sets == SETS_TIER)
		return shape_is_in_tier(shape, set, tier, true);
	if (policy->sets == SETS_ROWS)
		return _is_row(set);
	return set != 0;
}

/* Interfaces in the order of their PCI addresses, in which Slurm finds them */
static void _sort_efas(decider_t *decider)
{
	unsigned int count = profile_efa_count(decider->profile);

	for (unsigned int i = 0; i < count; i++) {
		pci_address_t here = {0}, there = {0};
		unsigned int j = i;

		profile_efa_pci(decider->profile, i, &here);
		for (; j; j--) {
			profile_efa_pci(decider->profile,
					decider->efa_order[j - 1], &there);
			if (pci_address_compare(&there, &here) <= 0)
				break;
			decider->efa_order[j] = decider->efa_order[j - 1];
		}
		decider->efa_order[j] = (uint8_t) i;
	}
}

extern decider_t *decider_create(const profile_t *profile, const shape_t *shape,
				 const fabric_t *fabric)
{
	decider_t *decider = calloc(1, sizeof(*decider));
	size_t nodes = fabric_node_count(fabric);
	size_t groups = fabric_group_count(fabric) + 1;

	if (!decider)
		return NULL;
	decider->profile = profile;
	decider->shape = shape;
	decider->fabric = fabric;
	decider->tree = tree_create(fabric);
	decider->cache = calloc(1 << CACHE_BITS, sizeof(*decider->cache));
	decider->candidates = calloc(nodes, sizeof(*decider->candidates));
	decider->offers = calloc(nodes, sizeof(*decider->offers));
	decider->usable = calloc(nodes, sizeof(*decider->usable));
	decider->picked = calloc(nodes, sizeof(*decider->picked));
	decider->below = calloc(groups, sizeof(*decider->below));
	decider->at_leaf = calloc(groups, sizeof(*decider->at_leaf));
	decider->sizes = calloc(nodes + 1, sizeof(*decider->sizes));
	decider->touched = calloc(groups, sizeof(*decider->touched));
	if (!decider->tree || !decider->cache || !decider->candidates ||
	    !decider->offers || !decider->usable || !decider->picked ||
	    !decider->below || !decider->at_leaf || !decider->sizes ||
	    !decider->touched) {
		decider_destroy(decider);
		errno = ENOMEM;
		return NULL;
	}
	_sort_efas(decider);
	return decider;
}

extern void decider_destroy(decider_t *decider)
{
	if (!decider)
		return;
	tree_destroy(decider->tree);
	free(decider->cache);
	free(decider->candidates);
	free(decider->offers);
	free(decider->usable);
	free(decider->picked);
	free(decider->below);
	free(decider->at_leaf);
	free(decider->sizes);
	free(decider->touched);
	free(decider);
}

extern void decider_forget(decider_t *decider)
{
	memset(decider->cache, 0, sizeof(*decider->cache) << CACHE_BITS);
}

/*
 * Sets
 */

/* shape_pick(), which always answers the same */
static bool _pick_tier(decider_t *decider, shape_tier_t tier, uint32_t devices,
		       devset_t free, devset_t free_efas, shape_pick_t *pick)
{
	uint64_t hash = (free | free_efas << 16 | (uint64_t) devices << 32 |
			 (uint64_t) tier << 40) *
			0x9e3779b97f4a7c15u;
	_answer_t *answer = &decider->cache[hash >> (64 - CACHE_BITS)];

	if (answer->free != free || answer->free_efas != free_efas ||
	    answer->devices != devices || answer->tier != tier) {
		answer->free = (uint32_t) free;
		answer->free_efas = (uint32_t) free_efas;
		answer->devices = (uint8_t) devices;
		answer->tier = (uint8_t) tier;
		answer->found = !shape_pick(decider->shape, free, free_efas,
					    true, devices, tier, &answer->pick);
	}
	*pick = answer->pick;
	return answer->found;
}

static devset_t _lowest(devset_t free, uint32_t count)
{
	devset_t set = 0;

	for (int i = devset_next(free, -1); i >= 0 && count;
	     i = devset_next(free, i), count--)
		set |= devset_of((unsigned int) i);
	return set;
}

/* One device in the fullest row, or the first whole row, half or machine */
static devset_t _row(devset_t free, uint32_t devices)
{
	unsigned int least = ROW + 1;
	devset_t set = 0;

	for (unsigned int i = 0;
	     i<PROFILE_DEVICES_MAX; i += devices> 1 ? devices : ROW) {
		devset_t run = devset_run(i, devices > 1 ? devices : ROW);

		if (devices > 1 && !(run & ~free))
			return run;
		if (devices == 1 && (run & free) &&
		    devset_count(run & free) < least) {
			least = devset_count(run & free);
			set = _lowest(run & free, 1);
		}
	}
	return set;
}

/* Those of the devices whose interfaces are free */
static devset_t _with_efas(const decider_t *decider, devset_t free,
			   devset_t free_efas)
{
	devset_t set = 0;

	for (int i = devset_next(free, -1); i >= 0; i = devset_next(free, i)) {
		devset_t one = devset_of((unsigned int) i);

		if (!(profile_efas_of(decider->profile, one) & ~free_efas))
			set |= one;
	}
	return set;
}

static devset_t _lowest_efas(const decider_t *decider, devset_t free_efas,
			     devset_t devices)
{
	devset_t need = profile_efas_of(decider->profile, devices), set = 0;
	unsigned int count = devset_count(need);

	for (unsigned int i = 0;
	     count && i < profile_efa_count(decider->profile); i++) {
		devset_t efa = devset_of(decider->efa_order[i]);

		if (!(efa & free_efas))
			continue;
		set |= efa;
		count--;
	}
	return set;
}

static bool _pick(decider_t *decider, const policy_t *policy, shape_tier_t tier,
		  uint32_t devices, devset_t free, devset_t free_efas,
		  shape_pick_t *pick)
{
	if (devset_count(free) < devices)
		return false;
	if (policy->sets == SETS_TIER)
		return _pick_tier(decider, tier, devices, free, free_efas,
				  pick);
	pick->damage = 0;
	if (policy->sets == SETS_ROWS) {
		pick->devices =
			_row(_with_efas(decider, free, free_efas), devices);
		pick->efas = profile_efas_of(decider->profile, pick->devices);
		return pick->devices != 0;
	}
	pick->devices = _lowest(free, devices);
	pick->efas = _lowest_efas(decider, free_efas, pick->devices);
	return true;
}

extern bool decider_fits(decider_t *decider, const policy_t *policy,
			 shape_tier_t tier, uint32_t devices, devset_t free,
			 devset_t free_efas)
{
	shape_pick_t pick;

	return _pick(decider, policy, tier, devices, free, free_efas, &pick);
}

extern void decider_set_times(decider_t *decider, const double *ends,
			      double now, double end)
{
	decider->ends = ends;
	decider->now = now;
	decider->end = end;
}

/* Choose again among the sets of a node, minding times */
static void _pick_timed(decider_t *decider, shape_tier_t tier, uint32_t devices,
			uint32_t node, devset_t free, devset_t free_efas,
			shape_pick_t *pick)
{
	unsigned int all = profile_device_count(decider->profile);
	shape_span_t spans[SHAPE_SPANS_MAX];
	uint32_t parts, count;

	count = timed_cut(decider->ends + (size_t) node * all, all,
			  decider->now, decider->end, spans);
	if (!shape_pick_timed(decider->shape, free, free_efas, true, devices,
			      tier, spans, count, pick, &parts))
		pick->damage = parts;
}

/*
 * Nodes
 */

static void _list_offers(decider_t *decider, const policy_t *policy,
			 shape_tier_t tier, uint32_t devices,
			 const devset_t *free, const devset_t *free_efas)
{
	uint32_t nodes = fabric_node_count(decider->fabric);
	shape_pick_t pick;

	decider->count = 0;
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t at = decider->count;

		if (!_pick(decider, policy, tier, devices, free[i],
			   free_efas[i], &pick))
			continue;
		if (policy->timed && decider->ends)
			_pick_timed(decider, tier, devices, i, free[i],
				    free_efas[i], &pick);
		decider->candidates[at].node = i;
		decider->candidates[at].damage =
			policy->nodes == NODES_LIBRARY ? pick.damage : 0;
		decider->candidates[at].left = devset_count(free[i]) - devices;
		decider->offers[at].node = i;
		decider->offers[at].devices = pick.devices;
		decider->offers[at].efas = pick.efas;
		decider->usable[at] = i;
		decider->count++;
	}
}

extern int decider_decide(decider_t *decider, const policy_t *policy,
			  shape_tier_t tier, uint32_t nodes, uint32_t devices,
			  const devset_t *free, const devset_t *free_efas,
			  share_t *shares)
{
	int rc;

	_list_offers(decider, policy, tier, devices, free, free_efas);
	if (decider->count < nodes)
		return neuron_error_set(NULL, ENOSPC, "too few nodes");
	if (policy->nodes == NODES_TREE)
		rc = tree_nodes(decider->tree, decider->usable, decider->count,
				nodes, decider->picked);
	else
		rc = place_nodes(decider->fabric, decider->candidates,
				 decider->count, nodes, FABRIC_LEVELS_MAX, NULL,
				 decider->picked, NULL, NULL);
	for (uint32_t i = 0; !rc && i < nodes; i++)
		shares[i] = decider->offers[decider->picked[i]];
	return rc;
}

/*
 * Ranks
 */

static void _count_below(decider_t *decider)
{
	uint32_t groups = fabric_group_count(decider->fabric);

	memset(decider->below, 0, groups * sizeof(*decider->below));
	memset(decider->at_leaf, 0, groups * sizeof(*decider->at_leaf));
	for (uint32_t i = 0; i < decider->count; i++) {
		uint32_t node = decider->usable[i];
		int64_t group = fabric_node_group(decider->fabric, node);
		int64_t leaf = place_fabric_leaf(decider->fabric, node);

		if (leaf != NONE)
			decider->at_leaf[leaf]++;
		for (; group != NONE;
		     group = fabric_group_parent(decider->fabric,
						 (uint32_t) group))
			decider->below[group]++;
	}
}

static bool _is_below(const fabric_t *fabric, int64_t group, int64_t top)
{
	while (group != NONE && group != top)
		group = fabric_group_parent(fabric, (uint32_t) group);
	return group == top;
}

/* Fewest leaves below a group (NONE: anywhere) with so many candidates */
static uint32_t _least_leaves(decider_t *decider, int64_t top, uint32_t nodes)
{
	uint32_t groups = fabric_group_count(decider->fabric), leaves = 0;
	uint32_t largest = 0;

	memset(decider->sizes, 0, (decider->count + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < groups; i++) {
		uint32_t count = decider->at_leaf[i];

		if (!count ||
		    (top != NONE && !_is_below(decider->fabric, i, top)))
			continue;
		decider->sizes[count]++;
		largest = count > largest ? count : largest;
	}
	for (uint32_t size = largest; size && nodes; size--)
		for (uint32_t i = decider->sizes[size]; i && nodes; i--) {
			leaves++;
			nodes -= nodes < size ? nodes : size;
		}
	return leaves;
}

static uint32_t _count_leaves(decider_t *decider, uint32_t nodes,
			      const share_t *shares)
{
	uint32_t groups = fabric_group_count(decider->fabric), leaves = 0;

	memset(decider->touched, 0, groups * sizeof(*decider->touched));
	for (uint32_t i = 0; i < nodes; i++) {
		int64_t leaf =
			place_fabric_leaf(decider->fabric, shares[i].node);

		if (leaf == NONE || decider->touched[leaf])
			continue;
		decider->touched[leaf] = true;
		leaves++;
	}
	return leaves;
}

/* The least level of a group with so many candidates, and leaves there */
static void _rank_least(decider_t *decider, uint32_t nodes,
			decision_rank_t *rank)
{
	const fabric_t *fabric = decider->fabric;

	rank->least_level = UINT32_MAX;
	for (uint32_t i = 0; i < fabric_group_count(fabric); i++) {
		uint32_t level = fabric_group_level(fabric, i), leaves;

		if (decider->below[i] < nodes || level > rank->least_level)
			continue;
		leaves = fabric_group_is_ultraserver(fabric, i)
				 ? 1
				 : _least_leaves(decider, i, nodes);
		if (level < rank->least_level ||
		    leaves < rank->least_leaves_at_level)
			rank->least_leaves_at_level = leaves;
		rank->least_level = level;
	}
	rank->least_leaves = _least_leaves(decider, NONE, nodes);
}

extern int decider_rank(decider_t *decider, uint32_t nodes,
			const share_t *shares, decision_rank_t *rank)
{
	memset(rank, 0, sizeof(*rank));
	for (uint32_t i = 1; i < nodes; i++) {
		int level = fabric_common_level(decider->fabric, shares[0].node,
						shares[i].node);

		if (level < 0)
			return neuron_error_set(NULL, EINVAL, "no group");
		if ((uint32_t) level > rank->level)
			rank->level = (uint32_t) level;
	}
	_count_below(decider);
	rank->leaves = _count_leaves(decider, nodes, shares);
	_rank_least(decider, nodes, rank);
	return 0;
}
