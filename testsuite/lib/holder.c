/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing_malloc.h"
#include "lib/holder.h"
#include "lib/sysfs.h"
#include "tree.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define STATUS(name, parent, uid)                                   \
	"Name:\t" name "\nUmask:\t0022\nPid:\t100\nPPid:\t" #parent \
	"\nUid:\t" #uid "\t0\t0\t0\nGid:\t0\n"
#define USER STATUS("python3", 1, 1000)
#define READ "pos:\t0\nflags:\t0100000\n"
#define WRITE "pos:\t0\nflags:\t0100001\n"
#define BOTH "pos:\t0\nflags:\t0100002\n"

static void _machine(void)
{
	tree_clear();
	for (int i = 0; i < 4; i++) {
		char path[32];

		(void) snprintf(path, sizeof(path), "root/dev/neuron%d", i);
		tree_put(path, "");
	}
	tree_put("root/etc/neuron.conf", "");
	tree_put("proc/devices",
		 "Character devices:\n  1 mem\n239 neuron\n241 neurons\n\n"
		 "Block devices:\n  7 loop\n 99 neuron\n");
}

static void _file(int pid, const char *name, const char *text)
{
	char path[96];

	(void) snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
	tree_put(path, text);
}

/* A process with a descriptor; what it is called and of whom comes after */
static void _open(int pid, int fd, const char *target, const char *info)
{
	char path[64];

	(void) snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
	tree_link(path, (*target == '/') ? target : tree_path(target));
	if (info) {
		(void) snprintf(path, sizeof(path), "fdinfo/%d", fd);
		_file(pid, path, info);
	}
}

static void _process(int pid, const char *status)
{
	char stat[256];

	(void) snprintf(stat, sizeof(stat),
			"%d (a) b (c) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 "
			"%d 0 0\n",
			pid, pid * 10);
	_file(pid, "stat", stat);
	_file(pid, "status", status);
}

static int _find(devset_t devices, holders_t *holders, neuron_error_t *err)
{
	int proc = open(tree_path("proc"), O_RDONLY | O_DIRECTORY);
	int root = sysfs_open(tree_path("root"), NULL);
	int rc = holders_find(proc, root, devices, holders, err);
	int errnum = errno;

	if (proc >= 0)
		(void) close(proc);
	(void) close(root);
	errno = errnum;
	return rc;
}

/*
 * What is an open device
 */

static const struct {
	const char *target;
	const char *info;
	devset_t devices;
} opens[] = {
	{"root/dev/neuron0", READ, 1},
	{"root/dev/neuron3", BOTH, 8},
	{"root/dev/neuron1", NULL, 2},
	{"root/dev/neuron1", "", 2},
	{"root/dev/neuron1", "pos: 0\n", 2},
	/* free access, and no open at all (O_PATH) */
	{"root/dev/neuron1", WRITE, 0},
	{"root/dev/neuron1", "flags:\t012000000\n", 0},
	{"root/dev/neuron1", "flags:\t0102001\n", 0},
	/* something else */
	{"root/etc/neuron.conf", READ, 0},
	{"root/dev/neuron9", READ, 0},
	{"/dev/null", READ, 0},
	{"/proc/self/ns/net", READ, 0},
};

START_TEST(test_open)
{
	neuron_error_t err = {""};
	holders_t holders;
	devset_t devices;

	_machine();
	_process(100, USER);
	_open(100, 5, opens[_i].target, opens[_i].info);
	_open(100, 6, "/dev/null", READ);
	ck_assert_int_eq(_find(0xffff, &holders, &err), 0);
	devices = holders_devices(&holders);
	ck_assert_msg(devices == opens[_i].devices &&
			      holders.count == (devices ? 1 : 0),
		      "%s %s: got %u, 0x%llx, wanted 0x%llx", opens[_i].target,
		      opens[_i].info, holders.count,
		      (unsigned long long) devices,
		      (unsigned long long) opens[_i].devices);
	holders_free(&holders);
	holders_free(&holders);
}
END_TEST

