/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inventory_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devset.h"
#include "probe.h"
#include "reader.h"
#include "text.h"

#define FORMAT "neuron-topo-probe-1"
#define ORIGIN_MAX 256
#define ID_MAX 63
#define HEX "0123456789abcdef"
#define PLAIN \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
/* Differences that one probe may report, and bytes of each */
#define DIFFERENCES_MAX 4096
/* TiB are enough for one machine */
#define MEMORY_MIB_MAX (1u << 30)

/*
 * Probes
 */

/* What one probe says */
typedef struct {
	char format[32];
	char node[NAMES_NODE_MAX + 1];
	char instance_type[ID_MAX + 1];
	char instance_id[ID_MAX + 1];
	char profile[ID_MAX + 1];
	uint32_t lnc;
	uint32_t memory_mib;
	software_t software;
	uint32_t device_count;
	devset_t devices;
	uint32_t efa_count;
	inventory_server_t servers[2]; /* of 2, of 4 */
	uint32_t difference_count;
	char difference[NEURON_ERROR_MAX];
} machine_t;

typedef struct {
	uint32_t index;
} device_t;

typedef struct {
	char id[17];
	uint32_t node;
	bool node_known;
} report_server_t;

static int _read_device(const reader_t *reader, json_object *value,
			const char *path, machine_t *machine)
{
	static const field_t fields[] = {
		{.key = "index",
		 .read = reader_uint,
		 .offset = offsetof(device_t, index),
		 .max = DEVSET_MAX - 1},
		{.optional = true},
	};
	device_t device = {0};

	if (reader_object(reader, fields, value, path, &device))
		return -1;
	if (machine->devices & devset_of(device.index))
		return reader_refuse(reader, value, path,
				     "a device that is not there yet");
	machine->devices |= devset_of(device.index);
	machine->device_count++;
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

static int _count_efas(const reader_t *reader, const field_t *field,
		       json_object *value, const char *path, void *target)
{
	machine_t *machine = target;
	int count = reader_array(reader, field, value, path);

	if (count < 0)
		return -1;
	machine->efa_count = (uint32_t) count;
	return 0;
}

/* The number of an instance; -1 stands for none */
static int _read_node_id(const reader_t *reader, const field_t *field,
			 json_object *value, const char *path, void *target)
{
	report_server_t *server = target;

	if (json_object_is_type(value, json_type_int) &&
	    json_object_get_int64(value) == -1)
		return 0;
	if (reader_number(reader, value, path, field->min, field->max,
			  &server->node))
		return -1;
	server->node_known = true;
	return 0;
}

static int _read_server_id(const reader_t *reader, const field_t *field,
			   json_object *value, const char *path, void *target)
{
	report_server_t *server = target;

	if (reader_text(reader, field, value, path, target))
		return -1;
	if (strspn(server->id, "0") == strlen(server->id))
		server->id[0] = '\0';
	return 0;
}

/* An UltraServer counts when both its id and the number are known */
static int _read_server(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	const field_t fields[] = {
		{.key = "server_id",
		 .optional = true,
		 .read = _read_server_id,
		 .offset = offsetof(report_server_t, id),
		 .min = 16,
		 .max = 16,
		 .allowed = HEX},
		{.key = "node_id",
		 .optional = true,
		 .read = _read_node_id,
		 .max = field->max},
		{.optional = true},
	};
	inventory_server_t *known =
		(inventory_server_t *) ((char *) target + field->offset);
	report_server_t server = {.id = ""};

	if (reader_object(reader, fields, value, path, &server))
		return -1;
	if (server.id[0] && server.node_known) {
		memcpy(known->id, server.id, sizeof(known->id));
		known->node = (int) server.node;
	}
	return 0;
}

static int _read_differences(const reader_t *reader, const field_t *field,
			     json_object *value, const char *path, void *target)
{
	static const field_t text = {.max = NEURON_ERROR_MAX - 1};
	machine_t *machine = target;
	int count = reader_array(reader, field, value, path);

	for (int i = 0; i < count; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_text(reader, &text,
				json_object_array_get_idx(value, (size_t) i),
				below, i ? NULL : machine->difference))
			return -1;
	}
	if (count >= 0)
		machine->difference_count = (uint32_t) count;
	return (count < 0) ? -1 : 0;
}

