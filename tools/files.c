/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

extern char *files_read(const char *path, size_t limit, size_t *length,
			neuron_error_t *err)
{
	if (strcmp(path, "-"))
		return file_read(path, limit, length, err);
	return file_read_stream(stdin, "standard input", limit, length, err);
}

static int _write(int fd, const char *text)
{
	FILE *file = fchmod(fd, 0644) ? NULL : fdopen(fd, "w");
	int rc;

	if (!file) {
		(void) close(fd);
		return -1;
	}
	rc = (fputs(text, file) < 0) ? -1 : 0;
	if (fclose(file))
		rc = -1;
	return rc;
}

extern int files_write(const char *path, const char *text, neuron_error_t *err)
{
	size_t size = strlen(path) + sizeof(".XXXXXX");
	char *new = malloc(size);
	int rc = -1, fd = -1;

	if (new) {
		(void) snprintf(new, size, "%s.XXXXXX", path);
		fd = mkstemp(new);
	}
	if (fd >= 0) {
		rc = _write(fd, text);
		if (!rc)
			rc = rename(new, path);
		if (rc) {
			int errnum = errno;

			(void) unlink(new);
			errno = errnum;
		}
	}
	if (rc)
		(void) neuron_error_set(err, EIO, "%.300s: %s", path,
					strerror(errno));
	free(new);
	return rc;
}

extern char *files_path(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = malloc(size);

	if (path)
		(void) snprintf(path, size, "%s/%s", directory, name);
	return path;
}

extern char *files_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, (slash == path) ? 1 : (size_t) (slash - path));
}
