/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a set: the strictest tier that has it, EFA rule aside
 * (SHAPE_TIERS: none), and two facts */
#define KIND_TIER 0x07
#define KIND_CONNECTED 0x08
#define KIND_RING 0x10

/* Longest piece of refused input that a sentence quotes */
#define QUOTE_MAX 40

/* Sizes that count in usefulness: powers of two and the whole machine */
#define SIZES_MAX 5

/* A part of the array sets */
typedef struct {
	uint32_t start;
	uint32_t count;
} slice_t;

/* A set is a mask of at most 16 bits; every table has an entry for each */
struct shape {
	unsigned int devices;
	uint32_t masks;
	uint16_t neighbours[PROFILE_DEVICES_MAX];
	uint16_t efa_of[PROFILE_DEVICES_MAX]; /* one bit, or none */
	uint8_t best_links[PROFILE_DEVICES_MAX + 1];
	uint8_t least_efas[SHAPE_TIERS][PROFILE_DEVICES_MAX + 1];
	/* by tier and size, without and with the EFA rule, in ascending order;
	 * slices with the same content may be the same part of the array */
	slice_t slices[2][SHAPE_TIERS][PROFILE_DEVICES_MAX + 1];
	uint16_t *sets;
	uint8_t *links;
	uint8_t *kinds;
	/* how many disjoint sets of each size fit in a mask, side by side: they
	 * need 5 + 4 + 3 + 2 + 1 bits at most */
	unsigned int size_count;
	uint8_t sizes[SIZES_MAX];
	uint8_t shifts[SIZES_MAX];
	uint16_t *fitting;
	uint16_t *usefulness;
};

static const char *const tier_names[SHAPE_TIERS] = {
	[SHAPE_CONSECUTIVE] = "consecutive",
	[SHAPE_BEST] = "best",
	[SHAPE_RING] = "ring",
	[SHAPE_CONNECTED] = "connected",
};

extern const char *shape_tier_name(shape_tier_t tier)
{
	return ((unsigned int) tier < SHAPE_TIERS) ? tier_names[tier] : NULL;
}

extern shape_tier_t shape_tier_after(shape_tier_t tier, uint32_t waited,
				     uint32_t step)
{
	if (step == UINT32_MAX)
		return tier;
	while ((tier < SHAPE_TIERS - 1) && (waited >= step)) {
		waited -= step;
		tier++;
	}
	return tier;
}

extern int shape_tier_decode(const char *text, shape_tier_t *tier,
			     neuron_error_t *err)
{
	for (int i = 0; text && tier && i < SHAPE_TIERS; i++) {
		if (!strcmp(text, tier_names[i])) {
			*tier = (shape_tier_t) i;
			return 0;
		}
	}
	return neuron_error_set(err, EINVAL,
				"shape \"%.*s\" is not known; it must be "
				"consecutive, best, ring or connected",
				QUOTE_MAX, text ? text : "");
}

static uint32_t _lowest(uint32_t mask)
{
	return mask & (~mask + 1);
}

static uint32_t _bit(unsigned int device)
{
	return (uint32_t) 1 << device;
}

/* EFA interfaces that belong to the devices of a set */
static devset_t _efas(const shape_t *shape, uint32_t mask)
{
	devset_t efas = 0;

	for (unsigned int i = 0; i < shape->devices; i++) {
		if (mask & _bit(i))
			efas |= shape->efa_of[i];
	}
	return efas;
}

/* Devices whose EFA interface is free, and those that have none */
static uint32_t _with_free_efa(const shape_t *shape, devset_t free_efas)
{
	uint32_t mask = 0;

	for (unsigned int i = 0; i < shape->devices; i++) {
		if (!(shape->efa_of[i] & ~free_efas))
			mask |= _bit(i);
	}
	return mask;
}

static bool _is_in_tier(const shape_t *shape, uint32_t mask, unsigned int tier,
			bool efa_rule)
{
	if ((shape->kinds[mask] & KIND_TIER) > tier)
		return false;
	return !efa_rule || devset_count(_efas(shape, mask)) <=
				    shape->least_efas[tier][devset_count(mask)];
}

