/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#define WORLD_MAX 200

typedef struct {
	options_t options;
	uint32_t world;
	meeting_seat_t seats[WORLD_MAX];
	fault_t verdict;
} sample_t;

/* 1 MiB each message, 16 of them, in 2 iterations: 32 MiB in link_time */
static sample_t *_sample(uint32_t world)
{
	sample_t *sample = calloc(1, sizeof(*sample));

	sample->world = world;
	sample->options.size = 16 << 20;
	sample->options.iterations = 2;
	for (uint32_t i = 0; i < world; i++) {
		meeting_seat_t *seat = &sample->seats[i];

		snprintf(seat->hello.node, sizeof(seat->hello.node), "trn%u",
			 i / 2 + 1);
		strcpy(seat->hello.provider, "efa");
		strcpy(seat->hello.interface, "rdmap16s25-rdm");
		seat->hello.devices = 0xf0;
		seat->result.reduce_time = 2000000;
		seat->result.gather_time = 1000000;
		seat->result.latency = 15000;
		seat->result.link_time = 32 << 20;
	}
	return sample;
}

static const meeting_seat_t *_seat(const void *arg, uint32_t rank)
{
	const sample_t *sample = arg;

	ck_assert_uint_lt(rank, sample->world);
	return &sample->seats[rank];
}

static report_t *_report(sample_t *sample)
{
	report_t *report = report_create(&sample->options, sample->world, _seat,
					 sample, &sample->verdict);

	ck_assert(report != NULL);
	return report;
}

static char *_text(const report_t *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_write(report, out);
	fclose(out);
	return text;
}

static json_object *_json(const report_t *report, const fault_t *verdict)
{
	char *text = NULL;
	json_object *root;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(report_write_json(report, verdict, out), 0);
	fclose(out);
	ck_assert_int_eq(text[size - 1], '\n');
	root = json_tokener_parse(text);
	ck_assert_msg(root != NULL, "%s", text);
	free(text);
	return root;
}

START_TEST(table)
{
	static const char wanted[] =
		"4 ranks on 2 nodes, provider efa, float32, 16 MiB, 2 "
		"iterations\n"
		"\n"
		"  FROM NODE      TO NODE      LATENCY      BANDWIDTH\n"
		"     0 trn1       1 trn1      15.0 us     1.000 GB/s\n"
		"     1 trn1       2 trn2      15.0 us     0.500 GB/s\n"
		"     2 trn2       3 trn2       7.5 us     1.000 GB/s\n"
		"     3 trn2       0 trn1      15.0 us     1.000 GB/s\n"
		"\n"
		"all-reduce       2.000 ms  algorithm    8.389 GB/s  bus   "
		"12.583 GB/s  every element is right\n"
		"all-gather       0.500 ms  algorithm   33.554 GB/s  bus   "
		"25.166 GB/s  every element is right\n"
		"slowest is the link from rank 1 on trn1 to rank 2 on trn2: "
		"0.500 GB/s, 50 % of the median\n";
	sample_t *sample = _sample(4);
	report_t *report;
	char *text;

	sample->seats[1].result.link_time *= 2;
	sample->seats[2].result.latency = 7500;
	sample->seats[3].result.reduce_time = 4000000;
	report = _report(sample);
	text = _text(report);
	ck_assert_str_eq(text, wanted);
	ck_assert_int_eq(sample->verdict.code, RINGCHECK_GOOD);
	free(text);
	report_destroy(report);
	free(sample);
}
END_TEST

/* Of many links those that matter */
START_TEST(large)
{
	sample_t *sample = _sample(WORLD_MAX);
	unsigned int lines = 0;
	report_t *report;
	char *text;

	sample->seats[150].result.link_time *= 3;
	report = _report(sample);
	text = _text(report);
	for (const char *at = text; (at = strstr(at, " us ")); at++)
		lines++;
	ck_assert_uint_eq(lines, REPORT_LINKS_MAX);
	ck_assert_msg(strstr(text,
			     "\n   150 trn76      151 trn76       15.0 us     "
			     "0.333 GB/s\n"),
		      "%.400s", text);
	ck_assert(strstr(text, "the 64 slowest of 200 links"));
	free(text);
	report_destroy(report);
	free(sample);
}
END_TEST

static void _slow(sample_t *sample)
{
	sample->options.min_bandwidth = 0.75;
	sample->seats[3].result.link_time *= 2;
}

static void _fast_enough(sample_t *sample)
{
	sample->options.min_bandwidth = 0.5;
	sample->seats[3].result.link_time *= 2;
}

static void _wrong_sum(sample_t *sample)
{
	sample->seats[2].result.reduce_wrong = 5;
	strcpy(sample->seats[2].result.first_wrong,
	       "all-reduce: element 3 is 5, not 4, in iteration 1");
}

static void _wrong_gather(sample_t *sample)
{
	sample->seats[0].result.gather_wrong = 1;
	strcpy(sample->seats[0].result.first_wrong, "all-gather: element 3");
}

/* The link is the cause of the sums */
static void _wrong_link(sample_t *sample)
{
	_wrong_sum(sample);
	sample->seats[0].result.link_wrong = 3;
}

