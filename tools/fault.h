/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault: what is done to the jobs that hold devices which have failed, by the
 * policy of the job (--neuron-on-fault, else --neuron-on-member-loss) or of the
 * site (OnFault= of neuron.conf).
 */
#ifndef NEURON_FAULT_H
#define NEURON_FAULT_H

#include "lib/conf.h"
#include "lib/mask.h"

/* Longest time for all of it, milliseconds */
#define FAULT_WAIT 60000

/*
 * For each running or suspended job that holds one of the devices on a node: do
 * what is to be done, and write into its AdminComment which device failed,
 * when and what was done (lib/incident.h). Asks slurmctld for all jobs: call it
 * when something has failed, not to see whether it has.
 *
 * The devices are masked (or the node drained) by the caller before, so that a
 * job that is requeued lands elsewhere. Called again for the same devices it
 * does nothing to a job that goes on; one that should be gone from the node,
 * and is not, is sent away again.
 *
 * It asks in a child process and gives up after FAULT_WAIT. Only SlurmUser and
 * root may do it.
 *
 * IN failed - devices with their reasons
 * IN site - conf_on_fault()
 * OUT jobs - number of jobs that something was done to, or written; NULL
 *allowed RET 0; -1 with errno EIO and a sentence: at least one job could not be
 *dealt with, or slurmctld cannot be asked. Call it again then.
 */
extern int fault_jobs(const char *node, const mask_t *failed, on_fault_t site,
		      unsigned int *jobs, neuron_error_t *err);

#endif
