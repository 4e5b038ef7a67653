/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "lib/metrics.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

static const metric_t gauge = {"a", METRIC_GAUGE, NULL, "Help", {NULL}, 1};
static const metric_t bytes = {"a_bytes", METRIC_GAUGE, "bytes",
			       "Help",    {NULL},       1};
static const metric_t counter = {"a",    METRIC_COUNTER, NULL,
				 "Help", {"x", NULL},    3};
static const metric_t info = {"a",    METRIC_INFO,      NULL,
			      "Help", {"x", "y", NULL}, 3};
static const metric_t bins = {"a_seconds", METRIC_HISTOGRAM, "seconds",
			      "Help",      {"x", NULL},      2};

/* Take both texts */
static char *_text(metrics_t *metrics, metrics_format_t format, bool last)
{
	size_t length;
	char *text = metrics_take(metrics, format, last, &length);

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(length, strlen(text));
	return text;
}

static const struct {
	const metric_t *metric;
	const char *values[3];
	double number;
	const char *text;
	const char *open;
} lines[] = {
	{&gauge,
	 {NULL},
	 1,
	 "# HELP a Help\n# TYPE a gauge\na 1\n",
	 "# TYPE a gauge\n# HELP a Help\na 1\n# EOF\n"},
	{&bytes,
	 {NULL},
	 1,
	 "# HELP a_bytes Help\n# TYPE a_bytes gauge\na_bytes 1\n",
	 "# TYPE a_bytes gauge\n# UNIT a_bytes bytes\n# HELP a_bytes Help\n"
	 "a_bytes 1\n# EOF\n"},
	{&counter,
	 {"y"},
	 2,
	 "# HELP a_total Help\n# TYPE a_total counter\na_total{x=\"y\"} 2\n",
	 "# TYPE a counter\n# HELP a Help\na_total{x=\"y\"} 2\n# EOF\n"},
	{&info,
	 {"1", ""},
	 1,
	 "# HELP a_info Help\n# TYPE a_info gauge\na_info{x=\"1\",y=\"\"} 1\n",
	 "# TYPE a info\n# HELP a Help\na_info{x=\"1\",y=\"\"} 1\n# EOF\n"},
};

START_TEST(test_lines)
{
	metrics_t *metrics = metrics_create();
	char *text;

	ck_assert(!metrics_add(metrics, lines[_i].metric, lines[_i].values,
			       lines[_i].number));
	ck_assert_uint_eq(metrics_count(metrics), 1);
	text = _text(metrics, METRICS_TEXT, true);
	ck_assert_str_eq(text, lines[_i].text);
	free(text);
	text = _text(metrics, METRICS_OPENMETRICS, true);
	ck_assert_str_eq(text, lines[_i].open);
	free(text);
	metrics_destroy(metrics);
}
END_TEST

/* A value of a label, and how it is written; NULL: the series is left out */
static const struct {
	const char *value;
	const char *written;
} labels[] = {
	{"", ""},           {"a b{},=", "a b{},="}, {"a\"b", "a\\\"b"},
	{"a\\b", "a\\\\b"}, {"a\nb", "a\\nb"},      {"\\\"\n", "\\\\\\\"\\n"},
	{"\t", NULL},       {"\r", NULL},           {"\x01", NULL},
	{"\x7f", NULL},     {"\xc3\xa9", NULL},     {"\xff", NULL},
};

START_TEST(test_labels)
{
	const char *values[] = {labels[_i].value, NULL};
	metrics_t *metrics = metrics_create();
	int rc = metrics_add(metrics, &counter, values, 0);
	char wanted[64], *text;

	ck_assert_msg(rc == (labels[_i].written ? 0 : -1), "\"%s\": got %d",
		      labels[_i].value, rc);
	ck_assert_uint_eq(metrics_dropped(metrics), rc ? 1 : 0);
	(void) snprintf(wanted, sizeof(wanted), "a_total{x=\"%s\"} 0\n",
			labels[_i].written ? labels[_i].written : "");
	text = _text(metrics, METRICS_TEXT, true);
	ck_assert_msg(rc ? !text[0] : strstr(text, wanted) != NULL,
		      "\"%s\": got %s", labels[_i].value, text);
	free(text);
	metrics_destroy(metrics);
}
END_TEST

