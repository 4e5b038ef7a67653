/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file: whole text files */
#ifndef NEURON_FILE_H
#define NEURON_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"

/*
 * Read what is left of a stream.
 * IN origin - its name for messages.
 * OUT length - without the null byte behind; may be NULL.
 * RET text for free(); NULL with errno EINVAL (it has more than limit bytes),
 *	EIO or ENOMEM.
 */
extern char *file_read_stream(FILE *stream, const char *origin, size_t limit,
			      size_t *length, neuron_error_t *err);
/* The same for a file; errno also ENOENT */
extern char *file_read(const char *path, size_t limit, size_t *length,
		       neuron_error_t *err);

#endif
