/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outbox: what nodes have to say to slurmctld of their own accord.
 *
 * Messages are sent in order, a number of them at a time, each over a
 * connection of its own as slurmd does; one that slurmctld did not confirm is
 * sent again after a second. A message is packed, and its credential made, when
 * it is sent.
 */
#ifndef NODESIM_OUTBOX_H
#define NODESIM_OUTBOX_H

#include "node.h"

typedef enum {
	OUTBOX_REGISTER, /* a node says what it has and runs */
	OUTBOX_PROLOG, /* prolog has ended */
	OUTBOX_BATCH, /* batch script has ended */
	OUTBOX_EPILOG, /* epilog has ended */
	OUTBOX_STEP, /* the tasks of a step have ended */
} outbox_kind_t;

/* Where slurmctld is; slurm_init() was called. RET SLURM_SUCCESS or -ERROR */
extern int outbox_init(uint32_t connections);
extern void outbox_fini(void);

/* A node registers; once, however often this is called before it did */
extern void outbox_register(node_t *node);

/*
 * A node tells something of a job.
 * IN kind - not OUTBOX_REGISTER and OUTBOX_STEP.
 * IN status - of wait(2) for OUTBOX_BATCH, else an error of Slurm.
 */
extern void outbox_job(node_t *node, outbox_kind_t kind,
		       const slurm_step_id_t *id, uint32_t status);

/*
 * The tasks of a step have ended on a node.
 * IN place - of the node in the step, from 0.
 * IN status - of wait(2).
 */
extern void outbox_step(node_t *node, const slurm_step_id_t *id, uint32_t place,
			uint32_t status);

/* How many wait to be sent, or for their confirmation */
extern uint32_t outbox_waiting(void);
/* How many were confirmed since the start, of a kind */
extern uint64_t outbox_confirmed(outbox_kind_t kind);

#endif
