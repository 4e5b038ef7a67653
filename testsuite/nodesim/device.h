/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device: the GRES that nodes publish.
 *
 * Slurm's own functions and the GRES plugins of slurm.conf make the records, as
 * they do in slurmctld for nodes that are not up yet: from the node's Gres=,
 * gres.conf and, with the plugins of this project, the profile. No device has
 * to be there.
 */
#ifndef NODESIM_DEVICE_H
#define NODESIM_DEVICE_H

#include "slurm_base.h"

/* Of one GRES of a node, and the largest index */
#define DEVICE_COUNT_MAX 1024

/* Nodes with the same Gres= and CPUs= have one list in common */
typedef struct device_list device_list_t;

/*
 * The records of a node.
 * RET lives until device_forget(); NULL: Slurm's GRES plugins failed, logged
 */
extern device_list_t *device_list(const node_record_t *node);

/* What a node says other than the truth */
typedef struct device_fault {
	struct device_fault *next;
	char *name;
	/* One of: the device of this index is not there, */
	uint32_t lost; /* NO_VAL: none is missing */
	uint32_t count; /* or there are so many */
} device_fault_t;

/*
 * Read "NAME:INDEX".
 * RET NULL: text is not that
 */
extern device_fault_t *device_fault_lost(const char *text);
/* Read "NAME:COUNT" */
extern device_fault_t *device_fault_wrong(const char *text);
extern void device_faults_free(device_fault_t *first);

/* Pack what a node with these faults says; the caller frees it */
extern buf_t *device_pack(const device_list_t *list,
			  const device_fault_t *faults);

/* Before slurm.conf is read again. No node may keep a list */
extern void device_forget(void);

#endif
