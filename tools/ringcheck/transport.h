/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transport: messages to and from the two neighbours in the ring.
 *
 * Each direction of each link keeps its order: the n-th receive from a side
 * gets the n-th message that this neighbour sent to us. The size of a receive
 * is that of its message. Buffers stay the transport's until the request has
 * been waited for. With one rank both neighbours are itself; what it sends to
 * the right comes from the left.
 */
#ifndef RINGCHECK_TRANSPORT_H
#define RINGCHECK_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"

/* Requests that may be open at a time */
#define TRANSPORT_REQUESTS_MAX 64

typedef enum { TRANSPORT_LEFT, TRANSPORT_RIGHT } transport_side_t;

typedef struct transport transport_t;

typedef struct {
	/* RET a request, 0 to TRANSPORT_REQUESTS_MAX - 1; -1 with a fault */
	int (*send)(transport_t *transport, transport_side_t to,
		    const void *buf, size_t size, fault_t *fault);
	int (*receive)(transport_t *transport, transport_side_t from, void *buf,
		       size_t size, fault_t *fault);
	/*
	 * Wait until a request is done and forget it. A send is done when its
	 * buffer is free, which says nothing about the receiver.
	 * OUT when - of clock_now(), when it was seen to be done; or NULL.
	 */
	int (*wait)(transport_t *transport, int request, uint64_t *when,
		    fault_t *fault);
	/* Some transports go on with what was sent only while they are called.
	 * Call it during other waits, with no request open. */
	void (*progress)(transport_t *transport);
	/* Announce a buffer that many messages will come from or go to */
	int (*attach)(transport_t *transport, void *buf, size_t size,
		      fault_t *fault);
	void (*destroy)(transport_t *transport);
} transport_ops_t;

/* The first member of every transport */
struct transport {
	const transport_ops_t *ops;
	uint32_t rank;
	uint32_t world;
};

/* Send to the right while receiving from the left, and wait for both. A size
 * of 0 on either side sends or receives nothing. RET 0; -1 with a fault */
extern int transport_shift(transport_t *transport, const void *out,
			   size_t out_size, void *in, size_t in_size,
			   fault_t *fault);
/* Accepts NULL */
extern void transport_destroy(transport_t *transport);

#endif