START_TEST(test_long_labels)
{
	char value[METRICS_LABEL_MAX + 2], *text;
	const char *values[] = {value, value, NULL};
	metrics_t *metrics = metrics_create();

	memset(value, '"', sizeof(value));
	value[METRICS_LABEL_MAX] = '\0';
	ck_assert_int_eq(metrics_add(metrics, &info, values, 1), 0);
	value[METRICS_LABEL_MAX] = '"';
	value[METRICS_LABEL_MAX + 1] = '\0';
	ck_assert_int_eq(metrics_add(metrics, &info, values, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	text = _text(metrics, METRICS_TEXT, true);
	ck_assert_uint_eq(
		strlen(strstr(text, "\na_info{")),
		strlen("\na_info{x=\"\",y=\"\"} 1\n") + 4 * METRICS_LABEL_MAX);
	free(text);
	metrics_destroy(metrics);
}
END_TEST

static const struct {
	double number;
	const char *text;
} numbers[] = {
	{0, "0"},
	{-1, "-1"},
	{1e15, "1e+15"},
	{123456789012345.0, "123456789012345"},
	{9007199254740993.0, "9007199254740992"},
	{0.1, "0.1"},
	{1.0 / 3, "0.3333333333333333"},
	{5e-324, "4.94065645841247e-324"},
	{INFINITY, "+Inf"},
	{-INFINITY, "-Inf"},
	{NAN, "NaN"},
};

START_TEST(test_numbers)
{
	metrics_t *metrics = metrics_create();
	char wanted[64], *text;

	ck_assert(!metrics_add(metrics, &gauge, NULL, numbers[_i].number));
	(void) snprintf(wanted, sizeof(wanted), "\na %s\n", numbers[_i].text);
	text = _text(metrics, METRICS_TEXT, true);
	ck_assert_msg(strstr(text, wanted) != NULL, "got %s, wanted %s", text,
		      wanted);
	free(text);
	metrics_destroy(metrics);
}
END_TEST

START_TEST(test_histogram)
{
	static const double bounds[] = {0.00005, 0.5, 1, 1000};
	static const uint64_t counts[] = {1, 0, 2, 0, 4};
	const metrics_histogram_t histogram = {bounds, counts, 4, 12.5};
	const char *values[] = {"y", NULL};
	metrics_t *metrics = metrics_create();
	char *text;

	ck_assert(!metrics_add_histogram(metrics, &bins, values, &histogram));
	ck_assert_uint_eq(metrics_count(metrics), 7);
	text = _text(metrics, METRICS_OPENMETRICS, true);
	ck_assert_str_eq(text, "# TYPE a_seconds histogram\n"
			       "# UNIT a_seconds seconds\n"
			       "# HELP a_seconds Help\n"
			       "a_seconds_bucket{x=\"y\",le=\"5e-05\"} 1\n"
			       "a_seconds_bucket{x=\"y\",le=\"0.5\"} 1\n"
			       "a_seconds_bucket{x=\"y\",le=\"1.0\"} 3\n"
			       "a_seconds_bucket{x=\"y\",le=\"1000.0\"} 3\n"
			       "a_seconds_bucket{x=\"y\",le=\"+Inf\"} 7\n"
			       "a_seconds_count{x=\"y\"} 7\n"
			       "a_seconds_sum{x=\"y\"} 12.5\n# EOF\n");
	free(text);
	metrics_destroy(metrics);
}
END_TEST

/* What cannot be: too many, a metric again, another kind */
START_TEST(test_bounds)
{
	static const double bounds[METRICS_BUCKETS_MAX + 1];
	static const uint64_t counts[METRICS_BUCKETS_MAX + 2];
	metrics_histogram_t histogram = {bounds, counts,
					 METRICS_BUCKETS_MAX + 1, 0};
	const char *values[] = {"1", NULL};
	metrics_t *metrics = metrics_create();
	char *text;

	ck_assert_int_eq(metrics_add(metrics, &bins, values, 0), -1);
	ck_assert_int_eq(
		metrics_add_histogram(metrics, &bins, values, &histogram), -1);
	histogram.bound_count = 1;
	ck_assert_int_eq(
		metrics_add_histogram(metrics, &counter, values, &histogram),
		-1);
	for (uint32_t i = 0; i < counter.most + 5; i++) {
		char value[16];

		values[0] = value;
		(void) snprintf(value, sizeof(value), "%u", i);
		errno = 0;
		ck_assert_int_eq(metrics_add(metrics, &counter, values, i),
				 (i < counter.most) ? 0 : -1);
		ck_assert_int_eq(errno, (i < counter.most) ? 0 : ENOSPC);
	}
	ck_assert_int_eq(metrics_add(metrics, &bytes, NULL, 0), 0);
	ck_assert_int_eq(metrics_add(metrics, &counter, values, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(metrics_count(metrics), counter.most + 1);
	ck_assert_uint_eq(metrics_dropped(metrics), 9);
	text = _text(metrics, METRICS_TEXT, true);
	ck_assert_ptr_null(strstr(text, "seconds"));
	ck_assert_ptr_null(strstr(text, "x=\"3\""));
	free(text);
	metrics_destroy(metrics);
}
END_TEST

START_TEST(test_parts)
{
	metrics_t *metrics = metrics_create();
	char *text;

	text = _text(metrics, METRICS_OPENMETRICS, false);
	ck_assert_str_eq(text, "");
	free(text);
	metrics_destroy(metrics);
	metrics = metrics_create();
	text = _text(metrics, METRICS_OPENMETRICS, true);
	ck_assert_str_eq(text, "# EOF\n");
	free(text);
	metrics_destroy(metrics);
}
END_TEST

#define OPEN METRICS_OPENMETRICS
#define PLAIN METRICS_TEXT
#define O "application/openmetrics-text"

static const struct {
	const char *accept;
	metrics_format_t wanted;
} accepts[] = {
	{NULL, PLAIN},
	{"", PLAIN},
	{"*/*", PLAIN},
	{"text/plain", PLAIN},
	{"text/html,application/xhtml+xml,*/*;q=0.8", PLAIN},
	/* Prometheus 2.42 */
	{O ";version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
	   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	 OPEN},
	/* Prometheus 2.20 */
	{O "; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", PLAIN},
	{O, OPEN},
	{"APPLICATION/OpenMetrics-Text", OPEN},
	{O "; version=1.0.0; charset=utf-8", OPEN},
	{O ";version=\"1.0.0\"", OPEN},
	{O ";version=2.0.0", PLAIN},
	{O ";q=0", PLAIN},
	{O ";q=0.0,text/plain", PLAIN},
	{O ";q=0.4,text/plain;q=0.5", PLAIN},
	{O ";q=0.5,text/plain;q=0.5", OPEN},
	{O ";q=0.6,text/plain;version=0.0.4;q=0.5", OPEN},
	{O ";q=x", PLAIN},
	{O ";q=-1", PLAIN},
	{O ";q=7", PLAIN},
	{O ";", OPEN},
	{";;;,,,;q=,", PLAIN},
	{"x" O, PLAIN},
	{O "x", PLAIN},
};

START_TEST(test_accept)
{
	ck_assert_msg(metrics_negotiate(accepts[_i].accept) ==
			      accepts[_i].wanted,
		      "\"%s\": wanted %s",
		      accepts[_i].accept ? accepts[_i].accept : "NULL",
		      metrics_content_type(accepts[_i].wanted));
}
END_TEST

START_TEST(test_long_accept)
{
	static char accept[65536];

	memset(accept, ';', sizeof(accept) - 1);
	ck_assert_int_eq(metrics_negotiate(accept), PLAIN);
	memset(accept, 'a', sizeof(accept) - 1);
	ck_assert_int_eq(metrics_negotiate(accept), PLAIN);
	strcpy(accept + 60000, "," O);
	ck_assert_int_eq(metrics_negotiate(accept), OPEN);
}
END_TEST

START_TEST(test_memory)
{
	for (long n = 0;; n++) {
		metrics_t *metrics;
		char *text = NULL, *open = NULL;
		size_t length;

		failing_malloc_after(n);
		metrics = metrics_create();
		if (metrics) {
			(void) metrics_add(metrics, &gauge, NULL, 1);
			text = metrics_take(metrics, PLAIN, true, &length);
			open = metrics_take(metrics, OPEN, true, &length);
		}
		failing_malloc_after(-1);
		free(text);
		free(open);
		metrics_destroy(metrics);
		if (text && open)
			break;
		ck_assert_int_lt((int) n, 20);
	}
	metrics_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tcase = tcase_create("metrics");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_lines, 0, COUNT(lines));
	tcase_add_loop_test(tcase, test_labels, 0, COUNT(labels));
	tcase_add_test(tcase, test_long_labels);
	tcase_add_loop_test(tcase, test_numbers, 0, COUNT(numbers));
	tcase_add_test(tcase, test_histogram);
	tcase_add_test(tcase, test_bounds);
	tcase_add_test(tcase, test_parts);
	tcase_add_loop_test(tcase, test_accept, 0, COUNT(accepts));
	tcase_add_test(tcase, test_long_accept);
	tcase_add_test(tcase, test_memory);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
