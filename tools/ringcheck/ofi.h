/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ofi: the transport over libfabric: one reliable datagram endpoint with
 * tagged messages. Which provider it is says FI_PROVIDER, which libfabric
 * itself reads, as it does FI_EFA_IFACE.
 */
#ifndef RINGCHECK_OFI_H
#define RINGCHECK_OFI_H

#include "transport.h"
#include "wire.h"

/*
 * Called while a wait goes on, at least every few milliseconds.
 * IN steps - messages done so far.
 * RET 0 to go on; -1 with a fault
 */
typedef int (*ofi_idle_t)(void *arg, uint64_t steps, fault_t *fault);

/*
 * Open an endpoint.
 * IN interface - verbs name of an EFA interface, "": the first that there is.
 * IN address - numeric IP address of this host on the way to its peers;
 *	providers that use IP take the interface that has it. "": any.
 * RET a transport for transport_destroy(); NULL with a fault RINGCHECK_FABRIC.
 */
extern transport_t *ofi_open(const char *interface, const char *address,
			     fault_t *fault);

/* Names of the provider and domain; its own address */
extern const char *ofi_provider(const transport_t *transport);
extern const char *ofi_domain(const transport_t *transport);
extern int ofi_address(const transport_t *transport, wire_address_t *address,
		       fault_t *fault);

/* Join the ring: nothing can be sent before */
extern int ofi_join(transport_t *transport, uint32_t rank, uint32_t world,
		    const wire_neighbours_t *neighbours, fault_t *fault);
extern void ofi_set_idle(transport_t *transport, ofi_idle_t idle, void *arg);

#endif
