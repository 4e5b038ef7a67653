/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/versions.h"

#include "failing_malloc.h"

#define COUNT(rows) (int) (sizeof(rows) / sizeof(rows[0]))
#define NAMES_MAX 512

static versions_t *shipped;

typedef struct {
	char names[NAMES_MAX]; /* "a b" */
	char last[VERSIONS_SENTENCE_MAX];
} held_t;

static void _note(versions_verdict_t verdict, const char *rule,
		  const char *sentence, void *arg)
{
	held_t *held = arg;
	size_t used = strlen(held->names);

	(void) verdict;
	(void) snprintf(held->names + used, sizeof(held->names) - used, "%s%s",
			used ? " " : "", rule);
	(void) snprintf(held->last, sizeof(held->last), "%s", sentence);
}

/* Machines, and the rules of etc/versions.json that hold for them */
static const struct {
	const char *instance;
	const char *driver;
	const char *runtime;
	versions_verdict_t verdict;
	const char *rules;
} machines[] = {
	{"trn2.48xlarge", "2.29.0.0", "2.31.24.0", VERSIONS_BAD,
	 "driver-2.29-needs-runtime-2.33"},
	{"trn2.48xlarge", "2.28.0.0", "2.31.24.0", VERSIONS_UNKNOWN, ""},
	{"trn2.48xlarge", "2.26.10.0", "2.32.31.0", VERSIONS_BAD,
	 "runtime-2.32-needs-driver-2.27"},
	{"trn2.48xlarge", "2.27.4.0", "2.32.31.0", VERSIONS_UNKNOWN, ""},
	{"trn2.48xlarge", "2.26.10.0", "2.33.10.0", VERSIONS_UNKNOWN, ""},
	{"trn2u.48xlarge", "2.21.37.0", "2.27.23.0", VERSIONS_BAD,
	 "runtime-2.26-needs-driver-2.22"},
	{"trn1.32xlarge", "2.21.37.0", "2.27.23.0", VERSIONS_UNKNOWN, ""},
	{"trn2u.48xlarge", "2.22.2.0", "2.27.23.0", VERSIONS_UNKNOWN, ""},
	{"inf1.24xlarge", "2.25.4.0", "2.22.0.0", VERSIONS_BAD, "inf1-driver"},
	{"inf1.24xlarge", "2.24.13", "2.22.0.0", VERSIONS_UNKNOWN, ""},
	{"inf1.xlarge", "2.21", "2.23.110.0", VERSIONS_BAD, "inf1-runtime"},
	{"inf2.xlarge", "2.25.4.0", "", VERSIONS_UNKNOWN, ""},
	{"trn2.48xlarge", "2.30.2.0", "2.35.30.0", VERSIONS_CAUTION,
	 "runtime-2.35-driver-2.31"},
	{"trn2.48xlarge", "2.31.0.0", "", VERSIONS_CAUTION,
	 "driver-2.31-sysfs"},
	{"trn2.48xlarge", "2.31.7.0", "2.35.30.0", VERSIONS_CAUTION,
	 "driver-2.31-sysfs sdk-2.33"},
	{"trn2.48xlarge", "2.30.2.0", "2.34.10.0", VERSIONS_GOOD, "sdk-2.32"},
	{"trn2.48xlarge", "2.29.0.0", "2.33.10.0", VERSIONS_GOOD, "sdk-2.31"},
	{"trn2.48xlarge", "2.28.0.0", "2.32.31.0", VERSIONS_GOOD, "sdk-2.30"},
	{"trn2.48xlarge", "2.27.4.0", "2.31.24.0-0b044f4ce", VERSIONS_GOOD,
	 "sdk-2.29"},
	{"trn1.32xlarge", "2.26.5.0", "2.30.50.0", VERSIONS_GOOD, "sdk-2.28"},
	{"", "2.24.7.0", "2.28.19.0", VERSIONS_GOOD, "sdk-2.26"},
	/* What is not known breaks no rule */
	{"", "", "", VERSIONS_UNKNOWN, ""},
	{"trn2.48xlarge", "2.29.0.0", "", VERSIONS_UNKNOWN, ""},
	{"trn2.48xlarge", "", "2.31.24.0", VERSIONS_UNKNOWN, ""},
	{"", "2.25.4.0", "2.22.0.0", VERSIONS_UNKNOWN, ""},
	{"trn2.48xlarge", "2.29.x", "2.31.24.0", VERSIONS_UNKNOWN, ""},
};

static software_t _machine(int row)
{
	software_t software = {.lnc = 0};

	(void) snprintf(software.instance, sizeof(software.instance), "%s",
			machines[row].instance);
	(void) snprintf(software.versions[SOFTWARE_DRIVER], VERSION_TEXT_MAX,
			"%s", machines[row].driver);
	(void) snprintf(software.versions[SOFTWARE_RUNTIME], VERSION_TEXT_MAX,
			"%s", machines[row].runtime);
	return software;
}

