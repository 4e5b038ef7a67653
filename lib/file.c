/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16384

static char *_fail(const char *origin, int errnum, neuron_error_t *err)
{
	int kind = (errnum == ENOENT || errnum == ENOMEM) ? errnum : EIO;

	(void) neuron_error_set(err, kind, "%.300s: %s", origin,
				strerror(errnum));
	return NULL;
}

extern char *file_read_stream(FILE *stream, const char *origin, size_t limit,
			      size_t *length, neuron_error_t *err)
{
	size_t size = FIRST_SIZE, used = 0;
	char *text = malloc(size);

	while (text) {
		char *grown;

		used += fread(text + used, 1, size - used, stream);
		if (used < size || used > limit)
			break;
		size *= 2;
		grown = realloc(text, size);
		if (!grown)
			free(text);
		text = grown;
	}
	if (!text)
		return _fail(origin, ENOMEM, err);
	if (!ferror(stream) && used <= limit) {
		text[used] = '\0';
		if (length)
			*length = used;
		return text;
	}
	free(text);
	if (ferror(stream))
		return _fail(origin, EIO, err);
	(void) neuron_error_set(err, EINVAL, "%.300s: has more than %zu bytes",
				origin, limit);
	return NULL;
}

extern char *file_read(const char *path, size_t limit, size_t *length,
		       neuron_error_t *err)
{
	FILE *stream = fopen(path, "re");
	char *text;
	int errnum;

	if (!stream)
		return _fail(path, errno, err);
	text = file_read_stream(stream, path, limit, length, err);
	errnum = errno;
	fclose(stream);
	errno = errnum;
	return text;
}
