/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inventory_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest list of nodes in a sentence */
#define LIST_MAX 200

extern int inventory_grow(void *array_ptr, uint32_t count, uint32_t *room,
			  size_t element, neuron_error_t *err)
{
	uint32_t size = *room ? 2 * *room : 16;
	void *array;

	if (count < *room)
		return 0;
	memcpy(&array, array_ptr, sizeof(array));
	array = realloc(array, size * element);
	if (!array)
		return neuron_error_set(err, ENOMEM, "out of memory");
	memcpy(array_ptr, &array, sizeof(array));
	*room = size;
	return 0;
}

extern const char *inventory_keep(inventory_t *inventory, const char *text,
				  neuron_error_t *err)
{
	uint32_t number = names_add(inventory->strings, text);

	if (number == NAMES_NONE)
		neuron_error_set(err, ENOMEM, "out of memory");
	return names_at(inventory->strings, number);
}

extern inventory_t *inventory_create(const catalog_t *catalog,
				     neuron_error_t *err)
{
	inventory_t *inventory = calloc(1, sizeof(*inventory));

	if (inventory) {
		inventory->catalog = catalog;
		inventory->strings = names_create();
		inventory->node_names = names_create();
		inventory->instance_ids = names_create();
		inventory->group_names = names_create();
		if (inventory->strings && inventory->node_names &&
		    inventory->instance_ids && inventory->group_names)
			return inventory;
	}
	inventory_destroy(inventory);
	neuron_error_set(err, ENOMEM, "out of memory");
	return NULL;
}

extern void inventory_destroy(inventory_t *inventory)
{
	int errnum = errno;

	if (!inventory)
		return;
	for (uint32_t i = 0; i < inventory->warning_count; i++)
		free(inventory->warnings[i]);
	for (uint32_t i = 0; i < inventory->ultraserver_count; i++)
		free((uint32_t *) inventory->ultraservers[i].members);
	free(inventory->warnings);
	free(inventory->ultraservers);
	free(inventory->nodes);
	free(inventory->positions);
	free(inventory->instances);
	free(inventory->groups);
	names_destroy(inventory->strings);
	names_destroy(inventory->node_names);
	names_destroy(inventory->instance_ids);
	names_destroy(inventory->group_names);
	free(inventory);
	errno = errnum;
}

extern int inventory_warn(inventory_t *inventory, neuron_error_t *err,
			  const char *fmt, ...)
{
	char text[NEURON_ERROR_MAX];
	va_list ap;
	char *copy;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (inventory_grow(&inventory->warnings, inventory->warning_count,
			   &inventory->warning_room,
			   sizeof(*inventory->warnings), err))
		return -1;
	copy = malloc(strlen(text) + 1);
	if (!copy)
		return neuron_error_set(err, ENOMEM, "out of memory");
	memcpy(copy, text, strlen(text) + 1);
	inventory->warnings[inventory->warning_count++] = copy;
	return 0;
}

extern int inventory_warn_nodes(inventory_t *inventory, const uint32_t *nodes,
				uint32_t count, const char *text,
				neuron_error_t *err)
{
	const char **names = calloc((size_t) count + 1, sizeof(*names));
	char *list = NULL;
	int rc;

	for (uint32_t i = 0; names && i < count; i++)
		names[i] = inventory->nodes[nodes[i]].public.name;
	if (names)
		list = inventory->fold(names, count);
	if (list)
		rc = inventory_warn(
			inventory, err, "%.*s%s: %s", LIST_MAX, list,
			(strlen(list) > LIST_MAX) ? "..." : "", text);
	else
		rc = neuron_error_set(err, ENOMEM, "out of memory");
	free(list);
	free(names);
	return rc;
}

extern uint32_t inventory_add_node(inventory_t *inventory, const char *name,
				   const char *origin, unsigned int line,
				   neuron_error_t *err)
{
	uint32_t number = names_find(inventory->node_names, name);
	char quote[NAMES_QUOTE_MAX];
	node_t node = {.public = {.line = line,
				  .group = NAMES_NONE,
				  .instance_id = "",
				  .instance_type = "",
				  .capacity_block = "",
				  .difference = "",
				  .server_2 = {.node = -1},
				  .server_4 = {.node = -1}},
		       .instance = NAMES_NONE};

	if (number != NAMES_NONE)
		return number;
	if (!names_is_node(name)) {
		neuron_error_set(
			err, EINVAL,
			"%.200s:%u: \"%s\" is no name of a node in slurm.conf; it must have letters, digits and \"_-.\", and not be ALL or DEFAULT",
			origin, line, names_quote(name, quote));
		return NAMES_NONE;
	}
	if (inventory->node_count == INVENTORY_NODES_MAX) {
		neuron_error_set(err, EINVAL,
				 "%.200s:%u: these are more than %d nodes",
				 origin, line, INVENTORY_NODES_MAX);
		return NAMES_NONE;
	}
	if (inventory_grow(&inventory->nodes, inventory->node_count,
			   &inventory->node_room, sizeof(node), err) ||
	    !(node.public.origin = inventory_keep(inventory, origin, err)))
		return NAMES_NONE;
	number = names_add(inventory->node_names, name);
	if (number == NAMES_NONE) {
		neuron_error_set(err, ENOMEM, "out of memory");
		return NAMES_NONE;
	}
	node.public.name = names_at(inventory->node_names, number);
	inventory->nodes[inventory->node_count++] = node;
	return number;
}

