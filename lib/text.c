/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256

/* Room for more bytes and a null byte */
static bool _reserve(text_t *text, size_t more)
{
	size_t size = text->size ? text->size : FIRST_SIZE;
	char *grown;

	if (text->failed)
		return false;
	while (size - text->length <= more)
		size *= 2;
	if (text->text && size == text->size)
		return true;
	grown = realloc(text->text, size);
	if (!grown) {
		text->failed = true;
		return false;
	}
	text->text = grown;
	text->size = size;
	return true;
}

extern void text_add_bytes(text_t *text, const char *bytes, size_t length)
{
	if (!_reserve(text, length))
		return;
	memcpy(text->text + text->length, bytes, length);
	text->length += length;
	text->text[text->length] = '\0';
}

extern void text_add(text_t *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !_reserve(text, (size_t) n)) {
		text->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void) vsnprintf(text->text + text->length, (size_t) n + 1, fmt, ap);
	va_end(ap);
	text->length += (size_t) n;
}

extern char *text_take(text_t *text)
{
	char *taken;

	text_add_bytes(text, "", 0);
	if (text->failed) {
		text_release(text);
		errno = ENOMEM;
		return NULL;
	}
	taken = text->text;
	*text = (text_t){0};
	return taken;
}

extern void text_release(text_t *text)
{
	free(text->text);
	*text = (text_t){0};
}
