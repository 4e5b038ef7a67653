/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chart: a bar chart as SVG, for scripts that measure.
 *
 *	chart TITLE UNIT <CSV >SVG
 *
 * CSV has a line "group,series,value[,half]" for each bar, in any order and
 * without a head; half is what the value may be off, to both sides. Groups and
 * series stand in the order in which they come first. What is missing is left
 * out.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay_svg.h"

#define NAMES_MAX 64
#define NAME_SIZE 64
#define LINE_SIZE 512

typedef struct {
	char text[NAMES_MAX][NAME_SIZE];
	const char *list[NAMES_MAX];
	unsigned int count;
} names_t;

typedef struct {
	names_t groups;
	names_t series;
	estimate_t values[NAMES_MAX][NAMES_MAX]; /* [group][series] */
} bars_t;

/* RET its number; -1: it is too long, empty, or one too many */
static int _number_of(names_t *names, const char *name)
{
	size_t length = strlen(name);

	for (unsigned int i = 0; i < names->count; i++) {
		if (!strcmp(names->text[i], name))
			return (int) i;
	}
	if (!length || (length >= NAME_SIZE) || (names->count == NAMES_MAX))
		return -1;
	memcpy(names->text[names->count], name, length + 1);
	names->list[names->count] = names->text[names->count];
	return (int) names->count++;
}

static bool _read_value(const char *text, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	return !errno && (end != text) && !*end && isfinite(*value) &&
	       (*value >= 0);
}

/* RET NULL, or what is wrong with the line */
static const char *_read_line(bars_t *bars, char *line)
{
	char *rest = line, *group = strsep(&rest, ",");
	char *series = strsep(&rest, ","), *value = strsep(&rest, ",");
	estimate_t bar = {.half = NAN};
	int g, s;

	if (!value)
		return "is not group,series,value";
	if (!_read_value(value, &bar.mean) ||
	    (rest && !_read_value(rest, &bar.half)))
		return "has a number that is none, or below 0";
	g = _number_of(&bars->groups, group);
	s = _number_of(&bars->series, series);
	if ((g < 0) || (s < 0))
		return "has a name that is empty or too long, or one too many";
	bars->values[g][s] = bar;
	return NULL;
}

/* RET 0; -1 after it was said what is wrong */
static int _read(bars_t *bars, FILE *file)
{
	char line[LINE_SIZE];

	for (unsigned long n = 1; fgets(line, sizeof(line), file); n++) {
		const char *wrong;

		line[strcspn(line, "\n")] = '\0';
		if (!(wrong = _read_line(bars, line)))
			continue;
		fprintf(stderr, "chart: line %lu %s: \"%s\"\n", n, wrong, line);
		return -1;
	}
	if (bars->groups.count)
		return 0;
	fputs("chart: there is no line\n", stderr);
	return -1;
}

static int _write(const bars_t *bars, const char *title, const char *unit)
{
	estimate_t values[NAMES_MAX * NAMES_MAX];
	const svg_chart_t chart = {.title = title,
				   .unit = unit,
				   .groups = bars->groups.list,
				   .series = bars->series.list,
				   .group_count = bars->groups.count,
				   .series_count = bars->series.count,
				   .values = values};

	for (unsigned int g = 0; g < chart.group_count; g++) {
		for (unsigned int s = 0; s < chart.series_count; s++)
			values[g * chart.series_count + s] = bars->values[g][s];
	}
	return (svg_write(&chart, stdout) || fflush(stdout)) ? -1 : 0;
}

int main(int argc, char **argv)
{
	static bars_t bars;

	if (argc != 3) {
		fputs("Usage: chart TITLE UNIT <CSV >SVG\n", stderr);
		return 2;
	}
	for (unsigned int g = 0; g < NAMES_MAX; g++) {
		for (unsigned int s = 0; s < NAMES_MAX; s++)
			bars.values[g][s] =
				(estimate_t){.mean = NAN, .half = NAN};
	}
	if (_read(&bars, stdin))
		return 2;
	if (_write(&bars, argv[1], argv[2])) {
		perror("chart");
		return 1;
	}
	return 0;
}