static const field_t server_fields[] = {
	{.key = "2",
	 .optional = true,
	 .read = _read_server,
	 .offset = offsetof(machine_t, servers[0]),
	 .max = 1},
	{.key = "4",
	 .optional = true,
	 .read = _read_server,
	 .offset = offsetof(machine_t, servers[1]),
	 .max = 3},
	{.optional = true},
};

static int _read_version(const reader_t *reader, const field_t *field,
			 json_object *value, const char *path, void *target)
{
	version_t version;

	if (reader_text(reader, field, value, path, target))
		return -1;
	if (version_decode((char *) target + field->offset, &version, NULL))
		return reader_refuse(reader, value, path,
				     "a version such as 2.27.4.0");
	return 0;
}

#define VERSION(word, part)                                             \
	{                                                               \
		.key = word, .optional = true, .read = _read_version,   \
		.offset = offsetof(machine_t, software.versions[part]), \
		.min = 1, .max = VERSION_TEXT_MAX - 1                   \
	}

static const field_t software_fields[] = {
	VERSION("driver", SOFTWARE_DRIVER),
	VERSION("runtime", SOFTWARE_RUNTIME),
	VERSION("libfabric", SOFTWARE_LIBFABRIC),
	VERSION("efa", SOFTWARE_EFA),
	{.optional = true},
};

#define TEXT(name, member, least, characters)                \
	.key = name, .read = reader_text,                    \
	.offset = offsetof(machine_t, member), .min = least, \
	.max = sizeof(((machine_t *) NULL)->member) - 1, .allowed = characters

static const field_t machine_fields[] = {
	{TEXT("format", format, 1, NULL)},
	{TEXT("node", node, 1, NULL)},
	{TEXT("instance_type", instance_type, 1, PLAIN), .optional = true},
	{TEXT("instance_id", instance_id, 1, PLAIN), .optional = true},
	{TEXT("profile", profile, 1, PLAIN), .optional = true},
	{.key = "lnc",
	 .optional = true,
	 .read = reader_uint,
	 .offset = offsetof(machine_t, lnc),
	 .min = 1,
	 .max = 8},
	{.key = "memory_mib",
	 .optional = true,
	 .read = reader_uint,
	 .offset = offsetof(machine_t, memory_mib),
	 .min = 1,
	 .max = MEMORY_MIB_MAX},
	{.key = "software",
	 .optional = true,
	 .read = reader_below,
	 .fields = software_fields},
	{.key = "devices", .read = _read_devices, .max = DEVSET_MAX},
	{.key = "efas", .read = _count_efas, .max = PROBE_EFAS_MAX},
	{.key = "ultraserver",
	 .optional = true,
	 .read = reader_below,
	 .fields = server_fields},
	{.key = "differences",
	 .optional = true,
	 .read = _read_differences,
	 .max = DIFFERENCES_MAX},
	{.optional = true},
};

/* The profile that the probe compared with, else that of the instance type */
static int _find_profile(const inventory_t *inventory, const reader_t *reader,
			 const machine_t *machine, const profile_t **profile)
{
	neuron_error_t why;

	*profile = NULL;
	if (machine->profile[0]) {
		*profile = catalog_find(inventory->catalog, machine->profile,
					&why);
		if (*profile)
			return 0;
		return neuron_error_set(reader->err, ENOENT,
					"%.200s: profile: %.280s",
					reader->origin, why.text);
	}
	if (!machine->device_count)
		return 0;
	*profile = catalog_find_instance(inventory->catalog,
					 machine->instance_type);
	if (*profile)
		return 0;
	return neuron_error_set(
		reader->err, ENOENT,
		"%.200s: node %.64s: no profile describes instance_type \"%s\"; probe it with --profile NAME, or add a profile",
		reader->origin, machine->node, machine->instance_type);
}

