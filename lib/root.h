/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * root: the ports at which the processes of a step meet its rank 0.
 *
 * Two ports for each step: one of the root communicator
 * (NEURON_RT_ROOT_COMM_ID), one of torch.distributed (MASTER_PORT). Every node
 * of a step must compute the same two without asking anybody, and steps that
 * run on one node at the same time must not have the same.
 *
 * Devices make that possible: a device belongs to one job at a time, and the
 * credential of a step names the devices on all its nodes. So the ports of a
 * site (RootPorts) are cut into PROFILE_DEVICES_MAX equal parts, and a step
 * uses the part of the first device that it has on the node of rank 0: no other
 * job there can have it. Steps of one job may share devices (srun --overlap, a
 * batch script and its steps); inside the part the id of the step decides, so
 * that two such steps differ unless their ids are a multiple of the size of the
 * part apart (384 with the default ports). A batch script and a shell have
 * places of their own.
 *
 * Where Slurm reserved ports for the step (MpiParams=ports=, srun --resv-ports)
 * those are taken first. A step whose device on that node is not known (rank 0
 * is in another component of a heterogeneous job) gets ports by a hash of job
 * and step, which others can have too.
 */
#ifndef NEURON_ROOT_H
#define NEURON_ROOT_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef enum { ROOT_STEP, ROOT_BATCH, ROOT_SHELL } root_kind_t;

typedef struct {
	uint16_t first, last; /* RootPorts of the site */
	/* Ports that Slurm reserved, "12000-12003,12010"; NULL, "", malformed:
	 * none */
	const char *reserved;
	int device; /* first one on the node of rank 0; -1: not known */
	root_kind_t kind;
	uint32_t job_id, step_id;
} root_t;

/*
 * RET 0; -1 with errno EINVAL: fewer than two ports, port 0, or a device that
 *	is not 0 to 63.
 */
extern int root_ports(const root_t *root, uint16_t *comm, uint16_t *master);

/*
 * Write "host:port", "[address]:port" for an address of IPv6.
 * RET its length; -1 with errno ENOSPC, or EINVAL: no host or port.
 */
extern int root_encode(const char *host, uint16_t port, char *buf, size_t size);

#endif