START_TEST(test_machines)
{
	software_t software = _machine(_i);
	held_t held = {.names = ""};
	versions_verdict_t verdict =
		versions_judge(shipped, &software, _note, &held);

	ck_assert_msg(
		verdict == machines[_i].verdict &&
			!strcmp(held.names, machines[_i].rules),
		"%s driver %s runtime %s: got %s \"%s\", wanted %s \"%s\"",
		machines[_i].instance, machines[_i].driver,
		machines[_i].runtime, versions_verdict_name(verdict),
		held.names, versions_verdict_name(machines[_i].verdict),
		machines[_i].rules);
	ck_assert_int_eq(versions_judge(shipped, &software, NULL, NULL),
			 verdict);
}
END_TEST

static bool _has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at++) {
		if ((at == words || at[-1] == ' ') &&
		    (!at[length] || at[length] == ' '))
			return true;
	}
	return false;
}

/* Every rule of the file holds for a row above */
START_TEST(test_all_hold)
{
	const char *name;

	ck_assert_uint_gt(versions_count(shipped), 0);
	for (unsigned int i = 0; (name = versions_name(shipped, i)); i++) {
		bool found = false;

		for (int row = 0; row < COUNT(machines); row++)
			found |= _has_word(machines[row].rules, name);
		ck_assert_msg(found, "rule %s: no machine of this test", name);
	}
}
END_TEST

START_TEST(test_sentence)
{
	software_t software = _machine(0);
	held_t held = {.names = ""};

	(void) versions_judge(shipped, &software, _note, &held);
	ck_assert_str_eq(
		held.last,
		"Neuron driver 2.29.0.0 with Neuron runtime library 2.31.24.0: bad: driver 2.29 and later need runtime library 2.33 or later (rule driver-2.29-needs-runtime-2.33; AWS Neuron, runtime release notes, driver 2.29)");
	software = _machine(5);
	(void) versions_judge(shipped, &software, _note, &held);
	ck_assert_ptr_nonnull(strstr(held.last, " on trn2u.48xlarge: bad: "));
}
END_TEST

#define RULE(name, verdict, more, when)                            \
	"{\"name\":\"" name "\",\"verdict\":\"" verdict "\"," more \
	"\"when\":{" when "},\"because\":\"b\",\"source\":\"s\"}"
#define FILE_OF(rules) "{\"format\":1,\"rules\":[" rules "]}"
#define ONE(more, when) FILE_OF(RULE("a", "bad", more, when))
#define DRIVER "\"driver\":\"<2\""

static const struct {
	const char *text;
	int errnum;
	const char *wanted;
} refused[] = {
	{"", EINVAL, "file.json"},
	{"[]", EINVAL, "file.json"},
	{"{}", EINVAL, "format"},
	{"{\"format\":1}", EINVAL, "rules"},
	{"{\"format\":2,\"rules\":[]}", EINVAL, "format is 2"},
	{"{\"format\":1,\"rules\":{}}", EINVAL, "rules"},
	{"{\"format\":1,\"rules\":[],\"x\":1}", EINVAL, "x"},
	{"{\"format\":1,\"rules\":[],\"notes\":[7]}", EINVAL, "notes"},
	{"{\"format\":1,\"rules\":[7]}", EINVAL, "rules[0]"},
	{FILE_OF("{}"), EINVAL, "rules[0]"},
	{FILE_OF(RULE("", "bad", "", DRIVER)), EINVAL, "rules[0].name"},
	{FILE_OF(RULE("A", "bad", "", DRIVER)), EINVAL, "rules[0].name"},
	{FILE_OF(RULE("a b", "bad", "", DRIVER)), EINVAL, "rules[0].name"},
	{FILE_OF(RULE("a", "worse", "", DRIVER)), EINVAL,
	 "\"good\", \"caution\" or \"bad\""},
	{FILE_OF(RULE("a", "unknown", "", DRIVER)), EINVAL,
	 "\"good\", \"caution\" or \"bad\""},
	{FILE_OF(RULE("a", "bad", "", DRIVER) "," RULE("a", "good", "",
						       DRIVER)),
	 EEXIST,
	 "rules[1].name is \"a\"; it must differ from that of every rule before it"},
	{ONE("", ""), EINVAL, "at least one of driver"},
	{ONE("", "\"kernel\":\"<2\""), EINVAL, "kernel"},
	{ONE("", "\"driver\":\"2\""), EINVAL, "rules[0].when.driver is \"2\""},
	{ONE("", "\"driver\":\"\""), EINVAL, "rules[0].when.driver"},
	{ONE("", "\"driver\":\"<2 or >3\""), EINVAL, "rules[0].when.driver"},
	{ONE("", "\"driver\":2"), EINVAL, "rules[0].when.driver"},
	{ONE("", "\"driver\":null"), EINVAL, "rules[0].when.driver"},
	{ONE("", "\"driver\":\"<2\\u0000\""), EINVAL, "rules[0].when.driver"},
	{ONE("", "\"driver\":\"<2\\n\""), EINVAL, "rules[0].when.driver"},
	{ONE("\"instance\":[],", DRIVER), EINVAL, "rules[0].instance"},
	{ONE("\"instance\":\"trn2\",", DRIVER), EINVAL, "rules[0].instance"},
	{ONE("\"instance\":[\"\"],", DRIVER), EINVAL, "rules[0].instance[0]"},
	{ONE("\"instance\":[\"trn2*\"],", DRIVER), EINVAL,
	 "rules[0].instance[0]"},
	{ONE("\"drain\":true,", DRIVER), EINVAL, "drain"},
	{"{\"format\":1,\"rules\":[{\"name\":\"a\",\"verdict\":\"bad\",\"when\":{" DRIVER
	 "},\"because\":\"\\u001b[31m\",\"source\":\"s\"}]}",
	 EINVAL, "because"},
	{"{\"format\":1,\"rules\":[{\"name\":\"a\",\"verdict\":\"bad\",\"when\":{" DRIVER
	 "},\"because\":\"\",\"source\":\"s\"}]}",
	 EINVAL, "because"},
	{"{\"format\":1,\"rules\":[{\"name\":\"a\",\"verdict\":\"bad\",\"when\":{" DRIVER
	 "},\"because\":\"b\"}]}",
	 EINVAL, "source"},
};

