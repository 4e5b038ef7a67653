/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "reader.h"

#define FORMAT 1
#define NOTES_MAX 64
#define INSTANCES_MAX 16
#define INSTANCE_MAX 32
#define BECAUSE_MAX 255
#define SOURCE_MAX 191
#define RANGE_TEXT_MAX 63
#define VERDICT_TEXT_MAX 15
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

typedef struct {
	char name[VERSIONS_NAME_MAX];
	versions_verdict_t verdict;
	unsigned int instance_count;
	char instances[INSTANCES_MAX][INSTANCE_MAX + 1];
	bool given[SOFTWARE_PARTS];
	version_range_t ranges[SOFTWARE_PARTS];
	char because[BECAUSE_MAX + 1];
	char source[SOURCE_MAX + 1];
} rule_t;

struct versions {
	uint32_t format;
	unsigned int count;
	rule_t *rules;
};

static const char *const verdicts[] = {
	[VERSIONS_UNKNOWN] = "unknown",
	[VERSIONS_GOOD] = "good",
	[VERSIONS_CAUTION] = "caution",
	[VERSIONS_BAD] = "bad",
};

extern const char *versions_verdict_name(versions_verdict_t verdict)
{
	return verdicts[verdict];
}

/*
 * The file
 */

static int _read_verdict(const reader_t *reader, const field_t *field,
			 json_object *value, const char *path, void *target)
{
	const field_t text = {.max = VERDICT_TEXT_MAX};
	char word[VERDICT_TEXT_MAX + 1];
	rule_t *rule = target;

	(void) field;
	if (reader_text(reader, &text, value, path, word))
		return -1;
	for (int i = VERSIONS_GOOD; i <= VERSIONS_BAD; i++) {
		if (!strcmp(word, verdicts[i])) {
			rule->verdict = (versions_verdict_t) i;
			return 0;
		}
	}
	return reader_refuse(reader, value, path,
			     "\"good\", \"caution\" or \"bad\"");
}

static int _read_instances(const reader_t *reader, const field_t *field,
			   json_object *value, const char *path, void *target)
{
	const field_t text = {
		.min = 1, .max = INSTANCE_MAX, .allowed = LOWER DIGITS ".-"};
	rule_t *rule = target;
	int count = reader_array(reader, field, value, path);

	for (int i = 0; i < count; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_text(reader, &text,
				json_object_array_get_idx(value, (size_t) i),
				below, rule->instances[i]))
			return -1;
	}
	if (count > 0)
		rule->instance_count = (unsigned int) count;
	return (count < 0) ? -1 : 0;
}

/* IN field - its offset is the part */
static int _read_range(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	const field_t text = {.min = 1, .max = RANGE_TEXT_MAX};
	char range[RANGE_TEXT_MAX + 1];
	rule_t *rule = target;

	if (reader_text(reader, &text, value, path, range))
		return -1;
	if (version_range_decode(range, &rule->ranges[field->offset], NULL))
		return reader_refuse(
			reader, value, path,
			"a range of versions such as \"<2.33\", \"=2.26\" or \">=2.29 <2.31\"");
	rule->given[field->offset] = true;
	return 0;
}

#define RANGE(part, word)                                           \
	{                                                           \
		.key = word, .optional = true, .read = _read_range, \
		.offset = part                                      \
	}

static const field_t when_fields[] = {
	RANGE(SOFTWARE_DRIVER, "driver"),
	RANGE(SOFTWARE_RUNTIME, "runtime"),
	RANGE(SOFTWARE_LIBFABRIC, "libfabric"),
	RANGE(SOFTWARE_EFA, "efa"),
	{.key = NULL},
};

static int _read_when(const reader_t *reader, const field_t *field,
		      json_object *value, const char *path, void *target)
{
	rule_t *rule = target;

	if (reader_below(reader, field, value, path, target))
		return -1;
	for (unsigned int part = 0; part < SOFTWARE_PARTS; part++) {
		if (rule->given[part])
			return 0;
	}
	return reader_refuse(
		reader, value, path,
		"the range of at least one of driver, runtime, libfabric and efa");
}

#define TEXT(word, member, characters)                        \
	{                                                     \
		.key = word, .read = reader_text,             \
		.offset = offsetof(rule_t, member), .min = 1, \
		.max = sizeof(((rule_t *) NULL)->member) - 1, \
		.allowed = characters                         \
	}

static const field_t rule_fields[] = {
	TEXT("name", name, LOWER DIGITS ".-"),
	{.key = "verdict", .read = _read_verdict},
	{.key = "instance",
	 .optional = true,
	 .read = _read_instances,
	 .min = 1,
	 .max = INSTANCES_MAX},
	{.key = "when", .read = _read_when, .fields = when_fields},
	TEXT("because", because, NULL),
	TEXT("source", source, NULL),
	{.key = NULL},
};

static bool _is_known(const versions_t *versions, const char *name)
{
	for (unsigned int i = 0; i < versions->count; i++) {
		if (!strcmp(versions->rules[i].name, name))
			return true;
	}
	return false;
}

static int _read_rule(const reader_t *reader, json_object *value,
		      const char *path, versions_t *versions)
{
	rule_t *rule = &versions->rules[versions->count];

	if (reader_object(reader, rule_fields, value, path, rule))
		return -1;
	if (_is_known(versions, rule->name))
		return neuron_error_set(
			reader->err, EEXIST,
			"%.200s: %s.name is \"%s\"; it must differ from that of every rule before it",
			reader->origin, path, rule->name);
	versions->count++;
	return 0;
}