extern uint32_t inventory_add_group(inventory_t *inventory, const char *name,
				    neuron_error_t *err)
{
	uint32_t number = names_find(inventory->group_names, name);
	inventory_group_t group = {.parent = NAMES_NONE};

	if (number != NAMES_NONE)
		return number;
	if (inventory->group_count == INVENTORY_SWITCHES_MAX) {
		neuron_error_set(err, EINVAL, "these are more than %d switches",
				 INVENTORY_SWITCHES_MAX);
		return NAMES_NONE;
	}
	if (inventory_grow(&inventory->groups, inventory->group_count,
			   &inventory->group_room, sizeof(group), err))
		return NAMES_NONE;
	number = names_add(inventory->group_names, name);
	if (number == NAMES_NONE) {
		neuron_error_set(err, ENOMEM, "out of memory");
		return NAMES_NONE;
	}
	group.name = names_at(inventory->group_names, number);
	inventory->groups[inventory->group_count++] = group;
	return number;
}

/*
 * Joining
 */

static int _compare_nodes(const void *a, const void *b)
{
	const node_t *x = a, *y = b;

	return names_compare(x->public.name, y->public.name);
}

static int _sort(inventory_t *inventory, neuron_error_t *err)
{
	uint32_t count = inventory->node_count;

	inventory->positions =
		calloc((size_t) count + 1, sizeof(*inventory->positions));
	if (!inventory->positions)
		return neuron_error_set(err, ENOMEM, "out of memory");
	if (count)
		qsort(inventory->nodes, count, sizeof(*inventory->nodes),
		      _compare_nodes);
	for (uint32_t i = 0; i < count; i++)
		inventory->positions[names_find(
			inventory->node_names,
			inventory->nodes[i].public.name)] = i;
	return 0;
}

/* What the probe, the map and the name of a node say which instance it is */
static int _identify(node_t *node, const names_t *ids, neuron_error_t *err)
{
	inventory_node_t *public = &node->public;

	if (node->mapped && public->instance_id[0] &&
	    strcmp(node->mapped, public->instance_id))
		return neuron_error_set(
			err, EINVAL,
			"%.120s:%u: %.64s is %.32s, but %.120s:%u says that it is %.32s; correct the line or probe the node again",
			node->map_origin, node->map_line, public->name,
			node->mapped, public->origin, public->line,
			public->instance_id);
	if (node->mapped)
	public->instance_id = node->mapped;
	else if (!public->instance_id[0] &&
		 names_find(ids, public->name) !=
			 NAMES_NONE) public->instance_id = public->name;
	return 0;
}

static int _check_type(const inventory_t *inventory, const node_t *node,
		       const instance_t *instance, neuron_error_t *err)
{
	const char *type = names_at(inventory->strings, instance->type);

	if (!node->public.probed || !node->public.instance_type[0] ||
	    !strcmp(node->public.instance_type, type))
		return 0;
	return neuron_error_set(
		err, EINVAL,
		"%.120s:%u: %.32s is a %.32s, but node %.64s (%.120s:%u) with that id is a %.32s; correct what is out of date",
		names_at(inventory->strings, instance->origin), instance->line,
		node->public.instance_id, type, node->public.name,
		node->public.origin, node->public.line,
		node->public.instance_type);
}

static int _join_node(inventory_t *inventory, uint32_t index,
		      neuron_error_t *err)
{
	node_t *node = &inventory->nodes[index];
	instance_t *instance;
	uint32_t id;

	if (_identify(node, inventory->instance_ids, err))
		return -1;
	if (!node->public.instance_id[0])
		return 0;
	id = names_find(inventory->instance_ids, node->public.instance_id);
	if (id == NAMES_NONE)
		return 0;
	instance = &inventory->instances[id];
	if (instance->node != NAMES_NONE)
		return neuron_error_set(
			err, EEXIST,
			"%.120s:%u: %.64s and %.64s are both %.32s; a map with one line for each node says which is",
			node->public.origin, node->public.line,
			inventory->nodes[instance->node].public.name,
			node->public.name, node->public.instance_id);
	if (_check_type(inventory, node, instance, err))
		return -1;
	instance->node = index;
	node->instance = id;
	if (instance->block != NAMES_NONE)
		node->public.capacity_block =
			names_at(inventory->strings, instance->block);
	if (!node->public.instance_type[0])
		node->public.instance_type =
			names_at(inventory->strings, instance->type);
	return 0;
}

