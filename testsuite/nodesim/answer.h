/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer: what a node says and does when slurmctld tells or asks it something.
 *
 * As slurmd does it: https://slurm.schedmd.com/slurmd.html and the messages of
 * src/common/slurm_protocol_common.h. Nothing that a
 * script would start runs.
 */
#ifndef NODESIM_ANSWER_H
#define NODESIM_ANSWER_H

#include "node.h"

typedef struct {
	uint16_t type; /* 0: this message gets no answer */
	void *data; /* slurm_free_msg_data() it */
} answer_t;

/* Not for nodes that node_answers() says no of */
extern answer_t answer(node_t *node, const slurm_msg_t *msg);

/* How many messages were answered since the start */
extern uint64_t answers(void);

#endif
