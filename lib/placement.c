/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "placement.h"

/* Room for "v1 level=... left=..." and for what follows the name of a node */
#define HEAD_MAX 256
#define TAIL_MAX (2 * DEVSET_TEXT_MAX + 64)
#define QUOTE_MAX 80

struct placement {
	place_cost_t cost;
	uint32_t levels;
	placement_node_t *nodes;
	uint32_t count;
	uint32_t room;
};

extern placement_t *placement_create(const place_cost_t *cost, uint32_t levels)
{
	placement_t *placement;

	if (!cost || levels > FABRIC_LEVELS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	placement = calloc(1, sizeof(*placement));
	if (!placement) {
		errno = ENOMEM;
		return NULL;
	}
	placement->cost = *cost;
	placement->levels = levels;
	for (uint32_t i = 0; i < FABRIC_LEVELS_MAX - levels; i++)
		placement->cost.groups[i] = 0;
	return placement;
}

extern void placement_destroy(placement_t *placement)
{
	int saved = errno;

	if (!placement)
		return;
	free(placement->nodes);
	free(placement);
	errno = saved;
}

static bool _name_is_good(const char *name)
{
	size_t length = strnlen(name, PLACEMENT_NODE_NAME_MAX);

	if (!length || length == PLACEMENT_NODE_NAME_MAX)
		return false;
	for (; *name; name++)
		if (!isgraph((unsigned char) *name) || *name == ':')
			return false;
	return true;
}

extern int placement_add(placement_t *placement, const placement_node_t *node)
{
	placement_node_t *nodes;
	uint32_t room;

	if (!placement || !node || !_name_is_good(node->name) ||
	    placement->count == FABRIC_NODES_MAX)
		return neuron_error_set(NULL, EINVAL, "no such node");
	if (placement->count == placement->room) {
		room = placement->room ? 2 * placement->room : 4;
		nodes = realloc(placement->nodes, room * sizeof(*nodes));
		if (!nodes)
			return neuron_error_set(NULL, ENOMEM, "out of memory");
		placement->nodes = nodes;
		placement->room = room;
	}
	placement->nodes[placement->count++] = *node;
	return 0;
}

extern uint32_t placement_node_count(const placement_t *placement)
{
	return placement->count;
}

extern const placement_node_t *placement_node(const placement_t *placement,
					      uint32_t index)
{
	return index < placement->count ? &placement->nodes[index] : NULL;
}

extern const place_cost_t *placement_cost(const placement_t *placement)
{
	return &placement->cost;
}

/*
 * Writing
 */

/* The buffers are large enough for every number: nothing is cut */
static char *_encode_head(const placement_t *placement, char *to, size_t size)
{
	const place_cost_t *cost = &placement->cost;
	char *end = to + size;
	const char *separator = "";

	to += snprintf(to, end - to,
		       "v1 level=%" PRIu32 " us=%" PRIu32 " groups=",
		       cost->level, cost->ultraservers);
	for (uint32_t i = FABRIC_LEVELS_MAX - placement->levels;
	     i < FABRIC_LEVELS_MAX; i++) {
		to += snprintf(to, end - to, "%s%" PRIu32, separator,
			       cost->groups[i]);
		separator = "/";
	}
	to += snprintf(to, end - to, " damage=%" PRIu32 " left=%" PRIu32,
		       cost->damage, cost->left);
	return to;
}

static char *_encode_node(const placement_node_t *node, char *to, size_t size)
{
	char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX];

	(void) devset_encode(node->devices, devices, sizeof(devices));
	(void) devset_encode(node->efas, efas, sizeof(efas));
	return to + snprintf(to, size,
			     " %s:neuron=%s:efa=%s:links=%" PRIu32 "/%" PRIu32,
			     node->name, devices, efas, node->links,
			     node->links_best);
}

extern char *placement_encode(const placement_t *placement)
{
	size_t size = HEAD_MAX;
	char *text, *to;

	for (uint32_t i = 0; i < placement->count; i++)
		size += strlen(placement->nodes[i].name) + TAIL_MAX;
	if (!(text = malloc(size))) {
		errno = ENOMEM;
		return NULL;
	}
	to = _encode_head(placement, text, size);
	for (uint32_t i = 0; i < placement->count; i++)
		to = _encode_node(&placement->nodes[i], to,
				  size - (size_t) (to - text));
	to = realloc(text, (size_t) (to - text) + 1);
	return to ? to : text;
}

/*
 * Reading
 */

typedef struct {
	const char *at;
	neuron_error_t *err;
} _cursor_t;

static int _refuse(const _cursor_t *cursor, const char *right)
{
	bool cut = strnlen(cursor->at, QUOTE_MAX + 1) > QUOTE_MAX;

	return neuron_error_set(cursor->err, EINVAL,
				"placement has \"%.*s%s\" where %s must be",
				QUOTE_MAX, cursor->at, cut ? "..." : "", right);
}

static int _take_text(_cursor_t *cursor, const char *text)
{
	size_t length = strlen(text);
	char right[32];

	if (strncmp(cursor->at, text, length)) {
		snprintf(right, sizeof(right), "\"%s\"", text);
		return _refuse(cursor, right);
	}
	cursor->at += length;
	return 0;
}

