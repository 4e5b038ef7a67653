/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "lib/rules.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define TAIL "\"action\": \"a\", \"source\": [\"s\"]"
#define RULE(keys) "{\"name\": \"r\", " keys ", " TAIL "}"
#define FILE_OF(rules) "{\"format\": 1, \"rules\": [" rules "]}"
#define SUSPECT "\"signal\": \"mem_ecc_corrected\", \"verdict\": \"suspect\""
#define EFA "\"signal\": \"efa_port_down\", \"verdict\": \"suspect\""
#define NODE "\"signal\": \"no_devices\", "

static char path[512];
static neuron_error_t err;

static const struct {
	const char *text;
	rule_t wanted;
} reads[] = {
	{FILE_OF(RULE(SUSPECT)),
	 {.signal = SIGNAL_MEM_ECC_CORRECTED,
	  .at_least = 1,
	  .verdict = RULES_SUSPECT,
	  .then_after = RULES_NEVER,
	  .clear_after = RULES_NEVER}},
	{FILE_OF(RULE(SUSPECT
		      ", \"within\": 8, \"times_before\": 2, \"at_least\": "
		      "4294967295, \"for\": 0, \"then\": \"node\", "
		      "\"then_times\": 8, \"then_within\": 315360000, "
		      "\"clear_after\": 1")),
	 {.signal = SIGNAL_MEM_ECC_CORRECTED,
	  .at_least = UINT32_MAX,
	  .within = 8,
	  .times_before = 2,
	  .verdict = RULES_SUSPECT,
	  .then = RULES_NODE,
	  .then_times = 8,
	  .then_within = RULES_SECONDS_MAX,
	  .then_after = RULES_NEVER,
	  .clear_after = 1}},
	{FILE_OF(RULE(EFA ", \"for\": 30, \"then\": \"masked\", "
			  "\"then_after\": 5, \"npd\": \"N_x\", "
			  "\"hyperpod\": \"Reboot\"")),
	 {.signal = SIGNAL_EFA_PORT_DOWN,
	  .at_least = 1,
	  .hold = 30,
	  .verdict = RULES_SUSPECT,
	  .then = RULES_MASKED,
	  .then_after = 5,
	  .clear_after = RULES_NEVER}},
	{FILE_OF(RULE(NODE "\"verdict\": \"ok\"")),
	 {.signal = SIGNAL_NO_DEVICES,
	  .at_least = 1,
	  .verdict = RULES_OK,
	  .then_after = RULES_NEVER,
	  .clear_after = RULES_NEVER}},
	{FILE_OF(RULE("\"signal\": \"kernel_error\", \"match\": [\"A\", "
		      "\"b_1\"], \"within\": 60, \"verdict\": \"masked\"")),
	 {.signal = SIGNAL_KERNEL_ERROR,
	  .match_count = 2,
	  .at_least = 1,
	  .within = 60,
	  .verdict = RULES_MASKED,
	  .then_after = RULES_NEVER,
	  .clear_after = RULES_NEVER}},
};

START_TEST(test_read)
{
	rules_t *rules = rules_decode(reads[_i].text, "f", &err);
	const rule_t *got, *wanted = &reads[_i].wanted;

	ck_assert_msg(rules != NULL, "%s: %s", reads[_i].text, err.text);
	ck_assert_uint_eq(rules_count(rules), 1);
	ck_assert_int_eq(rules_of_name(rules, "r"), 0);
	ck_assert_int_eq(rules_of_name(rules, "x"), -1);
	ck_assert_ptr_null(rules_at(rules, 1));
	got = rules_at(rules, 0);
	ck_assert_str_eq(got->name, "r");
	ck_assert_int_eq(got->signal, wanted->signal);
	ck_assert_uint_eq(got->match_count, wanted->match_count);
	ck_assert_uint_eq(got->at_least, wanted->at_least);
	ck_assert_uint_eq(got->within, wanted->within);
	ck_assert_uint_eq(got->times_before, wanted->times_before);
	ck_assert_uint_eq(got->hold, wanted->hold);
	ck_assert_int_eq(got->verdict, wanted->verdict);
	ck_assert_int_eq(got->then, wanted->then);
	ck_assert_uint_eq(got->then_after, wanted->then_after);
	ck_assert_uint_eq(got->then_times, wanted->then_times);
	ck_assert_uint_eq(got->then_within, wanted->then_within);
	ck_assert_uint_eq(got->clear_after, wanted->clear_after);
	ck_assert_str_eq(got->action, "a");
	ck_assert(rule_matches(got, "A", 1) || !wanted->match_count);
	ck_assert(rule_matches(got, "b_1", 3));
	ck_assert(!rule_matches(got, "b_", 2) || !wanted->match_count);
	ck_assert(!rule_matches(got, "", 0));
	rules_destroy(rules);
}
END_TEST

