/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hwloc.h>

#include "pcibus.h"
#include "sysfs.h"

/* NeuronCores of one device: 8 on Trainium3 (neuron_driver_shared.h) */
#define CORES_MAX 64
#define NUMA_MAX PROFILE_NUMA_MAX
#define NUMA_TEXT_MAX 1024
#define UVERBS_MAX 1023
#define SERVER_ID_LENGTH 16
/* A NUMA node of 1 PiB */
#define MEMORY_KIB_MAX (1ULL << 40)
#define DEFECT_MAX NEURON_ERROR_MAX
#define PATH_MAX_LENGTH 256

#define HEX "0123456789abcdef"
#define ID_CHARACTERS HEX "ghijklmnopqrstuvwxyz"

typedef struct {
	bool known;
	char cpus[NUMA_TEXT_MAX];
} numa_t;

typedef struct {
	char id[SERVER_ID_LENGTH + 1];
	int node;
} domain_t;

struct probe {
	bool below_root;
	char instance[PROBE_TEXT_MAX];
	char instance_id[PROBE_TEXT_MAX];
	uint64_t memory_kib;
	software_t software;
	unsigned int device_count;
	probe_device_t devices[DEVSET_MAX];
	unsigned int pci_count;
	unsigned int efa_count;
	probe_efa_t efas[PROBE_EFAS_MAX];
	unsigned int numa_count;
	numa_t numa[NUMA_MAX];
	domain_t servers[2];
	unsigned int modes;
	unsigned int defect_count;
	char defects[PROBE_DEFECTS_MAX][DEFECT_MAX];
};

/* A probe while it is made */
typedef struct {
	probe_t *probe;
	int root;
	/* EFA functions of the PCI bus */
	unsigned int efa_count;
	pci_address_t efas[PROBE_EFAS_MAX];
	/* devices that the driver shows */
	devset_t seen;
	/* why the probe cannot be made, 0: it can */
	int fatal;
	neuron_error_t error;
} look_t;

/*
 * Where the driver shows a device, and its files below that; driver 2.31
 * moves some: add the new place behind the old one.
 */
static const char *const device_places[] = {
	"sys/devices/virtual/neuron_device",
	"sys/class/neuron_device",
	NULL,
};
static const char *const core_count_places[] = {"core_count", NULL};
static const char *const links_places[] = {"connected_devices", NULL};
static const char *const serial_places[] = {"info/serial_number", NULL};
static const char *const arch_type_places[] = {"info/architecture/arch_type",
					       NULL};
static const char *const instance_places[] = {"info/architecture/instance_type",
					      NULL};
static const char *const name_places[] = {"info/architecture/device_name",
					  NULL};
static const char *const product_places[] = {
	"sys/devices/virtual/dmi/id/product_name",
	"sys/class/dmi/id/product_name",
	NULL,
};

/* Readable for all, unlike its product_serial */
static const char *const asset_places[] = {
	"sys/devices/virtual/dmi/id/board_asset_tag",
	"sys/class/dmi/id/board_asset_tag",
	NULL,
};

static void _defect(look_t *look, const char *text)
{
	probe_t *probe = look->probe;

	if (probe->defect_count < PROBE_DEFECTS_MAX)
		(void) snprintf(probe->defects[probe->defect_count++],
				DEFECT_MAX, "%s", text);
}

/* What a reading function gave; RET true: a value */
static bool _settle(look_t *look, int result, const neuron_error_t *err)
{
	if (result >= 0)
		return true;
	if (errno == EINVAL) {
		_defect(look, err->text);
	} else if (errno != ENOENT && !look->fatal) {
		look->fatal = errno;
		look->error = *err;
	}
	return false;
}

/* The first known place of a file below a directory that is there */
static bool _find(const look_t *look, const char *dir,
		  const char *const *places, char *path, size_t size)
{
	for (; *places; places++) {
		struct stat st;
		int n = snprintf(path, size, "%s%s%s", dir, *dir ? "/" : "",
				 *places);

		if (n > 0 && (size_t) n < size &&
		    !sysfs_stat(look->root, path, &st))
			return true;
	}
	return false;
}

/* IN/OUT text - "" when the file is not there or malformed */
static bool _text(look_t *look, const char *dir, const char *const *places,
		  char *text, size_t size)
{
	char path[PATH_MAX_LENGTH];
	neuron_error_t err;
	bool known;

	known = _find(look, dir, places, path, sizeof(path)) &&
		_settle(look, sysfs_line(look->root, path, text, size, &err),
			&err);
	if (known && !*text) {
		sysfs_refuse(path, text, "not empty", &err);
		_defect(look, err.text);
		known = false;
	}
	if (!known)
		*text = '\0';
	return known;
}

