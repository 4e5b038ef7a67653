/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ringreport.h"

#include "failing_malloc.h"

#define COUNT(rows) (int) (sizeof(rows) / sizeof(rows[0]))

#define LINK_OF(from, to, bandwidth, wrong)                                  \
	"{\"from\":" from ",\"from_node\":\"n" from "\",\"to\":" to          \
	",\"to_node\":\"n" to "\",\"latency_us\":3,\"bandwidth\":" bandwidth \
	",\"wrong\":" wrong "}"
#define LINK(from, to, bandwidth) LINK_OF(from, to, bandwidth, "0")
#define REPORT(provider, links)                                                \
	"{\"format\":1,\"verdict\":\"good\",\"exit_code\":0,\"problem\":\"\"," \
	"\"provider\":\"" provider "\",\"links\":[" links "]}"
#define THREE(a, b, c) \
	LINK("0", "1", a) "," LINK("1", "2", b) "," LINK("2", "0", c)

/* Reports, and which links are below the limit */
static const struct {
	const char *text;
	double given;
	uint32_t efa_gbps;
	double share;
	ringreport_source_t source;
	double expected, limit;
	unsigned int slow; /* bit i: link i */
} limits[] = {
	{REPORT("tcp", THREE("10", "9", "11")), 0, 0, 0.5, RINGREPORT_MEDIAN,
	 10, 5, 0},
	{REPORT("tcp", THREE("10", "4.9", "11")), 0, 0, 0.5, RINGREPORT_MEDIAN,
	 10, 5, 2},
	{REPORT("tcp", THREE("10", "5", "11")), 0, 0, 0.5, RINGREPORT_MEDIAN,
	 10, 5, 0},
	{REPORT("tcp", THREE("0", "10", "0.1")), 0, 0, 0.5, RINGREPORT_MEDIAN,
	 0.1, 0.05, 1},
	/* the figure of a profile is about EFA only */
	{REPORT("tcp", THREE("10", "9", "11")), 0, 200, 0.5, RINGREPORT_MEDIAN,
	 10, 5, 0},
	{REPORT("efa", THREE("10", "19", "13")), 0, 200, 0.5,
	 RINGREPORT_PROFILE, 25, 12.5, 1},
	{REPORT("efa-direct", THREE("10", "19", "13")), 0, 100, 0.5,
	 RINGREPORT_PROFILE, 12.5, 6.25, 0},
	/* all are slow alike: only the profile knows */
	{REPORT("efa", THREE("2", "2", "2")), 0, 200, 0.5, RINGREPORT_PROFILE,
	 25, 12.5, 7},
	{REPORT("efa", THREE("2", "2", "2")), 0, 0, 0.5, RINGREPORT_MEDIAN, 2,
	 1, 0},
	{REPORT("efa", THREE("2", "2", "2")), 3, 200, 0.5, RINGREPORT_GIVEN, 3,
	 3, 7},
	/* two links have no median that says anything */
	{REPORT("tcp", LINK("0", "1", "9") "," LINK("1", "0", "0.001")), 0, 0,
	 0.5, RINGREPORT_NONE, 0, 0, 0},
	{REPORT("efa", LINK("0", "1", "19") "," LINK("1", "0", "0.001")), 0,
	 200, 0.5, RINGREPORT_PROFILE, 25, 12.5, 2},
	{REPORT("tcp", ""), 9, 200, 0.5, RINGREPORT_NONE, 0, 0, 0},
};

START_TEST(test_limit)
{
	neuron_error_t err = {""};
	ringreport_t *report =
		ringreport_decode(limits[_i].text, "report", &err);
	const ringreport_link_t *link;
	ringreport_limit_t limit;
	unsigned int slow = 0;

	ck_assert_msg(report != NULL, "row %d: %s", _i, err.text);
	ck_assert_int_eq(ringreport_limit(report, limits[_i].given,
					  limits[_i].efa_gbps, limits[_i].share,
					  &limit),
			 0);
	for (uint32_t i = 0; (link = ringreport_link(report, i)); i++)
		slow |= (link->bandwidth < limit.limit) ? 1u << i : 0;
	ck_assert_msg(limit.source == limits[_i].source &&
			      limit.expected == limits[_i].expected &&
			      limit.limit == limits[_i].limit &&
			      slow == limits[_i].slow,
		      "row %d: got %s %g %g 0x%x, wanted %s %g %g 0x%x", _i,
		      ringreport_source_name(limit.source), limit.expected,
		      limit.limit, slow,
		      ringreport_source_name(limits[_i].source),
		      limits[_i].expected, limits[_i].limit, limits[_i].slow);
	ringreport_destroy(report);
}
END_TEST

