/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * obstacle: what keeps the jobs of a cluster waiting, in one word each.
 *
 * First comes what slurmctld says where devices are not the matter; then the
 * nodes of the job's partition are counted by what a job of its kind could get
 * on each now. CPUs, memory, features and named nodes are not looked at.
 * Questions of one kind are answered once, so that ten thousand jobs cost no
 * more than OBSTACLE_KINDS_MAX.
 */
#ifndef NEURON_OBSTACLE_H
#define NEURON_OBSTACLE_H

#include "tools/cluster.h"

typedef enum {
	OBSTACLE_HELD, /* by its user or an administrator */
	OBSTACLE_DEPENDENCY, /* on another job, a time, a licence */
	OBSTACLE_LIMIT, /* of an association, a QOS or its partition */
	OBSTACLE_NEVER, /* no nodes could give it, whatever is free */
	OBSTACLE_SHAPE, /* devices are free, but in no set of its shape */
	OBSTACLE_MASKED, /* but for devices that are masked */
	OBSTACLE_DOWN, /* but for nodes that are down or drained */
	OBSTACLE_DEVICES, /* others have them */
	OBSTACLE_FABRIC, /* not on the UltraServers that it requires */
	OBSTACLE_OTHER, /* devices are free for it: CPUs, jobs before it, ... */
	OBSTACLE_COUNT
} obstacle_t;

/* Kinds of requests that are told apart; what is beyond is OBSTACLE_OTHER */
#define OBSTACLE_KINDS_MAX 128

/* "held", "dependency", ... */
extern const char *obstacle_name(obstacle_t obstacle);

typedef struct {
	uint32_t jobs;
	uint64_t devices; /* that they ask for, as far as that is known */
	int64_t oldest; /* seconds that the oldest one has waited */
} obstacle_sum_t;

/*
 * Look at all jobs that wait.
 * RET 0; -1 with errno ENOMEM.
 */
extern int obstacle_count(const cluster_t *cluster,
			  obstacle_sum_t sums[OBSTACLE_COUNT]);

#endif
