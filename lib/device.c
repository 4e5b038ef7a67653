/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "sysfs.h"

#define PATH_SIZE 256
#define UVERBS_MAX 1023
#define SLOW_RESET 480
#define FAST_RESET 120
#define COMPONENT_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_, "

/* Where the driver shows devices; see probe.c */
static const char *const places[] = {
	"sys/devices/virtual/neuron_device",
	"sys/class/neuron_device",
};

#define PLACES (sizeof(places) / sizeof(places[0]))

/* A device while it is looked at */
typedef struct {
	int root;
	const char *dir;
	device_t *device;
	int fatal;
	neuron_error_t *err;
} look_t;

extern bool device_directory(int root, unsigned int index, char *dir,
			     size_t size)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct stat st;

		(void) snprintf(dir, size, "%s/neuron%u", places[i], index);
		if (!sysfs_stat(root, dir, &st) && S_ISDIR(st.st_mode))
			return true;
	}
	return false;
}

/* What a reading function gave; RET true: a value */
static bool _settle(look_t *look, int result, const neuron_error_t *err)
{
	device_t *device = look->device;

	if (result >= 0)
		return true;
	if (errno == EINVAL) {
		if (!device->defect.text[0])
			device->defect = *err;
	} else if (errno != ENOENT && !look->fatal) {
		look->fatal = errno;
		neuron_error_set(look->err, errno, "%s", err->text);
	}
	return false;
}

/* IN/OUT number - untouched when the file is not there or malformed */
static void _count(look_t *look, const char *file, long *number)
{
	char path[PATH_SIZE];
	neuron_error_t err;
	uint64_t value;

	(void) snprintf(path, sizeof(path), "%s/%s", look->dir, file);
	if (_settle(look, sysfs_count(look->root, path, &value, &err), &err))
		*number = (value > LONG_MAX) ? LONG_MAX : (long) value;
}

static void _read_state(look_t *look)
{
	static const device_state_t states[] = {
		DEVICE_STATE_RESET, DEVICE_STATE_READY, DEVICE_STATE_INVALID};
	char path[PATH_SIZE];
	neuron_error_t err;
	long number;

	(void) snprintf(path, sizeof(path), "%s/reset", look->dir);
	if (_settle(look, sysfs_number(look->root, path, 0, 2, &number, &err),
		    &err))
		look->device->state = states[number];
}

static void _read_components(look_t *look)
{
	device_t *device = look->device;
	char path[PATH_SIZE];
	neuron_error_t err;
	int n;

	(void) snprintf(path, sizeof(path),
			"%s/stats/hardware/health_status/unhealthy_components",
			look->dir);
	n = sysfs_line(look->root, path, device->components,
		       sizeof(device->components), &err);
	if (!_settle(look, n, &err)) {
		device->components[0] = '\0';
	} else if (strspn(device->components, COMPONENT_CHARACTERS) !=
		   (size_t) n) {
		sysfs_refuse(path, device->components,
			     "a comma list of components", &err);
		device->components[0] = '\0';
		(void) _settle(look, -1, &err);
	}
}

/* no_reset=1 also leaves the count alone */
static void _read_resets(look_t *look)
{
	neuron_error_t err;
	long skipped = 0;

	_count(look, "neuron_core0/stats/other_info/reset_req_count/total",
	       &look->device->resets);
	if (sysfs_number(look->root, "sys/module/neuron/parameters/no_reset", 0,
			 1, &skipped, &err))
		skipped = 0;
	look->device->resets_counted = look->device->resets >= 0 && !skipped;
}

