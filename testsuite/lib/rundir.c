/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rundir and lncfile */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/lncfile.h"
#include "lib/rundir.h"
#include "tree.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define LNC "NEURON_LOGICAL_NC_CONFIG="

static void _fill(void)
{
	tree_clear();
	tree_directory("good", 0755);
	tree_directory("group", 0775);
	tree_directory("world", 0777);
	tree_directory("world/inside", 0755);
	tree_directory("sticky", 01777);
	tree_directory("sticky/inside", 0755);
	tree_put("file", "x");
	tree_link("link", tree_path("good"));
	tree_link("good/below", "../sticky/inside");
	tree_link("dangling", "nowhere");
}

/*
 * Directories
 */

static const struct {
	const char *path;
	int errnum; /* 0: opened */
	const char *wanted; /* part of the sentence */
} opens[] = {
	{"good", 0, ""},
	{"good/", 0, ""},
	{"good//", 0, ""},
	{"new", 0, ""},
	{"good/new", 0, ""},
	{"good/new/er/est", 0, ""},
	{"sticky/inside", 0, ""},
	{"sticky/inside/new", 0, ""},
	{"group", EINVAL, "other users can write it; it must be root's alone"},
	{"world", EINVAL, "other users can write it"},
	{"world/inside", EINVAL, "/world: other users can write it"},
	{"world/new", EINVAL, "/world: other users can write it"},
	{"sticky", EINVAL, "other users can write it"},
	{"file", EINVAL, "it must be a directory, not a link or a file"},
	{"file/x", EINVAL, ""},
	{"link", EINVAL, "it must be a directory, not a link or a file"},
	{"link/new", EINVAL, "not a link"},
	{"good/below", EINVAL, "not a link"},
	{"dangling", EINVAL, "not a link"},
	{"good/../good", EINVAL, "must not go up"},
	{"..", EINVAL, "must not go up"},
};

