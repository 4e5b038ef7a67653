/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stay: jobs that are restarted because of a node or a device, and the nodes
 * that such a job keeps (--neuron-on-member-loss=migrate): those of its
 * UltraServers that lost nothing; of the nodes that are in none each is a group
 * of its own.
 *
 * What befell a job, and which nodes its next run is to have, stands in its
 * AdminComment (lib/incident.h), which slurmctld saves. Slurm does not start a
 * requeued job before the credentials of its last run have expired
 * (AuthInfo=cred_expire, two minutes): until STAY_GRACE after that its nodes
 * are given to no other job, unless of a partition with a higher PriorityTier.
 * Then it takes what it can have.
 *
 * slurmctld calls with its job and node locks; there is no lock here.
 */
#ifndef NEURON_STAY_H
#define NEURON_STAY_H

#include "compat.h"

#include "ledger.h"
#include "lib/fabric.h"
#include "plugins/common/site.h"

#include "prune.h"

/* Seconds; a cycle of backfill */
#define STAY_GRACE 30
/* Longest that the end of the last run is waited for, seconds */
#define STAY_MAX 600

typedef struct stays stays_t;

extern stays_t *stays_create(void);
/* Accepts NULL */
extern void stays_destroy(stays_t *stays);
/* Find the jobs that wait for nodes, by their AdminComment */
extern void stays_read(stays_t *stays);

/*
 * A run of a job has ended. If that is because a node went away, or because it
 * is requeued and one is no longer fit for it, write so into its AdminComment.
 * IN ledger - as it was with the job.
 * IN masked - devices of a node that no job is to get.
 */
extern void stay_ended(stays_t *stays, job_record_t *job_ptr,
		       const site_t *site, const fabric_t *fabric,
		       const ledger_t *ledger, devset_t (*masked)(int node));

/* A running job has lost a node, and goes on */
extern void stay_shrunk(job_record_t *job_ptr, const node_record_t *node_ptr);

/*
 * Take the nodes away that wait for other jobs.
 * RET false: the job requires one of them.
 */
extern bool stay_drop(stays_t *stays, const job_record_t *job_ptr,
		      bitstr_t *nodes);

/*
 * The nodes that a job keeps: of those that are waiting for it the groups that
 * are there as a whole.
 * IN nodes - that it may have.
 * RET for bit_free(); NULL: none
 */
extern bitstr_t *stay_wanted(stays_t *stays, const job_record_t *job_ptr,
			     const fabric_t *fabric, const bitstr_t *nodes);

#endif
