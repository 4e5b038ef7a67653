/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/sysfs.h"
#include "tree.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define PLACE "sys/devices/virtual/neuron_device/neuron3/"
#define HARDWARE "stats/hardware/"
#define COMPONENTS HARDWARE "health_status/unhealthy_components"
#define RESETS "neuron_core0/stats/other_info/reset_req_count/total"
#define COUNT64 "18446744073709551615"
#define NUMBER(max) "it must be a number from 0 to " max

static profile_t *trn2, *inf2;

static const char *const healthy[][2] = {
	{"reset", "1\n"},
	{HARDWARE "sram_ecc_uncorrected", "0\n"},
	{HARDWARE "mem_ecc_uncorrected", "0\n"},
	{HARDWARE "mem_ecc_repairable_uncorrected", "0\n"},
	{COMPONENTS, "\n"},
	{RESETS, "4\n"},
};

static void _put(const char *file, const char *text)
{
	char path[256];

	(void) snprintf(path, sizeof(path), PLACE "%s", file);
	tree_put(path, text);
}

static void _fill(void)
{
	tree_clear();
	tree_put("dev/neuron3", "");
	for (int i = 0; i < COUNT(healthy); i++)
		_put(healthy[i][0], healthy[i][1]);
}

static int _root(void)
{
	neuron_error_t err = {""};
	int root = sysfs_open(tree_base(), &err);

	ck_assert_msg(root >= 0, "got \"%s\"", err.text);
	return root;
}

/* One file of a healthy device says something else */
static const struct {
	const char *file; /* NULL: none */
	const char *text; /* NULL: there is no such file */
	int errnum; /* 0: good */
	const char *wanted;
} looks[] = {
	{NULL, NULL, 0, ""},
	{"reset", NULL, 0, ""},
	{"reset", "0\n", EAGAIN, "neuron3: it is in reset"},
	{"reset", "0", EAGAIN, "neuron3: it is in reset"},
	{"reset", "2\n", EIO, "neuron3: its last reset failed"},
	{"reset", "3\n", EINVAL, NUMBER("2")},
	{"reset", "-1\n", EINVAL, NUMBER("2")},
	{"reset", "ready\n", EINVAL, NUMBER("2")},
	{"reset", "\n", EINVAL, NUMBER("2")},
	{"reset", "1\n1\n", EINVAL, "one line of printable ASCII"},
	{COMPONENTS, NULL, 0, ""},
	{COMPONENTS, "", 0, ""},
	{COMPONENTS, "hbm\n", EIO, "neuron3: it is unhealthy: hbm"},
	{COMPONENTS, "hbm, link_efa,axi_fabric\n", EIO,
	 "neuron3: it is unhealthy: hbm, link_efa,axi_fabric"},
	{COMPONENTS, "device_unreachable\n", EIO,
	 "neuron3: it is unhealthy: device_unreachable"},
	{COMPONENTS, "hbm;rm -rf\n", EINVAL,
	 "it must be a comma list of components"},
	{COMPONENTS, "h\x01m\n", EINVAL, "one line of printable ASCII"},
	{HARDWARE "sram_ecc_uncorrected", NULL, 0, ""},
	{HARDWARE "sram_ecc_uncorrected", "1\n", EIO,
	 "neuron3: 1 uncorrected SRAM errors: replace the instance"},
	{HARDWARE "sram_ecc_uncorrected", "x\n", EINVAL, NUMBER(COUNT64)},
	{HARDWARE "sram_ecc_uncorrected", "-1\n", EINVAL, NUMBER(COUNT64)},
	{HARDWARE "sram_ecc_uncorrected", "99999999999999999999\n", EINVAL,
	 NUMBER(COUNT64)},
	{HARDWARE "sram_ecc_uncorrected", "18446744073709551616\n", EINVAL,
	 NUMBER(COUNT64)},
	{HARDWARE "sram_ecc_uncorrected", "\n", EINVAL, NUMBER(COUNT64)},
	{HARDWARE "sram_ecc_uncorrected", "1 \n", EINVAL, NUMBER(COUNT64)},
	{HARDWARE "mem_ecc_uncorrected", "18446744073709551615\n", EIO,
	 "neuron3: 9223372036854775807 uncorrected memory errors: replace the "
	 "instance"},
	{HARDWARE "mem_ecc_uncorrected", "99999999999\n", EIO,
	 "neuron3: 99999999999 uncorrected memory errors: replace the "
	 "instance"},
	{HARDWARE "mem_ecc_repairable_uncorrected", "2\n", EIO,
	 "neuron3: 2 memory errors wait for repair: load the driver anew or "
	 "reboot"},
	{HARDWARE "mem_ecc_corrected", "7\n", 0, ""},
	{RESETS, NULL, 0, ""},
	{RESETS, "x", EINVAL, NUMBER(COUNT64)},
};

