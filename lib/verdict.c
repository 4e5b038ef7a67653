/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <stdio.h>
#include <string.h>

/* "; and 64 more" */
#define ROOM_FOR_MORE 16

extern void verdict_init(verdict_t *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
}

extern void verdict_device(verdict_t *verdict, unsigned int device,
			   const char *why)
{
	devset_t bit = devset_of(device);

	if (!bit || (verdict->bad & bit))
		return;
	verdict->bad |= bit;
	(void) snprintf(verdict->why[device].text,
			sizeof(verdict->why[device].text), "%s", why);
}

extern void verdict_other(verdict_t *verdict, const char *why)
{
	if (!verdict->other.text[0])
		(void) snprintf(verdict->other.text,
				sizeof(verdict->other.text), "%s", why);
}

extern bool verdict_is_good(const verdict_t *verdict)
{
	return !verdict->bad && !verdict->other.text[0];
}

/* RET false: it does not fit */
static bool _append(char *buf, size_t size, const char *text)
{
	size_t used = strlen(buf);
	size_t need = strlen(text) + (used ? 2 : 0);

	if (used + need + ROOM_FOR_MORE >= size)
		return false;
	(void) snprintf(buf + used, size - used, "%s%s", used ? "; " : "",
			text);
	return true;
}

extern int verdict_line(const verdict_t *verdict, char *buf, size_t size)
{
	unsigned int left = 0;

	if (!size)
		return 0;
	buf[0] = '\0';
	for (int d = -1; (d = devset_next(verdict->bad, d)) >= 0;)
		left += !_append(buf, size, verdict->why[d].text);
	if (verdict->other.text[0])
		left += !_append(buf, size, verdict->other.text);
	if (left && strlen(buf) + ROOM_FOR_MORE < size) {
		size_t used = strlen(buf);

		(void) snprintf(buf + used, size - used, "%s%u more",
				used ? "; and " : "", left);
	}
	return (int) strlen(buf);
}
