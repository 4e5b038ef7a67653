/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* Every byte of a value may need a second one; "name=" and quotes come to it */
#define LABELS_TEXT_MAX \
	((METRICS_LABELS_MAX + 1) * (2 * METRICS_LABEL_MAX + 80))
#define NUMBER_TEXT_MAX 40

struct metrics {
	text_t texts[METRICS_FORMATS];
	const metric_t *metric; /* the present one */
	const metric_t **ended;
	size_t ended_count;
	size_t ended_size;
	uint32_t series; /* of the present one */
	uint32_t count;
	uint32_t dropped;
};

extern metrics_t *metrics_create(void)
{
	metrics_t *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		errno = ENOMEM;
	return metrics;
}

extern void metrics_destroy(metrics_t *metrics)
{
	int errnum = errno;

	if (metrics) {
		for (int f = 0; f < METRICS_FORMATS; f++)
			text_release(&metrics->texts[f]);
		free(metrics->ended);
		free(metrics);
	}
	errno = errnum;
}

extern const char *metrics_kind_name(metric_kind_t kind)
{
	static const char *const names[] = {"gauge", "counter", "histogram",
					    "info"};

	return names[kind];
}

/*
 * Labels and numbers
 */

static bool _is_legal(const char *value)
{
	size_t length = strnlen(value, METRICS_LABEL_MAX + 1);

	for (size_t i = 0; i < length; i++) {
		if ((value[i] < ' ' || value[i] > '~') && value[i] != '\n')
			return false;
	}
	return length <= METRICS_LABEL_MAX;
}

static char *_escape(char *to, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			*to++ = '\\';
		*to++ = (*value == '\n') ? 'n' : *value;
	}
	return to;
}

/* NAME="VALUE",... without braces. RET false: a value cannot be written */
static bool _labels(const metric_t *metric, const char *const *values,
		    char *text)
{
	char *to = text;

	for (unsigned int i = 0; i < METRICS_LABELS_MAX && metric->labels[i];
	     i++) {
		if (!_is_legal(values[i]))
			return false;
		to += snprintf(to, LABELS_TEXT_MAX - (size_t) (to - text),
			       "%s%.64s=\"", i ? "," : "", metric->labels[i]);
		to = _escape(to, values[i]);
		*to++ = '"';
	}
	*to = '\0';
	return true;
}

