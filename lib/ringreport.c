/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ringreport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define PROBLEM_MAX 1023
#define WORD_MAX 63
#define BITS_OF_BYTE 8
/* More wrong elements than any test has */
#define WRONG_MAX 1e18

struct ringreport {
	char verdict[WORD_MAX + 1];
	char problem[PROBLEM_MAX + 1];
	char provider[WORD_MAX + 1];
	uint32_t count;
	ringreport_link_t *links;
};

/* IN field - its max is that of the number, 0: WRONG_MAX */
static int _read_real(const reader_t *reader, const field_t *field,
		      json_object *value, const char *path, void *target)
{
	double max = field->max ? field->max : WRONG_MAX;
	double number = json_object_get_double(value);

	if ((!json_object_is_type(value, json_type_double) &&
	     !json_object_is_type(value, json_type_int)) ||
	    !(number >= 0 && number <= max))
		return reader_refuse(reader, value, path,
				     "a number that is not negative");
	memcpy((char *) target + field->offset, &number, sizeof(number));
	return 0;
}

#define NAME(word, member)                                               \
	{                                                                \
		.key = word, .read = reader_text,                        \
		.offset = offsetof(ringreport_link_t, member), .min = 1, \
		.max = RINGREPORT_NAME_MAX - 1                           \
	}
#define NUMBER(word, member)                                   \
	{                                                      \
		.key = word, .read = reader_uint,              \
		.offset = offsetof(ringreport_link_t, member), \
		.max = RINGREPORT_LINKS_MAX - 1                \
	}

static const field_t link_fields[] = {
	NUMBER("from", from_rank),
	NUMBER("to", to_rank),
	NAME("from_node", from),
	NAME("to_node", to),
	{.key = "bandwidth",
	 .read = _read_real,
	 .offset = offsetof(ringreport_link_t, bandwidth),
	 .max = RINGREPORT_BANDWIDTH_MAX},
	{.key = "wrong",
	 .read = _read_real,
	 .offset = offsetof(ringreport_link_t, wrong)},
	{.optional = true},
};

static int _read_links(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	ringreport_t *report = target;
	int count = reader_array(reader, field, value, path);

	if (count < 0)
		return -1;
	report->links = calloc((size_t) count + 1, sizeof(*report->links));
	if (!report->links)
		return neuron_error_set(reader->err, ENOMEM,
					"%.200s: out of memory",
					reader->origin);
	for (int i = 0; i < count; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_object(reader, link_fields,
				  json_object_array_get_idx(value, (size_t) i),
				  below, &report->links[i]))
			return -1;
		report->count++;
	}
	return 0;
}

#define TEXT(word, member, must)                                       \
	{                                                              \
		.key = word, .optional = !(must), .read = reader_text, \
		.offset = offsetof(ringreport_t, member),              \
		.max = sizeof(((ringreport_t *) NULL)->member) - 1     \
	}

static const field_t report_fields[] = {
	TEXT("verdict", verdict, true),
	TEXT("problem", problem, true),
	TEXT("provider", provider, false),
	{.key = "links",
	 .optional = true,
	 .read = _read_links,
	 .max = RINGREPORT_LINKS_MAX},
	{.optional = true},
};

extern ringreport_t *ringreport_decode(const char *text, const char *origin,
				       neuron_error_t *err)
{
	reader_t reader = {.origin = origin, .err = err};
	ringreport_t *report = calloc(1, sizeof(*report));
	json_object *root;
	int rc = -1;

	if (!report) {
		neuron_error_set(err, ENOMEM, "%.200s: out of memory", origin);
		return NULL;
	}
	root = reader_parse(&reader, text);
	if (root)
		rc = reader_object(&reader, report_fields, root, "", report);
	json_object_put(root);
	if (!rc)
		return report;
	ringreport_destroy(report);
	return NULL;
}

extern void ringreport_destroy(ringreport_t *report)
{
	int errnum = errno;

	if (report)
		free(report->links);
	free(report);
	errno = errnum;
}

extern bool ringreport_is_good(const ringreport_t *report)
{
	return !strcmp(report->verdict, "good");
}

extern const char *ringreport_problem(const ringreport_t *report)
{
	return report->problem;
}

extern const char *ringreport_provider(const ringreport_t *report)
{
	return report->provider;
}

extern uint32_t ringreport_link_count(const ringreport_t *report)
{
	return report->count;
}

extern const ringreport_link_t *ringreport_link(const ringreport_t *report,
						uint32_t index)
{
	return (index < report->count) ? &report->links[index] : NULL;
}

static int _compare(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static int _median(const ringreport_t *report, double *median)
{
	double *all = malloc((report->count + 1) * sizeof(*all));

	if (!all)
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < report->count; i++)
		all[i] = report->links[i].bandwidth;
	qsort(all, report->count, sizeof(*all), _compare);
	*median = all[report->count / 2];
	free(all);
	return 0;
}

extern int ringreport_limit(const ringreport_t *report, double given,
			    uint32_t efa_gbps, double share,
			    ringreport_limit_t *limit)
{
	*limit = (ringreport_limit_t){RINGREPORT_NONE, 0, 0};
	if (!report->count)
		return 0;
	if (given > 0) {
		*limit = (ringreport_limit_t){RINGREPORT_GIVEN, given, given};
		return 0;
	}
	if (efa_gbps && !strncmp(report->provider, "efa", 3)) {
		limit->source = RINGREPORT_PROFILE;
		limit->expected = (double) efa_gbps / BITS_OF_BYTE;
	} else if (report->count >= RINGREPORT_MEDIAN_MIN) {
		if (_median(report, &limit->expected))
			return -1;
		limit->source = RINGREPORT_MEDIAN;
	}
	limit->limit = limit->expected * share;
	return 0;
}

extern const char *ringreport_source_name(ringreport_source_t source)
{
	static const char *const names[] = {
		[RINGREPORT_NONE] = "nothing",
		[RINGREPORT_GIVEN] = "--min-bandwidth",
		[RINGREPORT_PROFILE] = "the profile",
		[RINGREPORT_MEDIAN] = "the median of the links",
	};

	return names[source];
}
