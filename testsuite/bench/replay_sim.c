/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_sim.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600.0
#define NONE UINT32_MAX
/* Requests that could not be placed in a pass are remembered, so many */
#define FAILURES_MAX 64
/* Weights of sizes are made anew after so many seconds, as by select/neuron */
#define WEIGH_INTERVAL 60.0
/* Of bounded slowdown, seconds */
#define SLOWDOWN_BOUND 600.0

typedef struct {
	double submit;
	double duration;
	double estimate;
	double start; /* negative: not yet */
	uint32_t nodes;
	uint32_t asked; /* devices of a node */
	uint32_t devices; /* and what the policy makes of it */
	share_t *shares;
	uint32_t next; /* in the queue */
} job_t;

/* A request that cannot be placed for the rest of a pass */
typedef struct {
	uint32_t nodes;
	uint32_t devices;
	shape_tier_t tier;
	bool beside; /* without what is promised to the head */
} failure_t;

typedef struct {
	const sim_options_t *options;
	const trace_t *trace;
	decider_t *decider;
	shape_t *own_shape; /* with weights by the queue */
	demand_weights_t weights;
	double weighed; /* when */
	uint32_t node_count;
	job_t *jobs;
	share_t *shares; /* of all jobs */
	share_t *chosen; /* of the decision at hand */
	double now;
	uint32_t arrived;
	uint32_t ended;
	uint32_t started;
	/* the queue: job 'count' is a sentinel before the head */
	uint32_t last;
	uint32_t waiting;
	/* running jobs by estimated end, and a heap by true end */
	uint32_t *running;
	uint32_t *heap;
	uint32_t running_count;
	devset_t *free;
	devset_t *free_efas;
	double *ends; /* estimated, of what runs on each device */
	/* at the time of the promise; and what may be used beside it */
	uint32_t head;
	double promise;
	devset_t *then;
	devset_t *then_efas;
	devset_t *beside;
	devset_t *beside_efas;
	bool *fits;
	failure_t failures[FAILURES_MAX];
	uint32_t failure_count;
	/* sums */
	double *waits;
	double multi, connected, best, device_time, aligned;
	double node_weight, crossings, leaves, leaves_at_level;
	double begin, end, busy_time, blocked_time, fragmented_time;
	double busy;
	bool fragmented;
} sim_t;

const char *const sim_class_names[SIM_CLASSES] = {"1",   "2",    "3-4",
						  "5-8", "9-16", "nodes"};

extern const char *sim_metric_name(int metric)
{
	static const char *const names[SIM_METRICS] = {
		[SIM_WAIT] = "mean wait h",
		[SIM_WAIT_95] = "95 % wait h",
		[SIM_SLOWDOWN] = "bounded slowdown",
		[SIM_CONNECTED] = "connected %",
		[SIM_BEST] = "best shape %",
		[SIM_ALIGNED] = "EFA aligned %",
		[SIM_CROSSINGS] = "avoidable crossings %",
		[SIM_LEAVES] = "leaves over bound %",
		[SIM_LEAVES_AT_LEVEL] = "leaves over bound at level %",
		[SIM_UTILISATION] = "utilisation %",
		[SIM_BLOCKED] = "head blocked %",
		[SIM_FRAGMENTED] = "blocked by shape %",
	};
	static char text[64];

	if (names[metric])
		return names[metric];
	if (metric >= SIM_MAX_CLASS)
		snprintf(text, sizeof(text), "longest wait h, %s",
			 sim_class_names[metric - SIM_MAX_CLASS]);
	else
		snprintf(text, sizeof(text), "mean wait h, %s",
			 sim_class_names[metric - SIM_WAIT_CLASS]);
	return text;
}

static int _class_of(const job_t *job)
{
	int class = 0;

	if (job->nodes > 1)
		return SIM_CLASSES - 1;
	while (class < SIM_CLASSES - 2 && job->asked > UINT32_C(1) << class)
		class ++;
	return class;
}

/*
 * The heap of running jobs: the first ends first
 */

static double _end_of(const sim_t *sim, uint32_t job)
{
	return sim->jobs[job].start + sim->jobs[job].duration;
}

