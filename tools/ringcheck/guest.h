/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest: the side of every rank but 0 of the meeting (meeting.h) */
#ifndef RINGCHECK_GUEST_H
#define RINGCHECK_GUEST_H

#include "channel.h"

typedef struct {
	channel_t channel;
	bool told; /* a fault or the verdict came from rank 0 */
} guest_t;

/*
 * The numeric address of this host on the way to the root.
 * RET 0; -1 with a fault RINGCHECK_USAGE.
 */
extern int guest_address(const member_root_t *root, char *buf, size_t size,
			 fault_t *fault);

/*
 * Connect, again and again until deadline, and say hello.
 * RET 0; -1 with a fault RINGCHECK_LOST or RINGCHECK_USAGE.
 */
extern int guest_connect(guest_t *guest, const member_root_t *root,
			 const wire_hello_t *hello, uint64_t deadline,
			 fault_t *fault);
extern void guest_close(guest_t *guest);

/*
 * Wait for a message of a type until deadline; answers probes meanwhile.
 * IN steps - what to answer them.
 * OUT message - may be NULL.
 * RET 1: it came; 0: not by deadline; -1: rank 0 is gone (RINGCHECK_LOST) or
 *	told a fault (told is set then).
 */
extern int guest_wait(guest_t *guest, wire_type_t type, uint64_t deadline,
		      uint64_t steps, wire_message_t *message, fault_t *fault);

/* RET 0; -1 with a fault */
extern int guest_tell(guest_t *guest, const wire_message_t *message,
		      fault_t *fault);

#endif
