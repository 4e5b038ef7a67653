/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/kmsg.h"
#include "tree.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define ERROR "NEURON_HW_ERR=SRAM_UNCORRECTABLE_ERROR"
#define LINE                                                                \
	ERROR " instance-id=i-0592464924bd45322 hostname=ip-172-31-61-252 " \
	      "nd-id=0 nc-id=0 serial-num=19fcda00f5ff6eb9 "                \
	      "action=TERMINATE_INSTANCE"

/* Records that are hardware errors */
static const struct {
	const char *record;
	uint32_t device;
	int32_t core;
	const char *error, *serial, *action;
} errors[] = {
	{"3,7,100,-;" LINE, 0, 0, "SRAM_UNCORRECTABLE_ERROR",
	 "19fcda00f5ff6eb9", "TERMINATE_INSTANCE"},
	{"3,7,100,-,caller=T1;2026-11-21T10:00:00Z " LINE, 0, 0,
	 "SRAM_UNCORRECTABLE_ERROR", "19fcda00f5ff6eb9", "TERMINATE_INSTANCE"},
	{"3,7,100,-;neuron: NEURON_HW_ERR=DMA_ERROR nd-id=63", 63, -1,
	 "DMA_ERROR", "", ""},
	{"3,7,100,-;NEURON_HW_ERR=X1 nc-id=255 nd-id=15 new-key=1  ", 15, 255,
	 "X1", "", ""},
	{"3,7,100,-;xNEURON_HW_ERR=A NEURON_HW_ERR=B nd-id=1", 1, -1, "B", "",
	 ""},
	/* A blank is never in a hostname; what follows it is a word */
	{"3,7,100,-;" ERROR " hostname=a;b nd-id=2", 2, -1,
	 "SRAM_UNCORRECTABLE_ERROR", "", ""},
};

START_TEST(test_errors)
{
	neuron_error_t err = {""};
	kmsg_error_t error;
	const char *record = errors[_i].record;

	ck_assert_msg(kmsg_record(record, strlen(record), &error, &err) == 1,
		      "\"%s\": got \"%s\"", record, err.text);
	ck_assert_uint_eq(error.sequence, 7);
	ck_assert_uint_eq(error.device, errors[_i].device);
	ck_assert_int_eq(error.core, errors[_i].core);
	ck_assert_str_eq(error.error, errors[_i].error);
	ck_assert_str_eq(error.serial, errors[_i].serial);
	ck_assert_str_eq(error.action, errors[_i].action);
}
END_TEST

/* Records that are something else */
static const struct {
	const char *record;
	uint64_t sequence;
} others[] = {
	{"", 0},
	{" SUBSYSTEM=neuron", 0},
	{" " LINE, 0},
	{LINE, 0},
	{"3,x,100,-;" LINE, 0},
	{"3,-7,100,-;" LINE, 0},
	{",7,100,-;" LINE, 0},
	{"3;" LINE, 0},
	{"3,9223372036854775808,1,-;" LINE, 0},
	{"3,18446744073709551616,1,-;" LINE, 0},
	{"6,8,100,-;usb 1-1: new device", 8},
	{"6,8,100,-;my_NEURON_HW_ERR=A nd-id=1", 8},
	{"6,8,100,-;NEURON_HW_ERROR=A nd-id=1", 8},
	{"6,8,100,-;", 8},
	{"6,8,100,-", 8},
};

START_TEST(test_others)
{
	neuron_error_t err = {""};
	kmsg_error_t error;
	const char *record = others[_i].record;

	ck_assert_msg(!kmsg_record(record, strlen(record), &error, &err),
		      "\"%s\": got %s \"%s\"", record, error.error, err.text);
	ck_assert_msg(error.sequence == others[_i].sequence,
		      "\"%s\": got record %llu, wanted %llu", record,
		      (unsigned long long) error.sequence,
		      (unsigned long long) others[_i].sequence);
}
END_TEST

