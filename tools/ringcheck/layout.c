/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "member.h"

#define NODES_MAX 65536
#define DIGITS_MAX 9
/* Room for " and 65536 more" */
#define MORE_MAX 20

typedef struct {
	nodeset_each_t each;
	void *arg;
	uint32_t count;
	char name[MEMBER_NAME_MAX]; /* so far */
} expansion_t;

static int _malformed(void)
{
	errno = EINVAL;
	return -1;
}

static int _give(expansion_t *expansion, int length)
{
	if (!length || (++expansion->count > NODES_MAX))
		return _malformed();
	return expansion->each(expansion->name, expansion->arg);
}

/* Decimal digits; RET how many, 0: none or too many */
static int _digits(const char *text, uint32_t *number)
{
	int count = 0;

	for (*number = 0; (text[count] >= '0') && (text[count] <= '9'); count++)
		if (count < DIGITS_MAX)
			*number = *number * 10 + (uint32_t) (text[count] - '0');
	return (count <= DIGITS_MAX) ? count : 0;
}

static int _expand_part(expansion_t *expansion, size_t used, const char *text,
			const char *end);

/* "1-4" or "07", each followed by what is behind the bracket */
static const char *_expand_run(expansion_t *expansion, size_t used,
			       const char *text, const char *behind,
			       const char *end)
{
	uint32_t from, to;
	int width = _digits(text, &from), to_width;

	if (!width)
		return NULL;
	text += width;
	to = from;
	if (*text == '-') {
		if (!(to_width = _digits(text + 1, &to)) || (to < from))
			return NULL;
		text += 1 + to_width;
	}
	for (; from <= to; from++) {
		size_t room = sizeof(expansion->name) - used;
		int length = snprintf(expansion->name + used, room, "%0*u",
				      width, from);

		if (((size_t) length >= room) ||
		    _expand_part(expansion, used + (size_t) length, behind,
				 end))
			return NULL;
	}
	return text;
}

/* The rest of one name, from text to end, behind what is in name already */
static int _expand_part(expansion_t *expansion, size_t used, const char *text,
			const char *end)
{
	size_t length = strcspn(text, "[],");
	const char *behind;

	if (length > (size_t) (end - text))
		length = (size_t) (end - text);
	if (used + length >= sizeof(expansion->name))
		return _malformed();
	memcpy(expansion->name + used, text, length);
	used += length;
	expansion->name[used] = '\0';
	text += length;
	if (text == end)
		return _give(expansion, (int) used);
	if ((*text != '[') ||
	    !(behind = memchr(text, ']', (size_t) (end - text))))
		return _malformed();
	do {
		errno = EINVAL;
		text = _expand_run(expansion, used, text + 1, behind + 1, end);
		if (!text)
			return -1;
	} while (*text == ',');
	return (text == behind) ? 0 : _malformed();
}

/* A comma inside a bracket does not end a name */
static const char *_name_end(const char *text)
{
	bool inside = false;

	for (; *text && (inside || (*text != ',')); text++) {
		if (*text == '[')
			inside = true;
		else if (*text == ']')
			inside = false;
	}
	return text;
}

extern int layout_expand(const char *text, nodeset_each_t each, void *arg)
{
	expansion_t expansion = {.each = each, .arg = arg};

	while (text && *text) {
		const char *end = _name_end(text);

		if (_expand_part(&expansion, 0, text, end))
			return -1;
		if (*end && !end[1])
			return _malformed();
		text = end + (*end == ',');
	}
	return 0;
}

struct layout {
	uint32_t world;
	uint32_t count;
	char (*names)[MEMBER_NAME_MAX];
	uint32_t *ends; /* of each node: its last rank + 1 */
};

static int _add_node(const char *name, void *arg)
{
	layout_t *layout = arg;

	/* a node without a task of this step is no node of it */
	if (layout->count == layout->world)
		return -1;
	snprintf(layout->names[layout->count++], MEMBER_NAME_MAX, "%s", name);
	return 0;
}

/* "2(x3),1" into ends */
static int _deal(layout_t *layout, const char *text)
{
	uint32_t node = 0, rank = 0, tasks, times;
	int used;

	while (*text) {
		times = 1;
		if (!(used = _digits(text, &tasks)) || (tasks > layout->world))
			return -1;
		text += used;
		if (!strncmp(text, "(x", 2)) {
			if (!(used = _digits(text + 2, &times)) ||
			    (text[2 + used] != ')'))
				return -1;
			text += 3 + used;
		}
		for (; times && (node < layout->count); times--)
			layout->ends[node++] = rank += tasks;
		if (times || (rank > layout->world) || (*text && *text != ','))
			return -1;
		text += (*text == ',');
	}
	return ((rank == layout->world) && (node == layout->count)) ? 0 : -1;
}

extern layout_t *layout_create(const char *nodes, const char *tasks,
			       uint32_t world)
{
	layout_t *layout;

	if (!nodes || !tasks || !world || (world > MEMBER_WORLD_MAX) ||
	    !(layout = calloc(1, sizeof(*layout))))
		return NULL;
	layout->world = world;
	layout->names = calloc(world, sizeof(*layout->names));
	layout->ends = calloc(world, sizeof(*layout->ends));
	if (layout->names && layout->ends &&
	    !layout_expand(nodes, _add_node, layout) && !_deal(layout, tasks))
		return layout;
	layout_destroy(layout);
	return NULL;
}

extern void layout_destroy(layout_t *layout)
{
	if (!layout)
		return;
	free(layout->names);
	free(layout->ends);
	free(layout);
}

extern const char *layout_node(const layout_t *layout, uint32_t rank)
{
	uint32_t low = 0, high;

	if (!layout || (rank >= layout->world))
		return NULL;
	for (high = layout->count - 1; low < high;) {
		uint32_t middle = (low + high) / 2;

		if (layout->ends[middle] > rank)
			high = middle;
		else
			low = middle + 1;
	}
	return layout->names[low];
}

static bool _is_same(const char *one, const char *other)
{
	return (one == other) || (one && other && !strcmp(one, other));
}

static int _write_run(char *buf, size_t size, uint32_t from, uint32_t to,
		      const char *node)
{
	char ranks[32];

	if (from == to)
		snprintf(ranks, sizeof(ranks), "rank %u", from);
	else
		snprintf(ranks, sizeof(ranks), "ranks %u-%u", from, to);
	return snprintf(buf, size, "%s%s%s", ranks, node ? " on " : "",
			node ? node : "");
}

extern uint32_t layout_write(uint32_t world, layout_wanted_t wanted,
			     layout_name_t name, void *arg, char *buf,
			     size_t size)
{
	uint32_t total = 0, left = 0, rank, end;
	size_t used = 0;

	buf[0] = '\0';
	for (rank = 0; rank < world; rank = end) {
		char run[128];
		int length;

		end = rank + 1;
		if (!wanted(rank, arg))
			continue;
		while ((end < world) && wanted(end, arg) &&
		       _is_same(name(rank, arg), name(end, arg)))
			end++;
		total += end - rank;
		length = _write_run(run, sizeof(run), rank, end - 1,
				    name(rank, arg));
		if (left || (used + (size_t) length + 2 + MORE_MAX > size))
			left += end - rank;
		else
			used += (size_t) snprintf(buf + used, size - used,
						  "%s%s", used ? ", " : "",
						  run);
	}
	if (left)
		snprintf(buf + used, size - used, " and %u more", left);
	return total;
}
