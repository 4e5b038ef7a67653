/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "collective.h"
#include "link.h"

#define LINK_SIZE_MAX ((uint64_t) 1 << 20)
#define ROUNDS_PER_ITERATION 20
#define ROUNDS_MIN 50

struct run {
	transport_t *transport;
	const options_t *options;
	run_barrier_t barrier;
	void *arg;
	wire_result_t *result;
	fault_t *fault;
	pattern_t pattern;
	uint64_t count; /* elements of data */
	void *data;
	void *scratch; /* a chunk of data */
	void *sync; /* an element for each rank, and one more */
	link_buffers_t link;
};

extern uint64_t run_link_size(const options_t *options)
{
	return (options->size < LINK_SIZE_MAX) ? options->size : LINK_SIZE_MAX;
}

extern uint64_t run_link_bytes(const options_t *options)
{
	return run_link_size(options) * LINK_WINDOW * options->iterations;
}

static void *_buffer(run_t *run, uint64_t elements)
{
	size_t size = elements * PATTERN_ELEMENT;
	void *buf = aligned_alloc(64, (size + 63) / 64 * 64);

	if (!buf) {
		fault_set(run->fault, RINGCHECK_USAGE,
			  "out of memory; give a smaller --size");
		return NULL;
	}
	memset(buf, 0, size);
	if (!run->transport->ops->attach(run->transport, buf, size, run->fault))
		return buf;
	free(buf);
	return NULL;
}

static int _allocate(run_t *run)
{
	uint32_t world = run->transport->world;
	link_buffers_t *link = &run->link;

	link->count = run_link_size(run->options) / PATTERN_ELEMENT;
	return ((run->data = _buffer(run, run->count)) &&
		(run->scratch = _buffer(
			 run, collective_chunk_max(run->count, world))) &&
		(run->sync = _buffer(run, (uint64_t) world + 1)) &&
		(link->out = _buffer(run, link_out_count(link->count))) &&
		(link->in = _buffer(run, link_in_count(link->count))) &&
		(link->ack = _buffer(run, 2)))
		       ? 0
		       : -1;
}

extern void run_destroy(run_t *run)
{
	if (!run)
		return;
	free(run->data);
	free(run->scratch);
	free(run->sync);
	free(run->link.out);
	free(run->link.in);
	free(run->link.ack);
	free(run);
}

extern run_t *run_create(transport_t *transport, const options_t *options,
			 fault_t *fault)
{
	run_t *run = calloc(1, sizeof(*run));

	if (!run) {
		fault_set(fault, RINGCHECK_USAGE, "out of memory");
		return NULL;
	}
	run->transport = transport;
	run->options = options;
	run->fault = fault;
	run->count = options->size / PATTERN_ELEMENT;
	pattern_init(&run->pattern, options->type, transport->world);
	run->link.pattern = run->pattern;
	if (!_allocate(run))
		return run;
	run_destroy(run);
	return NULL;
}

static void _note_wrong(run_t *run, const char *what, uint32_t round,
			const pattern_wrong_t *wrong)
{
	wire_result_t *result = run->result;

	if (!wrong->count || result->first_wrong[0])
		return;
	snprintf(result->first_wrong, sizeof(result->first_wrong),
		 "%s: element %llu is %.9g, not %.9g, in iteration %u", what,
		 (unsigned long long) wrong->index, wrong->got, wrong->wanted,
		 round);
}

/* Over the links that are to be measured: ranks start within their latency */
static int _synchronise(run_t *run)
{
	uint32_t world = run->transport->world;
	uint8_t *last = (uint8_t *) run->sync + world * PATTERN_ELEMENT;

	return collective_all_reduce(run->transport, &run->pattern, run->sync,
				     world, last, run->fault);
}

static int _reduce_once(run_t *run, uint32_t round)
{
	pattern_wrong_t wrong = {.count = 0};
	uint64_t start;

	pattern_fill(&run->pattern, run->data, run->transport->rank, round, 0,
		     run->count);
	if (_synchronise(run))
		return -1;
	start = clock_now();
	if (collective_all_reduce(run->transport, &run->pattern, run->data,
				  run->count, run->scratch, run->fault))
		return -1;
	run->result->reduce_time += round ? clock_now() - start : 0;
	pattern_check_sums(&run->pattern, run->data, round, run->count, &wrong);
	run->result->reduce_wrong += wrong.count;
	_note_wrong(run, "all-reduce", round, &wrong);
	return 0;
}