static const struct {
	void (*change)(sample_t *sample);
	const char *sentence; /* NULL: good */
} verdicts[] = {
	{_slow, "the link from rank 3 on trn2 to rank 0 on trn1 has 0.5 GB/s, "
		"less than 0.75"},
	{_fast_enough, NULL},
	{_wrong_sum,
	 "wrong data on rank 2 on trn2: all-reduce: element 3 is 5, "
	 "not 4, in iteration 1"},
	{_wrong_gather, "wrong data on rank 0 on trn1: all-gather: element 3"},
	{_wrong_link, "the link from rank 3 on trn2 to rank 0 on trn1 changes "
		      "data"},
};

START_TEST(judged)
{
	sample_t *sample = _sample(4);
	report_t *report;

	verdicts[_i].change(sample);
	report = _report(sample);
	if (verdicts[_i].sentence) {
		ck_assert_int_eq(sample->verdict.code, RINGCHECK_WRONG);
		ck_assert_str_eq(sample->verdict.text, verdicts[_i].sentence);
	} else {
		ck_assert_msg(!fault_is(&sample->verdict), "%s",
			      sample->verdict.text);
	}
	report_destroy(report);
	free(sample);
}
END_TEST

static json_object *_at(json_object *object, const char *key)
{
	json_object *value = NULL;

	ck_assert_msg(json_object_object_get_ex(object, key, &value),
		      "no key %s", key);
	return value;
}

static void _is_text(json_object *object, const char *key, const char *text)
{
	ck_assert_str_eq(json_object_get_string(_at(object, key)), text);
}

static void _is_number(json_object *object, const char *key, int64_t number)
{
	ck_assert_int_eq(json_object_get_int64(_at(object, key)), number);
}

static void _is_real(json_object *object, const char *key, double number)
{
	double got = json_object_get_double(_at(object, key));

	ck_assert_msg(fabs(got - number) < 1e-4 * number, "%s: %g, not %g", key,
		      got, number);
}

START_TEST(json)
{
	sample_t *sample = _sample(4);
	json_object *root, *link, *rank;
	report_t *report;

	sample->options.each_link = true;
	sample->seats[3].result.alone_time = 16 << 20;
	_wrong_link(sample);
	report = _report(sample);
	root = _json(report, &sample->verdict);
	_is_number(root, "format", 1);
	_is_text(root, "verdict", "bad");
	_is_number(root, "exit_code", 1);
	_is_text(root, "problem", sample->verdict.text);
	_is_number(root, "world_size", 4);
	_is_number(root, "nodes", 2);
	_is_text(root, "provider", "efa");
	_is_text(root, "type", "float32");
	_is_number(root, "size", 16 << 20);
	_is_number(root, "iterations", 2);
	_is_number(root, "slowest_link", 0);
	ck_assert_uint_eq(json_object_array_length(_at(root, "ranks")), 4);
	ck_assert_uint_eq(json_object_array_length(_at(root, "links")), 4);
	rank = json_object_array_get_idx(_at(root, "ranks"), 2);
	_is_number(rank, "rank", 2);
	_is_text(rank, "node", "trn2");
	_is_text(rank, "devices", "4-7");
	_is_text(rank, "interface", "rdmap16s25-rdm");
	link = json_object_array_get_idx(_at(root, "links"), 3);
	_is_number(link, "from", 3);
	_is_number(link, "to", 0);
	_is_text(link, "from_node", "trn2");
	_is_text(link, "to_node", "trn1");
	_is_real(link, "latency_us", 15);
	_is_real(link, "bandwidth", 1);
	_is_real(link, "bandwidth_alone", 2);
	_is_number(link, "wrong", 3);
	_is_real(_at(root, "all_reduce"), "seconds", 0.001);
	_is_real(_at(root, "all_reduce"), "algorithm_bandwidth", 16.7772);
	_is_real(_at(root, "all_reduce"), "bus_bandwidth", 25.1658);
	_is_number(_at(root, "all_reduce"), "wrong", 5);
	_is_real(_at(root, "all_gather"), "bus_bandwidth", 25.1658);
	_is_number(_at(root, "all_gather"), "wrong", 0);
	json_object_put(root);
	report_destroy(report);
	free(sample);
}
END_TEST

/* A run that did not get so far */
START_TEST(json_of_fault)
{
	fault_t verdict = {
		.code = RINGCHECK_LOST,
		.text = "1 of 4 ranks never came: rank \"1\"",
	};
	json_object *root = _json(NULL, &verdict);

	_is_text(root, "verdict", "bad");
	_is_number(root, "exit_code", 3);
	_is_text(root, "problem", verdict.text);
	ck_assert_int_eq(json_object_object_length(root), 4);
	json_object_put(root);
}
END_TEST

/* One rank: nothing goes around, no number is divided by 0 */
START_TEST(alone)
{
	sample_t *sample = _sample(1);
	report_t *report;
	char *text;

	sample->seats[0].result.reduce_time = 0;
	report = _report(sample);
	text = _text(report);
	ck_assert_msg(!strstr(text, "nan") && !strstr(text, "inf"), "%s", text);
	ck_assert(strstr(text, "1 rank on 1 node,"));
	free(text);
	report_destroy(report);
	free(sample);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = tcase_create("report");

	tcase_add_test(tcase, table);
	tcase_add_test(tcase, large);
	tcase_add_loop_test(tcase, judged, 0, 5);
	tcase_add_test(tcase, json);
	tcase_add_test(tcase, json_of_fault);
	tcase_add_test(tcase, alone);
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
