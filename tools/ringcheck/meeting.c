/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meeting.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define EVENTS_MAX 64
/* Files of our own and of libfabric */
#define OTHER_FILES 256
#define REASON_MAX 256
/* A fault of the fabric may be told sooner than the death that caused it */
#define CAUSE_NS (1500 * CLOCK_MILLISECOND)

typedef struct connection connection_t;
struct connection {
	channel_t channel;
	bool known;
	bool wants_out;
	uint32_t rank;
	uint64_t since;
	TAILQ_ENTRY(connection) link;
};
TAILQ_HEAD(connections, connection);

struct meeting {
	int listener;
	int epoll;
	bool closing;
	uint32_t world;
	uint32_t came;
	uint32_t delivered;
	uint32_t phase; /* ready counts this one */
	uint32_t ready;
	meeting_seat_t *seats;
	connection_t **connections; /* by rank */
	struct connections strangers;
	struct connections dead; /* to be freed after this round of events */
	uint32_t stranger_count;
	uint32_t refused;
	char reason[REASON_MAX];
	fault_t fault;
	/* of the fabric, told by a rank, and until when a cause may follow */
	fault_t later;
	uint64_t later_until;
};

static int _watch(meeting_t *meeting, int op, int fd, uint32_t events,
		  void *ptr)
{
	struct epoll_event event = {.events = events, .data.ptr = ptr};

	return epoll_ctl(meeting->epoll, op, fd, &event);
}

static int _bind(const member_root_t *root, struct addrinfo *found,
		 fault_t *fault)
{
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return fault_set(fault, RINGCHECK_USAGE, "cannot listen: %s",
				 strerror(errno));
	(void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, found->ai_addr, found->ai_addrlen) &&
	    !listen(fd, SOMAXCONN))
		return fd;
	fault_set(fault, RINGCHECK_USAGE,
		  "rank 0 cannot listen on %s port %u of "
		  "NEURON_RT_ROOT_COMM_ID: %s%s",
		  root->host, root->port, strerror(errno),
		  (errno == EADDRINUSE)
			  ? "; another program has the port, or two tasks "
			    "have rank 0"
			  : "");
	close(fd);
	return -1;
}

static int _listen(const member_root_t *root, fault_t *fault)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	char port[8];
	int rc, fd;

	snprintf(port, sizeof(port), "%u", root->port);
	rc = getaddrinfo(root->host, port, &hints, &found);
	if (rc)
		return fault_set(fault, RINGCHECK_USAGE,
				 "NEURON_RT_ROOT_COMM_ID: %s: %s", root->host,
				 gai_strerror(rc));
	fd = _bind(root, found, fault);
	freeaddrinfo(found);
	return fd;
}

/* A file for each peer */
static int _raise_files(uint32_t world, fault_t *fault)
{
	rlim_t wanted = (rlim_t) world + MEETING_STRANGERS_MAX + OTHER_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || (limit.rlim_cur >= wanted))
		return 0;
	if (limit.rlim_max < wanted)
		return fault_set(fault, RINGCHECK_USAGE,
				 "rank 0 needs %llu open files for %u ranks, "
				 "but its limit is %llu (ulimit -Hn)",
				 (unsigned long long) wanted, world,
				 (unsigned long long) limit.rlim_max);
	limit.rlim_cur = wanted;
	(void) setrlimit(RLIMIT_NOFILE, &limit);
	return 0;
}

static int _allocate(meeting_t *meeting, uint32_t world, fault_t *fault)
{
	meeting->world = world;
	meeting->seats = calloc(world, sizeof(*meeting->seats));
	meeting->connections = calloc(world, sizeof(*meeting->connections));
	if (!meeting->seats || !meeting->connections)
		return fault_set(fault, RINGCHECK_USAGE, "out of memory");
	return 0;
}

