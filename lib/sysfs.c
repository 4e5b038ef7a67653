/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Links that one path may lead through, as in the kernel */
#define HOPS_MAX 40
/* Longest piece of refused content that a sentence quotes */
#define QUOTE_MAX 40
/* Longest number, with its sign */
#define NUMBER_LENGTH_MAX 11

/* errno of a system call -> the kinds that the header names */
static int _kind(int errnum)
{
	switch (errnum) {
	case ENOMEM:
		return ENOMEM;
	case EMFILE:
	case ENFILE:
		return EIO;
	default:
		return ENOENT;
	}
}

static int _unreadable(const char *path, neuron_error_t *err)
{
	int errnum = errno;

	return neuron_error_set(err, _kind(errnum), "/%.200s: %s", path,
				strerror(errnum));
}

extern int sysfs_open(const char *root, neuron_error_t *err)
{
	int fd;

	if (!root)
		return neuron_error_set(err, ENOENT, "no root directory given");
	fd = open(*root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int errnum = errno;

		return neuron_error_set(err, _kind(errnum),
					"root directory %.200s: %s", root,
					strerror(errnum));
	}
	return fd;
}

/* A path while its links are followed */
typedef struct {
	int root;
	/* without links */
	char *done;
	size_t size;
	/* still to go */
	char rest[SYSFS_PATH_MAX];
	int hops;
} walk_t;

static void _pop(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	else
		*path = '\0';
}

