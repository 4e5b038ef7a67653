/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offer: the devices that one node could give a job in the situation under
 * test (now, or at a future moment of backfill), as cons_tres has prepared
 * them, and the narrowing of that offer to the set we chose.
 */
#ifndef NEURON_OFFER_H
#define NEURON_OFFER_H

#include "compat.h"

#include "lib/devset.h"

#define OFFER_SOCKETS_MAX 16

typedef struct {
	sock_gres_t *sock; /* Slurm's record */
	bool counted; /* no indexes known, only a number */
	devset_t any; /* free, whatever cores are used */
	devset_t by_socket[OFFER_SOCKETS_MAX]; /* free, per socket */
	uint64_t total; /* how many the job may take */
} offer_t;

/*
 * Read the offer of one GRES.
 * IN list - avail_res_t.sock_gres_list of a node.
 * RET 0; -1 when the node offers none of it, or has more sockets than
 *	OFFER_SOCKETS_MAX.
 */
extern int offer_read(list_t *list, uint32_t plugin_id, offer_t *offer);

/* All free indexes */
extern devset_t offer_free(const offer_t *offer);

/* Sockets that have free members of a set, a bit each; 0 when some members
 * belong to no socket in particular */
extern uint32_t offer_sockets(const offer_t *offer, devset_t set);

/*
 * Leave only a part of what was read. May be called again with another set.
 * Every count of Slurm's record is kept true.
 */
extern void offer_narrow(const offer_t *offer, devset_t keep);

#endif
