/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire: the messages between rank 0 and the other ranks, as bytes.
 *
 * A frame is a header of 12 bytes (magic, version, type, length of the body)
 * and a body of at most WIRE_BODY_MAX bytes; numbers in network order. Nothing
 * that comes from a connection is believed: a header that is not ours, a body
 * that is longer or shorter than its type has, a text with a control
 * character or without its end are refused.
 */
#ifndef RINGCHECK_WIRE_H
#define RINGCHECK_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "member.h"

#define WIRE_HEADER 12
#define WIRE_BODY_MAX 1536
#define WIRE_FRAME_MAX (WIRE_HEADER + WIRE_BODY_MAX)
#define WIRE_ADDRESS_MAX 256
#define WIRE_PLAN_MAX 128

typedef enum {
	WIRE_HELLO = 1, /* to rank 0: who I am */
	WIRE_NEIGHBOURS, /* from rank 0: all are there, these are yours */
	WIRE_READY, /* to rank 0: I have done what was before this phase */
	WIRE_GO, /* from rank 0: all are ready for it */
	WIRE_RESULT, /* to rank 0: what I measured */
	WIRE_FAULT, /* to rank 0: I cannot go on; from it: nobody can */
	WIRE_PROBE, /* from rank 0: where are you? */
	WIRE_STATE, /* to rank 0: here */
	WIRE_VERDICT, /* from rank 0: end with this exit code */
} wire_type_t;

/* An address of libfabric, opaque */
typedef struct {
	uint8_t bytes[WIRE_ADDRESS_MAX];
	uint16_t length;
} wire_address_t;

typedef struct {
	char job[MEMBER_JOB_MAX]; /* must be that of rank 0 */
	char plan[WIRE_PLAN_MAX]; /* options, must be those of rank 0 */
	uint32_t rank;
	uint32_t world;
	uint32_t local_rank;
	uint64_t devices;
	char node[MEMBER_NAME_MAX];
	char provider[MEMBER_NAME_MAX];
	char interface[MEMBER_NAME_MAX]; /* domain of libfabric */
	wire_address_t address;
	fault_t fault; /* why this rank cannot take part */
} wire_hello_t;

typedef struct {
	wire_address_t left;
	wire_address_t right;
} wire_neighbours_t;

/* Nanoseconds, and how many elements were wrong */
typedef struct {
	uint64_t reduce_time; /* of all iterations */
	uint64_t gather_time;
	uint64_t reduce_wrong;
	uint64_t gather_wrong;
	/* of the link to the right neighbour: one way, best; and of all data */
	uint64_t latency;
	uint64_t link_time;
	uint64_t alone_time; /* with no other link in use; 0: not measured */
	/* of the link from the left neighbour: bytes that came changed */
	uint64_t link_wrong;
	char first_wrong[WIRE_PLAN_MAX]; /* for people; "": none */
} wire_result_t;

/* WIRE_READY, WIRE_GO, WIRE_STATE */
typedef struct {
	uint32_t phase;
	uint64_t steps; /* messages done; WIRE_STATE only */
} wire_phase_t;

typedef struct {
	wire_type_t type;
	union {
		wire_hello_t hello;
		wire_neighbours_t neighbours;
		wire_result_t result;
		wire_phase_t phase;
		fault_t fault; /* WIRE_FAULT, WIRE_VERDICT */
	};
} wire_message_t;

/* RET number of bytes; 0: a text does not end, or an address is too long */
extern size_t wire_encode(const wire_message_t *message,
			  uint8_t frame[WIRE_FRAME_MAX]);

/*
 * Take one message from the start of a buffer.
 * OUT message - untouched unless one is complete.
 * RET bytes that it took; 0: not complete yet; -1: not of this protocol.
 */
extern int wire_decode(const uint8_t *bytes, size_t size,
		       wire_message_t *message);

#endif
