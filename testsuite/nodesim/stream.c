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

struct stream {
	loop_source_t source;
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

extern void stream_free(stream_t *stream)
{
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

/* RET true: the length is known and there is room for the message */
static bool _take_head(stream_t *stream)
{
	stream->size = ntohl(stream->head);
	stream->have = 0;
	if (!stream->size || (stream->size > STREAM_MESSAGE_MAX))
		return false;
	stream->in = try_xmalloc(stream->size);
	return stream->in != NULL;
}

static void _hand_over(stream_t *stream)
{
	char *bytes = stream->in;
	uint32_t size = stream->size;

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
