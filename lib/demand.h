/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demand: which sizes of device sets jobs ask for, as a histogram, and how much
 * more those should count when a set is chosen (shape_weigh()).
 *
 * Sizes come in classes: 1, 2, 3 to 4, 5 to 8, 9 to 16 devices of a node. A job
 * counts once for each of its nodes, with its devices: half the devices of a
 * machine in jobs of one device weigh as much as half of it in one job.
 */
#ifndef NEURON_DEMAND_H
#define NEURON_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

/* Class i: up to 2^i devices, more than 2^(i-1) */
#define DEMAND_CLASSES 5
/* Nodes of one job that count: one giant does not make all others vanish */
#define DEMAND_NODES_MAX 1024
/* What weights add up to at most */
#define DEMAND_WEIGHT_MAX 31
/* Shares are told apart in such parts of the whole, so that weights stay the
 * same while few jobs come and go */
#define DEMAND_PARTS 8

/* All 0 at first. Counts stop at UINT32_MAX */
typedef struct {
	uint32_t devices[DEMAND_CLASSES];
} demand_t;

typedef struct {
	uint8_t more[DEMAND_CLASSES];
} demand_weights_t;

/* The class of a number of devices; -1 for 0 and for more than 16 */
extern int demand_class(uint32_t devices);

/* Add the nodes of a job, each with so many devices. Jobs of no class are
 * passed over. */
extern void demand_add(demand_t *demand, uint32_t devices, uint32_t nodes);

/*
 * The share of each class, rounded down to parts of DEMAND_PARTS, of
 * DEMAND_WEIGHT_MAX. They add up to at most that; all 0 without any demand.
 */
extern void demand_weigh(const demand_t *demand, demand_weights_t *weights);

extern bool demand_weights_equal(const demand_weights_t *a,
				 const demand_weights_t *b);

#endif