static int _check_format(const reader_t *reader, const machine_t *machine)
{
	if (!strcmp(machine->format, FORMAT))
		return 0;
	return neuron_error_set(
		reader->err, EINVAL,
		"%.200s: format is \"%s\"; it must be \"" FORMAT
		"\", as neuron-topo probe --json of this version writes it",
		reader->origin, machine->format);
}

/* Fill a node that was not probed before */
static int _fill_node(inventory_t *inventory, const reader_t *reader,
		      const machine_t *machine, inventory_node_t *node,
		      const char *origin, unsigned int line)
{
	char features[SOFTWARE_FEATURES_MAX];
	software_t software = machine->software;

	software.lnc = machine->lnc;
	(void) software_features(&software, features, sizeof(features));
	node->features = inventory_keep(inventory, features, reader->err);
	node->origin = inventory_keep(inventory, origin, reader->err);
	node->line = line;
	node->instance_id =
		inventory_keep(inventory, machine->instance_id, reader->err);
	node->instance_type =
		inventory_keep(inventory, machine->instance_type, reader->err);
	node->difference =
		inventory_keep(inventory, machine->difference, reader->err);
	if (!node->origin || !node->instance_id || !node->instance_type ||
	    !node->difference || !node->features)
		return -1;
	node->probed = true;
	node->lnc = machine->lnc;
	node->memory_mib = machine->memory_mib;
	node->device_count = machine->device_count;
	node->efa_count = machine->efa_count;
	node->server_2 = machine->servers[0];
	node->server_4 = machine->servers[1];
	node->difference_count = machine->difference_count;
	return 0;
}

static int _take_probe(inventory_t *inventory, const reader_t *reader,
		       json_object *value, const char *origin,
		       unsigned int line)
{
	machine_t machine = {.servers = {{.node = -1}, {.node = -1}}};
	const profile_t *profile;
	inventory_node_t *node;
	uint32_t number;

	if (reader_object(reader, machine_fields, value, "", &machine) ||
	    _check_format(reader, &machine) ||
	    _find_profile(inventory, reader, &machine, &profile))
		return -1;
	number = inventory_add_node(inventory, machine.node, origin, line,
				    reader->err);
	if (number == NAMES_NONE)
		return -1;
	node = &inventory->nodes[number].public;
	if (node->probed)
		return neuron_error_set(
			reader->err, EEXIST,
			"%.200s: node %.64s was reported at %.200s:%u already; give one probe for each node",
			reader->origin, node->name, node->origin, node->line);
	node->profile = profile;
	return _fill_node(inventory, reader, &machine, node, origin, line);
}

/* Call a function for each of several JSON texts */
typedef int (*take_t)(inventory_t *inventory, const reader_t *reader,
		      json_object *value, const char *origin,
		      unsigned int line);

/* What several tasks wrote at once is mixed */
static int _explain(take_t take, const reader_t *reader)
{
	neuron_error_t why = *reader->err;

	if (take != _take_probe || errno != EINVAL)
		return -1;
	return neuron_error_set(
		reader->err, EINVAL,
		"%.400s; write the output of several tasks with srun --label",
		why.text);
}

static int _take_each(inventory_t *inventory, const char *text, size_t length,
		      const char *origin, take_t take, neuron_error_t *err)
{
	char place[ORIGIN_MAX];
	const reader_t file = {.origin = origin, .err = err};
	const reader_t one = {.origin = place, .err = err};
	unsigned int line = 1;
	size_t offset = 0, counted = 0;

	for (;;) {
		json_object *value;
		int rc;

		offset += strspn(text + offset, " \t\r\n");
		line += reader_line(text + counted, offset - counted) - 1;
		counted = offset;
		value = reader_next(&file, text, length, &offset);
		if (!value)
			return (errno == ENOENT) ? 0 : _explain(take, &file);
		(void) snprintf(place, sizeof(place), "%.200s:%u", origin,
				line);
		rc = take(inventory, &one, value, origin, line);
		json_object_put(value);
		if (rc)
			return -1;
	}
}

