/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Version of the keys that this code reads */
#define FORMAT 1
#define NAME_MAX_LENGTH 63
#define TYPE_MAX_LENGTH 31
#define TEXT_MAX_LENGTH 63
#define CPULIST_MAX_LENGTH 255
#define INSTANCES_MAX 16
#define NOTES_MAX 64
#define CORES_MAX 64
#define WEIGHT_MAX 1000000
/* 64 TiB */
#define MEMORY_MIB_MAX (64u * 1024 * 1024)
#define ULTRASERVER_MAX 64
#define EFA_GBPS_MAX 100000

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_CHARACTERS DIGITS LOWER UPPER ".-_"

typedef struct {
	uint32_t count;
	uint32_t item[PROFILE_DEVICES_MAX];
} list_t;

typedef enum { EFA_NONE, EFA_BY_PCI, EFA_BY_NUMBER } efa_kind_t;

typedef struct {
	bool pci_known;
	pci_address_t pci;
	bool numa_known;
	uint32_t numa;
	efa_kind_t efa_kind;
	pci_address_t efa_pci;
	/* GRES index; given in the data for EFA_BY_NUMBER, else found */
	uint32_t efa;
	list_t links;
	list_t weights;
	bool driver_links_given;
	list_t driver_links;
} device_t;

struct profile {
	uint32_t format;
	char name[NAME_MAX_LENGTH + 1];
	char type[TYPE_MAX_LENGTH + 1];
	uint32_t instance_count;
	char instances[INSTANCES_MAX][NAME_MAX_LENGTH + 1];
	char device_name[TEXT_MAX_LENGTH + 1];
	char arch_type[TEXT_MAX_LENGTH + 1];
	char instance_type[TEXT_MAX_LENGTH + 1];
	uint32_t device_pci_id;
	uint32_t efa_pci_id;
	uint32_t efa_gbps; /* 0: not known */
	uint32_t cores;
	uint32_t memory_mib;
	uint32_t host_memory_mib;
	list_t lnc_legal;
	uint32_t lnc_default;
	uint32_t cpus;
	uint32_t threads_per_core; /* 0: not known */
	uint32_t sockets; /* 0: not known */
	uint32_t numa_count; /* 0: not known */
	char numa_cpus[PROFILE_NUMA_MAX][CPULIST_MAX_LENGTH + 1];
	list_t documented_sizes;
	uint32_t ultraserver_size;
	uint32_t link_weight;
	uint32_t device_count;
	device_t devices[PROFILE_DEVICES_MAX];
	uint32_t efa_count;
	devset_t efa_devices[PROFILE_EFAS_MAX];
};

/*
 * PCI addresses
 */

extern int pci_address_encode(const pci_address_t *address, char *buf,
			      size_t size)
{
	int n = snprintf(buf, size, "%04x:%02x:%02x.%x", address->domain,
			 address->bus, address->device, address->function);

	if (n < 0 || (size_t) n >= size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	return n;
}

/* Read exactly so many hexadecimal digits and the character behind them */
static bool _hex(const char **text, int digits, char end, unsigned int *value)
{
	static const char known[] = DIGITS "abcdef" DIGITS "ABCDEF";

	*value = 0;
	for (; digits > 0; digits--, (*text)++) {
		const char *at = **text ? strchr(known, **text) : NULL;

		if (!at)
			return false;
		*value = *value * 16 + (unsigned int) (at - known) % 16;
	}
	if (**text != end)
		return false;
	(*text)++;
	return true;
}

extern int pci_address_decode(const char *text, pci_address_t *address)
{
	const char *at = text;
	unsigned int domain, bus, device, function;

	if (!_hex(&at, 4, ':', &domain)) {
		domain = 0;
		at = text;
	}
	if (!_hex(&at, 2, ':', &bus) || !_hex(&at, 2, '.', &device) ||
	    !_hex(&at, 1, '\0', &function) || device > 31 || function > 7)
		return neuron_error_set(NULL, EINVAL, "no PCI address");
	address->domain = (uint16_t) domain;
	address->bus = (uint8_t) bus;
	address->device = (uint8_t) device;
	address->function = (uint8_t) function;
	return 0;
}

static uint32_t _pci_key(const pci_address_t *address)
{
	return (uint32_t) address->domain << 16 | (uint32_t) address->bus << 8 |
	       (uint32_t) address->device << 3 | address->function;
}

extern int pci_address_compare(const pci_address_t *a, const pci_address_t *b)
{
	uint32_t first = _pci_key(a), second = _pci_key(b);

	return (first > second) - (first < second);
}

/*
 * Reading: what the tables at the end of this part need
 */

static bool _has(const list_t *list, uint32_t item)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->item[i] == item)
			return true;
	}
	return false;
}

