/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where nodes are in the network: the tree that EC2 tells of */
#include "inventory_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Availability Zones of one cluster; tops of more are left as they are */
#define ZONES_MAX 64

/* Put a group below another; EC2 must say the same of all instances */
static int _set_parent(inventory_t *inventory, uint32_t group, uint32_t parent,
		       const instance_t *instance, neuron_error_t *err)
{
	inventory_group_t *below = &inventory->groups[group];

	if (below->parent == parent)
		return 0;
	if (below->parent != NAMES_NONE)
		return neuron_error_set(
			err, EINVAL,
			"%.200s:%u: %s is below %s here and below %s for another instance; give the answers of one moment",
			names_at(inventory->strings, instance->origin),
			instance->line, below->name,
			inventory->groups[parent].name,
			inventory->groups[below->parent].name);
	below->parent = parent;
	inventory->groups[parent].has_children = true;
	return 0;
}

/* OUT lowest - the last of its network nodes; NAMES_NONE: it has none */
static int _add_layers(inventory_t *inventory, const instance_t *instance,
		       uint32_t *lowest, neuron_error_t *err)
{
	uint32_t above = NAMES_NONE;

	for (unsigned int i = 0; i < instance->layer_count; i++) {
		uint32_t group = inventory_add_group(
			inventory,
			names_at(inventory->strings, instance->layers[i]), err);

		if (group == NAMES_NONE)
			return -1;
		if (above != NAMES_NONE &&
		    _set_parent(inventory, group, above, instance, err))
			return -1;
		above = group;
	}
	*lowest = above;
	return 0;
}

static int _check_loops(const inventory_t *inventory, neuron_error_t *err)
{
	for (uint32_t i = 0; i < inventory->group_count; i++) {
		uint32_t at = i;

		for (unsigned int steps = 0; at != NAMES_NONE; steps++) {
			at = inventory->groups[at].parent;
			if (steps > 2 * INVENTORY_LAYERS_MAX)
				return neuron_error_set(
					err, EINVAL,
					"%s is above itself in what EC2 tells; give the answers of one moment",
					inventory->groups[i].name);
		}
	}
	return 0;
}

/* A group that is made up; its name is taken from another one */
static uint32_t _new_group(inventory_t *inventory, const char *name,
			   const char *suffix, neuron_error_t *err)
{
	char text[INVENTORY_NAME_MAX + 16];

	(void) snprintf(text, sizeof(text), "%.*s%s",
			(int) (INVENTORY_NAME_MAX - strlen(suffix)), name,
			suffix);
	return inventory_add_group(inventory, text, err);
}

/*
 * Slurm wants a switch to have nodes or switches. One that has both gets
 * another switch for its nodes.
 */
static int _separate(inventory_t *inventory, neuron_error_t *err)
{
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		inventory_node_t *node = &inventory->nodes[i].public;
		uint32_t above = node->group, group;

		if (above == NAMES_NONE ||
		    !inventory->groups[above].has_children)
			continue;
		group = _new_group(inventory, inventory->groups[above].name,
				   "-nodes", err);
		if (group == NAMES_NONE)
			return -1;
		inventory->groups[group].parent = above;
		node->group = group;
	}
	return 0;
}

/*
 * The zone of each group at the top. EFA reaches every instance of an
 * Availability Zone and none outside (EC2 User Guide, Elastic Fabric
 * Adapter, limitations): several tops of a zone get one more above them.
 */
typedef struct {
	uint32_t zone;
	uint32_t top; /* the first; NAMES_NONE: none yet */
	bool several;
} zone_t;

static zone_t *_find_zone(zone_t *zones, uint32_t *count, uint32_t number)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (zones[i].zone == number)
			return &zones[i];
	}
	if (*count == ZONES_MAX)
		return NULL;
	zones[*count] = (zone_t){.zone = number, .top = NAMES_NONE};
	return &zones[(*count)++];
}

static uint32_t _top_of(const inventory_t *inventory, uint32_t group)
{
	while (inventory->groups[group].parent != NAMES_NONE)
		group = inventory->groups[group].parent;
	return group;
}

/* The zone of a node of which EC2 told; NAMES_NONE */
static uint32_t _zone_of(const inventory_t *inventory, uint32_t node)
{
	uint32_t instance = inventory->nodes[node].instance;

	return (instance == NAMES_NONE) ? NAMES_NONE
					: inventory->instances[instance].zone;
}

/* Instances that EC2 shows below no network node share a leaf */
static int _place_others(inventory_t *inventory, neuron_error_t *err)
{
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		inventory_node_t *node = &inventory->nodes[i].public;
		uint32_t zone = _zone_of(inventory, i);

		if (node->group != NAMES_NONE || zone == NAMES_NONE)
			continue;
		node->group = _new_group(inventory,
					 names_at(inventory->strings, zone),
					 "-other", err);
		if (node->group == NAMES_NONE)
			return -1;
	}
	return 0;
}

static void _see_tops(const inventory_t *inventory, zone_t *zones,
		      uint32_t *count)
{
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		uint32_t group = inventory->nodes[i].public.group;
		uint32_t number = _zone_of(inventory, i), top;
		zone_t *zone;

		if (group == NAMES_NONE || number == NAMES_NONE)
			continue;
		zone = _find_zone(zones, count, number);
		if (!zone)
			continue;
		top = _top_of(inventory, group);
		zone->several |= (zone->top != NAMES_NONE && zone->top != top);
		zone->top = top;
	}
}

static int _join_tops(inventory_t *inventory, const zone_t *zones,
		      uint32_t count, neuron_error_t *err)
{
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		uint32_t group = inventory->nodes[i].public.group;
		uint32_t number = _zone_of(inventory, i), above, top;
		uint32_t z = 0;

		while (z < count && zones[z].zone != number)
			z++;
		if (group == NAMES_NONE || z == count || !zones[z].several)
			continue;
		above = inventory_add_group(
			inventory, names_at(inventory->strings, number), err);
		if (above == NAMES_NONE)
			return -1;
		top = _top_of(inventory, group);
		if (top == above)
			continue;
		inventory->groups[top].parent = above;
		inventory->groups[above].has_children = true;
	}
	return 0;
}

static int _join_zones(inventory_t *inventory, neuron_error_t *err)
{
	zone_t zones[ZONES_MAX];
	uint32_t count = 0;

	_see_tops(inventory, zones, &count);
	return _join_tops(inventory, zones, count, err);
}

static int _place_by_ec2(inventory_t *inventory, neuron_error_t *err)
{
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		node_t *node = &inventory->nodes[i];

		if (node->instance != NAMES_NONE &&
		    _add_layers(inventory,
				&inventory->instances[node->instance],
				&node->public.group, err))
			return -1;
	}
	if (_check_loops(inventory, err) || _separate(inventory, err) ||
	    _place_others(inventory, err) || _join_zones(inventory, err))
		return -1;
	if (inventory->group_count)
		inventory->fabric = INVENTORY_TREE;
	return 0;
}

extern int inventory_place(inventory_t *inventory, neuron_error_t *err)
{
	if (inventory->fabric_origin || !inventory->instance_count)
		return 0;
	return _place_by_ec2(inventory, err);
}
