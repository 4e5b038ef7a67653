/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

/* Largest cost in words: counts of 17 bits at 11 levels and four more */
#define WORDS_MAX 7
#define CHUNK_MIN (64 * 1024)
#define CHUNK_MAX (4 * 1024 * 1024)
#define NONE (-1)

/*
 * Costs of sets
 */

extern int place_cost_compare(const place_cost_t *a, const place_cost_t *b)
{
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	if (a->ultraservers != b->ultraservers)
		return a->ultraservers < b->ultraservers ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	for (int i = 0; i < FABRIC_LEVELS_MAX; i++)
		if (a->groups[i] != b->groups[i])
			return a->groups[i] < b->groups[i] ? -1 : 1;
	if (a->damage != b->damage)
		return a->damage < b->damage ? -1 : 1;
	if (a->left != b->left)
		return a->left < b->left ? -1 : 1;
	return 0;
}

static void _add_bounded(uint32_t *sum, uint32_t more)
{
	*sum = *sum > UINT32_MAX - more ? UINT32_MAX : *sum + more;
}

/* Level of a group; one above all levels for what is above the tops */
static uint32_t _level_of(const fabric_t *fabric, int64_t group)
{
	return group == NONE ? fabric_levels(fabric) + 1
			     : fabric_group_level(fabric, group);
}

/* Fewest UltraServers, then nodes outside, that hold so many nodes */
static uint32_t _least_units(const fabric_t *fabric, uint32_t count)
{
	uint32_t sizes[FABRIC_ULTRASERVER_MAX + 1] = {0};
	uint32_t units = 0;
	const uint32_t *nodes;

	for (uint32_t i = 0; i < fabric_group_count(fabric); i++)
		if (fabric_group_is_ultraserver(fabric, i))
			sizes[fabric_group_nodes(fabric, i, &nodes)]++;
	for (uint32_t size = FABRIC_ULTRASERVER_MAX; size > 1; size--)
		while (count && sizes[size]--) {
			units++;
			count = count > size ? count - size : 0;
		}
	return units + count;
}

/* True when two of more than two members are taken that must not be */
static bool _is_illegal_pair(const fabric_t *fabric, uint32_t group,
			     const uint32_t pair[2])
{
	const uint32_t *nodes;

	return fabric_group_is_ultraserver(fabric, group) &&
	       fabric_group_nodes(fabric, group, &nodes) > 2 &&
	       !fabric_ultraserver_group_is_legal(fabric, pair, 2);
}

/* What a set has in a group */
typedef struct {
	bool touched;
	uint32_t count; /* of nodes directly in it */
	uint32_t nodes[2]; /* the first two of them */
} _touch_t;

/* Count a node and the groups above it that no earlier node touched */
static void _touch(const fabric_t *fabric, uint32_t node, _touch_t *touches,
		   place_cost_t *cost)
{
	int64_t group = fabric_node_group(fabric, node);
	uint32_t level = 1, top = _level_of(fabric, group);

	if (group != NONE && touches[group].count < 2)
		touches[group].nodes[touches[group].count] = node;
	if (group != NONE)
		touches[group].count++;
	for (;;) {
		for (; level < top; level++)
			cost->groups[FABRIC_LEVELS_MAX - level]++;
		if (group == NONE || touches[group].touched)
			return;
		touches[group].touched = true;
		group = fabric_group_parent(fabric, group);
		top = _level_of(fabric, group);
	}
}

static void _count_units(const fabric_t *fabric, const _touch_t *touches,
			 uint32_t count, place_cost_t *cost)
{
	if (!fabric_has_ultraservers(fabric))
		return;
	cost->ultraservers = cost->groups[FABRIC_LEVELS_MAX - 1] -
			     _least_units(fabric, count);
	for (uint32_t i = 0; i < fabric_group_count(fabric); i++)
		if (touches[i].count == 2 &&
		    _is_illegal_pair(fabric, i, touches[i].nodes))
			cost->ultraservers++;
}

/* Level of the lowest group with all nodes, which is above the first one */
static int _common_level(const fabric_t *fabric, const place_candidate_t *set,
			 uint32_t count)
{
	int highest = 0;

	for (uint32_t i = 0; i < count; i++) {
		int level =
			fabric_common_level(fabric, set[0].node, set[i].node);

		if (level < 0)
			return -1;
		highest = level > highest ? level : highest;
	}
	return highest;
}

extern int place_cost(const fabric_t *fabric, const place_candidate_t *set,
		      uint32_t count, place_cost_t *cost)
{
	place_cost_t sum = {0};
	_touch_t *touches;
	int level;

	if (!fabric || !set || !count || !cost)
		return neuron_error_set(NULL, EINVAL, "no set");
	for (uint32_t i = 0; i < count; i++)
		if (set[i].node >= fabric_node_count(fabric))
			return neuron_error_set(NULL, EINVAL, "no such node");
	if ((level = _common_level(fabric, set, count)) < 0)
		return neuron_error_set(NULL, ENOTSUP, "no common group");
	touches = calloc((size_t) fabric_group_count(fabric) + 1,
			 sizeof(*touches));
	if (!touches)
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	sum.level = level;
	for (uint32_t i = 0; i < count; i++) {
		_touch(fabric, set[i].node, touches, &sum);
		sum.last += set[i].last;
		_add_bounded(&sum.damage, set[i].damage);
		_add_bounded(&sum.left, set[i].left);
	}
	_count_units(fabric, touches, count, &sum);
	free(touches);
	*cost = sum;
	return 0;
}

