/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lookover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/probe.h"
#include "lib/reader.h"
#include "lib/sysfs.h"

#define FORMAT "neuron-topo-look-1"
#define ROOT_MAX 4096

/*
 * On the node
 */

static void _bad(lookover_t *look, unsigned int device, const char *text)
{
	if (look->bad & devset_of(device))
		return;
	look->bad |= devset_of(device);
	(void) snprintf(look->reasons[device], NEURON_ERROR_MAX, "%s", text);
}

static void _other(const char *text, void *arg)
{
	lookover_t *look = arg;

	if (look->other_count < LOOKOVER_OTHERS_MAX)
		(void) snprintf(look->others[look->other_count++],
				NEURON_ERROR_MAX, "%s", text);
}

static int _devices(int root, const profile_t *profile, lookover_t *look,
		    neuron_error_t *err)
{
	for (unsigned int d = 0; d < profile_device_count(profile); d++) {
		device_t device;
		neuron_error_t why;

		if (device_look(root, d, &device, err))
			return -1;
		if (device_check(&device, &why))
			_bad(look, d, why.text);
	}
	return 0;
}

static int _efas(int root, const char *path, const profile_t *profile,
		 lookover_t *look, neuron_error_t *err)
{
	for (unsigned int e = 0; e < profile_efa_count(profile); e++) {
		char name[DEVICE_IFACE_MAX];
		neuron_error_t why;

		if (!device_check_efa(root, path, profile, e, name, &why))
			continue;
		if (errno == ENOMEM)
			return neuron_error_set(err, ENOMEM, "%s", why.text);
		_other(why.text, look);
	}
	return 0;
}

/* What a probe finds and no device is bad for is nobody's fault but the node's
 */
static int _probe(const char *path, const profile_t *profile, lookover_t *look,
		  neuron_error_t *err)
{
	probe_t *probe = probe_create(path, err);

	if (!probe)
		return -1;
	for (unsigned int d = 0; d < profile_device_count(profile); d++) {
		if (!probe_device_matches(probe, profile, d))
			_bad(look, d,
			     "it is not there, or not what the profile says");
	}
	if (!look->bad && !look->other_count)
		(void) probe_compare(probe, profile, _other, look);
	probe_destroy(probe);
	return 0;
}

static json_object *_json(const lookover_t *look)
{
	json_object *all = json_object_new_object();
	json_object *devices = json_object_new_array();
	json_object *others = json_object_new_array();

	for (int d = -1; (d = devset_next(look->bad, d)) >= 0;) {
		json_object *one = json_object_new_object();

		json_object_object_add(one, "index", json_object_new_int(d));
		json_object_object_add(
			one, "text", json_object_new_string(look->reasons[d]));
		json_object_array_add(devices, one);
	}
	for (uint32_t i = 0; i < look->other_count; i++)
		json_object_array_add(others,
				      json_object_new_string(look->others[i]));
	json_object_object_add(all, "format", json_object_new_string(FORMAT));
	json_object_object_add(all, "node", json_object_new_string(look->node));
	json_object_object_add(all, "devices", devices);
	json_object_object_add(all, "others", others);
	return all;
}

extern int lookover_print(const conf_t *conf, const char *node,
			  neuron_error_t *err)
{
	static lookover_t look;
	int index = conf_node_index(conf, node), root, rc;
	const profile_t *profile;
	char path[ROOT_MAX];
	json_object *json;

	if (index < 0)
		return neuron_error_set(err, ENOENT,
					"neuron.conf has no node %.100s", node);
	if (conf_root(conf, node, path, sizeof(path)) < 0)
		return neuron_error_set(err, EINVAL, "no root of %.100s", node);
	profile = conf_node_profile(conf, (unsigned int) index);
	root = sysfs_open(path, err);
	if (root < 0)
		return -1;
	(void) snprintf(look.node, sizeof(look.node), "%s", node);
	rc = _devices(root, profile, &look, err) ||
	     _efas(root, path, profile, &look, err) ||
	     _probe(path, profile, &look, err);
	(void) close(root);
	if (rc)
		return -1;
	json = _json(&look);
	rc = puts(json_object_to_json_string_ext(json,
						 JSON_C_TO_STRING_PLAIN)) < 0 ||
	     fflush(stdout);
	json_object_put(json);
	return rc ? neuron_error_set(err, EIO,
				     "standard output cannot be written")
		  : 0;
}

/*
 * Where the test runs
 */

typedef struct {
	uint32_t index;
	char text[NEURON_ERROR_MAX];
} device_line_t;

static int _read_device(const reader_t *reader, json_object *value,
			const char *path, lookover_t *look)
{
	static const field_t fields[] = {
		{.key = "index",
		 .read = reader_uint,
		 .offset = offsetof(device_line_t, index),
		 .max = DEVSET_MAX - 1},
		{.key = "text",
		 .read = reader_text,
		 .offset = offsetof(device_line_t, text),
		 .max = NEURON_ERROR_MAX - 1},
		{.key = NULL},
	};
	device_line_t line = {0};

	if (reader_object(reader, fields, value, path, &line))
		return -1;
	_bad(look, line.index, line.text);
	return 0;
}

static int _read_devices(const reader_t *reader, const field_t *field,
			 json_object *value, const char *path, void *target)
{
	int count = reader_array(reader, field, value, path);

	for (int i = 0; i < count; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (_read_device(reader,
				 json_object_array_get_idx(value, (size_t) i),
				 below, target))
			return -1;
	}
	return (count < 0) ? -1 : 0;
}

static int _read_others(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	static const field_t text = {.max = NEURON_ERROR_MAX - 1};
	int count = reader_array(reader, field, value, path);

	for (int i = 0; i < count; i++) {
		char below[READER_PATH_MAX], sentence[NEURON_ERROR_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_text(reader, &text,
				json_object_array_get_idx(value, (size_t) i),
				below, sentence))
			return -1;
		_other(sentence, target);
	}
	return (count < 0) ? -1 : 0;
}

/* Only written and compared, so that another version is refused */
static int _read_format(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	char format[32];

	(void) target;
	if (reader_text(reader, field, value, path, format))
		return -1;
	if (!strcmp(format, FORMAT))
		return 0;
	return reader_refuse(reader, value, path,
			     "\"" FORMAT "\": install the same version of "
			     "slurm-neuron on all nodes");
}

static const field_t look_fields[] = {
	{.key = "format", .read = _read_format, .max = 31},
	{.key = "node",
	 .read = reader_text,
	 .offset = offsetof(lookover_t, node),
	 .min = 1,
	 .max = sizeof(((lookover_t *) NULL)->node) - 1},
	{.key = "devices", .read = _read_devices, .max = DEVSET_MAX},
	{.key = "others", .read = _read_others, .max = LOOKOVER_OTHERS_MAX},
	{.key = NULL},
};

extern int lookover_read(char *text, int (*take)(const lookover_t *, void *),
			 void *arg, neuron_error_t *err)
{
	static lookover_t look;
	reader_t reader = {.origin = "what a node said", .err = err};
	char *line;

	while ((line = strsep(&text, "\n"))) {
		json_object *root;
		int rc;

		if (!*line)
			continue;
		look = (lookover_t){.other_count = 0};
		root = reader_parse(&reader, line);
		rc = root ? reader_object(&reader, look_fields, root, "", &look)
			  : -1;
		json_object_put(root);
		if (rc || take(&look, arg))
			return -1;
	}
	return 0;
}
