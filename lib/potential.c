/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "potential.h"

#include <errno.h>
#include <stdlib.h>

#define NONE (-1)

/*
 * No overflow: a node is lost to at most 16 classes in each of 12 groups, and
 * there are 65536 nodes.
 */
_Static_assert((uint64_t) FABRIC_NODES_MAX *(16 * FABRIC_LEVELS_MAX + 1) <=
		       UINT32_MAX,
	       "a potential fits 32 bits");

typedef struct {
	int64_t parent;
	/* nodes of an UltraServer, in ring order; 0 elsewhere */
	uint32_t member_count;
	uint32_t *members;
	/* for each member, a set of the members that it may pair with */
	uint64_t *partners;
} _group_t;

struct potential {
	uint32_t node_count;
	uint32_t group_count;
	_group_t *groups;
	int64_t *node_group;
	bool *counts;
	/* groups in ascending order of level: children before parents */
	uint32_t *rising;
	uint32_t capacity; /* what all classes have when all nodes are free */
};

static int _no_memory(neuron_error_t *err)
{
	return neuron_error_set(err, ENOMEM,
				"out of memory while measuring the fabric");
}

/* ------------------------------------------------------------------ */
/* Capacity */

/* Members of an UltraServer that count and are idle; NULL: all are idle */
static uint64_t _free_members(const potential_t *potential,
			      const _group_t *group, const bool *idle)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < group->member_count; i++) {
		uint32_t node = group->members[i];

		if (potential->counts[node] && (!idle || idle[node]))
			set |= UINT64_C(1) << i;
	}
	return set;
}

/* Nodes that classes of two can use */
static uint32_t _paired(const potential_t *potential, const _group_t *group,
			const bool *idle)
{
	uint64_t set = _free_members(potential, group, idle);
	uint32_t paired = 0;

	for (uint32_t i = 0; i < group->member_count; i++)
		paired += (set >> i & 1) && (group->partners[i] & set);
	return paired;
}

/* Nodes that each class can use, summed over the classes */
static uint32_t _capacity(const potential_t *potential, uint32_t number,
			  uint32_t count, const bool *idle)
{
	const _group_t *group = &potential->groups[number];
	uint32_t size = 2, sum = 0;

	if (group->member_count) {
		sum = _paired(potential, group, idle);
		size = 4;
	}
	for (; size <= count; size *= 2)
		sum += count - count % size;
	return sum;
}

/* OUT below - for each group, the nodes below it that count and are idle */
static uint32_t _count(const potential_t *potential, const bool *idle,
		       uint32_t *below)
{
	uint32_t total = 0;

	for (uint32_t node = 0; node < potential->node_count; node++) {
		int64_t group = potential->node_group[node];

		if (!potential->counts[node] || (idle && !idle[node]))
			continue;
		total++;
		if (group != NONE)
			below[group]++;
	}
	for (uint32_t i = 0; i < potential->group_count; i++) {
		uint32_t group = potential->rising[i];
		int64_t parent = potential->groups[group].parent;

		if (parent != NONE)
			below[parent] += below[group];
	}
	return total;
}

static int _sum(const potential_t *potential, const bool *idle, uint32_t *sum)
{
	uint32_t *below = calloc(potential->group_count + 1, sizeof(*below));
	uint32_t total;

	if (!below)
		return -1;
	total = _count(potential, idle, below);
	for (uint32_t i = 0; i < potential->group_count; i++)
		total += _capacity(potential, i, below[i], idle);
	free(below);
	*sum = total;
	return 0;
}

/* ------------------------------------------------------------------ */

static int _read_ultraserver(_group_t *group, const fabric_t *fabric,
			     uint32_t number)
{
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, number, &nodes);

	group->members = calloc(count, sizeof(*group->members));
	group->partners = calloc(count, sizeof(*group->partners));
	if (!group->members || !group->partners)
		return -1;
	group->member_count = count;
	for (uint32_t i = 0; i < count; i++) {
		group->members[i] = nodes[i];
		for (uint32_t j = 0; j < i; j++) {
			const uint32_t pair[2] = {nodes[i], nodes[j]};

			if (!fabric_ultraserver_group_is_legal(fabric, pair, 2))
				continue;
			group->partners[i] |= UINT64_C(1) << j;
			group->partners[j] |= UINT64_C(1) << i;
		}
	}
	return 0;
}

/* Counting sort by level */
static void _sort(potential_t *potential, const fabric_t *fabric)
{
	uint32_t next = 0;

	for (uint32_t level = 1; level <= fabric_levels(fabric); level++)
		for (uint32_t i = 0; i < potential->group_count; i++)
			if (fabric_group_level(fabric, i) == level)
				potential->rising[next++] = i;
}

static int _read(potential_t *potential, const fabric_t *fabric,
		 const bool *counts)
{
	for (uint32_t i = 0; i < potential->node_count; i++) {
		potential->node_group[i] = fabric_node_group(fabric, i);
		potential->counts[i] = counts ? counts[i] : true;
	}
	for (uint32_t i = 0; i < potential->group_count; i++) {
		potential->groups[i].parent = fabric_group_parent(fabric, i);
		if (fabric_group_is_ultraserver(fabric, i) &&
		    (_read_ultraserver(&potential->groups[i], fabric, i) < 0))
			return -1;
	}
	_sort(potential, fabric);
	return _sum(potential, NULL, &potential->capacity);
}

static bool _allocate(potential_t *potential, const fabric_t *fabric)
{
	uint32_t nodes = fabric_node_count(fabric);
	uint32_t groups = fabric_group_count(fabric);

	potential->node_count = nodes;
	potential->groups = calloc(groups + 1, sizeof(*potential->groups));
	if (!potential->groups)
		return false;
	potential->group_count = groups;
	potential->node_group = calloc(nodes + 1, sizeof(int64_t));
	potential->counts = calloc(nodes + 1, sizeof(bool));
	potential->rising = calloc(groups + 1, sizeof(uint32_t));
	return potential->node_group && potential->counts && potential->rising;
}

extern potential_t *potential_create(const fabric_t *fabric, const bool *counts,
				     neuron_error_t *err)
{
	potential_t *potential = calloc(1, sizeof(*potential));

	if (!potential || !_allocate(potential, fabric) ||
	    _read(potential, fabric, counts)) {
		potential_destroy(potential);
		_no_memory(err);
		return NULL;
	}
	return potential;
}

extern void potential_destroy(potential_t *potential)
{
	int saved = errno;

	if (!potential)
		return;
	for (uint32_t i = 0; i < potential->group_count; i++) {
		free(potential->groups[i].members);
		free(potential->groups[i].partners);
	}
	free(potential->groups);
	free(potential->node_group);
	free(potential->counts);
	free(potential->rising);
	free(potential);
	errno = saved;
}

extern int potential_measure(const potential_t *potential, const bool *idle,
			     uint32_t *value, neuron_error_t *err)
{
	uint32_t sum;

	if (_sum(potential, idle, &sum) < 0)
		return _no_memory(err);
	*value = potential->capacity - sum;
	return 0;
}

extern uint32_t potential_highest(const potential_t *potential)
{
	return potential->capacity;
}