static int _read_rules(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	versions_t *versions = target;
	int count = reader_array(reader, field, value, path);

	if (count < 0)
		return -1;
	versions->rules = calloc((size_t) count + 1, sizeof(rule_t));
	if (!versions->rules)
		return neuron_error_set(reader->err, ENOMEM,
					"%.200s: out of memory",
					reader->origin);
	for (int i = 0; i < count; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (_read_rule(reader,
			       json_object_array_get_idx(value, (size_t) i),
			       below, versions))
			return -1;
	}
	return 0;
}

static const field_t file_fields[] = {
	{.key = "format",
	 .read = reader_uint,
	 .offset = offsetof(versions_t, format),
	 .min = FORMAT,
	 .max = FORMAT},
	{.key = "notes",
	 .optional = true,
	 .read = reader_notes,
	 .max = NOTES_MAX},
	{.key = "rules", .read = _read_rules, .max = VERSIONS_RULES_MAX},
	{.key = NULL},
};

extern versions_t *versions_decode(const char *text, const char *origin,
				   neuron_error_t *err)
{
	reader_t reader = {.origin = origin, .err = err};
	versions_t *versions = calloc(1, sizeof(*versions));
	json_object *root;
	int rc = -1;

	if (!versions) {
		neuron_error_set(err, ENOMEM, "%.200s: out of memory", origin);
		return NULL;
	}
	root = reader_parse(&reader, text);
	if (root)
		rc = reader_object(&reader, file_fields, root, "", versions);
	json_object_put(root);
	if (!rc)
		return versions;
	versions_destroy(versions);
	return NULL;
}

extern versions_t *versions_read(const char *path, neuron_error_t *err)
{
	size_t length;
	char *text = file_read(path, VERSIONS_FILE_MAX, &length, err);
	versions_t *versions;
	int errnum;

	if (!text)
		return NULL;
	versions = versions_decode(text, path, err);
	errnum = errno;
	free(text);
	errno = errnum;
	return versions;
}

extern void versions_destroy(versions_t *versions)
{
	int errnum = errno;

	if (versions)
		free(versions->rules);
	free(versions);
	errno = errnum;
}

extern unsigned int versions_count(const versions_t *versions)
{
	return versions->count;
}

extern const char *versions_name(const versions_t *versions, unsigned int index)
{
	return (index < versions->count) ? versions->rules[index].name : NULL;
}

/*
 * The verdict
 */

/* What is known of a machine */
typedef struct {
	const software_t *software;
	bool known[SOFTWARE_PARTS];
	version_t versions[SOFTWARE_PARTS];
} machine_t;

static bool _is_instance(const rule_t *rule, const char *instance)
{
	if (!rule->instance_count)
		return true;
	for (unsigned int i = 0; i < rule->instance_count; i++) {
		const char *begin = rule->instances[i];

		if (!strncmp(instance, begin, strlen(begin)))
			return true;
	}
	return false;
}

static bool _holds(const rule_t *rule, const machine_t *machine)
{
	if (!_is_instance(rule, machine->software->instance))
		return false;
	for (unsigned int part = 0; part < SOFTWARE_PARTS; part++) {
		if (rule->given[part] &&
		    (!machine->known[part] ||
		     !version_range_has(&rule->ranges[part],
					&machine->versions[part])))
			return false;
	}
	return true;
}

/* "Neuron driver 2.29.0.0 with Neuron runtime library 2.31.24.0 on ..." */
static void _describe(const rule_t *rule, const machine_t *machine, char *buf,
		      size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned int part = 0; part < SOFTWARE_PARTS; part++) {
		int n;

		if (!rule->given[part] || used >= size)
			continue;
		n = snprintf(buf + used, size - used, "%s%s %s",
			     used ? " with " : "",
			     software_title((software_part_t) part),
			     machine->software->versions[part]);
		used += (n > 0) ? (size_t) n : 0;
	}
	if (rule->instance_count && used < size)
		(void) snprintf(buf + used, size - used, " on %s",
				machine->software->instance);
}

static void _report(const rule_t *rule, const machine_t *machine,
		    versions_each_t each, void *arg)
{
	char what[VERSIONS_SENTENCE_MAX / 2], text[VERSIONS_SENTENCE_MAX];

	_describe(rule, machine, what, sizeof(what));
	(void) snprintf(text, sizeof(text), "%s: %s: %s (rule %s; %s)", what,
			verdicts[rule->verdict], rule->because, rule->name,
			rule->source);
	each(rule->verdict, rule->name, text, arg);
}

extern versions_verdict_t versions_judge(const versions_t *versions,
					 const software_t *software,
					 versions_each_t each, void *arg)
{
	machine_t machine = {.software = software};
	versions_verdict_t worst = VERSIONS_UNKNOWN;

	for (unsigned int part = 0; part < SOFTWARE_PARTS; part++)
		machine.known[part] =
			!version_decode(software->versions[part],
					&machine.versions[part], NULL);
	for (unsigned int i = 0; i < versions->count; i++) {
		const rule_t *rule = &versions->rules[i];

		if (!_holds(rule, &machine))
			continue;
		if (rule->verdict > worst)
			worst = rule->verdict;
		if (each)
			_report(rule, &machine, each, arg);
	}
	return worst;
}
