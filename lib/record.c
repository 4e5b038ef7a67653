/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

/* Names that one directory of a pattern can have */
#define NAMES_MAX 4096
#define NAME_SIZE 64

typedef struct {
	int root;
	record_each_t each;
	void *arg;
	int count;
	/* what record_each() returns; 0: go on */
	int result;
	neuron_error_t *err;
} record_t;

/* A node is taken as an empty file; a link to a file leaves that out */
typedef enum { TAKE_FILE, TAKE_NODE, TAKE_LINK, TAKE_FILE_LINK } take_t;

/* What probe.h lists; "*" and the like stand for one name */
static const struct {
	take_t take;
	const char *path;
} patterns[] = {
	{TAKE_FILE, "sys/devices/virtual/neuron_device/neuron*/core_count"},
	{TAKE_FILE,
	 "sys/devices/virtual/neuron_device/neuron*/connected_devices"},
	{TAKE_FILE,
	 "sys/devices/virtual/neuron_device/neuron*/info/serial_number"},
	{TAKE_FILE,
	 "sys/devices/virtual/neuron_device/neuron*/info/architecture/arch_type"},
	{TAKE_FILE,
	 "sys/devices/virtual/neuron_device/neuron*/info/architecture/instance_type"},
	{TAKE_FILE,
	 "sys/devices/virtual/neuron_device/neuron*/info/architecture/device_name"},
	{TAKE_FILE, "sys/class/neuron_device/neuron*/core_count"},
	{TAKE_FILE, "sys/class/neuron_device/neuron*/connected_devices"},
	{TAKE_FILE, "sys/class/neuron_device/neuron*/info/serial_number"},
	{TAKE_FILE,
	 "sys/class/neuron_device/neuron*/info/architecture/arch_type"},
	{TAKE_FILE,
	 "sys/class/neuron_device/neuron*/info/architecture/instance_type"},
	{TAKE_FILE,
	 "sys/class/neuron_device/neuron*/info/architecture/device_name"},
	{TAKE_FILE, "sys/class/neuron_device/node_id_[24]"},
	{TAKE_FILE, "sys/class/neuron_device/server_id_[24]"},
	{TAKE_FILE, "sys/class/neuron_device/ultraserver_mode"},
	{TAKE_FILE, "sys/module/neuron/version"},
	{TAKE_FILE, "sys/devices/virtual/dmi/id/product_name"},
	{TAKE_FILE, "sys/devices/virtual/dmi/id/board_asset_tag"},
	{TAKE_FILE, "sys/class/dmi/id/product_name"},
	{TAKE_FILE, "sys/class/dmi/id/board_asset_tag"},
	{TAKE_FILE, "sys/bus/pci/devices/*/vendor"},
	{TAKE_FILE, "sys/bus/pci/devices/*/device"},
	{TAKE_FILE, "sys/bus/pci/devices/*/numa_node"},
	{TAKE_LINK, "sys/class/infiniband/*/device"},
	{TAKE_FILE, "sys/class/infiniband_verbs/uverbs*/ibdev"},
	{TAKE_FILE, "sys/devices/system/node/node*/cpumap"},
	{TAKE_FILE, "sys/devices/system/node/node*/meminfo"},
	{TAKE_FILE, "sys/module/efa/version"},
	{TAKE_FILE, "opt/aws/neuron/logical_nc_config"},
	{TAKE_FILE, "opt/amazon/efa/lib*/pkgconfig/libfabric.pc"},
	{TAKE_FILE, "opt/amazon/efa_installed_packages"},
	{TAKE_NODE, "opt/aws/neuron/lib/libnrt.so.*.*"},
	{TAKE_FILE_LINK, "opt/aws/neuron/lib/libnrt.so"},
	{TAKE_FILE_LINK, "opt/aws/neuron/lib/libnrt.so.1"},
	{TAKE_NODE, "dev/neuron[0-9]*"},
	{TAKE_NODE, "dev/infiniband/uverbs[0-9]*"},
};

static void _give(record_t *record, record_kind_t kind, const char *path,
		  const void *content, size_t length)
{
	record_entry_t entry = {kind, path, content, length};

	if (record->result)
		return;
	if (record->each(&entry, record->arg))
		record->result = -1;
	else
		record->count++;
}

static void _fail(record_t *record, const char *path)
{
	if (!record->result)
		record->result = neuron_error_set(record->err, errno, "/%s: %s",
						  path, strerror(errno));
}

