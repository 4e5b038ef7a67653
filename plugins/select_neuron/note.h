/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * note: what select/neuron leaves in a job's SystemComment, which "scontrol
 * show job" shows: one sentence behind "neuron: ", what a waiting job lacks, or
 * the placement that it was given. The placement stands in its AdminComment
 * too, behind "neuron-placement: ", for sacct: accounting_storage/slurmdbd sends
 * that, and no SystemComment (24.11 to 26.05,
 * jobacct_storage_p_job_complete()). What others wrote in either stays.
 */
#ifndef NEURON_NOTE_H
#define NEURON_NOTE_H

#include "compat.h"

#include "lib/nearest.h"
#include "plugins/common/job.h"
#include "plugins/common/site.h"

#include "ledger.h"

/* Nodes of a placement that are named with their sets */
#define NOTE_NODES_MAX 8

/* The nodes that a job could use by everything but their devices, now; those
 * that it names alone, when one of them stands in its way */
typedef struct {
	bool named;
	uint32_t nodes;
	uint32_t broken; /* enough devices free, but in no set of the tier */
	uint32_t masked; /* enough devices free, but for those masked */
	uint32_t fit;
} note_census_t;

/* IN offer - what would do now; NULL: it was not looked for */
extern void note_waits(job_record_t *job_ptr, const job_neuron_t *job,
		       const note_census_t *census,
		       const nearest_offer_t *offer);

/*
 * IN devices, efas - of a node of slurmctld; the placement that cons_tres has
 *	just made.
 * IN ledger - as it is without the job.
 * IN masked - devices of a node that no job is to get.
 */
extern void note_placement(job_record_t *job_ptr, const site_t *site,
			   const fabric_t *fabric, const ledger_t *ledger,
			   devset_t (*devices)(const job_neuron_t *job,
					       int node),
			   devset_t (*efas)(const job_neuron_t *job, int node),
			   devset_t (*masked)(int node),
			   const job_neuron_t *job);

#endif
