/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_policy: who decides on nodes and devices in a replay.
 *
 *	consecutive, best, ring, connected
 *			lib/: shape_pick() of that tier on every node, then
 *			place_nodes()
 *	relaxed		consecutive; a tier wider after each so many seconds
 *			of waiting
 *	timed, timed-best
 *			consecutive and best with the damage of replay_timed
 *	queue, queue-best
 *			timed and timed-best; sizes weigh as waiting and running
 *			jobs ask for them (lib/demand.h)
 *	plain		sets of tier best on the node that keeps the fewest free
 *			devices, damage unknown
 *	rows		AWS's rule: a device, a row of 4, an aligned half of 8,
 *			or 16; other sizes are rounded up. The fullest node
 *	stock		Slurm: topology/tree, then the lowest free devices and
 *			the lowest free EFA interfaces, by PCI address
 *	count		any free devices of the fullest node: what waiting
 *			costs when sets do not matter. As for stock, EFA
 *			interfaces need not be free
 */
#ifndef REPLAY_POLICY_H
#define REPLAY_POLICY_H

#include "lib/place.h"
#include "lib/shape.h"
#include "replay_trace.h"
#include "replay_tree.h"

typedef enum { SETS_TIER, SETS_ROWS, SETS_LOWEST } policy_sets_t;
typedef enum { NODES_LIBRARY, NODES_FULLEST, NODES_TREE } policy_nodes_t;

typedef struct {
	const char *name;
	policy_sets_t sets;
	policy_nodes_t nodes;
	shape_tier_t tier; /* for SETS_TIER */
	bool relaxed;
	bool timed;
	bool by_queue; /* weights of sizes */
} policy_t;

/* RET the policy of a name; NULL with errno ENOENT and a sentence */
extern const policy_t *policy_find(const char *name, neuron_error_t *err);

/* Tier for a job that waits so long; relax: seconds for each tier */
extern shape_tier_t policy_tier(const policy_t *policy, double waited,
				double relax);
/* Devices a job gets on each node when it asks for so many */
extern uint32_t policy_devices(const policy_t *policy, uint32_t devices);
/* True when devices may be told apart by nothing but whether they are free */
extern bool policy_is_fungible(const policy_t *policy);
/* True when the policy may hand out that set in a tier */
extern bool policy_set_is_legal(const policy_t *policy, const shape_t *shape,
				shape_tier_t tier, devset_t set);

/* The machines that are decided on, and memory for decisions */
typedef struct decider decider_t;

/* RET for decider_destroy(); profile, shape and fabric stay the caller's; NULL
 *	with errno ENOMEM */
extern decider_t *decider_create(const profile_t *profile, const shape_t *shape,
				 const fabric_t *fabric);
extern void decider_destroy(decider_t *decider);
/* The shape answers otherwise from now on, see shape_weigh() */
extern void decider_forget(decider_t *decider);

/* True when a node with this free has a set; devices as policy_devices() */
extern bool decider_fits(decider_t *decider, const policy_t *policy,
			 shape_tier_t tier, uint32_t devices, devset_t free,
			 devset_t free_efas);

/*
 * Say for the decisions that follow when a job that starts now would end and
 * when devices come free; ends: for each node, for each of its devices; NULL:
 * not known, so that only what is free now counts. It stays the caller's.
 */
extern void decider_set_times(decider_t *decider, const double *ends,
			      double now, double end);

/* A node of a decision */
typedef struct {
	uint32_t node;
	devset_t devices;
	devset_t efas;
} share_t;

/*
 * Decide.
 * IN free, free_efas - for each node, what may be used.
 * OUT shares - room for nodes.
 * RET 0; -1 with errno ENOSPC or ENOMEM.
 */
extern int decider_decide(decider_t *decider, const policy_t *policy,
			  shape_tier_t tier, uint32_t nodes, uint32_t devices,
			  const devset_t *free, const devset_t *free_efas,
			  share_t *shares);

/* Where the last decision stands among what was possible */
typedef struct {
	uint32_t level; /* of its lowest common group */
	uint32_t least_level; /* possible */
	uint32_t leaves; /* leaf switches */
	uint32_t least_leaves; /* possible */
	uint32_t least_leaves_at_level; /* possible at the least level */
} decision_rank_t;

/* RET 0; -1 with errno EINVAL: no group has all those nodes */
extern int decider_rank(decider_t *decider, uint32_t nodes,
			const share_t *shares, decision_rank_t *rank);

#endif
