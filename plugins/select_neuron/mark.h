/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mark: which version of these plugins has last kept the cluster's state.
 *
 * What jobs hold is in Slurm's own files, but in what order their nodes stand
 * is a matter of these plugins. An older version that would read it otherwise
 * must not start on it. So slurmctld leaves a line in StateSaveLocation,
 * file "neuron_state": "slurm-neuron state N".
 */
#ifndef NEURON_MARK_H
#define NEURON_MARK_H

#include "compat.h"

/* Raised whenever an older version would misread the state */
#define MARK_VERSION 1

/*
 * RET true when there is no mark, or one of this version or an older one;
 *	false with a sentence in err: a newer one, or no mark of ours.
 */
extern bool mark_is_known(neuron_error_t *err);

/* Leave the mark of this version; a failure is logged */
extern void mark_leave(void);

#endif