/* Character devices, with the numbers of the driver and without */
START_TEST(test_numbers)
{
	neuron_error_t err = {""};
	holders_t holders;

	_machine();
	(void) unlink(tree_path("root/dev/neuron0"));
	(void) unlink(tree_path("root/dev/neuron1"));
	if (mknod(tree_path("root/dev/neuron0"), S_IFCHR | 0600,
		  makedev(239, 0)) ||
	    mknod(tree_path("root/dev/neuron1"), S_IFCHR | 0600,
		  makedev(1, 3)) ||
	    mknod(tree_path("neuron-elsewhere"), S_IFCHR | 0600,
		  makedev(239, 0)) ||
	    mknod(tree_path("neuron-null"), S_IFCHR | 0600, makedev(1, 3)))
		return; /* not root */
	_process(100, USER);
	_open(100, 5, "neuron-elsewhere", READ);
	_process(101, USER);
	_open(101, 5, "neuron-null", READ);
	ck_assert_int_eq(_find(0xffff, &holders, &err), 0);
	ck_assert_uint_eq(holders.count, 1);
	ck_assert_int_eq(holders.list[0].pid, 100);
	ck_assert_uint_eq(holders.list[0].devices, 1);
	holders_free(&holders);
}
END_TEST

START_TEST(test_several)
{
	neuron_error_t err = {""};
	holders_t holders;

	_machine();
	for (int pid = 100; pid < 200; pid++) {
		_process(pid, USER);
		_open(pid, 3, "root/dev/neuron0", READ);
		_open(pid, 4, "root/dev/neuron0", READ);
		_open(pid, 70, (pid % 2) ? "root/dev/neuron2" : "/dev/null",
		      READ);
	}
	_process(300, USER);
	tree_directory("proc/300/fd", 0755);
	/* gone meanwhile: no stat any more; no process */
	_open(301, 3, "root/dev/neuron0", READ);
	_open(0, 3, "root/dev/neuron0", READ);
	tree_put("proc/neuron", "");
	ck_assert_int_eq(_find(0xf, &holders, &err), 0);
	ck_assert_uint_eq(holders.count, 100);
	for (uint32_t i = 0; i < holders.count; i++) {
		const holder_t *holder = &holders.list[i];

		ck_assert_uint_eq(holder->devices, (holder->pid % 2) ? 5 : 1);
		ck_assert_uint_eq(holder->start, holder->pid * 10);
		ck_assert_uint_eq(holder->uid, 1000);
		ck_assert_str_eq(holder->command, "python3");
	}
	holders_free(&holders);
	ck_assert_int_eq(_find(0x4, &holders, &err), 0);
	ck_assert_uint_eq(holders.count, 50);
	holders_free(&holders);
	ck_assert_int_eq(_find(0, &holders, &err), 0);
	ck_assert_uint_eq(holders.count, 0);
}
END_TEST

/*
 * Whose a process is. Process 100 has the device; 90 is above it
 */

#define STEPD(uid) STATUS("slurmstepd", 1, uid)

static const struct {
	const char *name;
	const char *cgroup; /* of 100; NULL: no file */
	const char *above; /* status of 90; NULL: no such process */
	const char *title; /* command line of 90 */
	const char *variables; /* "+" for a null byte */
	uint32_t job, claim;
} owners[] = {
	{"nobody's", "0::/\n", NULL, NULL, "A=b+", 0, 0},
	{"no files", NULL, NULL, NULL, NULL, 0, 0},
	{"version 1", "9:devices:/slurm/uid_1000/job_42/step_0/task_0\n0::/\n",
	 NULL, NULL, NULL, 42, 0},
	{"version 1, its node", "9:devices:/slurm_n1/uid_1000/job_42/step_0\n",
	 NULL, NULL, NULL, 42, 0},
	{"version 2", "0::/system.slice/slurmstepd.scope/job_7/step_0/user\n",
	 NULL, NULL, NULL, 7, 0},
	{"version 2, its node",
	 "0::/system.slice/n1_slurmstepd.scope/job_7/step_0/user\n", NULL, NULL,
	 NULL, 7, 0},
	{"version 2, end", "0::/system.slice/slurmstepd.scope/job_7\n", NULL,
	 NULL, NULL, 7, 0},
	{"a user's cgroup",
	 "0::/user.slice/user-1000.slice/user@1000.service/slurm/job_42\n",
	 NULL, NULL, NULL, 0, 0},
	{"not below Slurm's", "0::/job_42\n", NULL, NULL, NULL, 0, 0},
	{"no number", "0::/slurm/job_x\n", NULL, NULL, NULL, 0, 0},
	{"half a number", "0::/slurm/job_42x/\n", NULL, NULL, NULL, 0, 0},
	{"too large", "0::/slurm/job_99999999999\n", NULL, NULL, NULL, 0, 0},
	{"largest", "0::/slurm/job_4294967294\n", NULL, NULL, NULL, 4294967294U,
	 0},
	{"slurmstepd", "0::/\n", STEPD(0), "slurmstepd: [42.0]", NULL, 42, 0},
	{"slurmstepd of a script", "0::/\n", STEPD(0), "slurmstepd: [42.batch]",
	 NULL, 42, 0},
	{"another user's slurmstepd", "0::/\n", STEPD(54321),
	 "slurmstepd: [42.0]", NULL, 0, 0},
	{"only the title", "0::/\n", STATUS("bash", 1, 0), "slurmstepd: [42.0]",
	 NULL, 0, 0},
	{"only the name", "0::/\n", STEPD(0), "/usr/bin/slurmstepd", NULL, 0,
	 0},
	{"no job", "0::/\n", STEPD(0), "slurmstepd: [x]", NULL, 0, 0},
	{"cgroup before slurmstepd", "0::/slurm/job_7/\n", STEPD(0),
	 "slurmstepd: [42.0]", NULL, 7, 0},
	{"claim", "0::/\n", NULL, NULL, "PATH=/bin+SLURM_JOB_ID=42+A=b+", 0,
	 42},
	{"claim beside a cgroup", "0::/slurm/job_7\n", NULL, NULL,
	 "SLURM_JOB_ID=42+", 7, 42},
	{"first claim", "0::/\n", NULL, NULL,
	 "XSLURM_JOB_ID=1+SLURM_JOB_ID=42+SLURM_JOB_ID=43+", 0, 42},
	{"wild claim", "0::/\n", NULL, NULL, "SLURM_JOB_ID=42; reboot+", 0, 0},
	{"negative claim", "0::/\n", NULL, NULL, "SLURM_JOB_ID=-1+", 0, 0},
	{"endless claim", "0::/\n", NULL, NULL, "SLURM_JOB_ID=42", 0, 42},
};