static int _read_list(const reader_t *reader, json_object *value,
		      const char *path, uint32_t min, uint32_t max,
		      list_t *list)
{
	static const field_t any = {.max = PROFILE_DEVICES_MAX};
	int length = reader_array(reader, &any, value, path);

	list->count = 0;
	for (int i = 0; i < length; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_number(reader,
				  json_object_array_get_idx(value, (size_t) i),
				  below, min, max, &list->item[i]))
			return -1;
		list->count++;
	}
	return (length < 0) ? -1 : 0;
}

/* A list of different numbers */
static int _read_set(const reader_t *reader, const field_t *field,
		     json_object *value, const char *path, void *target)
{
	list_t *list = (list_t *) ((char *) target + field->offset);
	list_t seen = {0};

	if (_read_list(reader, value, path, field->min, field->max, list))
		return -1;
	for (uint32_t i = 0; i < list->count; i++) {
		if (_has(&seen, list->item[i]))
			return reader_refuse(reader, value, path,
					     "a list without repetitions");
		seen.item[seen.count++] = list->item[i];
	}
	return 0;
}

static int _read_driver_links(const reader_t *reader, const field_t *field,
			      json_object *value, const char *path,
			      void *target)
{
	((device_t *) target)->driver_links_given = true;
	return _read_set(reader, field, value, path, target);
}

static int _read_weights(const reader_t *reader, const field_t *field,
			 json_object *value, const char *path, void *target)
{
	return _read_list(reader, value, path, field->min, field->max,
			  (list_t *) ((char *) target + field->offset));
}

/* A PCI device id is a text, for JSON has no hexadecimal numbers */
static int _read_pci_id(const reader_t *reader, const field_t *field,
			json_object *value, const char *path, void *target)
{
	const char *text = json_object_is_type(value, json_type_string)
				   ? json_object_get_string(value)
				   : "";
	unsigned int id;

	if (strncmp(text, "0x", 2) || (text += 2, !_hex(&text, 4, '\0', &id)) ||
	    !id)
		return reader_refuse(reader, value, path,
				     "a text such as \"0x7364\", or null");
	memcpy((char *) target + field->offset, &(uint32_t){id},
	       sizeof(uint32_t));
	return 0;
}

static int _read_address(const reader_t *reader, json_object *value,
			 const char *path, const char *right,
			 pci_address_t *address)
{
	if (!json_object_is_type(value, json_type_string) ||
	    pci_address_decode(json_object_get_string(value), address))
		return reader_refuse(reader, value, path, right);
	return 0;
}

static int _read_bdf(const reader_t *reader, const field_t *field,
		     json_object *value, const char *path, void *target)
{
	device_t *device = target;

	(void) field;
	device->pci_known = true;
	return _read_address(reader, value, path,
			     "a PCI address such as \"0000:cc:00.0\", or null",
			     &device->pci);
}

static int _read_numa(const reader_t *reader, const field_t *field,
		      json_object *value, const char *path, void *target)
{
	device_t *device = target;

	device->numa_known = true;
	return reader_number(reader, value, path, field->min, field->max,
			     &device->numa);
}

static int _read_efa(const reader_t *reader, const field_t *field,
		     json_object *value, const char *path, void *target)
{
	device_t *device = target;

	if (json_object_is_type(value, json_type_int)) {
		device->efa_kind = EFA_BY_NUMBER;
		return reader_number(reader, value, path, field->min,
				     field->max, &device->efa);
	}
	device->efa_kind = EFA_BY_PCI;
	return _read_address(reader, value, path,
			     "a PCI address such as \"0000:c9:00.0\", a "
			     "number, or null",
			     &device->efa_pci);
}

/* Read a list of texts, each into a row of the same size as its field says */
static int _read_rows(const reader_t *reader, const field_t *field,
		      json_object *value, const char *path, char *rows,
		      const field_t *row, uint32_t *count)
{
	int length = reader_array(reader, field, value, path);

	for (int i = 0; i < length; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_text(reader, row,
				json_object_array_get_idx(value, (size_t) i),
				below, rows + (size_t) i * (row->max + 1)))
			return -1;
		(*count)++;
	}
	return (length < 0) ? -1 : 0;
}

static int _read_instances(const reader_t *reader, const field_t *field,
			   json_object *value, const char *path, void *target)
{
	static const field_t row = {
		.min = 1, .max = NAME_MAX_LENGTH, .allowed = NAME_CHARACTERS};
	profile_t *profile = target;

	return _read_rows(reader, field, value, path, profile->instances[0],
			  &row, &profile->instance_count);
}

