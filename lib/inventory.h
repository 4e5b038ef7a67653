/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory: the machines of a cluster as they were reported.
 *
 * Sources, each optional and in any number:
 *
 *	probes	"neuron-topo probe --json" of the nodes
 *	EC2	"aws ec2 describe-instance-topology" (Amazon EC2 API,
 *		DescribeInstanceTopology): Instances[].{InstanceId,
 *		InstanceType, NetworkNodes, CapacityBlockId}
 *	a map	lines "NODE INSTANCE-ID": which node is which instance, where
 *		the probe does not say so itself and nodes have other names
 *	a fabric	topology.conf or topology.yaml as topograph writes them
 *		(NVIDIA/topograph, pkg/translate): switches or blocks above
 *		nodes, in place of what EC2 says
 *
 * inventory_finish() joins them. Sources that contradict each other are
 * errors; what is missing is a warning, and the rest is used.
 */
#ifndef NEURON_INVENTORY_H
#define NEURON_INVENTORY_H

#include "catalog.h"
#include "nodeset.h"

#define INVENTORY_NODES_MAX 65536
#define INVENTORY_INSTANCES_MAX 262144
#define INVENTORY_SWITCHES_MAX 65536
#define INVENTORY_NAME_MAX 63
/* Layers of network nodes that EC2 may show */
#define INVENTORY_LAYERS_MAX 8
/* Bytes of one source */
#define INVENTORY_FILE_MAX ((size_t) 1024 * 1024 * 1024)
/* Tasks of one step of srun --label */
#define INVENTORY_LABEL_MAX 65535
#define INVENTORY_BLOCK_SIZES_MAX 16

typedef struct inventory inventory_t;

/* UltraServer of 2 or 4 instances as the driver elected it */
typedef struct {
	char id[17]; /* "": none */
	int node; /* number of the instance in it, -1: none */
} inventory_server_t;

typedef struct {
	const char *name;
	/* where it was reported, for sentences */
	const char *origin;
	unsigned int line;
	bool probed; /* false: a map or a fabric names it, and no probe */
	const profile_t *profile; /* NULL: no Neuron devices */
	const char *instance_id; /* "": not known */
	const char *instance_type;
	unsigned int lnc; /* 0: not set on the machine */
	unsigned int memory_mib; /* 0: not known */
	unsigned int device_count;
	unsigned int efa_count;
	inventory_server_t server_2;
	inventory_server_t server_4;
	const char *capacity_block; /* "": none, or not known */
	/* the switch or block that it is below; NAMES_NONE: not known */
	uint32_t group;
	/* versions as software.h writes features; "": not told */
	const char *features;
	/* the first of the differences that the probe reported, ""  */
	const char *difference;
	unsigned int difference_count;
} inventory_node_t;

typedef struct {
	const char *name;
	uint32_t parent; /* NAMES_NONE: at the top */
	bool has_children; /* switches below it */
} inventory_group_t;

typedef enum {
	INVENTORY_FLAT, /* nothing is known */
	INVENTORY_TREE,
	INVENTORY_BLOCK
} inventory_fabric_t;

typedef struct {
	char name[INVENTORY_NAME_MAX + 1];
	/* nodes in ring order */
	const uint32_t *members;
	unsigned int member_count;
	/* legal groups of two, as positions in members */
	uint8_t pairs[4][2];
	unsigned int pair_count;
	/* these are what neuron.conf takes when it has no Pairs */
	bool pairs_are_usual;
	/* false: not all of its instances were reported */
	bool is_complete;
	/* the order is by name, since only EC2 knows of this UltraServer */
	bool order_is_guessed;
} inventory_ultraserver_t;

/*
 * IN catalog - must stay.
 * RET for inventory_destroy(); NULL with errno ENOMEM.
 */
extern inventory_t *inventory_create(const catalog_t *catalog,
				     neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void inventory_destroy(inventory_t *inventory);

/*
 * Take a source. The text may hold any number of JSON texts one behind the
 * other; probes may also have the labels of "srun --label", which keep the
 * output of many tasks apart.
 * IN text - length bytes and a null byte.
 * IN origin - file name for messages.
 * RET 0; -1 with errno EINVAL, EEXIST (a node or instance is reported twice),
 *	ENOENT (no profile describes a machine) or ENOMEM; the inventory is
 *	of no use then.
 */
extern int inventory_add_probes(inventory_t *inventory, const char *text,
				size_t length, const char *origin,
				neuron_error_t *err);
extern int inventory_add_ec2(inventory_t *inventory, const char *text,
			     size_t length, const char *origin,
			     neuron_error_t *err);
extern int inventory_add_map(inventory_t *inventory, const char *text,
			     const char *origin, neuron_error_t *err);
/*
 * The same for a fabric, at most one: topology.conf (tree or block), or, when
 * the text starts like one, topology.yaml with one topology.
 */
extern int inventory_add_fabric(inventory_t *inventory, const char *text,
				const char *origin, nodeset_expand_t expand,
				neuron_error_t *err);

/*
 * Join the sources; the functions below answer only afterwards.
 * IN fold - for warnings.
 * RET 0; -1 with errno EINVAL (sources contradict each other), EEXIST or
 *	ENOMEM.
 */
extern int inventory_finish(inventory_t *inventory, nodeset_fold_t fold,
			    neuron_error_t *err);

/* In order of name, see names_compare(); NULL behind the last */
extern const inventory_node_t *inventory_node(const inventory_t *inventory,
					      uint32_t index);
extern uint32_t inventory_node_count(const inventory_t *inventory);
/* NAMES_NONE: no such node */
extern uint32_t inventory_find(const inventory_t *inventory, const char *name);

extern inventory_fabric_t inventory_fabric(const inventory_t *inventory);
/* Switches in no particular order, blocks in that of the file; NULL behind */
extern const inventory_group_t *inventory_group(const inventory_t *inventory,
						uint32_t index);
/* Of blocks, if the fabric says them. RET how many */
extern unsigned int inventory_block_sizes(const inventory_t *inventory,
					  const uint32_t **sizes);

/* In order of their first member; NULL behind the last */
extern const inventory_ultraserver_t *inventory_ultraserver(
	const inventory_t *inventory, uint32_t index);

/* One sentence each; NULL behind the last */
extern const char *inventory_warning(const inventory_t *inventory,
				     uint32_t index);

#endif
