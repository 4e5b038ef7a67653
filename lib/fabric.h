/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fabric: which nodes are close: UltraServers below EFA leaf switches below
 * any number of further switch layers.
 *
 * Every node has a chain of groups above it. Level 0 is the node itself. The
 * groups of a node have levels 1, 2, ...: its UltraServer when it is in one,
 * its leaf switch, the switch above, and so on. Nodes without an UltraServer
 * start with their leaf switch, whose level is still one above that of
 * UltraServers when the fabric has any UltraServer, so that levels compare
 * across the machine. A fabric that knows no switch has one, "all", that joins
 * all nodes. There may be several tops: nodes below different ones share no
 * group.
 *
 * The level of a group is one above the highest of its children, so levels
 * rise by more than one where branches of unequal height meet; a node has no
 * group at the levels in between.
 *
 * Nodes are numbers 0 to count - 1 given by the caller (Slurm's node index).
 */
#ifndef NEURON_FABRIC_H
#define NEURON_FABRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "nodeset.h"

#define FABRIC_NODES_MAX 65536
#define FABRIC_GROUPS_MAX 65536
/* Levels above the node: UltraServer, leaf, and what EC2 shows plus room */
#define FABRIC_LEVELS_MAX 12
/* Layers of switches in a file: one level less, for UltraServers */
#define FABRIC_LAYERS_MAX (FABRIC_LEVELS_MAX - 1)
/* Members of an UltraServer: a machine word holds a set of them */
#define FABRIC_ULTRASERVER_MAX 64
/* Bytes of a name; Slurm's own limit for switches */
#define FABRIC_NAME_MAX 64
#define FABRIC_FILE_MAX (16 * 1024 * 1024)

typedef struct fabric fabric_t;

/* Index of a node by name; -1: no such node */
typedef int (*fabric_lookup_t)(const char *name, void *arg);

/* Where the text of a fabric comes from and what its names mean */
typedef struct {
	const char *text;	/* topology.conf; NULL: no switches */
	const char *origin;	/* file name for messages */
	/* leaf switches and blocks whose name matches (* and ?) are
	 * UltraServers, or NULL. Their ring is the order of Nodes=, their
	 * legal groups of two are first and second, third and fourth, ... */
	const char *ultraserver_glob;
	nodeset_expand_t expand;
	fabric_lookup_t lookup;
	void *lookup_arg;
	uint32_t node_count;
} fabric_source_t;

/*
 * Build a fabric from the text of a topology.conf of topology/tree
 * (SwitchName=, Switches=, Nodes=, LinkSpeed=) or of topology/block
 * (BlockName=, Nodes=, BlockSizes=). Include is refused. Blocks are joined as
 * topology/block does: 2, 4, 8, ... neighbours in the order of the file at the
 * sizes that BlockSizes names (without it 2 to 16), then all of them.
 * Nodes of no switch are allowed: they share no group with any other node.
 * RET a fabric to be finished with fabric_finish() and freed with
 *	fabric_destroy(); NULL with errno EINVAL (unknown key, node or switch,
 *	a loop, a node in two leaves, a switch with two parents or without
 *	children, a bound above exceeded), EEXIST (a switch, a key, or a child
 *	of a switch named twice), or ENOMEM; the sentence names file, line, key
 *	and value.
 */
extern fabric_t *fabric_create(const fabric_source_t *source,
			       neuron_error_t *err);

/*
 * Name an UltraServer before fabric_finish().
 * IN members - node indexes in ring order.
 * IN pairs - legal groups of two, positions in members; all other groups of
 *	two are illegal, unless the UltraServer has just two members.
 * RET 0; -1 with errno EINVAL (no member or too many, a member twice, in
 *	another UltraServer, or under a different leaf switch than the others,
 *	a pair out of range, a fabric already finished), EEXIST (a group has
 *	that name) or ENOMEM; the fabric is unchanged then.
 */
extern int fabric_add_ultraserver(fabric_t *fabric, const char *name,
				  const uint32_t *members,
				  uint32_t member_count,
				  const uint8_t (*pairs)[2],
				  uint32_t pair_count, neuron_error_t *err);

/*
 * Compute levels and orders; the functions below answer only afterwards.
 * RET 0; -1 with errno ENOMEM.
 */
extern int fabric_finish(fabric_t *fabric, neuron_error_t *err);

/* Accepts NULL; errno survives */
extern void fabric_destroy(fabric_t *fabric);

extern uint32_t fabric_node_count(const fabric_t *fabric);
/* Highest level of any group */
extern uint32_t fabric_levels(const fabric_t *fabric);
/* True when any UltraServer is known; they have level 1 then */
extern bool fabric_has_ultraservers(const fabric_t *fabric);

/* Groups are numbers below this; numbers of one level are not contiguous */
extern uint32_t fabric_group_count(const fabric_t *fabric);
extern const char *fabric_group_name(const fabric_t *fabric, uint32_t group);
extern uint32_t fabric_group_level(const fabric_t *fabric, uint32_t group);
extern bool fabric_group_is_ultraserver(const fabric_t *fabric,
					uint32_t group);
/* The group above; -1 at the top */
extern int64_t fabric_group_parent(const fabric_t *fabric, uint32_t group);
/*
 * Children of a group in order of their lowest node, then name: first child
 * and next sibling; -1: none. Leaves and UltraServers also have nodes.
 */
extern int64_t fabric_group_child(const fabric_t *fabric, uint32_t group);
extern int64_t fabric_group_sibling(const fabric_t *fabric, uint32_t group);
/* The nodes directly below a group: ring order in an UltraServer, ascending
 * elsewhere. RET their number; *nodes stays the fabric's. */
extern uint32_t fabric_group_nodes(const fabric_t *fabric, uint32_t group,
				   const uint32_t **nodes);

/* The lowest group above a node; -1: none */
extern int64_t fabric_node_group(const fabric_t *fabric, uint32_t node);
/* The group of a node at a level; -1: none */
extern int64_t fabric_node_group_at(const fabric_t *fabric, uint32_t node,
				    uint32_t level);
/* Level of the lowest group that has both; 0 when a == b; -1: none */
extern int fabric_common_level(const fabric_t *fabric, uint32_t a, uint32_t b);

/*
 * True when these nodes may work as one UltraServer group: all members of one
 * UltraServer, and one, all, or (for two of more than two) a legal pair.
 */
extern bool fabric_ultraserver_group_is_legal(const fabric_t *fabric,
					      const uint32_t *nodes,
					      uint32_t count);

/*
 * Position of a node in the order in which ranks should follow: neighbours
 * share the lowest groups; UltraServer members follow their ring.
 */
extern uint32_t fabric_node_rank(const fabric_t *fabric, uint32_t node);

#endif