extern meeting_t *meeting_create(const member_root_t *root,
				 const wire_hello_t *own, fault_t *fault)
{
	meeting_t *meeting = calloc(1, sizeof(*meeting));

	if (!meeting) {
		fault_set(fault, RINGCHECK_USAGE, "out of memory");
		return NULL;
	}
	TAILQ_INIT(&meeting->strangers);
	TAILQ_INIT(&meeting->dead);
	meeting->listener = meeting->epoll = -1;
	if (_allocate(meeting, own->world, fault) ||
	    _raise_files(own->world, fault) ||
	    ((meeting->listener = _listen(root, fault)) < 0)) {
		meeting_destroy(meeting);
		return NULL;
	}
	meeting->epoll = epoll_create1(EPOLL_CLOEXEC);
	if ((meeting->epoll < 0) ||
	    _watch(meeting, EPOLL_CTL_ADD, meeting->listener, EPOLLIN, NULL)) {
		fault_set(fault, RINGCHECK_USAGE, "epoll: %s", strerror(errno));
		meeting_destroy(meeting);
		return NULL;
	}
	meeting_set_own(meeting, own);
	meeting->seats[0].came = true;
	meeting->came = 1;
	return meeting;
}

static void _free_list(struct connections *list)
{
	connection_t *connection;

	while ((connection = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, connection, link);
		channel_close(&connection->channel);
		free(connection);
	}
}

extern void meeting_destroy(meeting_t *meeting)
{
	if (!meeting)
		return;
	_free_list(&meeting->strangers);
	_free_list(&meeting->dead);
	for (uint32_t i = 0; meeting->connections && (i < meeting->world);
	     i++) {
		if (!meeting->connections[i])
			continue;
		channel_close(&meeting->connections[i]->channel);
		free(meeting->connections[i]);
	}
	if (meeting->listener >= 0)
		close(meeting->listener);
	if (meeting->epoll >= 0)
		close(meeting->epoll);
	free(meeting->connections);
	free(meeting->seats);
	free(meeting);
}

extern void meeting_set_own(meeting_t *meeting, const wire_hello_t *own)
{
	meeting->seats[0].hello = *own;
}

extern void meeting_set_own_result(meeting_t *meeting,
				   const wire_result_t *result)
{
	meeting->seats[0].result = *result;
	meeting->delivered += meeting->seats[0].delivered ? 0 : 1;
	meeting->seats[0].delivered = true;
}

static int _local(const meeting_t *meeting, char *host, size_t host_size,
		  char *port, size_t port_size)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	return getsockname(meeting->listener, (struct sockaddr *) &address,
			   &length) ||
	       getnameinfo((struct sockaddr *) &address, length, host,
			   (socklen_t) host_size, port, (socklen_t) port_size,
			   NI_NUMERICHOST | NI_NUMERICSERV);
}

extern int meeting_address(const meeting_t *meeting, char *buf, size_t size)
{
	char port[16];

	return _local(meeting, buf, size, port, sizeof(port)) ? -1 : 0;
}

extern uint16_t meeting_port(const meeting_t *meeting)
{
	char host[64], port[16];

	if (_local(meeting, host, sizeof(host), port, sizeof(port)))
		return 0;
	return (uint16_t) strtoul(port, NULL, 10);
}

/* Epoll may still tell of it in this round: it is freed later */
static void _drop(meeting_t *meeting, connection_t *connection)
{
	if (connection->known) {
		meeting->connections[connection->rank] = NULL;
	} else {
		TAILQ_REMOVE(&meeting->strangers, connection, link);
		meeting->stranger_count--;
	}
	channel_close(&connection->channel);
	TAILQ_INSERT_TAIL(&meeting->dead, connection, link);
}

static void _refuse(meeting_t *meeting, connection_t *connection,
		    const char *reason)
{
	char peer[96];

	channel_peer(&connection->channel, peer, sizeof(peer));
	meeting->refused++;
	snprintf(meeting->reason, sizeof(meeting->reason), "%s %s", peer,
		 reason);
	_drop(meeting, connection);
}

static void _lose(meeting_t *meeting, connection_t *connection)
{
	meeting_seat_t *seat = &meeting->seats[connection->rank];
	uint32_t rank = connection->rank;

	_drop(meeting, connection);
	seat->lost = true;
	if (!meeting->closing)
		fault_set(&meeting->fault, RINGCHECK_LOST,
			  "rank %u on %s was lost", rank, seat->hello.node);
}