static int _take_number(_cursor_t *cursor, uint32_t *number)
{
	uint64_t value = 0;
	const char *at = cursor->at;

	for (; isdigit((unsigned char) *at) && value <= UINT32_MAX; at++)
		value = 10 * value + (uint64_t) (*at - '0');
	if (at == cursor->at || value > UINT32_MAX ||
	    (cursor->at[0] == '0' && at - cursor->at > 1))
		return _refuse(cursor, "a number from 0 to 4294967295");
	cursor->at = at;
	*number = value;
	return 0;
}

static int _take_key(_cursor_t *cursor, const char *key, uint32_t *number)
{
	return _take_text(cursor, key) < 0 ? -1 : _take_number(cursor, number);
}

/* The counts come highest level first; how many tells the levels */
static int _take_groups(_cursor_t *cursor, uint32_t *groups, uint32_t *levels)
{
	uint32_t counts[FABRIC_LEVELS_MAX], count = 0;

	if (_take_text(cursor, " groups=") < 0)
		return -1;
	while (*cursor->at != ' ' || count) {
		if (count == FABRIC_LEVELS_MAX)
			return _refuse(cursor, "no further level");
		if (_take_number(cursor, &counts[count++]) < 0)
			return -1;
		if (*cursor->at != '/')
			break;
		cursor->at++;
	}
	for (uint32_t i = 0; i < count; i++)
		groups[FABRIC_LEVELS_MAX - count + i] = counts[i];
	*levels = count;
	return 0;
}

/* A set up to the colon behind it */
static int _take_set(_cursor_t *cursor, const char *key, devset_t *set)
{
	char text[DEVSET_TEXT_MAX];
	size_t length;

	if (_take_text(cursor, key) < 0)
		return -1;
	length = strcspn(cursor->at, ": ");
	if (length >= sizeof(text))
		return _refuse(cursor, "a list of indexes");
	memcpy(text, cursor->at, length);
	text[length] = '\0';
	if (devset_decode(text, DEVSET_MAX, set, NULL) < 0)
		return _refuse(cursor, "a list of indexes such as 0-3,8");
	cursor->at += length;
	return 0;
}

static int _take_node(_cursor_t *cursor, placement_node_t *node)
{
	size_t length;

	if (_take_text(cursor, " ") < 0)
		return -1;
	length = strcspn(cursor->at, ": ");
	if (length >= sizeof(node->name))
		return _refuse(cursor, "the name of a node");
	memcpy(node->name, cursor->at, length);
	node->name[length] = '\0';
	if (!_name_is_good(node->name))
		return _refuse(cursor, "the name of a node");
	cursor->at += length;
	if (_take_set(cursor, ":neuron=", &node->devices) < 0 ||
	    _take_set(cursor, ":efa=", &node->efas) < 0 ||
	    _take_key(cursor, ":links=", &node->links) < 0 ||
	    _take_key(cursor, "/", &node->links_best) < 0)
		return -1;
	return 0;
}

static int _take_nodes(_cursor_t *cursor, placement_t *placement)
{
	placement_node_t node;

	while (*cursor->at) {
		memset(&node, 0, sizeof(node));
		if (placement->count == FABRIC_NODES_MAX)
			return _refuse(cursor, "no further node");
		if (_take_node(cursor, &node) < 0)
			return -1;
		if (placement_add(placement, &node) < 0)
			return neuron_error_set(cursor->err, errno,
						"out of memory while reading "
						"a placement");
	}
	return 0;
}

static int _take_head(_cursor_t *cursor, place_cost_t *cost, uint32_t *levels)
{
	if (_take_text(cursor, "v1 ") < 0 ||
	    _take_key(cursor, "level=", &cost->level) < 0 ||
	    _take_key(cursor, " us=", &cost->ultraservers) < 0 ||
	    _take_groups(cursor, cost->groups, levels) < 0 ||
	    _take_key(cursor, " damage=", &cost->damage) < 0 ||
	    _take_key(cursor, " left=", &cost->left) < 0)
		return -1;
	if (cost->level > FABRIC_LEVELS_MAX)
		return neuron_error_set(cursor->err, EINVAL,
					"placement has level=%" PRIu32
					", which must be at most %d",
					cost->level, FABRIC_LEVELS_MAX);
	return 0;
}

extern placement_t *placement_decode(const char *text, neuron_error_t *err)
{
	_cursor_t cursor = {text, err};
	place_cost_t cost = {0};
	placement_t *placement;
	uint32_t levels = 0;

	if (!text) {
		neuron_error_set(err, EINVAL, "there is no placement to read");
		return NULL;
	}
	if (_take_head(&cursor, &cost, &levels) < 0)
		return NULL;
	if (!(placement = placement_create(&cost, levels))) {
		neuron_error_set(err, errno,
				 "out of memory while reading a placement");
		return NULL;
	}
	if (_take_nodes(&cursor, placement) < 0) {
		placement_destroy(placement);
		return NULL;
	}
	return placement;
}
