/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devset.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

/*
 * Text form
 */

#define NO_LIST(text, last)                                                \
	"\"" text "\" is not a list of indexes and ranges such as 0-3,8; " \
	"indexes are 0 to " last

static const struct {
	const char *text;
	unsigned int limit;
	devset_t set;
	/* NULL: text is also what the set is written as */
	const char *encoded;
} good[] = {
	{"", 16, 0, NULL},
	{"0", 16, 0x1, NULL},
	{"15", 16, 0x8000, NULL},
	{"0-3,8", 16, 0x10f, NULL},
	{"0-15", 16, 0xffff, NULL},
	{"0-63", 64, UINT64_MAX, NULL},
	{"63", 64, (devset_t) 1 << 63, NULL},
	{"0", 1, 0x1, NULL},
	{"0-1", 16, 0x3, NULL},
	{"1,3,5", 16, 0x2a, NULL},
	{"8,0-3", 16, 0x10f, "0-3,8"},
	{"3,2,1", 16, 0xe, "1-3"},
	{"4-4", 16, 0x10, "4"},
	{"07", 16, 0x80, "7"},
	{"0,1,2-4", 16, 0x1f, "0-4"},
};

START_TEST(decode_good)
{
	char buf[DEVSET_TEXT_MAX];
	neuron_error_t err = {""};
	devset_t set = 0xdead;
	const char *encoded = good[_i].encoded;

	ck_assert_msg(!devset_decode(good[_i].text, good[_i].limit, &set, &err),
		      "\"%s\": got the error \"%s\"", good[_i].text, err.text);
	ck_assert_msg(set == good[_i].set, "\"%s\": got %#llx, wanted %#llx",
		      good[_i].text, (unsigned long long) set,
		      (unsigned long long) good[_i].set);
	if (!encoded)
		encoded = good[_i].text;
	ck_assert_int_eq(devset_encode(set, buf, sizeof(buf)),
			 (int) strlen(encoded));
	ck_assert_str_eq(buf, encoded);
}
END_TEST

static const struct {
	const char *text;
	unsigned int limit;
	const char *error;
} bad[] = {
	{"16", 16, NO_LIST("16", "15")},
	{"64", 64, NO_LIST("64", "63")},
	{"1", 1, NO_LIST("1", "0")},
	{"100", 64, NO_LIST("100", "63")},
	{"4294967296", 16, NO_LIST("4294967296", "15")},
	{"18446744073709551617", 16, NO_LIST("18446744073709551617", "15")},
	{"001", 16, NO_LIST("001", "15")},
	{"-1", 16, NO_LIST("-1", "15")},
	{"1-", 16, NO_LIST("1-", "15")},
	{"-", 16, NO_LIST("-", "15")},
	{"1-2-3", 16, NO_LIST("1-2-3", "15")},
	{"0-16", 16, NO_LIST("0-16", "15")},
	{",", 16, NO_LIST(",", "15")},
	{",1", 16, NO_LIST(",1", "15")},
	{"1,", 16, NO_LIST("1,", "15")},
	{"1,,2", 16, NO_LIST("1,,2", "15")},
	{" 1", 16, NO_LIST(" 1", "15")},
	{"1 ", 16, NO_LIST("1 ", "15")},
	{"1, 2", 16, NO_LIST("1, 2", "15")},
	{"+1", 16, NO_LIST("+1", "15")},
	{"0x1", 16, NO_LIST("0x1", "15")},
	{"1.0", 16, NO_LIST("1.0", "15")},
	{"all", 16, NO_LIST("all", "15")},
	{"1\n", 16, NO_LIST("1\n", "15")},
	{"3-1", 16,
	 "\"3-1\" has a range that runs backwards; indexes are 0 to 15"},
	{"1,1", 16, "\"1,1\" names an index twice; indexes are 0 to 15"},
	{"0-3,2", 16, "\"0-3,2\" names an index twice; indexes are 0 to 15"},
	{"63,0-63", 64,
	 "\"63,0-63\" names an index twice; indexes are 0 to 63"},
	{NULL, 16, "a device list needs a text and a limit of 1 to 64"},
	{"1", 0, "a device list needs a text and a limit of 1 to 64"},
	{"1", 65, "a device list needs a text and a limit of 1 to 64"},
};