START_TEST(test_open)
{
	neuron_error_t err = {""};
	rundir_t dir;
	int rc;

	_fill();
	rc = rundir_open(&dir, tree_path(opens[_i].path), 1, &err);
	ck_assert_msg(opens[_i].errnum ? (rc == -1 && dir.fd == -1) : !rc,
		      "%s: got %d \"%s\", wanted %s", opens[_i].path, rc,
		      err.text, opens[_i].errnum ? "a refusal" : "0");
	ck_assert_msg(!opens[_i].errnum || strstr(err.text, opens[_i].wanted),
		      "%s: got \"%s\", wanted \"%s\"", opens[_i].path, err.text,
		      opens[_i].wanted);
	if (!rc) {
		struct stat st;

		ck_assert_int_eq(fstat(dir.fd, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0755);
		rundir_close(&dir);
	}
	rundir_close(&dir);
}
END_TEST

START_TEST(test_open_missing)
{
	neuron_error_t err = {""};
	char path[2 * RUNDIR_PATH_MAX];
	size_t length;
	rundir_t dir, below;

	_fill();
	ck_assert_int_eq(rundir_open(&dir, tree_path("new"), 0, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(rundir_open(&dir, "good", 1, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "good: the path must start with /");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	length = (size_t) snprintf(path, sizeof(path), "%s", tree_path("good"));
	path[length] = '/';
	ck_assert_int_eq(rundir_open(&dir, path, 1, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, ": the path is too long"));
	ck_assert_int_eq(rundir_open(&dir, "", 1, &err), -1);
	ck_assert_int_eq(rundir_open(&dir, tree_path("good"), 0, &err), 0);
	ck_assert_int_eq(rundir_below(&below, &dir, "bad", 0, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(rundir_below(&below, &dir, "below", 1, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(rundir_below(&below, &dir, "bad", 1, &err), 0);
	ck_assert_str_eq(below.path, tree_path("good/bad"));
	rundir_close(&below);
	rundir_close(&dir);
}
END_TEST

/* Another user's directory, as far as there is another user */
START_TEST(test_owner)
{
	neuron_error_t err = {""};
	rundir_t dir;

	if (geteuid())
		return;
	_fill();
	ck_assert_int_eq(chown(tree_path("good"), 12345, 0), 0);
	ck_assert_int_eq(rundir_open(&dir, tree_path("good"), 1, &err), -1);
	ck_assert_msg(strstr(err.text, "its owner is another user"),
		      "got \"%s\"", err.text);
	ck_assert_int_eq(rundir_open(&dir, tree_path("good/x"), 1, &err), -1);
	tree_put("conf", "x");
	ck_assert_int_eq(chown(tree_path("conf"), 12345, 0), 0);
	ck_assert_int_eq(rundir_trust(tree_path("conf"), &err), -1);
	ck_assert_int_eq(chown(tree_path(""), 12345, 0), 0);
	ck_assert_int_eq(rundir_trust(tree_path("conf"), &err), 0);
	ck_assert_int_eq(chown(tree_path(""), 0, 0), 0);
}
END_TEST

START_TEST(test_trust)
{
	neuron_error_t err = {""};

	_fill();
	ck_assert_int_eq(rundir_trust(tree_path("file"), &err), 0);
	ck_assert_int_eq(chmod(tree_path("file"), 0664), 0);
	ck_assert_int_eq(rundir_trust(tree_path("file"), &err), 0);
	ck_assert_int_eq(chmod(tree_path("file"), 0646), 0);
	ck_assert_int_eq(rundir_trust(tree_path("file"), &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(rundir_trust(tree_path("good"), &err), -1);
	ck_assert_int_eq(rundir_trust(tree_path("none"), &err), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/*
 * Files
 */

START_TEST(test_write)
{
	neuron_error_t err = {""};
	char text[64], name[2 * RUNDIR_NAME_MAX];
	struct stat st;
	rundir_t dir;

	_fill();
	tree_put("victim", "untouched");
	ck_assert_int_eq(rundir_open(&dir, tree_path("good"), 0, &err), 0);
	ck_assert_int_eq(rundir_write(&dir, "a", "one\n", &err), 0);
	ck_assert_int_eq(rundir_write(&dir, "a", "two\n", &err), 0);
	ck_assert_int_eq(rundir_read(&dir, "a", text, sizeof(text), &err), 4);
	ck_assert_str_eq(text, "two\n");
	ck_assert_int_eq(stat(tree_path("good/a"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	/* Links where the file goes, or the one that is renamed */
	tree_link("good/b", "../victim");
	tree_link("good/.b.new", "../victim");
	ck_assert_int_eq(rundir_read(&dir, "b", text, sizeof(text), &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(rundir_write(&dir, "b", "three", &err), 0);
	ck_assert_int_eq(lstat(tree_path("good/b"), &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(stat(tree_path("victim"), &st), 0);
	ck_assert_int_eq(st.st_size, 9);
	/* A directory where the file goes */
	tree_directory("good/c", 0755);
	ck_assert_int_eq(rundir_write(&dir, "c", "x", &err), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(access(tree_path("good/.c.new"), F_OK), -1);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(rundir_write(&dir, name, "x", &err), -1);
	ck_assert_int_eq(rundir_remove(&dir, "b", &err), 0);
	ck_assert_int_eq(rundir_remove(&dir, "b", &err), 0);
	ck_assert_int_eq(rundir_remove(&dir, "c", &err), -1);
	rundir_close(&dir);
}
END_TEST

START_TEST(test_read)
{
	neuron_error_t err = {""};
	char text[8];
	rundir_t dir;

	_fill();
	ck_assert_int_eq(rundir_open(&dir, tree_path("good"), 0, &err), 0);
	tree_put("good/fits", "1234567");
	tree_put("good/long", "12345678");
	tree_put_bytes("good/null", "1\0002", 3);
	tree_put("good/empty", "");
	tree_put("good/open", "x");
	ck_assert_int_eq(chmod(tree_path("good/open"), 0646), 0);
	ck_assert_int_eq(mkfifo(tree_path("good/pipe"), 0644), 0);
	ck_assert_int_eq(rundir_read(&dir, "fits", text, 8, &err), 7);
	ck_assert_int_eq(rundir_read(&dir, "empty", text, 8, &err), 0);
	ck_assert_int_eq(rundir_read(&dir, "long", text, 8, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(rundir_read(&dir, "null", text, 8, &err), -1);
	ck_assert_int_eq(rundir_read(&dir, "open", text, 8, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(rundir_read(&dir, "pipe", text, 8, &err), -1);
	ck_assert_int_eq(rundir_read(&dir, "below", text, 8, &err), -1);
	ck_assert_ptr_nonnull(
		strstr(err.text, "/below: it must be a file, not a link"));
	ck_assert_int_eq(rundir_read(&dir, "none", text, 8, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	rundir_close(&dir);
}
END_TEST

/*
 * lncfile
 */

static const struct {
	const char *text; /* NULL: no file */
	int lnc; /* -1: refused */
} lncs[] = {
	{NULL, 0},
	{LNC "1\n", 1},
	{LNC "2", 2},
	{LNC "8\n", 8},
	{LNC "9\n", -1},
	{LNC "0\n", -1},
	{LNC "\n", -1},
	{"", -1},
	{"2\n", -1},
	{LNC "12\n", -1},
	{LNC " 1", -1},
	{"# " LNC "1\n", -1},
	{LNC "-1\n", -1},
	{"X" LNC "1", -1},
	{LNC "1\n\n\n\n\n\n\n\n\n\n\n\n", -1},
};

START_TEST(test_lnc)
{
	neuron_error_t err = {""};
	int lnc = 77, rc;

	_fill();
	ck_assert_int_eq(lncfile_read(tree_base(), "/opt/", &lnc, &err), -1);
	ck_assert_str_eq(err.text, "/opt/: this is no path of a file");
	tree_put("opt/aws/lnc", "2\n");
	ck_assert_int_eq(lncfile_read(tree_base(), "/opt/aws/lnc", &lnc, &err),
			 -1);
	ck_assert_str_eq(err.text, "/opt/aws/lnc: it must be one line, " LNC
				   "1 or " LNC "2");
	_fill();
	if (lncs[_i].text)
		tree_put("opt/aws/lnc", lncs[_i].text);
	rc = lncfile_read(tree_base(), "/opt/aws/lnc", &lnc, &err);
	ck_assert_msg((lncs[_i].lnc < 0) ? rc == -1 && errno == EINVAL
					 : !rc && lnc == lncs[_i].lnc,
		      "\"%s\": got %d, %d \"%s\", wanted %d",
		      lncs[_i].text ? lncs[_i].text : "(none)", rc, lnc,
		      err.text, lncs[_i].lnc);
}
END_TEST

START_TEST(test_lnc_write)
{
	neuron_error_t err = {""};
	int lnc;

	_fill();
	ck_assert_int_eq(lncfile_write(tree_base(), "/a/b", 0, &err), 0);
	ck_assert_int_eq(access(tree_path("a"), F_OK), -1);
	for (int wanted = 1; wanted <= LNCFILE_MAX; wanted++) {
		ck_assert_int_eq(
			lncfile_write(tree_base(), "/a/b", wanted, &err), 0);
		ck_assert_int_eq(lncfile_read(tree_base(), "/a/b", &lnc, &err),
				 0);
		ck_assert_int_eq(lnc, wanted);
	}
	ck_assert_int_eq(lncfile_write(tree_base(), "/a/b", 0, &err), 0);
	ck_assert_int_eq(lncfile_read(tree_base(), "/a/b", &lnc, &err), 0);
	ck_assert_int_eq(lnc, 0);
	ck_assert_int_eq(lncfile_write(tree_base(), "/world/x", 1, &err), -1);
	ck_assert_int_eq(lncfile_write(tree_base(), "/link/x", 1, &err), -1);
	ck_assert_int_eq(lncfile_read(tree_base(), "/link/x", &lnc, &err), -1);
	ck_assert_int_eq(lncfile_read(tree_base(), "/", &lnc, &err), -1);
	ck_assert_int_eq(lncfile_read(tree_base(), "x", &lnc, &err), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rundir");
	TCase *tcase = tcase_create("rundir");
	SRunner *runner;
	int failed;

	(void) umask(022);
	(void) tree_base();
	tcase_add_loop_test(tcase, test_open, 0, COUNT(opens));
	tcase_add_test(tcase, test_open_missing);
	tcase_add_test(tcase, test_owner);
	tcase_add_test(tcase, test_trust);
	tcase_add_test(tcase, test_write);
	tcase_add_test(tcase, test_read);
	tcase_add_loop_test(tcase, test_lnc, 0, COUNT(lncs));
	tcase_add_test(tcase, test_lnc_write);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
