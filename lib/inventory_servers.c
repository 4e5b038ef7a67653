/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which nodes are one UltraServer.
 *
 * The driver elects: node 0 has the lowest serial number, 1 and 3 are beside
 * it and 2 is across, so that the ring is 0, 1, 2, 3. With all links good the
 * pairs are {0, 1} and {2, 3}; instances that may work as two have one
 * server_id_2 (aws-neuron-driver 2.25, v3/neuron_pelect.c).
 */
#include "inventory_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING 4

/* Nodes that share a key */
typedef struct {
	const char *key;
	int rank; /* order inside: number of the instance, or 0 */
	uint32_t node;
} entry_t;

static int _compare(const void *a, const void *b)
{
	const entry_t *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	if (x->rank != y->rank)
		return (x->rank > y->rank) - (x->rank < y->rank);
	return (x->node > y->node) - (x->node < y->node);
}

static const inventory_node_t *_node(const inventory_t *inventory,
				     uint32_t index)
{
	return &inventory->nodes[index].public;
}

static bool _may_be_member(const inventory_node_t *node)
{
	return node->profile && profile_ultraserver_size(node->profile) > 1;
}

/* "us-" and the first member, or its id where the name is too long */
static void _name(const inventory_t *inventory, uint32_t first, char *name)
{
	const inventory_node_t *node = _node(inventory, first);

	if (strlen(node->name) + 3 <= INVENTORY_NAME_MAX)
		(void) snprintf(name, INVENTORY_NAME_MAX + 1, "us-%.60s",
				node->name);
	else
		(void) snprintf(name, INVENTORY_NAME_MAX + 1, "us-%.60s",
				node->server_4.id[0]
					? node->server_4.id
					: (node->server_2.id[0]
						   ? node->server_2.id
						   : node->capacity_block));
}

/* IN ultraserver - without its name and members */
static int _add(inventory_t *inventory, inventory_ultraserver_t *ultraserver,
		const entry_t *entries, unsigned int count, neuron_error_t *err)
{
	uint32_t *members = malloc(count * sizeof(*members));

	if (!members || inventory_grow(&inventory->ultraservers,
				       inventory->ultraserver_count,
				       &inventory->ultraserver_room,
				       sizeof(*ultraserver), err)) {
		free(members);
		return neuron_error_set(err, ENOMEM, "out of memory");
	}
	for (unsigned int i = 0; i < count; i++)
		members[i] = entries[i].node;
	_name(inventory, members[0], ultraserver->name);
	ultraserver->members = members;
	ultraserver->member_count = count;
	inventory->ultraservers[inventory->ultraserver_count++] = *ultraserver;
	return 0;
}

static int _warn(inventory_t *inventory, const entry_t *entries,
		 unsigned int count, const char *text, neuron_error_t *err)
{
	uint32_t nodes[RING];

	for (unsigned int i = 0; i < count && i < RING; i++)
		nodes[i] = entries[i].node;
	return inventory_warn_nodes(inventory, nodes,
				    (count < RING) ? count : RING, text, err);
}

/* What members of one UltraServer must have in common */
static int _check_pair(const inventory_t *inventory, const inventory_node_t *a,
		       const inventory_node_t *b, const char *what,
		       const char *id, neuron_error_t *err)
{
	if (a->profile != b->profile)
		return neuron_error_set(
			err, EINVAL,
			"%s and %s have %s %.40s, but one is a %s and the other a %s; probe them again",
			a->name, b->name, what, id, profile_name(a->profile),
			profile_name(b->profile));
	if (a->capacity_block[0] && b->capacity_block[0] &&
	    strcmp(a->capacity_block, b->capacity_block))
		return neuron_error_set(
			err, EINVAL,
			"%s and %s have %s %.40s, but EC2 has them in the capacity blocks %s and %s; check which instance each node is",
			a->name, b->name, what, id, a->capacity_block,
			b->capacity_block);
	if (inventory->fabric == INVENTORY_FLAT || a->group == b->group ||
	    a->group == NAMES_NONE || b->group == NAMES_NONE)
		return 0;
	return neuron_error_set(
		err, EINVAL,
		"%s and %s have %s %.40s, but are below the switches %s and %s; check which instance each node is",
		a->name, b->name, what, id, inventory->groups[a->group].name,
		inventory->groups[b->group].name);
}