static void _node(const look_t *look, const char *path, bool *present,
		  bool *is_device)
{
	struct stat st;

	*present = !sysfs_stat(look->root, path, &st);
	*is_device = *present && S_ISCHR(st.st_mode);
}

/*
 * Neuron devices
 */

/* "12, 3, 4, 1" */
static bool _parse_links(const char *text, devset_t *links)
{
	devset_t found = 0;

	while (*text) {
		char number[4];
		size_t length = strcspn(text, ",");
		int index;

		if (length >= sizeof(number))
			return false;
		memcpy(number, text, length);
		number[length] = '\0';
		index = sysfs_name_number(number, "", DEVSET_MAX - 1);
		if (index < 0 || (found & devset_of((unsigned int) index)))
			return false;
		found |= devset_of((unsigned int) index);
		text += length;
		if (*text && (strncmp(text, ", ", 2) || !text[2]))
			return false;
		text += *text ? 2 : 0;
	}
	*links = found;
	return true;
}

static void _read_links(look_t *look, const char *dir, probe_device_t *device)
{
	char path[PATH_MAX_LENGTH], text[SYSFS_FILE_MAX + 1];
	neuron_error_t err;
	int n;

	if (!_find(look, dir, links_places, path, sizeof(path)))
		return;
	n = sysfs_read(look->root, path, text, sizeof(text), &err);
	if (!_settle(look, n, &err) || !n)
		return;
	if (text[n - 1] == '\n')
		text[n - 1] = '\0';
	device->links_known = _parse_links(text, &device->links);
	if (device->links_known)
		return;
	sysfs_refuse(path, text, "a list of device indexes such as 12, 3, 4, 1",
		     &err);
	_defect(look, err.text);
}

static void _read_cores(look_t *look, const char *dir, probe_device_t *device)
{
	char path[PATH_MAX_LENGTH];
	neuron_error_t err;
	long cores;

	if (_find(look, dir, core_count_places, path, sizeof(path)) &&
	    _settle(look,
		    sysfs_number(look->root, path, 1, CORES_MAX, &cores, &err),
		    &err))
		device->core_count = (unsigned int) cores;
}

/* 16 hexadecimal digits; the driver writes an empty line when it fails */
static void _read_serial(look_t *look, const char *dir, probe_device_t *device)
{
	char path[PATH_MAX_LENGTH], text[PROBE_TEXT_MAX];
	neuron_error_t err;

	if (!_find(look, dir, serial_places, path, sizeof(path)) ||
	    !_settle(look,
		     sysfs_line(look->root, path, text, sizeof(text), &err),
		     &err))
		return;
	if (strspn(text, HEX) == strlen(text) &&
	    (!*text || strlen(text) == SERVER_ID_LENGTH)) {
		memcpy(device->serial, text, strlen(text) + 1);
		return;
	}
	sysfs_refuse(path, text, "16 hexadecimal digits", &err);
	_defect(look, err.text);
}

/* Where the driver shows a device; RET false: nowhere */
static bool _find_device(const look_t *look, unsigned int index, char *dir,
			 size_t size)
{
	char name[32];
	const char *const names[] = {name, NULL};

	(void) snprintf(name, sizeof(name), "neuron%u", index);
	for (const char *const *place = device_places; *place; place++) {
		if (_find(look, *place, names, dir, size))
			return true;
	}
	return false;
}

static void _read_device(look_t *look, unsigned int index)
{
	probe_device_t *device =
		&look->probe->devices[look->probe->device_count++];
	char dir[PATH_MAX_LENGTH];

	memset(device, 0, sizeof(*device));
	device->index = index;
	(void) snprintf(dir, sizeof(dir), "dev/neuron%u", index);
	_node(look, dir, &device->node_present, &device->node_is_device);
	if (!_find_device(look, index, dir, sizeof(dir)))
		return;
	_read_cores(look, dir, device);
	_read_links(look, dir, device);
	_read_serial(look, dir, device);
	_text(look, dir, arch_type_places, device->arch_type,
	      sizeof(device->arch_type));
	_text(look, dir, instance_places, device->instance_type,
	      sizeof(device->instance_type));
	_text(look, dir, name_places, device->device_name,
	      sizeof(device->device_name));
}

