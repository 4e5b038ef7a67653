/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holder: the processes that have Neuron devices open.
 *
 * Read under a proc root: <pid>/fd, fdinfo, status, stat, cgroup, environ, and
 * devices. A descriptor is one of a device when it is the very file
 * /dev/neuron<i>, or a character device with its numbers whose major is called
 * "neuron" in /proc/devices (aws-neuron-driver, neuron_cdev.c: the region's
 * name; the node may be another one in a container). Only files that stand in
 * a directory below /dev, or whose name starts with "neuron", are looked at:
 * to look at a file of a server that is gone takes for ever.
 *
 * An open for writing alone is no use of the device: the driver does not
 * count it, and resets the device all the same (neuron_cdev.c, "free access").
 *
 * Not seen: a device that a process has mapped and then closed, descriptors
 * under way in a socket, and those of a thread that shares none with the rest
 * of its process.
 */
#ifndef NEURON_HOLDER_H
#define NEURON_HOLDER_H

#include <sys/types.h>

#include "devset.h"
#include "error.h"

#define HOLDER_COMMAND_MAX 32
/* Most processes that are noted */
#define HOLDER_PROCESSES_MAX 65536

typedef struct {
	pid_t pid;
	uint64_t start; /* ticks since boot: tells two uses of a pid apart */
	uid_t uid; /* real */
	devset_t devices; /* that it has open */
	/*
	 * The job whose processes Slurm counts it among: by its cgroup, or by
	 * a slurmstepd of root (or of this process's user) above it; 0: none
	 */
	uint32_t job;
	/* What it says itself, SLURM_JOB_ID of its environment; 0: nothing.
	 * A process can say anything. */
	uint32_t claim;
	char command[HOLDER_COMMAND_MAX]; /* printable */
} holder_t;

typedef struct {
	holder_t *list; /* in no particular order */
	uint32_t count;
} holders_t;

/*
 * Find who has devices open.
 * IN proc - descriptor of /proc.
 * IN root - descriptor of the machine's root directory (sysfs.h).
 * IN devices - which; those whose node is not there have no holder.
 * OUT holders - for holders_free(); empty on failure.
 * RET 0; -1 with errno ENOENT (proc cannot be read), ENOMEM or EIO.
 */
extern int holders_find(int proc, int root, devset_t devices,
			holders_t *holders, neuron_error_t *err);
/* Keeps errno; may be called twice */
extern void holders_free(holders_t *holders);

/*
 * Look at one process again.
 * RET 1: it is the same process and has some of the devices open, *holder is
 *	renewed; 0: it is not
 */
extern int holder_again(int proc, int root, devset_t devices, holder_t *holder);

/* All devices that any of them has open */
extern devset_t holders_devices(const holders_t *holders);

/*
 * Whether Epilog may end a process that has a device of a job open: one of the
 * job, or one that Slurm does not know, whatever it says itself. Not one of
 * another job; not one of root that may belong to the machine, unless the job
 * was root's.
 */
extern bool holder_may_end(const holder_t *holder, uint32_t job, uid_t uid);

/*
 * "process 4711 (python3) of user 1000, job 42"; of a claim "which says that
 * it is of job 42". RET the length; -1 with errno ENOSPC
 */
extern int holder_describe(const holder_t *holder, char *buf, size_t size);

#endif
