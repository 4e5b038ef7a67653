/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PIECE_MIN 64
#define PIECE_MAX 16384

/* Memory that names lie in, one behind the other: they are never removed */
typedef struct _piece {
	struct _piece *next;
	size_t size;
	size_t used;
	char bytes[];
} _piece_t;

struct names {
	_piece_t *pieces; /* the last one first */
	const char **list;
	uint32_t count;
	uint32_t *slots; /* numbers; NAMES_NONE: empty */
	uint32_t size; /* of slots, a power of two above 2 * count */
};

/* FNV-1a */
static uint32_t _hash(const char *text)
{
	uint32_t hash = 2166136261U;

	for (; *text; text++)
		hash = (hash ^ (unsigned char) *text) * 16777619U;
	return hash;
}

/* The slot of a name, or the empty one where it would go */
static uint32_t *_slot(const names_t *names, const char *name)
{
	uint32_t at = _hash(name) & (names->size - 1);

	while (names->slots[at] != NAMES_NONE &&
	       strcmp(names->list[names->slots[at]], name))
		at = (at + 1) & (names->size - 1);
	return &names->slots[at];
}

static int _resize(names_t *names, uint32_t size)
{
	uint32_t *slots = malloc(size * sizeof(*slots));
	const char **list = realloc(names->list, size / 2 * sizeof(*list));

	if (list)
		names->list = list;
	if (!slots || !list) {
		free(slots);
		errno = ENOMEM;
		return -1;
	}
	free(names->slots);
	names->slots = slots;
	names->size = size;
	for (uint32_t i = 0; i < size; i++)
		slots[i] = NAMES_NONE;
	for (uint32_t i = 0; i < names->count; i++)
		*_slot(names, names->list[i]) = i;
	return 0;
}

extern names_t *names_create(void)
{
	names_t *names = calloc(1, sizeof(*names));

	if (!names || _resize(names, 64)) {
		names_destroy(names);
		errno = ENOMEM;
		return NULL;
	}
	return names;
}

extern void names_destroy(names_t *names)
{
	int errnum = errno;

	while (names && names->pieces) {
		_piece_t *piece = names->pieces;

		names->pieces = piece->next;
		free(piece);
	}
	if (names) {
		free(names->list);
		free(names->slots);
	}
	free(names);
	errno = errnum;
}

extern uint32_t names_find(const names_t *names, const char *name)
{
	return *_slot(names, name);
}

static char *_copy(names_t *names, const char *name)
{
	_piece_t *piece = names->pieces;
	size_t size = strlen(name) + 1;
	char *copy;

	if (!piece || piece->size - piece->used < size) {
		size_t room = piece ? 2 * piece->size : PIECE_MIN;

		room = (room > PIECE_MAX) ? PIECE_MAX : room;
		room = (room < size) ? size : room;
		if (!(piece = malloc(sizeof(*piece) + room)))
			return NULL;
		*piece = (_piece_t){.next = names->pieces, .size = room};
		names->pieces = piece;
	}
	copy = piece->bytes + piece->used;
	memcpy(copy, name, size);
	piece->used += size;
	return copy;
}

extern uint32_t names_add(names_t *names, const char *name)
{
	uint32_t found = names_find(names, name);
	const char *copy;

	if (found != NAMES_NONE)
		return found;
	if ((names->count >= names->size / 2 &&
	     _resize(names, 2 * names->size)) ||
	    !(copy = _copy(names, name))) {
		errno = ENOMEM;
		return NAMES_NONE;
	}
	*_slot(names, name) = names->count;
	names->list[names->count] = copy;
	return names->count++;
}

extern uint32_t names_count(const names_t *names)
{
	return names->count;
}

extern const char *names_at(const names_t *names, uint32_t number)
{
	return (number < names->count) ? names->list[number] : NULL;
}

static bool _is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool _is_alnum(char c)
{
	return _is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

extern bool names_is_plain(const char *name, size_t max)
{
	size_t length = strnlen(name, max + 1);

	if (length > max || !_is_alnum(name[0]))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (!_is_alnum(name[i]) && !strchr("_-.", name[i]))
			return false;
	}
	return true;
}

extern bool names_is_node(const char *name)
{
	return names_is_plain(name, NAMES_NODE_MAX) &&
	       strcasecmp(name, "ALL") && strcasecmp(name, "DEFAULT");
}

extern const char *names_quote(const char *name, char buf[NAMES_QUOTE_MAX])
{
	size_t room = NAMES_QUOTE_MAX - 4, length = strnlen(name, room);

	for (size_t i = 0; i < length; i++)
		buf[i] = (name[i] < ' ' || name[i] > '~') ? '?' : name[i];
	memcpy(buf + length, "...", 4);
	if (!name[length])
		buf[length] = '\0';
	return buf;
}

/* Numbers without leading zeros: the longer one is the greater */
static int _compare_numbers(const char **a, const char **b)
{
	size_t x, y;
	int order;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	x = strspn(*a, "0123456789");
	y = strspn(*b, "0123456789");
	order = (x != y) ? (x > y) - (x < y) : strncmp(*a, *b, x);
	*a += x;
	*b += y;
	return order;
}

extern int names_compare(const char *a, const char *b)
{
	const char *x = a, *y = b;

	while (*x && *y) {
		int order;

		if (_is_digit(*x) && _is_digit(*y))
			order = _compare_numbers(&x, &y);
		else
			order = (unsigned char) *x++ - (unsigned char) *y++;
		if (order)
			return order;
	}
	if (*x || *y)
		return *x ? 1 : -1;
	return strcmp(a, b);
}
