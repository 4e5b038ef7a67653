/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugins/spank_neuron/private_dir. Only root can do this; check forks a
 * process for each test, which gets a mount namespace of its own first.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing_malloc.h"
#include "plugins/spank_neuron/private_dir.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define SKIPPED 77

/* Names that the linker's --wrap gives */
extern int __real_setns(int fd, int kind);
extern int __wrap_setns(int fd, int kind);

static bool setns_fails;

extern int __wrap_setns(int fd, int kind)
{
	if (!setns_fails)
		return __real_setns(fd, kind);
	errno = EPERM;
	return -1;
}

static char dir[] = "/tmp/private_dir.XXXXXX";
static char path[64];

static char *_in(const char *name)
{
	static char buf[512];

	snprintf(buf, sizeof(buf), "%s/%s", path, name);
	return buf;
}

static void _touch(const char *name, mode_t mode)
{
	int fd = open(_in(name), O_WRONLY | O_CREAT | O_EXCL, mode);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(chmod(_in(name), mode), 0);
}

/* A directory of all kinds of files, on a tmpfs that goes with the process */
static void _setup(void)
{
	char link[400];

	umask(022);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("test", dir, "tmpfs", 0, "mode=0755"), 0);
	snprintf(path, sizeof(path), "%s/infiniband", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(mknod(_in("uverbs0"), S_IFCHR | 0666, makedev(1, 3)),
			 0);
	ck_assert_int_eq(mknod(_in("uverbs1"), S_IFCHR | 0666, makedev(1, 5)),
			 0);
	ck_assert_int_eq(mknod(_in("pipe"), S_IFIFO | 0600, 0), 0);
	_touch("plain", 0604);
	ck_assert_int_eq(chown(_in("plain"), 3, 4), 0);
	ck_assert_int_eq(mkdir(_in("folder"), 0711), 0);
	_touch("folder/inside", 0600);
	ck_assert_int_eq(symlink("uverbs1", _in("link")), 0);
	memset(link, 'x', sizeof(link) - 1);
	link[sizeof(link) - 1] = '\0';
	ck_assert_int_eq(symlink(link, _in("long")), 0);
}

static int _compare(const void *x, const void *y)
{
	return strcmp(((const view_entry_t *) x)->name,
		      ((const view_entry_t *) y)->name);
}

/* The directory as text, sorted: "name:kind" */
static const char *_listing(void)
{
	static char buf[1024];
	view_entry_t *entries;
	size_t used = 0;
	int count = private_dir_list(path, &entries, NULL);

	ck_assert_int_ge(count, 0);
	qsort(entries, (size_t) count, sizeof(*entries), _compare);
	buf[0] = '\0';
	for (int i = 0; i < count; i++)
		used += (size_t) snprintf(buf + used, sizeof(buf) - used,
					  "%s%s:%c", used ? " " : "",
					  entries[i].name,
					  "cdlo"[entries[i].kind]);
	free(entries);
	return buf;
}

#define ALL "folder:d link:l long:l pipe:o plain:o uverbs0:c uverbs1:c"

static view_entry_t *_plan(int *count)
{
	static const view_device_t devices[] = {{1, 3, true}, {1, 5, false}};
	view_entry_t *entries;

	*count = private_dir_list(path, &entries, NULL);
	ck_assert_int_eq(*count, 7);
	ck_assert_int_eq(
		view_plan(entries, (unsigned int) *count, devices, 2, NULL), 1);
	return entries;
}

static void _make(void)
{
	neuron_error_t err = {""};
	int count;
	view_entry_t *entries = _plan(&count);

	ck_assert_msg(
		!private_dir_make(path, entries, (unsigned int) count, &err),
		"%s", err.text);
	free(entries);
}

START_TEST(list)
{
	view_entry_t *entries;
	int count = private_dir_list(path, &entries, NULL);

	ck_assert_str_eq(_listing(), ALL);
	for (int i = 0; i < count; i++) {
		if (!strcmp(entries[i].name, "uverbs1")) {
			ck_assert_uint_eq(entries[i].major, 1);
			ck_assert_uint_eq(entries[i].minor, 5);
		} else if (strcmp(entries[i].name, "uverbs0")) {
			ck_assert_uint_eq(entries[i].major, 0);
		}
	}
	free(entries);
}
END_TEST

START_TEST(list_out_of_memory)
{
	view_entry_t *entries = NULL;
	neuron_error_t err = {""};
	int count = -1;

	for (long n = 0; count < 0; n++) {
		int error;

		failing_malloc_after(n);
		errno = 0;
		count = private_dir_list(path, &entries, &err);
		error = errno;
		failing_malloc_after(-1);
		ck_assert_int_lt(n, 10);
		ck_assert_int_eq(error == ENOMEM, count < 0);
		ck_assert_int_eq(entries == NULL, count < 0);
	}
	ck_assert_int_eq(count, 7);
	free(entries);
}
END_TEST

