/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define CONTEXT 3
/* Lines of the changed part of each text that are compared one by one */
#define COMPARED_MAX 4096

typedef struct {
	const char *at;
	size_t length; /* without the newline */
	bool open; /* the last one, without a newline */
} line_t;

typedef struct {
	line_t *lines;
	size_t count;
} lines_t;

/* One line of the result: ' ', '-' or '+' */
typedef struct {
	char mark;
	size_t old_line,
		new_line; /* from 0; of the next one where it has none */
} step_t;

typedef struct {
	lines_t old, new;
	step_t *steps;
	size_t step_count;
} diff_t;

static int _split(const char *text, lines_t *lines)
{
	size_t room = 1;

	for (const char *at = text; *at; at++)
		room += (*at == '\n');
	lines->lines = calloc(room, sizeof(*lines->lines));
	if (!lines->lines)
		return -1;
	while (*text) {
		line_t *line = &lines->lines[lines->count++];

		line->at = text;
		line->length = strcspn(text, "\n");
		text += line->length;
		line->open = !*text;
		text += !line->open;
	}
	return 0;
}

static bool _is_same(const diff_t *diff, size_t old_line, size_t new_line)
{
	const line_t *a = &diff->old.lines[old_line];
	const line_t *b = &diff->new.lines[new_line];

	return a->length == b->length && a->open == b->open &&
	       !memcmp(a->at, b->at, a->length);
}

static void _step(diff_t *diff, char mark, size_t *old_line, size_t *new_line)
{
	diff->steps[diff->step_count++] = (step_t){mark, *old_line, *new_line};
	*old_line += (mark != '+');
	*new_line += (mark != '-');
}

/*
 * Walk the longest common subsequence of old lines x to x_end and new lines y
 * to y_end. table has the length of that of all the rests.
 */
static int _walk(diff_t *diff, size_t x, size_t x_end, size_t y, size_t y_end)
{
	size_t rows = x_end - x, columns = y_end - y, first_x = x, first_y = y;
	uint16_t *table = calloc((rows + 1) * (columns + 1), sizeof(*table));

#define REST(i, j) table[((i) -first_x) * (columns + 1) + ((j) -first_y)]
	if (!table)
		return -1;
	for (size_t i = x_end; i-- > x;) {
		for (size_t j = y_end; j-- > y;) {
			uint16_t down = REST(i + 1, j), right = REST(i, j + 1);

			REST(i, j) = _is_same(diff, i, j)
					     ? REST(i + 1, j + 1) + 1
					     : ((down > right) ? down : right);
		}
	}
	while (x < x_end || y < y_end) {
		if (x < x_end && y < y_end && _is_same(diff, x, y))
			_step(diff, ' ', &x, &y);
		else if (y == y_end ||
			 (x < x_end && REST(x + 1, y) >= REST(x, y + 1)))
			_step(diff, '-', &x, &y);
		else
			_step(diff, '+', &x, &y);
	}
#undef REST
	free(table);
	return 0;
}

static int _compare(diff_t *diff)
{
	size_t x = 0, y = 0, x_end = diff->old.count, y_end = diff->new.count;

	diff->steps = calloc(x_end + y_end + 1, sizeof(*diff->steps));
	if (!diff->steps)
		return -1;
	while (x < x_end && y < y_end && _is_same(diff, x, y))
		_step(diff, ' ', &x, &y);
	while (x_end > x && y_end > y && _is_same(diff, x_end - 1, y_end - 1)) {
		x_end--;
		y_end--;
	}
	if (x_end - x <= COMPARED_MAX && y_end - y <= COMPARED_MAX &&
	    _walk(diff, x, x_end, y, y_end))
		return -1;
	if (x_end - x > COMPARED_MAX || y_end - y > COMPARED_MAX) {
		while (x < x_end)
			_step(diff, '-', &x, &y);
		while (y < y_end)
			_step(diff, '+', &x, &y);
	}
	x = x_end;
	y = y_end;
	while (x < diff->old.count)
		_step(diff, ' ', &x, &y);
	return 0;
}

static void _print_step(const diff_t *diff, const step_t *step, text_t *out)
{
	const line_t *line = (step->mark == '+')
				     ? &diff->new.lines[step->new_line]
				     : &diff->old.lines[step->old_line];

	text_add_bytes(out, &step->mark, 1);
	text_add_bytes(out, line->at, line->length);
	text_add(out, line->open ? "\n\\ No newline at end of file\n" : "\n");
}

/* Steps from one to another are one hunk */
static void _print_hunk(const diff_t *diff, size_t from, size_t to, text_t *out)
{
	const step_t *first = &diff->steps[from];
	size_t old_count = 0, new_count = 0;

	for (size_t i = from; i < to; i++) {
		old_count += (diff->steps[i].mark != '+');
		new_count += (diff->steps[i].mark != '-');
	}
	text_add(out, "@@ -%zu,%zu +%zu,%zu @@\n",
		 first->old_line + (old_count != 0), old_count,
		 first->new_line + (new_count != 0), new_count);
	for (size_t i = from; i < to; i++)
		_print_step(diff, &diff->steps[i], out);
}

/* The next changed step from a place on; step_count: none */
static size_t _next_change(const diff_t *diff, size_t from)
{
	while (from < diff->step_count && diff->steps[from].mark == ' ')
		from++;
	return from;
}

static void _print_hunks(const diff_t *diff, text_t *out)
{
	size_t at = _next_change(diff, 0);

	while (at < diff->step_count) {
		size_t from = (at > CONTEXT) ? at - CONTEXT : 0, to = at, next;

		for (next = at;
		     next < diff->step_count && next <= to + 2 * CONTEXT + 1;
		     next = _next_change(diff, next + 1))
			to = next;
		to = (to + 1 + CONTEXT < diff->step_count) ? to + 1 + CONTEXT
							   : diff->step_count;
		_print_hunk(diff, from, to, out);
		at = next;
	}
}

extern char *diff_unified(const char *old_name, const char *old_text,
			  const char *new_name, const char *new_text,
			  neuron_error_t *err)
{
	diff_t diff = {.step_count = 0};
	text_t out = {.length = 0};
	char *result = NULL;

	if (!_split(old_text ? old_text : "", &diff.old) &&
	    !_split(new_text, &diff.new) && !_compare(&diff)) {
		if (_next_change(&diff, 0) < diff.step_count)
			text_add(&out, "--- %s\n+++ %s\n",
				 old_text ? old_name : "/dev/null", new_name);
		_print_hunks(&diff, &out);
		result = text_take(&out);
	}
	free(diff.old.lines);
	free(diff.new.lines);
	free(diff.steps);
	if (!result)
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	return result;
}