static void _admit(meeting_t *meeting, connection_t *connection,
		   const wire_hello_t *hello)
{
	meeting_seat_t *seat = &meeting->seats[hello->rank];

	if (seat->came) {
		fault_set(&meeting->fault, RINGCHECK_USAGE,
			  "two tasks have rank %u, on %s and on %s",
			  hello->rank, seat->hello.node, hello->node);
		_drop(meeting, connection);
		return;
	}
	TAILQ_REMOVE(&meeting->strangers, connection, link);
	meeting->stranger_count--;
	connection->known = true;
	connection->rank = hello->rank;
	meeting->connections[hello->rank] = connection;
	seat->came = true;
	seat->hello = *hello;
	meeting->came++;
}

static void _greet(meeting_t *meeting, connection_t *connection,
		   const wire_message_t *message)
{
	const wire_hello_t *hello = &message->hello;
	char reason[MEMBER_JOB_MAX + 64];

	if (message->type != WIRE_HELLO) {
		_refuse(meeting, connection, "did not say who it is");
	} else if (strcmp(hello->job, meeting->seats[0].hello.job)) {
		snprintf(reason, sizeof(reason), "belongs to job %s",
			 hello->job);
		_refuse(meeting, connection, reason);
	} else if ((hello->world != meeting->world) ||
		   (hello->rank >= meeting->world)) {
		snprintf(reason, sizeof(reason), "is rank %u of %u",
			 hello->rank, hello->world);
		_refuse(meeting, connection, reason);
	} else {
		_admit(meeting, connection, hello);
	}
}

static void _take_fault(meeting_t *meeting, const connection_t *connection,
			const fault_t *told)
{
	fault_t *fault = &meeting->fault;
	ringcheck_code_t code = told->code ? told->code : RINGCHECK_FABRIC;

	if (code == RINGCHECK_FABRIC) {
		if (!fault_is(&meeting->later))
			meeting->later_until = clock_now() + CAUSE_NS;
		fault = &meeting->later;
	}
	fault_set(fault, code, "rank %u on %s: %.400s", connection->rank,
		  meeting->seats[connection->rank].hello.node, told->text);
}

static void _take_ready(meeting_t *meeting, meeting_seat_t *seat,
			uint32_t phase)
{
	if (phase <= seat->phase)
		return;
	seat->phase = phase;
	if (phase == meeting->phase)
		meeting->ready++;
}

static void _hear(meeting_t *meeting, connection_t *connection,
		  const wire_message_t *message)
{
	meeting_seat_t *seat = &meeting->seats[connection->rank];

	switch (message->type) {
	case WIRE_READY:
		_take_ready(meeting, seat, message->phase.phase);
		break;
	case WIRE_RESULT:
		meeting->delivered += seat->delivered ? 0 : 1;
		seat->delivered = true;
		seat->result = message->result;
		break;
	case WIRE_STATE:
		seat->answered = true;
		seat->steps = message->phase.steps;
		break;
	case WIRE_FAULT:
		_take_fault(meeting, connection, &message->fault);
		break;
	default:
		_lose(meeting, connection);
	}
}

static void _read(meeting_t *meeting, connection_t *connection)
{
	wire_message_t message;
	int rc = 0;

	while ((connection->channel.fd >= 0) &&
	       ((rc = channel_receive(&connection->channel, &message)) > 0)) {
		if (connection->known)
			_hear(meeting, connection, &message);
		else
			_greet(meeting, connection, &message);
	}
	if ((connection->channel.fd < 0) || (rc >= 0))
		return;
	if (connection->known)
		_lose(meeting, connection);
	else
		_refuse(meeting, connection,
			(errno == EPROTO) ? "is not a ring check"
					  : "left without a word");
}

static void _update_out(meeting_t *meeting, connection_t *connection)
{
	bool wants = connection->channel.out_used > 0;

	if ((connection->channel.fd < 0) || (wants == connection->wants_out))
		return;
	connection->wants_out = wants;
	(void) _watch(meeting, EPOLL_CTL_MOD, connection->channel.fd,
		      EPOLLIN | (wants ? EPOLLOUT : 0), connection);
}

static void _serve(meeting_t *meeting, connection_t *connection,
		   uint32_t events)
{
	if (connection->channel.fd < 0)
		return;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		_read(meeting, connection);
	if ((events & EPOLLOUT) && (connection->channel.fd >= 0))
		(void) channel_flush(&connection->channel);
	_update_out(meeting, connection);
}

