/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masking: the masks of nodes (lib/mask.h), changed in slurmctld */
#ifndef NEURON_MASKING_H
#define NEURON_MASKING_H

#include "lib/mask.h"

/* What is to become of one node */
typedef struct {
	const char *node;
	const char *key; /* MASK_SUSPECT_KEY; NULL: MASK_KEY */
	const mask_t *add; /* devices to mask; NULL: none */
	bool again; /* give those that are masked already the new reason */
	devset_t remove; /* devices to unmask */
	/* unmask only where the reason is still this one; NULL: always */
	const mask_t *only;
	/* OUT devices that were not as they are now */
	devset_t changed;
	/* for masking.c */
	bool settled;
} masking_t;

/*
 * Change the masks of nodes, and stay until they stand.
 *
 * slurmctld has no way to change a Comment only if it is still what was read:
 * who reads it before another one writes, and writes after him, takes away what
 * he wrote. So each change is looked at again after a moment and made again
 * when it is gone, until it is found in place. Of any number of changes at the
 * same time, none is lost as long as slurmctld takes less than that moment from
 * a program's look at the node to its change. The moment is MASKING_SETTLE
 * milliseconds at least and up to twice as long, by chance; where slurmctld is
 * slow it is ten times what it took, up to MASKING_SETTLE_MOST. All nodes wait
 * for it together; where nothing is to be changed there is none.
 *
 * IN changes - count nodes.
 * RET 0; -1 with errno ENOENT (no such node), EINVAL (its Comment cannot be
 *	read), ENOSPC or EIO (slurmctld's own sentence, such as for a user that
 *	may not do it, or others change these devices again and again).
 *	Nodes before the one that the sentence names are changed then; changed
 *	tells.
 */
#define MASKING_SETTLE 250
#define MASKING_SETTLE_MOST 5000
extern int masking_change_all(masking_t *changes, uint32_t count,
			      neuron_error_t *err);

/*
 * The same for one node.
 * OUT changed - devices that were not as they are now.
 */
extern int masking_change(const char *node, const mask_t *add, bool again,
			  devset_t remove, devset_t *changed,
			  neuron_error_t *err);

#endif