static void _read_profile(shape_t *shape, const profile_t *profile)
{
	uint32_t all = shape->masks - 1;

	for (unsigned int i = 0; i < shape->devices; i++) {
		int efa = profile_efa_of(profile, i);

		shape->neighbours[i] =
			(uint16_t) (profile_neighbours(profile, i) & all &
				    ~_bit(i));
		if (efa >= 0 && efa < PROFILE_EFAS_MAX)
			shape->efa_of[i] = (uint16_t) _bit((unsigned int) efa);
	}
}

static void _count_links(shape_t *shape)
{
	for (uint32_t mask = 1; mask < shape->masks; mask++) {
		uint32_t rest = mask & (mask - 1);
		unsigned int low = (unsigned int) devset_first(mask);
		unsigned int size = devset_count(mask);

		shape->links[mask] =
			(uint8_t) (shape->links[rest] +
				   devset_count(shape->neighbours[low] & rest));
		if (shape->links[mask] > shape->best_links[size])
			shape->best_links[size] = shape->links[mask];
	}
}

static bool _hangs_together(const shape_t *shape, uint32_t mask)
{
	uint32_t reached = _lowest(mask), before;

	do {
		before = reached;
		for (unsigned int i = 0; i < shape->devices; i++) {
			if (reached & _bit(i))
				reached |= shape->neighbours[i] & mask;
		}
	} while (reached != before);
	return reached == mask;
}

/*
 * The devices on which a path can end that begins at the lowest member of a
 * set and visits each member once.
 * IN ends - the same of all sets with lower masks.
 */
static uint16_t _path_ends(const shape_t *shape, const uint16_t *ends,
			   uint32_t mask)
{
	uint32_t rest = mask & (mask - 1), found = 0;

	if (!rest)
		return (uint16_t) mask;
	for (unsigned int i = 0; i < shape->devices; i++) {
		if ((rest & _bit(i)) &&
		    (ends[mask ^ _bit(i)] & shape->neighbours[i]))
			found |= _bit(i);
	}
	return (uint16_t) found;
}

static uint8_t _kind(const shape_t *shape, uint32_t mask, uint16_t ends)
{
	bool connected = _hangs_together(shape, mask);
	bool ring = !(mask & (mask - 1)) ||
		    (ends & shape->neighbours[devset_first(mask)]);
	unsigned int tier = SHAPE_TIERS;

	if (shape->links[mask] == shape->best_links[devset_count(mask)])
		tier = devset_is_run(mask) ? SHAPE_CONSECUTIVE : SHAPE_BEST;
	else if (ring)
		tier = SHAPE_RING;
	else if (connected)
		tier = SHAPE_CONNECTED;
	return (uint8_t) (tier | (connected ? KIND_CONNECTED : 0) |
			  (ring ? KIND_RING : 0));
}

static int _find_kinds(shape_t *shape)
{
	uint16_t *ends = calloc(shape->masks, sizeof(*ends));

	if (!ends)
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	shape->kinds[0] = SHAPE_TIERS;
	for (uint32_t mask = 1; mask < shape->masks; mask++) {
		ends[mask] = _path_ends(shape, ends, mask);
		shape->kinds[mask] = _kind(shape, mask, ends[mask]);
	}
	free(ends);
	return 0;
}

static void _find_least_efas(shape_t *shape)
{
	memset(shape->least_efas, UINT8_MAX, sizeof(shape->least_efas));
	for (uint32_t mask = 1; mask < shape->masks; mask++) {
		unsigned int tier = shape->kinds[mask] & KIND_TIER;
		unsigned int size = devset_count(mask);
		unsigned int efas = devset_count(_efas(shape, mask));

		for (; tier < SHAPE_TIERS; tier++) {
			if (efas < shape->least_efas[tier][size])
				shape->least_efas[tier][size] = (uint8_t) efas;
		}
	}
}

/* Count the sets of every slice and, when there is room, write them */
static void _fill_slices(shape_t *shape, uint16_t *sets)
{
	for (unsigned int i = 0; i < 2 * SHAPE_TIERS; i++) {
		unsigned int tier = i / 2, rule = i % 2;
		slice_t *slices = shape->slices[rule][tier];

		for (uint32_t mask = 1; mask < shape->masks; mask++) {
			slice_t *slice;

			if (!_is_in_tier(shape, mask, tier, rule))
				continue;
			slice = &slices[devset_count(mask)];
			if (sets)
				sets[slice->start + slice->count] =
					(uint16_t) mask;
			slice->count++;
		}
	}
}

