/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS 8
#define NAME_LENGTH_MAX 127

static uint32_t _hash(const char *value)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *value; value++)
		hash = (hash ^ (unsigned char) *value) * UINT32_C(16777619);
	return hash;
}

/*
 * Take the next entry of a record; one that is malformed is passed over.
 * OUT name - of NAME_LENGTH_MAX + 1 bytes.
 * RET where to go on; NULL: there is no other.
 */
static const char *_next(const char *at, char *name, uint32_t *hash)
{
	while (*at) {
		size_t length = strcspn(at, ",");
		size_t name_length = strcspn(at, ":,");
		const char *digits = at + name_length + 1;
		bool good = name_length && name_length <= NAME_LENGTH_MAX &&
			    length == name_length + 1 + HASH_DIGITS &&
			    strspn(digits, "0123456789abcdef") >= HASH_DIGITS;

		if (good) {
			memcpy(name, at, name_length);
			name[name_length] = '\0';
			*hash = (uint32_t) strtoul(digits, NULL, 16);
		}
		at += length + (at[length] == ',');
		if (good)
			return at;
	}
	return NULL;
}

static bool _has(const char *record, const char *name, const uint32_t *hash)
{
	char found[NAME_LENGTH_MAX + 1];
	uint32_t of;

	while ((record = _next(record, found, &of))) {
		if (!strcmp(found, name))
			return !hash || *hash == of;
	}
	return false;
}

static int _note(keep_t *keep, const char *name, const char *value)
{
	size_t used = strlen(keep->next), room = sizeof(keep->next) - used;
	int n = snprintf(keep->next + used, room, "%s%s:%08x", used ? "," : "",
			 name, (unsigned int) _hash(value));

	if (n < 0 || (size_t) n >= room) {
		keep->next[used] = '\0';
		return neuron_error_set(NULL, ENOSPC, "record full");
	}
	return 0;
}

extern void keep_start(keep_t *keep)
{
	const char *record = keep->get(KEEP_VARIABLE, keep->arg);

	keep->last[0] = keep->next[0] = '\0';
	if (record && strlen(record) < sizeof(keep->last))
		memcpy(keep->last, record, strlen(record) + 1);
}

extern bool keep_is_ours(const keep_t *keep, const char *name,
			 const char *value)
{
	uint32_t hash = _hash(value);

	return _has(keep->last, name, &hash);
}

extern int keep_set(const char *name, const char *value, void *arg)
{
	keep_t *keep = arg;
	const char *now = keep->get(name, keep->arg);

	if (!value)
		return (now && keep_is_ours(keep, name, now))
			       ? keep->set(name, NULL, keep->arg)
			       : 0;
	if (now && !keep_is_ours(keep, name, now)) {
		if (strcmp(now, value))
			keep->differs(name, now, value, keep->arg);
		return 0;
	}
	if (_note(keep, name, value))
		return -1;
	return keep->set(name, value, keep->arg);
}

extern int keep_end(keep_t *keep)
{
	char name[NAME_LENGTH_MAX + 1];
	const char *at = keep->last;
	uint32_t hash;

	while ((at = _next(at, name, &hash))) {
		if (!_has(keep->next, name, NULL) && keep_set(name, NULL, keep))
			return -1;
	}
	return keep->set(KEEP_VARIABLE, keep->next[0] ? keep->next : NULL,
			 keep->arg);
}
