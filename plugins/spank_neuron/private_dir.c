/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "private_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FD_PATH_MAX 32
#define LINK_MAX_LENGTH 256
/* Room for inodes of VIEW_ENTRIES_MAX files; their data is never written */
#define TMPFS_OPTIONS "mode=0755,size=1m,nr_inodes=8k"

/* A name for an open file that mount(2) takes */
static const char *_fd_path(int fd, char *buf)
{
	(void) snprintf(buf, FD_PATH_MAX, "/proc/self/fd/%d", fd);
	return buf;
}

static int _fail(neuron_error_t *err, const char *path, const char *what)
{
	return neuron_error_set(err, EIO, "%s: cannot %s: %s", path, what,
				strerror(errno));
}

/* RET a descriptor that only names the directory, -1 */
static int _open(const char *path, neuron_error_t *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return neuron_error_set(err,
					(errno == ENOENT) ? ENOENT : EINVAL,
					"%s: cannot open this directory: %s",
					path, strerror(errno));
	if (!fstat(fd, &st) && !st.st_uid && !(st.st_mode & 022))
		return fd;
	close(fd);
	return neuron_error_set(
		err, EINVAL,
		"%s: this directory must belong to root and nobody else may write to it",
		path);
}

static view_kind_t _kind(mode_t mode)
{
	if (S_ISCHR(mode))
		return VIEW_CHAR;
	if (S_ISDIR(mode))
		return VIEW_DIRECTORY;
	if (S_ISLNK(mode))
		return VIEW_LINK;
	return VIEW_OTHER;
}

static void _describe(view_entry_t *entry, const char *name,
		      const struct stat *st)
{
	memset(entry, 0, sizeof(*entry));
	(void) snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->kind = _kind(st->st_mode);
	if (entry->kind == VIEW_CHAR) {
		entry->major = major(st->st_rdev);
		entry->minor = minor(st->st_rdev);
	}
}

typedef struct {
	view_entry_t *entries;
	unsigned int count, room;
} list_of_entries_t;

static view_entry_t *_add(list_of_entries_t *list)
{
	unsigned int room = list->room ? 2 * list->room : 64;
	view_entry_t *entries;

	if (list->count < list->room)
		return &list->entries[list->count++];
	entries = realloc(list->entries, room * sizeof(*entries));
	if (!entries)
		return NULL;
	list->entries = entries;
	list->room = room;
	return &list->entries[list->count++];
}

static int _read(DIR *dir, const char *path, list_of_entries_t *list,
		 neuron_error_t *err)
{
	struct dirent *dirent;
	view_entry_t *entry;
	struct stat st;

	while ((errno = 0, dirent = readdir(dir))) {
		if (!strcmp(dirent->d_name, ".") ||
		    !strcmp(dirent->d_name, "..") ||
		    fstatat(dirfd(dir), dirent->d_name, &st,
			    AT_SYMLINK_NOFOLLOW))
			continue;
		if (list->count == VIEW_ENTRIES_MAX)
			return neuron_error_set(
				err, ENOSPC,
				"%s: this directory has more than %d files",
				path, VIEW_ENTRIES_MAX);
		if (!(entry = _add(list)))
			return neuron_error_set(err, ENOMEM, "out of memory");
		_describe(entry, dirent->d_name, &st);
	}
	return errno ? _fail(err, path, "read this directory") : 0;
}

extern int private_dir_list(const char *path, view_entry_t **entries,
			    neuron_error_t *err)
{
	list_of_entries_t list = {0};
	int fd, readable, rc;
	DIR *dir;

	*entries = NULL;
	if ((fd = _open(path, err)) < 0)
		return -1;
	readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(fd);
	if (readable < 0)
		return _fail(err, path, "read this directory");
	if (!(dir = fdopendir(readable))) {
		close(readable);
		return neuron_error_set(err, ENOMEM, "out of memory");
	}
	rc = _read(dir, path, &list, err);
	closedir(dir);
	if (rc) {
		int saved = errno;

		free(list.entries);
		errno = saved;
		return -1;
	}
	*entries = list.entries;
	return (int) list.count;
}