static int _push(walk_t *walk, const char *name, size_t length)
{
	size_t used = strlen(walk->done);
	int n = snprintf(walk->done + used, walk->size - used, "%s%.*s",
			 used ? "/" : "", (int) length, name);

	if (n < 0 || (size_t) n >= walk->size - used) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* Put the target of a link in front of what is still to go */
static int _follow(walk_t *walk, const char *target)
{
	char rest[SYSFS_PATH_MAX];
	int n = snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest);

	if (n < 0 || (size_t) n >= sizeof(rest)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (++walk->hops > HOPS_MAX) {
		errno = ELOOP;
		return -1;
	}
	memcpy(walk->rest, rest, (size_t) n + 1);
	if (*target == '/')
		*walk->done = '\0';
	else
		_pop(walk->done);
	return 0;
}

static int _step(walk_t *walk, const char *name, size_t length)
{
	char target[SYSFS_PATH_MAX];
	ssize_t n;

	if (!length || (length == 1 && *name == '.'))
		return 0;
	if (length == 2 && !strncmp(name, "..", 2)) {
		_pop(walk->done);
		return 0;
	}
	if (_push(walk, name, length))
		return -1;
	n = readlinkat(walk->root, walk->done, target, sizeof(target));
	/* EINVAL: exists and is no link */
	if (n < 0)
		return (errno == EINVAL) ? 0 : -1;
	if ((size_t) n >= sizeof(target)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	target[n] = '\0';
	return _follow(walk, target);
}

extern int sysfs_resolve(int root, const char *path, char *buf, size_t size)
{
	walk_t walk = {.root = root, .done = buf, .size = size};
	size_t length = strlen(path);

	if (size < 2 || length >= sizeof(walk.rest)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(walk.rest, path, length + 1);
	buf[0] = '\0';
	while (*walk.rest) {
		char name[SYSFS_PATH_MAX];
		size_t end = strcspn(walk.rest, "/");
		size_t next = end + (walk.rest[end] == '/');

		memcpy(name, walk.rest, end);
		memmove(walk.rest, walk.rest + next,
			strlen(walk.rest + next) + 1);
		if (_step(&walk, name, end))
			return -1;
	}
	if (!*buf)
		memcpy(buf, ".", 2);
	return 0;
}

extern int sysfs_stat(int root, const char *path, struct stat *st)
{
	char real[SYSFS_PATH_MAX];

	if (sysfs_resolve(root, path, real, sizeof(real)))
		return -1;
	return fstatat(root, real, st, AT_SYMLINK_NOFOLLOW);
}

/* Never waits: a pipe or a device that stands there is not read */
static int _open_file(int root, const char *path, int flags)
{
	char real[SYSFS_PATH_MAX];

	if (sysfs_resolve(root, path, real, sizeof(real)))
		return -1;
	return openat(root, real,
		      flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
			      O_CLOEXEC);
}

static bool _is_file(int root, const char *path)
{
	struct stat st;

	/* What is not there is told by open() */
	return sysfs_stat(root, path, &st) || S_ISREG(st.st_mode);
}

/* RET number of bytes read, at most size; -1 with errno of read() */
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

extern int sysfs_read(int root, const char *path, char *buf, size_t size,
		      neuron_error_t *err)
{
	ssize_t n;
	int fd, errnum;

	if (!_is_file(root, path))
		return neuron_error_set(err, EINVAL,
					"/%.200s: it must be a file", path);
	fd = _open_file(root, path, 0);
	if (fd < 0)
		return _unreadable(path, err);
	n = _read_all(fd, buf, size);
	errnum = errno;
	(void) close(fd);
	errno = errnum;
	if (n < 0)
		return _unreadable(path, err);
	if ((size_t) n >= size)
		return neuron_error_set(err, EINVAL,
					"/%.200s: it must be at most %zu bytes",
					path, size - 1);
	buf[n] = '\0';
	if (memchr(buf, '\0', (size_t) n))
		return neuron_error_set(
			err, EINVAL, "/%.200s: it must be without null bytes",
			path);
	return (int) n;
}

extern int sysfs_refuse(const char *path, const char *content,
			const char *right, neuron_error_t *err)
{
	char quote[QUOTE_MAX + 4];
	size_t length = strlen(content);
	bool cut = length > QUOTE_MAX;

	if (cut)
		length = QUOTE_MAX;
	for (size_t i = 0; i < length; i++)
		quote[i] = (content[i] >= ' ' && content[i] <= '~') ? content[i]
								    : '?';
	memcpy(quote + length, cut ? "..." : "", cut ? 4 : 1);
	return neuron_error_set(err, EINVAL,
				"/%.200s: \"%s\": it must be %.200s", path,
				quote, right);
}

extern int sysfs_line(int root, const char *path, char *buf, size_t size,
		      neuron_error_t *err)
{
	/* One more for the newline that is taken away */
	char line[SYSFS_FILE_MAX + 2];
	size_t room = (size < SYSFS_FILE_MAX) ? size : SYSFS_FILE_MAX;
	int n = sysfs_read(root, path, line, room + 1, err);

	if (n < 0)
		return -1;
	if (n && line[n - 1] == '\n')
		line[--n] = '\0';
	for (int i = 0; i < n; i++) {
		if (line[i] < ' ' || line[i] > '~')
			return sysfs_refuse(path, line,
					    "one line of printable ASCII", err);
	}
	if ((size_t) n >= size)
		return neuron_error_set(err, EINVAL,
					"/%.200s: it must be at most %zu bytes",
					path, size - 1);
	memcpy(buf, line, (size_t) n + 1);
	return n;
}

/* RET false: no decimal number of a sane length */
static bool _decimal(const char *text, long *number)
{
	bool negative = (*text == '-');
	long value = 0;

	if (strlen(text) > NUMBER_LENGTH_MAX)
		return false;
	text += negative;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (*text - '0');
	}
	*number = negative ? -value : value;
	return true;
}

extern int sysfs_number(int root, const char *path, long min, long max,
			long *number, neuron_error_t *err)
{
	char line[SYSFS_FILE_MAX], right[80];
	long value;

	if (sysfs_line(root, path, line, sizeof(line), err) < 0)
		return -1;
	if (!_decimal(line, &value) || value < min || value > max) {
		(void) snprintf(right, sizeof(right),
				"a number from %ld to %ld", min, max);
		return sysfs_refuse(path, line, right, err);
	}
	*number = value;
	return 0;
}

extern int sysfs_count(int root, const char *path, uint64_t *count,
		       neuron_error_t *err)
{
	char line[SYSFS_FILE_MAX];
	uint64_t value = 0;
	size_t digits;

	if (sysfs_line(root, path, line, sizeof(line), err) < 0)
		return -1;
	digits = strspn(line, "0123456789");
	for (size_t i = 0; i < digits; i++) {
		uint64_t digit = (uint64_t) (line[i] - '0');

		if (value > (UINT64_MAX - digit) / 10) {
			digits = 0;
			break;
		}
		value = value * 10 + digit;
	}
	if (!digits || line[digits])
		return sysfs_refuse(path, line,
				    "a number from 0 to 18446744073709551615",
				    err);
	*count = value;
	return 0;
}

extern int sysfs_stream(int root, const char *path, neuron_error_t *err)
{
	struct stat st;
	int fd;

	if (sysfs_stat(root, path, &st))
		return _unreadable(path, err);
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return neuron_error_set(err, EINVAL,
					"/%.200s: it must be a file", path);
	fd = _open_file(root, path, 0);
	return (fd < 0) ? _unreadable(path, err) : fd;
}

static int _each(DIR *dir, sysfs_entry_t entry, void *arg)
{
	const struct dirent *at;
	int result = 0;

	for (int i = 0; i < SYSFS_ENTRIES_MAX && !result; i++) {
		at = readdir(dir);
		if (!at)
			break;
		if (at->d_name[0] != '.')
			result = entry(at->d_name, arg);
	}
	return result;
}

extern int sysfs_each(int root, const char *path, sysfs_entry_t entry,
		      void *arg)
{
	int fd = _open_file(root, path, O_DIRECTORY);
	DIR *dir = (fd < 0) ? NULL : fdopendir(fd);
	int result, errnum;

	if (!dir) {
		errnum = errno;
		if (fd >= 0)
			(void) close(fd);
		errno = _kind(errnum);
		return -1;
	}
	result = _each(dir, entry, arg);
	errnum = errno;
	(void) closedir(dir);
	errno = errnum;
	return result;
}

extern int sysfs_name_number(const char *name, const char *prefix, int max)
{
	size_t length = strlen(prefix);
	long value;

	if (strncmp(name, prefix, length))
		return -1;
	name += length;
	if (*name == '-' || (*name == '0' && name[1]))
		return -1;
	if (!_decimal(name, &value) || value > max)
		return -1;
	return (int) value;
}
