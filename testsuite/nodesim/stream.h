/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream: a connection that carries messages of Slurm, each after its length
 * in four bytes, without ever blocking.
 */
#ifndef NODESIM_STREAM_H
#define NODESIM_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Slurm's own limit is 1 GiB; nothing that slurmctld sends a node is near this
 */
#define STREAM_MESSAGE_MAX ((uint32_t) 64 << 20)

typedef struct stream stream_t;

typedef struct {
	/* A whole message came: bytes is of xmalloc(), the callee frees it */
	void (*message)(stream_t *stream, void *owner, char *bytes,
			uint32_t size);
	/* What stream_send() was given is on its way */
	void (*sent)(stream_t *stream, void *owner);
	/* The other side ended or broke it, or sent what is no message; the
	 * stream is gone after this. error: errno, 0 for a proper end */
	void (*closed)(void *owner, int error);
} stream_calls_t;

/*
 * IN fd - connected, or connect(2) is in progress; non-blocking. Closed with
 *	the stream.
 * RET NULL and errno: fd cannot be watched; it is closed
 */
extern stream_t *stream_new(int fd, const stream_calls_t *calls, void *owner);

/* The same with a new connection. IN address - IPv4. RET NULL and errno */
extern stream_t *stream_connect(const struct sockaddr_storage *address,
				const stream_calls_t *calls, void *owner);

extern int stream_fd(const stream_t *stream);

/*
 * Send a message; one at a time.
 * IN bytes - of xmalloc(), length included; freed by the stream.
 */
extern void stream_send(stream_t *stream, char *bytes, size_t size);

/* Without a call of closed() */
extern void stream_free(stream_t *stream);

#endif