/* Something in the new directory that a file can be mounted on */
static int _make_place(int new, const view_entry_t *entry)
{
	int fd;

	if (entry->action == VIEW_BIND_DIRECTORY)
		return mkdirat(new, entry->name, 0755);
	fd = openat(new, entry->name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int _bind(int new, const view_entry_t *entry, int source)
{
	char from[FD_PATH_MAX], to[FD_PATH_MAX];
	int place, rc, saved;

	if (_make_place(new, entry))
		return -1;
	place = openat(new, entry->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return -1;
	rc = mount(_fd_path(source, from), _fd_path(place, to), NULL, MS_BIND,
		   NULL);
	saved = errno;
	close(place);
	errno = saved;
	return rc;
}

static int _copy_link(int new, const view_entry_t *entry, int source)
{
	char target[LINK_MAX_LENGTH];
	ssize_t length = readlinkat(source, "", target, sizeof(target));

	/* one that is longer than any udev rule writes stays away */
	if ((length < 0) || (length == sizeof(target)))
		return 0;
	target[length] = '\0';
	return symlinkat(target, new, entry->name);
}

/* Has a file stayed what it was when the plan was made? */
static bool _is_same(int fd, const view_entry_t *entry)
{
	view_entry_t now;
	struct stat st;

	if (fstat(fd, &st))
		return false;
	_describe(&now, entry->name, &st);
	return (now.kind == entry->kind) && (now.major == entry->major) &&
	       (now.minor == entry->minor);
}

static int _keep(int old, int new, const view_entry_t *entry)
{
	int source = openat(old, entry->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int rc = 0, saved;

	if (source < 0)
		return (errno == ENOENT) ? 0 : -1;
	if (_is_same(source, entry))
		rc = (entry->action == VIEW_COPY_LINK)
			     ? _copy_link(new, entry, source)
			     : _bind(new, entry, source);
	saved = errno;
	close(source);
	errno = saved;
	return rc;
}

static int _fill(const char *path, int old, const view_entry_t *entries,
		 unsigned int count, neuron_error_t *err)
{
	/* by name, this is the tmpfs on top now */
	int new = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc = 0;

	if (new < 0)
		return _fail(err, path, "open the tmpfs on it");
	for (unsigned int i = 0; !rc && (i < count); i++) {
		if ((entries[i].action == VIEW_HIDE) ||
		    !_keep(old, new, &entries[i]))
			continue;
		rc = neuron_error_set(err, EIO, "%s: cannot keep %s: %s", path,
				      entries[i].name, strerror(errno));
	}
	close(new);
	return rc;
}

static int _replace(const char *path, const view_entry_t *entries,
		    unsigned int count, neuron_error_t *err)
{
	char name[FD_PATH_MAX];
	int old, rc;

	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return _fail(err, path, "make the mount namespace a slave");
	if ((old = _open(path, err)) < 0)
		return -1;
	if (mount("neuron", _fd_path(old, name), "tmpfs",
		  MS_NOSUID | MS_NOEXEC | MS_NODEV, TMPFS_OPTIONS))
		rc = _fail(err, path, "mount a tmpfs on it");
	else
		rc = _fill(path, old, entries, count, err);
	close(old);
	return rc;
}

/* Where the process was */
typedef struct {
	int namespace;
	int directory;
} origin_t;

static void _forget(const origin_t *origin)
{
	if (origin->namespace >= 0)
		close(origin->namespace);
	if (origin->directory >= 0)
		close(origin->directory);
}

static void _return_to(const origin_t *origin, neuron_error_t *err)
{
	neuron_error_t first = *err;

	/* setns() goes to the root directory of that namespace */
	if (setns(origin->namespace, CLONE_NEWNS) || fchdir(origin->directory))
		(void) neuron_error_set(
			err, EIO,
			"%.300s; and cannot return to the mount namespace: %s",
			first.text, strerror(errno));
	errno = EIO;
}

extern int private_dir_make(const char *path, const view_entry_t *entries,
			    unsigned int count, neuron_error_t *err)
{
	origin_t origin = {
		.namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
		.directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	int rc;

	if ((origin.namespace < 0) || (origin.directory < 0)) {
		rc = _fail(err, path, "note the mount namespace");
	} else if (unshare(CLONE_NEWNS)) {
		rc = _fail(err, path, "make a mount namespace");
	} else if ((rc = _replace(path, entries, count, err))) {
		_return_to(&origin, err);
	}
	_forget(&origin);
	return rc;
}
