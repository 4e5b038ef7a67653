/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Longest piece of a refused value that a sentence quotes */
#define QUOTE_MAX 80
#define RIGHT_MAX 256

extern int reader_refuse(const reader_t *reader, json_object *value,
			 const char *path, const char *right)
{
	const char *text =
		json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
	bool cut = text && strlen(text) > QUOTE_MAX;

	return neuron_error_set(reader->err, EINVAL,
				"%.200s: %s is %.*s%s; it must be %s",
				reader->origin, path, QUOTE_MAX,
				text ? text : "?", cut ? "..." : "", right);
}

extern unsigned int reader_line(const char *text, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < offset && text[i]; i++)
		line += (text[i] == '\n');
	return line;
}

/* IN start - where the tokener began */
static int _refuse_syntax(const reader_t *reader, const char *text,
			  size_t start, json_tokener *tokener)
{
	enum json_tokener_error error = json_tokener_get_error(tokener);
	size_t offset = start + json_tokener_get_parse_end(tokener);

	return neuron_error_set(reader->err, EINVAL,
				"%.200s:%u: this is not JSON: %s",
				reader->origin, reader_line(text, offset),
				(error == json_tokener_continue)
					? "unexpected end of data"
					: json_tokener_error_desc(error));
}

extern json_object *reader_parse(const reader_t *reader, const char *text)
{
	size_t length = strlen(text);
	json_tokener *tokener;
	json_object *root;

	if (length >= INT_MAX) {
		neuron_error_set(reader->err, EINVAL,
				 "%.200s: the text is too big", reader->origin);
		return NULL;
	}
	tokener = json_tokener_new_ex(READER_DEPTH_MAX);
	if (!tokener) {
		neuron_error_set(reader->err, ENOMEM, "out of memory");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
						JSON_TOKENER_VALIDATE_UTF8);
	/* The null byte tells the parser that nothing follows */
	root = json_tokener_parse_ex(tokener, text, (int) length + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(root);
		root = NULL;
		_refuse_syntax(reader, text, 0, tokener);
	} else if (!root) {
		neuron_error_set(
			reader->err, EINVAL,
			"%.200s: the text is null; it must be an object",
			reader->origin);
	}
	json_tokener_free(tokener);
	return root;
}

extern json_object *reader_next(const reader_t *reader, const char *text,
				size_t length, size_t *offset)
{
	size_t start = *offset + strspn(text + *offset, " \t\r\n");
	json_tokener *tokener;
	json_object *root;
	size_t size;

	if (start >= length) {
		errno = ENOENT;
		return NULL;
	}
	/* The null byte tells the parser that nothing follows */
	size = length - start + 1;
	if (size > READER_TEXT_MAX)
		size = READER_TEXT_MAX;
	tokener = json_tokener_new_ex(READER_DEPTH_MAX);
	if (!tokener) {
		neuron_error_set(reader->err, ENOMEM, "out of memory");
		return NULL;
	}
	json_tokener_set_flags(
		tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
				 JSON_TOKENER_ALLOW_TRAILING_CHARS);
	root = json_tokener_parse_ex(tokener, text + start, (int) size);
	*offset = start + json_tokener_get_parse_end(tokener);
	if (*offset > length)
		*offset = length;
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(root);
		root = NULL;
		_refuse_syntax(reader, text, start, tokener);
	} else if (!root) {
		neuron_error_set(
			reader->err, EINVAL,
			"%.200s:%u: this is null; it must be an object",
			reader->origin, reader_line(text, start));
	}
	json_tokener_free(tokener);
	return root;
}

/* RET the last entry when the key is not in the table */
static const field_t *_find(const field_t *fields, const char *key)
{
	while (fields->key && strcmp(fields->key, key))
		fields++;
	return fields;
}