/*
 * Memory that is given back all at once
 */

typedef struct _chunk {
	struct _chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
} _chunk_t;

typedef struct {
	_chunk_t *first;
	_chunk_t *current;
} _arena_t;

static _chunk_t *_add_chunk(_arena_t *arena, size_t size)
{
	size_t usual = arena->current ? 2 * arena->current->size : CHUNK_MIN;
	_chunk_t *chunk;

	usual = usual > CHUNK_MAX ? CHUNK_MAX : usual;
	size = size > usual ? size : usual;
	if (!(chunk = malloc(sizeof(*chunk) + size)))
		return NULL;
	chunk->next = NULL;
	chunk->size = size;
	chunk->used = 0;
	if (arena->current)
		arena->current->next = chunk;
	else
		arena->first = chunk;
	return chunk;
}

static void *_take(_arena_t *arena, size_t count, size_t size)
{
	size_t align = alignof(max_align_t);
	size_t bytes = (count * size + align - 1) / align * align;
	_chunk_t *chunk = arena->current;
	void *taken;

	while (!chunk || chunk->size - chunk->used < bytes) {
		if (chunk && chunk->next)
			chunk = chunk->next;
		else if (!(chunk = _add_chunk(arena, bytes)))
			return NULL;
		arena->current = chunk;
	}
	taken = chunk->bytes + chunk->used;
	chunk->used += bytes;
	return taken;
}

static void _give_back(_arena_t *arena)
{
	for (_chunk_t *chunk = arena->first; chunk; chunk = chunk->next)
		chunk->used = 0;
	arena->current = arena->first;
}

static void _free_arena(_arena_t *arena)
{
	_chunk_t *chunk = arena->first, *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
}

/*
 * A cost as words that add and compare like the members it packs, in their
 * order: every member has bits enough for the largest sum.
 */

typedef struct {
	uint8_t word;
	uint8_t shift;
} _field_t;

typedef struct {
	unsigned int words;
	unsigned int free_bits; /* of the last word */
	bool has_units; /* UltraServers count */
	bool has_last; /* some candidate is "last" */
	_field_t units;
	_field_t last;
	_field_t level[FABRIC_LEVELS_MAX + 1];
	_field_t damage;
	_field_t left;
} _layout_t;

static _field_t _add_field(_layout_t *layout, uint64_t largest)
{
	unsigned int bits = 1;
	_field_t field;

	while (bits < 64 && largest >> bits)
		bits++;
	if (!layout->words || layout->free_bits < bits) {
		layout->words++;
		layout->free_bits = 64;
	}
	layout->free_bits -= bits;
	field.word = layout->words - 1;
	field.shift = layout->free_bits;
	return field;
}

static void _add_to(uint64_t *cost, _field_t field, uint64_t more)
{
	cost[field.word] += more << field.shift;
}

static inline int _compare_sum(const uint64_t *a, const uint64_t *b,
			       const uint64_t *other, unsigned int words)
{
	for (unsigned int i = 0; i < words; i++)
		if (a[i] + b[i] != other[i])
			return a[i] + b[i] < other[i] ? -1 : 1;
	return 0;
}

/*
 * The best sets of every size among the candidates below a part of the fabric
 *
 * Sets of unlike size are ordered too: the one with the lowest node that is in
 * one of them only is the lower one. Among sets of one size this is the order
 * of their sorted lists, and it is kept when both get the same further nodes,
 * so that the lowest of all is made of the lowest of the parts. To tell the
 * first difference of two sets of a table, the table keeps the first
 * differences of neighbours in the order: the lowest between them is it.
 */

typedef struct _table {
	uint32_t count; /* candidates below */
	uint32_t required; /* of them */
	uint32_t low; /* sizes that are of use: low to high */
	uint32_t high;
	uint64_t *cost;
	uint32_t *rank; /* place in the order of sets */
	/* differences[j][i]: the lowest of 2^j neighbours from i on */
	uint32_t *differences[17];
	/* joined from two tables; split: the size taken from the left one */
	const struct _table *left;
	const struct _table *right;
	uint32_t *split;
	/* or of nodes, best first, but for the best pair */
	const place_candidate_t **items;
	const place_candidate_t *pair[2];
} _table_t;

/* What is below a group */
typedef struct {
	uint32_t count;
	uint32_t required;
	uint32_t direct; /* candidates directly in it */
	uint32_t first; /* of them in items */
} _below_t;