extern int device_look(int root, unsigned int index, device_t *device,
		       neuron_error_t *err)
{
	char dir[PATH_SIZE / 2];
	look_t look = {.root = root, .dir = dir, .device = device, .err = err};
	struct stat st;

	memset(device, 0, sizeof(*device));
	device->index = index;
	device->resets = -1;
	(void) snprintf(dir, sizeof(dir), "dev/neuron%u", index);
	device->node = !sysfs_stat(root, dir, &st);
	device->shown = device_directory(root, index, dir, sizeof(dir));
	if (!device->shown)
		return 0;
	_read_state(&look);
	_read_resets(&look);
	_read_components(&look);
	_count(&look, "stats/hardware/sram_ecc_uncorrected",
	       &device->sram_errors);
	_count(&look, "stats/hardware/mem_ecc_uncorrected",
	       &device->memory_errors);
	_count(&look, "stats/hardware/mem_ecc_repairable_uncorrected",
	       &device->repairable_errors);
	if (look.fatal) {
		errno = look.fatal;
		return -1;
	}
	return 0;
}

static int _check_presence(const device_t *device, neuron_error_t *err)
{
	if (!device->shown)
		return neuron_error_set(err, ENOENT,
					"neuron%u: it is not there: the driver "
					"does not show it in sysfs",
					device->index);
	if (!device->node)
		return neuron_error_set(err, ENOENT,
					"neuron%u: it is not there: no "
					"/dev/neuron%u",
					device->index, device->index);
	return 0;
}

static int _check_state(const device_t *device, neuron_error_t *err)
{
	if (device->state == DEVICE_STATE_RESET)
		return neuron_error_set(err, EAGAIN, "neuron%u: it is in reset",
					device->index);
	if (device->state == DEVICE_STATE_INVALID)
		return neuron_error_set(err, EIO,
					"neuron%u: its last reset failed",
					device->index);
	return 0;
}

static int _check_memory(const device_t *device, neuron_error_t *err)
{
	if (device->sram_errors)
		return neuron_error_set(err, EIO,
					"neuron%u: %ld uncorrected SRAM "
					"errors: replace the instance",
					device->index, device->sram_errors);
	if (device->memory_errors)
		return neuron_error_set(err, EIO,
					"neuron%u: %ld uncorrected memory "
					"errors: replace the instance",
					device->index, device->memory_errors);
	if (device->repairable_errors)
		return neuron_error_set(err, EIO,
					"neuron%u: %ld memory errors wait for "
					"repair: load the driver anew or "
					"reboot",
					device->index,
					device->repairable_errors);
	return 0;
}

extern int device_check(const device_t *device, neuron_error_t *err)
{
	if (_check_presence(device, err) || _check_state(device, err))
		return -1;
	if (device->components[0])
		return neuron_error_set(err, EIO,
					"neuron%u: it is unhealthy: %s",
					device->index, device->components);
	if (_check_memory(device, err))
		return -1;
	if (device->defect.text[0])
		return neuron_error_set(err, EINVAL, "neuron%u: %.400s",
					device->index, device->defect.text);
	return 0;
}

extern int device_reset(int root, const device_t *device, neuron_error_t *err)
{
	char dir[PATH_SIZE / 2], path[PATH_SIZE], real[SYSFS_PATH_MAX];
	int fd = -1, errnum;
	ssize_t n;

	if (device_directory(root, device->index, dir, sizeof(dir))) {
		(void) snprintf(path, sizeof(path), "%s/reset", dir);
		if (!sysfs_resolve(root, path, real, sizeof(real)))
			fd = openat(root, real,
				    O_WRONLY | O_NOFOLLOW | O_NONBLOCK |
					    O_NOCTTY | O_CLOEXEC);
	}
	if (fd < 0)
		return neuron_error_set(err, ENOENT,
					"neuron%u: its reset file cannot be "
					"written: %s",
					device->index, strerror(errno));
	errno = 0;
	n = write(fd, "1\n", 2);
	errnum = errno;
	(void) close(fd);
	if (n == 2)
		return 0;
	return neuron_error_set(err, EIO,
				"neuron%u: the driver refuses a reset: %s",
				device->index, strerror(errnum));
}

extern bool device_reset_taken(const device_t *before, const device_t *now)
{
	if (before->resets_counted && now->resets >= 0)
		return now->resets > before->resets;
	return true;
}