static bool _ends_before(const sim_t *sim, uint32_t a, uint32_t b)
{
	double x = _end_of(sim, a), y = _end_of(sim, b);

	return x != y ? x < y : a < b;
}

static void _push(sim_t *sim, uint32_t job)
{
	uint32_t at = sim->running_count, above;

	for (; at; at = above) {
		above = (at - 1) / 2;
		if (!_ends_before(sim, job, sim->heap[above]))
			break;
		sim->heap[at] = sim->heap[above];
	}
	sim->heap[at] = job;
}

/* Take the first off; running_count is already what remains */
static uint32_t _pop(sim_t *sim)
{
	uint32_t first = sim->heap[0], count = sim->running_count;
	uint32_t job = sim->heap[count], at = 0, below;

	for (; (below = 2 * at + 1) < count; at = below) {
		if (below + 1 < count &&
		    _ends_before(sim, sim->heap[below + 1], sim->heap[below]))
			below++;
		if (!_ends_before(sim, sim->heap[below], job))
			break;
		sim->heap[at] = sim->heap[below];
	}
	sim->heap[at] = job;
	return first;
}

/* The list of running jobs in the order of their estimated ends */

static double _estimated_end(const sim_t *sim, uint32_t job)
{
	return sim->jobs[job].start + sim->jobs[job].estimate;
}

