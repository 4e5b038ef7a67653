/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * masks: the devices of each node that its Comment takes out of scheduling,
 * see lib/mask.h. A Comment is read anew when its text has changed; one that
 * cannot be read masks nothing, and is logged once.
 *
 * slurmctld calls with its node locks; there is no lock here.
 */
#ifndef NEURON_MASKS_H
#define NEURON_MASKS_H

#include "compat.h"

#include "ledger.h"
#include "lib/profile.h"

typedef struct masks masks_t;

/* RET masks of node_record_count nodes, for masks_destroy() */
extern masks_t *masks_create(void);
/* Accepts NULL */
extern void masks_destroy(masks_t *masks);

/*
 * What a node's Comment masks now: devices, and the EFA interfaces that serve
 * no others.
 * IN profile - of the node; NULL: it has no Neuron devices.
 */
extern ledger_sets_t masks_of(masks_t *masks, int node,
			      const profile_t *profile);

#endif