/*
 * Output of "srun --label": "0: {" ... each line begins with the task
 */

/* The number of a label, which srun aligns to the right, and what follows it;
 * -1: the line has none */
static long _label(const char *line, const char **rest)
{
	char *end;
	long label;

	line += strspn(line, " ");
	if (*line < '0' || *line > '9')
		return -1;
	label = strtol(line, &end, 10);
	if (label > INVENTORY_LABEL_MAX || end[0] != ':' || end[1] != ' ')
		return -1;
	*rest = end + 2;
	return label;
}

static bool _is_labelled(const char *text)
{
	const char *rest;

	return _label(text + strspn(text, " \t\r\n"), &rest) >= 0;
}

/* Sort the lines of a text by their labels */
static int _unlabel(const char *text, const char *origin, text_t *tasks,
		    neuron_error_t *err)
{
	unsigned int line = 1;

	for (const char *at = text, *end; *at; at = end, line++) {
		size_t length = strcspn(at, "\n");
		const char *rest;
		long label = _label(at, &rest);

		end = at + length + (at[length] == '\n');
		if (label >= 0)
			text_add_bytes(&tasks[label], rest,
				       (size_t) (end - rest));
		else if (strspn(at, " \t\r") != length)
			return neuron_error_set(
				err, EINVAL,
				"%.200s:%u: the line has no label of a task; either all lines or none must have one, as srun --label writes them",
				origin, line);
	}
	return 0;
}

static int _take_task(inventory_t *inventory, text_t *task, long label,
		      const char *origin, neuron_error_t *err)
{
	char place[ORIGIN_MAX];
	size_t length = task->length;
	char *text;
	int rc;

	if (!length && !task->failed)
		return 0;
	text = text_take(task);
	if (!text)
		return neuron_error_set(err, ENOMEM, "out of memory");
	(void) snprintf(place, sizeof(place), "%.180s(task %ld)", origin,
			label);
	rc = _take_each(inventory, text, length, place, _take_probe, err);
	free(text);
	return rc;
}

static int _take_tasks(inventory_t *inventory, const char *text,
		       const char *origin, neuron_error_t *err)
{
	text_t *tasks = calloc(INVENTORY_LABEL_MAX + 1, sizeof(*tasks));
	int rc;

	if (!tasks)
		return neuron_error_set(err, ENOMEM, "out of memory");
	rc = _unlabel(text, origin, tasks, err);
	for (long i = 0; !rc && i <= INVENTORY_LABEL_MAX; i++)
		rc = _take_task(inventory, &tasks[i], i, origin, err);
	for (long i = 0; i <= INVENTORY_LABEL_MAX; i++)
		text_release(&tasks[i]);
	free(tasks);
	return rc;
}

extern int inventory_add_probes(inventory_t *inventory, const char *text,
				size_t length, const char *origin,
				neuron_error_t *err)
{
	if (strlen(text) != length)
		return neuron_error_set(err, EINVAL,
					"%.200s: has a null byte; it must be "
					"what neuron-topo probe --json writes",
					origin);
	if (_is_labelled(text))
		return _take_tasks(inventory, text, origin, err);
	return _take_each(inventory, text, length, origin, _take_probe, err);
}

/*
 * EC2
 */

typedef struct {
	char id[ID_MAX + 1];
	char type[ID_MAX + 1];
	char block[ID_MAX + 1];
	char zone[ID_MAX + 1];
	char layers[INVENTORY_LAYERS_MAX][INVENTORY_NAME_MAX + 1];
	uint32_t layer_count;
} topology_t;

static int _read_layers(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	static const field_t name = {
		.min = 1, .max = INVENTORY_NAME_MAX, .allowed = PLAIN};
	topology_t *topology = target;
	int count = reader_array(reader, field, value, path);

	for (int i = 0; i < count; i++) {
		json_object *layer =
			json_object_array_get_idx(value, (size_t) i);
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_text(reader, &name, layer, below,
				topology->layers[i]))
			return -1;
		for (int above = 0; above < i; above++) {
			if (!strcmp(topology->layers[above],
				    topology->layers[i]))
				return reader_refuse(
					reader, layer, below,
					"a network node that is not in the list yet");
		}
	}
	if (count >= 0)
		topology->layer_count = (uint32_t) count;
	return (count < 0) ? -1 : 0;
}

