/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prune: ask cons_tres about the few nodes that a job can have, not all.
 *
 * cons_tres evaluates every node that it is given in full, which takes tens of
 * milliseconds with ten thousand of them. The ledger knows which nodes have
 * the devices; gang chooses among them what topology/neuron would choose
 * among all. cons_tres is asked about that choice alone. When it accepts it,
 * this is the answer that it would have given for all nodes; when something
 * else speaks against it (CPUs, memory, a reservation), it is asked about all.
 * A job for which not enough devices are free is refused without asking.
 */
#ifndef NEURON_PRUNE_H
#define NEURON_PRUNE_H

#include "compat.h"

#include "ledger.h"
#include "masks.h"
#include "lib/gang.h"
#include "plugins/common/job.h"
#include "plugins/common/site.h"

/* One call of select_p_job_test(), and cons_tres's function of that name */
typedef struct prune_call prune_call_t;
struct prune_call {
	int (*stock)(const prune_call_t *call);
	job_record_t *job_ptr;
	bitstr_t *nodes;
	uint32_t min_nodes;
	uint32_t max_nodes;
	uint32_t req_nodes;
	uint16_t mode;
	list_t *preemptee_candidates;
	list_t **preemptee_job_list;
	resv_exc_t *resv_exc_ptr;
	will_run_data_t *will_run_ptr;
};

/* How questions were answered; those in neither of the two were refused by
 * the ledger */
typedef struct {
	uint64_t asked;
	uint64_t by_choice; /* cons_tres took the nodes that gang chose */
	uint64_t by_all; /* cons_tres was asked about all nodes */
	uint64_t checked; /* CandidateNodes=check: with both ways */
	uint64_t differed;
} prune_counts_t;

/* Work space for node_record_count nodes, kept because new memory of that size
 * takes as long as a decision */
typedef struct prune_room prune_room_t;

extern prune_room_t *prune_room_create(void);
/* Accepts NULL */
extern void prune_room_destroy(prune_room_t *room);

typedef struct {
	const site_t *site;
	const fabric_t *fabric;
	ledger_t *ledger;
	masks_t *masks; /* NULL: the question is not about what is masked */
	prune_room_t *room;
	prune_counts_t *counts;
	time_t *moment; /* of the situation that cons_tres tests; 0: now */
} prune_state_t;

/* What is masked on a node, as far as the question minds it */
extern ledger_sets_t prune_masked(const prune_state_t *state, int node);

/*
 * What becomes free on a node while a job runs there from a moment (0: now);
 * see ledger_spans().
 */
extern uint32_t prune_spans(const prune_state_t *state,
			    const job_record_t *job_ptr, int node,
			    time_t moment, shape_span_t *spans);

/*
 * Answer a call for a job that asks Neuron devices.
 * RET as cons_tres for the whole of call->nodes.
 */
extern int prune_job_test(const prune_state_t *state, const prune_call_t *call,
			  const job_neuron_t *job);

/*
 * The same, but ask about all nodes as well, where that changes nothing, and
 * log an error where the answers differ (CandidateNodes=check).
 */
extern int prune_check(const prune_state_t *state, const prune_call_t *call,
		       const job_neuron_t *job);

#endif