static int _read_numa_cpus(const reader_t *reader, const field_t *field,
			   json_object *value, const char *path, void *target)
{
	static const field_t row = {
		.min = 1, .max = CPULIST_MAX_LENGTH, .allowed = DIGITS ",-"};
	profile_t *profile = target;

	return _read_rows(reader, field, value, path, profile->numa_cpus[0],
			  &row, &profile->numa_count);
}

static const field_t device_fields[] = {
	{.key = "bdf", .nullable = true, .read = _read_bdf},
	{.key = "numa",
	 .nullable = true,
	 .read = _read_numa,
	 .max = PROFILE_NUMA_MAX - 1},
	{.key = "efa",
	 .nullable = true,
	 .read = _read_efa,
	 .max = PROFILE_EFAS_MAX - 1},
	{.key = "links",
	 .read = _read_set,
	 .offset = offsetof(device_t, links),
	 .max = PROFILE_DEVICES_MAX - 1},
	{.key = "link_gb_per_s",
	 .optional = true,
	 .read = _read_weights,
	 .offset = offsetof(device_t, weights),
	 .min = 1,
	 .max = WEIGHT_MAX},
	{.key = "driver_links",
	 .optional = true,
	 .read = _read_driver_links,
	 .offset = offsetof(device_t, driver_links),
	 .max = PROFILE_DEVICES_MAX - 1},
	{.key = NULL},
};

static int _read_devices(const reader_t *reader, const field_t *field,
			 json_object *value, const char *path, void *target)
{
	profile_t *profile = target;
	int length = reader_array(reader, field, value, path);

	for (int i = 0; i < length; i++) {
		char below[READER_PATH_MAX];

		(void) snprintf(below, sizeof(below), "%s[%d]", path, i);
		if (reader_object(reader, device_fields,
				  json_object_array_get_idx(value, (size_t) i),
				  below, &profile->devices[i]))
			return -1;
		profile->device_count++;
	}
	return (length < 0) ? -1 : 0;
}

#define UINT_FIELD(name, member, low, high)                          \
	{                                                            \
		.key = (name), .read = reader_uint,                  \
		.offset = offsetof(profile_t, member), .min = (low), \
		.max = (high)                                        \
	}
#define UINT_OR_NULL_FIELD(name, member, low, high)                   \
	{                                                             \
		.key = (name), .nullable = true, .read = reader_uint, \
		.offset = offsetof(profile_t, member), .min = (low),  \
		.max = (high)                                         \
	}
#define TEXT_FIELD(name, member, characters)                     \
	{                                                        \
		.key = (name), .read = reader_text,              \
		.offset = offsetof(profile_t, member), .min = 1, \
		.max = sizeof(((profile_t *) 0)->member) - 1,    \
		.allowed = (characters)                          \
	}
#define SET_FIELD(name, member, high)                                          \
	{                                                                      \
		.key = (name), .read = _read_set,                              \
		.offset = offsetof(profile_t, member), .min = 1, .max = (high) \
	}
#define BELOW_FIELD(name, table)                                       \
	{                                                              \
		.key = (name), .read = reader_below, .fields = (table) \
	}
#define PCI_ID_FIELD(name, member)                                     \
	{                                                              \
		.key = (name), .nullable = true, .read = _read_pci_id, \
		.offset = offsetof(profile_t, member)                  \
	}
#define LIST_FIELD(name, function, low, high)                                  \
	{                                                                      \
		.key = (name), .read = (function), .min = (low), .max = (high) \
	}
#define END_FIELD           \
	{                   \
		.key = NULL \
	}

static const field_t chip_fields[] = {
	TEXT_FIELD("name", device_name, NAME_CHARACTERS),
	TEXT_FIELD("arch_type", arch_type, NAME_CHARACTERS),
	TEXT_FIELD("instance_type", instance_type, NAME_CHARACTERS),
	PCI_ID_FIELD("pci_id", device_pci_id),
	UINT_FIELD("cores", cores, 1, CORES_MAX),
	UINT_FIELD("memory_mib", memory_mib, 1, MEMORY_MIB_MAX),
	END_FIELD,
};

static const field_t lnc_fields[] = {
	SET_FIELD("legal", lnc_legal, CORES_MAX),
	UINT_FIELD("default", lnc_default, 1, CORES_MAX),
	END_FIELD,
};

