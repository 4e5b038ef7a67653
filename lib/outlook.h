/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlook: when and where a job could run, as far as devices, EFA interfaces
 * and the fabric decide, and which jobs stand in its way.
 *
 * It looks at a picture of the cluster: who holds which devices until when.
 * The decision is gang's, as in slurmctld; CPUs, memory, reservations, limits
 * and the jobs that wait before this one are not looked at.
 */
#ifndef NEURON_OUTLOOK_H
#define NEURON_OUTLOOK_H

#include "gang.h"

/* A job that never ends, and an answer that has no moment */
#define OUTLOOK_NEVER INT64_MAX

/* A node that the job in question might use; seconds are those of the caller's
 * clock */
typedef struct {
	uint32_t node; /* index in the fabric */
	const shape_t *shape;
	devset_t devices; /* that work */
	devset_t efas;
	uint32_t cpus;
	uint64_t weight; /* as gang_node_t */
	bool required;
	bool usable; /* false: down, drained or the like */
} outlook_node_t;

/* What one job holds on one node */
typedef struct {
	uint32_t job; /* the caller's number of it */
	uint32_t node;
	devset_t devices;
	devset_t efas;
	int64_t end; /* when it frees them; OUTLOOK_NEVER */
} outlook_hold_t;

typedef struct outlook outlook_t;

/*
 * IN fabric - must outlive the outlook, and so must the shapes.
 * IN nodes, holds - are copied; holds on nodes that are not among nodes do
 *	not matter.
 * IN now - holds that end before count until now: they end late.
 * RET an outlook for outlook_destroy(); NULL with errno EINVAL (a node twice
 *	or out of range) or ENOMEM.
 */
extern outlook_t *outlook_create(const fabric_t *fabric,
				 const outlook_node_t *nodes, uint32_t count,
				 const outlook_hold_t *holds,
				 uint32_t hold_count, int64_t now,
				 neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void outlook_destroy(outlook_t *outlook);

typedef struct {
	uint32_t node;
	devset_t devices; /* all that are free for a job of whole nodes */
	devset_t efas;
	uint32_t links; /* inside devices, and the most for so many */
	uint32_t links_best;
} outlook_share_t;

/* How many of the nodes, at the present moment */
typedef struct {
	uint32_t unusable;
	uint32_t too_small; /* not even with all devices free */
	uint32_t busy; /* too few devices free */
	uint32_t broken; /* enough free, but no set of the tier */
	uint32_t fit;
} outlook_census_t;

typedef struct {
	/* when the job could start: now, later, or OUTLOOK_NEVER */
	int64_t moment;
	/* then on these nodes, ascending, at this cost; none when never */
	outlook_share_t *shares;
	uint32_t share_count;
	place_cost_t cost;
	/* jobs that end from now to the moment and hold devices that this job
	 * would get, ascending */
	uint32_t *blockers;
	uint32_t blocker_count;
	outlook_census_t census;
} outlook_answer_t;

enum { OUTLOOK_WITH_UNUSABLE = 1, OUTLOOK_NOW_ONLY = 2 };

/*
 * Ask about one job.
 * IN wanted - as for gang_create().
 * IN seconds - the job's time limit, see shape_pick_timed(); 0: unlimited.
 * IN flags - OUTLOOK_WITH_UNUSABLE: take unusable nodes as if they were back;
 *	OUTLOOK_NOW_ONLY: do not look for a later moment.
 * OUT answer - for outlook_answer_free(), also when the job can never start.
 * RET 0; -1 with errno ENOMEM.
 */
extern int outlook_ask(outlook_t *outlook, const gang_request_t *wanted,
		       uint32_t seconds, unsigned int flags,
		       outlook_answer_t *answer, neuron_error_t *err);
/* Free what is below an answer; accepts one that is all zero */
extern void outlook_answer_free(outlook_answer_t *answer);

#endif
