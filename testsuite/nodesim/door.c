/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "door.h"
#include "loop.h"
#include "node.h"
#include "stream.h"
#include "wire.h"

#include "src/common/forward.h"
#include "src/common/hostlist.h"

#define BACKLOG 4096

static uint64_t forwarded;

/* A caller */
typedef struct {
	loop_timer_t delay; /* must be the first */
	stream_t *stream;
	node_t *node;
	wire_in_t in;
} visit_t;

/* ------------------------------------------------------------------ */
/* Forwarding */

/* The answer of one of the nodes behind the first */
static void _answer_behind(const char *name, const slurm_msg_t *msg,
			   list_t *others)
{
	node_t *node = node_by_name(name);
	ret_data_info_t *info;
	answer_t reply;

	if (!node || !node_answers(node, msg->msg_type)) {
		mark_as_failed_forward(&others, (char *) name,
				       SLURM_COMMUNICATIONS_CONNECTION_ERROR);
		return;
	}
	reply = answer(node, msg);
	if (!reply.type)
		return;
	info = xmalloc(sizeof(*info));
	info->node_name = xstrdup(name);
	info->type = reply.type;
	info->data = reply.data;
	list_append(others, info);
	forwarded++;
}

/* RET ret_data_info_t */
static list_t *_answers_behind(const wire_in_t *in)
{
	hostlist_t *names = in->forward ? hostlist_create(in->forward) : NULL;
	list_t *others = list_create(destroy_data_info);
	char *name;

	while (names && (name = hostlist_shift(names))) {
		_answer_behind(name, &in->msg, others);
		free(name);
	}
	FREE_NULL_HOSTLIST(names);
	return others;
}

/* RET how late the slowest of the nodes that a message is for answers */
static uint32_t _slowest(const node_t *first, const char *behind)
{
	hostlist_t *names = behind ? hostlist_create(behind) : NULL;
	uint32_t slowest = first->delay;
	char *name;

	while (names && (name = hostlist_shift(names))) {
		const node_t *node = node_by_name(name);

		if (node && (node->delay > slowest))
			slowest = node->delay;
		free(name);
	}
	FREE_NULL_HOSTLIST(names);
	return slowest;
}

/* ------------------------------------------------------------------ */
/* Callers */

static void _leave(visit_t *visit)
{
	loop_timer_cancel(&visit->delay);
	wire_free(&visit->in);
	xfree(visit);
}

static void _hang_up(visit_t *visit)
{
	stream_free(visit->stream);
	_leave(visit);
}

/* OUT out - empty: there is nothing to say. RET SLURM_SUCCESS or -ERROR */
static int _handle(const visit_t *visit, wire_out_t *out)
{
	answer_t reply = answer(visit->node, &visit->in.msg);
	list_t *others = _answers_behind(&visit->in);
	int rc = SLURM_SUCCESS;

	if (reply.type) {
		rc = wire_pack_answer(&visit->in, reply.type, reply.data,
				      others, out);
		slurm_free_msg_data(reply.type, reply.data);
	}
	FREE_NULL_LIST(others);
	return rc;
}

static void _fire(loop_timer_t *timer)
{
	visit_t *visit = (visit_t *) timer;
	wire_out_t out = {0};
	int rc;

	if (!node_answers(visit->node, visit->in.msg.msg_type))
		return; /* The caller waits until it is tired of it */
	rc = _handle(visit, &out);
	/* Of a job on thousands of nodes it is large */
	wire_free(&visit->in);
	if (rc || !out.bytes)
		_hang_up(visit);
	else
		stream_send(visit->stream, out.bytes, out.size);
}

static void _message(stream_t *stream, void *owner, char *bytes, uint32_t size)
{
	visit_t *visit = owner;
	uint32_t delay;

	wire_free(&visit->in);
	if (visit->node->dropped) {
		xfree(bytes);
		_hang_up(visit);
		return;
	}
	if (wire_unpack(bytes, size, stream_fd(stream), &visit->in)) {
		_hang_up(visit);
		return;
	}
	delay = _slowest(visit->node, visit->in.forward);
	if (delay)
		loop_timer_set(&visit->delay, delay);
	else
		_fire(&visit->delay);
}

static void _sent(stream_t *stream, void *owner)
{
	(void) stream;
	_hang_up(owner);
}

static void _closed(void *owner, int err)
{
	(void) err;
	_leave(owner);
}

static const stream_calls_t calls = {
	.message = _message,
	.sent = _sent,
	.closed = _closed,
};

/* Which node is called */
static node_t *_called(int fd)
{
	slurm_addr_t address;
	socklen_t size = sizeof(address);

	memset(&address, 0, sizeof(address));
	if (getsockname(fd, (struct sockaddr *) &address, &size))
		return NULL;
	return node_by_address(&address);
}

static void _welcome(int fd)
{
	node_t *node = _called(fd);
	visit_t *visit;

	if (!node || node->dropped) {
		close(fd);
		return;
	}
	visit = xmalloc(sizeof(*visit));
	visit->delay.fire = _fire;
	visit->node = node;
	visit->stream = stream_new(fd, &calls, visit);
	if (!visit->stream)
		_leave(visit);
}

/* ------------------------------------------------------------------ */
/* Listening */

static void _ready(loop_source_t *source, uint32_t events)
{
	int fd;

	(void) events;
	while ((fd = accept4(source->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		_welcome(fd);
}

/* RET a listening socket; -1 and errno */
static int _listen(uint16_t port)
{
	struct sockaddr_in all = {.sin_family = AF_INET,
				  .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, err;

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !bind(fd, (struct sockaddr *) &all, sizeof(all)) &&
	    !listen(fd, BACKLOG))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

extern int door_open(void)
{
	uint16_t *ports;
	uint32_t count = node_ports(&ports);
	loop_source_t *doors = xcalloc(count, sizeof(*doors));
	int rc = SLURM_SUCCESS;

	for (uint32_t i = 0; (i < count) && !rc; i++) {
		doors[i].ready = _ready;
		doors[i].fd = _listen(ports[i]);
		if ((doors[i].fd < 0) || loop_add(&doors[i], EPOLLIN)) {
			error("port %u: %m", ports[i]);
			rc = SLURM_ERROR;
		}
	}
	xfree(ports);
	return rc;
}

extern uint64_t door_forwarded(void)
{
	return forwarded;
}