static int _check_company(const inventory_t *inventory, const entry_t *entries,
			  unsigned int count, unsigned int most,
			  const char *what, neuron_error_t *err)
{
	const inventory_node_t *first = _node(inventory, entries[0].node);

	if (count > most)
		return neuron_error_set(
			err, EINVAL,
			"%u nodes, among them %.64s and %.64s, have %s %.40s; at most %u can, probe them again",
			count, first->name,
			_node(inventory, entries[1].node)->name, what,
			entries[0].key, most);
	for (unsigned int i = 1; i < count; i++) {
		const inventory_node_t *node =
			_node(inventory, entries[i].node);

		if (entries[i].rank == entries[i - 1].rank &&
		    entries[i].rank >= 0)
			return neuron_error_set(
				err, EINVAL,
				"%.64s and %.64s both say that they are instance %d of %s %.40s; probe them again",
				_node(inventory, entries[i - 1].node)->name,
				node->name, entries[i].rank, what,
				entries[0].key);
		if (_check_pair(inventory, first, node, what, entries[0].key,
				err))
			return -1;
	}
	return 0;
}

/* The pair that two members are by the rule of the driver */
static bool _is_usual(const entry_t *a, const entry_t *b)
{
	return a->rank / 2 == b->rank / 2;
}

/* Legal groups of two among the members of a ring */
static void _find_pairs(const inventory_t *inventory, const entry_t *entries,
			unsigned int count,
			inventory_ultraserver_t *ultraserver)
{
	bool known = true;

	for (unsigned int i = 0; i < count; i++)
		known &= _node(inventory, entries[i].node)->server_2.id[0] !=
			 '\0';
	ultraserver->pairs_are_usual = true;
	for (uint8_t a = 0; a < count; a++) {
		for (uint8_t b = a + 1; b < count; b++) {
			const char *x =
				_node(inventory, entries[a].node)->server_2.id;
			const char *y =
				_node(inventory, entries[b].node)->server_2.id;
			bool usual = (a / 2 == b / 2);
			bool legal =
				known ? !strcmp(x, y)
				      : _is_usual(&entries[a], &entries[b]);

			ultraserver->pairs_are_usual &= (legal == usual);
			if (!legal || ultraserver->pair_count == 4)
				continue;
			ultraserver->pairs[ultraserver->pair_count][0] = a;
			ultraserver->pairs[ultraserver->pair_count++][1] = b;
		}
	}
}

/* "instances 1 and 3" of a ring are not there */
static int _warn_missing(inventory_t *inventory, const entry_t *entries,
			 unsigned int count, const char *consequence,
			 neuron_error_t *err)
{
	char text[256], missing[32] = "";
	unsigned int used = 0;

	for (int rank = 0; rank < RING; rank++) {
		bool there = false;

		for (unsigned int i = 0; i < count; i++)
			there |= (entries[i].rank == rank);
		if (!there)
			used += (unsigned int) snprintf(
				missing + used, sizeof(missing) - used, "%s%d",
				used ? ", " : "", rank);
	}
	(void) snprintf(
		text, sizeof(text),
		"of UltraServer %.16s no probe of instance %s is here; %s",
		entries[0].key, missing, consequence);
	return _warn(inventory, entries, count, text, err);
}

/* Nodes with one server_id_4, in ring order */
static int _take_ring(inventory_t *inventory, const entry_t *entries,
		      unsigned int count, neuron_error_t *err)
{
	inventory_ultraserver_t ultraserver = {.pair_count = 0};

	if (_check_company(inventory, entries, count, RING, "server_id_4", err))
		return -1;
	_find_pairs(inventory, entries, count, &ultraserver);
	if (count == 1 || (count == 2 && !ultraserver.pair_count))
		return _warn_missing(inventory, entries, count,
				     "no UltraServer is written", err);
	if (!ultraserver.pair_count) {
		ultraserver.pairs_are_usual = true;
		if (_warn(inventory, entries, count,
			  "no two of this UltraServer have one server_id_2; the usual pairs are written",
			  err))
			return -1;
	}
	if (count < RING &&
	    _warn_missing(inventory, entries, count,
			  "those that are here are written", err))
		return -1;
	ultraserver.is_complete = (count == RING);
	return _add(inventory, &ultraserver, entries, count, err);
}