extern unsigned int device_reset_bound(const profile_t *profile)
{
	const char *family = profile_instance_type(profile);

	if (!strcmp(family, "Trn2") || !strcmp(family, "Trn3"))
		return SLOW_RESET;
	return FAST_RESET;
}

/*
 * EFA interfaces
 */

typedef struct {
	char name[DEVICE_IFACE_MAX];
	int uverbs;
} iface_t;

static int _take_name(const char *name, void *arg)
{
	iface_t *iface = arg;

	if (strlen(name) >= sizeof(iface->name))
		return 0;
	memcpy(iface->name, name, strlen(name) + 1);
	return 1;
}

static int _take_uverbs(const char *name, void *arg)
{
	iface_t *iface = arg;

	iface->uverbs = sysfs_name_number(name, "uverbs", UVERBS_MAX);
	return iface->uverbs >= 0;
}

/* By the PCI address, without a look at all others */
static int _find_at(int root, const pci_address_t *pci, iface_t *iface)
{
	char address[PCI_ADDRESS_TEXT_MAX], path[PATH_SIZE];
	int rc;

	(void) pci_address_encode(pci, address, sizeof(address));
	(void) snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/infiniband",
			address);
	rc = sysfs_each(root, path, _take_name, iface);
	if (rc < 0 && errno != ENOENT)
		return -1;
	(void) snprintf(path, sizeof(path),
			"sys/bus/pci/devices/%s/infiniband_verbs", address);
	rc = sysfs_each(root, path, _take_uverbs, iface);
	return (rc < 0 && errno != ENOENT) ? -1 : 0;
}

static int _find_among(const char *root_path, const profile_t *profile,
		       unsigned int efa, iface_t *iface, neuron_error_t *err)
{
	probe_t *probe = probe_create(root_path, err);
	const probe_efa_t *found;

	if (!probe)
		return -1;
	found = probe_efa_of(probe, profile, efa);
	if (found) {
		(void) _take_name(found->name, iface);
		iface->uverbs = found->uverbs;
	}
	probe_destroy(probe);
	return 0;
}

static int _check_port(int root, unsigned int efa, const char *name,
		       neuron_error_t *err)
{
	char path[PATH_SIZE], state[64];
	neuron_error_t why;

	(void) snprintf(path, sizeof(path),
			"sys/class/infiniband/%s/ports/1/state", name);
	if (sysfs_line(root, path, state, sizeof(state), &why) < 0)
		return neuron_error_set(err, errno, "efa%u (%s): %.300s", efa,
					name, why.text);
	if (strcmp(state, "4: ACTIVE"))
		return neuron_error_set(err, EIO,
					"efa%u (%s): its port is \"%s\", not "
					"\"4: ACTIVE\"",
					efa, name, state);
	return 0;
}

extern int device_check_efa(int root, const char *root_path,
			    const profile_t *profile, unsigned int efa,
			    char name[DEVICE_IFACE_MAX], neuron_error_t *err)
{
	iface_t iface = {.uverbs = -1};
	pci_address_t pci;
	char path[PATH_SIZE];
	struct stat st;

	name[0] = '\0';
	if (profile_efa_pci(profile, efa, &pci)) {
		if (_find_among(root_path, profile, efa, &iface, err))
			return -1;
	} else if (_find_at(root, &pci, &iface)) {
		return neuron_error_set(err, errno, "efa%u: %s", efa,
					strerror(errno));
	}
	if (!iface.name[0])
		return neuron_error_set(
			err, ENOENT, "efa%u: there is no such interface", efa);
	memcpy(name, iface.name, sizeof(iface.name));
	(void) snprintf(path, sizeof(path), "dev/infiniband/uverbs%d",
			iface.uverbs);
	if (iface.uverbs < 0 || sysfs_stat(root, path, &st))
		return neuron_error_set(err, ENOENT,
					"efa%u (%s): it has no device node in "
					"/dev/infiniband",
					efa, name);
	return _check_port(root, efa, name, err);
}