static const field_t cpu_fields[] = {
	UINT_FIELD("cpus", cpus, 1, PROFILE_CPUS_MAX),
	UINT_OR_NULL_FIELD("threads_per_core", threads_per_core, 1, 8),
	UINT_OR_NULL_FIELD("sockets", sockets, 1, 16),
	{.key = "numa",
	 .nullable = true,
	 .read = _read_numa_cpus,
	 .min = 1,
	 .max = PROFILE_NUMA_MAX},
	END_FIELD,
};

static const field_t profile_fields[] = {
	UINT_FIELD("format", format, FORMAT, FORMAT),
	TEXT_FIELD("name", name, NAME_CHARACTERS),
	TEXT_FIELD("type", type, LOWER DIGITS),
	LIST_FIELD("instances", _read_instances, 0, INSTANCES_MAX),
	LIST_FIELD("sources", reader_notes, 1, NOTES_MAX),
	LIST_FIELD("unknown", reader_notes, 0, NOTES_MAX),
	BELOW_FIELD("device", chip_fields),
	PCI_ID_FIELD("efa_pci_id", efa_pci_id),
	{.key = "efa_gbps",
	 .optional = true,
	 .read = reader_uint,
	 .offset = offsetof(profile_t, efa_gbps),
	 .min = 1,
	 .max = EFA_GBPS_MAX},
	BELOW_FIELD("lnc", lnc_fields),
	BELOW_FIELD("cpu", cpu_fields),
	UINT_OR_NULL_FIELD("host_memory_mib", host_memory_mib, 1,
			   MEMORY_MIB_MAX),
	SET_FIELD("documented_sizes", documented_sizes, PROFILE_DEVICES_MAX),
	UINT_FIELD("ultraserver_size", ultraserver_size, 1, ULTRASERVER_MAX),
	UINT_FIELD("link_gb_per_s", link_weight, 1, WEIGHT_MAX),
	LIST_FIELD("devices", _read_devices, 1, PROFILE_DEVICES_MAX),
	END_FIELD,
};

/*
 * Checks
 */

/* Position of a device in the links of another; -1: not there */
static int _link(const device_t *device, uint32_t other)
{
	for (uint32_t i = 0; i < device->links.count; i++) {
		if (device->links.item[i] == other)
			return (int) i;
	}
	return -1;
}

static int _check_list(const reader_t *reader, const profile_t *profile,
		       uint32_t index, const char *key, const list_t *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->item[i] >= profile->device_count)
			return neuron_error_set(reader->err, EINVAL,
						"%.200s: devices[%u].%s names "
						"device %u; devices "
						"are 0 to %u",
						reader->origin, index, key,
						list->item[i],
						profile->device_count - 1);
		if (list->item[i] == index)
			return neuron_error_set(reader->err, EINVAL,
						"%.200s: devices[%u].%s names "
						"device %u itself; "
						"links join two devices",
						reader->origin, index, key,
						index);
	}
	return 0;
}

static int _check_both_ways(const reader_t *reader, const profile_t *profile,
			    uint32_t index)
{
	const list_t *links = &profile->devices[index].links;

	for (uint32_t i = 0; i < links->count; i++) {
		uint32_t other = links->item[i];

		if (_link(&profile->devices[other], index) < 0)
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: devices[%u].links names device %u, "
				"but "
				"devices[%u].links does not name %u; links go "
				"both ways",
				reader->origin, index, other, other, index);
		if (profile_link_weight(profile, index, other) !=
		    profile_link_weight(profile, other, index))
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: devices[%u].link_gb_per_s and "
				"devices[%u].link_gb_per_s differ for the "
				"link between them; they must agree",
				reader->origin, index, other);
	}
	return 0;
}

static int _check_links(const reader_t *reader, const profile_t *profile)
{
	for (uint32_t i = 0; i < profile->device_count; i++) {
		const device_t *device = &profile->devices[i];

		if (_check_list(reader, profile, i, "links", &device->links) ||
		    _check_list(reader, profile, i, "driver_links",
				&device->driver_links))
			return -1;
		if (device->weights.count &&
		    device->weights.count != device->links.count)
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: devices[%u].link_gb_per_s has %u "
				"elements; it must have %u, one for each link",
				reader->origin, i, device->weights.count,
				device->links.count);
	}
	for (uint32_t i = 0; i < profile->device_count; i++) {
		if (_check_both_ways(reader, profile, i))
			return -1;
	}
	return 0;
}

