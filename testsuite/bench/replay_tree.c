/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "place_fabric.h"

#define NONE (-1)
#define FAR INT32_MAX

/* Switches are groups of the fabric without UltraServers */
typedef struct {
	int32_t parent; /* NONE at the top */
	uint32_t depth; /* switches above */
	uint32_t height; /* layers of switches below */
	bool is_leaf;
	/* of one choice */
	uint32_t usable;
	uint32_t first; /* of its nodes in order, of a leaf */
	uint32_t distance; /* to the leaves taken */
	bool taken;
} _switch_t;

struct tree {
	uint32_t count;
	uint32_t node_count;
	_switch_t *switches;
	int32_t *leaf_of;
	uint32_t *leaves; /* numbers of switches */
	uint32_t leaf_count;
	uint32_t *order; /* positions of usable nodes, by leaf */
};

static void _read_switches(tree_t *tree, const fabric_t *fabric)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		_switch_t *one = &tree->switches[i];
		int64_t above = fabric_group_parent(fabric, i);

		one->parent = (int32_t) above;
		for (; above != NONE;
		     above = fabric_group_parent(fabric, (uint32_t) above))
			one->depth++;
	}
	for (uint32_t i = 0; i < tree->node_count; i++) {
		int64_t leaf = place_fabric_leaf(fabric, i);

		tree->leaf_of[i] = (int32_t) leaf;
		if (leaf != NONE && !tree->switches[leaf].is_leaf) {
			tree->switches[leaf].is_leaf = true;
			tree->leaves[tree->leaf_count++] = (uint32_t) leaf;
		}
	}
	for (uint32_t i = 0; i < tree->leaf_count; i++) {
		uint32_t height = 0;

		for (int32_t j = (int32_t) tree->leaves[i]; j != NONE;
		     j = tree->switches[j].parent, height++)
			if (height > tree->switches[j].height)
				tree->switches[j].height = height;
	}
}

extern tree_t *tree_create(const fabric_t *fabric)
{
	tree_t *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->count = fabric_group_count(fabric);
	tree->node_count = fabric_node_count(fabric);
	tree->switches = calloc(tree->count + 1, sizeof(*tree->switches));
	tree->leaf_of = calloc(tree->node_count + 1, sizeof(*tree->leaf_of));
	tree->leaves = calloc(tree->count + 1, sizeof(*tree->leaves));
	tree->order = calloc(tree->node_count + 1, sizeof(*tree->order));
	if (!tree->switches || !tree->leaf_of || !tree->leaves ||
	    !tree->order) {
		tree_destroy(tree);
		errno = ENOMEM;
		return NULL;
	}
	_read_switches(tree, fabric);
	return tree;
}

extern void tree_destroy(tree_t *tree)
{
	if (!tree)
		return;
	free(tree->switches);
	free(tree->leaf_of);
	free(tree->leaves);
	free(tree->order);
	free(tree);
}

static void _count_usable(tree_t *tree, const uint32_t *usable, uint32_t count)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < tree->count; i++) {
		tree->switches[i].usable = 0;
		tree->switches[i].distance = 0;
		tree->switches[i].taken = false;
	}
	for (uint32_t i = 0; i < count; i++)
		for (int32_t j = tree->leaf_of[usable[i]]; j != NONE;
		     j = tree->switches[j].parent)
			tree->switches[j].usable++;
	for (uint32_t i = 0; i < tree->leaf_count; i++) {
		_switch_t *leaf = &tree->switches[tree->leaves[i]];

		leaf->first = first;
		first += leaf->usable;
	}
	/* Each leaf's part of order is filled from its end */
	for (uint32_t i = count; i--;) {
		int32_t leaf = tree->leaf_of[usable[i]];
		_switch_t *one;

		if (leaf == NONE)
			continue;
		one = &tree->switches[leaf];
		tree->order[one->first + --one->usable] = i;
	}
	for (uint32_t i = 0; i < count; i++)
		if (tree->leaf_of[usable[i]] != NONE)
			tree->switches[tree->leaf_of[usable[i]]].usable++;
}

static uint32_t _distance(const tree_t *tree, uint32_t a, uint32_t b)
{
	const _switch_t *switches = tree->switches;
	int32_t x = (int32_t) a, y = (int32_t) b;
	uint32_t hops = 0;

	for (; x != y && x != NONE && y != NONE; hops++) {
		if (switches[x].depth >= switches[y].depth)
			x = switches[x].parent;
		else
			y = switches[y].parent;
	}
	return x == y ? hops : FAR;
}

/* Positive when a is better, negative when b is; *fits: a's subtree has room */
static int _compare(const tree_t *tree, int32_t a, int32_t b, uint32_t rest,
		    bool *fits)
{
	const _switch_t *s = tree->switches;

	for (;;) {
		bool b_fits = s[b].usable >= rest;

		*fits = s[a].usable >= rest;
		if (*fits != b_fits)
			return *fits ? 1 : -1;
		if (*fits && s[a].usable != s[b].usable)
			return s[a].usable < s[b].usable ? 1 : -1;
		if (*fits || s[a].parent == s[b].parent ||
		    s[a].parent == NONE || s[b].parent == NONE)
			break;
		a = s[a].parent;
		b = s[b].parent;
	}
	if (s[a].usable != s[b].usable)
		return s[a].usable > s[b].usable ? 1 : -1;
	return (s[a].height < s[b].height) - (s[a].height > s[b].height);
}

static int32_t _best_leaf(const tree_t *tree, uint32_t rest)
{
	int32_t best = NONE;

	for (uint32_t i = 0; i < tree->leaf_count; i++) {
		const _switch_t *one = &tree->switches[tree->leaves[i]];
		bool fits = false;
		int better;

		if (one->taken || !one->usable || one->distance == FAR)
			continue;
		if (best == NONE) {
			best = (int32_t) tree->leaves[i];
			continue;
		}
		better = _compare(tree, (int32_t) tree->leaves[i], best, rest,
				  &fits);
		if ((one->distance < tree->switches[best].distance && fits) ||
		    (one->distance == tree->switches[best].distance &&
		     better > 0))
			best = (int32_t) tree->leaves[i];
	}
	return best;
}

static void _take_leaf(tree_t *tree, int32_t leaf)
{
	uint32_t usable = tree->switches[leaf].usable;

	tree->switches[leaf].taken = true;
	for (int32_t i = leaf; i != NONE; i = tree->switches[i].parent)
		tree->switches[i].usable -= usable;
	for (uint32_t i = 0; i < tree->leaf_count; i++) {
		_switch_t *one = &tree->switches[tree->leaves[i]];
		uint32_t more =
			_distance(tree, tree->leaves[i], (uint32_t) leaf);

		one->distance = one->distance == FAR || more == FAR
					? FAR
					: one->distance + more;
	}
}

extern int tree_nodes(tree_t *tree, const uint32_t *usable, uint32_t count,
		      uint32_t want, uint32_t *picked)
{
	uint32_t have = 0;

	_count_usable(tree, usable, count);
	while (have < want) {
		int32_t leaf = _best_leaf(tree, want - have);
		const _switch_t *one;

		if (leaf == NONE)
			return neuron_error_set(NULL, ENOSPC, "too few");
		one = &tree->switches[leaf];
		for (uint32_t i = 0; i < one->usable && have < want; i++)
			picked[have++] = tree->order[one->first + i];
		if (have < want)
			_take_leaf(tree, leaf);
	}
	return 0;
}