#define KEYS_HERE                                                            \
	" is not a key; the keys here are name, signal, match, at_least, "   \
	"within, times_before, for, verdict, then, then_after, then_times, " \
	"then_within, clear_after, action, npd, hyperpod, source"

static const struct {
	const char *text;
	int errnum;
	const char *wanted;
} refused[] = {
	{"", EINVAL, "f:1: this is not JSON"},
	{"{", EINVAL, "f:1: this is not JSON: unexpected end of data"},
	{"[]", EINVAL, "f: the text is []; it must be an object"},
	{"{}", EINVAL, "f: format is missing; it must be there"},
	{"{\"format\": 2, \"rules\": []}", EINVAL,
	 "f: format is 2; it must be a whole number from 1 to 1"},
	{"{\"format\": 1}", EINVAL, "f: rules is missing; it must be there"},
	{FILE_OF(""), EINVAL,
	 "f: rules is []; it must be a list of 1 to 64 elements"},
	{"{\"format\": 1, \"rules\": {}}", EINVAL,
	 "f: rules is {}; it must be a list of 1 to 64 elements"},
	{"{\"format\": 1, \"rule\": []}", EINVAL,
	 "f: rule is not a key; the keys here are format, notes, rules"},
	{FILE_OF("3"), EINVAL, "f: rules[0] is 3; it must be an object"},
	{FILE_OF("{}"), EINVAL,
	 "f: rules[0].name is missing; it must be there"},
	{FILE_OF(RULE(SUSPECT ", \"Within\": 8")), EINVAL,
	 "f: rules[0].Within" KEYS_HERE},
	{FILE_OF("{\"name\": \"R\", " SUSPECT ", " TAIL "}"), EINVAL,
	 "f: rules[0].name is \"R\"; it must be a text of 1 to 31 characters "
	 "out of abcdefghijklmnopqrstuvwxyz0123456789-"},
	{FILE_OF("{\"name\": \"\", " SUSPECT ", " TAIL "}"), EINVAL,
	 "f: rules[0].name is \"\"; it must be a text of 1 to 31 characters"},
	{FILE_OF(RULE("\"signal\": \"smoke\", \"verdict\": \"ok\"")), EINVAL,
	 "f: rules[0].signal is \"smoke\"; it must be the name of a signal, "
	 "such as mem_ecc_corrected; neuron-health --help lists them"},
	{FILE_OF(RULE("\"signal\": 3, \"verdict\": \"ok\"")), EINVAL,
	 "f: rules[0].signal is 3; it must be the name of a signal"},
	{FILE_OF(RULE("\"signal\": \"in_reset\", \"verdict\": \"bad\"")),
	 EINVAL,
	 "f: rules[0].verdict is \"bad\"; it must be \"ok\", \"suspect\", "
	 "\"masked\" or \"node\""},
	{FILE_OF(RULE("\"signal\": \"in_reset\"")), EINVAL,
	 "f: rules[0].verdict is missing"},
	{FILE_OF("{\"name\": \"r\", " SUSPECT ", \"source\": [\"s\"]}"), EINVAL,
	 "f: rules[0].action is missing"},
	{FILE_OF("{\"name\": \"r\", " SUSPECT ", \"action\": \"a\"}"), EINVAL,
	 "f: rules[0].source is missing"},
	{FILE_OF("{\"name\": \"r\", " SUSPECT
		 ", \"action\": \"a\", \"source\": []}"),
	 EINVAL,
	 "f: rules[0].source is []; it must be a list of 1 to 64 elements"},
	{FILE_OF(RULE(SUSPECT ", \"at_least\": 0")), EINVAL,
	 "f: rules[0].at_least is 0; it must be a whole number from 1 to "
	 "4294967295"},
	{FILE_OF(RULE(SUSPECT ", \"at_least\": 4294967296")), EINVAL,
	 "f: rules[0].at_least is 4294967296; it must be"},
	{FILE_OF(RULE(SUSPECT ", \"at_least\": 1.5")), EINVAL,
	 "f: rules[0].at_least is 1.5; it must be a whole number"},
	{FILE_OF(RULE(SUSPECT ", \"at_least\": -1")), EINVAL,
	 "f: rules[0].at_least is -1; it must be"},
	{FILE_OF(RULE(SUSPECT ", \"within\": 7")), EINVAL,
	 "f: rules[0].within is 7; it must be a whole number from 8 to "
	 "315360000"},
	{FILE_OF(RULE(SUSPECT ", \"within\": 315360001")), EINVAL,
	 "f: rules[0].within is 315360001; it must be"},
	{FILE_OF(RULE(SUSPECT ", \"within\": 60, \"times_before\": 1")), EINVAL,
	 "f: rules[0].times_before is 1; it must be a whole number from 2 to "
	 "1000"},
	{FILE_OF(RULE(SUSPECT ", \"times_before\": 2")), EINVAL,
	 "f: rules[0] (r): times_before compares two times; write within too"},
	{FILE_OF(RULE(EFA ", \"within\": 60")), EINVAL,
	 "f: rules[0] (r): within goes with counters and kernel_error only; "
	 "write for and a number of seconds"},
	{FILE_OF(RULE(SUSPECT ", \"match\": [\"hbm\"]")), EINVAL,
	 "f: rules[0] (r): match goes with unhealthy_components and "
	 "kernel_error only; leave it out"},
	{FILE_OF(RULE("\"signal\": \"kernel_error\", \"verdict\": \"ok\", "
		      "\"match\": []")),
	 EINVAL,
	 "f: rules[0].match is []; it must be a list of 1 to 16 elements"},
	{FILE_OF(RULE("\"signal\": \"kernel_error\", \"verdict\": \"ok\", "
		      "\"match\": [\"a b\"]")),
	 EINVAL, "f: rules[0].match[0] is \"a b\"; it must be a text of 1 to"},
	{FILE_OF(RULE(NODE "\"verdict\": \"masked\"")), EINVAL,
	 "f: rules[0] (r): the verdict about a node cannot be masked; write "
	 "ok, suspect or node"},
	{FILE_OF(RULE(NODE "\"verdict\": \"suspect\", \"then\": \"masked\", "
			   "\"then_after\": 1")),
	 EINVAL, "f: rules[0] (r): the verdict about a node cannot be masked"},
	{FILE_OF(RULE(SUSPECT ", \"then\": \"masked\"")), EINVAL,
	 "f: rules[0] (r): then has no condition; write then_after, or "
	 "then_times and then_within"},
	{FILE_OF(RULE(SUSPECT ", \"then_after\": 1")), EINVAL,
	 "f: rules[0] (r): only a suspect becomes something worse; write "
	 "verdict suspect and then masked or node"},
	{FILE_OF(RULE(SUSPECT ", \"then\": \"suspect\", \"then_after\": 1")),
	 EINVAL, "f: rules[0] (r): only a suspect becomes something worse"},
	{FILE_OF(RULE("\"signal\": \"in_reset\", \"verdict\": \"masked\", "
		      "\"then\": \"node\", \"then_after\": 1")),
	 EINVAL, "f: rules[0] (r): only a suspect becomes something worse"},
	{FILE_OF(RULE(SUSPECT ", \"then\": \"masked\", \"then_times\": 2")),
	 EINVAL,
	 "f: rules[0] (r): then_times and then_within go together; write both "
	 "or none"},
	{FILE_OF(RULE(SUSPECT ", \"then\": \"masked\", \"then_times\": 9, "
			      "\"then_within\": 1")),
	 EINVAL,
	 "f: rules[0].then_times is 9; it must be a whole number from 2 to 8"},
	{FILE_OF(RULE(SUSPECT ", \"clear_after\": 0")), EINVAL,
	 "f: rules[0].clear_after is 0; it must be a whole number from 1 to"},
	{FILE_OF(RULE(SUSPECT ", \"hyperpod\": \"replace\"")), EINVAL,
	 "f: rules[0].hyperpod is \"replace\"; it must be \"Reboot\" or "
	 "\"Replace\""},
	{FILE_OF(RULE(SUSPECT ", \"npd\": \"a b\"")), EINVAL,
	 "f: rules[0].npd is \"a b\"; it must be a text of 1 to 95 characters"},
	{FILE_OF(RULE(SUSPECT) ", " RULE(EFA)), EEXIST,
	 "f: rules[1].name is \"r\", which is the name of rules[0]; it must be "
	 "another one"},
};