/* Nodes for which a test holds, as one warning */
static int _warn_where(inventory_t *inventory,
		       bool (*test)(const inventory_t *, const node_t *),
		       const char *text, neuron_error_t *err)
{
	uint32_t *list =
		malloc(((size_t) inventory->node_count + 1) * sizeof(*list));
	uint32_t count = 0;
	int rc = 0;

	if (!list)
		return neuron_error_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		if (test(inventory, &inventory->nodes[i]))
			list[count++] = i;
	}
	if (count)
		rc = inventory_warn_nodes(inventory, list, count, text, err);
	free(list);
	return rc;
}

static bool _lacks_instance(const inventory_t *inventory, const node_t *node)
{
	return inventory->instance_count && node->instance == NAMES_NONE;
}

static bool _lacks_group(const inventory_t *inventory, const node_t *node)
{
	return inventory->fabric != INVENTORY_FLAT &&
	       node->public.group == NAMES_NONE &&
	       !_lacks_instance(inventory, node);
}

static bool _differs(const inventory_t *inventory, const node_t *node)
{
	(void) inventory;
	return node->public.difference_count;
}

static bool _is_plain(const inventory_t *inventory, const node_t *node)
{
	(void) inventory;
	return node->public.probed && !node->public.profile;
}

static int _warn_of_strangers(inventory_t *inventory, neuron_error_t *err)
{
	uint32_t strangers = 0;

	for (uint32_t i = 0; i < inventory->instance_count; i++)
		strangers += (inventory->instances[i].node == NAMES_NONE);
	if (!strangers)
		return 0;
	return inventory_warn(
		inventory, err,
		"%u of %u instances that EC2 tells of are no node here and are left out",
		strangers, inventory->instance_count);
}

static int _warn(inventory_t *inventory, neuron_error_t *err)
{
	if (_warn_where(
		    inventory, _is_plain,
		    "no Neuron devices were found; no line of neuron.conf and slurm.conf is written",
		    err) ||
	    _warn_where(
		    inventory, _differs,
		    "the machine differs from its profile; neuron-topo probe says how",
		    err) ||
	    _warn_where(
		    inventory, _lacks_instance,
		    "EC2 tells nothing about it; name its instance in a map (--map), or its jobs stay on one node",
		    err) ||
	    _warn_where(
		    inventory, _lacks_group,
		    "no switch is known above it; its jobs stay on one node",
		    err))
		return -1;
	return _warn_of_strangers(inventory, err);
}

extern int inventory_finish(inventory_t *inventory, nodeset_fold_t fold,
			    neuron_error_t *err)
{
	inventory->fold = fold;
	if (_sort(inventory, err))
		return -1;
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		if (_join_node(inventory, i, err))
			return -1;
	}
	if (inventory_place(inventory, err) || _warn(inventory, err))
		return -1;
	return inventory_group_servers(inventory, err);
}

/*
 * Answers
 */

extern const inventory_node_t *inventory_node(const inventory_t *inventory,
					      uint32_t index)
{
	return (index < inventory->node_count) ? &inventory->nodes[index].public
					       : NULL;
}

extern uint32_t inventory_node_count(const inventory_t *inventory)
{
	return inventory->node_count;
}

extern uint32_t inventory_find(const inventory_t *inventory, const char *name)
{
	uint32_t number = names_find(inventory->node_names, name);

	return (number == NAMES_NONE) ? number : inventory->positions[number];
}

extern inventory_fabric_t inventory_fabric(const inventory_t *inventory)
{
	return inventory->fabric;
}

extern const inventory_group_t *inventory_group(const inventory_t *inventory,
						uint32_t index)
{
	return (index < inventory->group_count) ? &inventory->groups[index]
						: NULL;
}

extern unsigned int inventory_block_sizes(const inventory_t *inventory,
					  const uint32_t **sizes)
{
	*sizes = inventory->block_sizes;
	return inventory->block_size_count;
}

extern const inventory_ultraserver_t *inventory_ultraserver(
	const inventory_t *inventory, uint32_t index)
{
	return (index < inventory->ultraserver_count)
		       ? &inventory->ultraservers[index]
		       : NULL;
}

extern const char *inventory_warning(const inventory_t *inventory,
				     uint32_t index)
{
	return (index < inventory->warning_count) ? inventory->warnings[index]
						  : NULL;
}