START_TEST(test_read)
{
	ringreport_t *report = ringreport_decode(
		REPORT("tcp", LINK_OF("3", "0", "0.5", "17")), "report", NULL);
	const ringreport_link_t *link;

	ck_assert_ptr_nonnull(report);
	ck_assert(ringreport_is_good(report));
	ck_assert_str_eq(ringreport_provider(report), "tcp");
	ck_assert_uint_eq(ringreport_link_count(report), 1);
	link = ringreport_link(report, 0);
	ck_assert_str_eq(link->from, "n3");
	ck_assert_str_eq(link->to, "n0");
	ck_assert_uint_eq(link->from_rank, 3);
	ck_assert(link->bandwidth == 0.5 && link->wrong == 17);
	ck_assert_ptr_null(ringreport_link(report, 1));
	ringreport_destroy(report);
	/* a run that did not come to its end */
	report = ringreport_decode(
		"{\"format\":1,\"verdict\":\"bad\",\"exit_code\":3,"
		"\"problem\":\"rank 2 on n3 was lost\"}",
		"report", NULL);
	ck_assert_ptr_nonnull(report);
	ck_assert(!ringreport_is_good(report));
	ck_assert_str_eq(ringreport_problem(report), "rank 2 on n3 was lost");
	ck_assert_str_eq(ringreport_provider(report), "");
	ck_assert_uint_eq(ringreport_link_count(report), 0);
	ringreport_destroy(report);
	ringreport_destroy(NULL);
}
END_TEST

static const struct {
	const char *text;
	const char *wanted;
} refused[] = {
	{"", "report"},
	{"[]", "report"},
	{"{\"verdict\":\"good\"}", "problem"},
	{"{\"problem\":\"\"}", "verdict"},
	{"{\"verdict\":7,\"problem\":\"\"}", "verdict"},
	{REPORT("tcp", "7"), "links[0]"},
	{REPORT("tcp", "{}"), "links[0]"},
	{REPORT("tcp", LINK("0", "1", "-1")), "links[0].bandwidth is -1"},
	{REPORT("tcp", LINK("0", "1", "1e99")), "links[0].bandwidth"},
	{REPORT("tcp", LINK("0", "1", "NaN")), "links[0].bandwidth"},
	{REPORT("tcp", LINK("0", "1", "\"fast\"")), "links[0].bandwidth"},
	{REPORT("tcp", LINK("0", "1", "null")), "links[0].bandwidth"},
	{REPORT("tcp", LINK_OF("0", "1", "1", "-3")), "links[0].wrong"},
	{REPORT("tcp", LINK("-1", "1", "1")), "links[0].from"},
	{REPORT("tcp", LINK("0", "4294967296", "1")), "links[0].to"},
	{REPORT("tcp\\n", THREE("1", "1", "1")), "provider"},
};

START_TEST(test_refused)
{
	neuron_error_t err = {""};
	ringreport_t *report =
		ringreport_decode(refused[_i].text, "report", &err);

	ck_assert_msg(!report && (errno == EINVAL) &&
			      strstr(err.text, refused[_i].wanted),
		      "%s: got %p, errno %d, \"%s\", wanted \"%s\"",
		      refused[_i].text, (void *) report, errno, err.text,
		      refused[_i].wanted);
}
END_TEST

START_TEST(test_memory)
{
	static const char text[] = REPORT("tcp", THREE("1", "2", "3"));
	ringreport_t *report = NULL;
	ringreport_limit_t limit;
	long n;

	for (n = 0; !report && n < 1000; n++) {
		failing_malloc_after(n);
		report = ringreport_decode(text, "report", NULL);
		failing_malloc_after(-1);
		ck_assert_msg(report || errno == ENOMEM,
			      "allocation %ld: errno %d", n, errno);
	}
	ck_assert_ptr_nonnull(report);
	failing_malloc_after(0);
	ck_assert_int_eq(ringreport_limit(report, 0, 0, 0.5, &limit), -1);
	failing_malloc_after(-1);
	ck_assert_int_eq(errno, ENOMEM);
	ringreport_destroy(report);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ringreport");
	TCase *tcase = tcase_create("ringreport");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_limit, 0, COUNT(limits));
	tcase_add_test(tcase, test_read);
	tcase_add_loop_test(tcase, test_refused, 0, COUNT(refused));
	tcase_add_test(tcase, test_memory);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
