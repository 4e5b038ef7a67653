/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place_fabric: fabrics for benchmarks: regular ones, and from files.
 */
#ifndef PLACE_FABRIC_H
#define PLACE_FABRIC_H

#include "lib/fabric.h"

/* Of regular fabrics */
#define PLACE_NODES_PER_ULTRASERVER 4
#define PLACE_NODES_PER_LEAF 16
#define PLACE_LEAVES_PER_SPINE 8

/*
 * A fabric of three layers of switches, the last groups cut where the nodes
 * end: 8 leaf switches of 16 nodes below each switch of the second layer, one
 * switch above all.
 * IN ultraservers - make every four nodes of a leaf an UltraServer.
 * RET for fabric_destroy(); NULL with errno EINVAL (0 nodes or too many) or
 *	ENOMEM.
 */
extern fabric_t *place_fabric_regular(uint32_t nodes, bool ultraservers,
				      neuron_error_t *err);

/*
 * A fabric from a file: topology.conf, or, when its name ends in ".csv", one
 * line for each node: its name, then the switches above it from the top down,
 * e.g. ip,DSW,PSW,ASW. Switches of one name below different ones are
 * different. Nodes are numbered in the order in which the file names them.
 * RET as above, and NULL with errno ENOENT, EIO, EINVAL or EEXIST and a
 *	sentence with file, line and value.
 */
extern fabric_t *place_fabric_read(const char *path, neuron_error_t *err);

/* The leaf switch of a node, or what else is lowest above it but an
 * UltraServer; -1: nothing */
extern int64_t place_fabric_leaf(const fabric_t *fabric, uint32_t node);

#endif
