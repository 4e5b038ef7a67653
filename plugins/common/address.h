/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address: where the Neuron nodes of a cluster are reached.
 *
 * slurmstepd has no slurm.conf: slurmd, which has, hands it the NodeAddr of
 * each Neuron node where that is not simply the name of the node. (The nodes of
 * State=CLOUD and dynamic nodes are in the credential of a step, with the
 * address of the moment.)
 */
#ifndef NEURON_ADDRESS_H
#define NEURON_ADDRESS_H

#include "compat.h"

#include "lib/conf.h"

/*
 * In slurmd: lines "node address".
 * RET xfree() it; NULL: every node is reached by its name.
 */
extern char *address_list(const conf_t *conf);

/*
 * The address of a node in that list; its name when it is not there.
 * OUT buf - "" when it does not fit.
 */
extern void address_find(const char *list, const char *node, char *buf,
			 size_t size);

/*
 * In slurmd: the interface of this machine that has the address of a node.
 * OUT buf - "" when there is none (an address that is translated, say).
 */
extern void address_iface(const char *node, char *buf, size_t size);

#endif
