/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SIZE 65536

static char *_fail(const char *path, neuron_error_t *err)
{
	int errnum = errno;

	if (errnum != ENOENT && errnum != ENOMEM)
		errnum = EIO;
	(void) neuron_error_set(err, errnum, "%.300s: %s", path,
				strerror(errno));
	return NULL;
}

static char *_read_all(FILE *file, const char *path, size_t limit,
		       size_t *length, neuron_error_t *err)
{
	size_t size = FIRST_SIZE, used = 0;
	char *text = malloc(size);

	while (text) {
		char *grown;

		used += fread(text + used, 1, size - used, file);
		if (used < size || used > limit)
			break;
		grown = realloc(text, size *= 2);
		if (!grown)
			free(text);
		text = grown;
	}
	if (!text || ferror(file)) {
		errno = text ? EIO : ENOMEM;
		free(text);
		return _fail(path, err);
	}
	if (used > limit) {
		free(text);
		(void) neuron_error_set(err, EINVAL,
					"%.300s: has more than %zu bytes", path,
					limit);
		return NULL;
	}
	text[used] = '\0';
	*length = used;
	return text;
}

extern char *files_read(const char *path, size_t limit, size_t *length,
			neuron_error_t *err)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	size_t read;
	char *text;

	if (!file)
		return _fail(path, err);
	text = _read_all(file, is_stdin ? "standard input" : path, limit,
			 length ? length : &read, err);
	if (!is_stdin)
		fclose(file);
	return text;
}

static int _write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	int rc;

	if (!file)
		return -1;
	rc = (fputs(text, file) < 0) ? -1 : 0;
	if (fclose(file))
		rc = -1;
	return rc;
}

extern int files_write(const char *path, const char *text, neuron_error_t *err)
{
	size_t size = strlen(path) + sizeof(".new");
	char *new = malloc(size);
	int rc = -1;

	if (new) {
		(void) snprintf(new, size, "%s.new", path);
		rc = _write(new, text);
		if (!rc)
			rc = rename(new, path);
		if (rc) {
			int errnum = errno;

			(void) unlink(new);
			errno = errnum;
		}
	}
	free(new);
	if (rc)
		(void) _fail(path, err);
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
