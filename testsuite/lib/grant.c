/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grant.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define HEAD "version=1\njob=42\nuid=1000\nnode=trn-1.a\n"
#define FULL                                                                   \
	HEAD "devices=4-7\nefa=4-7\ninterfaces=rdmap201s0,rdmap180s0\nlnc=2\n" \
	     "lnc_before=\n"

static const char *const good[] = {
	FULL,
	HEAD "devices=0-15\nefa=\ninterfaces=\nlnc=0\nlnc_before=none\n",
	HEAD "devices=\nefa=1\ninterfaces=a\nlnc=1\nlnc_before=2\n",
	"version=1\njob=4294967295\nuid=0\nnode=x\ndevices=0-63\nefa=0,2,63\n"
	"interfaces=\nlnc=8\nlnc_before=8\n",
};

START_TEST(test_good)
{
	char text[GRANT_TEXT_MAX];
	neuron_error_t err = {""};
	grant_t grant;
	int n;

	ck_assert_msg(!grant_decode(good[_i], &grant, &err),
		      "\"%s\": got \"%s\"", good[_i], err.text);
	n = grant_encode(&grant, text, sizeof(text));
	ck_assert_msg(n == (int) strlen(good[_i]) && !strcmp(text, good[_i]),
		      "got \"%s\", wanted \"%s\"", text, good[_i]);
	ck_assert_int_eq(grant_encode(&grant, text, strlen(good[_i])), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

static const struct {
	const char *text;
	const char *wanted;
} bad[] = {
	{"", "line 1: \"\": it must be version=, 1"},
	{"version=2\n", "line 1: \"version=2\": it must be version=, 1"},
	{"version=1", "line 1: \"version=1\": it must be version=, 1"},
	{"version=1\n", "line 2: \"\": it must be job=, the number of a job"},
	{"version=1\nuid=1\n", "line 2: \"uid=1\": it must be job="},
	{"version=1\njob=0\n", "line 2: \"job=0\""},
	{"version=1\njob=-1\n", "line 2: \"job=-1\""},
	{"version=1\njob=+1\n", "line 2: \"job=+1\""},
	{"version=1\njob=01\n", "line 2: \"job=01\""},
	{"version=1\njob= 1\n", "line 2: \"job= 1\""},
	{"version=1\njob=1 \n", "line 2: \"job=1 \""},
	{"version=1\njob=0x1\n", "line 2: \"job=0x1\""},
	{"version=1\njob=4294967296\n", "line 2: \"job=4294967296\""},
	{"version=1\njob=99999999999999999999999\n", "line 2: "},
	{"version=1\njob=42\nuid=\n", "line 3: \"uid=\""},
	{"version=1\njob=42\nuid=1000\nnode=\n", "line 4: \"node=\""},
	{"version=1\njob=42\nuid=1000\nnode=a/b\n", "line 4: \"node=a/b\""},
	{"version=1\njob=42\nuid=1000\nnode=\x1b[2J\n",
	 "line 4: \"node=?[2J\": it must be node=, the name of a node"},
	{HEAD "devices=64\n", "line 5: \"devices=64\""},
	{HEAD "devices=4-\n", "line 5: \"devices=4-\""},
	{HEAD "devices=1,1\n", "line 5: \"devices=1,1\""},
	{HEAD "devices=1\nefa=a\n", "line 6: \"efa=a\""},
	{HEAD "devices=1\nefa=1\ninterfaces=../x\n", "line 7: "},
	{HEAD "devices=1\nefa=1\ninterfaces=a\nlnc=9\n", "line 8: \"lnc=9\""},
	{HEAD "devices=1\nefa=1\ninterfaces=a\nlnc=\n", "line 8: \"lnc=\""},
	{HEAD "devices=1\nefa=1\ninterfaces=a\nlnc=2\nlnc_before=0\n",
	 "line 9: \"lnc_before=0\""},
	{HEAD "devices=1\nefa=1\ninterfaces=a\nlnc=2\nlnc_before=None\n",
	 "line 9: \"lnc_before=None\""},
	{HEAD "devices=1\nefa=1\ninterfaces=a\nlnc=2\nlnc_before=",
	 "line 9: \"lnc_before=\": it must be lnc_before=, a number from 1 to "
	 "8, none or empty"},
	{FULL "job=42\n", "line 10: the text must end before it"},
	{FULL "\n", "line 10: the text must end before it"},
};

START_TEST(test_bad)
{
	neuron_error_t err = {""};
	grant_t grant;
	int rc = grant_decode(bad[_i].text, &grant, &err);

	ck_assert_msg(rc == -1 && errno == EINVAL &&
			      !strncmp(err.text, bad[_i].wanted,
				       strlen(bad[_i].wanted)),
		      "\"%s\": got %d \"%s\", wanted \"%s...\"", bad[_i].text,
		      rc, err.text, bad[_i].wanted);
	ck_assert_int_eq(grant_decode(bad[_i].text, &grant, NULL), -1);
}
END_TEST

START_TEST(test_long)
{
	static char text[3 * GRANT_TEXT_MAX];
	neuron_error_t err;
	grant_t grant;

	for (size_t length = GRANT_IFACES_MAX - 2; length <= 2 * GRANT_TEXT_MAX;
	     length += GRANT_TEXT_MAX / 8 - 1) {
		int n = snprintf(text, sizeof(text),
				 HEAD "devices=1\nefa=1\ninterfaces=%0*d\n"
				      "lnc=2\nlnc_before=\n",
				 (int) length, 0);
		int wanted = (length < GRANT_IFACES_MAX) ? 0 : -1;
		int rc = grant_decode(text, &grant, &err);

		ck_assert_msg(rc == wanted,
			      "%zu characters, %d bytes: got %d, "
			      "wanted %d",
			      length, n, rc, wanted);
	}
}
END_TEST

START_TEST(test_name)
{
	char name[32];

	ck_assert_int_eq(grant_name(4294967295U, name, sizeof(name)), 14);
	ck_assert_str_eq(name, "job-4294967295");
	ck_assert_int_eq(grant_name(7, name, 5), -1);
	ck_assert_int_eq(grant_name(7, name, 6), 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("grant");
	TCase *tcase = tcase_create("grant");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_good, 0, COUNT(good));
	tcase_add_loop_test(tcase, test_bad, 0, COUNT(bad));
	tcase_add_test(tcase, test_long);
	tcase_add_test(tcase, test_name);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
