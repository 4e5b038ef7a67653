/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile: what one instance family is made of, read from a data file.
 *
 * A profile is the only place where the program learns how many devices a
 * machine has, how NeuronLink joins them, which EFA interface belongs to which
 * device and which CPUs are near. Adding a family means adding a file to
 * etc/profiles; profile(5) and doc/profile.md describe its keys.
 *
 * Two rules of numbering hold everywhere and are stated only here:
 *
 *  - GRES neuron, index i, is /dev/neuron<i>.
 *  - GRES efa, index j: EFA interfaces are numbered by the lowest device that
 *    they serve. On a machine with one EFA interface a device, efa i serves
 *    neuron i; on trn1.32xlarge efa j serves neuron 2j and 2j+1. (Numbering
 *    them by PCI address would hand a step of a job, whose GRES Slurm picks
 *    lowest index first, interfaces that belong to other devices.)
 */
#ifndef NEURON_PROFILE_H
#define NEURON_PROFILE_H

#include "devset.h"
#include "error.h"

/* Exhaustive tables of device sets are built for every machine: 2^16 masks */
#define PROFILE_DEVICES_MAX 16
#define PROFILE_EFAS_MAX 16
#define PROFILE_NUMA_MAX 16
#define PROFILE_CPUS_MAX 4096
/* Longest profile file that is read, bytes */
#define PROFILE_FILE_MAX (256 * 1024)

typedef struct profile profile_t;

/* A PCI address; the domain of every EC2 machine so far is 0 */
typedef struct {
	uint16_t domain;
	uint8_t bus;
	uint8_t device;
	uint8_t function;
} pci_address_t;

/* Room for "0000:cc:00.0" */
#define PCI_ADDRESS_TEXT_MAX 16

/* "0000:cc:00.0". RET its length; -1 with errno ENOSPC */
extern int pci_address_encode(const pci_address_t *address, char *buf,
			      size_t size);
/* Accepts "0000:cc:00.0" and "cc:00.0". RET 0; -1 with errno EINVAL */
extern int pci_address_decode(const char *text, pci_address_t *address);
/* Negative, 0, positive as a sorts before, with, after b */
extern int pci_address_compare(const pci_address_t *a, const pci_address_t *b);

/*
 * Read a profile from JSON text.
 * IN origin - file name for messages.
 * RET a profile to be freed with profile_destroy(); NULL with errno EINVAL
 *	(the sentence names origin, key, value and what would be right) or
 *	ENOMEM. Unknown keys are refused. All rules of profile_check() hold.
 */
extern profile_t *profile_decode(const char *text, const char *origin,
				 neuron_error_t *err);

/*
 * Read a profile from a file, whose name must be the profile's and ".json".
 * RET as profile_decode(), and NULL with errno ENOENT or EIO.
 */
extern profile_t *profile_read(const char *path, neuron_error_t *err);

/* Accepts NULL; errno survives */
extern void profile_destroy(profile_t *profile);

/*
 * Walk every invariant: links symmetric and without loops, PCI addresses
 * unique, indexes in range, each EFA interface used, CPU lists disjoint.
 * RET 0; -1 with errno EINVAL.
 */
extern int profile_check(const profile_t *profile, neuron_error_t *err);

/* "trn2.48xlarge"; equals the file name without ".json" */
extern const char *profile_name(const profile_t *profile);
/* GRES type, "trn2"; lower case letters, digits */
extern const char *profile_type(const profile_t *profile);
/* EC2 instance types (DMI product names) it describes; index from 0, NULL
 * behind the last; a family whose EC2 name is not known has none */
extern const char *profile_instance(const profile_t *profile,
				    unsigned int index);
/* sysfs info/architecture/{arch_type,instance_type,device_name} of a device */
extern const char *profile_arch_type(const profile_t *profile);
extern const char *profile_instance_type(const profile_t *profile);
extern const char *profile_device_name(const profile_t *profile);
/* PCI device ids: of the Neuron device, of the EFA interface; 0: unknown */
extern uint16_t profile_device_pci_id(const profile_t *profile);
extern uint16_t profile_efa_pci_id(const profile_t *profile);

