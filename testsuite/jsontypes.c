/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jsontypes: the members of the JSON object on standard input, as the manual
 * writes them.
 *
 *	jsontypes	a line "PATH TYPE" for each that occurs, such as
 *			"nodes[].devices[] number"; TYPE is string, number,
 *			boolean, object, array or null
 *
 * A list counts by its members, an empty one is "PATH[] none". Exit status 1:
 * the input is no JSON object.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX (64 * 1024 * 1024)
#define PATH_SIZE 1024

static const char *_type(json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_int:
	case json_type_double:
		return "number";
	case json_type_string:
		return "string";
	case json_type_boolean:
		return "boolean";
	case json_type_object:
		return "object";
	case json_type_array:
		return "array";
	default:
		return "null";
	}
}

static void _walk(json_object *value, const char *path);

static void _members(json_object *object, const char *path)
{
	json_object_object_foreach(object, key, value)
	{
		char below[PATH_SIZE];

		snprintf(below, sizeof(below), "%s%s%s", path,
			 path[0] ? "." : "", key);
		_walk(value, below);
	}
}

static void _walk(json_object *value, const char *path)
{
	if (json_object_is_type(value, json_type_array)) {
		size_t count = json_object_array_length(value);
		char below[PATH_SIZE];

		snprintf(below, sizeof(below), "%s[]", path);
		if (!count)
			printf("%s none\n", below);
		for (size_t i = 0; i < count; i++)
			_walk(json_object_array_get_idx(value, i), below);
		return;
	}
	printf("%s %s\n", path, _type(value));
	if (json_object_is_type(value, json_type_object))
		_members(value, path);
}

int main(void)
{
	static char text[INPUT_MAX];
	size_t length = fread(text, 1, sizeof(text) - 1, stdin);
	json_object *all;

	text[length] = '\0';
	all = json_tokener_parse(text);
	if (!json_object_is_type(all, json_type_object)) {
		fprintf(stderr, "jsontypes: this is no JSON object\n");
		return 1;
	}
	_members(all, "");
	json_object_put(all);
	return 0;
}
