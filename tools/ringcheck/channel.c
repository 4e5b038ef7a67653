/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A host that died without a word is noticed after this time */
#define DEAD_AFTER_S 15

static void _set(int fd, int level, int option, int value)
{
	(void) setsockopt(fd, level, option, &value, sizeof(value));
}

extern void channel_open(channel_t *channel, int fd)
{
	channel->fd = fd;
	channel->in_used = channel->out_used = 0;
	(void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	(void) fcntl(fd, F_SETFD, FD_CLOEXEC);
	_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, DEAD_AFTER_S / 3);
	_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, DEAD_AFTER_S / 3);
	_set(fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
	_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, DEAD_AFTER_S * 1000);
}

extern void channel_close(channel_t *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

static bool _is_for_later(void)
{
	return (errno == EAGAIN) || (errno == EWOULDBLOCK) || (errno == EINTR);
}

extern int channel_flush(channel_t *channel)
{
	ssize_t sent;

	if (channel->fd < 0)
		return -1;
	if (!channel->out_used)
		return 0;
	sent = send(channel->fd, channel->out, channel->out_used, MSG_NOSIGNAL);
	if (sent < 0)
		return _is_for_later() ? 0 : -1;
	channel->out_used -= (size_t) sent;
	memmove(channel->out, channel->out + sent, channel->out_used);
	return 0;
}

extern int channel_send(channel_t *channel, const wire_message_t *message)
{
	uint8_t frame[WIRE_FRAME_MAX];
	size_t size = wire_encode(message, frame);

	if (!size || (channel->fd < 0) ||
	    (size > sizeof(channel->out) - channel->out_used))
		return -1;
	memcpy(channel->out + channel->out_used, frame, size);
	channel->out_used += size;
	return channel_flush(channel);
}

/* RET 1: a message; 0: more is needed; -1 */
static int _decode(channel_t *channel, wire_message_t *message)
{
	int used = wire_decode(channel->in, channel->in_used, message);

	if (used < 0)
		errno = EPROTO;
	if (used <= 0)
		return used;
	channel->in_used -= (size_t) used;
	memmove(channel->in, channel->in + used, channel->in_used);
	return 1;
}

extern int channel_receive(channel_t *channel, wire_message_t *message)
{
	ssize_t got;
	int rc;

	if (channel->fd < 0)
		return -1;
	rc = _decode(channel, message);
	if (rc)
		return rc;
	got = recv(channel->fd, channel->in + channel->in_used,
		   sizeof(channel->in) - channel->in_used, 0);
	if (!got)
		errno = ECONNRESET;
	if (got <= 0)
		return ((got < 0) && _is_for_later()) ? 0 : -1;
	channel->in_used += (size_t) got;
	return _decode(channel, message);
}

extern void channel_peer(const channel_t *channel, char *buf, size_t size)
{
	char host[64], port[16];
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	snprintf(buf, size, "?");
	if (getpeername(channel->fd, (struct sockaddr *) &address, &length) ||
	    getnameinfo((struct sockaddr *) &address, length, host,
			sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	snprintf(buf, size,
		 (address.ss_family == AF_INET6) ? "[%s]:%s" : "%s:%s", host,
		 port);
}
