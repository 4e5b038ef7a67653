/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/verdict.h"

static verdict_t verdict;
static char line[VERDICT_LINE_MAX];

START_TEST(test_line)
{
	verdict_init(&verdict);
	ck_assert(verdict_is_good(&verdict));
	ck_assert_int_eq(verdict_line(&verdict, line, sizeof(line)), 0);
	ck_assert_str_eq(line, "");
	verdict_other(&verdict, "efa1: down");
	ck_assert(!verdict_is_good(&verdict));
	ck_assert_uint_eq(verdict.bad, 0);
	verdict_device(&verdict, 5, "neuron5: a");
	verdict_device(&verdict, 3, "neuron3: b");
	verdict_device(&verdict, 5, "neuron5: later");
	verdict_other(&verdict, "later");
	verdict_device(&verdict, 64, "out of range");
	ck_assert_uint_eq(verdict.bad, 0x28);
	ck_assert_int_eq(verdict_line(&verdict, line, sizeof(line)), 34);
	ck_assert_str_eq(line, "neuron3: b; neuron5: a; efa1: down");
}
END_TEST

/* However little room there is, the line is whole sentences and a count */
START_TEST(test_room)
{
	verdict_init(&verdict);
	for (unsigned int d = 0; d < 64; d++) {
		char why[32];

		(void) snprintf(why, sizeof(why), "neuron%u: broken", d);
		verdict_device(&verdict, d, why);
	}
	for (size_t size = 1; size <= sizeof(line); size++) {
		unsigned int sentences = 0, more = 0;
		const char *and;
		int n = verdict_line(&verdict, line, size);

		ck_assert_msg(n >= 0 && (size_t) n < size &&
				      n == (int) strlen(line),
			      "%zu bytes: got %d", size, n);
		for (const char *at = line; (at = strstr(at, "broken")); at++)
			sentences++;
		and = strstr(line, "and ");
		if (and)
			(void) sscanf(and, "and %u more", &more);
		else
			(void) sscanf(line, "%u more", &more);
		ck_assert_msg(sentences + more == 64 || size <= 16,
			      "%zu bytes: %u sentences and %u more: %s", size,
			      sentences, more, line);
	}
}
END_TEST

START_TEST(test_long)
{
	char why[2 * NEURON_ERROR_MAX];

	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	verdict_init(&verdict);
	verdict_device(&verdict, 0, why);
	verdict_other(&verdict, why);
	ck_assert_uint_eq(strlen(verdict.why[0].text), NEURON_ERROR_MAX - 1);
	ck_assert_uint_eq(strlen(verdict.other.text), NEURON_ERROR_MAX - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tcase = tcase_create("verdict");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_line);
	tcase_add_test(tcase, test_room);
	tcase_add_test(tcase, test_long);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
