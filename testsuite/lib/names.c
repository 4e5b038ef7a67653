/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "lib/names.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define MANY 5000

/* A name of any length for a number */
static const char *_name(unsigned int number, char *buf, size_t size)
{
	int length = snprintf(buf, size, "%s%u", number % 3 ? "n" : "", number);

	/* now and then one that fills a piece of memory, or more than one */
	if (number % 500 == 7) {
		memset(buf + length, 'x', size - length - 1);
		buf[size - 1 - number % 3] = '\0';
	}
	return buf;
}

START_TEST(add_and_find)
{
	static char name[20000];
	names_t *names = names_create();
	const char *first;

	ck_assert_ptr_nonnull(names);
	ck_assert_uint_eq(names_count(names), 0);
	ck_assert_ptr_null(names_at(names, 0));
	ck_assert_uint_eq(names_find(names, ""), NAMES_NONE);
	ck_assert_uint_eq(names_add(names, ""), 0);
	first = names_at(names, 0);
	for (unsigned int i = 1; i < MANY; i++) {
		_name(i, name, sizeof(name));
		ck_assert_uint_eq(names_find(names, name), NAMES_NONE);
		ck_assert_uint_eq(names_add(names, name), i);
		ck_assert_uint_eq(names_add(names, name), i);
	}
	/* where a name lies does not change */
	ck_assert_ptr_eq(names_at(names, 0), first);
	ck_assert_uint_eq(names_count(names), MANY);
	for (unsigned int i = 1; i < MANY; i++) {
		_name(i, name, sizeof(name));
		ck_assert_uint_eq(names_find(names, name), i);
		ck_assert_str_eq(names_at(names, i), name);
	}
	ck_assert_ptr_null(names_at(names, MANY));
	ck_assert_ptr_null(names_at(names, NAMES_NONE));
	names_destroy(names);
}
END_TEST

START_TEST(no_memory)
{
	names_t *names = NULL;
	char name[64];
	unsigned int failed = 0;

	names_destroy(NULL);
	for (long n = 0; !names; n++) {
		errno = 0;
		failing_malloc_after(n);
		names = names_create();
		failing_malloc_after(-1);
		ck_assert(names || errno == ENOMEM);
	}
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "node%u", i);
		failing_malloc_after(0);
		errno = 0;
		if (names_add(names, name) == NAMES_NONE) {
			failed++;
			ck_assert_int_eq(errno, ENOMEM);
			ck_assert_uint_eq(names_count(names), i);
			failing_malloc_after(-1);
			ck_assert_uint_eq(names_find(names, name), NAMES_NONE);
			ck_assert_uint_eq(names_add(names, name), i);
		}
		failing_malloc_after(-1);
		ck_assert_str_eq(names_at(names, i), name);
	}
	/* to grow, and for another piece of memory */
	ck_assert_uint_ge(failed, 5);
	ck_assert_uint_lt(failed, 30);
	names_destroy(names);
}
END_TEST

/* names_is_plain() of at most 8 bytes, names_is_node() */
static const struct {
	const char *name;
	bool is_plain, is_node;
} kinds[] = {
	{"n1", true, true},          {"1n", true, true},
	{"A_b-c.9", true, true},     {"12345678", true, true},
	{"123456789", false, true},  {"", false, false},
	{"-n", false, false},        {".n", false, false},
	{"_n", false, false},        {"n 1", false, false},
	{"n,m", false, false},       {"n[1-2]", false, false},
	{"n/m", false, false},       {"n\n", false, false},
	{"n\xc3\xa4", false, false}, {"all", true, false},
	{"ALL", true, false},        {"Default", true, false},
	{"DEFAULTS", true, true},
};

START_TEST(kind)
{
	bool is_plain = names_is_plain(kinds[_i].name, 8);
	bool is_node = names_is_node(kinds[_i].name);

	ck_assert_msg(
		is_plain == kinds[_i].is_plain && is_node == kinds[_i].is_node,
		"\"%s\": got plain %d, node %d, wanted %d, %d", kinds[_i].name,
		is_plain, is_node, kinds[_i].is_plain, kinds[_i].is_node);
}
END_TEST

START_TEST(longest_node)
{
	char name[NAMES_NODE_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[NAMES_NODE_MAX] = '\0';
	ck_assert(names_is_node(name));
	name[NAMES_NODE_MAX] = 'n';
	name[NAMES_NODE_MAX + 1] = '\0';
	ck_assert(!names_is_node(name));
}
END_TEST

/* Each before the next one */
static const char *const ordered[] = {
	"",
	"n",
	"n0",
	"n1",
	"n01x",
	"n2",
	"n10",
	"n10a",
	"n10b1",
	"n10b12",
	"n99999999999999999999",
	"n100000000000000000000",
	"o",
};

START_TEST(order)
{
	for (int i = 0; i < COUNT(ordered); i++) {
		for (int j = 0; j < COUNT(ordered); j++) {
			int got = names_compare(ordered[i], ordered[j]);

			ck_assert_msg((got > 0) - (got < 0) ==
					      (i > j) - (i < j),
				      "\"%s\", \"%s\": got %d", ordered[i],
				      ordered[j], got);
		}
	}
	/* the same number, still not the same name */
	ck_assert_int_ne(names_compare("n1", "n01"), 0);
	ck_assert_int_eq(names_compare("n1", "n01"),
			 -names_compare("n01", "n1"));
}
END_TEST

static const struct {
	const char *name, *quote;
} quotes[] = {
	{"", ""},
	{"n1", "n1"},
	{"a\tb\x7f\xff", "a?b??"},
	{"0123456789012345678901234567890123456789012345678901234567890123456789"
	 "0123456789",
	 "0123456789012345678901234567890123456789012345678901234567890123456789"
	 "0123456789"},
	{"0123456789012345678901234567890123456789012345678901234567890123456789"
	 "01234567890",
	 "0123456789012345678901234567890123456789012345678901234567890123456789"
	 "0123456789..."},
};

START_TEST(quote)
{
	char buf[NAMES_QUOTE_MAX];

	ck_assert_str_eq(names_quote(quotes[_i].name, buf), quotes[_i].quote);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names");
	TCase *tcase = tcase_create("names");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, add_and_find);
	tcase_add_test(tcase, no_memory);
	tcase_add_loop_test(tcase, kind, 0, COUNT(kinds));
	tcase_add_test(tcase, longest_node);
	tcase_add_test(tcase, order);
	tcase_add_loop_test(tcase, quote, 0, COUNT(quotes));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
