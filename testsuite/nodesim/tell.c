/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tell.h"

/* RET a stream, NULL and errno */
static FILE *_call(const char *path)
{
	struct sockaddr_un where = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(where.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(where.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if ((fd < 0) || connect(fd, (struct sockaddr *) &where, sizeof(where)))
		return NULL;
	return fdopen(fd, "r+");
}

static int _print_answer(FILE *stream)
{
	char line[4096];

	while (fgets(line, sizeof(line), stream)) {
		if (!strcmp(line, "ok\n"))
			return 0;
		if (!strncmp(line, "error ", 6)) {
			fprintf(stderr, "nodesim: %s", line + 6);
			return 1;
		}
		fputs(line, stdout);
	}
	fputs("nodesim: it ended before it answered\n", stderr);
	return 2;
}

extern int tell(const char *path, char **words)
{
	FILE *stream = _call(path);
	int status;

	if (!stream) {
		fprintf(stderr, "nodesim: %s: %s\n", path, strerror(errno));
		return 2;
	}
	for (; *words; words++)
		fprintf(stream, "%s%c", *words, words[1] ? ' ' : '\n');
	fflush(stream);
	status = _print_answer(stream);
	fclose(stream);
	return status;
}
