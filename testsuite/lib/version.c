/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/version.h"

#define COUNT(rows) (int) (sizeof(rows) / sizeof(rows[0]))

static const struct {
	const char *text;
	const char *all;
	const char *two;
} good[] = {
	{"2.27.4.0", "2.27.4.0", "2.27"},
	{"2", "2", "2"},
	{"2.0", "2.0", "2.0"},
	{"02.007", "2.7", "2.7"},
	{"1.22.0amzn1.0", "1.22.0", "1.22"},
	{"2.17.2g", "2.17.2", "2.17"},
	{"2.31.24.0-0b044f4ce", "2.31.24.0", "2.31"},
	{"3.1.0+git~1", "3.1.0", "3.1"},
	{"1.2.3.4.5.6", "1.2.3.4.5.6", "1.2"},
	{"999999999.0", "999999999.0", "999999999.0"},
	{"0", "0", "0"},
};

START_TEST(test_good)
{
	char all[VERSION_TEXT_MAX] = "", two[VERSION_TEXT_MAX] = "";
	neuron_error_t err = {""};
	version_t version;
	int rc = version_decode(good[_i].text, &version, &err);

	ck_assert_msg(!rc, "\"%s\": got \"%s\"", good[_i].text, err.text);
	ck_assert_int_eq(version_encode(&version, 0, all, sizeof(all)),
			 (int) strlen(all));
	ck_assert_int_eq(version_encode(&version, 2, two, sizeof(two)),
			 (int) strlen(two));
	ck_assert_msg(!strcmp(all, good[_i].all) && !strcmp(two, good[_i].two),
		      "\"%s\": got \"%s\", \"%s\", wanted \"%s\", \"%s\"",
		      good[_i].text, all, two, good[_i].all, good[_i].two);
}
END_TEST

static const struct {
	const char *text;
	const char *wanted; /* in the sentence */
} bad[] = {
	{"", "a number is missing"},
	{".", "a number is missing"},
	{".2", "a number is missing"},
	{"2.", "a number is missing"},
	{"2..3", "a number is missing"},
	{"2.x.8072.0", "a number is missing"},
	{"v2.1", "a number is missing"},
	{"-1", "a number is missing"},
	{"+1", "a number is missing"},
	{" 2.1", "a blank or no ASCII"},
	{"2.1 ", "a blank or no ASCII"},
	{"2.1\n", "a blank or no ASCII"},
	{"2.1\t3", "a blank or no ASCII"},
	{"2.1\x1b[31m", "a blank or no ASCII"},
	{"2.1\xc3\xa4", "a blank or no ASCII"},
	{"\xff", "a blank or no ASCII"},
	{"1000000000", "a number is too large"},
	{"4294967296.1", "a number is too large"},
	{"99999999999999999999", "a number is too large"},
	{"1.2.3.4.5.6.7", "it has too many numbers"},
	{"1.2.3.4.5.6.", "it has too many numbers"},
	{"1.22222222222222222222222222222222222222222222222222222222222222",
	 "it is too long"},
};

START_TEST(test_bad)
{
	version_t version = {.count = 77};
	neuron_error_t err = {""};
	int rc = version_decode(bad[_i].text, &version, &err);

	ck_assert_msg((rc == -1) && (errno == EINVAL) && (version.count == 77),
		      "\"%s\": got %d, errno %d, wanted a refusal",
		      bad[_i].text, rc, errno);
	ck_assert_msg(strstr(err.text, bad[_i].wanted) &&
			      (strstr(err.text, "is no version: ") ||
			       strstr(err.text,
				      "a version holds a blank or no ASCII")) &&
			      strstr(err.text, "; it must begin like 2.27.4"),
		      "\"%s\": got \"%s\", wanted \"%s\"", bad[_i].text,
		      err.text, bad[_i].wanted);
	for (const char *at = err.text; *at; at++)
		ck_assert_msg((*at >= ' ') && (*at <= '~'),
			      "\"%s\": a raw byte in the sentence",
			      bad[_i].text);
	ck_assert_int_eq(version_decode(bad[_i].text, &version, NULL), -1);
}
END_TEST

/* Each is before the next */
static const char *const order[] = {
	"0",       "0.1", "1",         "1.0.1",    "1.9",
	"1.10",    "2.2", "2.21.37.0", "2.26.5.0", "2.26.10.0",
	"2.100.0", "10",  "999999999",
};

START_TEST(test_order)
{
	version_t a, b;

	ck_assert_int_eq(version_decode(order[_i], &a, NULL), 0);
	for (int j = 0; j < COUNT(order); j++) {
		int wanted = (_i > j) - (_i < j), got;

		ck_assert_int_eq(version_decode(order[j], &b, NULL), 0);
		got = version_compare(&a, &b);
		ck_assert_msg((got > 0) - (got < 0) == wanted,
			      "%s, %s: got %d, wanted %d", order[_i], order[j],
			      got, wanted);
	}
}
END_TEST

