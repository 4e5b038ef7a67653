/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/devset.h"

#define FORMAT 1
#define GIGA 1e9

typedef struct {
	double seconds; /* of one iteration, of the slowest rank */
	double algorithm; /* GB/s */
	double bus; /* GB/s that each link carried */
	uint64_t wrong;
} collective_result_t;

struct report {
	const options_t *options;
	uint32_t world;
	uint32_t nodes;
	report_seat_t seat;
	const void *arg;
	collective_result_t reduce;
	collective_result_t gather;
	uint32_t *slowest; /* links, the slowest first */
	double median; /* GB/s of links */
};

static const meeting_seat_t *_seat(const report_t *report, uint32_t rank)
{
	return report->seat(report->arg, rank % report->world);
}

static double _rate(double bytes, double nanoseconds)
{
	return (nanoseconds > 0) ? bytes / nanoseconds : 0;
}

/* GB/s of the link to the right of a rank */
static double _link_rate(const report_t *report, uint32_t link)
{
	return _rate((double) run_link_bytes(report->options),
		     (double) _seat(report, link)->result.link_time);
}

static double _alone_rate(const report_t *report, uint32_t link)
{
	return _rate((double) run_link_bytes(report->options),
		     (double) _seat(report, link)->result.alone_time);
}

/* What came from the left tells of the link there */
static uint64_t _link_wrong(const report_t *report, uint32_t link)
{
	return _seat(report, link + 1)->result.link_wrong;
}

static double _microseconds(const report_t *report, uint32_t link)
{
	return (double) _seat(report, link)->result.latency / 1e3;
}

/*
 * Judging
 */

static void _sum_up(report_t *report)
{
	uint64_t reduce = 0, gather = 0;

	for (uint32_t i = 0; i < report->world; i++) {
		const wire_result_t *result = &_seat(report, i)->result;

		if (result->reduce_time > reduce)
			reduce = result->reduce_time;
		if (result->gather_time > gather)
			gather = result->gather_time;
		report->reduce.wrong += result->reduce_wrong;
		report->gather.wrong += result->gather_wrong;
	}
	report->reduce.seconds = (double) reduce / 1e9;
	report->gather.seconds = (double) gather / 1e9;
}

/* Each link carries 2 (n - 1) / n, (n - 1) / n of the data */
static void _finish(const report_t *report, collective_result_t *collective,
		    double times)
{
	double world = report->world;

	collective->seconds /= report->options->iterations;
	collective->algorithm = _rate((double) report->options->size,
				      collective->seconds * 1e9);
	collective->bus = collective->algorithm * times * (world - 1) / world;
}

static int _compare_links(const void *one, const void *other, void *arg)
{
	uint32_t a = *(const uint32_t *) one, b = *(const uint32_t *) other;
	double x = _link_rate(arg, a), y = _link_rate(arg, b);

	return (x > y) - (x < y);
}

static int _compare_names(const void *one, const void *other)
{
	return strcmp(*(const char *const *) one, *(const char *const *) other);
}

static int _count_nodes(report_t *report)
{
	const char **names = calloc(report->world, sizeof(*names));

	if (!names)
		return -1;
	for (uint32_t i = 0; i < report->world; i++)
		names[i] = _seat(report, i)->hello.node;
	qsort(names, report->world, sizeof(*names), _compare_names);
	for (uint32_t i = 0; i < report->world; i++)
		report->nodes += (!i || strcmp(names[i - 1], names[i]));
	free(names);
	return 0;
}

static int _sort_links(report_t *report)
{
	report->slowest = calloc(report->world, sizeof(*report->slowest));
	if (!report->slowest)
		return -1;
	for (uint32_t i = 0; i < report->world; i++)
		report->slowest[i] = i;
	qsort_r(report->slowest, report->world, sizeof(*report->slowest),
		_compare_links, report);
	report->median = _link_rate(report, report->slowest[report->world / 2]);
	return 0;
}

static const char *_link_text(const report_t *report, uint32_t link, char *buf,
			      size_t size)
{
	uint32_t to = (link + 1) % report->world;

	snprintf(buf, size, "from rank %u on %s to rank %u on %s", link,
		 _seat(report, link)->hello.node, to,
		 _seat(report, to)->hello.node);
	return buf;
}

static void _judge_links(const report_t *report, fault_t *verdict)
{
	double wanted = report->options->min_bandwidth;
	uint32_t slowest = report->slowest[0];
	char text[256];

	for (uint32_t i = 0; i < report->world; i++) {
		if (!_link_wrong(report, i))
			continue;
		fault_set(verdict, RINGCHECK_WRONG, "the link %s changes data",
			  _link_text(report, i, text, sizeof(text)));
		return;
	}
	if (_link_rate(report, slowest) < wanted)
		fault_set(verdict, RINGCHECK_WRONG,
			  "the link %s has %.3g GB/s, less than %.6g",
			  _link_text(report, slowest, text, sizeof(text)),
			  _link_rate(report, slowest), wanted);
}

