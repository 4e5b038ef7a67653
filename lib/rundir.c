/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int _system(const char *path, const char *name, neuron_error_t *err)
{
	int errnum = errno;

	return neuron_error_set(err, (errnum == ENOENT) ? ENOENT : EIO,
				"%s%s%s: %s", path, *name ? "/" : "", name,
				strerror(errnum));
}

static bool _is_ours(uid_t uid)
{
	return !uid || uid == geteuid();
}

/* RET a word about who could change a directory; NULL: nobody else */
static const char *_danger(const struct stat *st, bool last)
{
	if (!_is_ours(st->st_uid))
		return "its owner is another user";
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) &&
	    (last || !(st->st_mode & S_ISVTX)))
		return "other users can write it";
	return NULL;
}

static int _check(const rundir_t *dir, bool last, neuron_error_t *err)
{
	const char *danger;
	struct stat st;

	if (fstat(dir->fd, &st))
		return _system(dir->path, "", err);
	danger = _danger(&st, last);
	if (!danger)
		return 0;
	return neuron_error_set(err, EINVAL,
				"%s: %s; it must be root's alone, mode 0755",
				*dir->path ? dir->path : "/", danger);
}

static int _append(rundir_t *dir, const char *name, size_t length)
{
	size_t used = strlen(dir->path);
	int n = snprintf(dir->path + used, sizeof(dir->path) - used, "/%.*s",
			 (int) length, name);

	return (n < 0 || (size_t) n >= sizeof(dir->path) - used) ? -1 : 0;
}

/* Go one directory down */
static int _enter(rundir_t *dir, const char *name, size_t length, bool make,
		  neuron_error_t *err)
{
	char part[RUNDIR_PATH_MAX];
	int fd;

	if (length >= sizeof(part) || _append(dir, name, length))
		return neuron_error_set(err, EINVAL, "%s: the path is too long",
					dir->path);
	memcpy(part, name, length);
	part[length] = '\0';
	if (make && mkdirat(dir->fd, part, 0755) && errno != EEXIST)
		return _system(dir->path, "", err);
	fd = openat(dir->fd, part, OPEN_DIRECTORY);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return neuron_error_set(err, EINVAL,
					"%s: it must be a directory, not a "
					"link or a file",
					dir->path);
	if (fd < 0)
		return _system(dir->path, "", err);
	(void) close(dir->fd);
	dir->fd = fd;
	return 0;
}

static int _walk(rundir_t *dir, const char *path, bool make,
		 neuron_error_t *err)
{
	for (;;) {
		size_t length;
		bool last;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		last = !path[length + strspn(path + length, "/")];
		if (!length)
			return 0;
		if (length == 2 && !strncmp(path, "..", 2))
			return neuron_error_set(err, EINVAL,
						"%s/..: a path here must not "
						"go up",
						dir->path);
		if (_enter(dir, path, length, make, err) ||
		    _check(dir, last, err))
			return -1;
		path += length;
	}
}

extern int rundir_open(rundir_t *dir, const char *path, int make,
		       neuron_error_t *err)
{
	dir->path[0] = '\0';
	dir->fd = -1;
	if (*path != '/')
		return neuron_error_set(err, EINVAL,
					"%s: the path must start with /", path);
	dir->fd = open("/", OPEN_DIRECTORY);
	if (dir->fd < 0)
		return _system("", "", err);
	if (!_check(dir, false, err) && !_walk(dir, path, make, err))
		return 0;
	rundir_close(dir);
	return -1;
}

extern int rundir_below(rundir_t *dir, const rundir_t *above, const char *name,
			int make, neuron_error_t *err)
{
	*dir = *above;
	dir->fd = fcntl(above->fd, F_DUPFD_CLOEXEC, 0);
	if (dir->fd < 0)
		return _system(above->path, "", err);
	if (!_enter(dir, name, strlen(name), make, err) &&
	    !_check(dir, true, err))
		return 0;
	rundir_close(dir);
	return -1;
}

extern void rundir_close(rundir_t *dir)
{
	int errnum = errno;

	if (dir->fd >= 0)
		(void) close(dir->fd);
	dir->fd = -1;
	errno = errnum;
}

static int _write_all(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		length -= (size_t) n;
	}
	return 0;
}

