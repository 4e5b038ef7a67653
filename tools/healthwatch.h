/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * healthwatch: wait for the moment of the next look: a hardware error that the
 * driver tells through poll() (hw_error_event), one in the kernel's log, a
 * signal, or the end of a time.
 */
#ifndef NEURON_HEALTHWATCH_H
#define NEURON_HEALTHWATCH_H

#include <poll.h>

#include "lib/profile.h"

typedef enum {
	HEALTHWATCH_TIME,
	HEALTHWATCH_EVENT,
	HEALTHWATCH_RELOAD, /* SIGHUP */
	HEALTHWATCH_END /* SIGTERM, SIGINT */
} healthwatch_t;

/* Signals, the log, and a file for each device */
#define HEALTHWATCH_FDS (2 + PROFILE_DEVICES_MAX)

typedef struct {
	struct pollfd fds[HEALTHWATCH_FDS]; /* fd -1: none */
	uint64_t next; /* record of the log */
} healthwatch_fds_t;

/* Block the signals that are waited for. RET 0; -1 with errno EIO */
extern int healthwatch_start(healthwatch_fds_t *watch, neuron_error_t *err);
/*
 * Open the files of a machine anew, before a look: what comes during the look
 * is seen then.
 * IN root - see sysfs.h; IN devices - their number
 */
extern void healthwatch_open(healthwatch_fds_t *watch, int root,
			     unsigned int devices);
extern void healthwatch_close(healthwatch_fds_t *watch);

/* Wait up to so many milliseconds, and at least so long for an event */
extern healthwatch_t healthwatch_wait(healthwatch_fds_t *watch,
				      unsigned int milliseconds,
				      unsigned int least);

#endif