START_TEST(test_look)
{
	neuron_error_t err = {""};
	device_t device;
	int root, rc;

	_fill();
	root = _root();
	if (looks[_i].file && looks[_i].text)
		_put(looks[_i].file, looks[_i].text);
	else if (looks[_i].file) {
		char path[256];

		(void) snprintf(path, sizeof(path), PLACE "%s", looks[_i].file);
		ck_assert_int_eq(unlink(tree_path(path)), 0);
	}
	ck_assert_int_eq(device_look(root, 3, &device, &err), 0);
	rc = device_check(&device, &err);
	ck_assert_msg(looks[_i].errnum
			      ? rc == -1 && errno == looks[_i].errnum &&
					strstr(err.text, looks[_i].wanted) &&
					!strncmp(err.text, "neuron3: ", 9)
			      : !rc,
		      "%s \"%s\": got %d, errno %d \"%s\", wanted %d \"%s\"",
		      looks[_i].file, looks[_i].text, rc, errno, err.text,
		      looks[_i].errnum, looks[_i].wanted);
	(void) close(root);
}
END_TEST

START_TEST(test_absent)
{
	neuron_error_t err = {""};
	device_t device;
	int root;

	_fill();
	root = _root();
	ck_assert_int_eq(device_look(root, 4, &device, &err), 0);
	ck_assert_int_eq(device_check(&device, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(err.text, "neuron4: it is not there: the driver does "
				   "not show it in sysfs");
	ck_assert_int_eq(unlink(tree_path("dev/neuron3")), 0);
	ck_assert_int_eq(device_look(root, 3, &device, &err), 0);
	ck_assert_int_eq(device_check(&device, &err), -1);
	ck_assert_str_eq(err.text, "neuron3: it is not there: no /dev/neuron3");
	ck_assert_int_eq(device_check(&device, NULL), -1);
	ck_assert_int_eq(device_reset(root, &device, &err), 0);
	device.index = 4;
	ck_assert_int_eq(device_reset(root, &device, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	(void) close(root);
}
END_TEST

/* The driver shows devices below the class only, and another way out of the
 * root is none */
START_TEST(test_places)
{
	neuron_error_t err = {""};
	device_t device;
	int root;

	tree_clear();
	tree_put("dev/neuron3", "");
	tree_put("sys/class/neuron_device/neuron3/reset", "2\n");
	tree_link("sys/class/neuron_device/neuron5", "/sys/x/neuron5");
	tree_put("sys/x/neuron5/reset", "0\n");
	root = _root();
	ck_assert_int_eq(device_look(root, 3, &device, &err), 0);
	ck_assert_int_eq(device.state, DEVICE_STATE_INVALID);
	ck_assert_int_eq(device.resets, -1);
	ck_assert_int_eq(device_look(root, 5, &device, &err), 0);
	ck_assert(device.shown && !device.node);
	ck_assert_int_eq(device.state, DEVICE_STATE_RESET);
	(void) close(root);
}
END_TEST

static const struct {
	const char *before; /* reset_req_count; NULL: no file */
	const char *now;
	const char *skipped; /* no_reset; NULL: no file */
	bool taken;
} resets[] = {
	{NULL, NULL, NULL, true},    {"4\n", "4\n", NULL, false},
	{"4\n", "5\n", NULL, true},  {"4\n", "4\n", "0\n", false},
	{"4\n", "4\n", "1\n", true}, {"4\n", NULL, NULL, true},
	{NULL, "4\n", NULL, true},   {"0\n", "0\n", NULL, false},
	{"5\n", "4\n", NULL, false},
};

static void _put_resets(const char *text)
{
	if (text)
		_put(RESETS, text);
	else
		ck_assert_int_eq(unlink(tree_path(PLACE RESETS)), 0);
}

START_TEST(test_reset)
{
	neuron_error_t err = {""};
	device_t before, now;
	char text[8];
	int root;

	_fill();
	_put("reset", "2\n");
	_put_resets(resets[_i].before ? resets[_i].before : "1\n");
	if (!resets[_i].before)
		_put_resets(NULL);
	if (resets[_i].skipped)
		tree_put("sys/module/neuron/parameters/no_reset",
			 resets[_i].skipped);
	root = _root();
	ck_assert_int_eq(device_look(root, 3, &before, &err), 0);
	ck_assert_int_eq(device_reset(root, &before, &err), 0);
	ck_assert_int_ge(
		sysfs_line(root, PLACE "reset", text, sizeof(text), &err), 1);
	if (resets[_i].now)
		_put(RESETS, resets[_i].now);
	else if (resets[_i].before)
		_put_resets(NULL);
	ck_assert_int_eq(device_look(root, 3, &now, &err), 0);
	ck_assert_msg(device_reset_taken(&before, &now) == resets[_i].taken,
		      "%s %s %s: got %d", resets[_i].before, resets[_i].now,
		      resets[_i].skipped, !resets[_i].taken);
	(void) close(root);
}
END_TEST

/* A file that can be opened, but takes nothing */
START_TEST(test_reset_refused)
{
	struct rlimit none = {0, RLIM_INFINITY};
	neuron_error_t err = {""};
	device_t device;
	int root, rc;

	_fill();
	_put("reset", "");
	root = _root();
	ck_assert_int_eq(device_look(root, 3, &device, &err), 0);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	errno = 0;
	rc = device_reset(root, &device, &err);
	none.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_str_eq(err.text, "neuron3: the driver refuses a reset: File "
				   "too large");
	(void) close(root);
}
END_TEST

START_TEST(test_bound)
{
	ck_assert_uint_eq(device_reset_bound(trn2), 480);
	ck_assert_uint_eq(device_reset_bound(inf2), 120);
}
END_TEST

/*
 * EFA interfaces: efa 0 of trn2 is 0000:c9:00.0
 */

#define FUNCTION "sys/devices/pci0000:c9/0000:c9:00.0/"
#define PORT FUNCTION "infiniband/rdmap201s0/ports/1/state"

static void _fill_efa(void)
{
	tree_clear();
	tree_put(PORT, "4: ACTIVE\n");
	tree_put(FUNCTION "infiniband_verbs/uverbs7/ibdev", "rdmap201s0\n");
	tree_link("sys/bus/pci/devices/0000:c9:00.0",
		  "../../../devices/pci0000:c9/0000:c9:00.0");
	tree_link("sys/class/infiniband/rdmap201s0",
		  "../../devices/pci0000:c9/0000:c9:00.0/infiniband/"
		  "rdmap201s0");
	tree_put("dev/infiniband/uverbs7", "");
}

static const struct {
	const char *file; /* NULL: none */
	const char *text; /* NULL: there is no such file */
	int errnum; /* 0: good */
	const char *wanted;
} ports[] = {
	{NULL, NULL, 0, ""},
	{PORT, "4: ACTIVE", 0, ""},
	{PORT, "1: DOWN\n", EIO,
	 "efa0 (rdmap201s0): its port is \"1: DOWN\", not \"4: ACTIVE\""},
	{PORT, "2: INIT\n", EIO, "its port is \"2: INIT\""},
	{PORT, "4: ACTIVE_DEFER\n", EIO, "its port is \"4: ACTIVE_DEFER\""},
	{PORT, "\n", EIO, "its port is \"\""},
	{PORT, "4: ACTIVE\n4: ACTIVE\n", EINVAL, "one line"},
	{PORT, NULL, ENOENT, "efa0 (rdmap201s0): /sys/class/infiniband/"},
	{"dev/infiniband/uverbs7", NULL, ENOENT,
	 "efa0 (rdmap201s0): it has no device node in /dev/infiniband"},
	{"sys/bus/pci/devices/0000:c9:00.0", NULL, ENOENT,
	 "efa0: there is no such interface"},
};

START_TEST(test_efa)
{
	char name[DEVICE_IFACE_MAX];
	neuron_error_t err = {""};
	int root, rc;

	_fill_efa();
	if (ports[_i].text)
		tree_put(ports[_i].file, ports[_i].text);
	else if (ports[_i].file)
		ck_assert_int_eq(unlink(tree_path(ports[_i].file)), 0);
	root = _root();
	rc = device_check_efa(root, tree_base(), trn2, 0, name, &err);
	ck_assert_msg(ports[_i].errnum
			      ? rc == -1 && errno == ports[_i].errnum &&
					strstr(err.text, ports[_i].wanted)
			      : !rc && !strcmp(name, "rdmap201s0"),
		      "%s \"%s\": got %d, errno %d \"%s\", wanted %d \"%s\"",
		      ports[_i].file, ports[_i].text, rc, errno, err.text,
		      ports[_i].errnum, ports[_i].wanted);
	ck_assert_int_eq(
		device_check_efa(root, tree_base(), trn2, 1, name, &err), -1);
	ck_assert_str_eq(name, "");
	(void) close(root);
}
END_TEST

static profile_t *_profile(const char *name)
{
	static const char *const directories[] = {"etc", "../etc", "../../etc"};
	const char *srcdir = getenv("srcdir");
	char near[512], path[1024];

	(void) snprintf(near, sizeof(near), "%s/../../etc",
			srcdir ? srcdir : ".");
	for (int i = -1; i < COUNT(directories); i++) {
		(void) snprintf(path, sizeof(path), "%s/profiles/%s.json",
				(i < 0) ? near : directories[i], name);
		if (!access(path, R_OK))
			return profile_read(path, NULL);
	}
	return NULL;
}

int main(void)
{
	Suite *suite = suite_create("device");
	TCase *tcase = tcase_create("device");
	SRunner *runner;
	int failed;

	(void) tree_base();
	trn2 = _profile("trn2.48xlarge");
	inf2 = _profile("inf2.48xlarge");
	if (!trn2 || !inf2) {
		fputs("device: etc/profiles not found\n", stderr);
		return 99;
	}
	tcase_add_loop_test(tcase, test_look, 0, COUNT(looks));
	tcase_add_test(tcase, test_absent);
	tcase_add_test(tcase, test_places);
	tcase_add_loop_test(tcase, test_reset, 0, COUNT(resets));
	tcase_add_test(tcase, test_reset_refused);
	tcase_add_test(tcase, test_bound);
	tcase_add_loop_test(tcase, test_efa, 0, COUNT(ports));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	profile_destroy(trn2);
	profile_destroy(inf2);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