/*
 * Give every slice its part of the array, and forget the counts. A tier
 * contains the one before it, and the EFA rule only takes sets away: so equal
 * counts there mean equal sets, which are stored once.
 * RET length of the array.
 */
static uint32_t _place_slices(shape_t *shape)
{
	uint32_t counts[SHAPE_TIERS][PROFILE_DEVICES_MAX + 1] = {0};
	uint32_t total = 0;

	for (unsigned int i = 0; i < 2 * SHAPE_TIERS; i++) {
		unsigned int tier = i % SHAPE_TIERS, rule = i / SHAPE_TIERS;
		unsigned int like = (rule || !tier) ? tier : tier - 1;

		for (unsigned int size = 1; size <= shape->devices; size++) {
			slice_t *slice = &shape->slices[rule][tier][size];

			if (slice->count == counts[like][size]) {
				slice->start =
					shape->slices[0][like][size].start;
			} else {
				slice->start = total;
				total += slice->count;
			}
			if (!rule)
				counts[tier][size] = slice->count;
			slice->count = 0;
		}
	}
	return total;
}

static int _list_sets(shape_t *shape)
{
	_fill_slices(shape, NULL);
	shape->sets = calloc(_place_slices(shape), sizeof(*shape->sets));
	if (!shape->sets)
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	_fill_slices(shape, shape->sets);
	return 0;
}

/*
 * Count the sets of one size.
 * IN/OUT most - scratch: most disjoint sets of that size within each mask.
 */
static void _count_fitting(shape_t *shape, unsigned int at, uint8_t *most)
{
	unsigned int size = shape->sizes[at];

	for (uint32_t mask = 1; mask < shape->masks; mask++) {
		uint32_t low = _lowest(mask);
		uint32_t run = low * (_bit(size) - 1);

		/* Taking the leftmost run loses nothing: it ends before all
		 * others, so it can replace the first one of any packing */
		if ((mask & run) == run &&
		    _is_in_tier(shape, run, SHAPE_CONSECUTIVE, true))
			most[mask] = (uint8_t) (most[mask ^ run] + 1);
		else
			most[mask] = most[mask ^ low];
		shape->fitting[mask] |=
			(uint16_t) (most[mask] << shape->shifts[at]);
	}
}

static void _add_size(shape_t *shape, unsigned int size, unsigned int *shift)
{
	shape->sizes[shape->size_count] = (uint8_t) size;
	shape->shifts[shape->size_count++] = (uint8_t) *shift;
	for (unsigned int most = shape->devices / size; most; most /= 2)
		(*shift)++;
}

/*
 * IN weights - of each size. With the sizes' own weights one set outweighs for
 *	powers of two all smaller ones in its devices, since
 *	size > 1 + 2 + 4 + ... + size / 2. The sum over all sizes is at most
 *	16 * (1 + 2 + 4 + 8 + 16 + DEMAND_WEIGHT_MAX).
 */
static void _rate(shape_t *shape, const unsigned int *weights)
{
	unsigned int values[SIZES_MAX] = {0}, masks[SIZES_MAX] = {0};

	for (unsigned int i = 0; i < shape->size_count; i++) {
		values[i] = weights[i] * shape->sizes[i];
		masks[i] = (i + 1 < shape->size_count)
				   ? _bit(shape->shifts[i + 1] -
					  shape->shifts[i]) -
					     1
				   : 1;
	}
	for (uint32_t mask = 1; mask < shape->masks; mask++) {
		unsigned int sum = 0;

		for (unsigned int i = 0; i < SIZES_MAX; i++)
			sum += values[i] *
			       (shape->fitting[mask] >> shape->shifts[i] &
				masks[i]);
		shape->usefulness[mask] = (uint16_t) sum;
	}
}