typedef struct {
	const fabric_t *fabric;
	const place_candidate_t *candidates;
	uint32_t count;
	uint32_t want;
	uint32_t required;
	place_rule_t rule;
	_below_t *below;
	const place_candidate_t **items;
	_layout_t layout;
	_arena_t arena;
	uint32_t target_count; /* candidates below the group looked at */
	uint64_t best_cost[WORDS_MAX];
	const place_candidate_t **best;
	const place_candidate_t **other;
	uint32_t best_lowest;
	bool found;
} _search_t;

static uint64_t *_cost_of(const _search_t *search, const _table_t *table,
			  uint32_t size)
{
	return table->cost +
	       (size_t) (size - table->low) * search->layout.words;
}

/* n is not 0 */
static inline unsigned int _log2(uint32_t n)
{
	return 31 - __builtin_clz(n);
}

/* The lowest node that is in one of the sets of two sizes only */
static inline uint32_t _difference(const _table_t *table, uint32_t a,
				   uint32_t b)
{
	uint32_t x, y, log;

	if (a == b)
		return UINT32_MAX;
	x = table->rank[a - table->low];
	y = table->rank[b - table->low];
	if (x > y) {
		uint32_t swap = x;

		x = y;
		y = swap;
	}
	log = _log2(y - x);
	y -= UINT32_C(1) << log;
	x = table->differences[log][x];
	y = table->differences[log][y];
	return x < y ? x : y;
}

/* Complete the ranks and differences from differences[0] */
static int _index_order(_search_t *search, _table_t *table,
			const uint32_t *order)
{
	uint32_t count = table->high - table->low + 1;

	for (uint32_t i = 0; i < count; i++)
		table->rank[order[i] - table->low] = i;
	for (uint32_t log = 1; UINT32_C(1) << log < count; log++) {
		uint32_t half = UINT32_C(1) << (log - 1);
		uint32_t entries = count - 2 * half;
		const uint32_t *from = table->differences[log - 1];
		uint32_t *to = _take(&search->arena, entries, sizeof(*to));

		if (!to)
			return -1;
		for (uint32_t i = 0; i < entries; i++)
			to[i] = from[i] < from[i + half] ? from[i]
							 : from[i + half];
		table->differences[log] = to;
	}
	return 0;
}

/*
 * A table whose counts are given, with room for the sizes of use: not so few
 * that the other candidates below the target do not suffice, not so many that
 * required ones have no place.
 */
static _table_t *_new_table(_search_t *search, uint32_t count,
			    uint32_t required)
{
	_table_t *table = _take(&search->arena, 1, sizeof(*table));
	uint32_t others = search->target_count - count;
	uint32_t high = search->want - search->required + required;
	uint32_t low = search->want > others ? search->want - others : 0;
	uint32_t sizes;

	if (!table)
		return NULL;
	memset(table, 0, sizeof(*table));
	table->count = count;
	table->required = required;
	table->low = low > required ? low : required;
	table->high = high < count ? high : count;
	sizes = table->high - table->low + 1;
	table->cost =
		_take(&search->arena, (size_t) sizes * search->layout.words,
		      sizeof(*table->cost));
	table->rank = _take(&search->arena, sizes, sizeof(*table->rank));
	table->differences[0] =
		_take(&search->arena, sizes, sizeof(*table->rank));
	if (!table->cost || !table->rank || !table->differences[0])
		return NULL;
	memset(table->cost, 0,
	       (size_t) sizes * search->layout.words * sizeof(*table->cost));
	return table;
}

/*
 * Tables of nodes
 */

static int _compare_items(const void *a, const void *b)
{
	const place_candidate_t *x = *(const place_candidate_t *const *) a;
	const place_candidate_t *y = *(const place_candidate_t *const *) b;

	if (x->required != y->required)
		return x->required ? -1 : 1;
	if (x->last != y->last)
		return x->last ? 1 : -1;
	if (x->damage != y->damage)
		return x->damage < y->damage ? -1 : 1;
	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* What a node costs in a group, the group itself not counted */
static void _add_item(const _search_t *search, uint32_t group,
		      const place_candidate_t *item, uint64_t *cost)
{
	const _layout_t *layout = &search->layout;
	uint32_t top = fabric_group_level(search->fabric, group);

	for (uint32_t level = 1; level < top; level++)
		_add_to(cost, layout->level[level], 1);
	if (layout->has_units && top > 1)
		_add_to(cost, layout->units, 1);
	if (layout->has_last)
		_add_to(cost, layout->last, item->last);
	_add_to(cost, layout->damage, item->damage);
	_add_to(cost, layout->left, item->left);
}

/* Sets that only grow: of two, the larger one is lower */
static int _order_prefixes(_search_t *search, _table_t *table)
{
	uint32_t count = table->high - table->low + 1;
	uint32_t *order = _take(&search->arena, count, sizeof(*order));

	if (!order)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		order[i] = table->high - i;
		if (i + 1 < count)
			table->differences[0][i] =
				table->items[order[i] - 1]->node;
	}
	return _index_order(search, table, order);
}

