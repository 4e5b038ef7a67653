/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * incident: what befell a job and what was done about it, in its AdminComment,
 * which "scontrol show job" and "sacct -o AdminComment" show to its user.
 *
 * A comment is a list with "; " between its parts. The first of ours is what
 * job_submit/neuron writes, "neuron: OPTIONS" (options.h). The others are
 *
 *	run RUN: NODE:DEVICES failed TIME (REASONS): WHAT WAS DONE
 *	run RUN: NODE was lost TIME: WHAT WAS DONE
 *	run RUN: NODE was left TIME: run RUN keeps NODES
 *
 * RUN is how often the job had been restarted (Restarts= of "scontrol show
 * job"); so an incident of an earlier run is not taken for one of this one.
 */
#ifndef NEURON_INCIDENT_H
#define NEURON_INCIDENT_H

#include "mask.h"
#include "options.h"

/* A super user who sets an AdminComment to this and a part adds the part;
 * job_submit/neuron does it under slurmctld's locks, so that nothing is lost
 * when several nodes do it at once */
#define INCIDENT_ADD "neuron+: "
/* Parts about incidents that a comment keeps; older ones go */
#define INCIDENT_PARTS_MAX 8
/* Longest part, bytes, with its null byte */
#define INCIDENT_PART_MAX 768

/*
 * Devices that failed.
 * IN failed - they and their reasons; only those in devices are named.
 * IN when - the time, as text.
 * IN done - what was done, a few words.
 * OUT buf - a part; what is too long is cut, and "; " is in none.
 * RET its length; -1 with errno ENOSPC
 */
extern int incident_failed(uint32_t run, const char *node, const mask_t *failed,
			   devset_t devices, const char *when, const char *done,
			   char *buf, size_t size);

/* True when a comment says of this run that all these devices failed */
extern bool incident_is_known(const char *comment, uint32_t run,
			      const char *node, devset_t devices);

/*
 * A node that a job is on no longer.
 * IN lost - it went away; otherwise the job was taken from it.
 * IN done - what was done, or incident_keep().
 * OUT, RET as above
 */
extern int incident_node(uint32_t run, const char *node, bool lost,
			 const char *when, const char *done, char *buf,
			 size_t size);

/*
 * The words that let a run have nodes again, for incident_node().
 * IN nodes - a list without blanks.
 * RET its length; -1 with errno ENOSPC
 */
extern int incident_keep(uint32_t run, const char *nodes, char *buf,
			 size_t size);

/*
 * The nodes that a run is to have, by the newest part that says so.
 * OUT length - of the list.
 * RET its start in the comment; NULL: none
 */
extern const char *incident_keeps(const char *comment, uint32_t run,
				  size_t *length);

/*
 * Add a part to a comment.
 * IN comment - NULL: empty.
 * RET the comment for free(); NULL with errno ENOMEM
 */
extern char *incident_add(const char *comment, const char *part);

/*
 * The options that job_submit/neuron wrote.
 * RET 0, empty when there are none; -1 with errno EINVAL
 */
extern int incident_options(const char *comment, options_t *options,
			    neuron_error_t *err);

#endif