static uint64_t _first(const run_t *run, uint32_t rank)
{
	return collective_chunk_first(run->count, run->transport->world, rank);
}

static uint64_t _count(const run_t *run, uint32_t rank)
{
	return collective_chunk_count(run->count, run->transport->world, rank);
}

static void *_at(const run_t *run, uint32_t rank)
{
	return (uint8_t *) run->data + _first(run, rank) * PATTERN_ELEMENT;
}

static int _gather_once(run_t *run, uint32_t round)
{
	uint32_t rank = run->transport->rank;
	pattern_wrong_t wrong = {.count = 0};
	uint64_t start;

	memset(run->data, 0xff, run->count * PATTERN_ELEMENT);
	pattern_fill(&run->pattern, _at(run, rank), rank, round,
		     _first(run, rank), _count(run, rank));
	if (_synchronise(run))
		return -1;
	start = clock_now();
	if (collective_all_gather(run->transport, run->data, run->count, 0,
				  run->fault))
		return -1;
	run->result->gather_time += round ? clock_now() - start : 0;
	for (uint32_t i = 0; i < run->transport->world; i++)
		pattern_check(&run->pattern, _at(run, i), i, round,
			      _first(run, i), _count(run, i), &wrong);
	run->result->gather_wrong += wrong.count;
	_note_wrong(run, "all-gather", round, &wrong);
	return 0;
}

/* Round 0 opens connections and is not timed */
static int _collectives(run_t *run)
{
	if (run->barrier(run->arg, "the all-reduce", run->fault))
		return -1;
	for (uint32_t i = 0; i <= run->options->iterations; i++) {
		if (_reduce_once(run, i))
			return -1;
	}
	if (run->barrier(run->arg, "the all-gather", run->fault))
		return -1;
	for (uint32_t i = 0; i <= run->options->iterations; i++) {
		if (_gather_once(run, i))
			return -1;
	}
	return 0;
}

static int _latency(run_t *run)
{
	uint32_t rounds = run->options->iterations * ROUNDS_PER_ITERATION;

	if (rounds < ROUNDS_MIN)
		rounds = ROUNDS_MIN;
	if (rounds > LINK_ROUNDS_MAX)
		rounds = LINK_ROUNDS_MAX;
	for (uint32_t i = 0; i < link_colours(run->transport->world); i++) {
		if (run->barrier(run->arg, "the latency test", run->fault) ||
		    link_latency(run->transport, &run->link, i, rounds,
				 &run->result->latency, run->fault))
			return -1;
	}
	return 0;
}

static uint32_t _left(const run_t *run)
{
	uint32_t world = run->transport->world;

	return (run->transport->rank + world - 1) % world;
}

static int _bandwidth(run_t *run)
{
	pattern_wrong_t wrong = {.count = 0};

	link_fill(&run->link, run->transport->rank);
	if (run->barrier(run->arg, "the bandwidth test", run->fault) ||
	    _synchronise(run) ||
	    link_stream(run->transport, &run->link, LINK_SENDS | LINK_RECEIVES,
			run->options->iterations, &run->result->link_time,
			run->fault))
		return -1;
	link_check(&run->link, _left(run), &wrong);
	run->result->link_wrong = wrong.count;
	_note_wrong(run, "link from the left", 0, &wrong);
	return 0;
}

static int _each_link(run_t *run)
{
	uint32_t rank = run->transport->rank, left = _left(run);

	for (uint32_t i = 0; i < run->transport->world; i++) {
		int roles = ((rank == i) ? LINK_SENDS : 0) |
			    ((left == i) ? LINK_RECEIVES : 0);

		if (run->barrier(run->arg, "the test of each link", run->fault))
			return -1;
		if (roles && link_stream(run->transport, &run->link, roles,
					 run->options->iterations,
					 &run->result->alone_time, run->fault))
			return -1;
	}
	return 0;
}

extern int run_tests(run_t *run, run_barrier_t barrier, void *arg,
		     wire_result_t *result, fault_t *fault)
{
	run->barrier = barrier;
	run->arg = arg;
	run->result = result;
	run->fault = fault;
	*result = (wire_result_t){.reduce_time = 0};
	if (_collectives(run) || _latency(run) || _bandwidth(run))
		return -1;
	return run->options->each_link ? _each_link(run) : 0;
}