static int _see_device(const char *name, void *arg)
{
	look_t *look = arg;
	int index = sysfs_name_number(name, "neuron", DEVSET_MAX - 1);
	char dir[PATH_MAX_LENGTH];

	if (index >= 0 &&
	    _find_device(look, (unsigned int) index, dir, sizeof(dir)))
		look->seen |= devset_of((unsigned int) index);
	return 0;
}

static void _each(look_t *look, const char *dir, sysfs_entry_t entry)
{
	neuron_error_t err;
	int result = sysfs_each(look->root, dir, entry, look);

	if (result < 0)
		neuron_error_set(&err, errno, "/%.200s: %s", dir,
				 strerror(errno));
	_settle(look, result, &err);
}

static devset_t _nodes(const look_t *look)
{
	devset_t nodes = 0;

	for (unsigned int i = 0; i < DEVSET_MAX; i++) {
		char path[32];
		struct stat st;

		(void) snprintf(path, sizeof(path), "dev/neuron%u", i);
		if (!sysfs_stat(look->root, path, &st))
			nodes |= devset_of(i);
	}
	return nodes;
}

/* A node without a device is left over from something else */
static void _refuse_nodes(look_t *look, devset_t nodes)
{
	for (int i = -1; (i = devset_next(nodes, i)) >= 0;) {
		char text[128];

		(void) snprintf(text, sizeof(text),
				"/dev/neuron%d: the driver shows no such "
				"device",
				i);
		_defect(look, text);
	}
}

static void _look_at_devices(look_t *look)
{
	devset_t nodes = _nodes(look);
	bool driver = false;

	for (const char *const *place = device_places; *place; place++) {
		struct stat st;

		driver |= !sysfs_stat(look->root, *place, &st);
		_each(look, *place, _see_device);
	}
	if (driver)
		_refuse_nodes(look, nodes & ~look->seen);
	else
		look->seen = nodes;
	for (int i = -1; (i = devset_next(look->seen, i)) >= 0;)
		_read_device(look, (unsigned int) i);
}

/*
 * PCI and EFA interfaces
 */

static void _see_function(const pcibus_function_t *function,
			  const char *malformed, void *arg)
{
	look_t *look = arg;

	if (malformed)
		_defect(look, malformed);
	else if (pcibus_is_neuron(function))
		look->probe->pci_count++;
	else if (pcibus_is_efa(function) && look->efa_count < PROBE_EFAS_MAX)
		look->efas[look->efa_count++] = function->address;
}

static bool _is_efa(const look_t *look, const pci_address_t *address)
{
	for (unsigned int i = 0; i < look->efa_count; i++) {
		if (!pci_address_compare(&look->efas[i], address))
			return true;
	}
	return false;
}

static void _read_numa(look_t *look, probe_efa_t *efa)
{
	char path[PATH_MAX_LENGTH], text[PCI_ADDRESS_TEXT_MAX];
	neuron_error_t err;
	long numa;

	efa->numa = -1;
	(void) pci_address_encode(&efa->pci, text, sizeof(text));
	(void) snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/numa_node",
			text);
	if (_settle(look,
		    sysfs_number(look->root, path, -1, NUMA_MAX - 1, &numa,
				 &err),
		    &err))
		efa->numa = (int) numa;
}

/* One interface of the verbs: it is an EFA when its PCI function is */
static int _see_verbs(const char *name, void *arg)
{
	look_t *look = arg;
	probe_t *probe = look->probe;
	char path[PATH_MAX_LENGTH], real[SYSFS_PATH_MAX];
	const char *slash;
	probe_efa_t *efa;

	if (strlen(name) >= PROBE_TEXT_MAX ||
	    probe->efa_count == PROBE_EFAS_MAX)
		return 0;
	efa = &probe->efas[probe->efa_count];
	(void) snprintf(path, sizeof(path), "sys/class/infiniband/%s/device",
			name);
	if (sysfs_resolve(look->root, path, real, sizeof(real)))
		return 0;
	slash = strrchr(real, '/');
	if (pci_address_decode(slash ? slash + 1 : real, &efa->pci) ||
	    !_is_efa(look, &efa->pci))
		return 0;
	memcpy(efa->name, name, strlen(name) + 1);
	efa->uverbs = -1;
	efa->node_is_device = false;
	_read_numa(look, efa);
	probe->efa_count++;
	return 0;
}

