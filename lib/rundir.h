/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rundir: small files in a directory that only root can change.
 *
 * Root reads and writes here what other root processes rely on. So no part of
 * a path may be a symbolic link or a place where another user can put one:
 * every directory on the way is owned by root or by this process, and is
 * written by nobody else unless it has the sticky bit. Files are replaced as a
 * whole: written under a hidden name that must not exist, then renamed.
 *
 * errno is EINVAL where a directory or file is not safe, ENOENT where it is not
 * there, EIO for what the system says, ENOMEM. Sentences name the path.
 */
#ifndef NEURON_RUNDIR_H
#define NEURON_RUNDIR_H

#include <stddef.h>

#include "error.h"

#define RUNDIR_NAME_MAX 64
#define RUNDIR_PATH_MAX 512
/* Longest file, bytes, with a final null byte */
#define RUNDIR_FILE_MAX 8192

typedef struct {
	int fd;
	char path[RUNDIR_PATH_MAX];
} rundir_t;

/*
 * Open a directory. What is missing of it is made, mode 0755, when make is set.
 * IN path - absolute.
 * RET 0, for rundir_close(); -1.
 */
extern int rundir_open(rundir_t *dir, const char *path, int make,
		       neuron_error_t *err);
/* The same for a directory inside one */
extern int rundir_below(rundir_t *dir, const rundir_t *above, const char *name,
			int make, neuron_error_t *err);
/* Accepts a directory that was closed; errno survives */
extern void rundir_close(rundir_t *dir);

/* Replace a file, mode 0644. RET 0; -1, with the old one untouched. */
extern int rundir_write(const rundir_t *dir, const char *name, const char *text,
			neuron_error_t *err);
/*
 * Read a file that its owner alone can write, and that owner is root or this
 * process.
 * OUT buf - its text. RET its length; -1.
 */
extern int rundir_read(const rundir_t *dir, const char *name, char *buf,
		       size_t size, neuron_error_t *err);
/* RET 0, also when it is not there; -1 */
extern int rundir_remove(const rundir_t *dir, const char *name,
			 neuron_error_t *err);

/*
 * A file that somebody else keeps, such as neuron.conf: refuse it when any
 * user can write it, or when its owner is neither root, this process, nor the
 * owner of its directory.
 * RET 0; -1 with errno EINVAL or ENOENT.
 */
extern int rundir_trust(const char *path, neuron_error_t *err);

#endif
