/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record: the files of a machine that a probe reads, and no others, for a
 * copy in which another probe finds the same machine.
 *
 * Links of sysfs become directories, except the ones whose target the probe
 * asks for; device nodes become empty files. Below /dev, /sys and /opt only
 * what probe.h lists is looked at: nothing that belongs to users.
 */
#ifndef NEURON_RECORD_H
#define NEURON_RECORD_H

#include <stddef.h>

#include "error.h"

typedef enum { RECORD_DIRECTORY, RECORD_FILE, RECORD_LINK } record_kind_t;

typedef struct {
	record_kind_t kind;
	const char *path; /* relative, without a slash at either end */
	const void *content; /* of a file; the target of a link */
	size_t length;
} record_entry_t;

/* RET 0 to go on */
typedef int (*record_each_t)(const record_entry_t *entry, void *arg);

/*
 * Call a function for each file, in order of path within each kind of file.
 * Files that cannot be read or are longer than an attribute of sysfs are
 * passed over, as a probe passes them over.
 * IN root - "" or a directory.
 * RET the number of entries; -1 with errno ENOENT (no such root), EIO or
 *	ENOMEM, or with errno untouched when each() stopped.
 */
extern int record_each(const char *root, record_each_t each, void *arg,
		       neuron_error_t *err);

#endif
