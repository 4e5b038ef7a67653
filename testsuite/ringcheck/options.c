/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define WORDS_MAX 8

static int _read(options_t *options, const char *line, bool terminal,
		 fault_t *fault)
{
	char text[256], *save = NULL;
	char name[] = "neuron-ringcheck";
	char *words[WORDS_MAX + 1] = {name};
	int count = 1;

	strcpy(text, line);
	for (char *word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	return options_read(options, count, words, terminal, fault);
}

START_TEST(defaults)
{
	fault_t fault = {.code = RINGCHECK_GOOD};
	options_t options;

	ck_assert_int_eq(_read(&options, "", _i, &fault), 0);
	ck_assert_uint_eq(options.size, 16 << 20);
	ck_assert_uint_eq(options.iterations, 5);
	ck_assert_int_eq(options.type, PATTERN_FLOAT32);
	ck_assert_uint_eq(options.timeout, 60);
	ck_assert_uint_eq(options.time_limit, 300);
	ck_assert(options.min_bandwidth == 0);
	ck_assert(options.devices && !options.each_link && !options.json);
	ck_assert_int_eq(options.progress, _i);
}
END_TEST

START_TEST(all)
{
	char plan[WIRE_PLAN_MAX];
	fault_t fault = {.code = RINGCHECK_GOOD};
	options_t options;

	ck_assert_int_eq(_read(&options,
			       "--size=64K --iterations 7 --type=int32 "
			       "--each-link --min-bandwidth=0.5 --no-devices",
			       false, &fault),
			 0);
	ck_assert_uint_eq(options.size, 65536);
	ck_assert_uint_eq(options.iterations, 7);
	ck_assert_int_eq(options.type, PATTERN_INT32);
	ck_assert(options.min_bandwidth == 0.5);
	ck_assert(options.each_link && !options.devices);
	options_plan(&options, plan);
	ck_assert_str_eq(plan, "int32, 65536 bytes, 7 iterations, each link");
	ck_assert_int_eq(_read(&options,
			       "--timeout=1 --time-limit=604800 --json --quiet "
			       "--progress",
			       true, &fault),
			 0);
	ck_assert_uint_eq(options.timeout, 1);
	ck_assert_uint_eq(options.time_limit, 604800);
	ck_assert(options.json && options.quiet && options.progress);
	ck_assert_int_eq(_read(&options, "--quiet", true, &fault), 0);
	ck_assert(!options.progress);
	ck_assert_int_eq(_read(&options, "--help", true, &fault), 0);
	ck_assert_int_eq(options.action, OPTIONS_HELP);
	ck_assert_int_eq(_read(&options, "--version", true, &fault), 0);
	ck_assert_int_eq(options.action, OPTIONS_VERSION);
}
END_TEST

static const struct {
	const char *line;
	uint64_t size;
} sizes[] = {
	{"--size=4", 4},        {"--size=1048576", 1 << 20},
	{"--size=1K", 1024},    {"--size=3M", 3 << 20},
	{"--size=1G", 1 << 30}, {"--size=1073741824", 1 << 30},
};

START_TEST(size)
{
	fault_t fault = {.code = RINGCHECK_GOOD};
	options_t options;

	ck_assert_int_eq(_read(&options, sizes[_i].line, false, &fault), 0);
	ck_assert_uint_eq(options.size, sizes[_i].size);
}
END_TEST

#define SIZE(text)                                                           \
	"--size=" text,                                                      \
		"--size=" text ": it must be a multiple of 4 from 4 to 1G, " \
		"such as 65536, 64K or 16M"
#define NUMBER(name, text, max)                \
	"--" name "=" text, "--" name "=" text \
			    ": it must be a whole number from 1 to " max
#define BANDWIDTH(text)                                                  \
	"--min-bandwidth=" text,                                         \
		"--min-bandwidth=" text ": it must be a number of GB/s " \
		"above 0, such as 10 or 0.5"

static const struct {
	const char *line;
	const char *sentence;
} refusals[] = {
	{SIZE("0")},
	{SIZE("2")},
	{SIZE("5")},
	{SIZE("-4")},
	{SIZE("+4")},
	{SIZE("4k")},
	{SIZE("4KB")},
	{SIZE("K")},
	{SIZE("2G")},
	{SIZE("1025M")},
	{SIZE("18446744073709551620")},
	{SIZE("1.5M")},
	{NUMBER("iterations", "0", "1000")},
	{NUMBER("iterations", "1001", "1000")},
	{NUMBER("iterations", "-1", "1000")},
	{NUMBER("iterations", "5x", "1000")},
	{NUMBER("timeout", "0", "604800")},
	{NUMBER("timeout", "604801", "604800")},
	{NUMBER("timeout", "1:00", "604800")},
	{NUMBER("time-limit", "0.5", "604800")},
	{NUMBER("time-limit", "99999999999999999999", "604800")},
	{BANDWIDTH("0")},
	{BANDWIDTH("-1")},
	{BANDWIDTH("x")},
	{BANDWIDTH("1GB")},
	{BANDWIDTH("inf")},
	{BANDWIDTH("nan")},
	{BANDWIDTH("1e7")},
	{BANDWIDTH("1e999")},
	{"--type=float", "--type=float: it must be float32 or int32"},
	{"--type=", "--type=: it must be float32 or int32"},
	{"--quiet --what",
	 "--what is not an option, or lacks its value; see --help"},
	{"-x", "-x is not an option, or lacks its value; see --help"},
	{"--size", "--size is not an option, or lacks its value; see --help"},
	{"--quiet=1", "--quiet=1 is not an option, or lacks its value; see "
		      "--help"},
	{"extra", "extra: there are only options; see --help"},
};

START_TEST(refused)
{
	fault_t fault = {.code = RINGCHECK_GOOD};
	options_t options;

	ck_assert_msg(_read(&options, refusals[_i].line, false, &fault) == -1,
		      "%s was taken", refusals[_i].line);
	ck_assert_int_eq(fault.code, RINGCHECK_USAGE);
	ck_assert_str_eq(fault.text, refusals[_i].sentence);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_loop_test(tcase, defaults, 0, 2);
	tcase_add_test(tcase, all);
	tcase_add_loop_test(tcase, size, 0, COUNT(sizes));
	tcase_add_loop_test(tcase, refused, 0, COUNT(refusals));
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