static const char *const alike[][2] = {
	{"2", "2.0.0.0"},
	{"1.22.0amzn1.0", "1.22.0"},
	{"1.22.0amzn1.0", "1.22amzn4"},
	{"02.1", "2.01"},
};

START_TEST(test_alike)
{
	version_t a, b;

	ck_assert_int_eq(version_decode(alike[_i][0], &a, NULL), 0);
	ck_assert_int_eq(version_decode(alike[_i][1], &b, NULL), 0);
	ck_assert_msg(!version_compare(&a, &b), "%s, %s: got %d, wanted 0",
		      alike[_i][0], alike[_i][1], version_compare(&a, &b));
}
END_TEST

static const struct {
	const char *range;
	const char *version;
	bool has;
} ranges[] = {
	{"<2.33", "2.32.31.0", true},
	{"<2.33", "2.33.0.0", false},
	{"<2.33", "2.33", false},
	{"<2.33", "3", false},
	{"<=2.26", "2.26.10.0", true},
	{"<=2.26", "2.27.0.0", false},
	{"<=2.26", "2.3", true},
	{"=2.26", "2.26.5.0", true},
	{"=2.26", "2.26", true},
	{"=2.26", "2.2.6", false},
	{"=2.26.5", "2.26", false},
	{"=2.26.0", "2.26", true},
	{">2.24", "2.24.7.0", false},
	{">2.24", "2.25.4.0", true},
	{">=2.29", "2.29.0.0", true},
	{">=2.29", "2.28.9", false},
	{">=2.29 <2.31", "2.30.2.0", true},
	{">=2.29 <2.31", "2.31.7.0", false},
	{">=2.29 <2.31", "2.28.0.0", false},
	{"  >=2  <3 ", "2.9", true},
	{"<2.33", "2.32.31.0-0b044f4ce", true},
};

START_TEST(test_range)
{
	version_range_t range;
	neuron_error_t err = {""};
	version_t version;

	ck_assert_msg(!version_range_decode(ranges[_i].range, &range, &err),
		      "\"%s\": %s", ranges[_i].range, err.text);
	ck_assert_int_eq(version_decode(ranges[_i].version, &version, NULL), 0);
	ck_assert_msg(version_range_has(&range, &version) == ranges[_i].has,
		      "\"%s\", %s: got %d, wanted %d", ranges[_i].range,
		      ranges[_i].version, !ranges[_i].has, ranges[_i].has);
}
END_TEST

static const char *const no_ranges[] = {
	"",
	" ",
	"2.33",
	"<",
	"< 2.33",
	"<2.33,>2.1",
	"<<2",
	"=<2",
	"==2",
	"<2.33x",
	"<2.33-rc",
	"!2",
	"~2",
	"<2.",
	">.2",
	">1\n",
	">1 >1 >1 >1 >1",
	"<2.1 |3",
	"*",
	"<1.2.3.4.5.6.7",
	"<4294967296",
};

START_TEST(test_no_range)
{
	version_range_t range = {.count = 77};
	neuron_error_t err = {""};
	int rc = version_range_decode(no_ranges[_i], &range, &err);

	ck_assert_msg((rc == -1) && (errno == EINVAL) && (range.count == 77),
		      "\"%s\": got %d, errno %d, wanted a refusal",
		      no_ranges[_i], rc, errno);
	ck_assert_msg(strstr(err.text, ">=2.29 <2.31"), "\"%s\": got \"%s\"",
		      no_ranges[_i], err.text);
}
END_TEST

START_TEST(test_room)
{
	version_t version;
	char buf[8] = "";

	ck_assert_int_eq(version_decode("2.27.4.0", &version, NULL), 0);
	ck_assert_int_eq(version_encode(&version, 0, buf, sizeof(buf)), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(version_encode(&version, 3, buf, sizeof(buf)), 6);
	ck_assert_int_eq(version_encode(&version, 9, buf, 0), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("version");
	TCase *tcase = tcase_create("version");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_good, 0, COUNT(good));
	tcase_add_loop_test(tcase, test_bad, 0, COUNT(bad));
	tcase_add_loop_test(tcase, test_order, 0, COUNT(order));
	tcase_add_loop_test(tcase, test_alike, 0, COUNT(alike));
	tcase_add_loop_test(tcase, test_range, 0, COUNT(ranges));
	tcase_add_loop_test(tcase, test_no_range, 0, COUNT(no_ranges));
	tcase_add_test(tcase, test_room);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
