/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"
#include "control.h"
#include "loop.h"
#include "slurm_base.h"

#define LINE_MAX_SIZE 8192

static loop_source_t door = {.fd = -1};
static char *door_path;

/* ------------------------------------------------------------------ */
/* Callers */

typedef struct {
	loop_source_t source; /* must be the first */
	char line[LINE_MAX_SIZE];
	size_t have;
} caller_t;

/* Answers are small; a caller that does not read them is left */
static bool _tell(caller_t *caller, const char *text)
{
	size_t size = strlen(text);

	return send(caller->source.fd, text, size, MSG_NOSIGNAL) ==
	       (ssize_t) size;
}

static bool _obey(caller_t *caller, char *line)
{
	char *out = NULL, *why = command_run(line, &out);
	bool told;

	if (why)
		xstrfmtcat(out, "error %s\n", why);
	else
		xstrcat(out, "ok\n");
	told = _tell(caller, out);
	xfree(why);
	xfree(out);
	return told;
}

static bool _obey_lines(caller_t *caller)
{
	char *line = caller->line, *end;
	char *last = caller->line + caller->have;

	while ((end = memchr(line, '\n', last - line))) {
		*end = '\0';
		if (!_obey(caller, line))
			return false;
		line = end + 1;
	}
	caller->have = last - line;
	memmove(caller->line, line, caller->have);
	return caller->have < LINE_MAX_SIZE;
}

static void _caller_ready(loop_source_t *source, uint32_t events)
{
	caller_t *caller = (caller_t *) source;
	ssize_t got = recv(source->fd, caller->line + caller->have,
			   LINE_MAX_SIZE - caller->have, 0);

	(void) events;
	if ((got < 0) && ((errno == EAGAIN) || (errno == EINTR)))
		return;
	if (got > 0) {
		caller->have += got;
		if (_obey_lines(caller))
			return;
	}
	loop_remove(source);
	close(source->fd);
	xfree(caller);
}

static void _door_ready(loop_source_t *source, uint32_t events)
{
	int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	caller_t *caller;

	(void) events;
	if (fd < 0)
		return;
	caller = xmalloc(sizeof(*caller));
	caller->source.fd = fd;
	caller->source.ready = _caller_ready;
	if (loop_add(&caller->source, EPOLLIN)) {
		close(fd);
		xfree(caller);
	}
}

extern int control_open(const char *path)
{
	struct sockaddr_un where = {.sun_family = AF_UNIX};
	mode_t mask;
	int rc;

	if (strlen(path) >= sizeof(where.sun_path)) {
		error("%s: longer than the path of a socket can be", path);
		return SLURM_ERROR;
	}
	strcpy(where.sun_path, path);
	door.ready = _door_ready;
	door.fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0077);
	rc = bind(door.fd, (struct sockaddr *) &where, sizeof(where));
	umask(mask);
	if (rc || listen(door.fd, 16) || loop_add(&door, EPOLLIN)) {
		error("%s: %m", path);
		return SLURM_ERROR;
	}
	door_path = xstrdup(path);
	return SLURM_SUCCESS;
}

extern void control_close(void)
{
	if (door.fd >= 0)
		close(door.fd);
	door.fd = -1;
	if (door_path)
		unlink(door_path);
	xfree(door_path);
}
