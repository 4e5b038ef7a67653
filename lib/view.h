/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view: which files of /dev/infiniband the tasks of a job keep.
 *
 * A job that may not open the EFA interfaces of its neighbours must not see
 * them either. Facts:
 *
 *	libfabric, prov/efa/src/efa_device.c, efa_device_list_initialize(),
 *	until pull request 12744 of 26 August 2026: opens every verbs device
 *	that is listed, before it looks at FI_EFA_IFACE. One that cannot be
 *	opened ends the provider: the job has no EFA at all (issue 12708).
 *	rdma-core, util/open_cdev.c, open_cdev_robust(): an open that is
 *	refused is tried again for five seconds, for each device.
 *	rdma-core, libibverbs/init.c, try_access_device(): a device whose
 *	/dev/infiniband/uverbsN fails stat() is left out of the list without
 *	a word, whether sysfs (since rdma-core 20) or netlink (since 32) named
 *	it. So it suffices that the node is not there; sysfs stays as it is.
 *
 * Nodes are matched by device number and not by name, since numbers are what
 * the device cgroup refuses: a file is hidden exactly when an open would fail.
 */
#ifndef NEURON_VIEW_H
#define NEURON_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* Files of one directory, and device files of all GRES of a node */
#define VIEW_ENTRIES_MAX 4096
#define VIEW_DEVICES_MAX 4096
/* NAME_MAX of Linux */
#define VIEW_NAME_MAX 255

typedef enum {
	VIEW_CHAR, /* a character device */
	VIEW_DIRECTORY,
	VIEW_LINK, /* a symbolic link */
	VIEW_OTHER /* any other file */
} view_kind_t;

/* What becomes of a file in the private directory */
typedef enum {
	VIEW_HIDE, /* it is not there */
	VIEW_BIND_FILE, /* the file itself, with its owner and mode */
	VIEW_BIND_DIRECTORY,
	VIEW_COPY_LINK
} view_action_t;

typedef struct {
	char name[VIEW_NAME_MAX + 1];
	view_kind_t kind;
	uint32_t major, minor; /* of VIEW_CHAR */
	view_action_t action; /* OUT of view_plan() */
} view_entry_t;

/* The device file of a GRES */
typedef struct {
	uint32_t major, minor;
	bool owned; /* the task may open it */
} view_device_t;

/*
 * Decide what stays.
 *
 * A character device with the number of a GRES device is hidden unless the
 * task owns a device with that number (two GRES can name one file). All else
 * stays: rdma_cm, other RDMA hardware, files of any other kind.
 *
 * IN/OUT entries - the files of the directory, "." and ".." left out, in any
 *	order; the actions are set.
 * IN devices - all GRES devices of the node, in any order.
 * RET how many are hidden, 0: nothing has to be done; -1 with errno EINVAL (a
 *	name that is empty, "." or "..", too long or has a slash) or ENOSPC
 *	(more than the limits above). The actions mean nothing then.
 */
extern int view_plan(view_entry_t *entries, unsigned int entry_count,
		     const view_device_t *devices, unsigned int device_count,
		     neuron_error_t *err);

#endif
