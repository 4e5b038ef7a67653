/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place: which of the nodes that can run a job it gets.
 *
 * The answer is the exact lexicographic minimum of place_cost_t, compared
 * member by member in the order in which they are declared, over all sets of
 * the wanted size; ties go to the set whose sorted node list is lowest. A
 * dynamic programme over the fabric finds it, not a greedy walk.
 *
 * With n candidates, w of them wanted and G groups it takes
 * O(n log^2 n + G + n * min(w, n - w)) steps and O(G + n log^2 n) memory; with
 * PLACE_REQUIRE so many steps for each level, as long as lower ones do not do.
 */
#ifndef NEURON_PLACE_H
#define NEURON_PLACE_H

#include "fabric.h"

#define PLACE_DAMAGE_MAX 65536
#define PLACE_LEFT_MAX 64

typedef struct {
	uint32_t node; /* index in the fabric */
	uint32_t damage; /* shape_pick_t damage, at most PLACE_DAMAGE_MAX */
	uint32_t left; /* devices that stay free, at most PLACE_LEFT_MAX */
	bool required; /* the job names it */
	bool last; /* taken only where no other will do */
} place_candidate_t;

/* What the UltraServers of a choice mean */
typedef enum {
	/* few and legal ones are better, as place_cost_t says */
	PLACE_PREFER,
	/* only sets whose cost has ultraservers 0 come into question; several
	 * nodes of a fabric without UltraServers do not */
	PLACE_REQUIRE,
	/* place_cost_t.ultraservers does not count; UltraServers remain groups
	 * of level 1 like any others, so that no more are broken than need be
	 */
	PLACE_IGNORE
} place_ultraserver_t;

typedef struct {
	place_ultraserver_t ultraserver;
	/* with PLACE_REQUIRE: sets with more candidates that are "last" do not
	 * come into question */
	uint32_t last_max;
} place_rule_t;

typedef struct {
	/* level of the lowest group that holds all nodes, 0 for one node */
	uint32_t level;
	/* UltraServers touched beyond the least that many nodes need, plus
	 * UltraServers of which the job gets an illegal group of two; 0
	 * without UltraServers. Nodes outside UltraServers count as one each */
	uint32_t ultraservers;
	/* candidates that are "last" */
	uint32_t last;
	/* groups touched at each level, from the highest down to level 1;
	 * entry i is level (FABRIC_LEVELS_MAX - i). Where a node has no group
	 * of that level, its highest group below that level counts in its
	 * place, or, when there is none, the node itself: so this is always
	 * the number of parts into which links of that level and lower join
	 * the nodes. 0 above the highest level of the fabric */
	uint32_t groups[FABRIC_LEVELS_MAX];
	/* sum of damage, at most UINT32_MAX */
	uint32_t damage;
	/* sum of left */
	uint32_t left;
} place_cost_t;

/* Negative, 0, positive as a is better than, as good as, worse than b */
extern int place_cost_compare(const place_cost_t *a, const place_cost_t *b);

/*
 * The cost of a given set of different nodes; used by explanations and by test
 * oracles.
 * RET 0; -1 with errno ENOTSUP (no group holds all nodes), EINVAL (an empty
 *	set, a node out of range) or ENOMEM; cost is untouched then.
 */
extern int place_cost(const fabric_t *fabric, const place_candidate_t *set,
		      uint32_t count, place_cost_t *cost);

/*
 * Choose nodes.
 * IN candidates - nodes that can run the job, each at most once, in any order.
 * IN want - number of nodes, at least 1.
 * IN level_max - nodes must have a common group of at most this level.
 * IN rule - NULL: PLACE_PREFER.
 * OUT picked - room for want; positions in candidates, ascending by node.
 * OUT cost - or NULL.
 * RET 0; -1 with errno ENOSPC (too few candidates below any one group, or
 *	none below which all required nodes are, or none that the rule allows),
 *	EINVAL (want 0, more required
 *	nodes than want, a node out of range or twice, damage or left above
 *	its bound) or ENOMEM; picked and cost are untouched then.
 */
extern int place_nodes(const fabric_t *fabric,
		       const place_candidate_t *candidates, uint32_t count,
		       uint32_t want, uint32_t level_max,
		       const place_rule_t *rule, uint32_t *picked,
		       place_cost_t *cost, neuron_error_t *err);

#endif
