/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * openmetrics: read the text of an exporter on standard input, and say where it
 * is not what its specification says.
 *
 *	openmetrics text|openmetrics [NAME=COUNT]...
 *
 * It shares no code with lib/metrics.c. Rules: OpenMetrics 1.0.0 ("ABNF",
 * "Overall Structure", the sections on types); for text the page "exposition
 * formats" of Prometheus. Checked besides: each series once, buckets ascending
 * and cumulative with +Inf equal to the count.
 *
 * Prints "good: N series of M metrics" and exits with 0; else one line for each
 * mistake, and 1.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 256
#define SERIES_MAX 4000000

typedef struct {
	char name[NAME_MAX_LENGTH];
	char type[32];
	bool has_help, has_type, has_unit;
	char unit[64];
	unsigned long count;
} family_t;

static bool open_format;
static unsigned long line_number, mistakes, family_count, series_count;
static family_t families[4096];
static family_t *family; /* the present one */
static char **series;
/* of the histogram that is being read */
static char bucket_labels[4096];
static double bucket_bound, bucket_value;
static bool in_buckets;

static void _mistake(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static void _mistake(const char *fmt, ...)
{
	va_list ap;

	printf("line %lu: ", line_number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	mistakes++;
}

static bool _is_name(const char *text, size_t length, bool label)
{
	if (!length || isdigit((unsigned char) text[0]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char) text[i]) && text[i] != '_' &&
		    (label || text[i] != ':'))
			return false;
	}
	return true;
}

/* A family begins, or goes on */
static void _enter(const char *name)
{
	if (family && !strcmp(family->name, name))
		return;
	for (unsigned long i = 0; i < family_count; i++) {
		if (!strcmp(families[i].name, name)) {
			_mistake("%s stands in two places", name);
			family = &families[i];
			return;
		}
	}
	if (family && !family->count)
		_mistake("%s has no sample", family->name);
	family = &families[family_count++];
	snprintf(family->name, sizeof(family->name), "%s", name);
	in_buckets = false;
}

static bool _is_type(const char *type)
{
	static const char *const open[] = {
		"counter",        "gauge",    "histogram",
		"gaugehistogram", "stateset", "info",
		"summary",        "unknown",  NULL};
	static const char *const text[] = {"counter", "gauge",   "histogram",
					   "summary", "untyped", NULL};

	for (const char *const *at = open_format ? open : text; *at; at++) {
		if (!strcmp(*at, type))
			return true;
	}
	return false;
}

static void _comment(char *line)
{
	char word[16], name[NAME_MAX_LENGTH], *rest;
	int used = 0;

	if (sscanf(line, "# %15s %255s%n", word, name, &used) != 2 ||
	    !_is_name(name, strlen(name), false)) {
		_mistake("\"%s\" is no comment of the format", line);
		return;
	}
	rest = line + used;
	if (*rest == ' ')
		rest++;
	_enter(name);
	if (family->count)
		_mistake("%s: %s stands behind samples", name, word);
	if (!strcmp(word, "HELP")) {
		if (family->has_help || !*rest)
			_mistake("%s: HELP twice or empty", name);
		family->has_help = true;
		for (; *rest; rest++) {
			if (*rest == '\\' && !strchr("\\n\"", *++rest))
				_mistake("%s: bad escape in HELP", name);
		}
	} else if (!strcmp(word, "TYPE")) {
		if (family->has_type || !_is_type(rest))
			_mistake("%s: TYPE twice or unknown: %s", name, rest);
		family->has_type = true;
		snprintf(family->type, sizeof(family->type), "%s", rest);
	} else if (!strcmp(word, "UNIT") && open_format) {
		size_t length = strlen(name), unit = strlen(rest);

		if (family->has_unit || unit + 1 > length ||
		    name[length - unit - 1] != '_' ||
		    strcmp(name + length - unit, rest))
			_mistake("%s: UNIT %s is not its end", name, rest);
		family->has_unit = true;
	} else {
		_mistake("unknown word %s", word);
	}
}

/* RET what follows the labels; NULL after a mistake */
static char *_labels(char *at, char *without_le, double *le)
{
	size_t used = 0;

	*le = NAN;
	while (*at != '}') {
		char *name = at, *value;
		size_t length = strcspn(at, "=");

		if (!_is_name(name, length, true) || at[length] != '=' ||
		    at[length + 1] != '"') {
			_mistake("bad label at \"%.20s\"", at);
			return NULL;
		}
		value = at += length + 2;
		for (; *at && *at != '"'; at++) {
			if ((unsigned char) *at < ' ') {
				_mistake("control character in a label");
				return NULL;
			}
			if (*at == '\\' && !strchr("\\n\"", *++at)) {
				_mistake("bad escape in a label");
				return NULL;
			}
		}
		if (*at++ != '"') {
			_mistake("label without an end");
			return NULL;
		}
		if (length == 2 && !strncmp(name, "le", 2))
			*le = strtod(value, NULL);
		else
			used += (size_t) snprintf(without_le + used,
						  4096 - used, "%.*s,",
						  (int) (at - name), name);
		if (*at == ',' && at[1] != '}')
			at++;
		else if (*at != '}') {
			_mistake("\"%.10s\" behind a label", at);
			return NULL;
		}
	}
	return at + 1;
}

