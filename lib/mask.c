/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const keys[] = {MASK_KEY, MASK_SUSPECT_KEY};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Where the word stands in a Comment; start is NULL without one */
typedef struct {
	const char *start;
	const char *end;
} word_t;

/* A text that grows within bounds */
typedef struct {
	char *buf;
	size_t size;
	size_t used;
	bool full;
} sink_t;

extern void mask_init(mask_t *mask)
{
	memset(mask, 0, sizeof(*mask));
}

static bool _is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '(' && c != ')';
}

extern int mask_add(mask_t *mask, unsigned int device, const char *reason)
{
	char *to;

	if (device >= DEVSET_MAX) {
		errno = EINVAL;
		return -1;
	}
	to = mask->reasons[device];
	(void) snprintf(to, MASK_REASON_MAX, "%s", reason ? reason : "");
	for (; *to; to++) {
		if (*to == '(')
			*to = '[';
		else if (*to == ')')
			*to = ']';
		else if (!_is_plain(*to))
			*to = '?';
	}
	mask->devices |= devset_of(device);
	return 0;
}

extern void mask_remove(mask_t *mask, devset_t devices)
{
	for (int d = -1; (d = devset_next(devices, d)) >= 0;)
		mask->reasons[d][0] = '\0';
	mask->devices &= ~devices;
}

/*
 * Reading
 */

/* Where it is read, what of, and where sentences go */
typedef struct {
	const char *key;
	neuron_error_t *err;
} parse_t;

static int _refuse(const parse_t *parse, const char *at, const char *why)
{
	return neuron_error_set(
		parse->err, EINVAL,
		"%s in the node's Comment: \"%.40s\": %s; write "
		"for example %s5(why),7 or take the word away",
		parse->key, at, why, parse->key);
}

/* RET 0; -1: not a number from 0 to 63 */
static int _index(const char **at, unsigned int *index)
{
	unsigned int value = 0, digits = 0;

	for (; **at >= '0' && **at <= '9' && digits < 3; (*at)++, digits++)
		value = value * 10 + (unsigned int) (**at - '0');
	*index = value;
	return (digits && digits < 3 && value < DEVSET_MAX) ? 0 : -1;
}

static int _reason(const parse_t *parse, const char **at, char *reason)
{
	const char *from = *at;
	size_t length = 0;

	reason[0] = '\0';
	if (*from != '(')
		return 0;
	while (_is_plain(from[1 + length]))
		length++;
	if (from[1 + length] != ')')
		return _refuse(parse, from,
			       "a reason is printable ASCII between ( and )");
	if (length >= MASK_REASON_MAX)
		return _refuse(parse, from, "this reason is too long");
	memcpy(reason, from + 1, length);
	reason[length] = '\0';
	*at = from + length + 2;
	return 0;
}

static int _item(const parse_t *parse, const char **at, mask_t *mask)
{
	const char *from = *at;
	unsigned int first, last;
	char reason[MASK_REASON_MAX];
	devset_t set;

	if (_index(at, &first))
		return _refuse(parse, from,
			       "a device is a number from 0 to 63");
	last = first;
	if (**at == '-') {
		(*at)++;
		if (_index(at, &last) || last < first)
			return _refuse(parse, from,
				       "a range is two numbers from 0 to 63, "
				       "the lower one first");
	}
	set = devset_run(first, last - first + 1);
	if (mask->devices & set)
		return _refuse(parse, from, "a device stands there twice");
	if (_reason(parse, at, reason))
		return -1;
	for (unsigned int d = first; d <= last; d++)
		(void) mask_add(mask, d, reason);
	return 0;
}

static bool _ends(char c)
{
	return !c || c == ' ' || c == ';';
}

/* Behind a word: blanks and ";" in its reasons do not end it */
static const char *_behind(const char *at)
{
	for (; !_ends(*at); at++) {
		const char *close = (*at == '(') ? strpbrk(at + 1, "()") : NULL;

		if (close && *close == ')')
			at = close;
	}
	return at;
}

/* The next word that has a key, from the start of a word on */
static const char *_find(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (*text) {
		bool ours = false;

		if (!strncmp(text, key, length))
			return text;
		for (size_t i = 0; i < KEYS; i++)
			ours |= !strncmp(text, keys[i], strlen(keys[i]));
		if (ours)
			text = _behind(text);
		while (!_ends(*text))
			text++;
		text += !!*text;
	}
	return NULL;
}

static int _items(const parse_t *parse, word_t *word, mask_t *mask)
{
	const char *at = word->start + strlen(parse->key);

	do {
		if (_item(parse, &at, mask))
			return -1;
	} while (*at == ',' && *(++at));
	if (!_ends(*at) || at[-1] == ',')
		return _refuse(parse, (at[-1] == ',') ? at - 1 : at,
			       "this cannot stand here");
	word->end = at;
	return 0;
}

