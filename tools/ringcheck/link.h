/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link: how fast and how true is the link from each rank to its right
 * neighbour.
 */
#ifndef RINGCHECK_LINK_H
#define RINGCHECK_LINK_H

#include "pattern.h"
#include "transport.h"

/* Messages in flight */
#define LINK_WINDOW 16
#define LINK_ROUNDS_MAX 1000
/* Each message of a window is a piece of one pattern, so many elements on */
#define LINK_OFFSET 16

typedef struct {
	pattern_t pattern;
	uint64_t count; /* elements of a message */
	void *out; /* link_out_count() elements */
	void *in; /* link_in_count() elements */
	void *ack; /* 2 elements */
} link_buffers_t;

extern uint64_t link_out_count(uint64_t count);
extern uint64_t link_in_count(uint64_t count);

/*
 * Links of one colour share no rank, so that their latencies can be measured
 * at the same time. Rings of even length have two colours, of odd length
 * three; link i goes from rank i to rank i + 1.
 */
extern uint32_t link_colours(uint32_t world);
extern uint32_t link_colour(uint32_t world, uint32_t link);

/*
 * One way time to the right neighbour: the median of half round trips of one
 * element. All ranks call it with each colour.
 * IN rounds - 1 to LINK_ROUNDS_MAX.
 * OUT latency - nanoseconds; untouched when this rank's link has not colour.
 */
extern int link_latency(transport_t *transport, const link_buffers_t *buffers,
			uint32_t colour, uint32_t rounds, uint64_t *latency,
			fault_t *fault);

typedef enum {
	LINK_SENDS = 1, /* to the right */
	LINK_RECEIVES = 2, /* from the left */
} link_role_t;

/*
 * Stream windows of messages to the right, from the left, or both at once. The
 * time of a window ends when the receiver's answer to its last message is
 * here. One window more goes before, which is not timed.
 * IN roles - LINK_SENDS, LINK_RECEIVES or both.
 * OUT time - nanoseconds of windows windows; with LINK_SENDS.
 */
extern int link_stream(transport_t *transport, const link_buffers_t *buffers,
		       int roles, uint32_t windows, uint64_t *time,
		       fault_t *fault);

/* Fill out before link_stream(); check in behind it */
extern void link_fill(const link_buffers_t *buffers, uint32_t rank);
extern void link_check(const link_buffers_t *buffers, uint32_t left,
		       pattern_wrong_t *wrong);

#endif
