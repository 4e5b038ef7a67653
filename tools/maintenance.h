/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maintenance: nodes that one program has for itself, and that are as before
 * when it ends.
 *
 * Slurm starts no job on a drained node, in a reservation or not. So the nodes
 * are reserved first, for this user alone, and the drained ones are resumed
 * inside the reservation; at the end they are drained again with the reason
 * that they had, and then the reservation is removed. The reasons stand in the
 * Comment of the reservation, "drained: NODE=REASON|NODE=REASON", so that
 * another run can do the same for one that was killed.
 */
#ifndef NEURON_MAINTENANCE_H
#define NEURON_MAINTENANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* Names are PREFIX HOST "-" PID */
#define MAINTENANCE_PREFIX "neuron-test-"
#define MAINTENANCE_NODES_MAX 1024
#define MAINTENANCE_NAME_MAX 128
#define MAINTENANCE_REASON_MAX 512

typedef struct {
	char name[256];
	bool drained; /* before */
	bool keep; /* do not drain it again */
	char reason[MAINTENANCE_REASON_MAX];
} maintenance_node_t;

typedef struct {
	char name[MAINTENANCE_NAME_MAX]; /* of the reservation; "": none */
	maintenance_node_t *nodes;
	uint32_t count;
} maintenance_t;

/*
 * Reserve nodes and resume the drained ones. What a run that was killed on
 * this host has left on one of them is undone first.
 * IN minutes - the reservation ends then by itself, unless nodes were drained:
 *	these would come back into service.
 * RET 0, for maintenance_end(); -1 with errno ENOENT (no such node), EINVAL (a
 *	node cannot be had: it is down, or busy, or in another test), EPERM or
 *	EIO with slurmctld's own sentence. Everything is as before then.
 */
extern int maintenance_begin(maintenance_t *maintenance,
			     const char *const *nodes, uint32_t count,
			     uint32_t minutes, neuron_error_t *err);
/*
 * Drain those nodes again that were, unless keep is set, and remove the
 * reservation, waiting for jobs in it to end.
 * RET 0; -1 with errno EIO and what is left to be done by hand.
 */
extern int maintenance_end(maintenance_t *maintenance, neuron_error_t *err);
/* Undo what a run has left, by the name of its reservation. RET as above;
 * ENOENT: no such reservation */
extern int maintenance_clean(const char *name, neuron_error_t *err);

#endif
