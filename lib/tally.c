/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tally.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NANOSECONDS 1e9
#define KEY_MAX 24

static const double time_bounds[TALLY_TIME_BINS - 1] = {
	0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
	0.01,    0.025,  0.05,    0.1,    0.25,  1};
static const double damage_bounds[TALLY_DAMAGE_BINS - 1] = {
	0, 8, 16, 32, 64, 128, 256, 512, 4096};

static const char *const questions[] = {"start", "when", "ever", "reserve"};
static const char *const outcomes[] = {"choice", "all", "devices", "otherwise"};

extern const char *tally_question_name(tally_question_t question)
{
	return questions[question];
}

extern const char *tally_outcome_name(tally_outcome_t outcome)
{
	return outcomes[outcome];
}

extern const double *tally_time_bounds(void)
{
	return time_bounds;
}

extern const double *tally_damage_bounds(void)
{
	return damage_bounds;
}

static unsigned int _bin(const double *bounds, unsigned int count, double value)
{
	unsigned int i = 0;

	while ((i < count) && (value > bounds[i]))
		i++;
	return i;
}

extern void tally_decision(tally_t *tally, tally_question_t question,
			   tally_outcome_t outcome, uint64_t nanoseconds)
{
	tally->outcomes[question][outcome]++;
	tally->nanoseconds[question] += nanoseconds;
	tally->time_bins[question][_bin(time_bounds, TALLY_TIME_BINS - 1,
					(double) nanoseconds / NANOSECONDS)]++;
}

extern void tally_placement(tally_t *tally, uint32_t level, uint64_t damage)
{
	if (level > FABRIC_LEVELS_MAX)
		level = FABRIC_LEVELS_MAX;
	tally->levels[level]++;
	tally->damage += damage;
	tally->damage_bins[_bin(damage_bounds, TALLY_DAMAGE_BINS - 1,
				(double) damage)]++;
}

/*
 * The lines of the text, for both directions
 */

typedef struct {
	char key[KEY_MAX];
	uint64_t *numbers;
	unsigned int count;
} line_t;

#define LINES (3 + 3 * TALLY_QUESTIONS + 4)

static void _line(line_t *line, const char *key, const char *ending,
		  uint64_t *numbers, unsigned int count)
{
	(void) snprintf(line->key, sizeof(line->key), "%.12s%.8s", key, ending);
	line->numbers = numbers;
	line->count = count;
}

static void _list_lines(tally_t *tally, uint64_t *version, line_t lines[LINES])
{
	line_t *line = lines;

	_line(line++, "version", "", version, 1);
	_line(line++, "started", "", &tally->started, 1);
	_line(line++, "written", "", &tally->written, 1);
	for (int q = 0; q < TALLY_QUESTIONS; q++) {
		_line(line++, questions[q], "", tally->outcomes[q],
		      TALLY_OUTCOMES);
		_line(line++, questions[q], "_ns", &tally->nanoseconds[q], 1);
		_line(line++, questions[q], "_bins", tally->time_bins[q],
		      TALLY_TIME_BINS);
	}
	_line(line++, "taken_back", "", &tally->taken_back, 1);
	_line(line++, "levels", "", tally->levels, FABRIC_LEVELS_MAX + 1);
	_line(line++, "damage", "", &tally->damage, 1);
	_line(line++, "damage", "_bins", tally->damage_bins, TALLY_DAMAGE_BINS);
}

extern int tally_encode(const tally_t *tally, char *buf, size_t size)
{
	tally_t copy = *tally;
	uint64_t version = 1;
	line_t lines[LINES];
	size_t used = 0;

	_list_lines(&copy, &version, lines);
	for (unsigned int i = 0; i < LINES; i++) {
		for (unsigned int n = 0; n < lines[i].count; n++) {
			bool last = (n + 1 == lines[i].count);
			int length = snprintf(
				buf + used, size - used, "%s%s%" PRIu64 "%s",
				n ? "," : lines[i].key, n ? "" : "=",
				lines[i].numbers[n], last ? "\n" : "");

			if ((length < 0) || ((size_t) length >= size - used)) {
				errno = ENOSPC;
				return -1;
			}
			used += (size_t) length;
		}
	}
	return (int) used;
}

/* RET what follows the number; NULL: there is none as it would be written */
static const char *_read_number(const char *text, uint64_t *number)
{
	uint64_t value = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		unsigned int digit = (unsigned int) (*at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	if ((at == text) || (*text == '0' && at > text + 1))
		return NULL;
	*number = value;
	return at;
}

/* RET the next line; NULL: it is another one */
static const char *_read_line(const char *text, const line_t *line)
{
	size_t length = strlen(line->key);

	if (strncmp(text, line->key, length) || text[length] != '=')
		return NULL;
	text += length + 1;
	for (unsigned int n = 0; n < line->count; n++) {
		text = _read_number(text, &line->numbers[n]);
		if (!text || *text != ((n + 1 == line->count) ? '\n' : ','))
			return NULL;
		text++;
	}
	return text;
}

extern int tally_decode(const char *text, tally_t *tally, neuron_error_t *err)
{
	uint64_t version = 0;
	line_t lines[LINES];

	_list_lines(tally, &version, lines);
	for (unsigned int i = 0; i < LINES; i++) {
		const char *next = _read_line(text, &lines[i]);

		if (!next)
			return neuron_error_set(
				err, EINVAL,
				"line %u: it must be %s= and %u number%s",
				i + 1, lines[i].key, lines[i].count,
				(lines[i].count == 1) ? "" : "s with commas");
		if (!i && version != 1)
			return neuron_error_set(
				err, EINVAL,
				"line 1: version=%" PRIu64
				": this program knows version 1",
				version);
		text = next;
	}
	if (*text)
		return neuron_error_set(err, EINVAL,
					"line %d: the text must end before it",
					LINES + 1);
	return 0;
}
