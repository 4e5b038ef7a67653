/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "stream.h"

#include "src/common/xmalloc.h"

/* Of messages that have come in part, in all; what is more waits in the
 * sockets. One about a job on thousands of nodes is near 1 MiB, and comes to
 * all of them */
#define HELD_MAX ((size_t) 64 << 20)

struct stream {
	loop_source_t source; /* must be the first */
	stream_t *next; /* that waits for memory */
	bool waits;
	const stream_calls_t *calls;
	void *owner;
	uint32_t head; /* the length, as it comes */
	uint32_t size; /* of in, 0: not known yet */
	size_t have; /* of head or in */
	char *in;
	char *out;
	size_t out_size;
	size_t out_sent;
};

static struct {
	size_t held;
	stream_t *first; /* of those that wait */
	stream_t **last;
} memory = {.last = &memory.first};

static void _ready(loop_source_t *source, uint32_t events);

extern stream_t *stream_new(int fd, const stream_calls_t *calls, void *owner)
{
	stream_t *stream = xmalloc(sizeof(*stream));
	int error;

	stream->source.fd = fd;
	stream->source.ready = _ready;
	stream->calls = calls;
	stream->owner = owner;
	if (!loop_add(&stream->source, EPOLLIN))
		return stream;
	error = errno;
	close(fd);
	xfree(stream);
	errno = error;
	return NULL;
}

extern stream_t *stream_connect(const struct sockaddr_storage *address,
				const stream_calls_t *calls, void *owner)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return NULL;
	if (connect(fd, (const struct sockaddr *) address,
		    sizeof(struct sockaddr_in)) &&
	    (errno != EINPROGRESS)) {
		int err = errno;

		close(fd);
		errno = err;
		return NULL;
	}
	return stream_new(fd, calls, owner);
}

extern int stream_fd(const stream_t *stream)
{
	return stream->source.fd;
}

/* ------------------------------------------------------------------ */
/* Memory of messages that come */

/* RET false: out of memory */
static bool _allot(stream_t *stream)
{
	stream->in = try_xmalloc(stream->size);
	if (!stream->in)
		return false;
	memory.held += stream->size;
	return true;
}

static bool _is_too_much(size_t size)
{
	return memory.held && (memory.held + size > HELD_MAX);
}

/* Until others have come as a whole */
static void _wait(stream_t *stream)
{
	stream->waits = true;
	stream->next = NULL;
	*memory.last = stream;
	memory.last = &stream->next;
	loop_change(&stream->source, 0);
}

static void _leave_queue(stream_t *stream)
{
	stream_t **place = &memory.first;

	while (*place != stream)
		place = &(*place)->next;
	*place = stream->next;
	if (!*place)
		memory.last = place;
	stream->waits = false;
}

/* A message has come as a whole, or never will: the next ones may. One without
 * memory reads no more; its caller gives up */
static void _release(const stream_t *stream)
{
	if (stream->in)
		memory.held -= stream->size;
	while (memory.first && !_is_too_much(memory.first->size)) {
		stream_t *next = memory.first;

		_leave_queue(next);
		if (_allot(next))
			loop_change(&next->source, EPOLLIN);
	}
}

extern void stream_free(stream_t *stream)
{
	if (stream->waits)
		_leave_queue(stream);
	_release(stream);
	loop_remove(&stream->source);
	close(stream->source.fd);
	xfree(stream->in);
	xfree(stream->out);
	xfree(stream);
}

static void _end(stream_t *stream, int error)
{
	const stream_calls_t *calls = stream->calls;
	void *owner = stream->owner;

	stream_free(stream);
	calls->closed(owner, error);
}

static bool _would_block(int error)
{
	return (error == EAGAIN) || (error == EWOULDBLOCK) || (error == EINTR);
}

/* RET false: no message, or no memory */
static bool _take_head(stream_t *stream)
{
	stream->size = ntohl(stream->head);
	stream->have = 0;
	if (!stream->size || (stream->size > STREAM_MESSAGE_MAX))
		return false;
	if (!_is_too_much(stream->size))
		return _allot(stream);
	_wait(stream);
	return true;
}

static void _hand_over(stream_t *stream)
{
	char *bytes = stream->in;
	uint32_t size = stream->size;

	_release(stream);
	stream->in = NULL;
	stream->size = 0;
	stream->have = 0;
	stream->calls->message(stream, stream->owner, bytes, size);
}

static void _read(stream_t *stream)
{
	for (;;) {
		char *where =
			stream->size ? stream->in : (char *) &stream->head;
		size_t want =
			stream->size ? stream->size : sizeof(stream->head);
		ssize_t got = recv(stream->source.fd, where + stream->have,
				   want - stream->have, 0);

		if (got <= 0) {
			if (!got)
				_end(stream, 0);
			else if (!_would_block(errno))
				_end(stream, errno);
			return;
		}
		stream->have += got;
		if (stream->have < want)
			continue;
		if (stream->size)
			break;
		if (!_take_head(stream)) {
			_end(stream, EPROTO);
			return;
		}
		if (stream->waits)
			return;
	}
	_hand_over(stream);
}

static void _write(stream_t *stream)
{
	while (stream->out_sent < stream->out_size) {
		ssize_t put =
			send(stream->source.fd, stream->out + stream->out_sent,
			     stream->out_size - stream->out_sent, MSG_NOSIGNAL);

		if (put >= 0) {
			stream->out_sent += put;
			continue;
		}
		if (!_would_block(errno))
			_end(stream, errno);
		return;
	}
	xfree(stream->out);
	loop_change(&stream->source, EPOLLIN);
	stream->calls->sent(stream, stream->owner);
}

static void _ready(loop_source_t *source, uint32_t events)
{
	stream_t *stream = (stream_t *) source;

	if (stream->waits) {
		_end(stream, ECONNRESET);
		return;
	}
	/* An error is reported by the call that meets it */
	if (stream->out && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		_write(stream);
	else
		_read(stream);
}

extern void stream_send(stream_t *stream, char *bytes, size_t size)
{
	xfree(stream->out);
	stream->out = bytes;
	stream->out_size = size;
	stream->out_sent = 0;
	loop_change(&stream->source, EPOLLIN | EPOLLOUT);
}
