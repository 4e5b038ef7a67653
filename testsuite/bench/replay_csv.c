/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_csv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest piece of a refused value that a sentence quotes */
#define QUOTE_MAX 40

struct csv {
	const char *origin;
	char *rest;
	unsigned int line;
	int columns;
	const char *names[CSV_COLUMNS_MAX];
	const char *values[CSV_COLUMNS_MAX];
};

static char *_read_all(FILE *file, size_t *length)
{
	size_t room = 1024 * 1024;
	char *text = malloc(room), *grown;

	*length = 0;
	while (text) {
		*length += fread(text + *length, 1, room - *length - 1, file);
		if (*length < room - 1 || *length > CSV_FILE_MAX)
			break;
		if (!(grown = realloc(text, room *= 2)))
			free(text);
		text = grown;
	}
	if (text)
		text[*length] = '\0';
	return text;
}

extern char *csv_load(const char *path, neuron_error_t *err)
{
	FILE *file = fopen(path, "re");
	size_t length;
	char *text;

	if (!file) {
		neuron_error_set(err, errno == ENOENT ? ENOENT : EIO, "%s: %m",
				 path);
		return NULL;
	}
	text = _read_all(file, &length);
	if (!text) {
		neuron_error_set(err, ENOMEM, "%s: out of memory", path);
	} else if (ferror(file)) {
		neuron_error_set(err, EIO, "%s cannot be read", path);
	} else if (length > CSV_FILE_MAX || strlen(text) != length) {
		neuron_error_set(err, EINVAL,
				 "%s: it must be text of at most %d bytes",
				 path, CSV_FILE_MAX);
	} else {
		fclose(file);
		return text;
	}
	fclose(file);
	free(text);
	return NULL;
}

static char *_trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return text + strspn(text, " \t");
}

/* RET the next line that has something, or NULL */
static char *_take_line(csv_t *csv)
{
	char *line, *end;

	while (*csv->rest) {
		line = csv->rest;
		end = line + strcspn(line, "\n");
		csv->rest = *end ? end + 1 : end;
		*end = '\0';
		csv->line++;
		line = _trim(line);
		if (*line && *line != '#')
			return line;
	}
	return NULL;
}

/* RET number of values; one more than fit when there are more */
static int _split(char *line, const char *values[CSV_COLUMNS_MAX])
{
	int count = 0;

	for (char *end = line; end; line = end + 1) {
		if ((end = strchr(line, ',')))
			*end = '\0';
		if (count == CSV_COLUMNS_MAX)
			return count + 1;
		values[count++] = _trim(line);
		if (!end)
			break;
	}
	return count;
}

extern csv_t *csv_open(char *text, const char *origin, neuron_error_t *err)
{
	csv_t *csv = calloc(1, sizeof(*csv));
	char *line;

	if (!csv) {
		neuron_error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	csv->origin = origin;
	csv->rest = text;
	line = _take_line(csv);
	csv->columns = line ? _split(line, csv->names) : 0;
	if (csv->columns && csv->columns <= CSV_COLUMNS_MAX)
		return csv;
	neuron_error_set(err, EINVAL,
			 "%s:%u: there must be a line of 1 to %d names on top",
			 origin, csv->line, CSV_COLUMNS_MAX);
	free(csv);
	return NULL;
}

extern void csv_close(csv_t *csv)
{
	free(csv);
}

extern int csv_columns(const csv_t *csv)
{
	return csv->columns;
}

extern int csv_column(const csv_t *csv, const char *name)
{
	for (int i = 0; i < csv->columns; i++)
		if (!strcmp(csv->names[i], name))
			return i;
	return -1;
}

extern int csv_next(csv_t *csv, neuron_error_t *err)
{
	char *line = _take_line(csv);
	int count;

	if (!line)
		return 0;
	count = _split(line, csv->values);
	if (count != csv->columns)
		return neuron_error_set(
			err, EINVAL,
			"%s:%u: \"%.*s\" begins a line of %s%d values; there "
			"must be %d, as there are names on top",
			csv->origin, csv->line, QUOTE_MAX, csv->values[0],
			count > CSV_COLUMNS_MAX ? "at least " : "", count,
			csv->columns);
	return 1;
}

extern unsigned int csv_line(const csv_t *csv)
{
	return csv->line;
}

extern const char *csv_text(const csv_t *csv, int column)
{
	return csv->values[column];
}

extern int csv_number(const csv_t *csv, int column, double min, double max,
		      double *number, neuron_error_t *err)
{
	const char *text = csv->values[column];
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value < min ||
	    value > max)
		return neuron_error_set(err, EINVAL,
					"%s:%u: %s is \"%.*s\"; it must be a "
					"number from %.10g to %.10g",
					csv->origin, csv->line,
					csv->names[column], QUOTE_MAX, text,
					min, max);
	*number = value;
	return 0;
}

extern int csv_integer(const csv_t *csv, int column, uint32_t min, uint32_t max,
		       uint32_t *number, neuron_error_t *err)
{
	double value;

	if (csv_number(csv, column, min, max, &value, err) < 0)
		return -1;
	if (value != floor(value))
		return neuron_error_set(
			err, EINVAL,
			"%s:%u: %s is \"%.*s\"; it must be a whole number",
			csv->origin, csv->line, csv->names[column], QUOTE_MAX,
			csv->values[column]);
	*number = (uint32_t) value;
	return 0;
}