static void _set_uverbs(look_t *look, const char *name, int number)
{
	for (unsigned int i = 0; i < look->probe->efa_count; i++) {
		probe_efa_t *efa = &look->probe->efas[i];
		char path[64];
		bool present;

		if (strcmp(efa->name, name))
			continue;
		(void) snprintf(path, sizeof(path), "dev/infiniband/uverbs%d",
				number);
		_node(look, path, &present, &efa->node_is_device);
		efa->uverbs = present ? number : -1;
	}
}

static int _see_uverbs(const char *name, void *arg)
{
	look_t *look = arg;
	int number = sysfs_name_number(name, "uverbs", UVERBS_MAX);
	char path[PATH_MAX_LENGTH], text[PROBE_TEXT_MAX];
	neuron_error_t err;

	if (number < 0)
		return 0;
	(void) snprintf(path, sizeof(path),
			"sys/class/infiniband_verbs/uverbs%d/ibdev", number);
	if (_settle(look,
		    sysfs_line(look->root, path, text, sizeof(text), &err),
		    &err))
		_set_uverbs(look, text, number);
	return 0;
}

static int _compare_efas(const void *x, const void *y)
{
	const probe_efa_t *a = x, *b = y;
	int order = pci_address_compare(&a->pci, &b->pci);

	return order ? order : strcmp(a->name, b->name);
}

static void _look_at_efas(look_t *look, const char *root)
{
	neuron_error_t err;

	if (!_settle(look,
		     pcibus_scan(look->root, root, _see_function, look, &err),
		     &err))
		return;
	_each(look, "sys/class/infiniband", _see_verbs);
	qsort(look->probe->efas, look->probe->efa_count,
	      sizeof(look->probe->efas[0]), _compare_efas);
	_each(look, "sys/class/infiniband_verbs", _see_uverbs);
}

/*
 * NUMA nodes
 */

/* "00000000,0000ffff": groups of 8 digits, the first may be shorter */
static bool _is_cpumap(const char *text)
{
	size_t digits = strspn(text, HEX);

	if (!digits || digits > 8)
		return false;
	for (text += digits; *text; text += digits) {
		if (*text++ != ',')
			return false;
		digits = strspn(text, HEX);
		if (digits != 8)
			return false;
	}
	return true;
}

/* OUT text - the list of CPUs */
static int _parse_cpumap(const char *map, char *text, size_t size)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int n = -1;

	if (!set) {
		errno = ENOMEM;
		return -1;
	}
	errno = EINVAL;
	if (_is_cpumap(map) && !hwloc_bitmap_sscanf(set, map) &&
	    hwloc_bitmap_last(set) < PROFILE_CPUS_MAX)
		n = hwloc_bitmap_list_snprintf(text, size, set);
	hwloc_bitmap_free(set);
	if (n < 0 || (size_t) n >= size) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

