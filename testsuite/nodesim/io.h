/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io: the connection for standard input and output from the tasks of a step on
 * one node to srun. What comes is thrown away, what goes is only its end. As
 * src/common/io_hdr.h of Slurm has it.
 */
#ifndef NODESIM_IO_H
#define NODESIM_IO_H

#include "slurm_base.h"

typedef struct io io_t;

typedef struct {
	slurm_addr_t srun;
	char *key; /* the signature of the step's credential; not copied */
	uint32_t node; /* place of the node in the step */
	uint32_t tasks; /* whose output goes to srun */
	const uint32_t *ids; /* of these tasks in the step; not copied */
} io_step_t;

/* RET NULL: srun cannot be reached; logged. It does not see the output end */
extern io_t *io_open(const io_step_t *step);

/* All output ends. A connection that is not there yet ends when it is. IN io -
 * NULL: nothing */
extern void io_end(io_t *io);

#endif