/* As a number that is higher for a lower set; the lowest node is bit 63 */
static uint64_t _set_of(const _table_t *table, uint32_t size)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < size; i++) {
		const place_candidate_t *item =
			size == 2 ? table->pair[i] : table->items[i];
		unsigned int lower = 0;

		for (uint32_t j = 0; j < table->count; j++)
			lower += table->items[j]->node < item->node;
		set |= UINT64_C(1) << (63 - lower);
	}
	return set;
}

/* The node that the highest bit of such a number is */
static uint32_t _node_of(const _table_t *table, uint64_t set)
{
	for (uint32_t i = 0; i < table->count; i++) {
		unsigned int lower = 0;

		for (uint32_t j = 0; j < table->count; j++)
			lower += table->items[j]->node < table->items[i]->node;
		if (set >> (63 - lower) == 1)
			return table->items[i]->node;
	}
	return UINT32_MAX;
}

/* Members of an UltraServer: the best pair need not be a part of larger sets */
static int _order_members(_search_t *search, _table_t *table)
{
	uint32_t order[FABRIC_ULTRASERVER_MAX + 1];
	uint64_t sets[FABRIC_ULTRASERVER_MAX + 1];
	uint32_t count = table->high - table->low + 1;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t set = _set_of(table, table->high - i);
		uint32_t j = i;

		for (; j && sets[j - 1] < set; j--) {
			sets[j] = sets[j - 1];
			order[j] = order[j - 1];
		}
		sets[j] = set;
		order[j] = table->high - i;
	}
	for (uint32_t i = 0; i + 1 < count; i++)
		table->differences[0][i] =
			_node_of(table, sets[i] ^ sets[i + 1]);
	return _index_order(search, table, order);
}

typedef struct {
	bool illegal;
	uint32_t last;
	uint32_t damage;
	uint32_t left;
	uint32_t nodes[2]; /* ascending */
} _pair_t;

static _pair_t _pair_of(const _search_t *search, uint32_t group,
			const place_candidate_t *a, const place_candidate_t *b)
{
	_pair_t pair;

	pair.nodes[0] = a->node < b->node ? a->node : b->node;
	pair.nodes[1] = a->node < b->node ? b->node : a->node;
	pair.last = (uint32_t) a->last + b->last;
	pair.damage = a->damage + b->damage;
	pair.left = a->left + b->left;
	pair.illegal = _is_illegal_pair(search->fabric, group, pair.nodes);
	return pair;
}

static bool _pair_is_better(const _pair_t *a, const _pair_t *b)
{
	if (a->illegal != b->illegal)
		return b->illegal;
	if (a->last != b->last)
		return a->last < b->last;
	if (a->damage != b->damage)
		return a->damage < b->damage;
	if (a->left != b->left)
		return a->left < b->left;
	if (a->nodes[0] != b->nodes[0])
		return a->nodes[0] < b->nodes[0];
	return a->nodes[1] < b->nodes[1];
}

/* RET true when the best pair is an illegal one */
static bool _choose_pair(const _search_t *search, uint32_t group,
			 _table_t *table)
{
	const place_candidate_t **items = table->items;
	_pair_t best = _pair_of(search, group, items[0], items[1]);
	uint32_t first_end = table->required ? 1 : table->count;
	uint32_t second_end = table->required > 1 ? 2 : table->count;

	table->pair[0] = items[0];
	table->pair[1] = items[1];
	for (uint32_t i = 0; i < first_end; i++)
		for (uint32_t j = i + 1; j < second_end; j++) {
			_pair_t pair =
				_pair_of(search, group, items[i], items[j]);

			if (!_pair_is_better(&pair, &best))
				continue;
			best = pair;
			table->pair[0] = items[i];
			table->pair[1] = items[j];
		}
	return best.illegal;
}

/* True for an UltraServer, when these count */
static bool _counts_as_unit(const _search_t *search, uint32_t group)
{
	return search->layout.has_units &&
	       fabric_group_is_ultraserver(search->fabric, group);
}

/* Costs of the sets of a table of nodes */
static void _cost_items(const _search_t *search, uint32_t group,
			_table_t *table)
{
	uint64_t sum[WORDS_MAX] = {0};
	size_t bytes = search->layout.words * sizeof(*sum);
	uint64_t *cost;

	for (uint32_t size = 0; size <= table->high; size++) {
		if (size)
			_add_item(search, group, table->items[size - 1], sum);
		if (size >= table->low)
			memcpy(_cost_of(search, table, size), sum, bytes);
	}
	if (!_counts_as_unit(search, group) || table->low > 2 ||
	    table->high < 2)
		return;
	cost = _cost_of(search, table, 2);
	memset(cost, 0, bytes);
	if (_choose_pair(search, group, table))
		_add_to(cost, search->layout.units, 1);
	_add_item(search, group, table->pair[0], cost);
	_add_item(search, group, table->pair[1], cost);
}