/* "Node 0 MemTotal:       1056722944 kB" is the first line */
static void _read_memory(look_t *look, int number)
{
	static const char key[] = " MemTotal:";
	char path[PATH_MAX_LENGTH], text[SYSFS_FILE_MAX + 1], *end;
	const char *at;
	neuron_error_t err;
	unsigned long long kib;
	int n;

	(void) snprintf(path, sizeof(path),
			"sys/devices/system/node/node%d/meminfo", number);
	n = sysfs_read(look->root, path, text, sizeof(text), &err);
	if (!_settle(look, n, &err))
		return;
	at = strstr(text, key);
	at = at ? at + strlen(key) + strspn(at + strlen(key), " ") : "";
	errno = 0;
	kib = strtoull(at, &end, 10);
	if (*at >= '0' && *at <= '9' && !errno && kib <= MEMORY_KIB_MAX &&
	    !strncmp(end, " kB\n", 4)) {
		look->probe->memory_kib += kib;
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	sysfs_refuse(path, text, "like Node 0 MemTotal: 1056722944 kB", &err);
	_defect(look, err.text);
}

static int _see_numa(const char *name, void *arg)
{
	look_t *look = arg;
	int number = sysfs_name_number(name, "node", NUMA_MAX - 1);
	char path[PATH_MAX_LENGTH], map[SYSFS_FILE_MAX];
	neuron_error_t err;
	numa_t *numa;

	if (number < 0)
		return 0;
	_read_memory(look, number);
	numa = &look->probe->numa[number];
	if ((unsigned int) number >= look->probe->numa_count)
		look->probe->numa_count = (unsigned int) number + 1;
	(void) snprintf(path, sizeof(path),
			"sys/devices/system/node/node%d/cpumap", number);
	if (!_settle(look, sysfs_line(look->root, path, map, sizeof(map), &err),
		     &err))
		return 0;
	if (!_parse_cpumap(map, numa->cpus, sizeof(numa->cpus))) {
		numa->known = true;
		return 0;
	}
	if (errno == EINVAL)
		sysfs_refuse(path, map,
			     "groups of 8 hexadecimal digits, for CPUs below "
			     "4096",
			     &err);
	else
		neuron_error_set(&err, errno, "out of memory");
	_settle(look, -1, &err);
	return 0;
}

/*
 * The whole machine
 */

static void _note_defect(const char *text, void *arg)
{
	_defect(arg, text);
}

static void _look_at_software(look_t *look)
{
	neuron_error_t err;

	(void) _settle(look,
		       software_look(look->root, &look->probe->software,
				     _note_defect, look, &err),
		       &err);
}

/* A file of the class; RET false: it says "busy", or has no value */
static bool _read_class(look_t *look, const char *name, unsigned int size,
			char *path, size_t path_size, char *text,
			size_t text_size)
{
	neuron_error_t err;

	(void) snprintf(path, path_size, "sys/class/neuron_device/%s_%u", name,
			size);
	return _settle(look,
		       sysfs_line(look->root, path, text, text_size, &err),
		       &err) &&
	       strcmp(text, "busy");
}

static void _look_at_server(look_t *look, unsigned int size, domain_t *server)
{
	char path[PATH_MAX_LENGTH], text[PROBE_TEXT_MAX];
	neuron_error_t err;

	server->node = -1;
	if (_read_class(look, "node_id", size, path, sizeof(path), text,
			sizeof(text)) &&
	    strcmp(text, "-1")) {
		server->node = sysfs_name_number(text, "", (int) size - 1);
		if (server->node < 0) {
			sysfs_refuse(path, text,
				     "the number of an instance, -1 or busy",
				     &err);
			_defect(look, err.text);
		}
	}
	if (!_read_class(look, "server_id", size, path, sizeof(path), text,
			 sizeof(text)))
		return;
	if (strlen(text) != SERVER_ID_LENGTH ||
	    strspn(text, HEX) != SERVER_ID_LENGTH) {
		sysfs_refuse(path, text, "16 hexadecimal digits", &err);
		_defect(look, err.text);
	} else if (strspn(text, "0") != SERVER_ID_LENGTH) {
		memcpy(server->id, text, sizeof(server->id));
	}
}

/* "1,3,4", "busy" or nothing */
static void _look_at_modes(look_t *look)
{
	static const char path[] = "sys/class/neuron_device/ultraserver_mode";
	char text[PROBE_TEXT_MAX];
	unsigned int modes = 0;
	neuron_error_t err;

	if (!_settle(look,
		     sysfs_line(look->root, path, text, sizeof(text), &err),
		     &err) ||
	    !text[0] || !strcmp(text, "busy"))
		return;
	for (const char *at = text;; at += 2) {
		if (*at < '0' || *at > '9' || (at[1] && at[1] != ',')) {
			sysfs_refuse(path, text, "digits and commas, or busy",
				     &err);
			_defect(look, err.text);
			return;
		}
		modes |= 1U << (*at - '0');
		if (!at[1])
			break;
	}
	look->probe->modes = modes;
}

static void _look_at_servers(look_t *look)
{
	_look_at_server(look, 2, &look->probe->servers[0]);
	_look_at_server(look, 4, &look->probe->servers[1]);
	_look_at_modes(look);
}

/* Another text is the tag of another maker, and no defect */
static void _look_at_id(look_t *look)
{
	char path[PATH_MAX_LENGTH], text[PROBE_TEXT_MAX];
	neuron_error_t err;
	int n;

	if (!_find(look, "", asset_places, path, sizeof(path)))
		return;
	n = sysfs_line(look->root, path, text, sizeof(text), &err);
	if ((n < 0 && errno == EINVAL) || !_settle(look, n, &err))
		return;
	if (!strncmp(text, "i-", 2) && text[2] &&
	    strspn(text + 2, ID_CHARACTERS) == strlen(text + 2))
		memcpy(look->probe->instance_id, text, strlen(text) + 1);
}

static void _look(look_t *look, const char *root)
{
	probe_t *probe = look->probe;

	_text(look, "", product_places, probe->instance,
	      sizeof(probe->instance));
	_look_at_id(look);
	_look_at_devices(look);
	_look_at_efas(look, root);
	_each(look, "sys/devices/system/node", _see_numa);
	_look_at_software(look);
	_look_at_servers(look);
}

extern probe_t *probe_create(const char *root, neuron_error_t *err)
{
	look_t look = {.root = sysfs_open(root, err)};

	if (look.root < 0)
		return NULL;
	look.probe = calloc(1, sizeof(*look.probe));
	if (look.probe) {
		look.probe->below_root = *root;
		_look(&look, root);
	} else {
		look.fatal = ENOMEM;
		(void) snprintf(look.error.text, sizeof(look.error.text),
				"out of memory");
	}
	(void) close(look.root);
	if (!look.fatal)
		return look.probe;
	free(look.probe);
	neuron_error_set(err, look.fatal, "%s", look.error.text);
	return NULL;
}

extern void probe_destroy(probe_t *probe)
{
	int errnum = errno;

	free(probe);
	errno = errnum;
}

extern const probe_device_t *probe_device(const probe_t *probe,
					  unsigned int position)
{
	return (position < probe->device_count) ? &probe->devices[position]
						: NULL;
}

extern unsigned int probe_device_count(const probe_t *probe)
{
	return probe->device_count;
}

extern const probe_efa_t *probe_efa(const probe_t *probe, unsigned int position)
{
	return (position < probe->efa_count) ? &probe->efas[position] : NULL;
}

extern unsigned int probe_efa_count(const probe_t *probe)
{
	return probe->efa_count;
}

extern unsigned int probe_pci_device_count(const probe_t *probe)
{
	return probe->pci_count;
}

extern const char *probe_instance(const probe_t *probe)
{
	return probe->instance;
}

extern const char *probe_instance_id(const probe_t *probe)
{
	return probe->instance_id;
}

extern uint64_t probe_memory_mib(const probe_t *probe)
{
	return probe->memory_kib / 1024;
}

extern const char *probe_driver_version(const probe_t *probe)
{
	return probe->software.versions[SOFTWARE_DRIVER];
}

extern const software_t *probe_software(const probe_t *probe)
{
	return &probe->software;
}

extern unsigned int probe_lnc(const probe_t *probe)
{
	return probe->software.lnc;
}

extern const char *probe_numa_cpus(const probe_t *probe, unsigned int numa)
{
	if (numa >= NUMA_MAX || !probe->numa[numa].known)
		return NULL;
	return probe->numa[numa].cpus;
}

extern unsigned int probe_numa_count(const probe_t *probe)
{
	return probe->numa_count;
}

static const domain_t *_server(const probe_t *probe, unsigned int size)
{
	if (size == 2)
		return &probe->servers[0];
	return (size == 4) ? &probe->servers[1] : NULL;
}

extern const char *probe_server_id(const probe_t *probe, unsigned int size)
{
	const domain_t *server = _server(probe, size);

	return server ? server->id : "";
}

extern int probe_node_id(const probe_t *probe, unsigned int size)
{
	const domain_t *server = _server(probe, size);

	return server ? server->node : -1;
}

extern unsigned int probe_modes(const probe_t *probe)
{
	return probe->modes;
}

extern int probe_server(const char *root, server_t *server)
{
	look_t look = {.root = sysfs_open(root, NULL)};
	probe_t *probe;

	server->modes = 0;
	server->id2[0] = server->id4[0] = '\0';
	server->node2 = server->node4 = -1;
	if (look.root < 0)
		return -1;
	look.probe = probe = calloc(1, sizeof(*probe));
	if (!probe) {
		(void) close(look.root);
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	}
	_look_at_servers(&look);
	(void) close(look.root);
	if (!look.fatal) {
		server->modes = probe->modes;
		memcpy(server->id2, probe->servers[0].id, sizeof(server->id2));
		memcpy(server->id4, probe->servers[1].id, sizeof(server->id4));
		server->node2 = probe->servers[0].node;
		server->node4 = probe->servers[1].node;
	}
	free(probe);
	return look.fatal ? neuron_error_set(NULL, look.fatal, "not read") : 0;
}

extern bool probe_is_simulated(const probe_t *probe)
{
	if (!probe->below_root)
		return false;
	for (unsigned int i = 0; i < probe->device_count; i++) {
		if (probe->devices[i].node_is_device)
			return false;
	}
	for (unsigned int i = 0; i < probe->efa_count; i++) {
		if (probe->efas[i].node_is_device)
			return false;
	}
	return true;
}

extern const char *probe_defect(const probe_t *probe, unsigned int position)
{
	return (position < probe->defect_count) ? probe->defects[position]
						: NULL;
}