/* The device that has the address, for its Neuron or EFA function; -1: none */
static int _owner(const profile_t *profile, const pci_address_t *pci,
		  uint32_t below, bool efa)
{
	for (uint32_t i = 0; i < below; i++) {
		const device_t *device = &profile->devices[i];

		if (efa && device->efa_kind == EFA_BY_PCI &&
		    !pci_address_compare(&device->efa_pci, pci))
			return (int) i;
		if (!efa && device->pci_known &&
		    !pci_address_compare(&device->pci, pci))
			return (int) i;
	}
	return -1;
}

static int _check_addresses(const reader_t *reader, const profile_t *profile)
{
	char text[PCI_ADDRESS_TEXT_MAX] = "";

	for (uint32_t i = 0; i < profile->device_count; i++) {
		const device_t *device = &profile->devices[i];
		const char *key = "bdf";
		int other;

		if (!device->pci_known)
			continue;
		(void) pci_address_encode(&device->pci, text, sizeof(text));
		other = _owner(profile, &device->pci, i, false);
		if (other < 0) {
			other = _owner(profile, &device->pci,
				       profile->device_count, true);
			key = "efa";
		}
		if (other >= 0)
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: devices[%u].bdf is \"%s\", as is "
				"devices[%d].%s; PCI addresses are unique",
				reader->origin, i, text, other, key);
	}
	return 0;
}

static int _check_numa(const reader_t *reader, const profile_t *profile)
{
	for (uint32_t i = 0; i < profile->device_count; i++) {
		const device_t *device = &profile->devices[i];

		if (device->numa_known && !profile->numa_count)
			return neuron_error_set(reader->err, EINVAL,
						"%.200s: devices[%u].numa is "
						"%u, but cpu.numa is "
						"null; it must be null too",
						reader->origin, i,
						device->numa);
		if (device->numa_known && device->numa >= profile->numa_count)
			return neuron_error_set(reader->err, EINVAL,
						"%.200s: devices[%u].numa is "
						"%u; cpu.numa has the "
						"nodes 0 to %u",
						reader->origin, i, device->numa,
						profile->numa_count - 1);
	}
	return 0;
}

/* Read one CPU number; RET false: there is none, or none so small */
static bool _cpu(const char **at, uint32_t limit, uint32_t *cpu)
{
	int digits = 0;

	*cpu = 0;
	for (; **at >= '0' && **at <= '9' && digits < 5; (*at)++, digits++)
		*cpu = *cpu * 10 + (uint32_t) (**at - '0');
	return digits && *cpu < limit;
}

/* Mark the CPUs of a list; RET what is wrong with it, or NULL */
static const char *_mark_cpus(const char *at, uint32_t limit, bool *seen)
{
	while (true) {
		uint32_t first, last;

		if (!_cpu(&at, limit, &first))
			return "a list such as 0-47,96-143 of CPUs below "
			       "cpu.cpus";
		last = first;
		if (*at == '-' && (at++, !_cpu(&at, limit, &last)))
			return "a list such as 0-47,96-143 of CPUs below "
			       "cpu.cpus";
		if (last < first)
			return "a list of ascending ranges";
		for (; first <= last; first++) {
			if (seen[first])
				return "a list of CPUs that no other range "
				       "or node has";
			seen[first] = true;
		}
		if (!*at)
			return NULL;
		if (*at++ != ',')
			return "a list such as 0-47,96-143";
	}
}

static int _check_cpulists(const reader_t *reader, const profile_t *profile)
{
	bool seen[PROFILE_CPUS_MAX] = {false};
	uint32_t count = 0;

	for (uint32_t i = 0; i < profile->numa_count; i++) {
		const char *wrong =
			_mark_cpus(profile->numa_cpus[i], profile->cpus, seen);

		if (wrong)
			return neuron_error_set(reader->err, EINVAL,
						"%.200s: cpu.numa[%u] is "
						"\"%.80s\"; it must be %s",
						reader->origin, i,
						profile->numa_cpus[i], wrong);
	}
	for (uint32_t i = 0; i < profile->cpus; i++)
		count += seen[i];
	if (profile->numa_count && count != profile->cpus)
		return neuron_error_set(
			reader->err, EINVAL,
			"%.200s: cpu.numa lists %u CPUs; it must "
			"list all %u of cpu.cpus",
			reader->origin, count, profile->cpus);
	return 0;
}

static int _check_cpus(const reader_t *reader, const profile_t *profile)
{
	uint32_t unit =
		profile_sockets(profile) * profile_threads_per_core(profile);

	if (profile->cpus % unit)
		return neuron_error_set(reader->err, EINVAL,
					"%.200s: cpu.cpus is %u; it must be a "
					"multiple of %u, which is sockets "
					"times threads_per_core",
					reader->origin, profile->cpus, unit);
	return _check_cpulists(reader, profile);
}

