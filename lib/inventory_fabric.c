/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fabric that another program wrote: topology.conf or topology.yaml */
#include "inventory_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fabric.h"
#include "topoyaml.h"

/* The fabric names nodes that no probe told of */
typedef struct {
	inventory_t *inventory;
	const char *origin;
	bool no_memory;
} lookup_t;

static int _lookup(const char *name, void *arg)
{
	lookup_t *lookup = arg;
	uint32_t number = inventory_add_node(lookup->inventory, name,
					     lookup->origin, 1, NULL);

	lookup->no_memory |= (number == NAMES_NONE && errno == ENOMEM);
	return (number == NAMES_NONE) ? -1 : (int) number;
}

/* "BlockSizes=16,32", which a fabric checked and does not tell */
static void _take_sizes(inventory_t *inventory, const char *text)
{
	static const char key[] = "BlockSizes";

	for (const char *at = text; at && *at; at = strchr(at, '\n')) {
		at += strspn(at, " \t\r\n");
		if (strncasecmp(at, key, strlen(key)))
			continue;
		at += strcspn(at, "=");
		while (*at && (*at == '=' || *at == ',') &&
		       inventory->block_size_count <
			       INVENTORY_BLOCK_SIZES_MAX) {
			char *end;
			unsigned long size = strtoul(at + 1, &end, 10);

			if (end == at + 1 || size > INVENTORY_NODES_MAX)
				break;
			inventory->block_sizes[inventory->block_size_count++] =
				(uint32_t) size;
			at = end;
		}
	}
}

static void _set_nodes(inventory_t *inventory, const fabric_t *fabric,
		       uint32_t group, uint32_t number)
{
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, group, &nodes);

	for (uint32_t i = 0; i < count; i++)
		inventory->nodes[nodes[i]].public.group = number;
}

/* Blocks have nodes; what joins them is Slurm's and not in the file */
static int _copy_groups(inventory_t *inventory, const fabric_t *fabric,
			neuron_error_t *err)
{
	uint32_t count = fabric_group_count(fabric);

	for (uint32_t i = 0; i < count; i++) {
		int64_t parent = fabric_group_parent(fabric, i);
		const uint32_t *nodes;
		uint32_t number, above;

		if (inventory->fabric == INVENTORY_BLOCK &&
		    !fabric_group_nodes(fabric, i, &nodes))
			continue;
		number = inventory_add_group(inventory,
					     fabric_group_name(fabric, i), err);
		if (number == NAMES_NONE)
			return -1;
		_set_nodes(inventory, fabric, i, number);
		if (inventory->fabric == INVENTORY_BLOCK || parent < 0)
			continue;
		above = inventory_add_group(
			inventory, fabric_group_name(fabric, (uint32_t) parent),
			err);
		if (above == NAMES_NONE)
			return -1;
		inventory->groups[number].parent = above;
		inventory->groups[above].has_children = true;
	}
	return 0;
}

static bool _has_blocks(const char *text)
{
	while (*text) {
		text += strspn(text, " \t\r\n");
		if (!strncasecmp(text, "BlockName", strlen("BlockName")))
			return true;
		text += strcspn(text, "\n");
	}
	return false;
}

static int _take_conf(inventory_t *inventory, const char *text,
		      const char *origin, nodeset_expand_t expand,
		      neuron_error_t *err)
{
	lookup_t lookup = {.inventory = inventory, .origin = origin};
	fabric_source_t source = {
		.text = text,
		.origin = origin,
		.expand = expand,
		.lookup = _lookup,
		.lookup_arg = &lookup,
		.node_count = INVENTORY_NODES_MAX,
	};
	fabric_t *fabric = fabric_create(&source, err);
	int rc;

	if (!fabric && lookup.no_memory)
		return neuron_error_set(err, ENOMEM, "out of memory");
	if (!fabric)
		return -1;
	inventory->fabric =
		_has_blocks(text) ? INVENTORY_BLOCK : INVENTORY_TREE;
	if (inventory->fabric == INVENTORY_BLOCK)
		_take_sizes(inventory, text);
	rc = fabric_finish(fabric, err);
	if (!rc)
		rc = _copy_groups(inventory, fabric, err);
	fabric_destroy(fabric);
	return rc;
}

extern int inventory_add_fabric(inventory_t *inventory, const char *text,
				const char *origin, nodeset_expand_t expand,
				neuron_error_t *err)
{
	char *conf = NULL;
	int rc;

	if (inventory->fabric_origin)
		return neuron_error_set(err, EEXIST,
					"%.200s: the fabric was read from "
					"%.200s already; give one file",
					origin, inventory->fabric_origin);
	inventory->fabric_origin = inventory_keep(inventory, origin, err);
	if (!inventory->fabric_origin)
		return -1;
	if (!topoyaml_is(text))
		return _take_conf(inventory, text, origin, expand, err);
	conf = topoyaml_to_conf(text, origin, err);
	if (!conf)
		return -1;
	rc = _take_conf(inventory, conf, origin, expand, err);
	free(conf);
	return rc;
}
