/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

#define PATH_SIZE 512
#define VENDOR_AMAZON "0x1d0f"
#define COMPONENT_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_, "

/* Of the whole device, below stats/hardware */
static const char *const device_errors[] = {"sram_ecc_uncorrected",
					    "mem_ecc_uncorrected",
					    "mem_ecc_repairable_uncorrected",
					    "sram_ecc_corrected",
					    "mem_ecc_corrected",
					    "hw_error_event"};
#define DEVICE_ERRORS (sizeof(device_errors) / sizeof(device_errors[0]))

/* Of each core, below stats/status */
static const char *const core_errors[] = {
	"hw_error",       "hw_collectives_error", "hw_hbm_ue_error",
	"hw_nc_ue_error", "hw_dma_abort_error",   "hw_repairable_hbm_ue_error",
	"timeout"};
#define CORE_ERRORS (sizeof(core_errors) / sizeof(core_errors[0]))

static const char *const efa_errors[METER_EFA_ERRORS] = {
	"rx_drops",
	"rdma_read_wr_err",
	"rdma_write_wr_err",
	"retrans_pkts",
	"retrans_timeout_events",
	"unresponsive_remote_events",
	"impaired_remote_conn_events"};

_Static_assert(DEVICE_ERRORS + CORE_ERRORS == METER_ERRORS, "errors");

/* Where the driver shows devices; see probe.c */
static const char *const places[] = {
	"sys/devices/virtual/neuron_device",
	"sys/class/neuron_device",
};

typedef struct {
	int root;
	meter_t *meter;
	const char *place; /* of the devices */
	int fatal; /* errno; 0: none */
} look_t;

extern const char *meter_error_name(unsigned int error)
{
	if (error < DEVICE_ERRORS)
		return device_errors[error];
	return (error < METER_ERRORS) ? core_errors[error - DEVICE_ERRORS]
				      : NULL;
}

extern const char *meter_efa_error_name(unsigned int error)
{
	return (error < METER_EFA_ERRORS) ? efa_errors[error] : NULL;
}

/*
 * Files
 */

