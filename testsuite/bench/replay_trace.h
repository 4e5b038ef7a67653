/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_trace: jobs that came to a real cluster, or that are made up.
 */
#ifndef REPLAY_TRACE_H
#define REPLAY_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

#define TRACE_JOBS_MAX 10000000
/* Share of the jobs that come before anything is measured */
#define TRACE_WARM_UP 0.05

typedef struct {
	double submit; /* seconds */
	double duration; /* seconds, at least 1 */
	uint32_t nodes;
	uint32_t devices; /* of each node, from 1 to what a node has */
} trace_job_t;

typedef struct {
	trace_job_t *jobs; /* in order of submit */
	uint32_t count;
	uint32_t left_out; /* jobs larger than the machine */
} trace_t;

/* The machine that the jobs are for */
typedef struct {
	uint32_t nodes;
	uint32_t devices; /* of a node */
	bool whole_nodes; /* jobs take all devices of their nodes */
} trace_target_t;

/*
 * Read a trace from a text, which is changed. Its columns tell what it is:
 *
 *	submit_s, duration_s, devices	devices of all nodes; above those of
 *					one node they are whole nodes
 *	arrival_time, num_iteration, iteration_computing_time, gpu_workers,
 *	gpu_per_worker			workers are nodes
 *
 * RET 0, a trace for trace_free(); -1 with errno EINVAL or ENOMEM and a
 *	sentence that names file, line and value.
 */
extern int trace_decode(char *text, const char *origin,
			const trace_target_t *target, trace_t *trace,
			neuron_error_t *err);
/* The same from a file. RET -1 also with errno ENOENT or EIO. */
extern int trace_read(const char *path, const trace_target_t *target,
		      trace_t *trace, neuron_error_t *err);
/*
 * Make a trace up: jobs of 1, 2, 4, ... whole nodes up to 64 or half of the
 * machine, of which each size asks for half as many jobs as the one before;
 * they last from a minute to a day, and come at random.
 * RET 0; -1 with errno ENOMEM.
 */
extern int trace_invent(uint32_t jobs, const trace_target_t *target,
			uint64_t seed, trace_t *trace);
/*
 * Draw jobs from a trace with replacement; they come at random.
 * RET 0; -1 with errno EINVAL (the trace is empty) or ENOMEM.
 */
extern int trace_draw(const trace_t *from, uint32_t jobs, uint64_t seed,
		      trace_t *trace);
/*
 * Copy a trace with every submission moved by up to so many seconds.
 * RET 0; -1 with errno ENOMEM.
 */
extern int trace_shake(const trace_t *from, double seconds, uint64_t seed,
		       trace_t *trace);
extern void trace_free(trace_t *trace);

/* From when on is measured, and the end of that: the last submission */
extern double trace_begin(const trace_t *trace);
extern double trace_end(const trace_t *trace);

/*
 * The work that jobs after trace_begin() bring, over what so many devices
 * can do until trace_end().
 */
extern double trace_load(const trace_t *trace, double capacity);
/* Stretch the times of submission until trace_load() is so much */
extern void trace_scale(trace_t *trace, double capacity, double load);

#endif
