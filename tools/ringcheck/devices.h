/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devices: may this process open the Neuron devices that it was given? */
#ifndef RINGCHECK_DEVICES_H
#define RINGCHECK_DEVICES_H

#include "lib/devset.h"

#include "fault.h"

#define DEVICES_ROOT_MAX 4096

/*
 * The directory below which the devices of a node are: Root of neuron.conf,
 * which is "/" unless machines are simulated.
 * IN slurm_conf - path of slurm.conf, neuron.conf stands beside it; NULL: that
 *	of the Slurm this was built for. Without the file the root is "/".
 * OUT root - without a final slash; "" for "/".
 * RET 0; -1 with a fault RINGCHECK_USAGE.
 */
extern int devices_root(const char *slurm_conf, const char *node,
			char root[DEVICES_ROOT_MAX], fault_t *fault);

/*
 * Open each device for writing only, and close it: the driver takes such an
 * open neither as use of the device nor as a reason to wait for its reset
 * (aws-neuron-driver 2.25, neuron_cdev.c, "free access").
 * RET 0; -1 with a fault RINGCHECK_DEVICE.
 */
extern int devices_open(devset_t devices, const char *root, fault_t *fault);

#endif
