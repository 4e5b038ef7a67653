/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tally.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

static const struct {
	uint64_t nanoseconds;
	int bin;
} times[] = {
	{0, 0},           {50 * US, 0},    {50 * US + 1, 1},
	{100 * US, 1},    {250 * US, 2},   {1 * MS, 4},
	{MS + 1, 5},      {1000 * MS, 12}, {1000 * MS + 1, 13},
	{UINT64_MAX, 13},
};

START_TEST(test_time)
{
	tally_t tally = {0};

	tally_decision(&tally, TALLY_WHEN, TALLY_ALL, times[_i].nanoseconds);
	ck_assert_uint_eq(tally.outcomes[TALLY_WHEN][TALLY_ALL], 1);
	ck_assert_uint_eq(tally.nanoseconds[TALLY_WHEN], times[_i].nanoseconds);
	for (int i = 0; i < TALLY_TIME_BINS; i++)
		ck_assert_msg(tally.time_bins[TALLY_WHEN][i] ==
				      (i == times[_i].bin),
			      "%llu ns: bin %d has %d",
			      (unsigned long long) times[_i].nanoseconds, i,
			      (int) tally.time_bins[TALLY_WHEN][i]);
}
END_TEST

START_TEST(test_placement)
{
	tally_t tally = {0};

	tally_placement(&tally, 0, 0);
	tally_placement(&tally, 2, 9);
	tally_placement(&tally, FABRIC_LEVELS_MAX, 5000);
	tally_placement(&tally, UINT32_MAX, 1);
	ck_assert_uint_eq(tally.levels[0], 1);
	ck_assert_uint_eq(tally.levels[2], 1);
	ck_assert_uint_eq(tally.levels[FABRIC_LEVELS_MAX], 2);
	ck_assert_uint_eq(tally.damage, 5010);
	ck_assert_uint_eq(tally.damage_bins[0], 1);
	ck_assert_uint_eq(tally.damage_bins[1], 1);
	ck_assert_uint_eq(tally.damage_bins[2], 1);
	ck_assert_uint_eq(tally.damage_bins[TALLY_DAMAGE_BINS - 1], 1);
}
END_TEST

static void _fill(tally_t *tally, uint64_t number)
{
	uint64_t *at = (uint64_t *) tally;

	for (size_t i = 0; i < sizeof(*tally) / sizeof(*at); i++)
		at[i] = number ? number : i;
}

static const uint64_t fills[] = {0, 1, 9, 10, UINT64_MAX};

START_TEST(test_round)
{
	char text[TALLY_TEXT_MAX], again[TALLY_TEXT_MAX];
	neuron_error_t err = {""};
	tally_t tally, read;
	int n;

	_fill(&tally, fills[_i]);
	n = tally_encode(&tally, text, sizeof(text));
	ck_assert_int_eq(n, (int) strlen(text));
	ck_assert_msg(!tally_decode(text, &read, &err), "got %s", err.text);
	ck_assert(!memcmp(&tally, &read, sizeof(tally)));
	ck_assert_int_eq(tally_encode(&read, again, sizeof(again)), n);
	ck_assert_str_eq(text, again);
	ck_assert_int_eq(tally_encode(&tally, again, (size_t) n), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(tally_encode(&tally, again, (size_t) n + 1), n);
}
END_TEST

/* Of a good text one piece is replaced */
static const struct {
	const char *piece;
	const char *by;
	const char *wanted;
} bad[] = {
	{"version=1\n", "", "line 1: it must be version= and 1 number"},
	{"version=1\n", "version=2\n",
	 "line 1: version=2: this program knows version 1"},
	{"version=1\n", "version=01\n", "line 1: "},
	{"version=1\n", "version=\n", "line 1: "},
	{"version=1\n", "version=-1\n", "line 1: "},
	{"version=1\n", " version=1\n", "line 1: "},
	{"version=1\n", "version=18446744073709551616\n", "line 1: "},
	{"started=0", "started=0 ", "line 2: it must be started= and 1 number"},
	{"started=0", "begun=0", "line 2: "},
	{"start=0,0,0,0", "start=0,0,0",
	 "line 4: it must be start= and 4 numbers with commas"},
	{"start=0,0,0,0", "start=0,0,0,0,0", "line 4: "},
	{"start=0,0,0,0", "start=0,,0,0", "line 4: "},
	{"start=0,0,0,0", "start=0,0,x,0", "line 4: "},
	{"taken_back=0", "taken_back=0\ntaken_back=0",
	 "line 17: it must be levels= and 13 numbers"},
	{"damage=0\n", "", "line 18: "},
	{"", "x", "line 20: the text must end before it"},
	{"", "\n", "line 20: the text must end before it"},
};

START_TEST(test_bad)
{
	char text[TALLY_TEXT_MAX], broken[2 * TALLY_TEXT_MAX];
	const char *piece = bad[_i].piece, *at;
	neuron_error_t err = {""};
	tally_t tally = {0};
	int rc;

	ck_assert_int_gt(tally_encode(&tally, text, sizeof(text)), 0);
	at = piece[0] ? strstr(text, piece) : text + strlen(text);
	ck_assert_ptr_nonnull(at);
	(void) snprintf(broken, sizeof(broken), "%.*s%s%s", (int) (at - text),
			text, bad[_i].by, at + strlen(piece));
	rc = tally_decode(broken, &tally, &err);
	ck_assert_msg(rc == -1 && errno == EINVAL &&
			      !strncmp(err.text, bad[_i].wanted,
				       strlen(bad[_i].wanted)),
		      "\"%s\" for \"%s\": got %d \"%s\", wanted \"%s\"",
		      bad[_i].by, piece, rc, err.text, bad[_i].wanted);
	ck_assert_int_eq(tally_decode(broken, &tally, NULL), -1);
}
END_TEST

/* Every beginning of a good text is refused */
START_TEST(test_cut)
{
	char text[TALLY_TEXT_MAX];
	tally_t tally = {0};
	int n = tally_encode(&tally, text, sizeof(text));

	for (int i = n - 1; i >= 0; i--) {
		text[i] = '\0';
		ck_assert_msg(tally_decode(text, &tally, NULL) == -1,
			      "%d bytes of it are read", i);
	}
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(tally_question_name(TALLY_START), "start");
	ck_assert_str_eq(tally_question_name(TALLY_RESERVE), "reserve");
	ck_assert_str_eq(tally_outcome_name(TALLY_CHOICE), "choice");
	ck_assert_str_eq(tally_outcome_name(TALLY_OTHERWISE), "otherwise");
	for (int i = 1; i < TALLY_TIME_BINS - 1; i++)
		ck_assert(tally_time_bounds()[i] > tally_time_bounds()[i - 1]);
	for (int i = 1; i < TALLY_DAMAGE_BINS - 1; i++)
		ck_assert(tally_damage_bounds()[i] >
			  tally_damage_bounds()[i - 1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tally");
	TCase *tcase = tcase_create("tally");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_time, 0, COUNT(times));
	tcase_add_test(tcase, test_placement);
	tcase_add_loop_test(tcase, test_round, 0, COUNT(fills));
	tcase_add_loop_test(tcase, test_bad, 0, COUNT(bad));
	tcase_add_test(tcase, test_cut);
	tcase_add_test(tcase, test_names);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
