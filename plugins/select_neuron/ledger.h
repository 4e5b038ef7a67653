/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger: which Neuron devices and EFA interfaces of each node are in use, and
 * by which jobs until when.
 *
 * Slurm keeps the truth in the GRES lists of its node records. The ledger
 * copies it into arrays that are read ten thousand nodes at a time, each time
 * when a job takes or gives back devices. What it calls free is never less
 * than what Slurm would give: it may be relied on to refuse a job, and to
 * guess well where it fits.
 *
 * slurmctld calls with its job and node locks; there is no lock here.
 */
#ifndef NEURON_LEDGER_H
#define NEURON_LEDGER_H

#include "compat.h"

#include "lib/shape.h"

typedef struct {
	devset_t devices;
	devset_t efas;
} ledger_sets_t;

typedef struct ledger ledger_t;

/* RET an empty ledger of node_record_count nodes, for ledger_destroy() */
extern ledger_t *ledger_create(void);
/* Accepts NULL */
extern void ledger_destroy(ledger_t *ledger);

/* Read every node and every running job anew */
extern void ledger_read(ledger_t *ledger);

/*
 * A job has taken devices, has more or fewer than before, has been suspended
 * or resumed: read what it holds and its nodes.
 */
extern void ledger_job_changed(ledger_t *ledger, job_record_t *job_ptr);

/* A job has given back what it held */
extern void ledger_job_ended(ledger_t *ledger, job_record_t *job_ptr);

/* Whether a job holds anything, and the devices that it has on a node */
extern bool ledger_has(const ledger_t *ledger, uint32_t job_id);
extern devset_t ledger_devices(const ledger_t *ledger, uint32_t job_id,
			       int node);

/* What is in use on each node now; node_record_count entries, the ledger's */
extern const ledger_sets_t *ledger_used(const ledger_t *ledger);

/*
 * The moments at which jobs end, by their time limits as they are now.
 * RET how many jobs there are; ledger_end() and ledger_used_after() take
 *	numbers below that, in ascending order of time, until the ledger
 *	changes.
 */
extern uint32_t ledger_sort_ends(ledger_t *ledger);
extern time_t ledger_end(const ledger_t *ledger, uint32_t number);

/*
 * What would be in use after the first jobs have ended.
 * IN count - how many, at most ledger_sort_ends().
 * OUT used - room for node_record_count entries.
 */
extern void ledger_used_after(const ledger_t *ledger, uint32_t count,
			      ledger_sets_t *used);

/* The same without certain jobs, whatever their time. IN jobs - job_record_t */
extern void ledger_used_without(const ledger_t *ledger, list_t *jobs,
				ledger_sets_t *used);

/* Ends of jobs that are farther away are too uncertain to be looked at */
#define LEDGER_HORIZON (4 * 24 * 3600)

/*
 * What becomes free on a node while a job runs there, for shape_pick_timed().
 * IN all - the devices of the machine.
 * IN from, to - the time of the job, cut at LEDGER_HORIZON.
 * OUT spans - room for SHAPE_SPANS_MAX.
 * RET how many; 0 when nothing changes.
 */
extern uint32_t ledger_spans(const ledger_t *ledger, int node, devset_t all,
			     time_t from, time_t to, shape_span_t *spans);

/* RET how many nodes differ from what Slurm's records say; each is logged */
extern uint32_t ledger_compare(const ledger_t *ledger);

#endif