static _table_t *_table_of_items(_search_t *search, uint32_t group)
{
	const _below_t *below = &search->below[group];
	const place_candidate_t **items = search->items + below->first;
	uint32_t required = 0;
	_table_t *table;

	for (uint32_t i = 0; i < below->direct; i++)
		required += items[i]->required;
	if (!(table = _new_table(search, below->direct, required)))
		return NULL;
	qsort(items, below->direct, sizeof(*items), _compare_items);
	table->items = items;
	_cost_items(search, group, table);
	if (_counts_as_unit(search, group)) {
		if (_order_members(search, table) < 0)
			return NULL;
	} else if (_order_prefixes(search, table) < 0) {
		return NULL;
	}
	return table;
}

/*
 * Joining two tables
 */

/* True when sizes a and b give a lower set than sizes c and d */
static inline bool _is_lower(const _table_t *left, const _table_t *right,
			     uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	if (_difference(left, a, c) < _difference(right, b, d))
		return left->rank[a - left->low] < left->rank[c - left->low];
	return right->rank[b - right->low] < right->rank[d - right->low];
}

/* RET how many of the best set of a size come from the left */
static inline uint32_t _best_split(const _table_t *left, const _table_t *right,
				   uint32_t size, uint64_t *best,
				   unsigned int words)
{
	uint32_t a =
		size > right->high + left->low ? size - right->high : left->low;
	uint32_t end =
		size < left->high + right->low ? size - right->low : left->high;
	const uint64_t *x = left->cost + (size_t) (a - left->low) * words;
	const uint64_t *y =
		right->cost + (size_t) (size - a - right->low) * words;
	uint32_t split = a;

	for (unsigned int i = 0; i < words; i++)
		best[i] = x[i] + y[i];
	while (a++ < end) {
		int better;

		x += words;
		y -= words;
		better = _compare_sum(x, y, best, words);
		if (better > 0 ||
		    (better == 0 &&
		     !_is_lower(left, right, a, size - a, split, size - split)))
			continue;
		split = a;
		for (unsigned int i = 0; i < words; i++)
			best[i] = x[i] + y[i];
	}
	return split;
}

static void _split_all(const _search_t *search, _table_t *table)
{
	for (uint32_t size = table->low; size <= table->high; size++) {
		uint32_t *split = &table->split[size - table->low];
		uint64_t *best = _cost_of(search, table, size);

		/* Constants, so that the compiler unrolls the usual cases */
		if (search->layout.words == 1)
			*split = _best_split(table->left, table->right, size,
					     best, 1);
		else if (search->layout.words == 2)
			*split = _best_split(table->left, table->right, size,
					     best, 2);
		else
			*split = _best_split(table->left, table->right, size,
					     best, search->layout.words);
	}
}

/* True when the set of size a is lower than that of size b */
static bool _size_is_lower(const _table_t *table, uint32_t a, uint32_t b)
{
	uint32_t x = table->split[a - table->low];
	uint32_t y = table->split[b - table->low];

	return _is_lower(table->left, table->right, x, a - x, y, b - y);
}

static void _sort_sizes(const _table_t *table, uint32_t *sizes, uint32_t count,
			uint32_t *room)
{
	uint32_t half = count / 2, i = 0, j = half, k = 0;

	if (count < 2)
		return;
	_sort_sizes(table, sizes, half, room);
	_sort_sizes(table, sizes + half, count - half, room);
	if (!_size_is_lower(table, sizes[half], sizes[half - 1]))
		return;
	memcpy(room, sizes, half * sizeof(*sizes));
	while (i < half && j < count)
		sizes[k++] = _size_is_lower(table, sizes[j], room[i])
				     ? sizes[j++]
				     : room[i++];
	memcpy(sizes + k, room + i, (half - i) * sizeof(*sizes));
}

static int _order_joined(_search_t *search, _table_t *table)
{
	uint32_t count = table->high - table->low + 1;
	uint32_t *order =
		_take(&search->arena, 2 * (size_t) count, sizeof(*order));

	if (!order)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		order[i] = table->high - i;
	_sort_sizes(table, order, count, order + count);
	for (uint32_t i = 0; i + 1 < count; i++) {
		uint32_t a = order[i], b = order[i + 1];
		uint32_t x = table->split[a - table->low];
		uint32_t y = table->split[b - table->low];
		uint32_t left = _difference(table->left, x, y);
		uint32_t right = _difference(table->right, a - x, b - y);

		table->differences[0][i] = left < right ? left : right;
	}
	return _index_order(search, table, order);
}

static _table_t *_join(_search_t *search, const _table_t *left,
		       const _table_t *right)
{
	_table_t *table = _new_table(search, left->count + right->count,
				     left->required + right->required);

	if (!table)
		return NULL;
	table->left = left;
	table->right = right;
	table->split = _take(&search->arena, table->high - table->low + 1,
			     sizeof(*table->split));
	if (!table->split)
		return NULL;
	_split_all(search, table);
	return _order_joined(search, table) < 0 ? NULL : table;
}

/*
 * Tables of groups
 */

