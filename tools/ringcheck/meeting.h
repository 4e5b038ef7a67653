/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meeting: rank 0's side of the meeting at NEURON_RT_ROOT_COMM_ID.
 *
 * Anybody can connect to a port. A connection has no rank until it has sent a
 * whole and well-formed hello of this job and world size within
 * MEETING_PATIENCE_S; else it is closed and counted. No more connections are
 * kept than there are ranks, and MEETING_STRANGERS_MAX; the longest silent
 * goes first. One epoll instance, one thread, for any number of peers.
 */
#ifndef RINGCHECK_MEETING_H
#define RINGCHECK_MEETING_H

#include "channel.h"

#define MEETING_PATIENCE_S 10
#define MEETING_STRANGERS_MAX 512

typedef struct meeting meeting_t;

/* What is known about a rank */
typedef struct {
	bool came;
	bool lost; /* its connection is over */
	bool delivered; /* result is there */
	bool answered; /* since meeting_probe() */
	uint32_t phase; /* the highest that it was ready for */
	uint64_t steps; /* messages done, of its last answer */
	wire_hello_t hello;
	wire_result_t result;
} meeting_seat_t;

/*
 * Listen.
 * IN own - hello of rank 0; its job and world are what others must have.
 * RET a meeting for meeting_destroy(); NULL with a fault.
 */
extern meeting_t *meeting_create(const member_root_t *root,
				 const wire_hello_t *own, fault_t *fault);
/* Accepts NULL */
extern void meeting_destroy(meeting_t *meeting);

/* Once it is known what rank 0 can say of itself */
extern void meeting_set_own(meeting_t *meeting, const wire_hello_t *own);
extern void meeting_set_own_result(meeting_t *meeting,
				   const wire_result_t *result);

/* The numeric address that rank 0 listens on */
extern int meeting_address(const meeting_t *meeting, char *buf, size_t size);
extern uint16_t meeting_port(const meeting_t *meeting);

/*
 * Serve connections for a while.
 * IN timeout - milliseconds; 0: only what is there already.
 * RET 0; -1: a rank was lost, reported a fault or came twice.
 */
extern int meeting_step(meeting_t *meeting, int timeout, fault_t *fault);

/* Ranks that came, were ready for a phase, delivered, answered */
extern uint32_t meeting_came(const meeting_t *meeting);
extern uint32_t meeting_ready(const meeting_t *meeting, uint32_t phase);
extern uint32_t meeting_delivered(const meeting_t *meeting);
/* NULL: no such rank */
extern const meeting_seat_t *meeting_seat(const meeting_t *meeting,
					  uint32_t rank);
/* Connections that were closed because they were none of ours; why the last
 * one was, "" without any */
extern uint32_t meeting_strangers(const meeting_t *meeting);
extern const char *meeting_last_stranger(const meeting_t *meeting);

extern void meeting_tell(meeting_t *meeting, uint32_t rank,
			 const wire_message_t *message);
extern void meeting_tell_all(meeting_t *meeting, const wire_message_t *message);
/* Ask everybody where they are; see answered */
extern void meeting_probe(meeting_t *meeting);
/* From now on ranks may leave. Send what is queued, until deadline. */
extern void meeting_close(meeting_t *meeting, uint64_t deadline);

#endif