/* The first place in the list with an estimated end not below this */
static uint32_t _find_running(const sim_t *sim, double end)
{
	uint32_t low = 0, high = sim->running_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (_estimated_end(sim, sim->running[middle]) < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void _add_running(sim_t *sim, uint32_t job)
{
	uint32_t at = _find_running(sim, _estimated_end(sim, job));

	memmove(&sim->running[at + 1], &sim->running[at],
		(sim->running_count - at) * sizeof(*sim->running));
	sim->running[at] = job;
	_push(sim, job);
	sim->running_count++;
}

static uint32_t _remove_first_to_end(sim_t *sim)
{
	uint32_t job, at;

	sim->running_count--;
	job = _pop(sim);
	sim->running_count++;
	at = _find_running(sim, _estimated_end(sim, job));
	while (sim->running[at] != job)
		at++;
	sim->running_count--;
	memmove(&sim->running[at], &sim->running[at + 1],
		(sim->running_count - at) * sizeof(*sim->running));
	return job;
}

/*
 * Starting and ending
 */

static int _broken(const sim_t *sim, const char *what, uint32_t job,
		   neuron_error_t *err)
{
	return neuron_error_set(
		err, EINVAL, "policy %s, job %" PRIu32 " at %.0f s: %s",
		sim->options->policy->name, job, sim->now, what);
}

extern int sim_check_share(const sim_options_t *options, shape_tier_t tier,
			   uint32_t devices, const share_t *share,
			   devset_t free, devset_t free_efas,
			   neuron_error_t *err)
{
	const char *what = NULL;

	if (share->devices & ~free)
		what = "a device is given out twice";
	else if (share->efas & ~free_efas)
		what = "an EFA interface is given out twice";
	else if (devset_count(share->devices) != devices)
		what = "the set has another size than asked for";
	else if (!policy_set_is_legal(options->policy, options->shape, tier,
				      share->devices))
		what = "the set is not legal";
	else if (!policy_is_fungible(options->policy) &&
		 share->efas !=
			 profile_efas_of(options->profile, share->devices))
		what = "the EFA interfaces are not those of the set";
	if (!what)
		return 0;
	return neuron_error_set(err, EINVAL, "%s", what);
}

static void _rate_share(sim_t *sim, const job_t *job, const share_t *share)
{
	const shape_t *shape = sim->options->shape;
	unsigned int count = devset_count(share->devices);
	double time = job->duration * count;

	sim->device_time += time;
	if (share->efas ==
	    profile_efas_of(sim->options->profile, share->devices))
		sim->aligned += time;
	if (count < 2)
		return;
	sim->multi += time;
	if (shape_is_connected(shape, share->devices))
		sim->connected += time;
	if (shape_links(shape, share->devices) ==
	    shape_best_links(shape, count))
		sim->best += time;
}

static void _rate_nodes(sim_t *sim, const job_t *job)
{
	decision_rank_t rank;

	if (job->nodes < 2 ||
	    decider_rank(sim->decider, job->nodes, job->shares, &rank) < 0)
		return;
	sim->node_weight += job->nodes;
	if (rank.level > rank.least_level)
		sim->crossings += job->nodes;
	if (!rank.least_leaves)
		return;
	sim->leaves += job->nodes * (double) (rank.leaves - rank.least_leaves) /
		       rank.least_leaves;
	sim->leaves_at_level +=
		job->nodes *
		((double) rank.leaves - (double) rank.least_leaves_at_level) /
		rank.least_leaves_at_level;
}

/* The devices of a share come free at that time */
static void _set_ends(sim_t *sim, const share_t *share, double end)
{
	size_t first = (size_t) share->node *
		       profile_device_count(sim->options->profile);

	for (int i = devset_next(share->devices, -1); i >= 0;
	     i = devset_next(share->devices, i))
		sim->ends[first + (size_t) i] = end;
}

static void _use_beside(sim_t *sim, const share_t *share)
{
	sim->beside[share->node] &= ~share->devices;
	sim->beside_efas[share->node] &= ~share->efas;
}

/* Start a job on the shares that were chosen */
static int _start(sim_t *sim, uint32_t index, shape_tier_t tier,
		  neuron_error_t *err)
{
	job_t *job = &sim->jobs[index];
	neuron_error_t why;

	if (job->start >= 0)
		return _broken(sim, "it starts twice", index, err);
	memcpy(job->shares, sim->chosen, job->nodes * sizeof(*job->shares));
	for (uint32_t i = 0; i < job->nodes; i++) {
		share_t *share = &job->shares[i];

		if (sim_check_share(sim->options, tier, job->devices, share,
				    sim->free[share->node],
				    sim->free_efas[share->node], &why) < 0)
			return _broken(sim, why.text, index, err);
		sim->free[share->node] &= ~share->devices;
		sim->free_efas[share->node] &= ~share->efas;
		_set_ends(sim, share, sim->now + job->estimate);
		_use_beside(sim, share);
		_rate_share(sim, job, share);
	}
	_rate_nodes(sim, job);
	job->start = sim->now;
	sim->busy += job->nodes * job->asked;
	sim->started++;
	_add_running(sim, index);
	return 0;
}

static int _end_first(sim_t *sim, neuron_error_t *err)
{
	uint32_t index = _remove_first_to_end(sim);
	job_t *job = &sim->jobs[index];

	for (uint32_t i = 0; i < job->nodes; i++) {
		share_t *share = &job->shares[i];

		if ((sim->free[share->node] & share->devices) ||
		    (sim->free_efas[share->node] & share->efas))
			return _broken(sim, "what it ends with is free", index,
				       err);
		sim->free[share->node] |= share->devices;
		sim->free_efas[share->node] |= share->efas;
		_set_ends(sim, share, sim->now);
	}
	sim->busy -= job->nodes * job->asked;
	sim->ended++;
	return 0;
}

/*
 * The queue
 */

static uint32_t _sentinel(const sim_t *sim)
{
	return sim->trace->count;
}

static uint32_t _queue_head(const sim_t *sim)
{
	return sim->jobs[_sentinel(sim)].next;
}

static void _enqueue(sim_t *sim, uint32_t job)
{
	sim->jobs[job].next = NONE;
	sim->jobs[sim->last].next = job;
	sim->last = job;
	sim->waiting++;
}

/* IN before - the job in front of it */
static void _dequeue(sim_t *sim, uint32_t before)
{
	uint32_t job = sim->jobs[before].next;

	sim->jobs[before].next = sim->jobs[job].next;
	if (sim->last == job)
		sim->last = before;
	sim->waiting--;
}

static shape_tier_t _tier_of(const sim_t *sim, const job_t *job)
{
	return policy_tier(sim->options->policy, sim->now - job->submit,
			   sim->options->relax);
}

static int _decide(sim_t *sim, const job_t *job, const devset_t *free,
		   const devset_t *free_efas)
{
	/* What comes after the promise is not looked into */
	decider_set_times(sim->decider, free == sim->then ? NULL : sim->ends,
			  sim->now, sim->now + job->estimate);
	return decider_decide(sim->decider, sim->options->policy,
			      _tier_of(sim, job), job->nodes, job->devices,
			      free, free_efas, sim->chosen);
}

/*
 * The promise
 */

static uint32_t _update_fit(sim_t *sim, const job_t *job, uint32_t node)
{
	bool before = sim->fits[node];

	sim->fits[node] = decider_fits(sim->decider, sim->options->policy,
				       _tier_of(sim, job), job->devices,
				       sim->then[node], sim->then_efas[node]);
	return (uint32_t) sim->fits[node] - (uint32_t) before;
}

/* Of devices that cannot be told apart, those that are busy now come first */
static void _promise_busy_ones(sim_t *sim, const job_t *job)
{
	for (uint32_t i = 0; i < job->nodes; i++) {
		share_t *share = &sim->chosen[i];
		devset_t then = sim->then[share->node];
		devset_t busy = then & ~sim->free[share->node];
		devset_t set = devset_count(busy) > job->devices ? 0 : busy;
		devset_t from = set == busy ? then & ~busy : busy;

		for (int d = devset_next(from, -1);
		     d >= 0 && devset_count(set) < job->devices;
		     d = devset_next(from, d))
			set |= devset_of((unsigned int) d);
		share->devices = set;
		share->efas = 0;
	}
}

static void _hold_promise(sim_t *sim, const job_t *job)
{
	size_t size = sim->node_count * sizeof(devset_t);

	if (policy_is_fungible(sim->options->policy))
		_promise_busy_ones(sim, job);
	memcpy(sim->beside, sim->free, size);
	memcpy(sim->beside_efas, sim->free_efas, size);
	for (uint32_t i = 0; i < job->nodes; i++)
		_use_beside(sim, &sim->chosen[i]);
}

/* Let jobs end as estimated until the head can be placed */
static int _make_promise(sim_t *sim, uint32_t index, neuron_error_t *err)
{
	size_t size = sim->node_count * sizeof(devset_t);
	const job_t *job = &sim->jobs[index];
	uint32_t fitting = 0, i = 0;
	double promise;

	memcpy(sim->then, sim->free, size);
	memcpy(sim->then_efas, sim->free_efas, size);
	memset(sim->fits, 0, sim->node_count * sizeof(*sim->fits));
	for (uint32_t node = 0; node < sim->node_count; node++)
		fitting += _update_fit(sim, job, node);
	while (i < sim->running_count) {
		promise = _estimated_end(sim, sim->running[i]);
		for (; i < sim->running_count &&
		       _estimated_end(sim, sim->running[i]) == promise;
		     i++) {
			const job_t *other = &sim->jobs[sim->running[i]];

			for (uint32_t j = 0; j < other->nodes; j++) {
				const share_t *share = &other->shares[j];

				sim->then[share->node] |= share->devices;
				sim->then_efas[share->node] |= share->efas;
				fitting += _update_fit(sim, job, share->node);
			}
		}
		if (fitting < job->nodes ||
		    _decide(sim, job, sim->then, sim->then_efas) < 0)
			continue;
		if (sim->head == index && promise > sim->promise)
			return _broken(sim, "its promise moves back", index,
				       err);
		sim->head = index;
		sim->promise = promise;
		_hold_promise(sim, job);
		return 0;
	}
	return _broken(sim, "it can never run", index, err);
}

/*
 * A pass
 */

static bool _is_known_failure(const sim_t *sim, const job_t *job,
			      shape_tier_t tier, bool beside)
{
	for (uint32_t i = 0; i < sim->failure_count; i++) {
		const failure_t *failure = &sim->failures[i];

		if (failure->nodes == job->nodes &&
		    failure->devices == job->devices && failure->tier == tier &&
		    (beside || !failure->beside))
			return true;
	}
	return false;
}

static void _remember_failure(sim_t *sim, const job_t *job, shape_tier_t tier,
			      bool beside)
{
	if (sim->failure_count == FAILURES_MAX)
		return;
	sim->failures[sim->failure_count++] =
		(failure_t){job->nodes, job->devices, tier, beside};
}

/* RET 1 when it started, 0, -1 */
static int _backfill_one(sim_t *sim, uint32_t index, neuron_error_t *err)
{
	const job_t *job = &sim->jobs[index];
	bool beside = sim->now + job->estimate > sim->promise;
	shape_tier_t tier = _tier_of(sim, job);

	if (_is_known_failure(sim, job, tier, beside))
		return 0;
	if (_decide(sim, job, beside ? sim->beside : sim->free,
		    beside ? sim->beside_efas : sim->free_efas) < 0) {
		_remember_failure(sim, job, tier, beside);
		return 0;
	}
	return _start(sim, index, tier, err) < 0 ? -1 : 1;
}

static int _backfill(sim_t *sim, neuron_error_t *err)
{
	uint32_t before = _queue_head(sim);
	uint32_t left = sim->options->depth;

	sim->failure_count = 0;
	for (uint32_t job; left && (job = sim->jobs[before].next) != NONE;
	     left--) {
		int rc = _backfill_one(sim, job, err);

		if (rc < 0)
			return -1;
		if (rc)
			_dequeue(sim, before);
		else
			before = job;
	}
	return 0;
}

/* True when nodes enough have devices enough for the head */
static bool _devices_suffice(const sim_t *sim, const job_t *job)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < sim->node_count && count < job->nodes; i++)
		count += devset_count(sim->free[i]) >= job->asked;
	return count >= job->nodes;
}

