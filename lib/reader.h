/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader: read a JSON text into a struct by a table of keys, strictly.
 *
 * A key that is not in the table, a key that is missing, a value of another
 * type and a value out of its range are refused with one sentence:
 *
 *	ORIGIN: PATH is VALUE; it must be WHAT
 *
 * PATH is like "devices[3].efa". The table says for each key which function
 * reads its value. Those functions return 0, or -1 with errno EINVAL (a
 * sentence is recorded) or ENOMEM.
 */
#ifndef NEURON_READER_H
#define NEURON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "error.h"

#define READER_PATH_MAX 96
/* Deepest nesting of objects and arrays that is read */
#define READER_DEPTH_MAX 8

/* Where the text comes from, and where sentences go (NULL: nowhere) */
typedef struct {
	const char *origin;
	neuron_error_t *err;
} reader_t;

typedef struct field field_t;
struct field {
	const char *key;
	bool optional; /* the key may be missing */
	bool nullable; /* null is allowed and leaves the member as it is */
	/* IN path - of the value; IN/OUT target - the struct to fill */
	int (*read)(const reader_t *reader, const field_t *field,
		    json_object *value, const char *path, void *target);
	size_t offset; /* of the member in the struct */
	/* range of a number; of the length of a text or array */
	uint32_t min;
	uint32_t max;
	/* characters that a text may have; NULL: all printable ASCII */
	const char *allowed;
	/* keys of an object below this key; the last has key NULL, and
	 * optional where keys that are not in the table are passed over */
	const field_t *fields;
};

/*
 * Parse a text.
 * RET its root, to be freed with json_object_put(); NULL with errno EINVAL (a
 *	syntax error is told with its line) or ENOMEM. The root may be of any
 *	type but null.
 */
extern json_object *reader_parse(const reader_t *reader, const char *text);

/* Bytes of one of several texts */
#define READER_TEXT_MAX (32 * 1024 * 1024)

/*
 * Parse the next of several texts that follow each other.
 * IN/OUT offset - where it starts; then where the next one starts.
 * RET as reader_parse(); NULL with errno ENOENT when only blanks follow.
 */
extern json_object *reader_next(const reader_t *reader, const char *text,
				size_t length, size_t *offset);
/* The line of a place in a text, from 1 */
extern unsigned int reader_line(const char *text, size_t offset);

/* Read an object. IN fields - the table, see field_t. */
extern int reader_object(const reader_t *reader, const field_t *fields,
			 json_object *value, const char *path, void *target);

/* For tables: an object whose keys fill the same struct */
extern int reader_below(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target);
/* For tables: a whole number from min to max into a uint32_t */
extern int reader_uint(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target);
/* For tables: a text of min to max characters into a char[max + 1] */
extern int reader_text(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target);
/* For tables: a list of min to max texts, read and forgotten */
extern int reader_notes(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target);

/*
 * Check that a value is an array of min to max elements.
 * RET its length; -1 with errno EINVAL.
 */
extern int reader_array(const reader_t *reader, const field_t *field,
			json_object *value, const char *path);

/*
 * The whole number in a value.
 * OUT number - untouched on failure.
 * RET 0; -1 with errno EINVAL.
 */
extern int reader_number(const reader_t *reader, json_object *value,
			 const char *path, uint32_t min, uint32_t max,
			 uint32_t *number);

/* Refuse a value. IN right - completes "it must be". RET always -1. */
extern int reader_refuse(const reader_t *reader, json_object *value,
			 const char *path, const char *right);

#endif
