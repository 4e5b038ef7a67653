/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meter: the counters of a machine's Neuron devices and EFA interfaces.
 *
 * Read from sysfs under a root directory; no device is opened. Sources
 * (aws-neuron-driver 2.25 to 2.30, neuron_sysfs_metrics.c; amzn-drivers
 * kernel/linux/efa, efa_verbs.c):
 *
 *	sys/devices/virtual/neuron_device/neuron<i>/ or
 *	sys/class/neuron_device/neuron<i>/
 *		stats/hardware/sram_ecc_uncorrected, ...
 *		stats/hardware/health_status/unhealthy_components
 *		neuron_core<k>/stats/status/hw_error/total, ...
 *		neuron_core<k>/stats/other_info/nc_time_in_use/total	us
 *		neuron_core<k>/stats/memory_usage/device_mem/present	bytes
 *	sys/class/infiniband/<name>/device/vendor	0x1d0f
 *	sys/class/infiniband/<name>/ports/1/hw_counters/tx_bytes, ...
 *
 * A file that is not there is a counter that is not known; one whose content
 * is no such number is not known either, and counted. Counters of cores are
 * added up for their device.
 */
#ifndef NEURON_METER_H
#define NEURON_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "devset.h"
#include "error.h"

#define METER_CORES_MAX 8
#define METER_EFAS_MAX 64
#define METER_NAME_MAX 64
#define METER_COMPONENTS_MAX 128

/* Errors of a device, as its driver calls them; meter_error_name() */
#define METER_ERRORS 13
/* Errors of an EFA interface; meter_efa_error_name() */
#define METER_EFA_ERRORS 7

typedef struct {
	bool known;
	uint64_t value;
} meter_count_t;

typedef struct {
	unsigned int index;
	meter_count_t errors[METER_ERRORS];
	meter_count_t busy; /* microseconds, of all cores */
	meter_count_t memory; /* bytes in use now, of all cores */
	bool health_known;
	char components[METER_COMPONENTS_MAX]; /* unhealthy; "" none */
} meter_device_t;

typedef struct {
	char name[METER_NAME_MAX]; /* verbs name */
	meter_count_t sent; /* bytes */
	meter_count_t received;
	meter_count_t read; /* bytes by RDMA */
	meter_count_t written;
	meter_count_t errors[METER_EFA_ERRORS];
} meter_efa_t;

typedef struct {
	meter_device_t devices[DEVSET_MAX];
	unsigned int device_count;
	meter_efa_t efas[METER_EFAS_MAX];
	unsigned int efa_count;
	unsigned int malformed; /* files */
} meter_t;

/* "mem_ecc_uncorrected"; NULL when out of range */
extern const char *meter_error_name(unsigned int error);
/* "retrans_timeout_events"; NULL when out of range */
extern const char *meter_efa_error_name(unsigned int error);

/*
 * Read all counters. Devices come in order of index, interfaces of name.
 * IN root - "" or a directory without final slash.
 * OUT meter - some 60 KiB; undefined on failure.
 * RET 0, also for a machine without any device; -1 with errno ENOENT (no such
 *	root), EIO or ENOMEM.
 */
extern int meter_read(const char *root, meter_t *meter, neuron_error_t *err);

/*
 * The next component of a list like "hbm, sram".
 * IN/OUT at - moves on. RET false: there is no other one.
 */
extern bool meter_component(const char **at, char *buf, size_t size);

#endif