/* What waits and runs says how much sizes weigh */
static void _weigh(sim_t *sim)
{
	uint32_t waiting = _queue_head(sim);
	demand_weights_t weights;
	demand_t demand = {0};

	if (!sim->own_shape || sim->now < sim->weighed + WEIGH_INTERVAL)
		return;
	sim->weighed = sim->now;
	for (; waiting != NONE; waiting = sim->jobs[waiting].next)
		demand_add(&demand, sim->jobs[waiting].devices,
			   sim->jobs[waiting].nodes);
	for (uint32_t i = 0; i < sim->running_count; i++)
		demand_add(&demand, sim->jobs[sim->running[i]].devices,
			   sim->jobs[sim->running[i]].nodes);
	demand_weigh(&demand, &weights);
	if (demand_weights_equal(&weights, &sim->weights))
		return;
	sim->weights = weights;
	shape_weigh(sim->own_shape, &weights);
	decider_forget(sim->decider);
}

static int _pass(sim_t *sim, neuron_error_t *err)
{
	uint32_t head;

	_weigh(sim);
	while ((head = _queue_head(sim)) != NONE) {
		const job_t *job = &sim->jobs[head];

		if (_decide(sim, job, sim->free, sim->free_efas) < 0)
			break;
		if (_start(sim, head, _tier_of(sim, job), err) < 0)
			return -1;
		_dequeue(sim, _sentinel(sim));
	}
	if (head == NONE)
		return 0;
	if (_make_promise(sim, head, err) < 0 || _backfill(sim, err) < 0)
		return -1;
	sim->fragmented = _devices_suffice(sim, &sim->jobs[head]);
	return 0;
}

