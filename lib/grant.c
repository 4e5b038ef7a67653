/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grant.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_CHARACTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
#define QUOTE_MAX 40

extern int grant_name(uint32_t job, char *buf, size_t size)
{
	int n = snprintf(buf, size, "job-%u", job);

	if (n < 0 || (size_t) n >= size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	return n;
}

static void _lnc_before(int lnc, char buf[16])
{
	if (lnc == GRANT_LNC_UNTOUCHED)
		buf[0] = '\0';
	else if (lnc == GRANT_LNC_NONE)
		memcpy(buf, "none", 5);
	else
		(void) snprintf(buf, 16, "%d", lnc);
}

extern int grant_encode(const grant_t *grant, char *buf, size_t size)
{
	char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX], before[16];
	int n;

	(void) devset_encode(grant->devices, devices, sizeof(devices));
	(void) devset_encode(grant->efas, efas, sizeof(efas));
	_lnc_before(grant->lnc_before, before);
	n = snprintf(buf, size,
		     "version=1\njob=%u\nuid=%u\nnode=%s\ndevices=%s\nefa=%s\n"
		     "interfaces=%s\nlnc=%u\nlnc_before=%s\n",
		     grant->job, grant->uid, grant->node, devices, efas,
		     grant->ifaces, grant->lnc, before);
	if (n < 0 || (size_t) n >= size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	return n;
}

/* Decimal digits without a sign or leading zero; RET -1: not one */
static int _number(const char *text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if (!*text || (*text == '0' && text[1]))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (uint64_t) (*text - '0');
		if (value > max)
			return -1;
	}
	*number = (uint32_t) value;
	return 0;
}

static int _text(const char *text, const char *allowed, char *buf, size_t size)
{
	size_t length = strlen(text);

	if (length >= size || strspn(text, allowed) != length)
		return -1;
	memcpy(buf, text, length + 1);
	return 0;
}

static int _read_version(const char *value, grant_t *grant)
{
	(void) grant;
	return strcmp(value, "1") ? -1 : 0;
}

static int _read_job(const char *value, grant_t *grant)
{
	return _number(value, UINT32_MAX, &grant->job) || !grant->job ? -1 : 0;
}

static int _read_uid(const char *value, grant_t *grant)
{
	return _number(value, UINT32_MAX, &grant->uid);
}

static int _read_node(const char *value, grant_t *grant)
{
	if (!*value)
		return -1;
	return _text(value, NAME_CHARACTERS, grant->node, sizeof(grant->node));
}

static int _read_devices(const char *value, grant_t *grant)
{
	return devset_decode(value, DEVSET_MAX, &grant->devices, NULL);
}

static int _read_efas(const char *value, grant_t *grant)
{
	return devset_decode(value, DEVSET_MAX, &grant->efas, NULL);
}

static int _read_ifaces(const char *value, grant_t *grant)
{
	return _text(value, NAME_CHARACTERS ",", grant->ifaces,
		     sizeof(grant->ifaces));
}

static int _read_lnc(const char *value, grant_t *grant)
{
	return _number(value, GRANT_LNC_MAX, &grant->lnc);
}

static int _read_lnc_before(const char *value, grant_t *grant)
{
	uint32_t lnc;

	grant->lnc_before = GRANT_LNC_UNTOUCHED;
	if (!*value)
		return 0;
	grant->lnc_before = GRANT_LNC_NONE;
	if (!strcmp(value, "none"))
		return 0;
	if (_number(value, GRANT_LNC_MAX, &lnc) || !lnc)
		return -1;
	grant->lnc_before = (int) lnc;
	return 0;
}

static const struct {
	const char *key;
	int (*read)(const char *value, grant_t *grant);
	const char *right;
} lines[] = {
	{"version", _read_version, "1"},
	{"job", _read_job, "the number of a job"},
	{"uid", _read_uid, "the number of a user"},
	{"node", _read_node, "the name of a node"},
	{"devices", _read_devices, "a set such as 4-7"},
	{"efa", _read_efas, "a set such as 4-7, or empty"},
	{"interfaces", _read_ifaces, "a comma list of verbs names"},
	{"lnc", _read_lnc, "a number from 0 to 8"},
	{"lnc_before", _read_lnc_before, "a number from 1 to 8, none or empty"},
};

#define LINE_COUNT (sizeof(lines) / sizeof(lines[0]))

static int _refuse(size_t i, const char *line, neuron_error_t *err)
{
	char quote[QUOTE_MAX + 1];
	size_t length = strnlen(line, QUOTE_MAX);

	for (size_t c = 0; c < length; c++)
		quote[c] = (line[c] < ' ' || line[c] > '~') ? '?' : line[c];
	quote[length] = '\0';
	return neuron_error_set(err, EINVAL,
				"line %zu: \"%s\": it must be %s=, %s", i + 1,
				quote, lines[i].key, lines[i].right);
}

/* Read one line; RET what follows it, NULL with a sentence */
static const char *_take_line(const char *text, size_t i, grant_t *grant,
			      neuron_error_t *err)
{
	char line[GRANT_TEXT_MAX];
	size_t length = strcspn(text, "\n"), key = strlen(lines[i].key);
	bool whole = length < sizeof(line) && text[length] == '\n';

	if (length >= sizeof(line))
		length = sizeof(line) - 1;
	memcpy(line, text, length);
	line[length] = '\0';
	if (whole && !strncmp(line, lines[i].key, key) && line[key] == '=' &&
	    !lines[i].read(line + key + 1, grant))
		return text + length + 1;
	_refuse(i, line, err);
	return NULL;
}

extern int grant_decode(const char *text, grant_t *grant, neuron_error_t *err)
{
	memset(grant, 0, sizeof(*grant));
	for (size_t i = 0; i < LINE_COUNT; i++) {
		text = _take_line(text, i, grant, err);
		if (!text)
			return -1;
	}
	if (*text)
		return neuron_error_set(err, EINVAL,
					"line %zu: the text must end before it",
					LINE_COUNT + 1);
	return 0;
}
