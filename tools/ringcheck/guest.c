/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define POLL_MAX_MS 60000
#define AGAIN_FIRST_MS 20
#define AGAIN_MAX_MS 1000

static int _resolve(const member_root_t *root, int type,
		    struct addrinfo **found, fault_t *fault)
{
	struct addrinfo hints = {.ai_socktype = type};
	char port[8];
	int rc;

	snprintf(port, sizeof(port), "%u", root->port);
	rc = getaddrinfo(root->host, port, &hints, found);
	if (!rc)
		return 0;
	return fault_set(fault, RINGCHECK_USAGE,
			 "NEURON_RT_ROOT_COMM_ID: %s: %s", root->host,
			 gai_strerror(rc));
}

/* Connecting a datagram socket sends nothing, but chooses the way */
static int _choose_way(const struct addrinfo *to, char *buf, size_t size)
{
	struct sockaddr_storage own;
	socklen_t length = sizeof(own);
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = -1;

	if (fd < 0)
		return -1;
	if (!connect(fd, to->ai_addr, to->ai_addrlen) &&
	    !getsockname(fd, (struct sockaddr *) &own, &length))
		rc = getnameinfo((struct sockaddr *) &own, length, buf,
				 (socklen_t) size, NULL, 0, NI_NUMERICHOST)
			     ? -1
			     : 0;
	close(fd);
	return rc;
}

extern int guest_address(const member_root_t *root, char *buf, size_t size,
			 fault_t *fault)
{
	struct addrinfo *found;
	int rc;

	if (_resolve(root, SOCK_DGRAM, &found, fault))
		return -1;
	rc = _choose_way(found, buf, size);
	freeaddrinfo(found);
	if (!rc)
		return 0;
	return fault_set(fault, RINGCHECK_LOST, "there is no way to %s: %s",
			 root->host, strerror(errno));
}

static bool _wait_for_connection(int fd, uint64_t deadline)
{
	struct pollfd poller = {.fd = fd, .events = POLLOUT};
	socklen_t length = sizeof(int);
	int error = 0;

	if (poll(&poller, 1, clock_until(deadline, POLL_MAX_MS)) <= 0) {
		errno = ETIMEDOUT;
		return false;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length))
		return false;
	errno = error;
	return !error;
}

/* RET a connected socket; -1 with errno */
static int _try(const struct addrinfo *to, uint64_t deadline)
{
	int fd = socket(to->ai_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -1;
	if (!connect(fd, to->ai_addr, to->ai_addrlen) ||
	    ((errno == EINPROGRESS) && _wait_for_connection(fd, deadline)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Ranks start at different times: rank 0 may not listen yet */
static int _try_until(const member_root_t *root, const struct addrinfo *to,
		      uint64_t deadline, fault_t *fault)
{
	int pause = AGAIN_FIRST_MS, fd;

	while ((fd = _try(to, deadline)) < 0) {
		int error = errno;

		if (clock_now() >= deadline)
			return fault_set(fault, RINGCHECK_LOST,
					 "rank 0 did not answer on %s port %u: "
					 "%s",
					 root->host, root->port,
					 strerror(error));
		(void) poll(NULL, 0, clock_until(deadline, pause));
		pause = (pause * 2 < AGAIN_MAX_MS) ? pause * 2 : AGAIN_MAX_MS;
	}
	return fd;
}

extern int guest_connect(guest_t *guest, const member_root_t *root,
			 const wire_hello_t *hello, uint64_t deadline,
			 fault_t *fault)
{
	wire_message_t message = {.type = WIRE_HELLO, .hello = *hello};
	struct addrinfo *found;
	int fd;

	guest->channel.fd = -1;
	guest->told = false;
	if (_resolve(root, SOCK_STREAM, &found, fault))
		return -1;
	fd = _try_until(root, found, deadline, fault);
	freeaddrinfo(found);
	if (fd < 0)
		return -1;
	channel_open(&guest->channel, fd);
	return guest_tell(guest, &message, fault);
}

extern void guest_close(guest_t *guest)
{
	channel_close(&guest->channel);
}

extern int guest_tell(guest_t *guest, const wire_message_t *message,
		      fault_t *fault)
{
	if (!channel_send(&guest->channel, message))
		return 0;
	return fault_set(fault, RINGCHECK_LOST, "rank 0 was lost");
}

/* RET 1: of the wanted type; 0: something else; -1 */
static int _hear(guest_t *guest, wire_type_t type, uint64_t steps,
		 const wire_message_t *message, fault_t *fault)
{
	wire_message_t answer = {.type = WIRE_STATE, .phase.steps = steps};

	if (message->type == type)
		return 1;
	switch (message->type) {
	case WIRE_PROBE:
		return guest_tell(guest, &answer, fault);
	case WIRE_FAULT:
		guest->told = true;
		return fault_set(fault,
				 message->fault.code ? message->fault.code
						     : RINGCHECK_FABRIC,
				 "%s", message->fault.text);
	default:
		return fault_set(fault, RINGCHECK_LOST,
				 "what listens as rank 0 is not a ring check "
				 "of this version");
	}
}

/* RET as guest_wait(), for what is there already */
static int _read(guest_t *guest, wire_type_t type, uint64_t steps,
		 wire_message_t *message, fault_t *fault)
{
	wire_message_t came;
	int rc;

	while ((rc = channel_receive(&guest->channel, &came)) > 0) {
		rc = _hear(guest, type, steps, &came, fault);
		if ((rc > 0) && message)
			*message = came;
		if (rc)
			return rc;
	}
	if (!rc)
		return 0;
	return fault_set(fault, RINGCHECK_LOST, "rank 0 was lost%s",
			 (errno == EPROTO) ? ": what it sent is not of this "
					     "protocol"
					   : "");
}

extern int guest_wait(guest_t *guest, wire_type_t type, uint64_t deadline,
		      uint64_t steps, wire_message_t *message, fault_t *fault)
{
	int rc;

	while (!(rc = _read(guest, type, steps, message, fault))) {
		struct pollfd poller = {
			.fd = guest->channel.fd,
			.events = POLLIN,
		};
		int left = clock_until(deadline, POLL_MAX_MS);

		if (guest->channel.out_used) {
			poller.events |= POLLOUT;
			(void) channel_flush(&guest->channel);
		}
		if (!left)
			return 0;
		(void) poll(&poller, 1, left);
	}
	return rc;
}