#define PART(name, member, may_be_null)                                  \
	.key = name, .read = reader_text, .optional = may_be_null,       \
	.nullable = may_be_null, .offset = offsetof(topology_t, member), \
	.min = 1, .max = ID_MAX, .allowed = PLAIN

static const field_t topology_fields[] = {
	{PART("InstanceId", id, false)},
	{PART("InstanceType", type, false)},
	{PART("CapacityBlockId", block, true)},
	{PART("AvailabilityZone", zone, true)},
	{.key = "NetworkNodes",
	 .optional = true,
	 .nullable = true,
	 .read = _read_layers,
	 .max = INVENTORY_LAYERS_MAX},
	{.optional = true},
};

/* The number of a text that is kept; "" has none */
static int _keep_number(inventory_t *inventory, const char *text,
			uint32_t *number, neuron_error_t *err)
{
	*number = NAMES_NONE;
	if (!text[0])
		return 0;
	*number = names_add(inventory->strings, text);
	if (*number == NAMES_NONE)
		return neuron_error_set(err, ENOMEM, "out of memory");
	return 0;
}

static int _keep_instance(inventory_t *inventory, const topology_t *topology,
			  instance_t *instance, neuron_error_t *err)
{
	if (_keep_number(inventory, topology->type, &instance->type, err) ||
	    _keep_number(inventory, topology->block, &instance->block, err) ||
	    _keep_number(inventory, topology->zone, &instance->zone, err))
		return -1;
	instance->layer_count = topology->layer_count;
	for (uint32_t i = 0; i < topology->layer_count; i++) {
		if (_keep_number(inventory, topology->layers[i],
				 &instance->layers[i], err))
			return -1;
	}
	return 0;
}

static bool _is_same(const instance_t *a, const instance_t *b)
{
	return a->type == b->type && a->block == b->block &&
	       a->zone == b->zone && a->layer_count == b->layer_count &&
	       !memcmp(a->layers, b->layers,
		       a->layer_count * sizeof(a->layers[0]));
}

/* Pages may overlap, as long as they say the same */
static int _check_again(const inventory_t *inventory, const reader_t *reader,
			const char *id, const instance_t *instance)
{
	const instance_t *known =
		&inventory->instances[names_find(inventory->instance_ids, id)];

	if (_is_same(known, instance))
		return 0;
	return neuron_error_set(
		reader->err, EEXIST,
		"%.200s: %s is told of at %.200s:%u otherwise; give the answers of one moment",
		reader->origin, id, names_at(inventory->strings, known->origin),
		known->line);
}

static int _add_instance(inventory_t *inventory, const reader_t *reader,
			 const topology_t *topology, instance_t *instance)
{
	if (_keep_instance(inventory, topology, instance, reader->err))
		return -1;
	if (names_find(inventory->instance_ids, topology->id) != NAMES_NONE)
		return _check_again(inventory, reader, topology->id, instance);
	if (inventory->instance_count == INVENTORY_INSTANCES_MAX)
		return neuron_error_set(reader->err, EINVAL,
					"%.200s: these are more than %d "
					"instances",
					reader->origin,
					INVENTORY_INSTANCES_MAX);
	if (inventory_grow(&inventory->instances, inventory->instance_count,
			   &inventory->instance_room, sizeof(*instance),
			   reader->err))
		return -1;
	if (names_add(inventory->instance_ids, topology->id) == NAMES_NONE)
		return neuron_error_set(reader->err, ENOMEM, "out of memory");
	inventory->instances[inventory->instance_count++] = *instance;
	return 0;
}

/* Where a page is from, while its instances are read */
typedef struct {
	inventory_t *inventory;
	uint32_t origin;
	unsigned int line;
} page_t;

