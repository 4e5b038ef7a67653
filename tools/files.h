/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files: whole files, read and written */
#ifndef NEURON_FILES_H
#define NEURON_FILES_H

#include <stddef.h>

#include "lib/error.h"

/*
 * Read a file; "-" is standard input.
 * OUT length - without the null byte behind; may be NULL.
 * RET text for free(); NULL with errno ENOENT, EINVAL (more than limit bytes)
 *	EIO or ENOMEM.
 */
extern char *files_read(const char *path, size_t limit, size_t *length,
			neuron_error_t *err);
/* Write a file at once: it has the old or the new content. RET 0; -1 */
extern int files_write(const char *path, const char *text, neuron_error_t *err);
/* "DIRECTORY/NAME" for free(); NULL with errno ENOMEM */
extern char *files_path(const char *directory, const char *name);
/* The directory of a path for free(), "." when it has none; NULL */
extern char *files_directory(const char *path);

#endif
