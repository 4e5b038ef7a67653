/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_trace.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay_csv.h"
#include "replay_random.h"

/* Times in traces, seconds */
#define TIME_MAX 1e10
#define NODES_MAX 1000000
#define INVENTED_MIN 60.0
#define INVENTED_MAX 86400.0
#define INVENTED_NODES_MAX 64

static int _compare(const void *a, const void *b)
{
	const trace_job_t *x = a, *y = b;

	if (x->submit != y->submit)
		return x->submit < y->submit ? -1 : 1;
	if (x->duration != y->duration)
		return x->duration < y->duration ? -1 : 1;
	if (x->nodes != y->nodes)
		return x->nodes < y->nodes ? -1 : 1;
	return (x->devices > y->devices) - (x->devices < y->devices);
}

static void _sort(trace_t *trace)
{
	qsort(trace->jobs, trace->count, sizeof(*trace->jobs), _compare);
}

static int _create(trace_t *trace, uint32_t count)
{
	trace->jobs = calloc((size_t) count + 1, sizeof(*trace->jobs));
	trace->count = count;
	trace->left_out = 0;
	return trace->jobs ? 0 : neuron_error_set(NULL, ENOMEM, "no memory");
}

/* IN room - of the array; RET the new room; 0: out of memory */
static uint32_t _append(trace_t *trace, uint32_t room, const trace_job_t *job)
{
	trace_job_t *grown;

	if (trace->count == room) {
		room = room ? 2 * room : 4096;
		grown = realloc(trace->jobs, room * sizeof(*grown));
		if (!grown)
			return 0;
		trace->jobs = grown;
	}
	trace->jobs[trace->count++] = *job;
	return room;
}

/* Columns of either kind of trace */
typedef struct {
	int submit;
	int duration;
	int devices;
	int nodes; /* -1: all devices are in one number */
	int per_iteration; /* -1: duration is in seconds */
} _columns_t;

static int _find_columns(const csv_t *csv, const char *origin,
			 _columns_t *columns, neuron_error_t *err)
{
	columns->nodes = columns->per_iteration = -1;
	columns->submit = csv_column(csv, "submit_s");
	columns->duration = csv_column(csv, "duration_s");
	columns->devices = csv_column(csv, "devices");
	if (columns->submit >= 0 && columns->duration >= 0 &&
	    columns->devices >= 0)
		return 0;
	columns->submit = csv_column(csv, "arrival_time");
	columns->duration = csv_column(csv, "num_iteration");
	columns->per_iteration = csv_column(csv, "iteration_computing_time");
	columns->nodes = csv_column(csv, "gpu_workers");
	columns->devices = csv_column(csv, "gpu_per_worker");
	if (columns->submit >= 0 && columns->duration >= 0 &&
	    columns->per_iteration >= 0 && columns->nodes >= 0 &&
	    columns->devices >= 0)
		return 0;
	return neuron_error_set(
		err, EINVAL,
		"%s:%u: the columns must be submit_s, duration_s and devices; "
		"or arrival_time, num_iteration, iteration_computing_time, "
		"gpu_workers and gpu_per_worker",
		origin, csv_line(csv));
}

static void _fit(const trace_target_t *target, uint32_t devices,
		 trace_job_t *job)
{
	if (!job->nodes)
		job->nodes = (devices + target->devices - 1) / target->devices;
	job->devices = devices;
	if (target->whole_nodes || devices > target->devices)
		job->devices = target->devices;
}

static int _read_job(const csv_t *csv, const _columns_t *columns,
		     const trace_target_t *target, trace_job_t *job,
		     neuron_error_t *err)
{
	double each = 1;
	uint32_t devices;

	job->nodes = 0;
	if (csv_number(csv, columns->submit, 0, TIME_MAX, &job->submit, err) ||
	    csv_number(csv, columns->duration, 0, TIME_MAX, &job->duration,
		       err) ||
	    csv_integer(csv, columns->devices, 1, NODES_MAX, &devices, err))
		return -1;
	if (columns->nodes >= 0 &&
	    (csv_integer(csv, columns->nodes, 1, NODES_MAX, &job->nodes, err) ||
	     csv_number(csv, columns->per_iteration, 0, TIME_MAX, &each, err)))
		return -1;
	job->duration = fmax(1, job->duration * each);
	_fit(target, devices, job);
	return 0;
}