static void _absent(void)
{
	ck_assert_int_eq(rename(path, _in("../gone")), 0);
}

static void _no_directory(void)
{
	_absent();
	ck_assert_int_eq(mknod(path, S_IFREG | 0644, 0), 0);
}

static void _link(void)
{
	_absent();
	ck_assert_int_eq(symlink("gone", path), 0);
}

static void _writable_by_group(void)
{
	ck_assert_int_eq(chmod(path, 0775), 0);
}

static void _writable_by_all(void)
{
	ck_assert_int_eq(chmod(path, 0777), 0);
}

static void _not_roots(void)
{
	ck_assert_int_eq(chown(path, 1, 0), 0);
}

static void _too_many(void)
{
	char name[32];

	for (int i = 0; i < VIEW_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		_touch(name, 0600);
	}
}

#define NOT_ROOTS "must belong to root and nobody else may write to it"

static const struct {
	void (*spoil)(void);
	int errnum;
	const char *message;
} refused[] = {
	{_absent, ENOENT, "cannot open this directory: No such file"},
	{_no_directory, EINVAL, "cannot open this directory: Not a directory"},
	{_link, EINVAL, "cannot open this directory: Not a directory"},
	{_writable_by_group, EINVAL, NOT_ROOTS},
	{_writable_by_all, EINVAL, NOT_ROOTS},
	{_not_roots, EINVAL, NOT_ROOTS},
	{_too_many, ENOSPC, "this directory has more than 4096 files"},
};

START_TEST(list_refused)
{
	neuron_error_t err = {""};
	view_entry_t *entries;

	refused[_i].spoil();
	errno = 0;
	ck_assert_int_eq(private_dir_list(path, &entries, &err), -1);
	ck_assert_int_eq(errno, refused[_i].errnum);
	ck_assert_ptr_null(entries);
	ck_assert_msg(strstr(err.text, path) &&
			      strstr(err.text, refused[_i].message),
		      "row %d: got \"%s\", wanted \"%s\"", _i, err.text,
		      refused[_i].message);
}
END_TEST

START_TEST(make)
{
	static const char *const kept[] = {"uverbs0", "pipe", "plain", "folder",
					   "folder/inside"};
	struct stat before[COUNT(kept)], after;
	char target[16] = "";

	for (int i = 0; i < COUNT(kept); i++)
		ck_assert_int_eq(lstat(_in(kept[i]), &before[i]), 0);
	_make();
	ck_assert_str_eq(_listing(),
			 "folder:d link:l pipe:o plain:o uverbs0:c");
	for (int i = 0; i < COUNT(kept); i++) {
		ck_assert_int_eq(lstat(_in(kept[i]), &after), 0);
		ck_assert_msg(before[i].st_dev == after.st_dev &&
				      before[i].st_ino == after.st_ino,
			      "%s is another file", kept[i]);
	}
	ck_assert_int_eq(readlink(_in("link"), target, sizeof(target)), 7);
	ck_assert_str_eq(target, "uverbs1");
	ck_assert_int_eq(access(_in("link"), F_OK), -1);
	ck_assert_int_eq(lstat(path, &after), 0);
	ck_assert_uint_eq(after.st_mode & 07777, 0755);
	ck_assert_int_eq(chdir(path), 0);
}
END_TEST