extern int shape_weigh(shape_t *shape, const demand_weights_t *weights)
{
	unsigned int all[SIZES_MAX] = {0}, sum = 0;

	for (unsigned int i = 0; i < shape->size_count; i++)
		all[i] = shape->sizes[i];
	for (unsigned int i = 0; weights && (i < DEMAND_CLASSES); i++) {
		unsigned int at = i;

		if (at >= shape->size_count)
			at = shape->size_count - 1;
		all[at] += weights->more[i];
		sum += weights->more[i];
	}
	if (sum > DEMAND_WEIGHT_MAX)
		return neuron_error_set(NULL, EINVAL, "weights");
	_rate(shape, all);
	return 0;
}

static int _count_sizes(shape_t *shape)
{
	uint8_t *most = calloc(shape->masks, sizeof(*most));
	unsigned int shift = 0;

	if (!most)
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	for (unsigned int size = 1; size < shape->devices; size *= 2)
		_add_size(shape, size, &shift);
	_add_size(shape, shape->devices, &shift);
	for (unsigned int i = 0; i < shape->size_count; i++)
		_count_fitting(shape, i, most);
	free(most);
	return 0;
}

static int _build(shape_t *shape, const profile_t *profile)
{
	shape->links = calloc(shape->masks, sizeof(*shape->links));
	shape->kinds = calloc(shape->masks, sizeof(*shape->kinds));
	shape->fitting = calloc(shape->masks, sizeof(*shape->fitting));
	shape->usefulness = calloc(shape->masks, sizeof(*shape->usefulness));
	if (!shape->links || !shape->kinds || !shape->fitting ||
	    !shape->usefulness)
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	_read_profile(shape, profile);
	_count_links(shape);
	if (_find_kinds(shape))
		return -1;
	_find_least_efas(shape);
	if (_list_sets(shape) || _count_sizes(shape))
		return -1;
	return shape_weigh(shape, NULL);
}

extern shape_t *shape_create(const profile_t *profile)
{
	unsigned int devices = profile ? profile_device_count(profile) : 0;
	shape_t *shape;

	if (!devices || devices > PROFILE_DEVICES_MAX) {
		errno = EINVAL;
		return NULL;
	}
	shape = calloc(1, sizeof(*shape));
	if (!shape) {
		errno = ENOMEM;
		return NULL;
	}
	shape->devices = devices;
	shape->masks = _bit(devices);
	if (_build(shape, profile)) {
		shape_destroy(shape);
		return NULL;
	}
	return shape;
}

extern void shape_destroy(shape_t *shape)
{
	int saved = errno;

	if (!shape)
		return;
	free(shape->sets);
	free(shape->links);
	free(shape->kinds);
	free(shape->fitting);
	free(shape->usefulness);
	free(shape);
	errno = saved;
}

/* What is known of a set; of none and of sets outside the machine: nothing */
static unsigned int _kind_of(const shape_t *shape, devset_t set)
{
	return shape->kinds[(set < shape->masks) ? set : 0];
}

extern unsigned int shape_links(const shape_t *shape, devset_t set)
{
	return shape->links[set & (shape->masks - 1)];
}

extern unsigned int shape_best_links(const shape_t *shape, unsigned int count)
{
	return (count <= shape->devices) ? shape->best_links[count] : 0;
}

extern bool shape_is_connected(const shape_t *shape, devset_t set)
{
	return _kind_of(shape, set) & KIND_CONNECTED;
}

extern bool shape_is_ring(const shape_t *shape, devset_t set)
{
	return _kind_of(shape, set) & KIND_RING;
}

extern bool shape_is_in_tier(const shape_t *shape, devset_t set,
			     shape_tier_t tier, bool with_efa)
{
	return set < shape->masks && (unsigned int) tier < SHAPE_TIERS &&
	       _is_in_tier(shape, (uint32_t) set, tier, with_efa);
}

extern bool shape_size_is_possible(const shape_t *shape, unsigned int count,
				   shape_tier_t tier)
{
	return count <= shape->devices && (unsigned int) tier < SHAPE_TIERS &&
	       shape->slices[0][tier][count].count;
}

extern int shape_efa_count(const shape_t *shape, unsigned int count,
			   shape_tier_t tier)
{
	if (!shape_size_is_possible(shape, count, tier))
		return -1;
	return shape->least_efas[tier][count];
}

extern unsigned int shape_usefulness(const shape_t *shape, devset_t free)
{
	return shape->usefulness[free & (shape->masks - 1)];
}