static int _read_instances(const reader_t *reader, const field_t *field,
			   json_object *value, const char *path, void *target)
{
	const page_t *page = target;
	int count = reader_array(reader, field, value, path);

	for (int i = 0; i < count; i++) {
		topology_t topology = {.id = ""};
		instance_t instance = {.origin = page->origin,
				       .line = page->line,
				       .node = NAMES_NONE};
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_object(reader, topology_fields,
				  json_object_array_get_idx(value, (size_t) i),
				  below, &topology) ||
		    _add_instance(page->inventory, reader, &topology,
				  &instance))
			return -1;
	}
	return (count < 0) ? -1 : 0;
}

static const field_t page_fields[] = {
	{.key = "Instances",
	 .read = _read_instances,
	 .max = INVENTORY_INSTANCES_MAX},
	{.optional = true},
};

static int _take_page(inventory_t *inventory, const reader_t *reader,
		      json_object *value, const char *origin, unsigned int line)
{
	page_t page = {.inventory = inventory, .line = line};

	page.origin = names_add(inventory->strings, origin);
	if (page.origin == NAMES_NONE)
		return neuron_error_set(reader->err, ENOMEM, "out of memory");
	return reader_object(reader, page_fields, value, "", &page);
}

extern int inventory_add_ec2(inventory_t *inventory, const char *text,
			     size_t length, const char *origin,
			     neuron_error_t *err)
{
	if (strlen(text) != length)
		return neuron_error_set(
			err, EINVAL,
			"%.200s: has a null byte; it must be what aws ec2 "
			"describe-instance-topology --output json writes",
			origin);
	return _take_each(inventory, text, length, origin, _take_page, err);
}

/*
 * Map
 */

/* Cut the next word of a line out; RET NULL when there is none */
static char *_word(char **at)
{
	char *word = *at + strspn(*at, " \t\r");
	size_t length = strcspn(word, " \t\r");

	*at = word + length;
	if (!length)
		return NULL;
	if (**at)
		*(*at)++ = '\0';
	return word;
}

static int _map_node(inventory_t *inventory, const char *name, const char *id,
		     const char *origin, unsigned int line, neuron_error_t *err)
{
	uint32_t number =
		inventory_add_node(inventory, name, origin, line, err);
	node_t *node;

	if (number == NAMES_NONE)
		return -1;
	node = &inventory->nodes[number];
	if (node->mapped)
		return neuron_error_set(
			err, EEXIST,
			"%.200s:%u: %.64s stands at %.200s:%u already; name each node once",
			origin, line, name, node->map_origin, node->map_line);
	node->mapped = inventory_keep(inventory, id, err);
	node->map_origin = inventory_keep(inventory, origin, err);
	node->map_line = line;
	return (node->mapped && node->map_origin) ? 0 : -1;
}

static int _map_line(inventory_t *inventory, char *text, const char *origin,
		     unsigned int line, neuron_error_t *err)
{
	char *at = text, *name, *id, quotes[2][NAMES_QUOTE_MAX];

	text[strcspn(text, "#")] = '\0';
	name = _word(&at);
	if (!name)
		return 0;
	id = _word(&at);
	if (!id || _word(&at) || strncmp(id, "i-", 2) ||
	    !names_is_plain(id, ID_MAX))
		return neuron_error_set(
			err, EINVAL,
			"%.200s:%u: %s %s: a line must be a node and its instance, for example trn1 i-0123456789abcdef0",
			origin, line, names_quote(name, quotes[0]),
			names_quote(id ? id : "", quotes[1]));
	return _map_node(inventory, name, id, origin, line, err);
}

extern int inventory_add_map(inventory_t *inventory, const char *text,
			     const char *origin, neuron_error_t *err)
{
	char *copy = malloc(strlen(text) + 1), *next;
	unsigned int line = 1;
	int rc = 0;

	if (!copy)
		return neuron_error_set(err, ENOMEM, "out of memory");
	memcpy(copy, text, strlen(text) + 1);
	for (char *at = copy; !rc && at; at = next, line++) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		rc = _map_line(inventory, at, origin, line, err);
	}
	free(copy);
	return rc;
}