static void _owner(int i)
{
	char variables[256];
	size_t length;

	_machine();
	_process(100, STATUS("python3", 90, 1000));
	_open(100, 3, "root/dev/neuron0", READ);
	if (owners[i].cgroup)
		_file(100, "cgroup", owners[i].cgroup);
	if (owners[i].above)
		_process(90, owners[i].above);
	if (owners[i].title)
		_file(90, "cmdline", owners[i].title);
	if (!owners[i].variables)
		return;
	length = strlen(owners[i].variables);
	memcpy(variables, owners[i].variables, length);
	for (size_t c = 0; c < length; c++) {
		if (variables[c] == '+')
			variables[c] = '\0';
	}
	tree_put_bytes("proc/100/environ", variables, length);
}

START_TEST(test_owner)
{
	neuron_error_t err = {""};
	holders_t holders;

	_owner(_i);
	ck_assert_int_eq(_find(1, &holders, &err), 0);
	ck_assert_uint_eq(holders.count, 1);
	ck_assert_msg(holders.list[0].job == owners[_i].job &&
			      holders.list[0].claim == owners[_i].claim,
		      "%s: got %u, %u, wanted %u, %u", owners[_i].name,
		      holders.list[0].job, holders.list[0].claim,
		      owners[_i].job, owners[_i].claim);
	holders_free(&holders);
}
END_TEST

/* An environment may be long, and its end matters too */
START_TEST(test_environ)
{
	const size_t size = 3 * 1024 * 1024;
	char *text = malloc(size);
	neuron_error_t err = {""};
	holders_t holders;

	_owner(0);
	memset(text, 'A', size);
	memcpy(text + size - 17, "\0SLURM_JOB_ID=42", 17);
	tree_put_bytes("proc/100/environ", text, size);
	free(text);
	ck_assert_int_eq(_find(1, &holders, &err), 0);
	ck_assert_uint_eq(holders.list[0].claim, 42);
	holders_free(&holders);
}
END_TEST

/* A circle of parents ends */
START_TEST(test_circle)
{
	neuron_error_t err = {""};
	holders_t holders;

	_owner(0);
	_process(90, STATUS("bash", 100, 0));
	ck_assert_int_eq(_find(1, &holders, &err), 0);
	ck_assert_uint_eq(holders.list[0].job, 0);
	holders_free(&holders);
}
END_TEST

START_TEST(test_name)
{
	neuron_error_t err = {""};
	holders_t holders;
	char text[128];

	_owner(0);
	_process(100, "Name:\tx\x1b[2J\xff"
		      "0123456789012345678901234567890123456789\n"
		      "PPid:\t1\nUid:\t1000\n");
	ck_assert_int_eq(_find(1, &holders, &err), 0);
	ck_assert_str_eq(holders.list[0].command,
			 "x?[2J?0123456789012345678901234");
	(void) holder_describe(&holders.list[0], text, sizeof(text));
	ck_assert_str_eq(text, "process 100 (x?[2J?0123456789012345678901234) "
			       "of user 1000");
	holders_free(&holders);
}
END_TEST