/* Nodes without server_id_4 that have one server_id_2 */
static int _take_two(inventory_t *inventory, const entry_t *entries,
		     unsigned int count, neuron_error_t *err)
{
	inventory_ultraserver_t ultraserver = {.pairs = {{0, 1}},
					       .pair_count = 1,
					       .pairs_are_usual = true,
					       .is_complete = true};
	const profile_t *profile = _node(inventory, entries[0].node)->profile;

	if (_check_company(inventory, entries, count, 2, "server_id_2", err))
		return -1;
	if (count == 1)
		return _warn(
			inventory, entries, count,
			"the other instance of its UltraServer of two is not here; no UltraServer is written",
			err);
	if (profile_ultraserver_size(profile) != 2 &&
	    _warn(inventory, entries, count,
		  "the driver joined two instances only; they are written as an UltraServer of two",
		  err))
		return -1;
	return _add(inventory, &ultraserver, entries, count, err);
}

/* Nodes of one capacity block of which the driver tells nothing */
static int _take_block(inventory_t *inventory, const entry_t *entries,
		       unsigned int count, neuron_error_t *err)
{
	const inventory_node_t *first = _node(inventory, entries[0].node);
	unsigned int size = profile_ultraserver_size(first->profile);
	inventory_ultraserver_t ultraserver = {.pairs_are_usual = true,
					       .is_complete = true,
					       .order_is_guessed = true};
	char text[256];

	for (unsigned int i = 1; i < count; i++) {
		if (_check_pair(inventory, first,
				_node(inventory, entries[i].node),
				"CapacityBlockId", entries[0].key, err))
			return -1;
	}
	if (count == size) {
		(void) snprintf(
			text, sizeof(text),
			"the driver tells no UltraServer; those of capacity block %.63s are taken as one, in order of name",
			entries[0].key);
		return _warn(inventory, entries, count, text, err)
			       ? -1
			       : _add(inventory, &ultraserver, entries, count,
				      err);
	}
	(void) snprintf(
		text, sizeof(text),
		"the driver tells no UltraServer and capacity block %.63s has %u nodes here, not %u; no UltraServer is written",
		entries[0].key, count, size);
	return _warn(inventory, entries, count, text, err);
}

/*
 * Kinds of keys
 */

static const char *_key_4(const inventory_node_t *node, int *rank)
{
	*rank = node->server_4.node;
	return node->server_4.id;
}

static const char *_key_2(const inventory_node_t *node, int *rank)
{
	*rank = node->server_2.node;
	return node->server_4.id[0] ? "" : node->server_2.id;
}

static const char *_key_block(const inventory_node_t *node, int *rank)
{
	*rank = -1;
	return (node->server_4.id[0] || node->server_2.id[0])
		       ? ""
		       : node->capacity_block;
}

static const struct {
	const char *(*key)(const inventory_node_t *node, int *rank);
	int (*take)(inventory_t *inventory, const entry_t *entries,
		    unsigned int count, neuron_error_t *err);
} kinds[] = {
	{_key_4, _take_ring},
	{_key_2, _take_two},
	{_key_block, _take_block},
};

/* Call take() for each run of nodes with one key */
static int _take_runs(inventory_t *inventory, size_t kind, entry_t *entries,
		      uint32_t count, neuron_error_t *err)
{
	if (count)
		qsort(entries, count, sizeof(*entries), _compare);
	for (uint32_t i = 0, end; i < count; i = end) {
		for (end = i + 1;
		     end < count && !strcmp(entries[end].key, entries[i].key);)
			end++;
		if (kinds[kind].take(inventory, entries + i, end - i, err))
			return -1;
	}
	return 0;
}