/* IN/OUT path - a key from the text: its odd characters become '?' */
static int _refuse_key(const reader_t *reader, const field_t *fields,
		       char *path)
{
	char known[RIGHT_MAX];
	size_t used = 0;

	for (char *at = path; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	known[0] = '\0';
	for (; fields->key && used < sizeof(known); fields++) {
		int n = snprintf(known + used, sizeof(known) - used, "%s%s",
				 used ? ", " : "", fields->key);

		used += (n > 0) ? (size_t) n : sizeof(known);
	}
	return neuron_error_set(
		reader->err, EINVAL,
		"%.200s: %.*s is not a key; the keys here are %s",
		reader->origin, QUOTE_MAX, path, known);
}

static int _member(const reader_t *reader, const field_t *fields,
		   const char *key, json_object *value, const char *path,
		   void *target)
{
	char below[READER_PATH_MAX];
	const field_t *field = _find(fields, key);

	(void) snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "",
			key);
	if (!field->key)
		return field->optional ? 0 : _refuse_key(reader, fields, below);
	if (!value && field->nullable)
		return 0;
	return field->read(reader, field, value, below, target);
}

static int _missing(const reader_t *reader, const field_t *fields,
		    json_object *value, const char *path)
{
	for (; fields->key; fields++) {
		if (!fields->optional &&
		    !json_object_object_get_ex(value, fields->key, NULL))
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: %s%s%s is missing; it must be there",
				reader->origin, path, *path ? "." : "",
				fields->key);
	}
	return 0;
}

extern int reader_object(const reader_t *reader, const field_t *fields,
			 json_object *value, const char *path, void *target)
{
	if (!json_object_is_type(value, json_type_object))
		return reader_refuse(reader, value, *path ? path : "the text",
				     "an object");
	json_object_object_foreach(value, key, member)
	{
		if (_member(reader, fields, key, member, path, target))
			return -1;
	}
	return _missing(reader, fields, value, path);
}

extern int reader_below(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	return reader_object(reader, field->fields, value, path, target);
}

extern int reader_number(const reader_t *reader, json_object *value,
			 const char *path, uint32_t min, uint32_t max,
			 uint32_t *number)
{
	char right[RIGHT_MAX];
	int64_t given = json_object_get_int64(value);

	if (json_object_is_type(value, json_type_int) && given >= min &&
	    given <= max) {
		*number = (uint32_t) given;
		return 0;
	}
	(void) snprintf(right, sizeof(right), "a whole number from %u to %u",
			min, max);
	return reader_refuse(reader, value, path, right);
}

extern int reader_uint(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	uint32_t number;

	if (reader_number(reader, value, path, field->min, field->max, &number))
		return -1;
	memcpy((char *) target + field->offset, &number, sizeof(number));
	return 0;
}

static bool _text_fits(const field_t *field, const char *text, size_t length)
{
	if (length < field->min || length > field->max ||
	    length != strlen(text))
		return false;
	if (field->allowed)
		return strspn(text, field->allowed) == length;
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

extern int reader_text(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	char right[RIGHT_MAX];
	const char *text;
	size_t length;

	if (json_object_is_type(value, json_type_string)) {
		text = json_object_get_string(value);
		length = (size_t) json_object_get_string_len(value);
		if (text && _text_fits(field, text, length)) {
			if (target)
				memcpy((char *) target + field->offset, text,
				       length + 1);
			return 0;
		}
	}
	(void) snprintf(right, sizeof(right),
			"a text of %u to %u characters out of %s", field->min,
			field->max,
			field->allowed ? field->allowed : "printable ASCII");
	return reader_refuse(reader, value, path, right);
}

extern int reader_array(const reader_t *reader, const field_t *field,
			json_object *value, const char *path)
{
	char right[RIGHT_MAX];

	if (json_object_is_type(value, json_type_array)) {
		size_t length = json_object_array_length(value);

		if (length >= field->min && length <= field->max)
			return (int) length;
	}
	(void) snprintf(right, sizeof(right), "a list of %u to %u elements",
			field->min, field->max);
	return reader_refuse(reader, value, path, right);
}

extern int reader_notes(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	static const field_t note = {.min = 1, .max = 500};
	int length = reader_array(reader, field, value, path);

	(void) target;
	for (int i = 0; i < length; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_text(reader, &note,
				json_object_array_get_idx(value, (size_t) i),
				below, NULL))
			return -1;
	}
	return (length < 0) ? -1 : 0;
}
