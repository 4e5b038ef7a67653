/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/duration.h"

static const struct {
	const char *text;
	uint32_t seconds;
} good[] = {
	{"0", 0},
	{"1", 60},
	{"90", 5400},
	{"0:1", 1},
	{"1:30", 90},
	{"0:90", 90},
	{"1:0:0", 3600},
	{"12:34:56", 45296},
	{"1-0", 86400},
	{"1-2", 93600},
	{"1-2:3", 93780},
	{"1-2:3:4", 93784},
	{"366-0", DURATION_MAX},
	{"527040", DURATION_MAX},
	{"never", DURATION_NEVER},
	{"Never", DURATION_NEVER},
};

static const char *const bad[] = {
	"",          " ",           "-",          ":",
	"-1",        "1-",          "1:",         ":1",
	"1::2",      "1:2:3:4",     "1-2:3:4:5",  "1-2-3",
	"1s",        "1 ",          " 1",         "1.5",
	"0x10",      "+1",          "366-0:0:1",  "527041",
	"367-0",     "999999999-0", "9999999999", "99999999999999999999",
	"nevermore", "1\n",         "\xff",
};

START_TEST(test_good)
{
	uint32_t seconds = 77;
	neuron_error_t err;
	int rc = duration_decode(good[_i].text, &seconds, &err);

	ck_assert_msg(!rc && (seconds == good[_i].seconds),
		      "\"%s\": got %d, %u, wanted 0, %u", good[_i].text, rc,
		      seconds, good[_i].seconds);
}
END_TEST

START_TEST(test_bad)
{
	uint32_t seconds = 77;
	neuron_error_t err = {""};
	int rc = duration_decode(bad[_i], &seconds, &err);

	ck_assert_msg((rc == -1) && (errno == EINVAL) && (seconds == 77),
		      "\"%s\": got %d, errno %d, %u, wanted a refusal", bad[_i],
		      rc, errno, seconds);
	ck_assert_msg(strstr(err.text, "days-hours"), "\"%s\": got \"%s\"",
		      bad[_i], err.text);
	ck_assert_int_eq(duration_decode(bad[_i], &seconds, NULL), -1);
}
END_TEST

static const struct {
	uint32_t seconds;
	const char *text; /* NULL: refused */
} texts[] = {
	{0, "0-00:00:00"},          {59, "0-00:00:59"},
	{93784, "1-02:03:04"},      {DURATION_MAX, "366-00:00:00"},
	{DURATION_NEVER, "never"},  {DURATION_MAX + 1, NULL},
	{DURATION_NEVER - 1, NULL},
};

START_TEST(test_encode)
{
	char text[DURATION_TEXT_MAX] = "";
	int rc = duration_encode(texts[_i].seconds, text, sizeof(text));
	uint32_t seconds = 77;

	if (!texts[_i].text) {
		ck_assert_msg((rc == -1) && (errno == EINVAL), "%u: got %d",
			      texts[_i].seconds, rc);
		return;
	}
	ck_assert_msg((rc == (int) strlen(text)) &&
			      !strcmp(text, texts[_i].text),
		      "%u: got %d \"%s\", wanted \"%s\"", texts[_i].seconds, rc,
		      text, texts[_i].text);
	ck_assert_int_eq(duration_decode(text, &seconds, NULL), 0);
	ck_assert_uint_eq(seconds, texts[_i].seconds);
	ck_assert_int_eq(duration_encode(texts[_i].seconds, text, strlen(text)),
			 -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("duration");
	TCase *tcase = tcase_create("duration");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_good, 0,
			    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tcase, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(tcase, test_encode, 0,
			    sizeof(texts) / sizeof(texts[0]));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