START_TEST(decode_bad)
{
	const char *text = bad[_i].text ? bad[_i].text : "NULL";
	neuron_error_t err = {""};
	devset_t set = 0xdead;

	errno = 0;
	ck_assert_msg(
		devset_decode(bad[_i].text, bad[_i].limit, &set, &err) == -1,
		"\"%s\": accepted as %#llx", text, (unsigned long long) set);
	ck_assert_msg(errno == EINVAL, "\"%s\": got errno %d", text, errno);
	ck_assert_msg(!strcmp(err.text, bad[_i].error),
		      "\"%s\": got \"%s\", wanted \"%s\"", text, err.text,
		      bad[_i].error);
	ck_assert_msg(set == 0xdead, "\"%s\": the set was changed", text);
	errno = 0;
	ck_assert_int_eq(devset_decode(bad[_i].text, bad[_i].limit, &set, NULL),
			 -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(decode_long)
{
	static char text[100001];
	neuron_error_t err;
	devset_t set;

	memset(text, '1', sizeof(text) - 1);
	ck_assert_int_eq(devset_decode(text, 16, &set, &err), -1);
	ck_assert_uint_lt(strlen(err.text), NEURON_ERROR_MAX - 1);
	memset(text, ',', sizeof(text) - 1);
	ck_assert_int_eq(devset_decode(text, 16, &set, &err), -1);
	ck_assert_int_eq(devset_decode("1", 16, NULL, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* Every size of buffer: the whole text, or the empty one */
START_TEST(encode_small)
{
	const char *text = "0-3,8,10-15";
	size_t length = strlen(text);

	for (size_t size = 1; size <= length + 2; size++) {
		char buf[DEVSET_TEXT_MAX];
		int rc;

		memset(buf, 'x', sizeof(buf));
		errno = 0;
		rc = devset_encode(0xfd0f, buf, size);
		ck_assert_msg(buf[size] == 'x', "size %zu: overrun", size);
		if (size > length) {
			ck_assert_int_eq(rc, (int) length);
			ck_assert_str_eq(buf, text);
			continue;
		}
		ck_assert_msg(rc == -1 && errno == ENOSPC,
			      "size %zu: got %d, errno %d", size, rc, errno);
		ck_assert_str_eq(buf, "");
	}
	errno = 0;
	ck_assert_int_eq(devset_encode(1, NULL, 0), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

static devset_t _random_set(uint64_t *state)
{
	devset_t set = 0;

	for (int i = 0; i < 4; i++) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		set = set << 16 | (*state >> 48);
	}
	return set;
}

/* Compare every function with counting by hand, and encode with decode */
static void _check_set(devset_t set)
{
	char buf[DEVSET_TEXT_MAX];
	unsigned int count = 0;
	int first = -1, last = -1, walked = -1;
	devset_t again = 0;

	for (int i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		count++;
		last = i;
		if (first < 0)
			first = i;
		walked = devset_next(set, walked);
		ck_assert_int_eq(walked, i);
	}
	ck_assert_int_eq(devset_next(set, walked), -1);
	ck_assert_uint_eq(devset_count(set), count);
	ck_assert_int_eq(devset_first(set), first);
	ck_assert_int_eq(devset_last(set), last);
	ck_assert_int_eq(devset_is_run(set),
			 !count || last - first + 1 == (int) count);
	ck_assert_int_ge(devset_encode(set, buf, sizeof(buf)), 0);
	ck_assert_msg(!devset_decode(buf, 64, &again, NULL) && again == set,
		      "%#llx: written as \"%s\", read as %#llx",
		      (unsigned long long) set, buf,
		      (unsigned long long) again);
}

START_TEST(oracle)
{
	uint64_t state = 42;

	for (devset_t set = 0; set < 0x4000; set++)
		_check_set(set);
	for (int i = 0; i < 4000; i++)
		_check_set(_random_set(&state) & _random_set(&state));
	_check_set(UINT64_MAX);
	_check_set(0x5555555555555555u);
	_check_set(0xaaaaaaaaaaaaaaaau);
	_check_set(0xdb6db6db6db6db6du);
}
END_TEST

START_TEST(edges)
{
	ck_assert_uint_eq(devset_of(0), 1);
	ck_assert(devset_of(63) == (devset_t) 1 << 63);
	ck_assert_uint_eq(devset_of(64), 0);
	ck_assert_uint_eq(devset_of(UINT32_MAX), 0);
	ck_assert_uint_eq(devset_run(0, 0), 0);
	ck_assert_uint_eq(devset_run(4, 4), 0xf0);
	ck_assert(devset_run(0, 64) == UINT64_MAX);
	ck_assert(devset_run(0, UINT32_MAX) == UINT64_MAX);
	ck_assert(devset_run(60, 16) == 0xf000000000000000u);
	ck_assert(devset_run(63, 1) == (devset_t) 1 << 63);
	ck_assert_uint_eq(devset_run(64, 1), 0);
	ck_assert_uint_eq(devset_run(UINT32_MAX, 2), 0);
	ck_assert_int_eq(devset_next(UINT64_MAX, 62), 63);
	ck_assert_int_eq(devset_next(UINT64_MAX, 63), -1);
	ck_assert_int_eq(devset_next(UINT64_MAX, 1000), -1);
	ck_assert_int_eq(devset_next(UINT64_MAX, -1000), 0);
}
END_TEST

/*
 * The sentence that goes with errno
 */

START_TEST(error_set)
{
	char blanks[2 * NEURON_ERROR_MAX];
	neuron_error_t err;

	ck_assert_int_eq(neuron_error_set(&err, ENOSPC, "%s %d", "a", 1), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(err.text, "a 1");
	ck_assert_int_eq(neuron_error_set(NULL, ENOENT, "%s", "b"), -1);
	ck_assert_int_eq(errno, ENOENT);
	memset(blanks, ' ', sizeof(blanks) - 1);
	blanks[sizeof(blanks) - 1] = '\0';
	ck_assert_int_eq(neuron_error_set(&err, EINVAL, "%s", blanks), -1);
	ck_assert_uint_eq(strlen(err.text), NEURON_ERROR_MAX - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("devset");
	TCase *tcase = tcase_create("devset");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, decode_good, 0, COUNT(good));
	tcase_add_loop_test(tcase, decode_bad, 0, COUNT(bad));
	tcase_add_test(tcase, decode_long);
	tcase_add_test(tcase, encode_small);
	tcase_add_test(tcase, oracle);
	tcase_add_test(tcase, edges);
	tcase_add_test(tcase, error_set);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