static void _judge_sums(const report_t *report, fault_t *verdict)
{
	if (!report->reduce.wrong && !report->gather.wrong)
		return;
	for (uint32_t i = 0; i < report->world; i++) {
		const meeting_seat_t *seat = _seat(report, i);

		if (seat->result.reduce_wrong || seat->result.gather_wrong) {
			fault_set(verdict, RINGCHECK_WRONG,
				  "wrong data on rank %u on %s: %s", i,
				  seat->hello.node, seat->result.first_wrong);
			return;
		}
	}
}

extern report_t *report_create(const options_t *options, uint32_t world,
			       report_seat_t seat, const void *arg,
			       fault_t *verdict)
{
	report_t *report = calloc(1, sizeof(*report));

	if (!report)
		return NULL;
	report->options = options;
	report->world = world;
	report->seat = seat;
	report->arg = arg;
	if (_sort_links(report) || _count_nodes(report)) {
		report_destroy(report);
		return NULL;
	}
	_sum_up(report);
	_finish(report, &report->reduce, 2);
	_finish(report, &report->gather, 1);
	_judge_links(report, verdict);
	_judge_sums(report, verdict);
	return report;
}

extern void report_destroy(report_t *report)
{
	if (report)
		free(report->slowest);
	free(report);
}

/*
 * For people
 */

static int _node_width(const report_t *report)
{
	int width = 4;

	for (uint32_t i = 0; i < report->world; i++) {
		int length = (int) strlen(_seat(report, i)->hello.node);

		if (length > width)
			width = length;
	}
	return width;
}

static void _write_link(const report_t *report, uint32_t link, int width,
			FILE *out)
{
	uint32_t to = (link + 1) % report->world;

	fprintf(out, "%6u %-*s  %6u %-*s  %8.1f us  %8.3f GB/s", link, width,
		_seat(report, link)->hello.node, to, width,
		_seat(report, to)->hello.node, _microseconds(report, link),
		_link_rate(report, link));
	if (report->options->each_link)
		fprintf(out, "  %8.3f GB/s", _alone_rate(report, link));
	if (_link_wrong(report, link))
		fputs("  CHANGES DATA", out);
	fputc('\n', out);
}

static void _write_links(const report_t *report, FILE *out)
{
	uint32_t count = report->world;
	bool all = count <= REPORT_LINKS_MAX;
	int width = _node_width(report);

	if (!all)
		count = REPORT_LINKS_MAX;
	fprintf(out, "%6s %-*s  %6s %-*s  %11s  %13s%s\n", "FROM", width,
		"NODE", "TO", width, "NODE", "LATENCY", "BANDWIDTH",
		report->options->each_link ? "          ALONE" : "");
	for (uint32_t i = 0; i < count; i++)
		_write_link(report, all ? i : report->slowest[i], width, out);
	if (!all)
		fprintf(out, "   ... the %u slowest of %u links\n", count,
			report->world);
}

static void _write_collective(const char *name,
			      const collective_result_t *collective, FILE *out)
{
	fprintf(out, "%-10s  %10.3f ms  algorithm %8.3f GB/s  bus %8.3f GB/s  ",
		name, collective->seconds * 1e3, collective->algorithm,
		collective->bus);
	if (collective->wrong)
		fprintf(out, "%llu elements are WRONG\n",
			(unsigned long long) collective->wrong);
	else
		fputs("every element is right\n", out);
}

static void _write_size(uint64_t size, FILE *out)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
	unsigned int unit = 0;

	for (; (unit < 3) && !(size % 1024); unit++)
		size /= 1024;
	fprintf(out, "%llu %s", (unsigned long long) size, units[unit]);
}

extern void report_write(const report_t *report, FILE *out)
{
	uint32_t slowest = report->slowest[0];
	char text[256];

	fprintf(out, "%u rank%s on %u node%s, provider %s, %s, ", report->world,
		(report->world == 1) ? "" : "s", report->nodes,
		(report->nodes == 1) ? "" : "s",
		_seat(report, 0)->hello.provider,
		options_type_name(report->options->type));
	_write_size(report->options->size, out);
	fprintf(out, ", %u iterations\n\n", report->options->iterations);
	_write_links(report, out);
	fputc('\n', out);
	_write_collective("all-reduce", &report->reduce, out);
	_write_collective("all-gather", &report->gather, out);
	fprintf(out, "slowest is the link %s: %.3f GB/s",
		_link_text(report, slowest, text, sizeof(text)),
		_link_rate(report, slowest));
	if (report->median > 0)
		fprintf(out, ", %.0f %% of the median",
			100 * _link_rate(report, slowest) / report->median);
	fputc('\n', out);
}