static int _read(const parse_t *parse, const char *comment, word_t *word,
		 mask_t *mask)
{
	const char *second;

	mask_init(mask);
	*word = (word_t){NULL, NULL};
	if (!comment)
		return 0;
	if (strnlen(comment, MASK_COMMENT_MAX) == MASK_COMMENT_MAX)
		return neuron_error_set(parse->err, EINVAL,
					"the node's Comment is longer than %d "
					"bytes: shorten it",
					MASK_COMMENT_MAX - 1);
	word->start = _find(comment, parse->key);
	if (!word->start)
		return 0;
	if (_items(parse, word, mask))
		return -1;
	second = *word->end ? _find(word->end + 1, parse->key) : NULL;
	if (second)
		return _refuse(parse, second, "the word stands there twice");
	return 0;
}

extern int mask_decode_key(const char *key, const char *comment, mask_t *mask,
			   neuron_error_t *err)
{
	parse_t parse = {.key = key, .err = err};
	mask_t read;
	word_t word;

	if (_read(&parse, comment, &word, &read))
		return -1;
	*mask = read;
	return 0;
}

extern int mask_decode(const char *comment, mask_t *mask, neuron_error_t *err)
{
	return mask_decode_key(MASK_KEY, comment, mask, err);
}

/*
 * Writing
 */

static void _put(sink_t *sink, const char *text, size_t length)
{
	if (sink->used + length + 1 > sink->size) {
		sink->full = true;
		return;
	}
	memcpy(sink->buf + sink->used, text, length);
	sink->used += length;
	sink->buf[sink->used] = '\0';
}

static int _finish(const sink_t *sink, neuron_error_t *err)
{
	if (!sink->full)
		return (int) sink->used;
	if (sink->size)
		sink->buf[0] = '\0';
	return neuron_error_set(err, ENOSPC,
				"the node's Comment would be longer than %zu "
				"bytes: shorten what else is in it",
				sink->size ? sink->size - 1 : 0);
}

/* The last of the devices from first on that have the same reason */
static int _last_alike(const mask_t *mask, int first)
{
	int last = first;

	while (devset_next(mask->devices, last) == last + 1 &&
	       !strcmp(mask->reasons[first], mask->reasons[last + 1]))
		last++;
	return last;
}

static void _put_items(sink_t *sink, const mask_t *mask)
{
	int last = -1;

	for (int d = -1; (d = devset_next(mask->devices, d)) >= 0; d = last) {
		char text[32];
		int n;

		last = _last_alike(mask, d);
		n = snprintf(
			text, sizeof(text), (last > d) ? "%s%d-%d" : "%s%d",
			sink->used && sink->buf[sink->used - 1] != '=' ? ","
								       : "",
			d, last);
		_put(sink, text, (size_t) n);
		if (!mask->reasons[d][0])
			continue;
		_put(sink, "(", 1);
		_put(sink, mask->reasons[d], strlen(mask->reasons[d]));
		_put(sink, ")", 1);
	}
}

extern int mask_text(const mask_t *mask, char *buf, size_t size,
		     neuron_error_t *err)
{
	sink_t sink = {.buf = buf, .size = size};

	_put(&sink, "", 0);
	_put_items(&sink, mask);
	return _finish(&sink, err);
}

extern int mask_encode_key(const char *key, const mask_t *mask,
			   const char *comment, char *buf, size_t size,
			   neuron_error_t *err)
{
	parse_t parse = {.key = key, .err = err};
	sink_t sink = {.buf = buf, .size = size};
	const char *rest = "";
	size_t before;
	mask_t old;
	word_t word;

	if (_read(&parse, comment, &word, &old))
		return -1;
	before = comment ? strlen(comment) : 0;
	if (word.start) {
		before = (size_t) (word.start - comment);
		rest = word.end;
	}
	_put(&sink, comment ? comment : "", before);
	if (mask->devices) {
		if (before && !word.start)
			_put(&sink, " ", 1);
		_put(&sink, key, strlen(key));
		_put_items(&sink, mask);
	} else if (word.start && *rest == ' ') {
		rest++;
	} else if (word.start && before && comment[before - 1] == ' ') {
		buf[--sink.used] = '\0';
	}
	_put(&sink, rest, strlen(rest));
	return _finish(&sink, err);
}

extern int mask_encode(const mask_t *mask, const char *comment, char *buf,
		       size_t size, neuron_error_t *err)
{
	return mask_encode_key(MASK_KEY, mask, comment, buf, size, err);
}

extern devset_t mask_efas(const profile_t *profile, devset_t devices)
{
	unsigned int count = profile_efa_count(profile);
	devset_t efas = 0;

	for (unsigned int e = 0; e < count; e++) {
		if (!(profile_devices_of_efa(profile, e) & ~devices))
			efas |= devset_of(e);
	}
	return efas;
}
