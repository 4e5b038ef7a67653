/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcibus: the PCI functions below a root directory, through libpci.
 */
#ifndef NEURON_PCIBUS_H
#define NEURON_PCIBUS_H

#include "profile.h"

/* Amazon's PCI vendor id */
#define PCIBUS_AMAZON 0x1d0f

typedef struct {
	pci_address_t address;
	uint16_t vendor;
	uint16_t device;
} pcibus_function_t;

/* Called for each function; NULL and a sentence for one that is malformed */
typedef void (*pcibus_found_t)(const pcibus_function_t *function,
			       const char *malformed, void *arg);

/*
 * Look at each function of sys/bus/pci/devices. Functions of a PCI domain
 * above 65535 (they exist behind Intel VMD) are passed over.
 * IN root, path - the descriptor of sysfs_open() and what it was opened with.
 * RET 0, also when there is no PCI bus; -1 with errno EIO (libpci refuses to
 *	work, or path is too long for it) or ENOMEM.
 */
extern int pcibus_scan(int root, const char *path, pcibus_found_t found,
		       void *arg, neuron_error_t *err);

/* True for the ids of Inferentia and Trainium devices */
extern bool pcibus_is_neuron(const pcibus_function_t *function);
extern bool pcibus_is_efa(const pcibus_function_t *function);

#endif