/*
 * For programs
 */

/* Takes over value; a value that could not be made is out of memory */
static void _add(json_object *object, const char *key, json_object *value,
		 bool *bad)
{
	if (!value || json_object_object_add(object, key, value)) {
		json_object_put(value);
		*bad = true;
	}
}

static void _add_text(json_object *object, const char *key, const char *text,
		      bool *bad)
{
	_add(object, key, json_object_new_string(text), bad);
}

static void _add_number(json_object *object, const char *key, uint64_t number,
			bool *bad)
{
	_add(object, key, json_object_new_int64((int64_t) number), bad);
}

/* Six digits are more than was measured */
static void _add_real(json_object *object, const char *key, double number,
		      bool *bad)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", number);
	_add(object, key, json_object_new_double_s(number, text), bad);
}

static json_object *_rank_object(const report_t *report, uint32_t rank,
				 bool *bad)
{
	const wire_hello_t *hello = &_seat(report, rank)->hello;
	json_object *object = json_object_new_object();
	char devices[DEVSET_TEXT_MAX];

	if (devset_encode(hello->devices, devices, sizeof(devices)) < 0)
		devices[0] = '\0';
	_add_number(object, "rank", rank, bad);
	_add_text(object, "node", hello->node, bad);
	_add_text(object, "devices", devices, bad);
	_add_text(object, "interface", hello->interface, bad);
	return object;
}

static json_object *_link_object(const report_t *report, uint32_t link,
				 bool *bad)
{
	uint32_t to = (link + 1) % report->world;
	json_object *object = json_object_new_object();

	_add_number(object, "from", link, bad);
	_add_text(object, "from_node", _seat(report, link)->hello.node, bad);
	_add_number(object, "to", to, bad);
	_add_text(object, "to_node", _seat(report, to)->hello.node, bad);
	_add_real(object, "latency_us", _microseconds(report, link), bad);
	_add_real(object, "bandwidth", _link_rate(report, link), bad);
	if (report->options->each_link)
		_add_real(object, "bandwidth_alone", _alone_rate(report, link),
			  bad);
	_add_number(object, "wrong", _link_wrong(report, link), bad);
	return object;
}

typedef json_object *(*object_of_t)(const report_t *report, uint32_t index,
				    bool *bad);

static json_object *_list(const report_t *report, object_of_t object_of,
			  bool *bad)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; list && (i < report->world); i++) {
		json_object *object = object_of(report, i, bad);

		if (!object || json_object_array_add(list, object)) {
			json_object_put(object);
			*bad = true;
		}
	}
	return list;
}

static json_object *_collective_object(const collective_result_t *collective,
				       bool *bad)
{
	json_object *object = json_object_new_object();

	_add_real(object, "seconds", collective->seconds, bad);
	_add_real(object, "algorithm_bandwidth", collective->algorithm, bad);
	_add_real(object, "bus_bandwidth", collective->bus, bad);
	_add_number(object, "wrong", collective->wrong, bad);
	return object;
}

static void _add_report(json_object *root, const report_t *report, bool *bad)
{
	const options_t *options = report->options;

	_add_number(root, "world_size", report->world, bad);
	_add_number(root, "nodes", report->nodes, bad);
	_add_text(root, "provider", _seat(report, 0)->hello.provider, bad);
	_add_text(root, "type", options_type_name(options->type), bad);
	_add_number(root, "size", options->size, bad);
	_add_number(root, "iterations", options->iterations, bad);
	_add(root, "ranks", _list(report, _rank_object, bad), bad);
	_add(root, "links", _list(report, _link_object, bad), bad);
	_add_number(root, "slowest_link", report->slowest[0], bad);
	_add(root, "all_reduce", _collective_object(&report->reduce, bad), bad);
	_add(root, "all_gather", _collective_object(&report->gather, bad), bad);
}

extern int report_write_json(const report_t *report, const fault_t *verdict,
			     FILE *out)
{
	json_object *root = json_object_new_object();
	const char *text = NULL;
	bool bad = !root;

	if (!bad) {
		_add_number(root, "format", FORMAT, &bad);
		_add_text(root, "verdict", fault_is(verdict) ? "bad" : "good",
			  &bad);
		_add_number(root, "exit_code", verdict->code, &bad);
		_add_text(root, "problem", verdict->text, &bad);
		if (report)
			_add_report(root, report, &bad);
		text = json_object_to_json_string_ext(root,
						      JSON_C_TO_STRING_PRETTY);
	}
	if (!bad && text)
		fprintf(out, "%s\n", text);
	json_object_put(root);
	return (bad || !text) ? -1 : 0;
}
