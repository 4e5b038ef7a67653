/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "duration.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FIELDS_MAX 4

static int _refuse(neuron_error_t *err)
{
	return neuron_error_set(
		err, EINVAL,
		"this is not a time of at most 366 days; write minutes, "
		"minutes:seconds, hours:minutes:seconds, days-hours, or never");
}

/* Digits at *text, which is moved behind them; RET -1 when there are none or
 * too many */
static int64_t _number(const char **text)
{
	int64_t value = 0;
	int digits = 0;

	for (; isdigit((unsigned char) **text); (*text)++, digits++) {
		if (digits == 9)
			return -1;
		value = value * 10 + (**text - '0');
	}
	return digits ? value : -1;
}

/* a:b:c as numbers; RET how many, -1 when it is something else */
static int _fields(const char *text, int64_t fields[FIELDS_MAX])
{
	int count = 0;

	for (;;) {
		if (count == FIELDS_MAX - 1)
			return -1;
		if ((fields[count++] = _number(&text)) < 0)
			return -1;
		if (!*text)
			return count;
		if (*text++ != ':')
			return -1;
	}
}

extern int duration_decode(const char *text, uint32_t *seconds,
			   neuron_error_t *err)
{
	const char *rest = text;
	int64_t fields[FIELDS_MAX] = {0}, days = 0, sum;
	int count;

	if (!strcasecmp(text, "never")) {
		*seconds = DURATION_NEVER;
		return 0;
	}
	if (strchr(text, '-')) {
		days = _number(&rest);
		if ((days < 0) || (*rest++ != '-'))
			return _refuse(err);
	}
	if ((count = _fields(rest, fields)) < 0)
		return _refuse(err);
	if ((rest != text) || (count == 3))
		sum = fields[0] * 3600 + fields[1] * 60 + fields[2];
	else
		sum = fields[0] * 60 + fields[1];
	sum += days * 24 * 3600;
	if (sum > DURATION_MAX)
		return _refuse(err);
	*seconds = (uint32_t) sum;
	return 0;
}

extern int duration_encode(uint32_t seconds, char *buf, size_t size)
{
	int length;

	if ((seconds > DURATION_MAX) && (seconds != DURATION_NEVER))
		return neuron_error_set(NULL, EINVAL, "no such time");
	if (seconds == DURATION_NEVER)
		length = snprintf(buf, size, "never");
	else
		length = snprintf(buf, size, "%u-%02u:%02u:%02u",
				  seconds / 86400, seconds / 3600 % 24,
				  seconds / 60 % 60, seconds % 60);
	if ((length < 0) || ((size_t) length >= size))
		return neuron_error_set(NULL, ENOSPC, "no room");
	return length;
}
