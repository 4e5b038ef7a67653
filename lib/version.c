/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"

static int _refuse(const char *text, const char *wrong, neuron_error_t *err)
{
	return neuron_error_set(
		err, EINVAL,
		"\"%.80s\" is no version: %s; it must begin like 2.27.4", text,
		wrong);
}

/* The number at a place, which is moved behind it; RET -1: there is none, or it
 * is too large */
static int _number(const char **at, uint32_t *number)
{
	const char *text = *at;

	*number = 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint32_t digit = (uint32_t) (*text - '0');

		if (*number > (VERSION_PART_MAX - digit) / 10)
			return -1;
		*number = *number * 10 + digit;
	}
	if (text == *at)
		return -1;
	*at = text;
	return 0;
}

static bool _is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

extern int version_decode(const char *text, version_t *version,
			  neuron_error_t *err)
{
	version_t found = {.count = 0};
	const char *at = text;

	if (strnlen(text, VERSION_TEXT_MAX) >= VERSION_TEXT_MAX)
		return _refuse(text, "it is too long", err);
	if (!_is_plain(text))
		return neuron_error_set(
			err, EINVAL,
			"a version holds a blank or no ASCII; it must begin like 2.27.4");
	do {
		if (found.count == VERSION_PARTS_MAX)
			return _refuse(text, "it has too many numbers", err);
		if (_number(&at, &found.parts[found.count]))
			return _refuse(text,
				       strspn(at, DIGITS)
					       ? "a number is too large"
					       : "a number is missing",
				       err);
		found.count++;
	} while (*at == '.' && at++);
	*version = found;
	return 0;
}

extern int version_encode(const version_t *version, unsigned int parts,
			  char *buf, size_t size)
{
	size_t used = 0;

	if (!parts || parts > version->count)
		parts = version->count;
	if (!size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	buf[0] = '\0';
	for (unsigned int i = 0; i < parts; i++) {
		int n = snprintf(buf + used, size - used, "%s%u", i ? "." : "",
				 version->parts[i]);

		if (n < 0 || (size_t) n >= size - used)
			return neuron_error_set(NULL, ENOSPC, "no room");
		used += (size_t) n;
	}
	return (int) used;
}

static int _compare(const version_t *a, const version_t *b, unsigned int parts)
{
	for (unsigned int i = 0; i < parts; i++) {
		uint32_t x = (i < a->count) ? a->parts[i] : 0;
		uint32_t y = (i < b->count) ? b->parts[i] : 0;

		if (x != y)
			return (x < y) ? -1 : 1;
	}
	return 0;
}

extern int version_compare(const version_t *a, const version_t *b)
{
	return _compare(a, b, VERSION_PARTS_MAX);
}

/* "<=" before "<" */
static const struct {
	const char *sign;
	version_relation_t relation;
} signs[] = {
	{"<=", VERSION_UP_TO}, {"<", VERSION_BELOW}, {">=", VERSION_FROM},
	{">", VERSION_ABOVE},  {"=", VERSION_EQUAL},
};

#define SIGN_COUNT (sizeof(signs) / sizeof(signs[0]))

static int _refuse_range(const char *text, neuron_error_t *err)
{
	return neuron_error_set(
		err, EINVAL,
		"\"%.80s\" is no range of versions; it must be like \"<2.33\", \"=2.26\" or \">=2.29 <2.31\"",
		text);
}

/* One comparison, which ends at a blank or the end and has nothing but numbers
 */
static int _term(const char *text, size_t length, version_range_t *range)
{
	char word[VERSION_TEXT_MAX];
	size_t at = 0;

	if (length >= sizeof(word) || range->count == VERSION_RANGE_MAX)
		return -1;
	memcpy(word, text, length);
	word[length] = '\0';
	for (size_t i = 0; i < SIGN_COUNT && !at; i++) {
		size_t sign = strlen(signs[i].sign);

		if (!strncmp(word, signs[i].sign, sign)) {
			range->terms[range->count].relation = signs[i].relation;
			at = sign;
		}
	}
	if (!at || strspn(word + at, DIGITS ".") != length - at ||
	    version_decode(word + at, &range->terms[range->count].version,
			   NULL))
		return -1;
	range->count++;
	return 0;
}

extern int version_range_decode(const char *text, version_range_t *range,
				neuron_error_t *err)
{
	version_range_t found = {.count = 0};

	for (const char *at = text + strspn(text, " "); *at;
	     at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (_term(at, length, &found))
			return _refuse_range(text, err);
		at += length;
	}
	if (!found.count)
		return _refuse_range(text, err);
	*range = found;
	return 0;
}

static bool _holds(version_relation_t relation, int order)
{
	switch (relation) {
	case VERSION_BELOW:
		return order < 0;
	case VERSION_UP_TO:
		return order <= 0;
	case VERSION_EQUAL:
		return order == 0;
	case VERSION_FROM:
		return order >= 0;
	case VERSION_ABOVE:
		return order > 0;
	}
	return false;
}

extern bool version_range_has(const version_range_t *range,
			      const version_t *version)
{
	for (unsigned int i = 0; i < range->count; i++) {
		const version_t *bound = &range->terms[i].version;

		if (!_holds(range->terms[i].relation,
			    _compare(version, bound, bound->count)))
			return false;
	}
	return true;
}
