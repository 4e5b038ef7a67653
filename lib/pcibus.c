/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcibus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <pci/pci.h>

#include "sysfs.h"

#define BUS "sys/bus/pci"

/* Where libpci's errors go: it demands that its error callback not return */
typedef struct {
	jmp_buf jump;
	char text[NEURON_ERROR_MAX];
} trap_t;

/* The callback is not told for which access it is called */
static _Thread_local trap_t *armed;

typedef struct {
	int root;
	const char *path;
	struct pci_access *access;
	trap_t trap;
	pcibus_found_t found;
	void *arg;
} scan_t;

static void _error(char *msg, ...) PCI_PRINTF(1, 2) PCI_NONRET;
static void _warning(char *msg, ...) PCI_PRINTF(1, 2);

static void _error(char *msg, ...)
{
	va_list ap;

	va_start(ap, msg);
	(void) vsnprintf(armed->text, sizeof(armed->text), msg, ap);
	va_end(ap);
	longjmp(armed->jump, 1);
}

static void _warning(char *msg, ...)
{
	(void) msg;
}

/* pci_set_param() copies, and frees wrongly when it has no memory for that */
static bool _set_path(struct pci_access *access, char *path)
{
	struct pci_param *param = NULL;

	while ((param = pci_walk_params(access, param))) {
		if (!strcmp(param->param, "sysfs.path")) {
			param->value = path;
			return true;
		}
	}
	return false;
}

/* IN path - must live as long as the access */
static struct pci_access *_open(char *path, trap_t *trap)
{
	struct pci_access *access = pci_alloc();

	access->error = _error;
	access->warning = _warning;
	access->debug = _warning;
	access->method = PCI_ACCESS_SYS_BUS_PCI;
	(void) snprintf(trap->text, sizeof(trap->text), "it has no sysfs.path");
	armed = trap;
	if (!_set_path(access, path) || setjmp(trap->jump)) {
		armed = NULL;
		pci_cleanup(access);
		return NULL;
	}
	pci_init(access);
	armed = NULL;
	return access;
}

/* RET 0; -1: libpci refuses the function, its sentence is in the trap */
static int _identify(scan_t *scan, pcibus_function_t *function)
{
	struct pci_dev *volatile dev = NULL;
	volatile int result = -1;

	armed = &scan->trap;
	if (!setjmp(scan->trap.jump)) {
		dev = pci_get_dev(scan->access, function->address.domain,
				  function->address.bus,
				  function->address.device,
				  function->address.function);
		(void) pci_fill_info(dev, PCI_FILL_IDENT);
		function->vendor = dev->vendor_id;
		function->device = dev->device_id;
		result = 0;
	}
	armed = NULL;
	if (dev)
		pci_free_dev(dev);
	return result;
}

/* "0x1d0f": libpci takes whatever strtol() takes */
static int _check_id(int root, const char *path, neuron_error_t *err)
{
	char line[SYSFS_FILE_MAX];

	if (sysfs_line(root, path, line, sizeof(line), err) < 0)
		return -1;
	if (strlen(line) == 6 && !strncmp(line, "0x", 2) &&
	    strspn(line + 2, "0123456789abcdef") == 4)
		return 0;
	return sysfs_refuse(path, line, "0x and four hexadecimal digits", err);
}

/* libpci opens by full path: that must not lead out of the root */
static int _check_place(const scan_t *scan, const char *path,
			neuron_error_t *err)
{
	char full[SYSFS_PATH_MAX];
	struct stat inside, outside;

	if (snprintf(full, sizeof(full), "%s/%s", scan->path, path) < 0 ||
	    sysfs_stat(scan->root, path, &inside) || stat(full, &outside) ||
	    inside.st_ino != outside.st_ino || inside.st_dev != outside.st_dev)
		return neuron_error_set(err, EINVAL,
					"/%.200s: it must be a file or a link "
					"to one below the root directory",
					path);
	return 0;
}

static int _check(const scan_t *scan, const char *name, neuron_error_t *err)
{
	static const char *const files[] = {"vendor", "device"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[SYSFS_PATH_MAX];

		(void) snprintf(path, sizeof(path), BUS "/devices/%.32s/%s",
				name, files[i]);
		if (_check_place(scan, path, err) ||
		    _check_id(scan->root, path, err))
			return -1;
	}
	return 0;
}

static int _look(const char *name, void *arg)
{
	scan_t *scan = arg;
	pcibus_function_t function = {.vendor = 0};
	neuron_error_t err;

	if (strlen(name) != strlen("0000:00:00.0") ||
	    pci_address_decode(name, &function.address))
		return 0;
	if (_check(scan, name, &err))
		scan->found(NULL, err.text, scan->arg);
	else if (_identify(scan, &function))
		scan->found(NULL, scan->trap.text, scan->arg);
	else
		scan->found(&function, NULL, scan->arg);
	return 0;
}

extern int pcibus_scan(int root, const char *path, pcibus_found_t found,
		       void *arg, neuron_error_t *err)
{
	scan_t scan = {.root = root, .path = path, .found = found, .arg = arg};
	char bus[SYSFS_PATH_MAX / 2];
	int n = snprintf(bus, sizeof(bus), "%s/" BUS, path);
	int result, errnum;

	if (n < 0 || (size_t) n >= sizeof(bus))
		return neuron_error_set(
			err, EIO, "root directory %.200s: its name is too long",
			path);
	scan.access = _open(bus, &scan.trap);
	if (!scan.access)
		return neuron_error_set(err, EIO, "libpci: %.300s",
					scan.trap.text);
	result = sysfs_each(root, BUS "/devices", _look, &scan);
	errnum = errno;
	pci_cleanup(scan.access);
	if (result && errnum != ENOENT)
		return neuron_error_set(err, errnum, "/" BUS "/devices: %s",
					strerror(errnum));
	return 0;
}

/* aws-neuron-driver 2.24 and 2.25, neuron_pci.c */
extern bool pcibus_is_neuron(const pcibus_function_t *function)
{
	static const uint16_t known[] = {
		0x7064, 0x7065, 0x7066, 0x7067, /* Inferentia */
		0x7164, /* Trainium */
		0x7264, /* Inferentia2 */
		0x7364, /* Trainium2 */
		0x7564, 0x7565, /* Trainium3 */
	};

	if (function->vendor != PCIBUS_AMAZON)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (function->device == known[i])
			return true;
	}
	return false;
}

/* amzn-drivers, efa_main.c: 0xefa0 to 0xefa3; rdma-core: also 0xefa4 */
extern bool pcibus_is_efa(const pcibus_function_t *function)
{
	return function->vendor == PCIBUS_AMAZON &&
	       (function->device & 0xfff0) == 0xefa0;
}
