/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel: messages over a connected TCP socket, without ever blocking.
 */
#ifndef RINGCHECK_CHANNEL_H
#define RINGCHECK_CHANNEL_H

#include "wire.h"

/* What may wait to be sent; a peer that reads nothing is given up then */
#define CHANNEL_OUT_MAX (4 * WIRE_FRAME_MAX)

typedef struct {
	int fd; /* -1: closed */
	size_t in_used;
	size_t out_used;
	uint8_t in[WIRE_FRAME_MAX];
	uint8_t out[CHANNEL_OUT_MAX];
} channel_t;

/* Take over a socket: no delay, no blocking, a dead host is noticed */
extern void channel_open(channel_t *channel, int fd);
extern void channel_close(channel_t *channel);

/* RET 0: sent or queued; -1: closed, or the queue is full */
extern int channel_send(channel_t *channel, const wire_message_t *message);
/* Send what is queued. RET 0; -1: closed */
extern int channel_flush(channel_t *channel);

/*
 * RET 1: a message; 0: none yet; -1: the connection is over, with errno
 *	EPROTO when what came is not of this protocol. Call until 0 or -1.
 */
extern int channel_receive(channel_t *channel, wire_message_t *message);

/* "192.0.2.1:4711", "[2001:db8::1]:4711", "?" */
extern void channel_peer(const channel_t *channel, char *buf, size_t size);

#endif
