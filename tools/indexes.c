/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "indexes.h"

#include <stdio.h>
#include <string.h>

extern void indexes_of(const char *detail, const char *name, char *text,
		       size_t size)
{
	size_t length = strlen(name);
	const char *start = detail;

	text[0] = '\0';
	while (start && (strncmp(start, name, length) || start[length] != ':'))
		start = ((start = strstr(start, "),"))) ? start + 2 : NULL;
	start = start ? strstr(start, "(IDX:") : NULL;
	if (!start)
		return;
	start += strlen("(IDX:");
	length = strcspn(start, ")");
	if (length < size)
		snprintf(text, size, "%.*s", (int) length, start);
}
