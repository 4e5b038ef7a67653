/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "incident.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR "; "
#define OPTIONS "neuron: "
#define REASONS_MAX 384

/*
 * Parts
 */

/* The part behind this one; NULL: it is the last */
static const char *_next(const char *part)
{
	const char *end = strstr(part, SEPARATOR);

	return end ? end + strlen(SEPARATOR) : NULL;
}

static size_t _length(const char *part)
{
	const char *next = _next(part);

	return next ? (size_t) (next - part) - strlen(SEPARATOR) : strlen(part);
}

/* "NUMBER" at *at, which is moved behind it */
static bool _number(const char **at, uint32_t *number)
{
	const char *from = *at;
	uint64_t value = 0;

	for (; **at >= '0' && **at <= '9' && *at - from < 11; (*at)++)
		value = value * 10 + (uint64_t) (**at - '0');
	*number = (uint32_t) value;
	return *at != from && value <= UINT32_MAX;
}

static bool _skip(const char **at, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(*at, text, length))
		return false;
	*at += length;
	return true;
}

/* "run RUN: " at *at, which is moved behind it */
static bool _run(const char **at, uint32_t *run)
{
	return _skip(at, "run ") && _number(at, run) && _skip(at, ": ");
}

/* What a node wrote must not end a part, or be taken for another one */
static void _flatten(char *text)
{
	for (; *text; text++) {
		if (*text == ';')
			*text = ',';
		else if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

/* RET length; -1 with errno ENOSPC, buf is "" then */
static int _made(char *buf, size_t size, int length)
{
	if (length < 0 || (size_t) length >= size) {
		if (size)
			buf[0] = '\0';
		return neuron_error_set(NULL, ENOSPC, "no room");
	}
	_flatten(buf);
	return length;
}

/*
 * Devices
 */

static bool _is_one_reason(const mask_t *failed, devset_t devices)
{
	int first = devset_first(devices);

	for (int d = first; d >= 0; d = devset_next(devices, d)) {
		if (strcmp(failed->reasons[d], failed->reasons[first]))
			return false;
	}
	return true;
}

/* "hot" when all have the same, else "5: hot, 7: cold" */
static void _reasons(const mask_t *failed, devset_t devices,
		     char text[REASONS_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	if (_is_one_reason(failed, devices)) {
		(void) snprintf(text, REASONS_MAX, "%s",
				failed->reasons[devset_first(devices)]);
		return;
	}
	for (int d = -1; (d = devset_next(devices, d)) >= 0;) {
		int n = snprintf(text + used, REASONS_MAX - used, "%s%d: %s",
				 used ? ", " : "", d, failed->reasons[d]);

		used += (n < 0) ? REASONS_MAX : (size_t) n;
		if (used >= REASONS_MAX)
			return;
	}
}

extern int incident_failed(uint32_t run, const char *node, const mask_t *failed,
			   devset_t devices, const char *when, const char *done,
			   char *buf, size_t size)
{
	char set[DEVSET_TEXT_MAX], reasons[REASONS_MAX] = "";

	(void) devset_encode(devices, set, sizeof(set));
	if (devices)
		_reasons(failed, devices, reasons);
	return _made(buf, size,
		     snprintf(buf, size, "run %u: %.64s:%s failed %s%s%s%s: %s",
			      run, node, set, when, reasons[0] ? " (" : "",
			      reasons, reasons[0] ? ")" : "", done));
}

/* "NODE:DEVICES failed " at a part's text; RET the devices */
static devset_t _devices(const char *at, const char *node)
{
	char text[DEVSET_TEXT_MAX];
	devset_t set = 0;
	size_t length;

	if (!_skip(&at, node) || !_skip(&at, ":"))
		return 0;
	length = strcspn(at, " ;");
	if (length >= sizeof(text) || strncmp(at + length, " failed ", 8))
		return 0;
	memcpy(text, at, length);
	text[length] = '\0';
	return devset_decode(text, DEVSET_MAX, &set, NULL) ? 0 : set;
}

extern bool incident_is_known(const char *comment, uint32_t run,
			      const char *node, devset_t devices)
{
	for (const char *part = comment; part; part = _next(part)) {
		const char *at = part;
		uint32_t of;

		if (_run(&at, &of) && of == run)
			devices &= ~_devices(at, node);
	}
	return !devices;
}

/*
 * Nodes
 */

extern int incident_node(uint32_t run, const char *node, bool lost,
			 const char *when, const char *done, char *buf,
			 size_t size)
{
	return _made(buf, size,
		     snprintf(buf, size, "run %u: %.64s was %s %s: %s", run,
			      node, lost ? "lost" : "left", when, done));
}

extern int incident_keep(uint32_t run, const char *nodes, char *buf,
			 size_t size)
{
	return _made(buf, size,
		     snprintf(buf, size, "run %u keeps %s", run, nodes));
}

/* "run RUN keeps NODES" at the end of a part */
static const char *_keeps(const char *part, uint32_t run, size_t *length)
{
	const char *end = part + _length(part), *at = part;
	uint32_t of;

	if (!_run(&at, &of))
		return NULL;
	for (; at < end && (at = strstr(at, ": run ")) && at < end;) {
		at += strlen(": run ");
		if (!_number(&at, &of) || of != run || !_skip(&at, " keeps "))
			continue;
		*length = strcspn(at, " ;");
		return (at + *length == end && *length) ? at : NULL;
	}
	return NULL;
}

extern const char *incident_keeps(const char *comment, uint32_t run,
				  size_t *length)
{
	const char *found = NULL;

	*length = 0;
	for (const char *part = comment; part; part = _next(part)) {
		size_t other;
		const char *nodes = _keeps(part, run, &other);

		if (!nodes)
			continue;
		found = nodes;
		*length = other;
	}
	return found;
}

/*
 * Comments
 */

static bool _is_incident(const char *part)
{
	uint32_t run;

	return _run(&part, &run);
}

static uint32_t _count(const char *comment)
{
	uint32_t count = 0;

	for (const char *part = comment; part; part = _next(part))
		count += _is_incident(part);
	return count;
}

extern char *incident_add(const char *comment, const char *part)
{
	const char *from = (comment && *comment) ? comment : NULL;
	uint32_t count = _count(from);
	size_t size = (from ? strlen(from) : 0) + strlen(part) +
		      strlen(SEPARATOR) + 1;
	size_t used = 0;
	char *made = malloc(size);

	if (!made) {
		errno = ENOMEM;
		return NULL;
	}
	for (; from; from = _next(from)) {
		size_t length = _length(from);

		if (!length ||
		    (_is_incident(from) && count-- >= INCIDENT_PARTS_MAX))
			continue;
		memcpy(made + used, from, length);
		memcpy(made + used + length, SEPARATOR, strlen(SEPARATOR));
		used += length + strlen(SEPARATOR);
	}
	memcpy(made + used, part, strlen(part) + 1);
	return made;
}

extern int incident_options(const char *comment, options_t *options,
			    neuron_error_t *err)
{
	char text[OPTIONS_TEXT_MAX];

	memset(options, 0, sizeof(*options));
	for (const char *part = comment; part; part = _next(part)) {
		const char *at = part;
		size_t length;

		if (!_skip(&at, OPTIONS))
			continue;
		length = strcspn(at, " ;\n");
		if (length >= sizeof(text))
			return neuron_error_set(err, EINVAL,
						"the options in the job's "
						"AdminComment are longer than "
						"%d bytes",
						OPTIONS_TEXT_MAX - 1);
		memcpy(text, at, length);
		text[length] = '\0';
		return options_decode(text, options, err);
	}
	return 0;
}
