/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "reader.h"

/* Version of the keys that this code reads */
#define FORMAT 1
#define NOTES_MAX 64
#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct rules {
	uint32_t format;
	uint32_t count;
	rule_t list[RULES_MAX];
};

static const char *const verdicts[RULES_VERDICTS] = {"ok", "suspect", "masked",
						     "node"};

extern const char *rules_verdict_name(rules_verdict_t verdict)
{
	return (verdict < RULES_VERDICTS) ? verdicts[verdict] : "";
}

/*
 * Values
 */

static const char *_text_of(json_object *value)
{
	return json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : "";
}

static int _read_signal(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	int signal = signal_of_name(_text_of(value));

	(void) field;
	if (signal < 0)
		return reader_refuse(reader, value, path,
				     "the name of a signal, such as "
				     "mem_ecc_corrected; neuron-health --help "
				     "lists them");
	((rule_t *) target)->signal = (signal_id_t) signal;
	return 0;
}

static int _read_verdict(const reader_t *reader, const field_t *field,
			 json_object *value, const char *path, void *target)
{
	for (int v = RULES_OK; v < RULES_VERDICTS; v++) {
		rules_verdict_t verdict = (rules_verdict_t) v;

		if (strcmp(_text_of(value), verdicts[v]))
			continue;
		memcpy((char *) target + field->offset, &verdict,
		       sizeof(verdict));
		return 0;
	}
	return reader_refuse(reader, value, path,
			     "\"ok\", \"suspect\", \"masked\" or \"node\"");
}

static int _read_match(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	static const field_t word = {.min = 1,
				     .max = RULES_WORD_MAX - 1,
				     .allowed = LOWER UPPER DIGITS "_"};
	rule_t *rule = target;
	int length = reader_array(reader, field, value, path);

	for (int i = 0; i < length; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_text(reader, &word,
				json_object_array_get_idx(value, (size_t) i),
				below, rule->match[i]))
			return -1;
	}
	if (length < 0)
		return -1;
	rule->match_count = (uint32_t) length;
	return 0;
}

static int _read_hyperpod(const reader_t *reader, const field_t *field,
			  json_object *value, const char *path, void *target)
{
	const char *text = _text_of(value);

	if (strcmp(text, "Reboot") && strcmp(text, "Replace"))
		return reader_refuse(reader, value, path,
				     "\"Reboot\" or \"Replace\"");
	return reader_text(reader, field, value, path, target);
}

/* A growth would be 0 in no time */
#define SECONDS(name, member, least)                                \
	{                                                           \
		.key = name, .optional = true, .read = reader_uint, \
		.offset = offsetof(rule_t, member), .min = (least), \
		.max = RULES_SECONDS_MAX                            \
	}

static const field_t rule_fields[] = {
	{.key = "name",
	 .read = reader_text,
	 .offset = offsetof(rule_t, name),
	 .min = 1,
	 .max = RULES_NAME_MAX - 1,
	 .allowed = LOWER DIGITS "-"},
	{.key = "signal", .read = _read_signal},
	{.key = "match",
	 .optional = true,
	 .read = _read_match,
	 .min = 1,
	 .max = RULES_MATCH_MAX},
	{.key = "at_least",
	 .optional = true,
	 .read = reader_uint,
	 .offset = offsetof(rule_t, at_least),
	 .min = 1,
	 .max = UINT32_MAX},
	SECONDS("within", within, 8),
	{.key = "times_before",
	 .optional = true,
	 .read = reader_uint,
	 .offset = offsetof(rule_t, times_before),
	 .min = 2,
	 .max = 1000},
	SECONDS("for", hold, 0),
	{.key = "verdict",
	 .read = _read_verdict,
	 .offset = offsetof(rule_t, verdict)},
	{.key = "then",
	 .optional = true,
	 .read = _read_verdict,
	 .offset = offsetof(rule_t, then)},
	SECONDS("then_after", then_after, 1),
	{.key = "then_times",
	 .optional = true,
	 .read = reader_uint,
	 .offset = offsetof(rule_t, then_times),
	 .min = 2,
	 .max = RULES_TIMES_MAX},
	SECONDS("then_within", then_within, 1),
	SECONDS("clear_after", clear_after, 1),
	{.key = "action",
	 .read = reader_text,
	 .offset = offsetof(rule_t, action),
	 .min = 1,
	 .max = RULES_TEXT_MAX - 1},
	{.key = "npd",
	 .optional = true,
	 .read = reader_text,
	 .offset = offsetof(rule_t, npd),
	 .min = 1,
	 .max = RULES_TEXT_MAX - 1,
	 .allowed = LOWER UPPER DIGITS "_"},
	{.key = "hyperpod",
	 .optional = true,
	 .read = _read_hyperpod,
	 .offset = offsetof(rule_t, hyperpod),
	 .min = 1,
	 .max = RULES_WORD_MAX - 1},
	{.key = "source", .read = reader_notes, .min = 1, .max = NOTES_MAX},
	{.key = NULL},
};

/*
 * What keys mean together
 */

static int _wrong(const reader_t *reader, const char *path, const rule_t *rule,
		  const char *why)
{
	return neuron_error_set(reader->err, EINVAL, "%.200s: %s (%s): %s",
				reader->origin, path, rule->name, why);
}