/*
 * The set within usable that leaves most of free useful; 0: none.
 * IN usable - a subset of free.
 */
static uint32_t _least_damage(const shape_t *shape, const slice_t *slice,
			      uint32_t usable, uint32_t free)
{
	const uint16_t *sets = shape->sets + slice->start;
	uint32_t best = 0;
	unsigned int left = 0;

	for (uint32_t i = 0; i < slice->count; i++) {
		if (sets[i] & ~usable)
			continue;
		if (best && shape->usefulness[free ^ sets[i]] <= left)
			continue;
		best = sets[i];
		left = shape->usefulness[free ^ best];
	}
	return best;
}

extern int shape_pick(const shape_t *shape, devset_t free, devset_t free_efas,
		      bool with_efa, unsigned int count, shape_tier_t tier,
		      shape_pick_t *pick)
{
	uint32_t mask = (uint32_t) (free & (shape->masks - 1));
	uint32_t usable = mask, set;

	if (!shape_size_is_possible(shape, count, tier))
		return neuron_error_set(NULL, ENOTSUP, "no such size");
	if (with_efa)
		usable &= _with_free_efa(shape, free_efas);
	set = _least_damage(shape, &shape->slices[with_efa][tier][count],
			    usable, mask);
	if (!set)
		return neuron_error_set(NULL, ENOSPC, "none free");
	pick->devices = set;
	pick->efas = with_efa ? _efas(shape, set) : 0;
	pick->damage = shape->usefulness[mask] - shape->usefulness[mask ^ set];
	return 0;
}

/* Sum over the spans of what the set takes, and of the seconds */
static uint64_t _damage_of(const shape_t *shape, uint32_t set,
			   const shape_span_t *spans, uint32_t span_count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < span_count; i++) {
		uint32_t free = (uint32_t) (spans[i].free & (shape->masks - 1));

		sum += (uint64_t) spans[i].seconds *
		       (uint64_t) (shape->usefulness[free] -
				   shape->usefulness[free & ~set]);
	}
	return sum;
}

static uint32_t _least_timed(const shape_t *shape, const slice_t *slice,
			     uint32_t usable, const shape_span_t *spans,
			     uint32_t span_count, uint64_t *least)
{
	const uint16_t *sets = shape->sets + slice->start;
	uint32_t best = 0;

	*least = UINT64_MAX;
	for (uint32_t i = 0; i < slice->count; i++) {
		uint64_t damage;

		if (sets[i] & ~usable)
			continue;
		damage = _damage_of(shape, sets[i], spans, span_count);
		if (damage >= *least)
			continue;
		best = sets[i];
		*least = damage;
	}
	return best;
}

static uint64_t _seconds(const shape_span_t *spans, uint32_t span_count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < span_count; i++)
		sum += spans[i].seconds;
	return sum;
}

extern int shape_pick_timed(const shape_t *shape, devset_t free,
			    devset_t free_efas, bool with_efa,
			    unsigned int count, shape_tier_t tier,
			    const shape_span_t *spans, uint32_t span_count,
			    shape_pick_t *pick, uint32_t *parts)
{
	uint32_t usable = (uint32_t) (free & (shape->masks - 1)), set;
	uint64_t seconds, least;

	if (span_count > SHAPE_SPANS_MAX)
		span_count = SHAPE_SPANS_MAX;
	seconds = _seconds(spans, span_count);
	if (!seconds) {
		if (shape_pick(shape, free, free_efas, with_efa, count, tier,
			       pick))
			return -1;
		*parts = pick->damage * SHAPE_DAMAGE_PARTS;
		return 0;
	}
	if (!shape_size_is_possible(shape, count, tier))
		return neuron_error_set(NULL, ENOTSUP, "no such size");
	if (with_efa)
		usable &= _with_free_efa(shape, free_efas);
	set = _least_timed(shape, &shape->slices[with_efa][tier][count], usable,
			   spans, span_count, &least);
	if (!set)
		return neuron_error_set(NULL, ENOSPC, "none free");
	pick->devices = set;
	pick->efas = with_efa ? _efas(shape, set) : 0;
	*parts = (uint32_t) (least * SHAPE_DAMAGE_PARTS / seconds);
	pick->damage = *parts / SHAPE_DAMAGE_PARTS;
	return 0;
}
