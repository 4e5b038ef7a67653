/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe: what a machine really has, read under a root directory.
 *
 * Sources (aws-neuron-driver 2.25 to 2.30, neuron_sysfs_metrics.c and
 * neuron_cdev.c; amzn-drivers kernel/linux/efa; rdma-core):
 *
 *	/sys/devices/virtual/neuron_device/neuron<i>/ or
 *	/sys/class/neuron_device/neuron<i>/	devices: core_count,
 *		connected_devices, info/serial_number, info/architecture/...
 *	/sys/devices/virtual/dmi/id/product_name	EC2 instance type
 *	/sys/devices/virtual/dmi/id/board_asset_tag	EC2 instance id, on
 *		Nitro machines (aws-ec2-instance-connect-config,
 *		src/bin/eic_curl_authorized_keys)
 *	/sys/bus/pci/devices/			Neuron and EFA functions
 *		(through libpci) and their NUMA nodes
 *	/sys/class/infiniband/<name>/device	EFA interfaces, their PCI
 *		address; /sys/class/infiniband_verbs/uverbs<n>/ibdev their
 *		device node
 *	/sys/devices/system/node/node<n>/cpumap	CPUs (through hwloc)
 *	/sys/devices/system/node/node<n>/meminfo	their memory
 *	/dev/neuron<i>, /dev/infiniband/uverbs<n>
 *	versions of driver, runtime library and the rest, and the machine's
 *		default LNC: see software.h
 *	/sys/class/neuron_device/{node_id_4,server_id_4,...}	UltraServer
 *
 * Every number is bounded, every file read once with a limit; a file whose
 * content is not what the source says is reported as a difference, never
 * guessed around. Nothing is opened under /dev. Driver 2.31 moves files of
 * sysfs: each is looked for in a list of known places.
 */
#ifndef NEURON_PROBE_H
#define NEURON_PROBE_H

#include "profile.h"
#include "server.h"
#include "software.h"

#define PROBE_TEXT_MAX 64
#define PROBE_PATH_MAX 512
/* EFA interfaces of one machine */
#define PROBE_EFAS_MAX 64
/* Files that are reported as malformed; the rest is passed over */
#define PROBE_DEFECTS_MAX 64

typedef struct {
	unsigned int index;
	bool node_present; /* /dev/neuron<i> exists */
	bool node_is_device; /* and is a character device */
	unsigned int core_count; /* 0: not readable */
	/* connected_devices was readable and not 0 bytes, which the driver
	 * writes when the list does not fit into its 20 bytes */
	bool links_known;
	devset_t links;
	char serial[PROBE_TEXT_MAX];
	char arch_type[PROBE_TEXT_MAX];
	char instance_type[PROBE_TEXT_MAX];
	char device_name[PROBE_TEXT_MAX];
} probe_device_t;

typedef struct {
	char name[PROBE_TEXT_MAX]; /* verbs name, "rdmap201s0" */
	int uverbs; /* n of /dev/infiniband/uverbs<n>; -1: there is none */
	bool node_is_device;
	pci_address_t pci;
	int numa; /* -1: none, or not readable */
} probe_efa_t;

typedef struct probe probe_t;

/*
 * Look at a machine.
 * IN root - "" or a directory without final slash.
 * RET a probe for probe_destroy(), also for a machine without any device;
 *	NULL with errno ENOENT (no such root), EIO or ENOMEM.
 */