/* The shortest text that is the same number */
static void _number(double number, char text[NUMBER_TEXT_MAX])
{
	if (isnan(number) || isinf(number)) {
		(void) snprintf(text, NUMBER_TEXT_MAX, "%s",
				isnan(number)  ? "NaN"
				: (number > 0) ? "+Inf"
					       : "-Inf");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		(void) snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
}

/* OpenMetrics wants these bounds to look like floating point */
static void _bound(double bound, char text[NUMBER_TEXT_MAX])
{
	size_t length;

	_number(bound, text);
	length = strlen(text);
	if (!strpbrk(text, ".eIN"))
		(void) snprintf(text + length, NUMBER_TEXT_MAX - length, ".0");
}

/*
 * Metrics
 */

static const char *_ending(metric_kind_t kind)
{
	return (kind == METRIC_COUNTER) ? "_total"
	       : (kind == METRIC_INFO)  ? "_info"
					: "";
}

/* "# HELP", "# TYPE" and "# UNIT" */
static void _add_head(metrics_t *metrics, const metric_t *metric)
{
	const char *ending = _ending(metric->kind);
	const char *kind = metrics_kind_name(metric->kind);
	text_t *text = &metrics->texts[METRICS_TEXT];

	text_add(text, "# HELP %s%s %s\n# TYPE %s%s %s\n", metric->name, ending,
		 metric->help, metric->name, ending,
		 (metric->kind == METRIC_INFO) ? "gauge" : kind);
	text = &metrics->texts[METRICS_OPENMETRICS];
	text_add(text, "# TYPE %s %s\n", metric->name, kind);
	if (metric->unit)
		text_add(text, "# UNIT %s %s\n", metric->name, metric->unit);
	text_add(text, "# HELP %s %s\n", metric->name, metric->help);
}

static bool _has_ended(const metrics_t *metrics, const metric_t *metric)
{
	for (size_t i = 0; i < metrics->ended_count; i++) {
		if (metrics->ended[i] == metric)
			return true;
	}
	return false;
}

static bool _remember(metrics_t *metrics, const metric_t *metric)
{
	const metric_t **grown;

	if (metrics->ended_count == metrics->ended_size) {
		size_t size = metrics->ended_size + 64;

		grown = realloc(metrics->ended, size * sizeof(*grown));
		if (!grown) {
			metrics->texts[0].failed = true;
			return false;
		}
		metrics->ended = grown;
		metrics->ended_size = size;
	}
	metrics->ended[metrics->ended_count++] = metric;
	return true;
}

static int _leave_out(metrics_t *metrics, int errnum)
{
	metrics->dropped++;
	errno = errnum;
	return -1;
}

/* Begin a series. RET 0, with its labels; -1: it is left out */
static int _begin(metrics_t *metrics, const metric_t *metric,
		  const char *const *values, char *labels)
{
	bool fresh = (metric != metrics->metric);

	if (!_labels(metric, values, labels) ||
	    (fresh && _has_ended(metrics, metric)))
		return _leave_out(metrics, EINVAL);
	if ((fresh ? 0 : metrics->series) >= metric->most)
		return _leave_out(metrics, ENOSPC);
	if (fresh) {
		if (!_remember(metrics, metric))
			return _leave_out(metrics, ENOSPC);
		_add_head(metrics, metric);
		metrics->metric = metric;
		metrics->series = 0;
	}
	metrics->series++;
	return 0;
}

/* A line, the same in both formats */
static void _line(metrics_t *metrics, const char *ending, const char *labels,
		  const char *extra, const char *number)
{
	const char *comma = (labels[0] && extra[0]) ? "," : "";
	bool any = labels[0] || extra[0];

	for (int f = 0; f < METRICS_FORMATS; f++)
		text_add(&metrics->texts[f], "%s%s%s%s%s%s%s %s\n",
			 metrics->metric->name, ending, any ? "{" : "", labels,
			 comma, extra, any ? "}" : "", number);
	metrics->count++;
}

extern int metrics_add(metrics_t *metrics, const metric_t *metric,
		       const char *const *values, double number)
{
	char labels[LABELS_TEXT_MAX], text[NUMBER_TEXT_MAX];

	if (metric->kind == METRIC_HISTOGRAM)
		return _leave_out(metrics, EINVAL);
	if (_begin(metrics, metric, values, labels))
		return -1;
	_number(number, text);
	_line(metrics, _ending(metric->kind), labels, "", text);
	return 0;
}

extern int metrics_add_histogram(metrics_t *metrics, const metric_t *metric,
				 const char *const *values,
				 const metrics_histogram_t *histogram)
{
	char labels[LABELS_TEXT_MAX], text[NUMBER_TEXT_MAX];
	uint64_t sum = 0;

	if (metric->kind != METRIC_HISTOGRAM ||
	    histogram->bound_count > METRICS_BUCKETS_MAX)
		return _leave_out(metrics, EINVAL);
	if (_begin(metrics, metric, values, labels))
		return -1;
	for (unsigned int i = 0; i <= histogram->bound_count; i++) {
		char bound[NUMBER_TEXT_MAX], le[NUMBER_TEXT_MAX + 8];

		_bound((i < histogram->bound_count) ? histogram->bounds[i]
						    : INFINITY,
		       bound);
		(void) snprintf(le, sizeof(le), "le=\"%s\"", bound);
		_number((double) (sum += histogram->counts[i]), text);
		_line(metrics, "_bucket", labels, le, text);
	}
	_line(metrics, "_count", labels, "", text);
	_number(histogram->sum, text);
	_line(metrics, "_sum", labels, "", text);
	return 0;
}

extern uint32_t metrics_count(const metrics_t *metrics)
{
	return metrics->count;
}

extern uint32_t metrics_dropped(const metrics_t *metrics)
{
	return metrics->dropped;
}

extern char *metrics_take(metrics_t *metrics, metrics_format_t format,
			  bool last, size_t *length)
{
	text_t *text = &metrics->texts[format];

	if (last && format == METRICS_OPENMETRICS)
		text_add(text, "# EOF\n");
	*length = text->length;
	return text_take(text);
}

/*
 * Content negotiation, RFC 9110, 12.5.1
 */

/* A word without the blanks around it, up to a delimiter. RET what follows */
static const char *_word(const char *from, const char *delimiters, char *word,
			 size_t size)
{
	size_t length = strcspn(from, delimiters);
	const char *next = from + length;

	while (length && isspace((unsigned char) *from)) {
		from++;
		length--;
	}
	while (length && isspace((unsigned char) from[length - 1]))
		length--;
	(void) snprintf(word, size, "%.*s",
			(int) ((length < size) ? length : size - 1), from);
	return next;
}

/* One range: its weight in thousandths; -1: another version */
static int _weight(const char *range)
{
	int weight = 1000;
	char word[64];

	while (*(range = strchr(range, ';') ? strchr(range, ';') : "")) {
		range = _word(range + 1, ";", word, sizeof(word));
		if (!strncasecmp(word, "version=", 8) &&
		    strcmp(word + 8, "1.0.0") && strcmp(word + 8, "\"1.0.0\""))
			return -1;
		if (!strncasecmp(word, "q=", 2)) {
			double q = strtod(word + 2, NULL);

			weight = (q >= 0 && q <= 1) ? (int) (q * 1000) : 0;
		}
	}
	return weight;
}

extern metrics_format_t metrics_negotiate(const char *accept)
{
	static const char text[] = "text/plain";
	static const char open[] = "application/openmetrics-text";
	int text_weight = 0, open_weight = 0;

	while (accept && *accept) {
		char range[256], type[64];
		const char *rest;

		accept = _word(accept, ",", range, sizeof(range));
		accept += (*accept == ',');
		rest = _word(range, ";", type, sizeof(type));
		if (!strcasecmp(type, text) && !strstr(rest, "version=")) {
			int weight = _weight(rest);

			if (weight > text_weight)
				text_weight = weight;
		} else if (!strcasecmp(type, text)) {
			double q =
				strstr(rest, "q=")
					? strtod(strstr(rest, "q=") + 2, NULL)
					: 1;
			if ((int) (q * 1000) > text_weight)
				text_weight = (int) (q * 1000);
		} else if (!strcasecmp(type, open)) {
			int weight = _weight(rest);

			if (weight > open_weight)
				open_weight = weight;
		}
	}
	return (open_weight > 0 && open_weight >= text_weight)
		       ? METRICS_OPENMETRICS
		       : METRICS_TEXT;
}

extern const char *metrics_content_type(metrics_format_t format)
{
	return (format == METRICS_OPENMETRICS)
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}
