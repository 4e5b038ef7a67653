/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* No other test uses this round of the pattern */
#define ROUND UINT16_MAX

extern uint64_t link_out_count(uint64_t count)
{
	return count + LINK_WINDOW * LINK_OFFSET;
}

extern uint64_t link_in_count(uint64_t count)
{
	return count * LINK_WINDOW;
}

extern uint32_t link_colours(uint32_t world)
{
	if (world == 1)
		return 1;
	return (world % 2) ? 3 : 2;
}

extern uint32_t link_colour(uint32_t world, uint32_t link)
{
	if (world == 1)
		return 0;
	return ((world % 2) && (link == world - 1)) ? 2 : link % 2;
}

static int _compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *) one, b = *(const uint64_t *) other;

	return (a > b) - (a < b);
}

/* A message to one side, then one from there, or the other way round */
static int _bounce(transport_t *transport, const link_buffers_t *buffers,
		   transport_side_t side, bool first, fault_t *fault)
{
	const transport_ops_t *ops = transport->ops;
	uint8_t *ack = buffers->ack;
	int receive, send;

	receive = ops->receive(transport, side, ack, PATTERN_ELEMENT, fault);
	if ((receive < 0) ||
	    (!first && ops->wait(transport, receive, NULL, fault)))
		return -1;
	send = ops->send(transport, side, ack + PATTERN_ELEMENT,
			 PATTERN_ELEMENT, fault);
	if ((send < 0) || (first && ops->wait(transport, receive, NULL, fault)))
		return -1;
	return ops->wait(transport, send, NULL, fault);
}

static int _ping(transport_t *transport, const link_buffers_t *buffers,
		 uint32_t rounds, uint64_t *latency, fault_t *fault)
{
	uint64_t times[LINK_ROUNDS_MAX];
	uint8_t *ack = buffers->ack;
	bool alone = transport->world == 1;

	for (uint32_t i = 0; i < rounds; i++) {
		uint64_t start = clock_now();
		int rc =
			alone ? transport_shift(transport, ack, PATTERN_ELEMENT,
						ack + PATTERN_ELEMENT,
						PATTERN_ELEMENT, fault)
			      : _bounce(transport, buffers, TRANSPORT_RIGHT,
					true, fault);

		if (rc)
			return -1;
		times[i] = (clock_now() - start) / (alone ? 1 : 2);
	}
	qsort(times, rounds, sizeof(times[0]), _compare);
	*latency = times[rounds / 2];
	return 0;
}

extern int link_latency(transport_t *transport, const link_buffers_t *buffers,
			uint32_t colour, uint32_t rounds, uint64_t *latency,
			fault_t *fault)
{
	uint32_t world = transport->world, rank = transport->rank;

	if (link_colour(world, rank) == colour)
		return _ping(transport, buffers, rounds, latency, fault);
	if (link_colour(world, (rank + world - 1) % world) != colour)
		return 0;
	for (uint32_t i = 0; i < rounds; i++) {
		if (_bounce(transport, buffers, TRANSPORT_LEFT, false, fault))
			return -1;
	}
	return 0;
}

typedef struct {
	int in[LINK_WINDOW];
	int out[LINK_WINDOW];
	int ack_in;
	int ack_out;
} window_t;

static int _post_receives(transport_t *transport, const link_buffers_t *buffers,
			  int roles, window_t *window, fault_t *fault)
{
	size_t size = buffers->count * PATTERN_ELEMENT;

	for (int i = 0; (roles & LINK_RECEIVES) && (i < LINK_WINDOW); i++) {
		uint8_t *at = (uint8_t *) buffers->in + (size_t) i * size;

		window->in[i] = transport->ops->receive(
			transport, TRANSPORT_LEFT, at, size, fault);
		if (window->in[i] < 0)
			return -1;
	}
	if (!(roles & LINK_SENDS))
		return 0;
	window->ack_in =
		transport->ops->receive(transport, TRANSPORT_RIGHT,
					buffers->ack, PATTERN_ELEMENT, fault);
	return (window->ack_in < 0) ? -1 : 0;
}

static int _post_sends(transport_t *transport, const link_buffers_t *buffers,
		       window_t *window, fault_t *fault)
{
	size_t size = buffers->count * PATTERN_ELEMENT;

	for (int i = 0; i < LINK_WINDOW; i++) {
		const uint8_t *at = (const uint8_t *) buffers->out +
				    (size_t) i * LINK_OFFSET * PATTERN_ELEMENT;

		window->out[i] = transport->ops->send(
			transport, TRANSPORT_RIGHT, at, size, fault);
		if (window->out[i] < 0)
			return -1;
	}
	return 0;
}

static int _wait_all(transport_t *transport, const int *requests,
		     fault_t *fault)
{
	for (int i = 0; i < LINK_WINDOW; i++) {
		if (transport->ops->wait(transport, requests[i], NULL, fault))
			return -1;
	}
	return 0;
}

/* Take the window from the left, and say that it is here */
static int _take_window(transport_t *transport, const link_buffers_t *buffers,
			window_t *window, fault_t *fault)
{
	const uint8_t *ack = (const uint8_t *) buffers->ack + PATTERN_ELEMENT;

	if (_wait_all(transport, window->in, fault))
		return -1;
	window->ack_out = transport->ops->send(transport, TRANSPORT_LEFT, ack,
					       PATTERN_ELEMENT, fault);
	return (window->ack_out < 0) ? -1 : 0;
}

static int _window(transport_t *transport, const link_buffers_t *buffers,
		   int roles, uint64_t *time, fault_t *fault)
{
	uint64_t start = clock_now(), end = start;
	window_t window;

	if (_post_receives(transport, buffers, roles, &window, fault))
		return -1;
	if ((roles & LINK_SENDS) &&
	    _post_sends(transport, buffers, &window, fault))
		return -1;
	if ((roles & LINK_RECEIVES) &&
	    _take_window(transport, buffers, &window, fault))
		return -1;
	if ((roles & LINK_SENDS) &&
	    (transport->ops->wait(transport, window.ack_in, &end, fault) ||
	     _wait_all(transport, window.out, fault)))
		return -1;
	if ((roles & LINK_RECEIVES) &&
	    transport->ops->wait(transport, window.ack_out, NULL, fault))
		return -1;
	*time = end - start;
	return 0;
}

extern int link_stream(transport_t *transport, const link_buffers_t *buffers,
		       int roles, uint32_t windows, uint64_t *time,
		       fault_t *fault)
{
	uint64_t one, total = 0;

	for (uint32_t i = 0; i <= windows; i++) {
		if (_window(transport, buffers, roles, &one, fault))
			return -1;
		total += i ? one : 0;
	}
	if (roles & LINK_SENDS)
		*time = total;
	return 0;
}

extern void link_fill(const link_buffers_t *buffers, uint32_t rank)
{
	pattern_fill(&buffers->pattern, buffers->out, rank, ROUND, 0,
		     link_out_count(buffers->count));
	memset(buffers->in, 0xff,
	       link_in_count(buffers->count) * PATTERN_ELEMENT);
}

extern void link_check(const link_buffers_t *buffers, uint32_t left,
		       pattern_wrong_t *wrong)
{
	for (uint64_t i = 0; i < LINK_WINDOW; i++)
		pattern_check(&buffers->pattern,
			      (const uint8_t *) buffers->in +
				      i * buffers->count * PATTERN_ELEMENT,
			      left, ROUND, i * LINK_OFFSET, buffers->count,
			      wrong);
}