/* What a name has behind that of its family, by the type */
static bool _is_ending(const char *ending)
{
	const char *type = family->type;

	if (!strcmp(type, "counter"))
		return !strcmp(ending, open_format ? "_total" : "");
	if (!strcmp(type, "info"))
		return !strcmp(ending, "_info");
	if (!strcmp(type, "histogram"))
		return !strcmp(ending, "_bucket") ||
		       !strcmp(ending, "_count") || !strcmp(ending, "_sum");
	return !*ending;
}

static void _histogram(const char *ending, const char *labels, double le,
		       double value)
{
	bool same = in_buckets && !strcmp(labels, bucket_labels);

	if (!strcmp(ending, "_bucket")) {
		if (isnan(le))
			_mistake("a bucket without le");
		if (same && (le <= bucket_bound || value < bucket_value))
			_mistake("a bucket that does not grow");
		in_buckets = true;
		snprintf(bucket_labels, sizeof(bucket_labels), "%s", labels);
		bucket_bound = le;
		bucket_value = value;
	} else if (!strcmp(ending, "_count") &&
		   (!same || !isinf(bucket_bound) || value != bucket_value)) {
		_mistake("a count that is not that of the last bucket");
	}
}

static int _compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static void _sample(char *line)
{
	size_t length = strcspn(line, "{ ");
	char name[NAME_MAX_LENGTH], labels[4096] = "", *at = line + length;
	char *end;
	double le = NAN, value;

	if (!_is_name(line, length, false) || length >= sizeof(name)) {
		_mistake("\"%.30s\" is no name", line);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int) length, line);
	if (!family || strncmp(name, family->name, strlen(family->name)) ||
	    !_is_ending(name + strlen(family->name))) {
		_mistake("%s is no sample of %s", name,
			 family ? family->name : "anything");
		return;
	}
	if (*at == '{' && !(at = _labels(at + 1, labels, &le)))
		return;
	if (*at != ' ') {
		_mistake("no blank before the value");
		return;
	}
	*at = '\0';
	series[series_count++] = strdup(line);
	errno = 0;
	value = strtod(++at, &end);
	if (end == at || *end || isspace((unsigned char) *at))
		_mistake("\"%s\" is no number", at);
	if (!strcmp(family->type, "counter") && !(value >= 0))
		_mistake("%s: a counter below 0", name);
	if (!strcmp(family->type, "info") && value != 1)
		_mistake("%s: an information that is not 1", name);
	if (!strcmp(family->type, "histogram"))
		_histogram(name + strlen(family->name), labels, le, value);
	if (!family->has_type || !family->has_help)
		_mistake("%s: no TYPE or HELP before it", name);
	family->count++;
}

static void _check_twice(void)
{
	qsort(series, series_count, sizeof(*series), _compare);
	for (unsigned long i = 1; i < series_count; i++) {
		if (!strcmp(series[i - 1], series[i]))
			_mistake("twice: %s", series[i]);
	}
}

/* NAME=COUNT: at most so many lines */
static void _check_most(const char *text)
{
	size_t length = strcspn(text, "=");

	for (unsigned long i = 0; i < family_count; i++) {
		if (!strncmp(families[i].name, text, length) &&
		    !families[i].name[length] &&
		    families[i].count > strtoul(text + length + 1, NULL, 10))
			_mistake("%s has %lu lines", families[i].name,
				 families[i].count);
	}
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	bool ended = false;

	if (argc < 2 ||
	    (strcmp(argv[1], "text") && strcmp(argv[1], "openmetrics"))) {
		fputs("usage: openmetrics text|openmetrics [NAME=COUNT]...\n",
		      stderr);
		return 2;
	}
	open_format = !strcmp(argv[1], "openmetrics");
	series = calloc(SERIES_MAX, sizeof(*series));
	if (!series)
		return 2;
	while ((n = getline(&line, &size, stdin)) > 0 &&
	       series_count < SERIES_MAX && family_count < 4095) {
		line_number++;
		if (ended)
			_mistake("text behind # EOF");
		if (line[n - 1] != '\n' || strlen(line) != (size_t) n)
			_mistake("no newline, or a null byte");
		line[strcspn(line, "\n")] = '\0';
		if (open_format && !strcmp(line, "# EOF"))
			ended = true;
		else if (line[0] == '#')
			_comment(line);
		else
			_sample(line);
	}
	if (open_format && !ended)
		_mistake("there is no # EOF");
	_check_twice();
	for (int i = 2; i < argc; i++)
		_check_most(argv[i]);
	if (mistakes)
		return 1;
	printf("good: %lu series of %lu metrics\n", series_count, family_count);
	return 0;
}
