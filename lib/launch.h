/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launch: from the devices of a job, step or task to its environment.
 *
 * Facts: Neuron Runtime configuration guide (NEURON_RT_VISIBLE_CORES,
 * NEURON_RT_NUM_CORES, NEURON_LOGICAL_NC_CONFIG), libfabric
 * prov/efa/src/efa_env.c (FI_EFA_IFACE). Core ids are logical cores: device d
 * has the ids d * L to d * L + L - 1, where L is profile_logical_cores().
 */
#ifndef NEURON_LAUNCH_H
#define NEURON_LAUNCH_H

#include "conf.h"

/* Room for the longest list of cores: 16 devices x 8 ids of 3 digits */
#define LAUNCH_CORES_MAX 1024
#define LAUNCH_IFACES_MAX 1024

/*
 * Core ids of a set of devices, ascending, as a comma list without ranges
 * (frameworks exist that split on commas only).
 * IN cores_per_device - logical cores of a device, 1 to 64.
 * IN visible - the devices the process can open: with CONF_RELATIVE the ids
 *	count from the first of them.
 * OUT buf - receives the list; "" for the empty set.
 * RET its length; -1 with errno ENOSPC or EINVAL.
 */
extern int launch_cores(devset_t devices, devset_t visible,
			unsigned int cores_per_device,
			conf_numbering_t numbering, char *buf, size_t size);

/* Set (value) or remove (NULL) a variable. RET 0; -1 stops. */
typedef int (*launch_set_t)(const char *name, const char *value, void *arg);

typedef struct {
	devset_t devices;	/* of the job, step or task */
	devset_t visible;	/* see launch_cores() */
	unsigned int cores_per_device;
	unsigned int lnc;	/* 0: the family has no choice */
	conf_numbering_t numbering;
	/* verbs names of the interfaces that belong to the devices, in order
	 * of GRES index, comma list; "": none */
	const char *ifaces;
} launch_t;

/*
 * Set the variables that say which hardware is whose:
 *
 *	NEURON_RT_VISIBLE_CORES	see launch_cores(); "" without devices
 *	NEURON_RT_NUM_CORES	number of those ids; removed without devices
 *	NEURON_LOGICAL_NC_CONFIG	the LNC; removed when lnc is 0
 *	SLURM_NEURON_DEVICES	the devices, "4-7"; "" without devices
 *	FI_EFA_IFACE		the interfaces; removed without any
 *	FI_PROVIDER		"efa" with interfaces; else untouched
 *
 * and, with devices, remove CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES,
 * ZE_AFFINITY_MASK and GPU_DEVICE_ORDINAL, which never mean a Neuron device.
 * Without devices those are left alone: the job may have GPUs.
 * RET 0; -1 when set() stopped or a list does not fit.
 */
extern int launch_environment(const launch_t *launch, launch_set_t set,
			      void *arg);

#endif