/*
 * Time
 */

static void _advance(sim_t *sim, double to)
{
	double from = fmax(sim->now, sim->begin);
	double span = fmin(to, sim->end) - from;

	if (span > 0) {
		sim->busy_time += span * sim->busy;
		if (sim->waiting) {
			sim->blocked_time += span;
			sim->fragmented_time += sim->fragmented ? span : 0;
		}
	}
	sim->now = to;
}

static double _next_event(const sim_t *sim)
{
	double next = INFINITY;

	if (sim->arrived < sim->trace->count)
		next = sim->jobs[sim->arrived].submit;
	if (sim->running_count)
		next = fmin(next, _end_of(sim, sim->heap[0]));
	return next;
}

static int _run_all(sim_t *sim, neuron_error_t *err)
{
	double next;

	while (isfinite(next = _next_event(sim))) {
		_advance(sim, next);
		while (sim->running_count &&
		       _end_of(sim, sim->heap[0]) <= sim->now)
			if (_end_first(sim, err) < 0)
				return -1;
		while (sim->arrived < sim->trace->count &&
		       sim->jobs[sim->arrived].submit <= sim->now)
			_enqueue(sim, sim->arrived++);
		if (_pass(sim, err) < 0)
			return -1;
	}
	return 0;
}

static int _check_end(const sim_t *sim, neuron_error_t *err)
{
	devset_t all = profile_devices(sim->options->profile);
	devset_t efas = devset_run(0, profile_efa_count(sim->options->profile));

	if (sim->started != sim->trace->count ||
	    sim->ended != sim->trace->count || sim->waiting)
		return _broken(sim, "a job is lost", sim->started, err);
	for (uint32_t i = 0; i < sim->node_count; i++)
		if (sim->free[i] != all || sim->free_efas[i] != efas)
			return _broken(sim, "a device is lost", sim->started,
				       err);
	return 0;
}