/* RET 0; -1 with errno of the system, and no file */
static int _write_new(int dir, const char *name, const char *text)
{
	int fd, errnum, rc;

	if (unlinkat(dir, name, 0) && errno != ENOENT)
		return -1;
	fd = openat(dir, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	rc = _write_all(fd, text) || fchmod(fd, 0644);
	errnum = errno;
	if (close(fd) && !rc) {
		errnum = errno;
		rc = -1;
	}
	if (rc)
		(void) unlinkat(dir, name, 0);
	errno = errnum;
	return rc ? -1 : 0;
}

extern int rundir_write(const rundir_t *dir, const char *name, const char *text,
			neuron_error_t *err)
{
	char hidden[RUNDIR_NAME_MAX + 8];
	int n = snprintf(hidden, sizeof(hidden), ".%s.new", name);

	if (n < 0 || (size_t) n >= sizeof(hidden))
		return neuron_error_set(err, EINVAL,
					"%s/%.64s: the name is too long",
					dir->path, name);
	if (_write_new(dir->fd, hidden, text))
		return _system(dir->path, hidden, err);
	if (renameat(dir->fd, hidden, dir->fd, name)) {
		int errnum = errno;

		(void) unlinkat(dir->fd, hidden, 0);
		errno = errnum;
		return _system(dir->path, name, err);
	}
	return 0;
}

static int _check_file(const rundir_t *dir, const char *name, int fd,
		       neuron_error_t *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return _system(dir->path, name, err);
	if (S_ISREG(st.st_mode) && !_danger(&st, true))
		return 0;
	return neuron_error_set(err, EINVAL,
				"%s/%s: it must be a file of root that nobody "
				"else can write",
				dir->path, name);
}

static ssize_t _read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, buf + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		used += (size_t) n;
	}
	return (ssize_t) used;
}

static int _read_file(const rundir_t *dir, const char *name, int fd, char *buf,
		      size_t size, neuron_error_t *err)
{
	ssize_t n;

	if (_check_file(dir, name, fd, err))
		return -1;
	n = _read_all(fd, buf, size);
	if (n < 0)
		return _system(dir->path, name, err);
	if ((size_t) n >= size || memchr(buf, '\0', (size_t) n))
		return neuron_error_set(err, EINVAL,
					"%s/%s: it must be a text of at most "
					"%zu bytes",
					dir->path, name, size - 1);
	buf[n] = '\0';
	return (int) n;
}

extern int rundir_read(const rundir_t *dir, const char *name, char *buf,
		       size_t size, neuron_error_t *err)
{
	int fd = openat(dir->fd, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				O_CLOEXEC);
	int n, errnum;

	if (fd < 0 && errno == ELOOP)
		return neuron_error_set(err, EINVAL,
					"%s/%s: it must be a file, not a link",
					dir->path, name);
	if (fd < 0)
		return _system(dir->path, name, err);
	n = _read_file(dir, name, fd, buf, size, err);
	errnum = errno;
	(void) close(fd);
	errno = errnum;
	return n;
}

extern int rundir_remove(const rundir_t *dir, const char *name,
			 neuron_error_t *err)
{
	if (unlinkat(dir->fd, name, 0) && errno != ENOENT)
		return _system(dir->path, name, err);
	return 0;
}

/* Owner of the directory of a path */
static uid_t _directory_owner(const char *path)
{
	char above[RUNDIR_PATH_MAX];
	struct stat st;
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t) (slash - path) : 0;

	if (!length || length >= sizeof(above))
		return 0;
	memcpy(above, path, length);
	above[length] = '\0';
	return stat(above, &st) ? 0 : st.st_uid;
}

extern int rundir_trust(const char *path, neuron_error_t *err)
{
	struct stat st;

	if (stat(path, &st))
		return _system(path, "", err);
	if (!S_ISREG(st.st_mode))
		return neuron_error_set(err, EINVAL, "%s: it must be a file",
					path);
	if (st.st_mode & S_IWOTH)
		return neuron_error_set(err, EINVAL,
					"%s: any user can write it; take that "
					"right away",
					path);
	if (!_is_ours(st.st_uid) && st.st_uid != _directory_owner(path))
		return neuron_error_set(err, EINVAL,
					"%s: its owner is another user; it "
					"must be root or the owner of its "
					"directory",
					path);
	return 0;
}
