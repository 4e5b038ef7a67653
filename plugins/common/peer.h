/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer: what select/neuron knows and topology/neuron asks it in slurmctld.
 * They are two plugins; select/neuron offers the structure below under the
 * name PEER_SYMBOL.
 */
#ifndef NEURON_PEER_H
#define NEURON_PEER_H

#include "compat.h"

#include "lib/conf.h"

#define PEER_SYMBOL "neuron_peer"

typedef struct {
	/*
	 * What becomes free on a node while a job runs there.
	 * IN free - the devices that are free at the moment under test; when
	 *	that is not what select/neuron has, nothing is known.
	 * OUT spans - room for SHAPE_SPANS_MAX.
	 * RET how many, for shape_pick_timed(); 0: nothing is known.
	 */
	uint32_t (*spans)(const job_record_t *job_ptr, int node, devset_t free,
			  shape_span_t *spans);
	/*
	 * How much sizes weigh now, for site_weigh(); they stay the same while
	 * one job is looked at.
	 * RET CONF_FAMILIES_MAX of them, select/neuron's.
	 */
	const demand_weights_t *(*weights)(void);
	/*
	 * The devices of a node that no job is to get in the situation under
	 * test, see lib/mask.h.
	 */
	devset_t (*masked)(int node);
} neuron_peer_t;

#endif
