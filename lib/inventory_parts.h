/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inventory_parts: what the files of inventory share */
#ifndef NEURON_INVENTORY_PARTS_H
#define NEURON_INVENTORY_PARTS_H

#include "inventory.h"
#include "names.h"

/* An instance that EC2 told of; texts are numbers in strings */
typedef struct {
	uint32_t origin;
	unsigned int line;
	uint32_t type;
	uint32_t block; /* NAMES_NONE: none */
	uint32_t zone; /* NAMES_NONE: not told */
	uint32_t layers[INVENTORY_LAYERS_MAX]; /* the top first */
	unsigned int layer_count;
	uint32_t node; /* NAMES_NONE: no node of this cluster */
} instance_t;

/* A node while sources are read */
typedef struct {
	inventory_node_t public;
	const char *mapped; /* instance id of the map, NULL: none */
	const char *map_origin;
	unsigned int map_line;
	uint32_t instance; /* NAMES_NONE: EC2 did not tell of it */
} node_t;

struct inventory {
	const catalog_t *catalog;
	nodeset_fold_t fold;
	names_t *strings;
	/* numbers are positions in nodes until they are sorted */
	names_t *node_names;
	node_t *nodes;
	uint32_t node_count, node_room;
	uint32_t *positions; /* where each node went */
	names_t *instance_ids;
	instance_t *instances;
	uint32_t instance_count, instance_room;
	inventory_fabric_t fabric;
	const char *fabric_origin; /* NULL: none was given */
	names_t *group_names;
	inventory_group_t *groups;
	uint32_t group_count, group_room;
	uint32_t block_sizes[INVENTORY_BLOCK_SIZES_MAX];
	unsigned int block_size_count;
	inventory_ultraserver_t *ultraservers;
	uint32_t ultraserver_count, ultraserver_room;
	char **warnings;
	uint32_t warning_count, warning_room;
};

/* Room for one more element. RET 0; -1 with errno ENOMEM */
extern int inventory_grow(void *array_ptr, uint32_t count, uint32_t *room,
			  size_t element, neuron_error_t *err);
/* Keep a copy of a text. RET NULL with errno ENOMEM */
extern const char *inventory_keep(inventory_t *inventory, const char *text,
				  neuron_error_t *err);
/* The node of a name, which is checked and added when new. RET its position;
 * NAMES_NONE with errno EINVAL or ENOMEM */
extern uint32_t inventory_add_node(inventory_t *inventory, const char *name,
				   const char *origin, unsigned int line,
				   neuron_error_t *err);
/* The group of a name, added at the top when new. RET its number; NAMES_NONE */
extern uint32_t inventory_add_group(inventory_t *inventory, const char *name,
				    neuron_error_t *err);
/* RET 0; -1 with errno ENOMEM */
extern int inventory_warn(inventory_t *inventory, neuron_error_t *err,
			  const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Warn of nodes; "%s" of fmt is their list. RET 0; -1 with errno ENOMEM */
extern int inventory_warn_nodes(inventory_t *inventory, const uint32_t *nodes,
				uint32_t count, const char *text,
				neuron_error_t *err);

/* Parts of inventory_finish() */
extern int inventory_place(inventory_t *inventory, neuron_error_t *err);
extern int inventory_group_servers(inventory_t *inventory, neuron_error_t *err);

#endif