static int _read_jobs(csv_t *csv, const char *origin,
		      const trace_target_t *target, trace_t *trace,
		      neuron_error_t *err)
{
	_columns_t columns;
	trace_job_t job;
	uint32_t room = 0;
	int rc;

	if (_find_columns(csv, origin, &columns, err) < 0)
		return -1;
	while ((rc = csv_next(csv, err)) > 0) {
		if (_read_job(csv, &columns, target, &job, err) < 0)
			return -1;
		if (job.nodes > target->nodes) {
			trace->left_out++;
			continue;
		}
		if (trace->count == TRACE_JOBS_MAX)
			return neuron_error_set(
				err, EINVAL, "%s:%u: more than %d jobs", origin,
				csv_line(csv), TRACE_JOBS_MAX);
		if (!(room = _append(trace, room, &job)))
			return neuron_error_set(err, ENOMEM, "out of memory");
	}
	if (!rc && !trace->count)
		return neuron_error_set(err, EINVAL,
					"%s: there is no job that the machine "
					"could run",
					origin);
	return rc;
}

extern int trace_decode(char *text, const char *origin,
			const trace_target_t *target, trace_t *trace,
			neuron_error_t *err)
{
	csv_t *csv = csv_open(text, origin, err);
	int rc = -1;

	memset(trace, 0, sizeof(*trace));
	if (csv)
		rc = _read_jobs(csv, origin, target, trace, err);
	csv_close(csv);
	if (rc < 0)
		trace_free(trace);
	else
		_sort(trace);
	return rc;
}

extern int trace_read(const char *path, const trace_target_t *target,
		      trace_t *trace, neuron_error_t *err)
{
	char *text = csv_load(path, err);
	int rc = -1;

	if (text)
		rc = trace_decode(text, path, target, trace, err);
	free(text);
	return rc;
}

/* Each size gets half as many jobs as the one before */
static uint32_t _invent_nodes(random_t *random, uint32_t most)
{
	uint32_t nodes = 1;

	while (2 * nodes <= most && random_below(random, 2))
		nodes *= 2;
	return nodes;
}

extern int trace_invent(uint32_t jobs, const trace_target_t *target,
			uint64_t seed, trace_t *trace)
{
	uint32_t most = target->nodes > 2 ? target->nodes / 2 : 1;
	double spread = log(INVENTED_MAX / INVENTED_MIN), now = 0;
	random_t random = random_seed(seed);

	most = most < INVENTED_NODES_MAX ? most : INVENTED_NODES_MAX;
	if (_create(trace, jobs) < 0)
		return -1;
	for (uint32_t i = 0; i < jobs; i++) {
		trace_job_t *job = &trace->jobs[i];

		now += -log(1 - random_unit(&random));
		job->submit = now;
		job->duration = floor(INVENTED_MIN *
				      exp(spread * random_unit(&random)));
		job->nodes = _invent_nodes(&random, most);
		job->devices = target->devices;
	}
	return 0;
}

extern int trace_draw(const trace_t *from, uint32_t jobs, uint64_t seed,
		      trace_t *trace)
{
	random_t random = random_seed(seed);
	double now = 0;

	if (!from->count)
		return neuron_error_set(NULL, EINVAL, "no jobs");
	if (_create(trace, jobs) < 0)
		return -1;
	for (uint32_t i = 0; i < jobs; i++) {
		now += -log(1 - random_unit(&random));
		trace->jobs[i] = from->jobs[random_below(&random, from->count)];
		trace->jobs[i].submit = now;
	}
	return 0;
}

extern int trace_shake(const trace_t *from, double seconds, uint64_t seed,
		       trace_t *trace)
{
	random_t random = random_seed(seed);

	if (_create(trace, from->count) < 0)
		return -1;
	for (uint32_t i = 0; i < from->count; i++) {
		trace_job_t *job = &trace->jobs[i];

		*job = from->jobs[i];
		job->submit += seconds * (2 * random_unit(&random) - 1);
		job->submit = fmax(0, job->submit);
	}
	_sort(trace);
	return 0;
}

extern void trace_free(trace_t *trace)
{
	free(trace->jobs);
	memset(trace, 0, sizeof(*trace));
}

static uint32_t _first(const trace_t *trace)
{
	return (uint32_t) (TRACE_WARM_UP * trace->count);
}

extern double trace_begin(const trace_t *trace)
{
	return trace->jobs[_first(trace)].submit;
}

extern double trace_end(const trace_t *trace)
{
	return trace->jobs[trace->count - 1].submit;
}

extern double trace_load(const trace_t *trace, double capacity)
{
	double work = 0, span = trace_end(trace) - trace_begin(trace);

	for (uint32_t i = _first(trace); i < trace->count; i++) {
		const trace_job_t *job = &trace->jobs[i];

		work += job->duration * job->nodes * job->devices;
	}
	return span > 0 ? work / span / capacity : INFINITY;
}

extern void trace_scale(trace_t *trace, double capacity, double load)
{
	double factor = trace_load(trace, capacity) / load;

	if (!isfinite(factor))
		return;
	for (uint32_t i = 0; i < trace->count; i++)
		trace->jobs[i].submit *= factor;
}