static int _check_lnc(const reader_t *reader, const profile_t *profile)
{
	for (uint32_t i = 0; i < profile->lnc_legal.count; i++) {
		if (profile->cores % profile->lnc_legal.item[i])
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: lnc.legal[%u] is %u; it must divide "
				"device.cores, which is %u",
				reader->origin, i, profile->lnc_legal.item[i],
				profile->cores);
	}
	if (!_has(&profile->lnc_legal, profile->lnc_default))
		return neuron_error_set(reader->err, EINVAL,
					"%.200s: lnc.default is %u; it must be "
					"one of lnc.legal",
					reader->origin, profile->lnc_default);
	return 0;
}

static int _check_sizes(const reader_t *reader, const profile_t *profile)
{
	const list_t *sizes = &profile->documented_sizes;

	for (uint32_t i = 0; i < sizes->count; i++) {
		if (sizes->item[i] > profile->device_count)
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: documented_sizes[%u] is %u; it must "
				"be "
				"at most %u, the number of devices",
				reader->origin, i, sizes->item[i],
				profile->device_count);
	}
	return 0;
}

/* Slurm would read a type that starts with a digit as a number of devices */
static int _check_type(const reader_t *reader, const profile_t *profile)
{
	if (strchr(DIGITS, profile->type[0]))
		return neuron_error_set(reader->err, EINVAL,
					"%.200s: type is \"%s\"; it must start "
					"with a letter",
					reader->origin, profile->type);
	return 0;
}

static int _check(const reader_t *reader, const profile_t *profile)
{
	if (_check_type(reader, profile) || _check_lnc(reader, profile) ||
	    _check_cpus(reader, profile) || _check_numa(reader, profile) ||
	    _check_sizes(reader, profile) || _check_links(reader, profile) ||
	    _check_addresses(reader, profile))
		return -1;
	return 0;
}

extern int profile_check(const profile_t *profile, neuron_error_t *err)
{
	reader_t reader = {.origin = profile->name, .err = err};

	return _check(&reader, profile);
}

/*
 * Creation
 */

/* The GRES index of a device's interface: of an earlier one, or the next */
static uint32_t _efa_index(const profile_t *profile, uint32_t index)
{
	const device_t *device = &profile->devices[index];
	int owner;

	if (device->efa_kind == EFA_BY_NUMBER)
		return device->efa;
	owner = _owner(profile, &device->efa_pci, index, true);
	return (owner < 0) ? profile->efa_count : profile->devices[owner].efa;
}

/* Number the EFA interfaces by the lowest device that they serve */
static int _number_efas(const reader_t *reader, profile_t *profile)
{
	efa_kind_t kind = EFA_NONE;

	for (uint32_t i = 0; i < profile->device_count; i++) {
		device_t *device = &profile->devices[i];

		if (device->efa_kind == EFA_NONE)
			continue;
		if (kind != EFA_NONE && kind != device->efa_kind)
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: devices[%u].efa is %s, others are %s; "
				"all must be of one kind",
				reader->origin, i,
				(kind == EFA_BY_PCI) ? "a number"
						     : "a PCI address",
				(kind == EFA_BY_PCI) ? "PCI addresses"
						     : "numbers");
		kind = device->efa_kind;
		device->efa = _efa_index(profile, i);
		if (device->efa > profile->efa_count)
			return neuron_error_set(
				reader->err, EINVAL,
				"%.200s: devices[%u].efa is %u; it must be at "
				"most "
				"%u, for interfaces are numbered by the lowest "
				"device that they serve",
				reader->origin, i, device->efa,
				profile->efa_count);
		if (device->efa == profile->efa_count)
			profile->efa_count++;
		profile->efa_devices[device->efa] |= devset_of(i);
	}
	return 0;
}

static int _decode(const reader_t *reader, const char *text, profile_t *profile)
{
	json_object *root;
	int rc;

	if (strlen(text) > PROFILE_FILE_MAX)
		return neuron_error_set(
			reader->err, EINVAL,
			"%.200s: the text has more than %d bytes; "
			"a profile is smaller",
			reader->origin, PROFILE_FILE_MAX);
	root = reader_parse(reader, text);
	if (!root)
		return -1;
	rc = reader_object(reader, profile_fields, root, "", profile);
	json_object_put(root);
	if (rc || _number_efas(reader, profile))
		return -1;
	return _check(reader, profile);
}

