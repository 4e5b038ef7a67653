/* SPDX-License-Identifier: GPL-2.0-or-later */
/* release: make processes let go of the devices of a job that is over */
#ifndef NEURON_RELEASE_H
#define NEURON_RELEASE_H

#include "nodejob.h"

/* From SIGTERM to SIGKILL, and from there until it is given up; milliseconds */
#define RELEASE_GRACE 2000
#define RELEASE_WAIT 10000

/*
 * End the processes that have devices of the job open and may be ended
 * (holder_may_end()); others are left alone. A process is looked at again
 * through a descriptor of its own before each signal, so that a new process
 * with an old number gets none.
 * OUT ended - devices that somebody had to be made to let go of.
 * OUT services - devices that a service of the machine has open.
 * OUT left - who still has one open; for holders_free().
 * RET 0; -1 as holders_find()
 */
extern int release_devices(const nodejob_t *job, devset_t *ended,
			   devset_t *services, holders_t *left,
			   neuron_error_t *err);

#endif