/* Count the group in every set that has a node of it */
static void _touch_group(const _search_t *search, uint32_t group,
			 _table_t *table)
{
	const fabric_t *fabric = search->fabric;
	uint32_t top = _level_of(fabric, fabric_group_parent(fabric, group));
	uint64_t touch[WORDS_MAX] = {0};
	unsigned int words = search->layout.words;

	for (uint32_t i = fabric_group_level(fabric, group); i < top; i++)
		_add_to(touch, search->layout.level[i], 1);
	if (_counts_as_unit(search, group))
		_add_to(touch, search->layout.units, 1);
	for (uint32_t size = table->low; size <= table->high; size++) {
		uint64_t *cost = _cost_of(search, table, size);

		for (unsigned int i = 0; size && i < words; i++)
			cost[i] += touch[i];
	}
}

/* True when the group has candidates that the job could take */
static bool _is_of_use(const _search_t *search, uint32_t group)
{
	const _below_t *below = &search->below[group];

	return below->count &&
	       (below->required || search->required < search->want);
}

static uint32_t _count_parts(const _search_t *search, uint32_t group)
{
	const fabric_t *fabric = search->fabric;
	int64_t child = fabric_group_child(fabric, group);
	uint32_t count = search->below[group].direct ? 1 : 0;

	for (; child != NONE; child = fabric_group_sibling(fabric, child))
		count += _is_of_use(search, child);
	return count;
}

static _table_t *_table_of_group(_search_t *search, uint32_t group);

/* RET the number of tables of the parts of a group; -1: out of memory */
static int64_t _list_parts(_search_t *search, uint32_t group, _table_t **parts)
{
	const fabric_t *fabric = search->fabric;
	int64_t child = fabric_group_child(fabric, group);
	uint32_t count = 0;

	if (search->below[group].direct &&
	    !(parts[count++] = _table_of_items(search, group)))
		return -1;
	for (; child != NONE; child = fabric_group_sibling(fabric, child)) {
		if (!_is_of_use(search, child))
			continue;
		if (!(parts[count] = _table_of_group(search, child)))
			return -1;
		_touch_group(search, child, parts[count++]);
	}
	return count;
}

/* RET the table of the nodes below a group, not counting the group itself */
static _table_t *_table_of_group(_search_t *search, uint32_t group)
{
	_table_t **parts = _take(&search->arena, _count_parts(search, group),
				 sizeof(*parts));
	int64_t count;

	if (!parts || (count = _list_parts(search, group, parts)) < 0)
		return NULL;
	/* In pairs, as in a tournament, so that tables stay small for long */
	for (; count > 1; count = (count + 1) / 2) {
		for (int64_t i = 0; i < count / 2; i++) {
			parts[i] =
				_join(search, parts[2 * i], parts[2 * i + 1]);
			if (!parts[i])
				return NULL;
		}
		if (count % 2)
			parts[count / 2] = parts[count - 1];
	}
	return parts[0];
}

/* Append the set of a size; RET the end */
static const place_candidate_t **_collect(const _table_t *table, uint32_t size,
					  const place_candidate_t **to)
{
	uint32_t split;

	if (table->left) {
		split = table->split[size - table->low];
		to = _collect(table->left, split, to);
		return _collect(table->right, size - split, to);
	}
	for (uint32_t i = 0; i < size; i++)
		*to++ = size == 2 && table->pair[0] ? table->pair[i]
						    : table->items[i];
	return to;
}

static void _keep_if_best(_search_t *search, const _table_t *table)
{
	const uint64_t zero[WORDS_MAX] = {0};
	const uint64_t *cost = _cost_of(search, table, search->want);
	const place_candidate_t **swap = search->other;
	unsigned int words = search->layout.words;
	uint32_t lowest = UINT32_MAX;
	int better = -1;

	if (search->found)
		better = _compare_sum(cost, zero, search->best_cost, words);
	if (better > 0)
		return;
	_collect(table, search->want, search->other);
	for (uint32_t i = 0; i < search->want; i++)
		if (search->other[i]->node < lowest)
			lowest = search->other[i]->node;
	/* Groups of one level share no node: the lowest node decides */
	if (better == 0 && lowest > search->best_lowest)
		return;
	search->other = search->best;
	search->best = swap;
	search->best_lowest = lowest;
	search->found = true;
	memcpy(search->best_cost, cost, words * sizeof(*cost));
}

/*
 * The search
 */

static int _no_memory(neuron_error_t *err)
{
	return neuron_error_set(err, ENOMEM,
				"out of memory while choosing nodes");
}

static bool _holds_job(const _search_t *search, uint32_t group)
{
	return search->below[group].count >= search->want &&
	       search->below[group].required == search->required;
}

/* RET the lowest level above another one at which a group holds the job; 0:
 * none */
static uint32_t _next_level(const _search_t *search, uint32_t above)
{
	uint32_t lowest = 0;

	for (uint32_t i = 0; i < fabric_group_count(search->fabric); i++) {
		uint32_t level = fabric_group_level(search->fabric, i);

		if (level > above && _holds_job(search, i) &&
		    (!lowest || level < lowest))
			lowest = level;
	}
	return lowest;
}