/*
 * Metrics
 */

static int _compare(const void *a, const void *b)
{
	double x = *(const double *) a, y = *(const double *) b;

	return (x > y) - (x < y);
}

static void _measure_waits(sim_t *sim, double *metrics)
{
	uint32_t count = sim->trace->count, counts[SIM_CLASSES] = {0};
	double sum = 0, slowdown = 0;

	for (int i = 0; i < SIM_CLASSES; i++)
		metrics[SIM_WAIT_CLASS + i] = metrics[SIM_MAX_CLASS + i] = 0;
	for (uint32_t i = 0; i < count; i++) {
		const job_t *job = &sim->jobs[i];
		double wait = job->start - job->submit;
		int class = _class_of(job);
		double *longest = &metrics[SIM_MAX_CLASS + class];

		sim->waits[i] = wait;
		sum += wait;
		slowdown +=
			fmax(1, (wait + job->duration) /
					fmax(job->duration, SLOWDOWN_BOUND));
		counts[class]++;
		metrics[SIM_WAIT_CLASS + class] += wait / HOUR;
		*longest = fmax(*longest, wait / HOUR);
	}
	for (int i = 0; i < SIM_CLASSES; i++) {
		metrics[SIM_WAIT_CLASS + i] /= counts[i];
		if (!counts[i])
			metrics[SIM_MAX_CLASS + i] = NAN;
	}
	qsort(sim->waits, count, sizeof(*sim->waits), _compare);
	metrics[SIM_WAIT] = sum / count / HOUR;
	metrics[SIM_WAIT_95] =
		sim->waits[(uint32_t) (0.95 * (count - 1))] / HOUR;
	metrics[SIM_SLOWDOWN] = slowdown / count;
}

static void _measure(sim_t *sim, double *metrics)
{
	double span = sim->end - sim->begin;
	double devices = (double) sim->node_count *
			 profile_device_count(sim->options->profile);

	_measure_waits(sim, metrics);
	metrics[SIM_CONNECTED] = 100 * sim->connected / sim->multi;
	metrics[SIM_BEST] = 100 * sim->best / sim->multi;
	metrics[SIM_ALIGNED] = 100 * sim->aligned / sim->device_time;
	metrics[SIM_CROSSINGS] = 100 * sim->crossings / sim->node_weight;
	metrics[SIM_LEAVES] = 100 * sim->leaves / sim->node_weight;
	metrics[SIM_LEAVES_AT_LEVEL] =
		100 * sim->leaves_at_level / sim->node_weight;
	metrics[SIM_UTILISATION] = 100 * sim->busy_time / span / devices;
	metrics[SIM_BLOCKED] = 100 * sim->blocked_time / span;
	metrics[SIM_FRAGMENTED] =
		sim->blocked_time > 0
			? 100 * sim->fragmented_time / sim->blocked_time
			: NAN;
}

