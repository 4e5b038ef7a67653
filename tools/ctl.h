/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl: what Prolog and Epilog ask of slurmctld.
 *
 * Each request runs in a child process and is given up after a bound: a
 * slurmctld that does not answer must not hold a node. Requests are sent only
 * when something is wrong, never for a job that just starts or ends.
 */
#ifndef NEURON_CTL_H
#define NEURON_CTL_H

#include <stdint.h>

#include "lib/error.h"
#include "lib/mask.h"

/* Longest time for one request, milliseconds */
#define CTL_WAIT 20000

/* Drain a node with a reason; one that is drained keeps the reason it has.
 * RET 0; -1 with errno EIO */
extern int ctl_drain(const char *node, const char *reason, neuron_error_t *err);

/*
 * Mask devices of a node; those that are masked already keep their reason.
 * RET 1: done; 0: all were masked already; -1 with errno EIO
 */
extern int ctl_mask(const char *node, const mask_t *mask, neuron_error_t *err);

/*
 * What neuron-health found, in one request: mask devices, unmask those that
 * still have the reason that it gave, and say which devices are suspect.
 * IN add - to mask; those that are masked already keep their reason.
 * IN remove - to unmask, with those reasons.
 * IN suspects - these and no others; NULL: as they are.
 * RET 0; -1 with errno EIO: some of it may be done
 */
extern int ctl_health(const char *node, const mask_t *add, const mask_t *remove,
		      const mask_t *suspects, neuron_error_t *err);

/*
 * Take a job off its nodes: requeued, or cancelled when it cannot be requeued
 * (srun, salloc, --no-requeue). The reason is told to its user and added to
 * the job's AdminComment (lib/incident.h).
 * IN hold - it was its user's fault: requeued, it is held.
 * RET 0; -1 with errno EIO: it may still run
 */
extern int ctl_send_away(uint32_t job, const char *reason, bool hold,
			 neuron_error_t *err);

#endif
