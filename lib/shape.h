/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shape: for one profile, which device sets of each size are good, and which
 * of the free ones to take.
 *
 * Sets of a size come in tiers, from strict to wide. Each tier contains the
 * one before it:
 *
 *	consecutive	as best, and the indexes are consecutive, because a
 *			process that owns several cores needs a contiguous
 *			NEURON_RT_VISIBLE_CORES (Neuron Runtime developer
 *			guide, "NEURON_RT_VISIBLE_CORES")
 *	best		has the most NeuronLinks inside that any set of its
 *			size has on the whole machine, whatever is free now
 *	ring		best, or its links contain a cycle through every
 *			device (sizes 1 and 2 count as rings when connected)
 *	connected	ring, or the devices hang together by links between them
 *
 * Of a tier, only sets count that need no more EFA interfaces than the least
 * that a set of that tier and size needs: on trn1, where two devices share an
 * interface, {1,2} would block two interfaces for one interface's work. (Where
 * a wider tier needs fewer, it lacks sets that a stricter one has; no shipped
 * family is like that.)
 *
 * The empty set and a set with a device that the machine lacks are in no tier,
 * neither connected nor a ring.
 */
#ifndef NEURON_SHAPE_H
#define NEURON_SHAPE_H

#include "demand.h"
#include "profile.h"

typedef enum {
	SHAPE_CONSECUTIVE,
	SHAPE_BEST,
	SHAPE_RING,
	SHAPE_CONNECTED,
	SHAPE_TIERS
} shape_tier_t;

/* "consecutive", "best", "ring", "connected"; NULL when out of range */
extern const char *shape_tier_name(shape_tier_t tier);
/* RET 0; -1 with errno EINVAL and a sentence with the known names */
extern int shape_tier_decode(const char *text, shape_tier_t *tier,
			     neuron_error_t *err);

/*
 * The tier of a job that began with one and gives it up step by step: one
 * wider after each time of step seconds that it has waited.
 * IN step - 0: at once the widest; UINT32_MAX: never.
 */
extern shape_tier_t shape_tier_after(shape_tier_t tier, uint32_t waited,
				     uint32_t step);

typedef struct shape shape_t;

/*
 * Build the tables of a profile: time and memory bounded by 2^16 masks.
 * The shape keeps no reference to the profile.
 * RET a shape for shape_destroy(); NULL with errno ENOMEM, or EINVAL when
 *	profile is NULL.
 */
extern shape_t *shape_create(const profile_t *profile);
/* Accepts NULL; errno survives */
extern void shape_destroy(shape_t *shape);

/* Number of NeuronLinks inside a set (unweighted); devices that the machine
 * lacks have none */
extern unsigned int shape_links(const shape_t *shape, devset_t set);
/* Most links inside any set of count devices of the whole machine; 0 for more
 * than it has */
extern unsigned int shape_best_links(const shape_t *shape, unsigned int count);
extern bool shape_is_connected(const shape_t *shape, devset_t set);
/* True when links of the set form a cycle through all its members, or it is
 * connected and has at most two members */
extern bool shape_is_ring(const shape_t *shape, devset_t set);
/* True when the set is one that the tier hands out to a request with, or
 * without, EFA interfaces; the EFA rule holds only for those with */
extern bool shape_is_in_tier(const shape_t *shape, devset_t set,
			     shape_tier_t tier, bool with_efa);

/*
 * True when sets of this size exist in the tier on an empty machine; false
 * for 0 and for more than the machine has.
 */
extern bool shape_size_is_possible(const shape_t *shape, unsigned int count,
				   shape_tier_t tier);
/*
 * EFA interfaces that a set of this size and tier is given: the least that
 * any such set needs; -1 when no set of the size exists.
 */
extern int shape_efa_count(const shape_t *shape, unsigned int count,
			   shape_tier_t tier);

/*
 * How useful a node with these devices free still is: larger is better. The
 * sum of w(c) * c * t(c) over the sizes c = 1, 2, 4, ... below all, and all,
 * where t(c) is how many disjoint sets of c devices of tier consecutive fit in
 * free: the devices that jobs of that size can still use, weighted. The weight
 * w(c) is c, and more after shape_weigh(). At most 496, or 992; 0 for the empty
 * set, monotone in the set; devices that the machine lacks do not count.
 */
extern unsigned int shape_usefulness(const shape_t *shape, devset_t free);

/*
 * Let sizes that are asked for weigh more in shape_usefulness(), and so in the
 * damage of sets: w(c) = c + more(c). A class of demand that no size of this
 * machine stands for counts for the whole machine. No size ever has less than
 * its own weight. Takes O(2^devices) steps, less than a millisecond.
 * IN weights - NULL: the sizes' own weights alone, as after shape_create().
 * RET 0; -1 with errno EINVAL when they add up to more than
 *	DEMAND_WEIGHT_MAX; the shape is unchanged then.
 */
extern int shape_weigh(shape_t *shape, const demand_weights_t *weights);

typedef struct {
	devset_t devices;
	devset_t efas;
	/* shape_usefulness lost by taking the set */
	unsigned int damage;
} shape_pick_t;

/*
 * Choose the set to hand out: of the free sets of the tier, the one of least
 * damage, then of lowest indexes (compared as numbers).
 * IN free - devices that may be used.
 * IN free_efas - EFA interfaces that may be used; a set is only considered
 *	when all interfaces that belong to it are among them.
 * IN with_efa - false: the request wants no EFA interfaces, free_efas and the
 *	EFA rule of the tiers do not matter, pick->efas will be empty.
 * OUT pick - untouched on failure.
 * RET 0; -1 with errno ENOSPC (none free now), or ENOTSUP (no such size or
 *	tier).
 */
extern int shape_pick(const shape_t *shape, devset_t free, devset_t free_efas,
		      bool with_efa, unsigned int count, shape_tier_t tier,
		      shape_pick_t *pick);

/* What stays the same in a node for some time */
typedef struct {
	devset_t free; /* for jobs that start later than this one */
	uint32_t seconds;
} shape_span_t;

/* Spans that are looked at; later ones are passed over */
#define SHAPE_SPANS_MAX 17
/* shape_pick_timed() tells damage in such parts */
#define SHAPE_DAMAGE_PARTS 64

/*
 * The same choice with the future in view: devices that are busy now come free
 * while the job runs. The damage of a set is what the node loses in usefulness
 * on average over the spans, as if the set were not taken in them. So jobs
 * come to lie beside jobs that end when they end.
 * IN spans - from now to the end of the job, span_count of them; the first one
 *	has what is free now. None: the present counts alone.
 * OUT parts - damage in 1 / SHAPE_DAMAGE_PARTS, at most 63,488, rounded down;
 *	pick->damage is the same in whole numbers.
 * RET as shape_pick(); ties go to the lowest indexes.
 */
extern int shape_pick_timed(const shape_t *shape, devset_t free,
			    devset_t free_efas, bool with_efa,
			    unsigned int count, shape_tier_t tier,
			    const shape_span_t *spans, uint32_t span_count,
			    shape_pick_t *pick, uint32_t *parts);

#endif