/* Behind NEURON_HW_ERR= */
static const struct {
	const char *text;
	const char *what;
} refused[] = {
	{"", "name"},
	{" nd-id=1", "name"},
	{"a nd-id=1", "name"},
	{"A(b) nd-id=1", "name"},
	{"A\\x0a nd-id=1", "name"},
	{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA nd-id=1", "name"},
	{"A", "nd-id"},
	{"A nd-id=", "nd-id"},
	{"A nd-id=64", "nd-id"},
	{"A nd-id=-1", "nd-id"},
	{"A nd-id=1x", "nd-id"},
	{"A nd-id=18446744073709551617", "nd-id"},
	{"A nd-id=1 nd-id=1", "nd-id"},
	{"A nd-id=1 nc-id=256", "nc-id"},
	{"A nd-id=1 nc-id=0 nc-id=0", "nc-id"},
	{"A nd-id=1 serial-num=xyz", "serial-num"},
	{"A nd-id=1 serial-num=", "serial-num"},
	{"A nd-id=1 serial-num=00112233445566778899", "serial-num"},
	{"A nd-id=1 serial-num=1 serial-num=2", "serial-num"},
	{"A nd-id=1 action=rm -rf", "action"},
	{"A nd-id=1 action=A action=B", "action"},
	{"A nd-id=1 NEURON_HW_ERR=B nd-id=2", "second error"},
};

START_TEST(test_refused)
{
	char record[256], wanted[128];
	neuron_error_t err = {""};
	kmsg_error_t error;

	(void) snprintf(record, sizeof(record), "3,42,1,-;NEURON_HW_ERR=%s",
			refused[_i].text);
	(void) snprintf(wanted, sizeof(wanted),
			"record 42 of the kernel's log: NEURON_HW_ERR= with a "
			"malformed or missing %s",
			refused[_i].what);
	errno = 0;
	ck_assert_msg(kmsg_record(record, strlen(record), &error, &err) == -1 &&
			      errno == EINVAL && !strcmp(err.text, wanted),
		      "\"%s\": got \"%s\", wanted \"%s\"", record, err.text,
		      wanted);
	ck_assert_uint_eq(error.sequence, 42);
}
END_TEST

/* Whatever bytes stand there: no harm, and no more than one record is lost */
START_TEST(test_bytes)
{
	char record[128];
	kmsg_error_t error;
	neuron_error_t err;
	unsigned int seed = (unsigned int) _i + 1;

	for (int round = 0; round < 200; round++) {
		size_t length = sizeof("3,5,1,-;" ERROR " nd-id=1") - 1;

		memcpy(record, "3,5,1,-;" ERROR " nd-id=1", length);
		for (int i = 0; i < 3; i++) {
			seed = seed * 1103515245 + 12345;
			record[(seed >> 16) % length] = (char) (seed >> 8);
		}
		if (kmsg_record(record, length - seed % 8, &error, &err) == 1) {
			ck_assert_uint_le(error.device, 63);
			ck_assert_uint_eq(strspn(error.error,
						 "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
						 "0123456789"),
					  strlen(error.error));
		}
	}
}
END_TEST

typedef struct {
	unsigned int errors, wrong;
	uint64_t last;
	unsigned int stop; /* behind so many */
} seen_t;

static int _see(const kmsg_error_t *error, const char *why, void *arg)
{
	seen_t *seen = arg;

	ck_assert(!error != !why);
	seen->errors += !!error;
	seen->wrong += !!why;
	if (error)
		seen->last = error->sequence;
	return seen->stop && seen->errors == seen->stop;
}

static seen_t _read(uint64_t *next, unsigned int stop, int wanted)
{
	seen_t seen = {.stop = stop};
	neuron_error_t err = {""};
	int fd = open(tree_path("kmsg"), O_RDONLY | O_NONBLOCK);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(kmsg_read(fd, next, _see, &seen, &err), wanted);
	(void) close(fd);
	return seen;
}

START_TEST(test_read)
{
	neuron_error_t err;
	static char text[64 * 1024];
	uint64_t next = 0;
	seen_t seen;
	size_t used = 0;

	tree_clear();
	for (int i = 10; i < 20; i++)
		used += (size_t) snprintf(
			text + used, sizeof(text) - used,
			"3,%d,1,-;NEURON_HW_ERR=A nd-id=%d\n SUBSYSTEM=x\n", i,
			i);
	used += (size_t) snprintf(text + used, sizeof(text) - used,
				  "3,20,1,-;NEURON_HW_ERR=A\n3,21,1,-;%0*d\n",
				  20000, 0);
	used += (size_t) snprintf(text + used, sizeof(text) - used,
				  "3,22,1,-;NEURON_HW_ERR=A nd-id=1\n"
				  "3,23,1,-;NEURON_HW_ERR=A nd-id=1");
	tree_put("kmsg", text);
	seen = _read(&next, 0, 0);
	/* The last line has no end yet */
	ck_assert_uint_eq(seen.errors, 11);
	ck_assert_uint_eq(seen.wrong, 1);
	ck_assert_uint_eq(seen.last, 22);
	ck_assert_uint_eq(next, 23);
	seen = _read(&next, 0, 0);
	ck_assert_uint_eq(seen.errors + seen.wrong, 0);
	next = 15;
	seen = _read(&next, 3, 1);
	ck_assert_uint_eq(seen.errors, 3);
	ck_assert_uint_eq(next, 18);
	next = 18;
	tree_put("kmsg", "");
	seen = _read(&next, 0, 0);
	ck_assert_uint_eq(next, 18);
	ck_assert_uint_eq(seen.errors, 0);
	seen = (seen_t){.errors = 0};
	ck_assert_int_eq(kmsg_read(-1, &next, _see, &seen, NULL), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(kmsg_read(-1, &next, _see, &seen, &err), -1);
	ck_assert_str_eq(err.text, "the kernel's log: Bad file descriptor");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kmsg");
	TCase *tcase = tcase_create("kmsg");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_errors, 0, COUNT(errors));
	tcase_add_loop_test(tcase, test_others, 0, COUNT(others));
	tcase_add_loop_test(tcase, test_refused, 0, COUNT(refused));
	tcase_add_loop_test(tcase, test_bytes, 0, 10);
	tcase_add_test(tcase, test_read);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	(void) tree_base();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