static void _count_below(_search_t *search)
{
	for (uint32_t i = 0; i < search->count; i++) {
		const place_candidate_t *candidate = &search->candidates[i];
		int64_t group =
			fabric_node_group(search->fabric, candidate->node);

		if (group != NONE)
			search->below[group].direct++;
		for (; group != NONE;
		     group = fabric_group_parent(search->fabric, group)) {
			search->below[group].count++;
			search->below[group].required += candidate->required;
		}
	}
}

/* Sort the candidates by the group that they are directly in */
static void _list_items(_search_t *search)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < fabric_group_count(search->fabric); i++) {
		end += search->below[i].direct;
		search->below[i].first = end;
	}
	for (uint32_t i = 0; i < search->count; i++) {
		const place_candidate_t *candidate = &search->candidates[i];
		int64_t group =
			fabric_node_group(search->fabric, candidate->node);

		if (group != NONE)
			search->items[--search->below[group].first] = candidate;
	}
}

/* Groups at the level and above are one each, whatever is chosen */
static void _lay_out(_search_t *search, uint32_t level)
{
	_layout_t *layout = &search->layout;
	uint64_t want = search->want, damage = 0, left = 0;

	memset(layout, 0, sizeof(*layout));

	for (uint32_t i = 0; i < search->count; i++) {
		const place_candidate_t *candidate = &search->candidates[i];

		damage =
			candidate->damage > damage ? candidate->damage : damage;
		left = candidate->left > left ? candidate->left : left;
		layout->has_last |= candidate->last;
	}
	layout->has_units = search->rule.ultraserver != PLACE_IGNORE &&
			    fabric_has_ultraservers(search->fabric);
	if (layout->has_units)
		layout->units = _add_field(layout, 2 * want);
	if (layout->has_last)
		layout->last = _add_field(layout, want);
	for (uint32_t i = level - 1; i >= 1; i--)
		layout->level[i] = _add_field(layout, want);
	layout->damage = _add_field(layout, want * damage);
	layout->left = _add_field(layout, want * left);
}

static int _search_level(_search_t *search, uint32_t level)
{
	_list_items(search);
	_lay_out(search, level);
	for (uint32_t i = 0; i < fabric_group_count(search->fabric); i++) {
		const _table_t *table;

		if (fabric_group_level(search->fabric, i) != level ||
		    !_holds_job(search, i))
			continue;
		search->target_count = search->below[i].count;
		if (!(table = _table_of_group(search, i)))
			return -1;
		_keep_if_best(search, table);
		_give_back(&search->arena);
	}
	return 0;
}

static int _refuse_space(const _search_t *search, uint32_t level_max,
			 neuron_error_t *err)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < fabric_group_count(search->fabric); i++)
		if (fabric_group_level(search->fabric, i) <= level_max &&
		    search->below[i].required == search->required &&
		    search->below[i].count > most)
			most = search->below[i].count;
	return neuron_error_set(
		err, ENOSPC,
		"the job needs %" PRIu32 " nodes below one "
		"group of level %" PRIu32 " or lower, but of "
		"the %" PRIu32 " that could run it at most %" PRIu32
		" are below one%s",
		search->want, level_max, search->count, most,
		search->required > 1 ? " that has all required nodes" : "");
}

static int _compare_nodes(const void *a, const void *b)
{
	const place_candidate_t *x = *(const place_candidate_t *const *) a;
	const place_candidate_t *y = *(const place_candidate_t *const *) b;

	return (x->node > y->node) - (x->node < y->node);
}

static int _cost_of_best(const _search_t *search, place_cost_t *cost,
			 neuron_error_t *err)
{
	place_candidate_t *set = malloc(search->want * sizeof(*set));
	int rc;

	if (!set)
		return _no_memory(err);
	for (uint32_t i = 0; i < search->want; i++)
		set[i] = *search->best[i];
	rc = place_cost(search->fabric, set, search->want, cost);
	free(set);
	return rc < 0 ? _no_memory(err) : 0;
}

/* RET 1: the rule allows the best set; 0; -1 */
static int _is_allowed(const _search_t *search, neuron_error_t *err)
{
	place_cost_t cost;

	if (search->rule.ultraserver != PLACE_REQUIRE)
		return 1;
	if (_cost_of_best(search, &cost, err) < 0)
		return -1;
	return !cost.ultraservers && cost.last <= search->rule.last_max;
}

static int _refuse_rule(const _search_t *search, neuron_error_t *err)
{
	return neuron_error_set(
		err, ENOSPC,
		"the job needs %" PRIu32 " nodes that are as few UltraServers "
		"as so many nodes can be, and legal groups of them; the "
		"%" PRIu32 " that could run it have no such ones",
		search->want, search->count);
}

