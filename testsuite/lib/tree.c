/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFERS 8

static char base[TREE_PATH_MAX / 2];
static pid_t owner;

static void _die(const char *what)
{
	perror(what);
	_exit(99);
}

static int _remove_one(const char *path, const struct stat *st, int type,
		       struct FTW *ftw)
{
	(void) st;
	(void) type;
	(void) ftw;
	return remove(path);
}

static void _remove(void)
{
	/* Not in the processes that check forks */
	if (getpid() == owner)
		(void) nftw(base, _remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

extern const char *tree_base(void)
{
	const char *tmp = getenv("TMPDIR");

	if (base[0])
		return base;
	(void) snprintf(base, sizeof(base), "%s/neuron-tree.XXXXXX",
			(tmp && *tmp) ? tmp : "/tmp");
	if (!mkdtemp(base) || chmod(base, 0755))
		_die(base);
	owner = getpid();
	(void) atexit(_remove);
	return base;
}

extern void tree_clear(void)
{
	(void) nftw(tree_base(), _remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (mkdir(base, 0755) || chmod(base, 0755))
		_die(base);
}

extern const char *tree_path(const char *path)
{
	static char buffers[BUFFERS][TREE_PATH_MAX];
	static unsigned int next;
	char *buf = buffers[next++ % BUFFERS];

	(void) snprintf(buf, TREE_PATH_MAX, "%s%s%s", tree_base(),
			*path ? "/" : "", path);
	return buf;
}

static void _make_above(const char *path)
{
	char full[TREE_PATH_MAX];
	size_t start = strlen(tree_base()) + 1;

	(void) snprintf(full, sizeof(full), "%s", path);
	for (char *at = full + start; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			_die(full);
		*at = '/';
	}
}

extern void tree_put_bytes(const char *path, const void *bytes, size_t size)
{
	const char *full = tree_path(path);
	FILE *file;

	_make_above(full);
	file = fopen(full, "w");
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
		_die(full);
	if (chmod(full, 0644))
		_die(full);
}

extern void tree_put(const char *path, const char *text)
{
	tree_put_bytes(path, text, strlen(text));
}

extern void tree_directory(const char *path, unsigned int mode)
{
	const char *full = tree_path(path);

	_make_above(full);
	if ((mkdir(full, 0755) && errno != EEXIST) || chmod(full, mode))
		_die(full);
}

extern void tree_link(const char *path, const char *target)
{
	const char *full = tree_path(path);

	_make_above(full);
	if (symlink(target, full))
		_die(full);
}