static bool _decimal(const char *text, uint64_t *number)
{
	uint64_t value = 0;

	for (const char *at = text; *at; at++) {
		unsigned int digit = (unsigned int) (*at - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return *text;
}

/* RET false: there is no such line; a bad one is counted */
static bool _line(look_t *look, const char *path, char *buf, size_t size)
{
	neuron_error_t err;

	if (sysfs_line(look->root, path, buf, size, &err) >= 0)
		return true;
	if (errno == EINVAL)
		look->meter->malformed++;
	else if (errno != ENOENT)
		look->fatal = errno;
	return false;
}

/* Add what a file counts, if it does */
static void _count(look_t *look, const char *dir, const char *file,
		   meter_count_t *count)
{
	char path[PATH_SIZE], text[32];
	uint64_t value;

	(void) snprintf(path, sizeof(path), "%.250s/%.200s", dir, file);
	if (look->fatal || !_line(look, path, text, sizeof(text)))
		return;
	if (!_decimal(text, &value)) {
		look->meter->malformed++;
		return;
	}
	count->known = true;
	count->value += value;
}

/*
 * Devices
 */

static void _read_health(look_t *look, const char *dir, meter_device_t *device)
{
	char path[PATH_SIZE];
	size_t legal;

	(void) snprintf(
		path, sizeof(path),
		"%.250s/stats/hardware/health_status/unhealthy_components",
		dir);
	if (look->fatal ||
	    !_line(look, path, device->components, sizeof(device->components)))
		return;
	legal = strspn(device->components, COMPONENT_CHARACTERS);
	if (device->components[legal]) {
		device->components[0] = '\0';
		look->meter->malformed++;
		return;
	}
	device->health_known = true;
}

static void _read_core(look_t *look, const char *dir, meter_device_t *device)
{
	char file[128];

	for (size_t i = 0; i < CORE_ERRORS; i++) {
		(void) snprintf(file, sizeof(file), "stats/status/%s/total",
				core_errors[i]);
		_count(look, dir, file, &device->errors[DEVICE_ERRORS + i]);
	}
	_count(look, dir, "stats/other_info/nc_time_in_use/total",
	       &device->busy);
	_count(look, dir, "stats/memory_usage/device_mem/present",
	       &device->memory);
}

static void _read_device(look_t *look, meter_device_t *device)
{
	char dir[PATH_SIZE / 2], core[PATH_SIZE / 2];
	char file[128];
	struct stat st;

	(void) snprintf(dir, sizeof(dir), "%s/neuron%u", look->place,
			device->index);
	for (size_t i = 0; i < DEVICE_ERRORS; i++) {
		bool health = !strcmp(device_errors[i], "hw_error_event");

		(void) snprintf(file, sizeof(file), "stats/hardware/%s%s",
				health ? "health_status/" : "",
				device_errors[i]);
		_count(look, dir, file, &device->errors[i]);
	}
	_read_health(look, dir, device);
	for (unsigned int k = 0; k < METER_CORES_MAX && !look->fatal; k++) {
		(void) snprintf(core, sizeof(core), "%.200s/neuron_core%u", dir,
				k);
		if (!sysfs_stat(look->root, core, &st))
			_read_core(look, core, device);
	}
}

static int _note_device(const char *name, void *arg)
{
	look_t *look = arg;
	int index = sysfs_name_number(name, "neuron", DEVSET_MAX - 1);

	if (index >= 0)
		look->meter->devices[look->meter->device_count++].index =
			(unsigned int) index;
	return look->meter->device_count == DEVSET_MAX;
}

static int _compare_device(const void *a, const void *b)
{
	const meter_device_t *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static void _read_devices(look_t *look)
{
	meter_t *meter = look->meter;

	for (size_t i = 0;
	     !meter->device_count && i < sizeof(places) / sizeof(places[0]);
	     i++) {
		look->place = places[i];
		if (sysfs_each(look->root, places[i], _note_device, look) < 0 &&
		    errno != ENOENT)
			look->fatal = errno;
	}
	qsort(meter->devices, meter->device_count, sizeof(*meter->devices),
	      _compare_device);
	for (unsigned int i = 0; i < meter->device_count && !look->fatal; i++)
		_read_device(look, &meter->devices[i]);
}

/*
 * EFA interfaces
 */

static void _read_efa(look_t *look, meter_efa_t *efa)
{
	char dir[PATH_SIZE / 2];

	(void) snprintf(dir, sizeof(dir),
			"sys/class/infiniband/%s/ports/1/hw_counters",
			efa->name);
	_count(look, dir, "tx_bytes", &efa->sent);
	_count(look, dir, "rx_bytes", &efa->received);
	_count(look, dir, "rdma_read_bytes", &efa->read);
	_count(look, dir, "rdma_write_bytes", &efa->written);
	for (unsigned int i = 0; i < METER_EFA_ERRORS; i++)
		_count(look, dir, efa_errors[i], &efa->errors[i]);
}

/* Other RDMA hardware has other counters */
static int _note_efa(const char *name, void *arg)
{
	look_t *look = arg;
	meter_t *meter = look->meter;
	char path[PATH_SIZE], vendor[16];

	if (strlen(name) >= METER_NAME_MAX)
		return 0;
	(void) snprintf(path, sizeof(path),
			"sys/class/infiniband/%s/device/vendor", name);
	if (!_line(look, path, vendor, sizeof(vendor)) ||
	    strcmp(vendor, VENDOR_AMAZON))
		return look->fatal;
	(void) snprintf(meter->efas[meter->efa_count++].name, METER_NAME_MAX,
			"%s", name);
	return meter->efa_count == METER_EFAS_MAX;
}

static int _compare_efa(const void *a, const void *b)
{
	const meter_efa_t *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void _read_efas(look_t *look)
{
	meter_t *meter = look->meter;

	if (sysfs_each(look->root, "sys/class/infiniband", _note_efa, look) <
		    0 &&
	    errno != ENOENT)
		look->fatal = errno;
	qsort(meter->efas, meter->efa_count, sizeof(*meter->efas),
	      _compare_efa);
	for (unsigned int i = 0; i < meter->efa_count && !look->fatal; i++)
		_read_efa(look, &meter->efas[i]);
}

extern int meter_read(const char *root, meter_t *meter, neuron_error_t *err)
{
	look_t look = {.meter = meter};

	memset(meter, 0, sizeof(*meter));
	look.root = sysfs_open(root, err);
	if (look.root < 0)
		return -1;
	_read_devices(&look);
	if (!look.fatal)
		_read_efas(&look);
	(void) close(look.root);
	if (look.fatal)
		return neuron_error_set(
			err, look.fatal,
			"%.200s: its counters cannot be read: %s",
			root[0] ? root : "/", strerror(look.fatal));
	return 0;
}

extern bool meter_component(const char **at, char *buf, size_t size)
{
	const char *from = *at + strspn(*at, ", ");
	size_t length = strcspn(from, ", ");

	*at = from + length;
	if (!length)
		return false;
	(void) snprintf(buf, size, "%.*s", (int) length, from);
	return true;
}