static uint32_t _collect(const inventory_t *inventory, size_t kind,
			 entry_t *entries)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < inventory->node_count; i++) {
		const inventory_node_t *node = _node(inventory, i);
		entry_t entry = {.node = i};

		if (!_may_be_member(node))
			continue;
		entry.key = kinds[kind].key(node, &entry.rank);
		if (entry.key[0])
			entries[count++] = entry;
	}
	return count;
}

/* Two instances with one server_id_2 are in one UltraServer of four */
static int _check_twos(const inventory_t *inventory, entry_t *entries,
		       neuron_error_t *err)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < inventory->node_count; i++) {
		const inventory_node_t *node = _node(inventory, i);

		if (_may_be_member(node) && node->server_2.id[0])
			entries[count++] = (entry_t){node->server_2.id, -1, i};
	}
	if (count)
		qsort(entries, count, sizeof(*entries), _compare);
	for (uint32_t i = 1; i < count; i++) {
		const inventory_node_t *a =
			_node(inventory, entries[i - 1].node);
		const inventory_node_t *b = _node(inventory, entries[i].node);

		if (strcmp(entries[i - 1].key, entries[i].key))
			continue;
		if (strcmp(a->server_4.id, b->server_4.id))
			return neuron_error_set(
				err, EINVAL,
				"%.64s and %.64s have server_id_2 %s, but server_id_4 \"%s\" and \"%s\"; probe them again",
				a->name, b->name, entries[i].key,
				a->server_4.id, b->server_4.id);
		if (i + 1 < count &&
		    !strcmp(entries[i].key, entries[i + 1].key))
			return neuron_error_set(
				err, EINVAL,
				"%.64s, %.64s and %.64s have server_id_2 %s; at most 2 can, probe them again",
				a->name, b->name,
				_node(inventory, entries[i + 1].node)->name,
				entries[i].key);
	}
	return 0;
}

static int _warn_of_singles(inventory_t *inventory, neuron_error_t *err)
{
	uint32_t *list =
		malloc(((size_t) inventory->node_count + 1) * sizeof(*list));
	uint32_t count = 0;
	int rc = 0;

	if (!list)
		return neuron_error_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < inventory->node_count; i++) {
		const inventory_node_t *node = _node(inventory, i);

		if (_may_be_member(node) && !node->server_4.id[0] &&
		    !node->server_2.id[0] && !node->capacity_block[0])
			list[count++] = i;
	}
	if (count)
		rc = inventory_warn_nodes(
			inventory, list, count,
			"neither the driver nor EC2 tells an UltraServer; none is written",
			err);
	free(list);
	return rc;
}

/* A group of the fabric has one name, whatever it is */
static int _check_names(const inventory_t *inventory, neuron_error_t *err)
{
	for (uint32_t i = 0; i < inventory->ultraserver_count; i++) {
		const char *name = inventory->ultraservers[i].name;

		if (names_find(inventory->group_names, name) != NAMES_NONE)
			return neuron_error_set(
				err, EEXIST,
				"%s is a switch, and the name that the UltraServer of %.64s would get; give the switch another",
				name,
				_node(inventory,
				      inventory->ultraservers[i].members[0])
					->name);
	}
	return 0;
}

static int _compare_ultraservers(const void *a, const void *b)
{
	const inventory_ultraserver_t *x = a, *y = b;

	return (x->members[0] > y->members[0]) -
	       (x->members[0] < y->members[0]);
}

extern int inventory_group_servers(inventory_t *inventory, neuron_error_t *err)
{
	entry_t *entries =
		calloc((size_t) inventory->node_count + 1, sizeof(*entries));
	int rc = 0;

	if (!entries)
		return neuron_error_set(err, ENOMEM, "out of memory");
	for (size_t kind = 0; !rc && kind < sizeof(kinds) / sizeof(kinds[0]);
	     kind++)
		rc = _take_runs(inventory, kind, entries,
				_collect(inventory, kind, entries), err);
	if (!rc)
		rc = _check_twos(inventory, entries, err);
	if (!rc)
		rc = _check_names(inventory, err);
	free(entries);
	if (inventory->ultraserver_count)
		qsort(inventory->ultraservers, inventory->ultraserver_count,
		      sizeof(*inventory->ultraservers), _compare_ultraservers);
	return rc ? -1 : _warn_of_singles(inventory, err);
}