/* Number and start: the same process, or another one with its number */
START_TEST(test_again)
{
	neuron_error_t err = {""};
	holders_t holders;
	holder_t holder;
	int proc, root;

	_owner(0);
	ck_assert_int_eq(_find(1, &holders, &err), 0);
	holder = holders.list[0];
	holders_free(&holders);
	proc = open(tree_path("proc"), O_RDONLY | O_DIRECTORY);
	root = sysfs_open(tree_path("root"), NULL);
	ck_assert_int_eq(holder_again(proc, root, 1, &holder), 1);
	ck_assert_int_eq(holder_again(proc, root, 2, &holder), 0);
	_file(100, "stat",
	      "100 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1001 0\n");
	ck_assert_int_eq(holder_again(proc, root, 1, &holder), 0);
	_process(100, USER);
	ck_assert_int_eq(holder_again(proc, root, 1, &holder), 1);
	(void) unlink(tree_path("proc/100/fd/3"));
	ck_assert_int_eq(holder_again(proc, root, 1, &holder), 0);
	(void) close(proc);
	(void) close(root);
}
END_TEST

START_TEST(test_failures)
{
	neuron_error_t err = {""};
	holders_t holders;
	int root;

	_owner(0);
	failing_malloc_after(1); /* the directory stream */
	ck_assert_int_eq(_find(1, &holders, &err), -1);
	failing_malloc_after(-1);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_uint_eq(holders.count, 0);
	root = sysfs_open(tree_path("root"), NULL);
	ck_assert_int_eq(holders_find(-1, root, 1, &holders, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	(void) close(root);
}
END_TEST

static const struct {
	pid_t pid;
	uint32_t holder_job;
	uid_t holder_uid;
	uint32_t job;
	uid_t uid;
	bool may;
} ends[] = {
	{100, 42, 1000, 42, 1000, true}, /* of the job */
	{100, 42, 0, 42, 1000, true},
	{100, 0, 1000, 42, 1000, true}, /* not known to Slurm */
	{100, 0, 2000, 42, 1000, true},
	{100, 7, 1000, 42, 1000, false}, /* of another job */
	{100, 7, 0, 42, 0, false},
	{100, 0, 0, 42, 1000, false}, /* of the machine */
	{100, 0, 0, 42, 0, true},
	{1, 0, 0, 42, 0, false},
	{1, 42, 1000, 42, 1000, false},
};

START_TEST(test_may_end)
{
	holder_t holder = {.pid = ends[_i].pid,
			   .job = ends[_i].holder_job,
			   /* what it says does not matter */
			   .claim = _i % 2 ? 42 : 7,
			   .uid = ends[_i].holder_uid};

	ck_assert_msg(holder_may_end(&holder, ends[_i].job, ends[_i].uid) ==
			      ends[_i].may,
		      "row %d: wanted %d", _i, ends[_i].may);
}
END_TEST

START_TEST(test_describe)
{
	holder_t holder = {.pid = 4711, .uid = 1000, .command = "python3"};
	char text[128];

	ck_assert_int_eq(holder_describe(&holder, text, sizeof(text)), 35);
	ck_assert_str_eq(text, "process 4711 (python3) of user 1000");
	holder.claim = 42;
	(void) holder_describe(&holder, text, sizeof(text));
	ck_assert_str_eq(text, "process 4711 (python3) of user 1000, which "
			       "says that it is of job 42");
	holder.job = 43;
	(void) holder_describe(&holder, text, sizeof(text));
	ck_assert_str_eq(text, "process 4711 (python3) of user 1000, job 43");
	ck_assert_int_eq(holder_describe(&holder, text, 10), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("holder");
	TCase *tcase = tcase_create("holder");
	SRunner *runner;
	int failed;

	(void) tree_base();
	tcase_add_loop_test(tcase, test_open, 0, COUNT(opens));
	tcase_add_test(tcase, test_numbers);
	tcase_add_test(tcase, test_several);
	tcase_add_loop_test(tcase, test_owner, 0, COUNT(owners));
	tcase_add_test(tcase, test_environ);
	tcase_add_test(tcase, test_circle);
	tcase_add_test(tcase, test_name);
	tcase_add_test(tcase, test_again);
	tcase_add_test(tcase, test_failures);
	tcase_add_loop_test(tcase, test_may_end, 0, COUNT(ends));
	tcase_add_test(tcase, test_describe);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
