/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jsonget: a member of the JSON object on standard input.
 *
 *	jsonget KEY...	KEY of the object, of that ...; a number in a list
 *
 * A string is printed without quotes, anything else as JSON. Exit status 1:
 * there is no such member, or the input is no JSON.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (64 * 1024 * 1024)

static json_object *_read(void)
{
	static char text[INPUT_MAX];
	size_t length = fread(text, 1, sizeof(text) - 1, stdin);

	text[length] = '\0';
	return json_tokener_parse(text);
}

/* RET false: there is no such member; JSON's null is NULL */
static bool _enter(json_object **value, const char *key)
{
	size_t index = strtoul(key, NULL, 10);

	if (!json_object_is_type(*value, json_type_array))
		return *value && json_object_object_get_ex(*value, key, value);
	if (index >= json_object_array_length(*value))
		return false;
	*value = json_object_array_get_idx(*value, index);
	return true;
}

int main(int argc, char **argv)
{
	json_object *value = _read();

	bool found = (value != NULL);

	for (int i = 1; found && (i < argc); i++)
		found = _enter(&value, argv[i]);
	if (!found)
		return 1;
	puts(json_object_is_type(value, json_type_string)
		     ? json_object_get_string(value)
		     : json_object_to_json_string_ext(
			       value, JSON_C_TO_STRING_NOSLASHESCAPE));
	return 0;
}
