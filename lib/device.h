/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device: whether one Neuron device of a machine can be given to a job, and
 * its reset; the same for one EFA interface.
 *
 * Everything is read from sysfs under a root directory; no device is opened,
 * since an open device cannot be reset. Below the directory of a device
 * (aws-neuron-driver 2.25 to 2.30, neuron_cdev.c, neuron_sysfs_metrics.c,
 * neuron_reset.c):
 *
 *	reset		0 in reset, 1 ready, 2 failed; whatever is written
 *			starts a reset of the whole device, if nobody has it
 *			open; else nothing happens and the write succeeds
 *	neuron_core0/stats/other_info/reset_req_count/total	grows by one
 *			when a reset starts (not with no_reset=1)
 *	stats/hardware/health_status/unhealthy_components	empty: healthy
 *	stats/hardware/{sram,mem}_ecc_uncorrected	not 0: AWS says to
 *			replace the instance (nrt-troubleshoot)
 *	stats/hardware/mem_ecc_repairable_uncorrected	not 0: a repair is due,
 *			by loading the driver anew or rebooting
 *
 * A file that is not there tells nothing; one that is there and is not what
 * the driver writes is a fault.
 */
#ifndef NEURON_DEVICE_H
#define NEURON_DEVICE_H

#include "profile.h"

#define DEVICE_COMPONENTS_MAX 128
#define DEVICE_IFACE_MAX 64

typedef enum {
	DEVICE_STATE_UNKNOWN, /* no such file */
	DEVICE_STATE_RESET,
	DEVICE_STATE_READY,
	DEVICE_STATE_INVALID
} device_state_t;

typedef struct {
	unsigned int index;
	bool node; /* /dev/neuron<i> is there */
	bool shown; /* by the driver, in sysfs */
	device_state_t state;
	/* resets that were started so far; -1: not known */
	long resets;
	bool resets_counted; /* the driver was not loaded with no_reset=1 */
	long sram_errors, memory_errors, repairable_errors;
	char components[DEVICE_COMPONENTS_MAX]; /* unhealthy; "" none */
	neuron_error_t defect; /* first file with wrong content; "" none */
} device_t;

/*
 * Look at a device.
 * IN root - descriptor of the machine's root directory (sysfs.h).
 * RET 0, also when it is not there; -1 with errno EIO or ENOMEM: this process
 *	cannot look.
 */
extern int device_look(int root, unsigned int index, device_t *device,
		       neuron_error_t *err);

/* Where the driver shows a device: a path below the root. RET false: nowhere */
extern bool device_directory(int root, unsigned int index, char *buf,
			     size_t size);

/*
 * The first reason why a device cannot be given to a job, the plainest first:
 * not there, state, health, memory errors, malformed files.
 * OUT err - "neuron3: ..."
 * RET 0: it can; -1 with errno ENOENT (not there), EAGAIN (in reset), EIO
 *	(broken), EINVAL (malformed).
 */
extern int device_check(const device_t *device, neuron_error_t *err);

/*
 * Ask the driver for a reset. Look at the device before (counts) and after.
 * RET 0: asked; -1 with errno ENOENT or EIO.
 */
extern int device_reset(int root, const device_t *device, neuron_error_t *err);
/*
 * After device_reset(): whether the driver took it.
 * IN before, now - the device then and now.
 * RET true: it is in reset, or was; false: nothing has happened.
 */
extern bool device_reset_taken(const device_t *before, const device_t *now);

/*
 * The longest time that the driver waits for a reset, seconds (v2 and
 * v3/neuron_dhal.c): 480 on Trainium2 and 3, else 120.
 */
extern unsigned int device_reset_bound(const profile_t *profile);

/*
 * Check the EFA interface with a GRES index: it is there, has a device node,
 * and its port 1 is active ("4: ACTIVE", Linux, drivers/infiniband/core).
 * OUT name - verbs name; "" when not found.
 * OUT err - "efa3: ..."
 * RET 0; -1 with errno ENOENT, EIO (port), EINVAL (malformed) or ENOMEM.
 */
extern int device_check_efa(int root, const char *root_path,
			    const profile_t *profile, unsigned int efa,
			    char name[DEVICE_IFACE_MAX], neuron_error_t *err);

#endif