/* Go up from the lowest level, on which the job is usually placed */
static int _search_levels(_search_t *search, uint32_t level_max,
			  neuron_error_t *err)
{
	uint32_t level = _next_level(search, 0);

	if (!level || level > level_max)
		return _refuse_space(search, level_max, err);
	for (; level && level <= level_max;
	     level = _next_level(search, level)) {
		int rc;

		search->found = false;
		if (_search_level(search, level) < 0)
			return _no_memory(err);
		if ((rc = _is_allowed(search, err)))
			return rc < 0 ? -1 : 0;
	}
	return _refuse_rule(search, err);
}

static int _search(_search_t *search, uint32_t level_max, neuron_error_t *err)
{
	uint32_t groups = fabric_group_count(search->fabric);

	search->below = calloc((size_t) groups + 1, sizeof(*search->below));
	search->items =
		malloc(((size_t) search->count + 1) * sizeof(*search->items));
	search->best = malloc(search->want * sizeof(*search->best));
	search->other = malloc(search->want * sizeof(*search->other));
	if (!search->below || !search->items || !search->best || !search->other)
		return _no_memory(err);
	_count_below(search);
	if (search->rule.ultraserver == PLACE_REQUIRE &&
	    !fabric_has_ultraservers(search->fabric))
		return _refuse_rule(search, err);
	if (_search_levels(search, level_max, err) < 0)
		return -1;
	qsort(search->best, search->want, sizeof(*search->best),
	      _compare_nodes);
	return 0;
}

/* One node needs no group */
static int _search_one(_search_t *search, neuron_error_t *err)
{
	const place_candidate_t *best = search->candidates;

	search->best = malloc(sizeof(*search->best));
	if (!search->best)
		return _no_memory(err);
	for (uint32_t i = 1; i < search->count; i++) {
		const place_candidate_t *other = &search->candidates[i];

		if (_compare_items(&other, &best) < 0)
			best = other;
	}
	search->best[0] = best;
	if (search->rule.ultraserver == PLACE_REQUIRE &&
	    best->last > search->rule.last_max)
		return _refuse_rule(search, err);
	return 0;
}

static int _check_candidate(const _search_t *search, uint32_t index,
			    uint8_t *seen, neuron_error_t *err)
{
	const place_candidate_t *candidate = &search->candidates[index];
	uint32_t nodes = fabric_node_count(search->fabric);

	if (candidate->node >= nodes)
		return neuron_error_set(err, EINVAL,
					"candidate %" PRIu32 " is node %" PRIu32
					", but the fabric has only %" PRIu32,
					index, candidate->node, nodes);
	if (seen[candidate->node])
		return neuron_error_set(err, EINVAL,
					"node %" PRIu32 " is a candidate twice",
					candidate->node);
	if (candidate->damage > PLACE_DAMAGE_MAX ||
	    candidate->left > PLACE_LEFT_MAX)
		return neuron_error_set(
			err, EINVAL,
			"candidate %" PRIu32 " has damage %" PRIu32
			" and left %" PRIu32 ", at most "
			"%d and %d are possible",
			index, candidate->damage, candidate->left,
			PLACE_DAMAGE_MAX, PLACE_LEFT_MAX);
	seen[candidate->node] = 1;
	return 0;
}

static int _check_candidates(_search_t *search, neuron_error_t *err)
{
	uint8_t *seen = calloc((size_t) fabric_node_count(search->fabric) + 1,
			       sizeof(*seen));
	int rc = 0;

	if (!seen)
		return _no_memory(err);
	for (uint32_t i = 0; !rc && i < search->count; i++) {
		rc = _check_candidate(search, i, seen, err);
		search->required += search->candidates[i].required;
	}
	free(seen);
	if (rc < 0)
		return -1;
	if (!search->want || search->required > search->want)
		return neuron_error_set(err, EINVAL,
					"the job wants %" PRIu32
					" nodes and requires %" PRIu32
					" of them; it must want at least one "
					"and all that it requires",
					search->want, search->required);
	if (search->count < search->want)
		return neuron_error_set(err, ENOSPC,
					"the job needs %" PRIu32
					" nodes, but only %" PRIu32
					" could run it",
					search->want, search->count);
	return 0;
}

extern int place_nodes(const fabric_t *fabric,
		       const place_candidate_t *candidates, uint32_t count,
		       uint32_t want, uint32_t level_max,
		       const place_rule_t *rule, uint32_t *picked,
		       place_cost_t *cost, neuron_error_t *err)
{
	_search_t search = {.fabric = fabric,
			    .candidates = candidates,
			    .count = count,
			    .want = want};
	int rc;

	if (!fabric || (count && !candidates) || !picked)
		return neuron_error_set(err, EINVAL,
					"nodes are chosen from candidates of a "
					"fabric");
	if (_check_candidates(&search, err) < 0)
		return -1;
	if (rule)
		search.rule = *rule;
	rc = want == 1 ? _search_one(&search, err)
		       : _search(&search, level_max, err);
	if (!rc && cost)
		rc = _cost_of_best(&search, cost, err);
	for (uint32_t i = 0; !rc && i < want; i++)
		picked[i] = search.best[i] - candidates;
	_free_arena(&search.arena);
	free(search.below);
	free(search.items);
	free(search.best);
	free(search.other);
	return rc;
}
