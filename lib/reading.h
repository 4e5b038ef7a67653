/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reading: all signals of a machine's health at one moment.
 *
 * Everything is read from sysfs under a root directory; no device is opened,
 * since an open device cannot be reset. Sources beside those of device.h:
 *
 *	neuron<i>/stats/hardware/{sram,mem}_ecc_corrected, health_status/
 *	hw_error_event and healthcheck_heartbeat	driver 2.28 to 2.30,
 *		neuron_sysfs_metrics.c; "device_unreachable" instead of a value
 *	/sys/class/infiniband/<name>/ports/1/hw_counters/, hw_counters/
 *		amzn-drivers kernel/linux/efa, src/efa_verbs.c; some of them
 *		since r2.17.0
 *	/sys/class/neuron_device/{server_id_4,node_id_4,ultraserver_mode}
 *		server.h
 *	/proc/sys/kernel/random/boot_id
 *
 * Not read are the counters below neuron_core<k>/stats/status: processes of
 * users report those to the driver, and a fault of a user is no fault of the
 * machine.
 */
#ifndef NEURON_READING_H
#define NEURON_READING_H

#include "device.h"
#include "server.h"

/* What a signal is about */
typedef enum {
	READING_DEVICE,
	READING_EFA, /* by GRES index */
	READING_NODE,
	READING_SUBJECTS
} reading_subject_t;

typedef enum {
	/* 1 or 0: it is so now, or not */
	READING_LEVEL,
	/* grows, since the driver was loaded */
	READING_COUNTER,
	/* lines of the kernel's log, see kmsg.h; not of a reading */
	READING_EVENT
} reading_kind_t;

typedef enum {
	SIGNAL_DEVICE_MISSING, /* not in sysfs, or without /dev/neuron<i> */
	SIGNAL_DEVICE_UNREACHABLE,
	SIGNAL_IN_RESET,
	SIGNAL_RESET_FAILED,
	SIGNAL_MALFORMED, /* a file is not what the driver writes */
	SIGNAL_UNHEALTHY_COMPONENTS, /* how many of those that a rule means */
	SIGNAL_SRAM_ECC_UNCORRECTED,
	SIGNAL_MEM_ECC_UNCORRECTED,
	SIGNAL_MEM_ECC_REPAIRABLE_UNCORRECTED,
	SIGNAL_SRAM_ECC_CORRECTED,
	SIGNAL_MEM_ECC_CORRECTED,
	SIGNAL_HW_ERROR_EVENT,
	SIGNAL_KERNEL_ERROR, /* NEURON_HW_ERR lines */
	SIGNAL_EFA_MISSING,
	SIGNAL_EFA_PORT_DOWN,
	SIGNAL_EFA_MALFORMED,
	SIGNAL_RX_DROPS,
	SIGNAL_RDMA_READ_WR_ERR,
	SIGNAL_RDMA_WRITE_WR_ERR,
	SIGNAL_RETRANS_PKTS,
	SIGNAL_RETRANS_TIMEOUT_EVENTS,
	SIGNAL_UNRESPONSIVE_REMOTE_EVENTS,
	SIGNAL_IMPAIRED_REMOTE_CONN_EVENTS,
	SIGNAL_CMDS_ERR,
	SIGNAL_NO_COMPLETION_CMDS,
	SIGNAL_NO_DEVICES, /* the driver shows none at all */
	SIGNAL_NO_EFAS,
	SIGNAL_SERVER_LOST, /* in no UltraServer, but neuron.conf says so */
	SIGNAL_SERVER_CHANGED, /* another one than before, or another place */
	SIGNAL_SERVER_MODE, /* a mode is not offered any more */
	SIGNAL_DEVICES_LOST_PERCENT, /* share of devices that rules mask */
	SIGNALS
} signal_id_t;

/* Index of a signal by its name; -1: there is none */
extern int signal_of_name(const char *name);
/* "mem_ecc_corrected"; the name of the file where there is one */
extern const char *signal_name(signal_id_t signal);
extern reading_subject_t signal_subject(signal_id_t signal);
extern reading_kind_t signal_kind(signal_id_t signal);

#define READING_BOOT_MAX 40
#define READING_SERIAL_MAX 20
#define READING_DETAIL_MAX 160

/* One device, one EFA interface, or the node */
typedef struct {
	uint64_t known; /* bit s: signal s could be read */
	uint64_t values[SIGNALS];
	char name[DEVICE_IFACE_MAX]; /* verbs name of an EFA interface */
	char serial[READING_SERIAL_MAX]; /* of a device; "": not known */
	char components[DEVICE_COMPONENTS_MAX]; /* unhealthy ones of a device */
	char port[DEVICE_IFACE_MAX]; /* state of an EFA interface's port */
	char detail[READING_DETAIL_MAX]; /* what is malformed */
} reading_of_t;

typedef struct {
	unsigned int device_count, efa_count; /* those of the profile */
	reading_of_t devices[PROFILE_DEVICES_MAX];
	reading_of_t efas[PROFILE_EFAS_MAX];
	reading_of_t node;
	char boot[READING_BOOT_MAX]; /* changes with each boot; "": not known */
	/* of the UltraServer: modes 0 while the driver still finds it */
	server_t server;
} reading_t;

/*
 * Read a machine.
 * IN root, root_path - descriptor (sysfs.h) and path ("" for "/").
 * IN member - neuron.conf has the machine in an UltraServer.
 * RET 0, whatever is missing or malformed; -1 with errno EIO or ENOMEM: this
 *	process cannot look.
 */
extern int reading_take(int root, const char *root_path,
			const profile_t *profile, bool member,
			reading_t *reading, neuron_error_t *err);

/*
 * The path of the file of a device, below the root, that poll() tells changes
 * of (hw_error_event).
 * RET its length; -1 with errno ENOENT: there is none.
 */
extern int reading_event_path(int root, unsigned int device, char *buf,
			      size_t size);

/* The subject that a signal of this kind is of; NULL: out of range */
extern const reading_of_t *reading_of(const reading_t *reading,
				      reading_subject_t subject,
				      unsigned int index);

#endif