extern probe_t *probe_create(const char *root, neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void probe_destroy(probe_t *probe);

/*
 * In order of index; NULL behind the last. A device is one that the driver
 * shows in sysfs or, when the driver shows no such class at all, one that has
 * a /dev/neuron<i>.
 */
extern const probe_device_t *probe_device(const probe_t *probe,
					  unsigned int position);
extern unsigned int probe_device_count(const probe_t *probe);
/* In order of PCI address; NULL behind the last */
extern const probe_efa_t *probe_efa(const probe_t *probe,
				    unsigned int position);
extern unsigned int probe_efa_count(const probe_t *probe);
/* Number of PCI functions with a Neuron device id (vendor 0x1d0f) */
extern unsigned int probe_pci_device_count(const probe_t *probe);

/* "" when not known */
extern const char *probe_instance(const probe_t *probe);
/* "i-..." */
extern const char *probe_instance_id(const probe_t *probe);
extern const char *probe_driver_version(const probe_t *probe);
/* Never NULL; the probe's */
extern const software_t *probe_software(const probe_t *probe);
/* Memory that the kernel shows, of all NUMA nodes; 0: not known */
extern uint64_t probe_memory_mib(const probe_t *probe);
/* Default LNC of the machine; 0: not set */
extern unsigned int probe_lnc(const probe_t *probe);
/* CPUs of a NUMA node as a list "0-47,96-143"; NULL: no such node, or not
 * readable */
extern const char *probe_numa_cpus(const probe_t *probe, unsigned int numa);
/* One above the highest NUMA node; 0: not known */
extern unsigned int probe_numa_count(const probe_t *probe);
/* UltraServer of 2 or 4 instances: id (16 hex digits, "" none), node (-1) */
extern const char *probe_server_id(const probe_t *probe, unsigned int size);
extern int probe_node_id(const probe_t *probe, unsigned int size);
/* Modes that the driver offers (server.h): bit m for mode m; 0: not known */
extern unsigned int probe_modes(const probe_t *probe);

/*
 * Read only what the driver says of the UltraServer: its files can be "busy"
 * for ten minutes after the driver was loaded, and then are not.
 * OUT server - modes, ids and nodes; its members are untouched.
 * RET 0, also when nothing is known; -1 with errno ENOENT, EIO or ENOMEM.
 */
extern int probe_server(const char *root, server_t *server);

/*
 * True below a root directory in which no device node is a character device:
 * only root can make those, so this is a machine that another user wrote.
 */
extern bool probe_is_simulated(const probe_t *probe);
/* A sentence for each file whose content is not what its source writes, at
 * most PROBE_DEFECTS_MAX; NULL behind the last */
extern const char *probe_defect(const probe_t *probe, unsigned int position);

/* Called for each difference, one sentence a call */
typedef void (*probe_difference_t)(const char *text, void *arg);

/*
 * Compare a machine with a profile: number, indexes, nodes, cores,
 * architecture and links of devices; number, PCI addresses, nodes and NUMA
 * nodes of EFA interfaces; CPUs of NUMA nodes; instance type.
 * Files that are malformed (probe_defect()) are differences too. What could
 * not be read is no difference, except device and EFA nodes; that these are
 * no character devices is none when probe_is_simulated(). Links are only
 * compared when the number of devices is right: the driver chooses its table
 * of links by that number.
 * RET the number of differences.
 */
extern unsigned int probe_compare(const probe_t *probe,
				  const profile_t *profile,
				  probe_difference_t report, void *arg);

/*
 * True when a device is there and none of its own facts (node, cores, names,
 * links) differs from the profile.
 */
extern bool probe_device_matches(const probe_t *probe, const profile_t *profile,
				 unsigned int index);

/*
 * The EFA interface of the machine that a GRES index of a profile means: the
 * one with the PCI address of the profile. Where the profile knows none, the
 * interface at that position, if the machine has as many as the profile.
 * RET NULL when it is not there.
 */
extern const probe_efa_t *probe_efa_of(const probe_t *probe,
				       const profile_t *profile,
				       unsigned int efa);

/*
 * Cross-check the EFA interfaces with libfabric (fi_getinfo, provider efa).
 * This opens the devices and reads libfabric's environment: for programs,
 * not for daemons.
 * RET the number of interfaces that libfabric shows, 0 when its provider
 *	does not answer; differences are reported.
 */
extern unsigned int probe_libfabric(const probe_t *probe,
				    probe_difference_t report, void *arg);

#endif