static int _allocate(sim_t *sim)
{
	size_t nodes = sim->node_count, jobs = sim->trace->count, shares = 0;

	for (size_t i = 0; i < jobs; i++)
		shares += sim->trace->jobs[i].nodes;
	if (sim->options->policy->by_queue &&
	    !(sim->own_shape = shape_create(sim->options->profile)))
		return -1;
	sim->decider = decider_create(sim->options->profile,
				      sim->own_shape ? sim->own_shape
						     : sim->options->shape,
				      sim->options->fabric);
	sim->jobs = calloc(jobs + 1, sizeof(*sim->jobs));
	sim->shares = calloc(shares + 1, sizeof(*sim->shares));
	sim->chosen = calloc(nodes, sizeof(*sim->chosen));
	sim->running = calloc(jobs + 1, sizeof(*sim->running));
	sim->heap = calloc(jobs + 1, sizeof(*sim->heap));
	sim->free = calloc(6 * nodes, sizeof(*sim->free));
	sim->fits = calloc(nodes, sizeof(*sim->fits));
	sim->waits = calloc(jobs, sizeof(*sim->waits));
	sim->ends = calloc(nodes * profile_device_count(sim->options->profile),
			   sizeof(*sim->ends));
	if (!sim->decider || !sim->jobs || !sim->shares || !sim->chosen ||
	    !sim->running || !sim->heap || !sim->free || !sim->fits ||
	    !sim->waits || !sim->ends)
		return -1;
	sim->free_efas = sim->free + nodes;
	sim->then = sim->free + 2 * nodes;
	sim->then_efas = sim->free + 3 * nodes;
	sim->beside = sim->free + 4 * nodes;
	sim->beside_efas = sim->free + 5 * nodes;
	return 0;
}

static void _release(sim_t *sim)
{
	decider_destroy(sim->decider);
	shape_destroy(sim->own_shape);
	free(sim->jobs);
	free(sim->shares);
	free(sim->chosen);
	free(sim->running);
	free(sim->heap);
	free(sim->free);
	free(sim->fits);
	free(sim->waits);
	free(sim->ends);
}

static void _set_up(sim_t *sim)
{
	const sim_options_t *options = sim->options;
	share_t *shares = sim->shares;

	for (uint32_t i = 0; i < sim->node_count; i++) {
		sim->free[i] = profile_devices(options->profile);
		sim->free_efas[i] =
			devset_run(0, profile_efa_count(options->profile));
	}
	for (uint32_t i = 0; i < sim->trace->count; i++) {
		const trace_job_t *from = &sim->trace->jobs[i];
		job_t *job = &sim->jobs[i];

		job->submit = from->submit;
		job->duration = from->duration;
		job->estimate = from->duration * options->estimate;
		job->start = -1;
		job->nodes = from->nodes;
		job->asked = from->devices;
		job->devices = policy_devices(options->policy, from->devices);
		job->shares = shares;
		shares += job->nodes;
	}
	sim->jobs[_sentinel(sim)].next = NONE;
	sim->last = _sentinel(sim);
	sim->head = NONE;
	sim->weighed = -INFINITY;
	sim->begin = trace_begin(sim->trace);
	sim->end = trace_end(sim->trace);
}

extern int sim_run(const sim_options_t *options, const trace_t *trace,
		   double *metrics, double *starts, neuron_error_t *err)
{
	sim_t *sim = calloc(1, sizeof(*sim));
	int rc = -1;

	if (!sim)
		return neuron_error_set(err, ENOMEM, "out of memory");
	sim->options = options;
	sim->trace = trace;
	sim->node_count = fabric_node_count(options->fabric);
	if (_allocate(sim) < 0) {
		neuron_error_set(err, ENOMEM, "out of memory");
	} else {
		_set_up(sim);
		rc = _run_all(sim, err);
		if (!rc)
			rc = _check_end(sim, err);
	}
	if (!rc)
		_measure(sim, metrics);
	for (uint32_t i = 0; !rc && starts && i < trace->count; i++)
		starts[i] = sim->jobs[i].start;
	_release(sim);
	free(sim);
	return rc;
}