static void _accept(meeting_t *meeting)
{
	connection_t *connection;
	int fd = accept4(meeting->listener, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	connection = calloc(1, sizeof(*connection));
	if (!connection) {
		close(fd);
		return;
	}
	channel_open(&connection->channel, fd);
	connection->since = clock_now();
	TAILQ_INSERT_TAIL(&meeting->strangers, connection, link);
	meeting->stranger_count++;
	if (_watch(meeting, EPOLL_CTL_ADD, fd, EPOLLIN, connection))
		_refuse(meeting, connection, "could not be served");
	if (meeting->stranger_count + meeting->came >
	    meeting->world + MEETING_STRANGERS_MAX)
		_refuse(meeting, TAILQ_FIRST(&meeting->strangers),
			"was silent while many others came");
}

static void _expire(meeting_t *meeting)
{
	uint64_t now = clock_now();
	connection_t *connection;

	while ((connection = TAILQ_FIRST(&meeting->strangers)) &&
	       (now - connection->since > MEETING_PATIENCE_S * CLOCK_SECOND))
		_refuse(meeting, connection, "was silent");
}

static int _settle_faults(meeting_t *meeting, fault_t *fault)
{
	if (fault_is(&meeting->fault))
		return fault_set(fault, meeting->fault.code, "%s",
				 meeting->fault.text);
	if (fault_is(&meeting->later) && (clock_now() > meeting->later_until))
		return fault_set(fault, meeting->later.code, "%s",
				 meeting->later.text);
	return 0;
}

extern int meeting_step(meeting_t *meeting, int timeout, fault_t *fault)
{
	struct epoll_event events[EVENTS_MAX];
	int count;

	count = epoll_wait(meeting->epoll, events, EVENTS_MAX, timeout);
	for (int i = 0; i < count; i++) {
		if (!events[i].data.ptr)
			_accept(meeting);
		else
			_serve(meeting, events[i].data.ptr, events[i].events);
	}
	_expire(meeting);
	_free_list(&meeting->dead);
	return _settle_faults(meeting, fault);
}

extern uint32_t meeting_came(const meeting_t *meeting)
{
	return meeting->came;
}

/* Counted once, when rank 0 first asks about a phase; then as they come */
extern uint32_t meeting_ready(const meeting_t *meeting, uint32_t phase)
{
	meeting_t *counted = (meeting_t *) meeting;

	if (phase == meeting->phase)
		return meeting->ready;
	counted->phase = phase;
	counted->ready = 0;
	for (uint32_t i = 1; i < meeting->world; i++)
		counted->ready += (meeting->seats[i].phase >= phase);
	return counted->ready;
}

extern uint32_t meeting_delivered(const meeting_t *meeting)
{
	return meeting->delivered;
}

extern const meeting_seat_t *meeting_seat(const meeting_t *meeting,
					  uint32_t rank)
{
	return (rank < meeting->world) ? &meeting->seats[rank] : NULL;
}

extern uint32_t meeting_strangers(const meeting_t *meeting)
{
	return meeting->refused;
}

extern const char *meeting_last_stranger(const meeting_t *meeting)
{
	return meeting->reason;
}

extern void meeting_tell(meeting_t *meeting, uint32_t rank,
			 const wire_message_t *message)
{
	connection_t *connection = meeting->connections[rank];

	if (!connection)
		return;
	if (channel_send(&connection->channel, message))
		_lose(meeting, connection);
	else
		_update_out(meeting, connection);
}

extern void meeting_tell_all(meeting_t *meeting, const wire_message_t *message)
{
	for (uint32_t i = 1; i < meeting->world; i++)
		meeting_tell(meeting, i, message);
}

extern void meeting_probe(meeting_t *meeting)
{
	wire_message_t message = {.type = WIRE_PROBE};

	for (uint32_t i = 0; i < meeting->world; i++)
		meeting->seats[i].answered = false;
	meeting_tell_all(meeting, &message);
}

static bool _is_sent(const meeting_t *meeting)
{
	for (uint32_t i = 1; i < meeting->world; i++) {
		const connection_t *connection = meeting->connections[i];

		if (connection && connection->channel.out_used)
			return false;
	}
	return true;
}

extern void meeting_close(meeting_t *meeting, uint64_t deadline)
{
	fault_t ignored = {.code = RINGCHECK_GOOD};

	meeting->closing = true;
	while (!_is_sent(meeting) && (clock_now() < deadline))
		(void) meeting_step(meeting, 20, &ignored);
}