START_TEST(test_refused)
{
	neuron_error_t err = {""};
	versions_t *versions =
		versions_decode(refused[_i].text, "file.json", &err);

	ck_assert_msg(!versions && (errno == refused[_i].errnum) &&
			      strstr(err.text, refused[_i].wanted) &&
			      !strncmp(err.text, "file.json", 9),
		      "%s: got %p, errno %d, \"%s\", wanted %d, \"%s\"",
		      refused[_i].text, (void *) versions, errno, err.text,
		      refused[_i].errnum, refused[_i].wanted);
	ck_assert_ptr_null(
		versions_decode(refused[_i].text, "file.json", NULL));
}
END_TEST

START_TEST(test_memory)
{
	static const char text[] = ONE("\"instance\":[\"trn2\"],", DRIVER);
	versions_t *versions = NULL;
	long n;

	for (n = 0; !versions && n < 1000; n++) {
		neuron_error_t err = {""};

		failing_malloc_after(n);
		versions = versions_decode(text, "file.json", &err);
		failing_malloc_after(-1);
		ck_assert_msg(versions || errno == ENOMEM,
			      "allocation %ld: errno %d, \"%s\"", n, errno,
			      err.text);
	}
	ck_assert_msg(versions && n > 1, "after %ld allocations", n);
	versions_destroy(versions);
	versions_destroy(NULL);
}
END_TEST

START_TEST(test_no_file)
{
	neuron_error_t err = {""};

	ck_assert_ptr_null(versions_read("/does/not/exist.json", &err));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "/does/not/exist.json"));
}
END_TEST

static versions_t *_shipped(void)
{
	static const char *const directories[] = {"etc", "../etc", "../../etc"};
	const char *srcdir = getenv("srcdir");
	char path[1024];

	for (int i = -1; i < COUNT(directories); i++) {
		neuron_error_t err = {""};
		versions_t *versions;

		if (i < 0)
			(void) snprintf(path, sizeof(path),
					"%s/../../etc/versions.json",
					srcdir ? srcdir : ".");
		else
			(void) snprintf(path, sizeof(path), "%s/versions.json",
					directories[i]);
		if (access(path, R_OK))
			continue;
		versions = versions_read(path, &err);
		if (!versions)
			fprintf(stderr, "%s\n", err.text);
		return versions;
	}
	fputs("versions: etc/versions.json not found\n", stderr);
	return NULL;
}

int main(void)
{
	Suite *suite = suite_create("versions");
	TCase *tcase = tcase_create("versions");
	SRunner *runner;
	int failed;

	shipped = _shipped();
	if (!shipped)
		return 99;
	tcase_add_loop_test(tcase, test_machines, 0, COUNT(machines));
	tcase_add_test(tcase, test_all_hold);
	tcase_add_test(tcase, test_sentence);
	tcase_add_loop_test(tcase, test_refused, 0, COUNT(refused));
	tcase_add_test(tcase, test_memory);
	tcase_add_test(tcase, test_no_file);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	versions_destroy(shipped);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