static void _take_file(record_t *record, const char *path)
{
	char text[SYSFS_FILE_MAX + 1];
	neuron_error_t err;
	int n = sysfs_read(record->root, path, text, sizeof(text), &err);

	if (n >= 0)
		_give(record, RECORD_FILE, path, text, (size_t) n);
	else if ((errno != ENOENT) && (errno != EINVAL))
		_fail(record, path);
}

static void _take_node(record_t *record, const char *path)
{
	struct stat st;

	if (!sysfs_stat(record->root, path, &st))
		_give(record, RECORD_FILE, path, "", 0);
}

/* The way from the directory of a link to the top */
static void _climb(const char *path, char *buf, size_t size)
{
	size_t used = 0;

	for (const char *slash = path;
	     (slash = strchr(slash, '/')) && (used + 3 < size); slash++) {
		memcpy(buf + used, "../", 3);
		used += 3;
	}
	buf[used] = '\0';
}

static void _take_link(record_t *record, take_t take, const char *path)
{
	char real[SYSFS_PATH_MAX], up[64], target[SYSFS_PATH_MAX + 64];
	int n;

	if (sysfs_resolve(record->root, path, real, sizeof(real)))
		return;
	_climb(path, up, sizeof(up));
	n = snprintf(target, sizeof(target), "%s%s", up, real);
	if (take == TAKE_LINK)
		_give(record, RECORD_DIRECTORY, real, NULL, 0);
	_give(record, RECORD_LINK, path, target, (size_t) n);
}

static void _take(record_t *record, take_t take, const char *path)
{
	if (take == TAKE_FILE)
		_take_file(record, path);
	else if (take == TAKE_NODE)
		_take_node(record, path);
	else
		_take_link(record, take, path);
}

/* Names of a directory that match one part of a pattern */
typedef struct {
	const char *pattern;
	char (*names)[NAME_SIZE];
	int count;
} matches_t;

static int _match(const char *name, void *arg)
{
	matches_t *matches = arg;

	if (!fnmatch(matches->pattern, name, 0) && (strlen(name) < NAME_SIZE) &&
	    (matches->count < NAMES_MAX))
		memcpy(matches->names[matches->count++], name,
		       strlen(name) + 1);
	return 0;
}

static int _compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void _expand(record_t *record, take_t take, const char *path);

/* IN dir, pattern, rest - the parts of a path around its pattern */
static void _expand_names(record_t *record, take_t take, const char *dir,
			  const char *pattern, const char *rest)
{
	matches_t matches = {.pattern = pattern,
			     .names = calloc(NAMES_MAX, NAME_SIZE)};
	char path[SYSFS_PATH_MAX];

	if (!matches.names ||
	    ((sysfs_each(record->root, dir, _match, &matches) < 0) &&
	     (errno != ENOENT)))
		_fail(record, dir);
	else
		qsort(matches.names, (size_t) matches.count, NAME_SIZE,
		      _compare);
	for (int i = 0; !record->result && (i < matches.count); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s%s", dir,
				 matches.names[i], rest);

		if ((n > 0) && ((size_t) n < sizeof(path)))
			_expand(record, take, path);
	}
	free(matches.names);
}

static void _expand(record_t *record, take_t take, const char *path)
{
	const char *wild = strpbrk(path, "*["), *end;
	char dir[SYSFS_PATH_MAX], pattern[NAME_SIZE];
	const char *start;

	if (!wild) {
		_take(record, take, path);
		return;
	}
	for (start = wild; start[-1] != '/';)
		start--;
	end = wild + strcspn(wild, "/");
	snprintf(dir, sizeof(dir), "%.*s", (int) (start - 1 - path), path);
	snprintf(pattern, sizeof(pattern), "%.*s", (int) (end - start), start);
	_expand_names(record, take, dir, pattern, end);
}

extern int record_each(const char *root, record_each_t each, void *arg,
		       neuron_error_t *err)
{
	record_t record = {
		.root = sysfs_open(root, err),
		.each = each,
		.arg = arg,
		.err = err,
	};

	if (record.root < 0)
		return -1;
	for (size_t i = 0;
	     !record.result && (i < sizeof(patterns) / sizeof(patterns[0]));
	     i++)
		_expand(&record, patterns[i].take, patterns[i].path);
	(void) close(record.root);
	return record.result ? -1 : record.count;
}