static bool _can_match(signal_id_t signal)
{
	return signal == SIGNAL_KERNEL_ERROR ||
	       signal == SIGNAL_UNHEALTHY_COMPONENTS;
}

static int _check_signal(const reader_t *reader, const char *path,
			 const rule_t *rule)
{
	reading_subject_t subject = signal_subject(rule->signal);

	if (rule->match_count && !_can_match(rule->signal))
		return _wrong(reader, path, rule,
			      "match goes with unhealthy_components and "
			      "kernel_error only; leave it out");
	if (rule->within && signal_kind(rule->signal) == READING_LEVEL)
		return _wrong(reader, path, rule,
			      "within goes with counters and kernel_error "
			      "only; write for and a number of seconds");
	if (rule->times_before && !rule->within)
		return _wrong(reader, path, rule,
			      "times_before compares two times; write within "
			      "too");
	if (subject == READING_NODE &&
	    (rule->verdict == RULES_MASKED || rule->then == RULES_MASKED))
		return _wrong(reader, path, rule,
			      "the verdict about a node cannot be masked; "
			      "write ok, suspect or node");
	return 0;
}

static int _check_then(const reader_t *reader, const char *path,
		       const rule_t *rule)
{
	bool after = rule->then_after != RULES_NEVER;

	if (!rule->then_times != !rule->then_within)
		return _wrong(reader, path, rule,
			      "then_times and then_within go together; write "
			      "both or none");
	if (!rule->then && !after && !rule->then_times)
		return 0;
	if (rule->verdict != RULES_SUSPECT || rule->then <= RULES_SUSPECT)
		return _wrong(reader, path, rule,
			      "only a suspect becomes something worse; write "
			      "verdict suspect and then masked or node");
	if (!after && !rule->then_times)
		return _wrong(reader, path, rule,
			      "then has no condition; write then_after, or "
			      "then_times and then_within");
	return 0;
}

static int _check(const reader_t *reader, const rules_t *rules,
		  const char *path, const rule_t *rule)
{
	if (_check_signal(reader, path, rule) ||
	    _check_then(reader, path, rule))
		return -1;
	if (rules_of_name(rules, rule->name) < 0)
		return 0;
	return neuron_error_set(reader->err, EEXIST,
				"%.200s: %s.name is \"%s\", which is the name "
				"of rules[%d]; it must be another one",
				reader->origin, path, rule->name,
				rules_of_name(rules, rule->name));
}

static int _read_rule(const reader_t *reader, json_object *value,
		      const char *path, rules_t *rules)
{
	rule_t *rule = &rules->list[rules->count];

	*rule = (rule_t){.at_least = 1,
			 .then_after = RULES_NEVER,
			 .clear_after = RULES_NEVER};
	if (reader_object(reader, rule_fields, value, path, rule) ||
	    _check(reader, rules, path, rule))
		return -1;
	rules->count++;
	return 0;
}

static int _read_rules(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	rules_t *rules = target;
	int length = reader_array(reader, field, value, path);

	rules->count = 0;
	for (int i = 0; i < length; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (_read_rule(reader,
			       json_object_array_get_idx(value, (size_t) i),
			       below, rules))
			return -1;
	}
	return (length < 0) ? -1 : 0;
}

static const field_t fields[] = {
	{.key = "format",
	 .read = reader_uint,
	 .offset = offsetof(struct rules, format),
	 .min = FORMAT,
	 .max = FORMAT},
	{.key = "notes",
	 .optional = true,
	 .read = reader_notes,
	 .max = NOTES_MAX},
	{.key = "rules", .read = _read_rules, .min = 1, .max = RULES_MAX},
	{.key = NULL},
};

extern rules_t *rules_decode(const char *text, const char *origin,
			     neuron_error_t *err)
{
	reader_t reader = {.origin = origin, .err = err};
	rules_t *rules = calloc(1, sizeof(*rules));
	json_object *root;
	int rc, errnum;

	if (!rules) {
		neuron_error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	root = reader_parse(&reader, text);
	rc = root ? reader_object(&reader, fields, root, "", rules) : -1;
	errnum = errno;
	json_object_put(root);
	if (rc) {
		free(rules);
		rules = NULL;
	}
	errno = errnum;
	return rules;
}

extern rules_t *rules_read(const char *path, neuron_error_t *err)
{
	char *text = file_read(path, RULES_FILE_MAX, NULL, err);
	rules_t *rules = text ? rules_decode(text, path, err) : NULL;
	int errnum = errno;

	free(text);
	errno = errnum;
	return rules;
}

extern void rules_destroy(rules_t *rules)
{
	int errnum = errno;

	free(rules);
	errno = errnum;
}

extern unsigned int rules_count(const rules_t *rules)
{
	return rules->count;
}

extern const rule_t *rules_at(const rules_t *rules, unsigned int index)
{
	return (index < rules->count) ? &rules->list[index] : NULL;
}

extern int rules_of_name(const rules_t *rules, const char *name)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		if (!strcmp(rules->list[i].name, name))
			return (int) i;
	}
	return -1;
}

extern bool rule_matches(const rule_t *rule, const char *word, size_t length)
{
	for (uint32_t i = 0; i < rule->match_count; i++) {
		if (strlen(rule->match[i]) == length &&
		    !memcmp(rule->match[i], word, length))
			return true;
	}
	return !rule->match_count && length;
}
