/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/incident.h"

#include "failing_malloc.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define WHEN "2026-11-21T19:30:00"
#define FAILED(run, where) "run " run ": " where " failed " WHEN ": it goes on"
#define LOST(run, done) "run " run ": n3 was lost " WHEN ": " done

/*
 * Parts
 */

static const struct {
	const char *reasons[3]; /* of devices 4, 5 and 6; NULL: not masked */
	const char *wanted;
} parts[] = {
	{{"hot", NULL, NULL}, "run 2: n1:4 failed " WHEN " (hot): done"},
	{{"", NULL, NULL}, "run 2: n1:4 failed " WHEN ": done"},
	{{"hot", "hot", "hot"}, "run 2: n1:4-6 failed " WHEN " (hot): done"},
	{{"hot", NULL, "cold"},
	 "run 2: n1:4,6 failed " WHEN " (4: hot, 6: cold): done"},
	{{"a; run 9: n1:0-63 failed x", NULL, NULL},
	 "run 2: n1:4 failed " WHEN " (a, run 9: n1:0-63 failed x): done"},
	{{"caf\xc3\xa9\n", NULL, NULL},
	 "run 2: n1:4 failed " WHEN " (caf\?\?\?): done"},
};

START_TEST(test_part)
{
	char text[INCIDENT_PART_MAX];
	mask_t mask;
	int length;

	mask_init(&mask);
	for (unsigned int i = 0; i < 3; i++) {
		if (parts[_i].reasons[i])
			(void) mask_add(&mask, 4 + i, parts[_i].reasons[i]);
	}
	length = incident_failed(2, "n1", &mask, mask.devices, WHEN, "done",
				 text, sizeof(text));
	ck_assert_msg((length == (int) strlen(text)) &&
			      !strcmp(text, parts[_i].wanted),
		      "row %d: got %d \"%s\", wanted \"%s\"", _i, length, text,
		      parts[_i].wanted);
	ck_assert(incident_is_known(text, 2, "n1", mask.devices));
	errno = 0;
	ck_assert_int_eq(incident_failed(2, "n1", &mask, mask.devices, WHEN,
					 "done", text, (size_t) length),
			 -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(text, "");
}
END_TEST

/* The longest reasons of all devices */
START_TEST(test_long_part)
{
	char reason[MASK_REASON_MAX], text[INCIDENT_PART_MAX];
	mask_t mask;

	mask_init(&mask);
	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	for (unsigned int d = 0; d < DEVSET_MAX; d += 2) {
		reason[0] = (char) ('a' + d / 2 % 26);
		(void) mask_add(&mask, d, reason);
	}
	ck_assert_int_gt(incident_failed(UINT32_MAX, "node", &mask,
					 mask.devices, WHEN, "done", text,
					 sizeof(text)),
			 0);
	ck_assert(incident_is_known(text, UINT32_MAX, "node", mask.devices));
}
END_TEST

static const struct {
	const char *comment;
	uint32_t run;
	devset_t devices;
	bool wanted;
} known[] = {
	{NULL, 0, 1, false},
	{"", 0, 1, false},
	{"neuron: tp=8", 0, 1, false},
	{FAILED("0", "n1:0"), 0, 1, true},
	{FAILED("0", "n1:0"), 0, 3, false},
	{FAILED("0", "n1:0-3"), 0, 3, true},
	{FAILED("0", "n1:0") "; " FAILED("0", "n1:1"), 0, 3, true},
	{"neuron: tp=8; " FAILED("0", "n1:0"), 0, 1, true},
	{"rack 7; " FAILED("0", "n1:0") "; more", 0, 1, true},
	/* another run, another node, another word */
	{FAILED("1", "n1:0"), 0, 1, false},
	{FAILED("0", "n1:0"), 1, 1, false},
	{FAILED("10", "n1:0"), 1, 1, false},
	{FAILED("0", "n11:0"), 0, 1, false},
	{FAILED("0", "xn1:0"), 0, 1, false},
	{FAILED("0", "n1:x"), 0, 1, false},
	{FAILED("0", "n1:64"), 0, 1, false},
	{FAILED("0", "n1:"), 0, 1, false},
	{FAILED("", "n1:0"), 0, 1, false},
	{FAILED("-0", "n1:0"), 0, 1, false},
	{FAILED("4294967296", "n1:0"), 0, 1, false},
	{"run 0: n1:0", 0, 1, false},
	{"run 0: n1:0 worked", 0, 1, false},
	{"run 0: n1:0; failed ", 0, 1, false},
	{"run 0", 0, 1, false},
	{"x" FAILED("0", "n1:0"), 0, 1, false},
	{FAILED("0", "n1:0") ";" FAILED("0", "n1:1"), 0, 2, false},
};

START_TEST(test_known)
{
	bool got = incident_is_known(known[_i].comment, known[_i].run, "n1",
				     known[_i].devices);

	ck_assert_msg(got == known[_i].wanted, "\"%s\", run %u: got %d",
		      known[_i].comment ? known[_i].comment : "(null)",
		      known[_i].run, got);
}
END_TEST

START_TEST(test_node)
{
	char keep[64], text[INCIDENT_PART_MAX];
	const char *nodes;
	size_t length;

	ck_assert_int_gt(incident_keep(3, "n[5-8],x1", keep, sizeof(keep)), 0);
	ck_assert_str_eq(keep, "run 3 keeps n[5-8],x1");
	ck_assert_int_gt(
		incident_node(2, "n3", false, WHEN, keep, text, sizeof(text)),
		0);
	ck_assert_str_eq(text,
			 "run 2: n3 was left " WHEN ": run 3 keeps n[5-8],x1");
	nodes = incident_keeps(text, 3, &length);
	ck_assert_msg(nodes && !strncmp(nodes, "n[5-8],x1", length) &&
			      (length == 9),
		      "got %zu \"%s\"", length, nodes ? nodes : "");
	ck_assert_int_gt(incident_node(0, "n3", true, WHEN, "it is ended", text,
				       sizeof(text)),
			 0);
	ck_assert_str_eq(text, "run 0: n3 was lost " WHEN ": it is ended");
	ck_assert_int_eq(incident_keep(3, "n[5-8]", keep, 18), -1);
	ck_assert_int_eq(incident_node(0, "n3", true, WHEN, "x", text, 9), -1);
}
END_TEST

static const struct {
	const char *comment;
	uint32_t run;
	const char *wanted; /* NULL: none */
} keeps[] = {
	{NULL, 1, NULL},
	{"neuron: tp=8; " LOST("0", "run 1 keeps n[5-8]"), 1, "n[5-8]"},
	{LOST("0", "run 1 keeps n5") "; more", 1, "n5"},
	{LOST("0", "run 1 keeps n5") "; " LOST("1", "run 2 keeps n6"), 2, "n6"},
	{LOST("0", "run 1 keeps n5") "; " LOST("0", "run 1 keeps n6"), 1, "n6"},
	{LOST("0", "run 1 keeps n5"), 0, NULL},
	{LOST("0", "run 1 keeps n5"), 2, NULL},
	{LOST("0", "run 11 keeps n5"), 1, NULL},
	{LOST("0", "run 1 keeps "), 1, NULL},
	{LOST("0", "run 1 keeps n5 n6"), 1, NULL},
	{LOST("0", "it is requeued"), 1, NULL},
	{"run 1 keeps n5", 1, NULL},
	{"x: run 1 keeps n5", 1, NULL},
	{LOST("0", "it is requeued") "; x: run 1 keeps n5", 1, NULL},
};

START_TEST(test_keeps)
{
	size_t length = 77;
	const char *got =
		incident_keeps(keeps[_i].comment, keeps[_i].run, &length);
	const char *wanted = keeps[_i].wanted;

	ck_assert_msg(wanted ? got && (length == strlen(wanted)) &&
				       !strncmp(got, wanted, length)
			     : !got && !length,
		      "row %d: got \"%.*s\"", _i, (int) length, got ? got : "");
}
END_TEST

/*
 * Comments
 */

static const struct {
	const char *comment;
	const char *wanted;
} adds[] = {
	{NULL, "run 9: new"},
	{"", "run 9: new"},
	{"; ", "run 9: new"},
	{"neuron: tp=8", "neuron: tp=8; run 9: new"},
	{"rack 7; ; x", "rack 7; x; run 9: new"},
	{"a;b", "a;b; run 9: new"},
	{"run 0: a; run 1: b; run 2: c; run 3: d; run 4: e; run 5: f; run 6: g",
	 "run 0: a; run 1: b; run 2: c; run 3: d; run 4: e; run 5: f; "
	 "run 6: g; run 9: new"},
	{"neuron: tp=8; run 0: a; x; run 1: b; run 2: c; run 3: d; run 4: e; "
	 "run 5: f; run 6: g; run 7: h",
	 "neuron: tp=8; x; run 1: b; run 2: c; run 3: d; run 4: e; run 5: f; "
	 "run 6: g; run 7: h; run 9: new"},
};

START_TEST(test_add)
{
	char *got = incident_add(adds[_i].comment, "run 9: new");

	ck_assert_msg(got && !strcmp(got, adds[_i].wanted),
		      "\"%s\": got \"%s\"",
		      adds[_i].comment ? adds[_i].comment : "(null)", got);
	free(got);
	failing_malloc_after(0);
	got = incident_add(adds[_i].comment, "run 9: new");
	failing_malloc_after(-1);
	ck_assert_ptr_null(got);
	ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

/* However often a job is restarted */
START_TEST(test_add_many)
{
	char *comment = NULL, part[INCIDENT_PART_MAX];

	for (uint32_t run = 0; run < 1000; run++) {
		char *longer;

		(void) incident_node(run, "n1", true, WHEN, "it is requeued",
				     part, sizeof(part));
		longer = incident_add(comment ? comment : "neuron: tp=8", part);
		ck_assert_ptr_nonnull(longer);
		free(comment);
		comment = longer;
		ck_assert_uint_lt(strlen(comment), 800);
	}
	ck_assert(strstr(comment, "neuron: tp=8; run 992: ") == comment);
	ck_assert_ptr_nonnull(strstr(comment, "; run 999: "));
	free(comment);
}
END_TEST

static const struct {
	const char *comment;
	const char *wanted; /* NULL: refused */
} optioned[] = {
	{NULL, ""},
	{"", ""},
	{"neuron: on-fault=requeue", "on-fault=requeue"},
	{"neuron: tp=8,on-fault=notify:USR2; run 0: x",
	 "tp=8,on-fault=notify:USR2"},
	{"rack 7; neuron: tp=8", "tp=8"},
	{"neuron: shape=best; neuron3: it is unhealthy: hbm", "shape=best"},
	{"xneuron: tp=8", ""},
	{"run 0: neuron: tp=8", ""},
	{"neuron: banana", NULL},
	{"neuron: tp=8,tp=8", NULL},
};

START_TEST(test_options)
{
	options_t options = {.given = 77};
	char text[OPTIONS_TEXT_MAX] = "";
	neuron_error_t err = {""};
	int rc = incident_options(optioned[_i].comment, &options, &err);

	if (!optioned[_i].wanted) {
		ck_assert_msg((rc == -1) && (errno == EINVAL) && err.text[0] &&
				      !options.given,
			      "row %d: got %d", _i, rc);
		return;
	}
	ck_assert_msg(!rc, "row %d: %s", _i, err.text);
	ck_assert_int_ge(options_encode(&options, text, sizeof(text)), 0);
	ck_assert_str_eq(text, optioned[_i].wanted);
}
END_TEST

START_TEST(test_long_options)
{
	char comment[OPTIONS_TEXT_MAX + 64] = "neuron: ";
	options_t options;
	neuron_error_t err = {""};

	memset(comment + 8, 'x', OPTIONS_TEXT_MAX);
	ck_assert_int_eq(incident_options(comment, &options, &err), -1);
	ck_assert_ptr_nonnull(
		strstr(err.text,
		       "in the job's AdminComment are longer than 511 bytes"));
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("incident");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, test_part, 0, COUNT(parts));
	tcase_add_test(all, test_long_part);
	tcase_add_loop_test(all, test_known, 0, COUNT(known));
	tcase_add_test(all, test_node);
	tcase_add_loop_test(all, test_keeps, 0, COUNT(keeps));
	tcase_add_loop_test(all, test_add, 0, COUNT(adds));
	tcase_add_test(all, test_add_many);
	tcase_add_loop_test(all, test_options, 0, COUNT(optioned));
	tcase_add_test(all, test_long_options);
	suite_add_tcase(suite, all);
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
