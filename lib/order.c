/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* One node that must come before another; a list for each of those */
typedef struct {
	uint32_t node;
	uint32_t next;
} _before_t;

typedef struct {
	uint32_t key;
	uint32_t node;
} _place_t;

struct order {
	uint32_t count;
	_place_t *places; /* ascending by key */
	uint32_t *first; /* for each node, its first entry in befores */
	_before_t *befores;
	uint32_t before_count;
	uint32_t before_room;
};

typedef enum { UNSEEN, OPEN, DONE } _state_t;

/* A walk over all nodes */
typedef struct {
	const order_t *order;
	uint32_t *position;
	uint32_t *next; /* the entry in befores that a node looks at next */
	uint32_t *stack;
	unsigned char *state;
	uint32_t placed;
} _walk_t;

static int _no_memory(neuron_error_t *err)
{
	return neuron_error_set(err, ENOMEM,
				"out of memory while ordering nodes");
}

static int _compare_places(const void *a, const void *b)
{
	const _place_t *x = a, *y = b;

	if (x->key != y->key)
		return (x->key < y->key) ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

extern order_t *order_create(const uint32_t *wanted, uint32_t count,
			     neuron_error_t *err)
{
	order_t *order;

	if (count > ORDER_NODES_MAX) {
		neuron_error_set(err, EINVAL, "an order has at most %d nodes",
				 ORDER_NODES_MAX);
		return NULL;
	}
	if (!(order = calloc(1, sizeof(*order))) ||
	    !(order->places = calloc(count + 1, sizeof(*order->places))) ||
	    !(order->first = calloc(count + 1, sizeof(*order->first)))) {
		order_destroy(order);
		_no_memory(err);
		return NULL;
	}
	order->count = count;
	for (uint32_t i = 0; i < count; i++) {
		order->places[i] = (_place_t){wanted[i], i};
		order->first[i] = NONE;
	}
	qsort(order->places, count, sizeof(*order->places), _compare_places);
	return order;
}

extern void order_destroy(order_t *order)
{
	int saved = errno;

	if (!order)
		return;
	free(order->places);
	free(order->first);
	free(order->befores);
	free(order);
	errno = saved;
}

static int _grow(order_t *order, uint32_t more)
{
	uint32_t room = order->before_room ? order->before_room : 64;
	_before_t *befores;

	if (more > NONE / 2 - order->before_count)
		return -1;
	while (room < order->before_count + more)
		room *= 2;
	if (room == order->before_room)
		return 0;
	befores = realloc(order->befores, room * sizeof(*befores));
	if (!befores)
		return -1;
	order->befores = befores;
	order->before_room = room;
	return 0;
}

extern int order_keep(order_t *order, const uint32_t *nodes, uint32_t count,
		      neuron_error_t *err)
{
	for (uint32_t i = 0; i < count; i++)
		if (nodes[i] >= order->count)
			return neuron_error_set(err, EINVAL,
						"node %u is not one of %u",
						nodes[i], order->count);
	if (_grow(order, count) < 0)
		return _no_memory(err);
	for (uint32_t i = 1; i < count; i++) {
		order->befores[order->before_count] =
			(_before_t){nodes[i - 1], order->first[nodes[i]]};
		order->first[nodes[i]] = order->before_count++;
	}
	return 0;
}

/* Place a node behind all that must come before it */
static void _place(_walk_t *walk, uint32_t node)
{
	uint32_t depth = 0;

	walk->stack[depth++] = node;
	walk->state[node] = OPEN;
	while (depth) {
		uint32_t top = walk->stack[depth - 1], entry = walk->next[top];

		if (entry == NONE) {
			walk->state[top] = DONE;
			walk->position[top] = walk->placed++;
			depth--;
			continue;
		}
		walk->next[top] = walk->order->befores[entry].next;
		node = walk->order->befores[entry].node;
		/* OPEN: it waits for this one, a contradiction */
		if (walk->state[node] != UNSEEN)
			continue;
		walk->state[node] = OPEN;
		walk->stack[depth++] = node;
	}
}

static bool _place_all(_walk_t *walk)
{
	const order_t *order = walk->order;
	bool exact = true;

	memcpy(walk->next, order->first, order->count * sizeof(*walk->next));
	for (uint32_t i = 0; i < order->count; i++) {
		uint32_t node = order->places[i].node;

		if (walk->state[node] == UNSEEN)
			_place(walk, node);
		exact = exact && (walk->position[node] == i);
	}
	return exact;
}

extern int order_positions(const order_t *order, uint32_t *position,
			   bool *exact, neuron_error_t *err)
{
	size_t size = order->count + 1;
	_walk_t walk = {.order = order, .position = position};
	bool in_order;

	walk.next = malloc(size * sizeof(*walk.next));
	walk.stack = malloc(size * sizeof(*walk.stack));
	walk.state = calloc(size, sizeof(*walk.state));
	if (!walk.next || !walk.stack || !walk.state) {
		free(walk.next);
		free(walk.stack);
		free(walk.state);
		return _no_memory(err);
	}
	in_order = _place_all(&walk);
	if (exact)
		*exact = in_order;
	free(walk.next);
	free(walk.stack);
	free(walk.state);
	return 0;
}
