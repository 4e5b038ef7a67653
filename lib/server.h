/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server: the part of an UltraServer that the nodes of a step are.
 *
 * Facts: aws-neuron-driver v3/neuron_pelect.c and neuron_cdev.c (files of
 * /sys/class/neuron_device: server_id_2, server_id_4, node_id_2, node_id_4,
 * ultraserver_mode), aws-neuron-sdk src/k8/k8s-ultraserver-init-script.sh (the
 * variables and how they follow from the files). A mode holds for a whole
 * machine from the first process that opens its devices until all are closed.
 */
#ifndef NEURON_SERVER_H
#define NEURON_SERVER_H

#include <stdint.h>

#include "devset.h"
#include "error.h"

/* Modes as ultraserver_mode numbers them */
enum {
	SERVER_MODE_X4 = 1, /* four nodes */
	SERVER_MODE_X2H = 2, /* two */
	SERVER_MODE_X2V = 3, /* two */
	SERVER_MODE_X1 = 4
};

#define SERVER_MEMBERS_MAX 64
#define SERVER_NAME_MAX 64
#define SERVER_ID_MAX 17
#define SERVER_PAIRS_MAX 64

/* The UltraServer of a machine, as neuron.conf and its own driver know it */
typedef struct {
	uint32_t member_count; /* 0: it is in none */
	/* in ring order */
	char members[SERVER_MEMBERS_MAX][SERVER_NAME_MAX];
	uint32_t pair_count; /* legal groups of two, positions in members */
	uint8_t pairs[SERVER_PAIRS_MAX][2];
	uint32_t modes; /* bit m: the driver offers mode m */
	char id2[SERVER_ID_MAX], id4[SERVER_ID_MAX]; /* "": not known */
	int32_t node2, node4; /* this machine in it; -1: not known */
} server_t;

/* A legal group, and this machine in it */
typedef struct {
	uint32_t mode; /* NEURON_RT_ULTRASERVER_MODE */
	uint32_t size; /* NEURON_ULTRASERVER_NODE_CONFIG, 2 or 4 */
	char id[SERVER_ID_MAX]; /* NEURON_RT_ULTRASERVER_SERVER_ID */
	uint32_t node; /* NEURON_RT_ULTRASERVER_NODE_ID */
	/* NEURON_GLOBAL_TOPOID and NEURON_GLOBAL_TOPOID0_HOST: the nodes of
	 * the group in the order of neuron.conf, which every node knows */
	uint32_t position;
	char first[SERVER_NAME_MAX];
} server_group_t;

/*
 * Are these nodes a legal group: all four members of an UltraServer of four, or
 * one of its pairs, with the same devices on each (device i is joined to
 * device i of the others), in a mode that the driver offers and with ids that
 * it knows? Of two nodes X2V is preferred to X2H.
 * IN nodes, devices - the nodes of a step and what it has on each.
 * IN self - this machine, a node of the step.
 * RET true: *group is set; false: the nodes are no such group.
 */
extern bool server_find_group(const server_t *server, const char *const *nodes,
			      const devset_t *devices, uint32_t count,
			      uint32_t self, server_group_t *group);

#endif
