/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmsg.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MARK "NEURON_HW_ERR="
#define MARK_LENGTH (sizeof(MARK) - 1)
#define DIGITS "0123456789"
#define UPPER DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define HEX DIGITS "abcdefABCDEF"
#define DEVICE_MAX 63
#define CORE_MAX 255

/* A piece of a record */
typedef struct {
	const char *at;
	const char *end;
} span_t;

static bool _number(span_t span, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (span.at == span.end)
		return false;
	for (; span.at < span.end; span.at++) {
		uint64_t digit = (uint64_t) (*span.at - '0');

		if (*span.at < '0' || *span.at > '9' ||
		    value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return value <= max;
}

/* The next piece up to a separator, which is passed */
static span_t _cut(span_t *rest, char separator)
{
	size_t length = (size_t) (rest->end - rest->at);
	const char *at = length ? memchr(rest->at, separator, length) : NULL;
	span_t piece = {rest->at, at ? at : rest->end};

	rest->at = at ? at + 1 : rest->end;
	return piece;
}

static bool _word(span_t span, const char *allowed, char *buf, size_t size)
{
	size_t length = (size_t) (span.end - span.at);

	if (!length || length >= size)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!span.at[i] || !strchr(allowed, span.at[i]))
			return false;
	}
	memcpy(buf, span.at, length);
	buf[length] = '\0';
	return true;
}

static bool _takes(span_t *token, const char *key)
{
	size_t length = strlen(key);

	if ((size_t) (token->end - token->at) < length ||
	    memcmp(token->at, key, length))
		return false;
	token->at += length;
	return true;
}

static int _refuse(neuron_error_t *err, uint64_t sequence, const char *what)
{
	return neuron_error_set(err, EINVAL,
				"record %llu of the kernel's log: " MARK
				" with a malformed or missing %s",
				(unsigned long long) sequence, what);
}

/* RET NULL, or what is wrong */
static const char *_token(span_t token, kmsg_error_t *error, bool *device)
{
	uint64_t number;

	if (_takes(&token, "nd-id=")) {
		if (*device || !_number(token, DEVICE_MAX, &number))
			return "nd-id";
		error->device = (uint32_t) number;
		*device = true;
	} else if (_takes(&token, "nc-id=")) {
		if (error->core >= 0 || !_number(token, CORE_MAX, &number))
			return "nc-id";
		error->core = (int32_t) number;
	} else if (_takes(&token, "serial-num=")) {
		if (error->serial[0] ||
		    !_word(token, HEX, error->serial, sizeof(error->serial)))
			return "serial-num";
	} else if (_takes(&token, "action=")) {
		if (error->action[0] ||
		    !_word(token, UPPER, error->action, sizeof(error->action)))
			return "action";
	} else if (_takes(&token, MARK)) {
		return "second error";
	}
	return NULL;
}

/* Where the mark stands as a word; NULL: nowhere */
static const char *_find(span_t text)
{
	const char *at = text.at;

	while ((at = memmem(at, (size_t) (text.end - at), MARK, MARK_LENGTH))) {
		if (at == text.at || at[-1] == ' ')
			return at;
		at += MARK_LENGTH;
	}
	return NULL;
}

static int _error(span_t text, kmsg_error_t *error, neuron_error_t *err)
{
	const char *mark = _find(text), *wrong = NULL;
	bool device = false;
	span_t name;

	if (!mark)
		return 0;
	text.at = mark + MARK_LENGTH;
	name = _cut(&text, ' ');
	if (!_word(name, UPPER, error->error, sizeof(error->error)))
		return _refuse(err, error->sequence, "name");
	while (text.at < text.end && !wrong)
		wrong = _token(_cut(&text, ' '), error, &device);
	if (!wrong && !device)
		wrong = "nd-id";
	return wrong ? _refuse(err, error->sequence, wrong) : 1;
}

extern int kmsg_record(const char *record, size_t length, kmsg_error_t *error,
		       neuron_error_t *err)
{
	span_t rest = {record, record + length}, head;
	uint64_t priority;

	memset(error, 0, sizeof(*error));
	error->core = -1;
	/* A line that goes with the record before */
	if (!length || *record == ' ')
		return 0;
	head = _cut(&rest, ';');
	if (!_number(_cut(&head, ','), UINT32_MAX, &priority) ||
	    !_number(_cut(&head, ','), INT64_MAX, &error->sequence)) {
		error->sequence = 0;
		return 0;
	}
	return _error(rest, error, err);
}

/* A log while it is read */
typedef struct {
	char buf[2 * KMSG_RECORD_MAX];
	size_t used;
	bool overlong; /* the start of this record was dropped */
	uint64_t *next;
	kmsg_each_t each;
	void *arg;
	unsigned int records;
} log_t;

static int _take(log_t *log, const char *record, size_t length)
{
	kmsg_error_t error;
	neuron_error_t why;
	int rc;

	log->records++;
	rc = kmsg_record(record, length, &error, &why);
	if (!length || *record == ' ' || error.sequence < *log->next)
		return 0;
	*log->next = error.sequence + 1;
	if (rc > 0)
		return log->each(&error, NULL, log->arg);
	return rc ? log->each(NULL, why.text, log->arg) : 0;
}

/* All records that are whole; the rest moves to the front */
static int _take_lines(log_t *log)
{
	char *at = log->buf, *end = log->buf + log->used, *line;
	int rc = 0;

	while (!rc && (line = memchr(at, '\n', (size_t) (end - at)))) {
		if (!log->overlong)
			rc = _take(log, at, (size_t) (line - at));
		log->overlong = false;
		at = line + 1;
	}
	log->used = (size_t) (end - at);
	memmove(log->buf, at, log->used);
	if (log->used >= KMSG_RECORD_MAX) {
		log->used = 0;
		log->overlong = true;
	}
	return rc;
}

extern int kmsg_read(int fd, uint64_t *next, kmsg_each_t each, void *arg,
		     neuron_error_t *err)
{
	log_t log = {.next = next, .each = each, .arg = arg};

	while (log.records < KMSG_RECORDS_MAX) {
		ssize_t n = read(fd, log.buf + log.used, KMSG_RECORD_MAX);
		int rc;

		/* EPIPE: records were overwritten before they were read */
		if (n < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return neuron_error_set(err, EIO,
						"the kernel's log: %s",
						strerror(errno));
		if (!n)
			break;
		log.used += (size_t) n;
		rc = _take_lines(&log);
		if (rc)
			return rc;
	}
	return 0;
}
