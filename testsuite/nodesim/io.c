/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io.h"
#include "loop.h"

#include "src/common/io_hdr.h"

struct io {
	loop_source_t source; /* must be the first */
	buf_t *hello; /* NULL: was sent */
	buf_t *end; /* goes out last */
	bool ended; /* by the caller, who does not know io any more */
	bool broken;
};

/* ------------------------------------------------------------------ */
/* What is said */

static buf_t *_hello(const io_step_t *step)
{
	buf_t *buf = init_buf(BUF_SIZE);
	uint32_t end;

	pack32(0, buf);
	pack16(SLURM_PROTOCOL_VERSION, buf);
	pack32(step->node, buf);
	pack32(step->tasks, buf);
	pack32(step->tasks, buf);
	packstr(step->key, buf);
	end = get_buf_offset(buf);
	set_buf_offset(buf, 0);
	pack32(end - sizeof(uint32_t), buf);
	set_buf_offset(buf, end);
	return buf;
}

/* A message of no bytes is the end of a stream */
static void _pack_end(io_hdr_type_t type, uint32_t task, uint32_t local,
		      buf_t *buf)
{
	pack16(type, buf);
	pack16(task, buf);
	pack16(local, buf);
	pack32(0, buf);
}

static buf_t *_end(const io_step_t *step)
{
	buf_t *buf = init_buf(BUF_SIZE);

	for (uint32_t i = 0; i < step->tasks; i++) {
		_pack_end(SLURM_IO_STDOUT, step->ids[i], i, buf);
		_pack_end(SLURM_IO_STDERR, step->ids[i], i, buf);
	}
	return buf;
}

/* ------------------------------------------------------------------ */

static void _hang_up(io_t *io)
{
	if (io->source.fd < 0)
		return;
	loop_remove(&io->source);
	close(io->source.fd);
	io->source.fd = -1;
}

static void _free(io_t *io)
{
	_hang_up(io);
	FREE_NULL_BUFFER(io->hello);
	FREE_NULL_BUFFER(io->end);
	xfree(io);
}

/* Some hundred bytes: less than any socket takes at once */
static void _say(io_t *io, buf_t **buf)
{
	ssize_t size = get_buf_offset((*buf));

	if (send(io->source.fd, get_buf_data((*buf)), size, MSG_NOSIGNAL) !=
	    size)
		io->broken = true;
	FREE_NULL_BUFFER(*buf);
}

/* RET false: srun is gone */
static bool _throw_away(int fd)
{
	char buf[4096];
	ssize_t got;

	while ((got = recv(fd, buf, sizeof(buf), 0)) > 0)
		;
	return got && ((errno == EAGAIN) || (errno == EINTR));
}

static void _ready(loop_source_t *source, uint32_t events)
{
	io_t *io = (io_t *) source;

	if (io->hello && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
		_say(io, &io->hello);
		loop_change(source, EPOLLIN);
		if (io->ended && !io->broken)
			_say(io, &io->end);
	} else if (!_throw_away(source->fd))
		io->broken = true;
	if (io->broken)
		_hang_up(io);
	if (io->ended && (io->broken || !io->end))
		_free(io);
}

extern io_t *io_open(const io_step_t *step)
{
	io_t *io = xmalloc(sizeof(*io));

	io->hello = _hello(step);
	io->end = _end(step);
	io->source.ready = _ready;
	io->source.fd =
		socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if ((io->source.fd >= 0) &&
	    (!connect(io->source.fd, (const struct sockaddr *) &step->srun,
		      sizeof(struct sockaddr_in)) ||
	     (errno == EINPROGRESS)) &&
	    !loop_add(&io->source, EPOLLIN | EPOLLOUT))
		return io;
	error("no connection for the output of a step: %m");
	if (io->source.fd >= 0)
		close(io->source.fd);
	FREE_NULL_BUFFER(io->hello);
	FREE_NULL_BUFFER(io->end);
	xfree(io);
	return NULL;
}

extern void io_end(io_t *io)
{
	if (!io)
		return;
	io->ended = true;
	if (io->hello && !io->broken)
		return;
	if (!io->broken)
		_say(io, &io->end);
	_free(io);
}
