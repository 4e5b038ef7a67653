/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfs: small files below a root directory, read with limits.
 *
 * A path is relative to the root, without a leading slash. Symbolic links are
 * followed as if the root were "/": neither an absolute link nor ".." leads
 * out of it. Sentences show paths with a leading slash, as the machine that
 * the root holds would see them.
 *
 * All functions that read tell apart
 *
 *	ENOENT	not there, or may not be read, or the driver refuses
 *	EINVAL	there, but not what it must be; a sentence is recorded
 *	ENOMEM, EIO	this process has no memory or no descriptor left
 */
#ifndef NEURON_SYSFS_H
#define NEURON_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"

#define SYSFS_PATH_MAX 1024
/* An attribute of sysfs is at most a page */
#define SYSFS_FILE_MAX 4096
/* Entries of one directory that are looked at */
#define SYSFS_ENTRIES_MAX 65536

/*
 * Open a root directory.
 * IN root - "" is "/".
 * RET a descriptor for close(); -1 with errno ENOENT, EIO or ENOMEM.
 */
extern int sysfs_open(const char *root, neuron_error_t *err);

/*
 * Where a path really is.
 * OUT buf - the path without any link, relative to the root; "." for it.
 * RET 0; -1 with errno ENOENT, ENAMETOOLONG, ELOOP or another of
 *	readlinkat().
 */
extern int sysfs_resolve(int root, const char *path, char *buf, size_t size);

/* What stands at a path, links followed. RET 0; -1 with errno ENOENT, ... */
extern int sysfs_stat(int root, const char *path, struct stat *st);

/*
 * Read a whole file.
 * OUT buf - its bytes and a null byte; undefined on failure.
 * RET its length, at most size - 1; -1 with errno EINVAL when it is longer,
 *	holds a null byte or is no regular file; ENOENT, ENOMEM, EIO.
 */
extern int sysfs_read(int root, const char *path, char *buf, size_t size,
		      neuron_error_t *err);

/*
 * Read a file of one line of printable ASCII.
 * OUT buf - the line without its newline, which may be missing.
 * RET its length, 0 for an empty line or file; -1 as sysfs_read().
 */
extern int sysfs_line(int root, const char *path, char *buf, size_t size,
		      neuron_error_t *err);

/*
 * Read a file that holds one decimal number.
 * OUT number - untouched on failure.
 * RET 0; -1 as sysfs_read(), EINVAL also when it is not from min to max.
 */
extern int sysfs_number(int root, const char *path, long min, long max,
			long *number, neuron_error_t *err);

/* The same for a counter of 64 bits, which goes on until 2^64 - 1 */
extern int sysfs_count(int root, const char *path, uint64_t *count,
		       neuron_error_t *err);

/*
 * Open a file for reading without waiting: a regular file, or a character
 * device such as dev/kmsg.
 * RET a descriptor for close(); -1 as sysfs_read(), EINVAL for anything else.
 */
extern int sysfs_stream(int root, const char *path, neuron_error_t *err);

/*
 * Refuse the content of a file: "/PATH: "CONTENT": it must be RIGHT".
 * RET always -1, with errno EINVAL.
 */
extern int sysfs_refuse(const char *path, const char *content,
			const char *right, neuron_error_t *err);

/* RET 0 to go on */
typedef int (*sysfs_entry_t)(const char *name, void *arg);

/*
 * Call a function for each name in a directory, hidden ones excepted, in no
 * particular order, until it returns something else than 0.
 * RET what it returned last, 0 for an empty directory; -1 with errno ENOENT,
 *	ENOMEM or EIO.
 */
extern int sysfs_each(int root, const char *path, sysfs_entry_t entry,
		      void *arg);

/*
 * The number in a name like "neuron12": decimal digits without a leading
 * zero behind the prefix.
 * RET -1: the name is not of that form, or its number is above max.
 */
extern int sysfs_name_number(const char *name, const char *prefix, int max);

#endif