/* Speed of one EFA interface, Gbit/s; 0: no figure is published */
extern uint32_t profile_efa_gbps(const profile_t *profile);

/* Number of Neuron devices, 1 to PROFILE_DEVICES_MAX */
extern unsigned int profile_device_count(const profile_t *profile);
/* All devices */
extern devset_t profile_devices(const profile_t *profile);
/* Number of EFA interfaces that serve devices, 0 to PROFILE_EFAS_MAX */
extern unsigned int profile_efa_count(const profile_t *profile);
/* Device memory (HBM) of one device, MiB */
extern uint64_t profile_device_memory_mib(const profile_t *profile);
/* Host memory, MiB; 0: not known */
extern uint64_t profile_host_memory_mib(const profile_t *profile);

/* Physical NeuronCores of one device (sysfs core_count) */
extern unsigned int profile_physical_cores(const profile_t *profile);
/* Default logical-NeuronCore factor (LNC): physical cores in a logical one */
extern unsigned int profile_default_lnc(const profile_t *profile);
/* True when the family can run with this LNC */
extern bool profile_lnc_is_legal(const profile_t *profile, unsigned int lnc);
/* Logical cores of one device under an LNC; 0 when that is not legal */
extern unsigned int profile_logical_cores(const profile_t *profile,
					  unsigned int lnc);

/* Devices joined to this one by NeuronLink; empty when out of range */
extern devset_t profile_neighbours(const profile_t *profile,
				   unsigned int device);
/* Bandwidth of the link between two devices, GB/s; 0: no link */
extern unsigned int profile_link_weight(const profile_t *profile,
					unsigned int a, unsigned int b);
/*
 * What the driver prints in sysfs connected_devices for a device, in its
 * order; it differs from the real links on trn3.
 * OUT list - room for PROFILE_DEVICES_MAX
 * RET number of entries
 */
extern unsigned int profile_driver_neighbours(const profile_t *profile,
					      unsigned int device,
					      unsigned int *list);

/* GRES index of the EFA interface that serves a device; -1: none */
extern int profile_efa_of(const profile_t *profile, unsigned int device);
/* GRES indexes of the EFA interfaces that belong to exactly these devices */
extern devset_t profile_efas_of(const profile_t *profile, devset_t devices);
/* Devices served by an EFA interface */
extern devset_t profile_devices_of_efa(const profile_t *profile,
				       unsigned int efa);

/* PCI addresses; -1 with errno ENOENT when the family's is not known */
extern int profile_device_pci(const profile_t *profile, unsigned int device,
			      pci_address_t *address);
extern int profile_efa_pci(const profile_t *profile, unsigned int efa,
			   pci_address_t *address);

/* NUMA node of a device; -1: none or not known */
extern int profile_device_numa(const profile_t *profile, unsigned int device);
/* Number of NUMA nodes, at least 1; 1 when not known */
extern unsigned int profile_numa_count(const profile_t *profile);
/* CPUs of a NUMA node as the kernel lists them, "0-47,96-143"; NULL: not
 * known, or out of range */
extern const char *profile_numa_cpus(const profile_t *profile,
				     unsigned int numa);
/*
 * Sockets, cores and threads; their product is the number of CPUs. Where
 * sockets or threads are not known, 1 stands for them.
 */
extern unsigned int profile_sockets(const profile_t *profile);
extern unsigned int profile_cores_per_socket(const profile_t *profile);
extern unsigned int profile_threads_per_core(const profile_t *profile);
/* Socket of a device, from its NUMA node; -1: not known */
extern int profile_device_socket(const profile_t *profile, unsigned int device);

/* True when AWS documents this number of devices as a unit */
extern bool profile_size_is_documented(const profile_t *profile,
				       unsigned int count);

/* Instances in an UltraServer of this family; 1: it has none */
extern unsigned int profile_ultraserver_size(const profile_t *profile);

#endif
