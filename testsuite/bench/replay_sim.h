/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_sim: a cluster that runs a trace under one policy, event by event.
 *
 * Jobs start in order of submission. When the first of the queue must wait
 * (the head), it gets a promise: the earliest time at which it can start when
 * running jobs end as estimated, and the devices it gets then. Jobs behind it
 * may start at once when they end before that time by their estimate, or leave
 * those devices alone (EASY backfill). Every pass makes the promise anew.
 *
 * The simulator keeps state and trusts no decision: a device or interface
 * given out twice, a set that is not legal in its tier, a promise that moves
 * back, and a job lost end the run with a sentence.
 */
#ifndef REPLAY_SIM_H
#define REPLAY_SIM_H

#include "replay_policy.h"
#include "replay_trace.h"

/* Classes of jobs: 1, 2, 3 to 4, 5 to 8, 9 to 16 devices, several nodes */
#define SIM_CLASSES 6

extern const char *const sim_class_names[SIM_CLASSES];

typedef enum {
	SIM_WAIT, /* mean, hours */
	SIM_WAIT_95, /* quantile, hours */
	SIM_WAIT_CLASS, /* mean of each class, hours; SIM_CLASSES entries */
	SIM_MAX_CLASS = SIM_WAIT_CLASS + SIM_CLASSES, /* longest, hours */
	SIM_SLOWDOWN = SIM_MAX_CLASS + SIM_CLASSES,
	/* shares of the device time of sets of several devices, percent */
	SIM_CONNECTED,
	SIM_BEST,
	SIM_ALIGNED, /* of device time; EFA interfaces are those of the set */
	/* jobs of several nodes, each weighted by its nodes, percent */
	SIM_CROSSINGS, /* with a higher common level than possible */
	SIM_LEAVES, /* leaf switches above the least possible */
	SIM_LEAVES_AT_LEVEL, /* above the least possible at the least level */
	/* between the first submission that is measured and the last */
	SIM_UTILISATION, /* devices that jobs asked for, percent */
	SIM_BLOCKED, /* time with a waiting head, percent */
	SIM_FRAGMENTED, /* of that time, with devices enough for it, percent */
	SIM_METRICS
} sim_metric_t;

/* In a form fit for a table: "mean wait h" */
extern const char *sim_metric_name(int metric);

typedef struct {
	const profile_t *profile;
	const shape_t *shape;
	const fabric_t *fabric;
	const policy_t *policy;
	double relax; /* seconds of waiting for a wider tier */
	double estimate; /* estimated over true duration, at least 1 */
	uint32_t depth; /* jobs behind the head that are looked at */
} sim_options_t;

/*
 * Run a trace.
 * OUT metrics - SIM_METRICS numbers; NAN where no job was of that kind.
 * OUT starts - when each job of the trace starts; or NULL.
 * RET 0; -1 with errno EINVAL (a rule above was broken; a job that can never
 *	run) or ENOMEM.
 */
extern int sim_run(const sim_options_t *options, const trace_t *trace,
		   double *metrics, double *starts, neuron_error_t *err);

/*
 * Check what a job is about to get against what is free.
 * RET 0; -1 with errno EINVAL and a sentence.
 */
extern int sim_check_share(const sim_options_t *options, shape_tier_t tier,
			   uint32_t devices, const share_t *share,
			   devset_t free, devset_t free_efas,
			   neuron_error_t *err);

#endif