/* A child makes its view, the parent keeps his; a grandchild has the child's */
START_TEST(make_is_private)
{
	int status;
	pid_t pid;

	ck_assert_int_eq(mount(NULL, dir, NULL, MS_SHARED, NULL), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		_make();
		pid = fork();
		if (!pid)
			_exit(access(_in("uverbs1"), F_OK) ? 0 : 1);
		if ((waitpid(pid, &status, 0) != pid) || status)
			_exit(1);
		/* nor does what it mounts get out */
		if (mount("x", _in("folder"), "tmpfs", 0, NULL))
			_exit(2);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(_listing(), ALL);
	ck_assert_int_eq(access(_in("folder/inside"), F_OK), 0);
}
END_TEST

/* Files that are not what they were when the plan was made */
START_TEST(make_of_changed)
{
	int count;
	view_entry_t *entries = _plan(&count);

	ck_assert_int_eq(unlink(_in("plain")), 0);
	ck_assert_int_eq(unlink(_in("uverbs0")), 0);
	ck_assert_int_eq(mknod(_in("uverbs0"), S_IFCHR | 0666, makedev(1, 7)),
			 0);
	ck_assert_int_eq(unlink(_in("pipe")), 0);
	ck_assert_int_eq(symlink("/etc", _in("pipe")), 0);
	_touch("new", 0600);
	ck_assert_int_eq(
		private_dir_make(path, entries, (unsigned int) count, NULL), 0);
	ck_assert_str_eq(_listing(), "folder:d link:l");
	free(entries);
}
END_TEST

/* One that cannot be kept: the process is where it was, with all files */
START_TEST(make_fails)
{
	view_entry_t entries[] = {
		{.name = "plain", .kind = VIEW_OTHER, .action = VIEW_BIND_FILE},
		{.name = "plain", .kind = VIEW_OTHER, .action = VIEW_BIND_FILE},
	};
	struct stat before, after;
	neuron_error_t err = {""};
	char cwd[64];

	ck_assert_int_eq(chdir(_in("folder")), 0);
	ck_assert_int_eq(stat("/proc/self/ns/mnt", &before), 0);
	errno = 0;
	ck_assert_int_eq(private_dir_make(path, entries, 2, &err), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_msg(strstr(err.text, "cannot keep plain: File exists"),
		      "got \"%s\"", err.text);
	ck_assert_int_eq(stat("/proc/self/ns/mnt", &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	ck_assert_str_eq(cwd, _in("folder"));
	ck_assert_str_eq(_listing(), ALL);
}
END_TEST

/* Nor can the process go back: the reason of both is told */
START_TEST(make_and_return_fail)
{
	view_entry_t entries[] = {
		{.name = "plain", .kind = VIEW_OTHER, .action = VIEW_BIND_FILE},
		{.name = "plain", .kind = VIEW_OTHER, .action = VIEW_BIND_FILE},
	};
	neuron_error_t err = {""};

	setns_fails = true;
	errno = 0;
	ck_assert_int_eq(private_dir_make(path, entries, 2, &err), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_msg(strstr(err.text,
			     "cannot keep plain: File exists; and cannot "
			     "return to the mount namespace: Operation not "
			     "permitted"),
		      "got \"%s\"", err.text);
}
END_TEST

START_TEST(make_refused)
{
	neuron_error_t err = {""};
	struct stat before, after;

	_writable_by_group();
	ck_assert_int_eq(stat("/proc/self/ns/mnt", &before), 0);
	ck_assert_int_eq(private_dir_make(path, NULL, 0, &err), -1);
	ck_assert_msg(strstr(err.text, NOT_ROOTS), "got \"%s\"", err.text);
	ck_assert_int_eq(stat("/proc/self/ns/mnt", &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
}
END_TEST

/* Without the right to mount nothing changes */
START_TEST(make_without_privilege)
{
	neuron_error_t err = {""};

	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(private_dir_make(path, NULL, 0, &err), -1);
	ck_assert_msg(strstr(err.text, "cannot make a mount namespace: "),
		      "got \"%s\"", err.text);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("private_dir");
	TCase *tcase = tcase_create("private_dir");

	tcase_add_checked_fixture(tcase, _setup, NULL);
	tcase_add_test(tcase, list);
	tcase_add_test(tcase, list_out_of_memory);
	tcase_add_loop_test(tcase, list_refused, 0, COUNT(refused));
	tcase_add_test(tcase, make);
	tcase_add_test(tcase, make_is_private);
	tcase_add_test(tcase, make_of_changed);
	tcase_add_test(tcase, make_fails);
	tcase_add_test(tcase, make_and_return_fail);
	tcase_add_test(tcase, make_refused);
	tcase_add_test(tcase, make_without_privilege);
	suite_add_tcase(suite, tcase);
	return suite;
}

/* In a process of its own: root of a container may have no right to some */
static bool _can_all(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		snprintf(path, sizeof(path), "%s", dir);
		_exit(unshare(CLONE_NEWNS) ||
		      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		      mount("test", dir, "tmpfs", 0, NULL) ||
		      mknod(_in("device"), S_IFCHR | 0666, makedev(1, 3)) ||
		      chown(_in("device"), 3, 4));
	}
	return (pid > 0) && (waitpid(pid, &status, 0) == pid) && !status;
}

int main(void)
{
	SRunner *runner;
	int failed;

	if (!mkdtemp(dir)) {
		perror(dir);
		return EXIT_FAILURE;
	}
	if (geteuid() || !_can_all()) {
		(void) rmdir(dir);
		puts("SKIP: only root can make mounts and device nodes");
		return SKIPPED;
	}
	runner = srunner_create(_suite());
	/* each test changes its own mounts only */
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	(void) rmdir(dir);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