extern profile_t *profile_decode(const char *text, const char *origin,
				 neuron_error_t *err)
{
	reader_t reader = {.origin = origin, .err = err};
	profile_t *profile = calloc(1, sizeof(*profile));

	if (!profile) {
		neuron_error_set(err, ENOMEM, "%.200s: out of memory", origin);
		return NULL;
	}
	if (_decode(&reader, text, profile)) {
		profile_destroy(profile);
		return NULL;
	}
	return profile;
}

static int _read_stream(const char *path, FILE *stream, char *text, size_t size,
			neuron_error_t *err)
{
	size_t length = fread(text, 1, size - 1, stream);

	if (ferror(stream))
		return neuron_error_set(err, EIO, "%.200s: cannot be read",
					path);
	text[length] = '\0';
	if (strlen(text) != length)
		return neuron_error_set(
			err, EINVAL, "%.200s: has a null byte; it must be JSON",
			path);
	return 0;
}

static FILE *_open(const char *path, neuron_error_t *err)
{
	FILE *stream = fopen(path, "re");

	if (stream)
		return stream;
	if (errno == ENOENT || errno == ENOTDIR)
		neuron_error_set(err, ENOENT, "%.200s: no such profile", path);
	else
		neuron_error_set(err, (errno == ENOMEM) ? ENOMEM : EIO,
				 "%.200s: cannot be opened: %s", path,
				 strerror(errno));
	return NULL;
}

/* RET text to be freed with free(), at most PROFILE_FILE_MAX + 1 bytes long */
static char *_read_text(const char *path, neuron_error_t *err)
{
	const size_t size = PROFILE_FILE_MAX + 2;
	FILE *stream = _open(path, err);
	char *text;
	bool failed;
	int errnum;

	if (!stream)
		return NULL;
	text = malloc(size);
	if (!text)
		neuron_error_set(err, ENOMEM, "%.200s: out of memory", path);
	failed = !text || _read_stream(path, stream, text, size, err);
	errnum = errno;
	(void) fclose(stream);
	if (failed)
		free(text);
	errno = errnum;
	return failed ? NULL : text;
}

static bool _name_is_of_file(const char *name, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t length = strlen(name);

	return !strncmp(base, name, length) && !strcmp(base + length, ".json");
}

extern profile_t *profile_read(const char *path, neuron_error_t *err)
{
	char *text = _read_text(path, err);
	profile_t *profile;
	int errnum;

	if (!text)
		return NULL;
	profile = profile_decode(text, path, err);
	errnum = errno;
	free(text);
	errno = errnum;
	if (profile && !_name_is_of_file(profile->name, path)) {
		neuron_error_set(
			err, EINVAL,
			"%.200s: name is \"%s\"; it must be the file name "
			"without \".json\"",
			path, profile->name);
		profile_destroy(profile);
		return NULL;
	}
	return profile;
}

extern void profile_destroy(profile_t *profile)
{
	int errnum = errno;

	free(profile);
	errno = errnum;
}

/*
 * Looking
 */

extern const char *profile_name(const profile_t *profile)
{
	return profile->name;
}

extern const char *profile_type(const profile_t *profile)
{
	return profile->type;
}

extern const char *profile_instance(const profile_t *profile,
				    unsigned int index)
{
	if (index >= profile->instance_count)
		return NULL;
	return profile->instances[index];
}

extern const char *profile_arch_type(const profile_t *profile)
{
	return profile->arch_type;
}

extern const char *profile_instance_type(const profile_t *profile)
{
	return profile->instance_type;
}

extern const char *profile_device_name(const profile_t *profile)
{
	return profile->device_name;
}

extern uint16_t profile_device_pci_id(const profile_t *profile)
{
	return (uint16_t) profile->device_pci_id;
}

extern uint32_t profile_efa_gbps(const profile_t *profile)
{
	return profile->efa_gbps;
}

extern uint16_t profile_efa_pci_id(const profile_t *profile)
{
	return (uint16_t) profile->efa_pci_id;
}

extern unsigned int profile_device_count(const profile_t *profile)
{
	return profile->device_count;
}

extern devset_t profile_devices(const profile_t *profile)
{
	return devset_run(0, profile->device_count);
}

extern unsigned int profile_efa_count(const profile_t *profile)
{
	return profile->efa_count;
}

extern uint64_t profile_device_memory_mib(const profile_t *profile)
{
	return profile->memory_mib;
}

extern uint64_t profile_host_memory_mib(const profile_t *profile)
{
	return profile->host_memory_mib;
}

extern unsigned int profile_physical_cores(const profile_t *profile)
{
	return profile->cores;
}

