/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text: a string that grows.
 *
 * Once memory ran out a text stays failed and takes no more; text_take() tells.
 */
#ifndef NEURON_TEXT_H
#define NEURON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
	char *text; /* NULL: nothing was added yet */
	size_t length;
	size_t size;
	bool failed;
} text_t;

/* Add a formatted piece */
extern void text_add(text_t *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Add bytes, which must not hold a null byte */
extern void text_add_bytes(text_t *text, const char *bytes, size_t length);
/*
 * The string, for free(), "" when nothing was added; the text is empty then.
 * RET NULL with errno ENOMEM when the text failed.
 */
extern char *text_take(text_t *text);
extern void text_release(text_t *text);

#endif
