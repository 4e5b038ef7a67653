/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masking: the masks of nodes (lib/mask.h), changed in slurmctld */
#ifndef NEURON_MASKING_H
#define NEURON_MASKING_H

#include "lib/mask.h"

/*
 * Change the mask of one node and look whether slurmctld has taken it. Another
 * change at the same time is not lost by it, unless it comes between the look
 * at the node and the change: then it is this one that is made again.
 * IN add - devices to mask; NULL: none.
 * IN again - give those that are masked already the new reason.
 * IN remove - devices to unmask.
 * OUT changed - devices that were not as they are now.
 * RET 0; -1 with errno ENOENT (no such node), EINVAL (its Comment cannot be
 *	read), ENOSPC or EIO (slurmctld's own sentence, such as for a user that
 *	may not do it).
 */
extern int masking_change(const char *node, const mask_t *add, bool again,
			  devset_t remove, devset_t *changed,
			  neuron_error_t *err);

#endif