extern unsigned int profile_default_lnc(const profile_t *profile)
{
	return profile->lnc_default;
}

extern bool profile_lnc_is_legal(const profile_t *profile, unsigned int lnc)
{
	return _has(&profile->lnc_legal, lnc);
}

extern unsigned int profile_logical_cores(const profile_t *profile,
					  unsigned int lnc)
{
	return profile_lnc_is_legal(profile, lnc) ? profile->cores / lnc : 0;
}

extern devset_t profile_neighbours(const profile_t *profile,
				   unsigned int device)
{
	devset_t neighbours = 0;

	if (device >= profile->device_count)
		return 0;
	for (uint32_t i = 0; i < profile->devices[device].links.count; i++)
		neighbours |= devset_of(profile->devices[device].links.item[i]);
	return neighbours;
}

extern unsigned int profile_link_weight(const profile_t *profile,
					unsigned int a, unsigned int b)
{
	const device_t *device;
	int link;

	if (a >= profile->device_count)
		return 0;
	device = &profile->devices[a];
	link = _link(device, b);
	if (link < 0)
		return 0;
	return device->weights.count ? device->weights.item[link]
				     : profile->link_weight;
}

extern unsigned int profile_driver_neighbours(const profile_t *profile,
					      unsigned int device,
					      unsigned int *list)
{
	const list_t *links;

	if (device >= profile->device_count)
		return 0;
	links = profile->devices[device].driver_links_given
			? &profile->devices[device].driver_links
			: &profile->devices[device].links;
	for (uint32_t i = 0; i < links->count; i++)
		list[i] = links->item[i];
	return links->count;
}

extern int profile_efa_of(const profile_t *profile, unsigned int device)
{
	if (device >= profile->device_count ||
	    profile->devices[device].efa_kind == EFA_NONE)
		return -1;
	return (int) profile->devices[device].efa;
}

extern devset_t profile_efas_of(const profile_t *profile, devset_t devices)
{
	devset_t efas = 0;

	for (uint32_t i = 0; i < profile->efa_count; i++) {
		if (profile->efa_devices[i] & devices)
			efas |= devset_of(i);
	}
	return efas;
}

extern devset_t profile_devices_of_efa(const profile_t *profile,
				       unsigned int efa)
{
	return (efa < profile->efa_count) ? profile->efa_devices[efa] : 0;
}

extern int profile_device_pci(const profile_t *profile, unsigned int device,
			      pci_address_t *address)
{
	if (device >= profile->device_count ||
	    !profile->devices[device].pci_known)
		return neuron_error_set(NULL, ENOENT, "not known");
	*address = profile->devices[device].pci;
	return 0;
}

extern int profile_efa_pci(const profile_t *profile, unsigned int efa,
			   pci_address_t *address)
{
	int device = devset_first(profile_devices_of_efa(profile, efa));

	if (device < 0 || profile->devices[device].efa_kind != EFA_BY_PCI)
		return neuron_error_set(NULL, ENOENT, "not known");
	*address = profile->devices[device].efa_pci;
	return 0;
}

extern int profile_device_numa(const profile_t *profile, unsigned int device)
{
	if (device >= profile->device_count ||
	    !profile->devices[device].numa_known)
		return -1;
	return (int) profile->devices[device].numa;
}

extern unsigned int profile_numa_count(const profile_t *profile)
{
	return profile->numa_count ? profile->numa_count : 1;
}

extern const char *profile_numa_cpus(const profile_t *profile,
				     unsigned int numa)
{
	return (numa < profile->numa_count) ? profile->numa_cpus[numa] : NULL;
}

extern unsigned int profile_sockets(const profile_t *profile)
{
	return profile->sockets ? profile->sockets : 1;
}

extern unsigned int profile_threads_per_core(const profile_t *profile)
{
	return profile->threads_per_core ? profile->threads_per_core : 1;
}

extern unsigned int profile_cores_per_socket(const profile_t *profile)
{
	return profile->cpus / profile_threads_per_core(profile) /
	       profile_sockets(profile);
}

extern int profile_device_socket(const profile_t *profile, unsigned int device)
{
	int numa = profile_device_numa(profile, device);

	if (numa < 0 || !profile->sockets ||
	    profile->numa_count % profile->sockets)
		return -1;
	return numa / (int) (profile->numa_count / profile->sockets);
}

extern bool profile_size_is_documented(const profile_t *profile,
				       unsigned int count)
{
	return _has(&profile->documented_sizes, count);
}

extern unsigned int profile_ultraserver_size(const profile_t *profile)
{
	return profile->ultraserver_size;
}