START_TEST(test_refuse)
{
	size_t length = strlen(refused[_i].wanted);

	errno = 0;
	ck_assert_msg(!rules_decode(refused[_i].text, "f", &err) &&
			      errno == refused[_i].errnum,
		      "%s: got errno %d", refused[_i].text, errno);
	ck_assert_msg(!strncmp(err.text, refused[_i].wanted, length),
		      "%s: got \"%s\", wanted \"%s\"", refused[_i].text,
		      err.text, refused[_i].wanted);
}
END_TEST

/* What the shipped table promises */
START_TEST(test_shipped)
{
	static const char *const agents[] = {"Action:", "NeuronHasError",
					     "NEURON_HW_ERR"};
	rules_t *rules = rules_read(path, &err);

	ck_assert_msg(rules != NULL, "%s", err.text);
	for (unsigned int r = 0; r < rules_count(rules); r++) {
		const rule_t *rule = rules_at(rules, r);

		for (int a = 0; a < COUNT(agents); a++)
			ck_assert_msg(!strstr(rule->action, agents[a]),
				      "%s: the action has \"%s\"", rule->name,
				      agents[a]);
		/* A suspect that can neither be cleared nor become worse would
		 * be one for ever */
		ck_assert_msg(rule->verdict != RULES_SUSPECT ||
				      rule->clear_after != RULES_NEVER,
			      "%s: a suspect for ever", rule->name);
		ck_assert_msg(strlen(rule->name) + strlen(rule->action) < 112,
			      "%s: no room for what was found", rule->name);
	}
	rules_destroy(rules);
	ck_assert_ptr_null(rules_read("/nowhere/x.json", &err));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(test_memory)
{
	rules_t *rules = NULL;

	for (long n = 0; n < 2000 && !rules; n++) {
		failing_malloc_after(n);
		errno = 0;
		rules = rules_decode(FILE_OF(RULE(SUSPECT)), "f", &err);
		failing_malloc_after(-1);
		ck_assert_msg(rules || errno == ENOMEM || errno == EINVAL,
			      "allocation %ld: errno %d", n, errno);
	}
	ck_assert_ptr_nonnull(rules);
	rules_destroy(rules);
}
END_TEST

int main(void)
{
	const char *srcdir = getenv("srcdir");
	Suite *suite = suite_create("rules");
	TCase *tcase = tcase_create("rules");
	SRunner *runner;
	int failed;

	(void) snprintf(path, sizeof(path), "%s/../../etc/health-rules.json",
			srcdir ? srcdir : ".");
	tcase_add_loop_test(tcase, test_read, 0, COUNT(reads));
	tcase_add_loop_test(tcase, test_refuse, 0, COUNT(refused));
	tcase_add_test(tcase, test_shipped);
	tcase_add_test(tcase, test_memory);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
