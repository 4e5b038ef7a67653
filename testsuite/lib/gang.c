/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decisions are compared with an oracle that tries all sets of nodes. It takes
 * from lib/ only what one node gives (shape_pick) and what one set of nodes
 * costs (place_cost), both of which have oracles of their own.
 */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "sample.h"
#include "gang.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

#define NODES_MAX 9
#define SETS (1u << NODES_MAX)

static fabric_t *_fabric_of(const char *text, uint32_t node_count)
{
	fabric_t *fabric = sample_fabric(text, node_count);

	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	return fabric;
}

/*
 * Machines
 */

enum { TRN2U, TRN1, INF2, MACHINES };

static const char *const machine_names[MACHINES] = {
	"trn2u.48xlarge", "trn1.32xlarge", "inf2.48xlarge"};
static shape_t *shapes[MACHINES];
static uint32_t machine_devices[MACHINES];

static profile_t *_read_profile(const char *name)
{
	const char *srcdir = getenv("srcdir");
	neuron_error_t err = {""};
	char path[1024];
	profile_t *profile;

	snprintf(path, sizeof(path), "%s/../../etc/profiles/%s.json",
		 srcdir ? srcdir : ".", name);
	profile = profile_read(path, &err);
	ck_assert_msg(profile != NULL, "%s", err.text);
	return profile;
}

static void _make_shapes(void)
{
	for (int i = 0; i < MACHINES; i++) {
		profile_t *profile = _read_profile(machine_names[i]);

		machine_devices[i] = profile_device_count(profile);
		shapes[i] = shape_create(profile);
		ck_assert_ptr_nonnull(shapes[i]);
		profile_destroy(profile);
	}
}

static void _free_shapes(void)
{
	for (int i = 0; i < MACHINES; i++)
		shape_destroy(shapes[i]);
}

static devset_t _all_of(int machine)
{
	return devset_run(0, machine_devices[machine]);
}

/*
 * Random states
 */

typedef struct {
	sample_text_t topology;
	fabric_t *fabric;
	uint32_t fabric_nodes;
	request_t request;
	gang_request_t wanted;
	gang_node_t nodes[NODES_MAX];
	int machine[NODES_MAX];
	uint32_t count;
	/* try refuses a choice with one of these nodes (by index in nodes) */
	uint32_t refused;
} state_t;

/* Leaves; RET how many groups there are */
static int _write_leaves(state_t *state)
{
	int leaves = 1 + (int) sample_random(4), groups = 0;
	int leaf_of[NODES_MAX];

	for (uint32_t i = 0; i < state->fabric_nodes; i++)
		leaf_of[i] =
			sample_random(12) ? (int) sample_random(leaves) : -1;
	for (int leaf = 0; leaf < leaves; leaf++) {
		const char *before = " Nodes=";

		for (uint32_t i = 0; i < state->fabric_nodes; i++) {
			if (leaf_of[i] != leaf)
				continue;
			if (before[0] == ' ')
				sample_append(
					&state->topology, "SwitchName=%c%d",
					sample_random(2) ? 'u' : 's', groups);
			sample_append(&state->topology, "%sn%" PRIu32, before,
				      i);
			before = ",";
		}
		if (before[0] == ' ')
			continue;
		sample_append(&state->topology, "\n");
		groups++;
	}
	return groups;
}

/* Names of the groups that a text defines, in its order */
static int _list_names(const char *text, char names[][8])
{
	int count = 0;

	while ((text = strstr(text, "SwitchName="))) {
		text += strlen("SwitchName=");
		snprintf(names[count++], 8, "%.*s", (int) strcspn(text, " "),
			 text);
	}
	return count;
}

/* Put the groups from first on, but for some, below new ones */
static void _write_layer(state_t *state, int first)
{
	char names[64][8];
	int end = _list_names(state->topology.text, names), next = end;
	int parents = 1 + (int) sample_random(2), parent_of[64];

	for (int i = first; i < end; i++)
		parent_of[i] =
			sample_random(8) ? (int) sample_random(parents) : -1;
	for (int parent = 0; parent < parents; parent++) {
		const char *before = " Switches=";

		for (int i = first; i < end; i++) {
			if (parent_of[i] != parent)
				continue;
			if (before[0] == ' ')
				sample_append(&state->topology,
					      "SwitchName=s%d", next++);
			sample_append(&state->topology, "%s%s", before,
				      names[i]);
			before = ",";
		}
		if (before[0] != ' ')
			sample_append(&state->topology, "\n");
	}
}

static void _make_fabric(state_t *state)
{
	uint32_t layers = sample_random(3);
	int first = 0, end;

	state->fabric_nodes = 4 + sample_random(NODES_MAX - 3);
	memset(&state->topology, 0, sizeof(state->topology));
	end = sample_random(10) ? _write_leaves(state) : 0;
	for (uint32_t i = 0; end && (i < layers); i++) {
		char names[64][8];

		_write_layer(state, first);
		first = end;
		end = _list_names(state->topology.text, names);
		if (first == end)
			break;
	}
	state->fabric = _fabric_of(end ? state->topology.text : NULL,
				   state->fabric_nodes);
}

static devset_t _random_free(int machine)
{
	devset_t all = _all_of(machine), free = 0;

	switch (sample_random(5)) {
	case 0:
		return all;
	case 1:
		return devset_run(sample_random(16), 1 + sample_random(16)) &
		       all;
	case 2:
		for (unsigned int i = 0; i < 16; i += 4)
			free |= sample_random(2) ? devset_run(i, 4) : 0;
		return free & all;
	case 3:
		return (sample_random(65536) | sample_random(65536)) & all;
	default:
		return sample_random(5) ? (sample_random(65536) & all) : 0;
	}
}

/* Some futures that any node may have */
static shape_span_t futures[16];

static void _make_futures(void)
{
	for (unsigned int i = 0; i < 16; i++) {
		futures[i].free = sample_random(65536) | sample_random(65536);
		futures[i].seconds = sample_random(100000);
	}
}

static void _make_node(gang_node_t *node, int machine, bool weights)
{
	*node = (gang_node_t){.shape = shapes[machine]};
	node->free = _random_free(machine);
	node->free_efas =
		sample_random(3)
			? UINT64_MAX
			: (sample_random(65536) | sample_random(65536));
	node->total =
		sample_random(6) ? machine_devices[machine] : sample_random(17);
	node->cpus = sample_random(3) ? 8 : sample_random(9);
	node->weight = weights ? 256 * sample_random(4) : 1;
	node->counted = !sample_random(12);
	if (!sample_random(3)) {
		node->span_count = sample_random(5);
		node->spans = &futures[sample_random(12)];
	}
	/* what gang must overwrite */
	node->pick = (shape_pick_t){0xabc, 0xdef, 77};
	node->left = 55;
}

static void _make_nodes(state_t *state)
{
	bool mixed = !sample_random(3), weights = !sample_random(3);
	uint32_t required = sample_random(3) ? 0 : 1 + sample_random(3);
	int machine = (int) sample_random(MACHINES);

	_make_futures();
	state->count = 0;
	for (uint32_t i = 0; i < state->fabric_nodes; i++) {
		uint32_t at = sample_random(state->count + 1);
		gang_node_t node;

		if (!sample_random(8))
			continue;
		if (mixed)
			machine = (int) sample_random(MACHINES);
		_make_node(&node, machine, weights);
		node.node = i;
		node.required = required && !sample_random(3);
		required -= node.required;
		/* in any order */
		state->machine[state->count] = state->machine[at];
		state->nodes[state->count++] = state->nodes[at];
		state->machine[at] = machine;
		state->nodes[at] = node;
	}
}

static void _make_efas(state_t *state)
{
	gang_request_t *wanted = &state->wanted;
	uint32_t devices = state->request.per_node;
	int count;

	wanted->with_efa = true;
	if (!devices)
		devices = state->request.per_task;
	count = shape_efa_count(shapes[sample_random(MACHINES)], devices,
				state->request.tier);
	if (count < 0)
		count = (int) sample_random(4);
	if (state->request.per_node || !sample_random(3))
		wanted->efa_per_node = (uint32_t) count;
	if (state->request.per_task)
		wanted->efa_per_task = (uint32_t) count;
}

static void _make_request(state_t *state)
{
	request_t *request = &state->request;

	memset(request, 0, sizeof(*request));
	memset(&state->wanted, 0, sizeof(state->wanted));
	state->wanted.request = request;
	request->tier = sample_random(SHAPE_TIERS);
	request->tasks = 1;
	request->whole_node = !sample_random(12);
	if (sample_random(2)) {
		request->per_node =
			1 + sample_random(sample_random(3) ? 8 : 18);
	} else {
		request->per_task = 1 + sample_random(sample_random(2) ? 2 : 6);
		request->tasks = 1 + sample_random(sample_random(2) ? 6 : 20);
		if (!sample_random(6))
			request->tasks_per_node = 1 + sample_random(4);
	}
	if (sample_random(2))
		_make_efas(state);
	state->wanted.nodes_min =
		sample_random(2) ? sample_random(4) : sample_random(2);
	state->wanted.nodes_max =
		sample_random(2) ? UINT32_MAX : sample_random(8);
	state->wanted.nodes_wanted =
		sample_random(2) ? sample_random(2) : sample_random(9);
	state->wanted.cpus = sample_random(2) ? 0 : sample_random(50);
	state->wanted.ultraserver = sample_random(2) ? sample_random(3) : 0;
	state->refused = sample_random(3)
				 ? sample_random(SETS) & sample_random(SETS)
				 : SETS - 1;
}

static const char *_describe(const state_t *state)
{
	static sample_text_t text;
	const gang_request_t *wanted = &state->wanted;
	const request_t *request = &state->request;

	text.length = 0;
	sample_append(
		&text,
		"%s%u nodes; %u per node, %u per task, %u tasks (%u), %s%s, "
		"efa %d %u %u, nodes %u-%u (%u), cpus %u, ultraserver %d, "
		"refused %#x\n",
		state->topology.text, state->fabric_nodes, request->per_node,
		request->per_task, request->tasks, request->tasks_per_node,
		shape_tier_name(request->tier),
		request->whole_node ? ", whole" : "", wanted->with_efa,
		wanted->efa_per_node, wanted->efa_per_task, wanted->nodes_min,
		wanted->nodes_max, wanted->nodes_wanted, wanted->cpus,
		(int) wanted->ultraserver, state->refused);
	for (uint32_t i = 0; i < state->count; i++) {
		const gang_node_t *node = &state->nodes[i];

		sample_append(
			&text,
			"  [%u] n%u %s free %#llx efas %#llx total %u cpus %u "
			"weight %u%s%s\n",
			i, node->node, machine_names[state->machine[i]],
			(unsigned long long) node->free,
			(unsigned long long) node->free_efas, node->total,
			node->cpus, (unsigned int) node->weight,
			node->counted ? " counted" : "",
			node->required ? " required" : "");
	}
	return text.text;
}

/*
 * The oracle. Sets are bit masks of positions in state->nodes.
 */

typedef struct {
	bool fits;
	shape_pick_t pick;
	uint32_t left;
} gift_t;

static void _gift_of(const state_t *state, uint32_t at, uint32_t devices,
		     gift_t *gift)
{
	const gang_request_t *wanted = &state->wanted;
	const request_t *request = &state->request;
	const gang_node_t *node = &state->nodes[at];
	uint32_t efas = wanted->efa_per_node, parts = 0;

	memset(gift, 0, sizeof(*gift));
	if (devices > node->total)
		return;
	gift->fits = true;
	if (request->whole_node)
		return;
	if (node->counted) {
		gift->fits = shape_size_is_possible(node->shape, devices,
						    request->tier);
		return;
	}
	gift->fits = !shape_pick_timed(node->shape, node->free, node->free_efas,
				       wanted->with_efa, devices, request->tier,
				       node->spans, node->span_count,
				       &gift->pick, &parts);
	gift->pick.damage = parts;
	if (!efas && request->per_task)
		efas = wanted->efa_per_task * (devices / request->per_task);
	if (gift->fits && wanted->with_efa)
		gift->fits = devset_count(gift->pick.efas) == efas;
	if (gift->fits)
		gift->left = devset_count(node->free) - devices;
}

typedef struct {
	const state_t *state;
	uint32_t many_devices;
	uint32_t few_devices;
	uint32_t more; /* nodes that give many */
	uint32_t nodes;
	gift_t many[NODES_MAX];
	gift_t few[NODES_MAX];
	uint32_t gives_many;
	uint32_t gives_few;
	uint32_t required;
} oracle_t;

static uint32_t _size(uint32_t set)
{
	uint32_t size = 0;

	for (; set; set &= set - 1)
		size++;
	return size;
}

static void _think(const state_t *state, uint32_t many, uint32_t few,
		   uint32_t more, uint32_t nodes, oracle_t *oracle)
{
	*oracle = (oracle_t){.state = state,
			     .many_devices = many,
			     .few_devices = few,
			     .more = more,
			     .nodes = nodes};
	for (uint32_t i = 0; i < state->count; i++) {
		_gift_of(state, i, many, &oracle->many[i]);
		_gift_of(state, i, few, &oracle->few[i]);
		oracle->gives_many |= (uint32_t) oracle->many[i].fits << i;
		oracle->gives_few |= (uint32_t) oracle->few[i].fits << i;
		oracle->required |= (uint32_t) state->nodes[i].required << i;
	}
}

/* RET false: no group has all of them */
static bool _cost_of(const oracle_t *oracle, uint32_t many, uint32_t few,
		     place_cost_t *cost)
{
	const state_t *state = oracle->state;
	place_candidate_t set[NODES_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < state->count; i++) {
		const gift_t *gift =
			(many >> i & 1) ? &oracle->many[i] : &oracle->few[i];

		if ((many | few) >> i & 1)
			set[count++] = (place_candidate_t){
				.node = state->nodes[i].node,
				.damage = gift->pick.damage,
				.left = gift->left,
			};
	}
	return !place_cost(state->fabric, set, count, cost);
}

/* How the job compares costs */
static int _compare(const oracle_t *oracle, const place_cost_t *a,
		    const place_cost_t *b)
{
	place_cost_t x = *a, y = *b;

	if (oracle->state->wanted.ultraserver == PLACE_IGNORE)
		x.ultraservers = y.ultraservers = 0;
	return place_cost_compare(&x, &y);
}

static bool _requires(const oracle_t *oracle)
{
	return oracle->state->wanted.ultraserver == PLACE_REQUIRE;
}

/* Whether the job may have a set of such cost */
static bool _is_allowed(const oracle_t *oracle, const place_cost_t *cost)
{
	return !_requires(oracle) ||
	       (!cost->ultraservers &&
		((oracle->nodes == 1) ||
		 fabric_has_ultraservers(oracle->state->fabric)));
}

/* The weight of the heaviest node that is not required */
static uint64_t _weight_of(const oracle_t *oracle, uint32_t set)
{
	uint64_t weight = 0;

	for (uint32_t i = 0; i < oracle->state->count; i++) {
		const gang_node_t *node = &oracle->state->nodes[i];

		if ((set >> i & 1) && !node->required &&
		    (node->weight > weight))
			weight = node->weight;
	}
	return weight;
}

/* Bit n: node n of the fabric */
static uint32_t _fabric_set(const state_t *state, uint32_t set)
{
	uint32_t result = 0;

	for (uint32_t i = 0; i < state->count; i++) {
		if (set >> i & 1)
			result |= 1u << state->nodes[i].node;
	}
	return result;
}

/* True when the sorted list of nodes of a comes before that of b */
static bool _list_is_lower(const state_t *state, uint32_t a, uint32_t b)
{
	uint32_t x = _fabric_set(state, a), y = _fabric_set(state, b);
	uint32_t differ = x ^ y;

	return x & differ & ~(differ - 1);
}

/* The best set in which each node gives many; 0: there is none */
static uint32_t _best_even(const oracle_t *oracle)
{
	place_cost_t cost, best_cost = {0};
	uint64_t best_weight = 0;
	uint32_t best = 0;

	for (uint32_t set = 1; set < 1u << oracle->state->count; set++) {
		uint64_t weight = _weight_of(oracle, set);
		int order = -1;

		if ((set & ~oracle->gives_many) || (oracle->required & ~set) ||
		    (_size(set) != oracle->nodes) ||
		    !_cost_of(oracle, set, 0, &cost) ||
		    !_is_allowed(oracle, &cost))
			continue;
		if (best && (weight != best_weight))
			order = (weight < best_weight) ? -1 : 1;
		else if (best)
			order = _compare(oracle, &cost, &best_cost);
		if ((order > 0) ||
		    (!order && !_list_is_lower(oracle->state, set, best)))
			continue;
		best = set;
		best_weight = weight;
		best_cost = cost;
	}
	return best;
}

/* The best set for a job that requires UltraServers and spreads unevenly: of
 * nodes that give few, with as many as possible that can give many */
static uint32_t _best_required(const oracle_t *oracle)
{
	place_cost_t cost, best_cost = {0};
	uint64_t best_weight = 0;
	uint32_t best = 0;

	for (uint32_t set = 1; set < 1u << oracle->state->count; set++) {
		uint64_t weight = _weight_of(oracle, set);
		int order = -1;

		if ((set & ~oracle->gives_few) || (oracle->required & ~set) ||
		    (_size(set) != oracle->nodes) ||
		    (_size(set & oracle->gives_many) < oracle->more) ||
		    !_cost_of(oracle, 0, set, &cost) ||
		    !_is_allowed(oracle, &cost))
			continue;
		cost.last = _size(set & ~oracle->gives_many);
		if (best && (weight != best_weight))
			order = (weight < best_weight) ? -1 : 1;
		else if (best)
			order = _compare(oracle, &cost, &best_cost);
		if ((order > 0) ||
		    (!order && !_list_is_lower(oracle->state, set, best)))
			continue;
		best = set;
		best_weight = weight;
		best_cost = cost;
	}
	return best;
}

/* Of all ways to share the job, those of least weight, then least level */
typedef struct {
	bool exists;
	uint64_t weight;
	uint32_t level;
	bool can_be_many[SETS]; /* others can complete the set */
} ways_t;

static bool _is_a_way(const oracle_t *oracle, uint32_t many, uint32_t set)
{
	uint32_t few = set & ~many;

	return (_size(set) == oracle->nodes) && !(many & ~set) &&
	       (_size(many) == oracle->more) && !(many & ~oracle->gives_many) &&
	       !(few & ~oracle->gives_few) && !(oracle->required & ~set);
}

static void _add_ways(const oracle_t *oracle, uint32_t set, ways_t *ways)
{
	uint64_t weight = _weight_of(oracle, set);
	place_cost_t cost;
	bool any = false, better;

	for (uint32_t many = set; many && !any; many = (many - 1) & set)
		any = _is_a_way(oracle, many, set);
	if (!any || !_cost_of(oracle, set, 0, &cost))
		return;
	better = !ways->exists || (weight < ways->weight) ||
		 ((weight == ways->weight) && (cost.level < ways->level));
	if (better) {
		memset(ways, 0, sizeof(*ways));
		ways->exists = true;
		ways->weight = weight;
		ways->level = cost.level;
	} else if ((weight > ways->weight) || (cost.level > ways->level)) {
		return;
	}
	for (uint32_t many = set; many; many = (many - 1) & set)
		ways->can_be_many[many] |= _is_a_way(oracle, many, set);
}

static void _find_ways(const oracle_t *oracle, ways_t *ways)
{
	memset(ways, 0, sizeof(*ways));
	for (uint32_t set = 1; set < 1u << oracle->state->count; set++) {
		if ((_size(set) == oracle->nodes) && !(oracle->required & ~set))
			_add_ways(oracle, set, ways);
	}
}

/*
 * True when in each group of the level any nodes that can give many may do so:
 * those that can give few suffice for the whole job, and required nodes for
 * their places.
 */
static bool _many_are_free(const oracle_t *oracle, const ways_t *ways)
{
	const state_t *state = oracle->state;
	uint32_t few = oracle->nodes - oracle->more;

	if (_size(oracle->required & oracle->gives_few) > few)
		return false;
	for (uint32_t many = 1; many < 1u << state->count; many++) {
		uint32_t room = 0;
		int64_t group;

		if (!ways->can_be_many[many])
			continue;
		group = fabric_node_group_at(
			state->fabric, state->nodes[__builtin_ctz(many)].node,
			ways->level);
		for (uint32_t i = 0; i < state->count; i++) {
			const gang_node_t *node = &state->nodes[i];

			room += (oracle->gives_few >> i & 1) &&
				(node->required ||
				 (node->weight <= ways->weight)) &&
				(fabric_node_group_at(state->fabric, node->node,
						      ways->level) == group);
		}
		if (room < oracle->nodes)
			return false;
	}
	return true;
}

/* The best nodes to give many */
static uint32_t _best_many(const oracle_t *oracle, const ways_t *ways)
{
	place_cost_t cost, best_cost = {0};
	uint32_t best = 0;

	for (uint32_t many = 1; many < 1u << oracle->state->count; many++) {
		int order;

		if (!ways->can_be_many[many] ||
		    (oracle->required & ~oracle->gives_few & ~many) ||
		    !_cost_of(oracle, many, 0, &cost))
			continue;
		order = best ? _compare(oracle, &cost, &best_cost) : -1;
		if ((order > 0) ||
		    (!order && !_list_is_lower(oracle->state, many, best)))
			continue;
		best = many;
		best_cost = cost;
	}
	return best;
}

/* The best set of nodes when these give many */
static uint32_t _best_with(const oracle_t *oracle, const ways_t *ways,
			   uint32_t many)
{
	place_cost_t cost, best_cost = {0};
	uint32_t best = 0;

	for (uint32_t set = 1; set < 1u << oracle->state->count; set++) {
		int order;

		if (!_is_a_way(oracle, many, set) ||
		    (_weight_of(oracle, set) > ways->weight) ||
		    !_cost_of(oracle, many, set & ~many, &cost))
			continue;
		order = best ? _compare(oracle, &cost, &best_cost) : -1;
		if ((order > 0) ||
		    (!order && !_list_is_lower(oracle->state, set, best)))
			continue;
		best = set;
		best_cost = cost;
	}
	return best;
}

/* Least damage of these nodes, whichever of them give many */
static uint32_t _least_damage(const oracle_t *oracle, uint32_t set)
{
	uint32_t least = UINT32_MAX;
	place_cost_t cost;

	for (uint32_t many = set; many; many = (many - 1) & set) {
		if (_is_a_way(oracle, many, set) &&
		    _cost_of(oracle, many, set & ~many, &cost) &&
		    (cost.damage < least))
			least = cost.damage;
	}
	return least;
}

/*
 * Decisions, as they were offered
 */

typedef struct {
	uint32_t nodes;
	uint32_t order[NODES_MAX]; /* positions */
	shape_pick_t picks[NODES_MAX];
	uint32_t lefts[NODES_MAX];
} offer_t;

typedef struct {
	const state_t *state;
	offer_t offers[64];
	uint32_t count;
	bool taken;
} record_t;

static int _record(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	record_t *record = arg;
	offer_t *offer = &record->offers[record->count++];
	bool refused = false;

	ck_assert_uint_le(record->count, 64);
	ck_assert_uint_le(count, NODES_MAX);
	ck_assert_msg(!record->taken, "%s: went on after a choice was taken",
		      _describe(record->state));
	offer->nodes = count;
	for (uint32_t i = 0; i < count; i++) {
		offer->order[i] = (uint32_t) (chosen[i] - record->state->nodes);
		offer->picks[i] = chosen[i]->pick;
		offer->lefts[i] = chosen[i]->left;
		refused |= record->state->refused >> offer->order[i] & 1;
	}
	record->taken = !refused;
	/* must not matter */
	errno = ENOMEM;
	return refused ? 1 : 0;
}

static void _check_member(const oracle_t *oracle, const offer_t *offer,
			  uint32_t i)
{
	const state_t *state = oracle->state;
	uint32_t at = offer->order[i];
	const gift_t *gift =
		(i < oracle->more) ? &oracle->many[at] : &oracle->few[at];

	ck_assert_msg(gift->fits, "%soffered [%u], which does not fit",
		      _describe(state), at);
	ck_assert_msg((gift->pick.devices == offer->picks[i].devices) &&
			      (gift->pick.efas == offer->picks[i].efas) &&
			      (gift->pick.damage == offer->picks[i].damage) &&
			      (gift->left == offer->lefts[i]),
		      "%s[%u]: got the set %#llx, wanted %#llx",
		      _describe(state), at,
		      (unsigned long long) offer->picks[i].devices,
		      (unsigned long long) gift->pick.devices);
	if (!i || (i == oracle->more))
		return;
	ck_assert_msg(state->nodes[offer->order[i - 1]].node <
			      state->nodes[at].node,
		      "%s[%u] is out of order", _describe(state), at);
}

/* OUT many - those of the offer that give many; RET all */
static uint32_t _read_offer(const oracle_t *oracle, const offer_t *offer,
			    uint32_t *many)
{
	uint32_t set = 0;

	*many = 0;
	ck_assert_msg(offer->nodes == oracle->nodes,
		      "%sgot %u nodes, wanted %u", _describe(oracle->state),
		      offer->nodes, oracle->nodes);
	for (uint32_t i = 0; i < offer->nodes; i++) {
		_check_member(oracle, offer, i);
		set |= 1u << offer->order[i];
		if (i < oracle->more)
			*many = set;
	}
	return set;
}

static void _same_set(const oracle_t *oracle, const char *what, uint32_t got,
		      uint32_t wanted)
{
	ck_assert_msg(got == wanted,
		      "%s%u nodes, %u of them with %u devices: %s: got the "
		      "set %#x, wanted %#x",
		      _describe(oracle->state), oracle->nodes, oracle->more,
		      oracle->many_devices, what, got, wanted);
}

static void _check_uneven(const oracle_t *oracle, const ways_t *ways,
			  const offer_t *offer)
{
	uint32_t many, set = _read_offer(oracle, offer, &many);
	place_cost_t cost;

	ck_assert_msg(_is_a_way(oracle, many, set) &&
			      _cost_of(oracle, many, set & ~many, &cost),
		      "%sgot the illegal set %#x", _describe(oracle->state),
		      set);
	ck_assert_msg((_weight_of(oracle, set) == ways->weight) &&
			      (cost.level == ways->level),
		      "%sset %#x: level %u, wanted weight %u, level %u",
		      _describe(oracle->state), set, cost.level,
		      (unsigned int) ways->weight, ways->level);
	if (_many_are_free(oracle, ways))
		_same_set(oracle, "nodes with more", many,
			  _best_many(oracle, ways));
	_same_set(oracle, "all nodes", set, _best_with(oracle, ways, many));
	if ((set == oracle->required) &&
	    !(set & ~(oracle->gives_many & oracle->gives_few)))
		ck_assert_msg(cost.damage == _least_damage(oracle, set),
			      "%sset %#x: damage %u, wanted %u",
			      _describe(oracle->state), set, cost.damage,
			      _least_damage(oracle, set));
}

/* One task more costs least where it is */
static void _check_required(const oracle_t *oracle, uint32_t best,
			    const offer_t *offer)
{
	uint32_t many, set = _read_offer(oracle, offer, &many);
	place_cost_t cost = {0};

	_same_set(oracle, "all nodes", set, best);
	ck_assert_msg(_is_a_way(oracle, many, set) &&
			      _cost_of(oracle, many, set & ~many, &cost) &&
			      (cost.damage == _least_damage(oracle, set)),
		      "%sset %#x, of it many %#x: damage %u, wanted %u",
		      _describe(oracle->state), set, many, cost.damage,
		      _least_damage(oracle, set));
}

/* The offer that the oracle expects next for such a spread, if any */
static void _expect(const oracle_t *oracle, const record_t *record,
		    uint32_t *next)
{
	const offer_t *offer = &record->offers[*next];
	static ways_t ways;
	uint32_t best = 0, many;

	if (oracle->more == oracle->nodes) {
		best = _best_even(oracle);
		if (!best)
			return;
	} else if (_requires(oracle)) {
		best = _best_required(oracle);
		if (!best)
			return;
	} else {
		_find_ways(oracle, &ways);
		if (!ways.exists)
			return;
	}
	/* after a choice is taken nothing more is wanted */
	if (record->taken && (*next == record->count))
		return;
	ck_assert_msg(*next < record->count, "%sno offer of %u nodes",
		      _describe(oracle->state), oracle->nodes);
	(*next)++;
	if (oracle->more == oracle->nodes)
		_same_set(oracle, "nodes", _read_offer(oracle, offer, &many),
			  best);
	else if (_requires(oracle))
		_check_required(oracle, best, offer);
	else
		_check_uneven(oracle, &ways, offer);
}

static uint32_t _least(uint32_t a, uint32_t b)
{
	return (a < b) ? a : b;
}

static uint32_t _most(uint32_t a, uint32_t b)
{
	return (a > b) ? a : b;
}

/* Follow the numbers of nodes in the documented order */
static void _follow_per_node(const state_t *state, const record_t *record,
			     uint32_t *next)
{
	uint32_t devices = state->request.per_node, cpus = 1, first;
	uint32_t least = _most(1, state->wanted.nodes_min);
	uint32_t most = _most(least, state->wanted.nodes_max);
	oracle_t oracle;

	_think(state, devices, devices, 1, 1, &oracle);
	least = _most(least, _size(oracle.required));
	most = _least(most, _size(oracle.gives_many));
	for (uint32_t i = 0; i < state->count; i++) {
		if (oracle.many[i].fits)
			cpus = _most(cpus, state->nodes[i].cpus);
	}
	first = (state->wanted.cpus + cpus - 1) / cpus;
	first = _most(_most(first, state->wanted.nodes_wanted), least);
	first = _least(first, most);
	for (uint32_t n = first; n <= most; n++) {
		oracle.nodes = oracle.more = n;
		if (n >= least)
			_expect(&oracle, record, next);
	}
	for (uint32_t n = first; n-- > least;) {
		oracle.nodes = oracle.more = n;
		_expect(&oracle, record, next);
	}
}

static void _follow_per_task(const state_t *state, const record_t *record,
			     uint32_t *next)
{
	const request_t *request = &state->request;
	uint32_t least = _most(1, state->wanted.nodes_min);
	uint32_t most = _most(least, state->wanted.nodes_max);

	for (uint32_t n = least; n <= _least(most, state->count); n++) {
		uint32_t tasks = request->tasks / n, more = request->tasks % n;
		uint32_t each = request->per_task;
		oracle_t oracle;

		if (!tasks || (request->tasks_per_node &&
			       (more || (tasks != request->tasks_per_node))))
			continue;
		if (more)
			_think(state, (tasks + 1) * each, tasks * each, more, n,
			       &oracle);
		else
			_think(state, tasks * each, tasks * each, n, n,
			       &oracle);
		_expect(&oracle, record, next);
	}
}

/* IN gang - of another state, whose work space it keeps */
static void _check_state(state_t *state, gang_t *gang)
{
	record_t record = {.state = state};
	uint32_t next = 0;
	int rc;

	ck_assert_int_eq(gang_renew(gang, state->fabric, &state->wanted,
				    state->nodes, state->count),
			 0);
	errno = 0;
	rc = gang_decide(gang, _record, &record);
	ck_assert_msg(rc == (record.taken ? 0 : -1),
		      "%sgot %d when a choice was %staken", _describe(state),
		      rc, record.taken ? "" : "not ");
	ck_assert_msg(!rc || (errno == ENOSPC), "%sgot errno %d",
		      _describe(state), errno);
	if (state->request.per_node)
		_follow_per_node(state, &record, &next);
	else
		_follow_per_task(state, &record, &next);
	ck_assert_msg(next == record.count, "%sgot %u offers, wanted %u",
		      _describe(state), record.count, next);
}

#define FABRICS_PER_TEST 60
#define STATES_PER_FABRIC 15

START_TEST(agrees_with_oracle)
{
	static state_t state;
	gang_t *gang = gang_create(NULL, &state.wanted, NULL, 0);

	ck_assert_ptr_nonnull(gang);
	sample_seed((uint64_t) _i);
	for (int i = 0; i < FABRICS_PER_TEST; i++) {
		_make_fabric(&state);
		for (int j = 0; j < STATES_PER_FABRIC; j++) {
			_make_nodes(&state);
			_make_request(&state);
			_check_state(&state, gang);
		}
		fabric_destroy(state.fabric);
	}
	gang_destroy(gang);
}
END_TEST

/*
 * Hand-made rows: two leaves of four below one top, and a node outside.
 * Nodes are trn2u.48xlarge.
 */

static const char rows_text[] = "SwitchName=s0 Nodes=n0,n1,n2,n3\n"
				"SwitchName=s1 Nodes=n4,n5,n6,n7\n"
				"SwitchName=top Switches=s0,s1\n";

#define ROW_NODES 9

static const struct {
	const char *name;
	/* by node: free devices (0-?) in hexadecimal, "-": no node; then
	 * "!": required, "+": heavier, "*": counted; "ring"
	 * before them: that tier */
	const char *nodes;
	uint32_t per_node; /* or per task, with tasks */
	uint32_t tasks;
	uint32_t nodes_min;
	uint32_t nodes_max;
	uint32_t nodes_wanted;
	uint32_t cpus; /* each node has 10 */
	bool whole;
	/* all choices offered, "devices:nodes", when none is taken */
	const char *offers;
} rows[] = {
	{"no nodes", "", 1, 0, 1, 1, 1, 0, false, ""},
	{"nothing free", "0 0 0", 1, 0, 1, 1, 1, 0, false, ""},
	{"more than the machine has", "ffff ffff", 17, 0, 1, 1, 1, 0, false,
	 ""},
	{"far more", "ffff ffff", 65535, 0, 1, 1, 1, 0, false, ""},
	{"per task, more than the machine has", "ffff ffff", 9, 2, 1, 1, 1, 0,
	 false, ""},
	{"fewer nodes than the least", "ffff ffff", 16, 0, 3, 9, 3, 0, false,
	 ""},
	{"numbers that are 0", "ffff ffff", 16, 0, 0, 0, 0, 0, false, "0"},
	{"most below least", "ffff ffff ffff", 16, 0, 2, 1, 0, 0, false, "0,1"},
	{"up, then down", "ffff ffff ffff ffff", 16, 0, 1, 4, 2, 0, false,
	 "0,1 0,1,2 0,1,2,3 0"},
	{"wanted above most", "ffff ffff ffff ffff", 16, 0, 2, 3, 9, 0, false,
	 "0,1,2 0,1"},
	{"CPUs of three", "ffff ffff ffff ffff", 16, 0, 1, 3, 1, 21, false,
	 "0,1,2 0,1 0"},
	{"more CPUs than there are", "ffff ffff", 16, 0, 1, 9, 1, UINT32_MAX,
	 false, "0,1 0"},
	{"one leaf before two", "ffff 0 ffff 0 ffff ffff ffff 0", 16, 0, 3, 3,
	 3, 0, false, "4,5,6"},
	{"least damage", "ffff 00ff ffff ffff", 8, 0, 1, 1, 1, 0, false, "1"},
	{"whole", "0 0 ffff ffff", 16, 0, 2, 2, 2, 0, true, "0,1"},
	{"counted", "0 0* ffff", 5, 0, 2, 2, 2, 0, false, "1,2"},
	{"counted, no such size", "0* 0* ffff*", 17, 0, 1, 1, 1, 0, false, ""},
	{"lighter first", "ffff+ ffff+ 0 0 ffff ffff", 16, 0, 1, 2, 1, 0, false,
	 "4 4,5"},
	{"heavier where needed", "ffff+ ffff+ 0 0 ffff 0", 16, 0, 2, 2, 2, 0,
	 false, "0,1"},
	/* n4 and n8 share no group */
	{"heavier where lighter ones are apart", "0 0 0 0 ffff ffff+ 0 0 ffff",
	 16, 0, 2, 2, 2, 0, false, "4,5"},
	/* n0 is there anyway: one more is needed, n4 suffices */
	{"a required node that is heavy", "ffff+! ffff+ 0 0 ffff 0 0 0", 16, 0,
	 2, 2, 2, 0, false, "0,4"},
	{"required sets the least", "ffff! ffff! ffff! ffff", 16, 0, 1, 4, 1, 0,
	 false, "0,1,2 0,1,2,3"},
	{"more required than the most", "ffff! ffff! ffff! ffff", 16, 0, 1, 2,
	 1, 0, false, ""},
	{"a required node that is full", "ffff 0! ffff", 16, 0, 1, 2, 1, 0,
	 false, ""},
	{"required apart", "ffff! 0 0 0 0 0 0 0 ffff!", 16, 0, 2, 2, 2, 0,
	 false, ""},
	{"outside, alone", "0 0 0 0 0 0 0 0 ffff", 16, 0, 1, 2, 1, 0, false,
	 "8"},
	{"per task, even", "ffff ffff ffff ffff", 4, 8, 1, 9, 1, 0, false,
	 "0,1 0,1;2 0,1,2,3"},
	{"as many nodes as tasks at most", "ffff ffff ffff", 16, 2, 1, 9, 1, 0,
	 false, "0,1"},
	{"fewer tasks than the least", "ffff ffff ffff", 4, 2, 3, 9, 1, 0,
	 false, ""},
	/* n8 alone would be best for two tasks */
	{"uneven, close together", "0 0 0 0 ffff ffff 0 0 00ff", 4, 3, 2, 2, 2,
	 0, false, "4;5"},
	{"uneven, one leaf", "00ff 0 0 0 ffff 000f 0 0", 4, 3, 2, 2, 2, 0,
	 false, "4;5"},
	{"uneven, both required", "ffff! ffff!", 4, 3, 2, 2, 2, 0, false,
	 "0;1"},
	{"uneven, required gives few", "ffff 000f! ffff", 4, 3, 2, 2, 2, 0,
	 false, "0;1"},
	{"uneven, two of three required give few", "ffff 000f! ffff 000f!", 4,
	 4, 3, 3, 3, 0, false, "0;1,3"},
	{"uneven, too many give few", "ffff 000f! 000f! 000f!", 4, 5, 3, 3, 3,
	 0, false, ""},
	{"uneven, across", "00ff 0 0 0 000f 0 0 0", 4, 3, 2, 2, 2, 0, false,
	 "0;4"},
	{"uneven, lighter first", "ffff+ 000f 0 0 ffff 000f+ 0 0", 4, 3, 2, 2,
	 2, 0, false, "4;1"},
	/* 0757 has a ring of 8 without one of 4: "ring" gives it many only */
	{"uneven, only many are left", "ring 0757 ffff", 4, 3, 2, 2, 2, 0,
	 false, "0;1"},
	{"uneven, only many are too many", "ring 0757 0757", 4, 3, 2, 2, 2, 0,
	 false, ""},
	{"uneven, required gives only many", "ring 0757 0757! ffff", 4, 3, 2, 2,
	 2, 0, false, "1;2"},
	{"uneven, only many beside required",
	 "ring 0757 ffff! ffff! 0 000f 0 0 0", 4, 4, 3, 3, 3, 0, false,
	 "0;1,2"},
	/* s0 has one that gives few, the job needs two */
	{"uneven, only many but for one", "ring 0757 ffff 0757 0 000f 0 0 0", 4,
	 4, 3, 3, 3, 0, false, "0;1,4"},
	{"uneven, no group", "0 0 0 0 0 0 0 00ff 000f", 4, 3, 2, 2, 2, 0, false,
	 ""},
};

static uint32_t _read_nodes(const char *text, gang_node_t *nodes)
{
	uint32_t count = 0;

	for (uint32_t i = 0; *text; i++) {
		gang_node_t *node = &nodes[count++];
		char *end;

		*node = (gang_node_t){.node = i,
				      .shape = shapes[TRN2U],
				      .free = strtoull(text, &end, 16),
				      .free_efas = UINT64_MAX,
				      .total = 16,
				      .cpus = 10,
				      .weight = 1};
		for (; *end && (*end != ' '); end++) {
			node->required |= (*end == '!');
			node->counted |= (*end == '*');
			node->weight += (*end == '+');
		}
		text = end + (*end == ' ');
	}
	return count;
}

/* Writes "0,1" or, when the first nodes give more, "0;1" */
static int _write_offer(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	sample_text_t *text = arg;

	for (uint32_t i = 0; i < count; i++) {
		const char *before = text->length ? " " : "";

		if (i)
			before = (devset_count(chosen[i]->pick.devices) <
				  devset_count(chosen[i - 1]->pick.devices))
					 ? ";"
					 : ",";
		sample_append(text, "%s%" PRIu32, before, chosen[i]->node);
	}
	return -1;
}

START_TEST(rows_are_offered)
{
	request_t request = {.tier = SHAPE_CONSECUTIVE,
			     .tasks = rows[_i].tasks,
			     .whole_node = rows[_i].whole};
	gang_request_t wanted = {.request = &request,
				 .nodes_min = rows[_i].nodes_min,
				 .nodes_max = rows[_i].nodes_max,
				 .nodes_wanted = rows[_i].nodes_wanted,
				 .cpus = rows[_i].cpus};
	fabric_t *fabric = _fabric_of(rows_text, ROW_NODES);
	gang_node_t nodes[ROW_NODES];
	bool ring = !strncmp(rows[_i].nodes, "ring ", 5);
	uint32_t count = _read_nodes(rows[_i].nodes + (ring ? 5 : 0), nodes);
	static sample_text_t text;
	gang_t *gang;

	if (ring)
		request.tier = SHAPE_RING;
	if (rows[_i].tasks)
		request.per_task = rows[_i].per_node;
	else
		request.per_node = rows[_i].per_node;
	gang = gang_create(fabric, &wanted, nodes, count);
	ck_assert_ptr_nonnull(gang);
	memset(&text, 0, sizeof(text));
	errno = 0;
	ck_assert_int_eq(gang_decide(gang, _write_offer, &text), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_msg(!strcmp(text.text, rows[_i].offers),
		      "%s: got \"%s\", wanted \"%s\"", rows[_i].name, text.text,
		      rows[_i].offers);
	gang_destroy(gang);
	fabric_destroy(fabric);
}
END_TEST

static int _never(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	(void) chosen;
	(void) count;
	(void) arg;
	ck_abort_msg("a choice was offered");
	return 0;
}

START_TEST(no_fabric)
{
	static const request_t requests[] = {
		{.per_node = 4, .tasks = 1, .tier = SHAPE_BEST},
		{.per_task = 4, .tasks = 2, .tier = SHAPE_BEST},
		{.per_task = 4, .tasks = 3, .tier = SHAPE_BEST},
		{.tasks = 1, .tier = SHAPE_BEST},
	};
	gang_request_t wanted = {.nodes_min = 2, .nodes_max = 2};
	gang_node_t nodes[2], *fitting[2];

	for (int i = 0; i < COUNT(requests); i++) {
		uint32_t count = _read_nodes("ffff ffff", nodes);
		gang_t *gang = gang_create(NULL, &wanted, nodes, count);

		ck_assert_ptr_nonnull(gang);
		wanted.request = &requests[i];
		errno = 0;
		ck_assert_int_eq(gang_decide(gang, _never, NULL), -1);
		ck_assert_int_eq(errno, ENOSPC);
		ck_assert_uint_eq(gang_fit(gang, 16, fitting), 2);
		ck_assert_ptr_eq(fitting[1], &nodes[1]);
		gang_destroy(gang);
	}
}
END_TEST

START_TEST(no_nodes)
{
	request_t request = {.per_node = 1, .tier = SHAPE_BEST, .tasks = 1};
	gang_request_t wanted = {.request = &request};
	fabric_t *fabric = _fabric_of(NULL, 1);
	gang_t *gang = gang_create(fabric, &wanted, NULL, 0);

	ck_assert_ptr_nonnull(gang);
	ck_assert_uint_eq(gang_fit(gang, 1, NULL), 0);
	errno = 0;
	ck_assert_int_eq(gang_decide(gang, _never, NULL), -1);
	ck_assert_int_eq(errno, ENOSPC);
	gang_destroy(gang);
	errno = EDOM;
	gang_destroy(NULL);
	ck_assert_int_eq(errno, EDOM);
	fabric_destroy(fabric);
}
END_TEST

/* What nodes have may change between two decisions */
START_TEST(decides_again)
{
	request_t request = {.per_node = 8, .tier = SHAPE_BEST, .tasks = 1};
	gang_request_t wanted = {.request = &request};
	fabric_t *fabric = _fabric_of(rows_text, ROW_NODES);
	gang_node_t nodes[2];
	uint32_t count = _read_nodes("00ff ffff", nodes);
	gang_t *gang = gang_create(fabric, &wanted, nodes, count);
	static const char *const texts[] = {"0", "1"};

	ck_assert_ptr_nonnull(gang);
	for (int i = 0; i < 2; i++) {
		sample_text_t text = {"", 0};

		gang_decide(gang, _write_offer, &text);
		ck_assert_str_eq(text.text, texts[i]);
		nodes[0].free = 0x1;
	}
	gang_destroy(gang);
	fabric_destroy(fabric);
}
END_TEST

/*
 * Many nodes
 */

#define MANY 10000
#define LEAF 100

static gang_node_t many_nodes[MANY];
static gang_node_t *many_fitting[MANY];

/* 100 leaves of 100 below 10 switches below one */
static fabric_t *_many_fabric(void)
{
	sample_text_t text = {"", 0};

	for (int i = 0; i < MANY / LEAF; i++)
		sample_append(&text, "SwitchName=s%d Nodes=%d-%d\n", i,
			      i * LEAF, (i + 1) * LEAF - 1);
	for (int i = 0; i < 10; i++) {
		sample_append(&text, "SwitchName=m%d Switches=", i);
		for (int j = 0; j < 10; j++)
			sample_append(&text, "%ss%d", j ? "," : "", 10 * i + j);
		sample_append(&text, "\n");
	}
	sample_append(&text,
		      "SwitchName=top Switches=m0,m1,m2,m3,m4,m5,m6,m7,m8,"
		      "m9\n");
	return _fabric_of(text.text, MANY);
}

static void _make_many(bool mixed)
{
	for (uint32_t i = 0; i < MANY; i++) {
		int machine = mixed ? (int) sample_random(MACHINES) : TRN2U;

		many_nodes[i] = (gang_node_t){
			.node = i,
			.shape = shapes[machine],
			.free = sample_random(4096) & _all_of(machine),
			.free_efas = sample_random(2) ? UINT64_MAX
						      : sample_random(65536),
			.total = machine_devices[machine],
			.cpus = 8,
			.weight = sample_random(2),
		};
	}
}

static uint32_t _position(const gang_node_t *node)
{
	return (uint32_t) (node - many_nodes);
}

/* Many more different sets than picks that are remembered, with and without
 * EFA interfaces, of shapes that differ while the masks are equal */
START_TEST(remembered_picks_are_right)
{
	request_t request = {.per_node = 1, .tier = SHAPE_CONNECTED};
	gang_request_t wanted = {
		.request = &request, .with_efa = _i % 2, .efa_per_node = 2};
	gang_t *gang;

	sample_seed((uint64_t) _i);
	_make_many(true);
	/* the same memory for all sizes */
	gang = gang_create(NULL, &wanted, many_nodes, MANY);
	ck_assert_ptr_nonnull(gang);
	for (unsigned int devices = 1; devices <= 4; devices++) {
		uint32_t count = gang_fit(gang, devices, many_fitting);
		uint32_t next = 0;

		for (uint32_t i = 0; i < MANY; i++) {
			const gang_node_t *node = &many_nodes[i];
			shape_pick_t pick = {0};
			uint32_t parts = 0;
			bool fits = !shape_pick_timed(
				node->shape, node->free, node->free_efas,
				wanted.with_efa, devices, request.tier, NULL, 0,
				&pick, &parts);
			pick.damage = parts;

			if (!fits ||
			    (wanted.with_efa && devset_count(pick.efas) != 2))
				continue;
			ck_assert_uint_lt(next, count);
			ck_assert_uint_eq(_position(many_fitting[next++]), i);
			ck_assert_uint_eq(node->pick.devices, pick.devices);
			ck_assert_uint_eq(node->pick.efas, pick.efas);
			ck_assert_uint_eq(node->pick.damage, pick.damage);
		}
		ck_assert_uint_eq(next, count);
	}
	gang_destroy(gang);
}
END_TEST

typedef struct {
	const fabric_t *fabric;
	uint32_t count;
	uint32_t more; /* nodes that must have twice the devices; 0: equal */
	uint32_t calls;
} many_t;

static void _cost_of_many(const many_t *many, gang_node_t *const *chosen,
			  place_cost_t *cost)
{
	static place_candidate_t set[MANY];

	for (uint32_t i = 0; i < many->count; i++)
		set[i] = (place_candidate_t){.node = chosen[i]->node,
					     .damage = chosen[i]->pick.damage,
					     .left = chosen[i]->left};
	ck_assert_int_eq(place_cost(many->fabric, set, many->count, cost), 0);
}

static bool _is_in(gang_node_t *const *chosen, uint32_t count,
		   const gang_node_t *node)
{
	for (uint32_t i = 0; i < count; i++) {
		if (chosen[i] == node)
			return true;
	}
	return false;
}

/* No node of the same leaf, not heavier, could take the place of one of the
 * choice and make it better */
static int _check_swaps(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	many_t *many = arg;
	static gang_node_t *swapped[MANY];
	uint64_t heaviest = 0;
	place_cost_t cost, other;

	ck_assert_uint_eq(count, many->count);
	ck_assert_uint_eq(many->calls++, 0);
	_cost_of_many(many, chosen, &cost);
	for (uint32_t i = 0; i < count; i++)
		heaviest = (chosen[i]->weight > heaviest) ? chosen[i]->weight
							  : heaviest;
	ck_assert_uint_eq(heaviest, 0);
	for (uint32_t i = 0; i < MANY; i += 1 + sample_random(40)) {
		gang_node_t *node = &many_nodes[i];
		uint32_t at = sample_random(count);

		if (!node->pick.devices || (node->weight > heaviest) ||
		    _is_in(chosen, count, node))
			continue;
		memcpy(swapped, chosen, count * sizeof(*chosen));
		swapped[at] = node;
		_cost_of_many(many, swapped, &other);
		ck_assert_int_le(place_cost_compare(&cost, &other), 0);
	}
	return 0;
}

static const uint32_t many_wanted[] = {1, 8, 64, 150, 3000};

START_TEST(many_nodes_per_node)
{
	request_t request = {.per_node = 2, .tier = SHAPE_CONSECUTIVE};
	gang_request_t wanted = {.request = &request,
				 .nodes_min = many_wanted[_i],
				 .nodes_max = many_wanted[_i],
				 .nodes_wanted = many_wanted[_i]};
	fabric_t *fabric = _many_fabric();
	many_t many = {.fabric = fabric, .count = many_wanted[_i]};
	gang_t *gang;

	sample_seed((uint64_t) _i);
	_make_many(false);
	gang = gang_create(fabric, &wanted, many_nodes, MANY);
	ck_assert_ptr_nonnull(gang);
	ck_assert_int_eq(gang_decide(gang, _check_swaps, &many), 0);
	ck_assert_uint_eq(many.calls, 1);
	gang_destroy(gang);
	fabric_destroy(fabric);
}
END_TEST

static bool _gives(const gang_node_t *node, unsigned int devices)
{
	shape_pick_t pick;

	return !node->weight && !shape_pick(node->shape, node->free, 0, false,
					    devices, SHAPE_CONSECUTIVE, &pick);
}

/* The lowest level at which a group of light nodes can hold the job */
static uint32_t _lowest_level(const many_t *many)
{
	uint32_t sizes[] = {LEAF, 10 * LEAF, MANY};

	for (uint32_t level = 1; level <= 3; level++) {
		uint32_t one = 0, two = 0;

		for (uint32_t i = 0; i < MANY; i++) {
			if (!(i % sizes[level - 1]))
				one = two = 0;
			one += _gives(&many_nodes[i], 1);
			two += _gives(&many_nodes[i], 2);
			if ((one >= many->count) && (two >= many->more))
				return level;
		}
	}
	return 0;
}

static int _check_spread(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	many_t *many = arg;
	place_cost_t cost;

	ck_assert_uint_eq(count, many->count);
	ck_assert_uint_eq(many->calls++, 0);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_eq(devset_count(chosen[i]->pick.devices),
				  (i < many->more) ? 2 : 1);
		ck_assert_uint_eq(chosen[i]->weight, 0);
	}
	_cost_of_many(many, chosen, &cost);
	ck_assert_uint_eq(cost.level, _lowest_level(many));
	return 0;
}

START_TEST(many_nodes_per_task)
{
	uint32_t nodes = many_wanted[_i] + 1, more = nodes / 3 + !(nodes / 3);
	request_t request = {.per_task = 1,
			     .tasks = nodes + more,
			     .tier = SHAPE_CONSECUTIVE};
	gang_request_t wanted = {
		.request = &request, .nodes_min = nodes, .nodes_max = nodes};
	fabric_t *fabric = _many_fabric();
	many_t many = {.fabric = fabric, .count = nodes, .more = more};
	gang_t *gang;

	sample_seed((uint64_t) _i);
	_make_many(false);
	gang = gang_create(fabric, &wanted, many_nodes, MANY);
	ck_assert_ptr_nonnull(gang);
	ck_assert_int_eq(gang_decide(gang, _check_spread, &many), 0);
	ck_assert_uint_eq(many.calls, 1);
	gang_destroy(gang);
	fabric_destroy(fabric);
}
END_TEST

typedef struct {
	uint32_t counts[64];
	uint32_t calls;
} counts_t;

static int _count_offer(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	counts_t *counts = arg;

	(void) chosen;
	ck_assert_uint_lt(counts->calls, 64);
	counts->counts[counts->calls++] = count;
	return -1;
}

static const struct {
	bool per_task;
	uint32_t required;
	uint32_t calls;
	uint32_t first;
} attempts[] = {
	{false, 0, 2 * GANG_ATTEMPTS_MAX, 40},
	/* the least number of nodes is now 50 */
	{false, 50, GANG_ATTEMPTS_MAX, 50},
	/* fewer nodes have not the devices */
	{true, 0, GANG_ATTEMPTS_MAX, MANY / 16},
};

START_TEST(attempts_are_bounded)
{
	request_t request = {.tier = SHAPE_CONSECUTIVE, .tasks = MANY};
	gang_request_t wanted = {.request = &request,
				 .nodes_min = 2,
				 .nodes_max = UINT32_MAX,
				 .nodes_wanted =
					 attempts[_i].required ? 1 : 40};
	fabric_t *fabric = _many_fabric();
	counts_t counts = {.calls = 0};
	gang_t *gang;

	_make_many(false);
	for (uint32_t i = 0; i < MANY; i++) {
		many_nodes[i].free = 0xffff;
		many_nodes[i].required = i < attempts[_i].required;
	}
	request.per_node = attempts[_i].per_task ? 0 : 16;
	request.per_task = attempts[_i].per_task ? 1 : 0;
	gang = gang_create(fabric, &wanted, many_nodes, MANY);
	ck_assert_ptr_nonnull(gang);
	ck_assert_int_eq(gang_decide(gang, _count_offer, &counts), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_uint_eq(counts.calls, attempts[_i].calls);
	for (uint32_t i = 0; i < counts.calls; i++) {
		uint32_t n = attempts[_i].first + i;

		if (i >= GANG_ATTEMPTS_MAX)
			n = attempts[_i].first - 1 - (i - GANG_ATTEMPTS_MAX);
		ck_assert_uint_eq(counts.counts[i], n);
	}
	gang_destroy(gang);
	fabric_destroy(fabric);
}
END_TEST

/* Two kinds of shapes at many addresses, so that some share a place in what
 * is remembered */
#define KINDS 400

START_TEST(equal_masks_of_different_shapes)
{
	static const char *const names[] = {"inf2.24xlarge", "inf2.8xlarge"};
	request_t request = {.per_node = 4, .tier = SHAPE_BEST};
	gang_request_t wanted = {.request = &request};
	static shape_t *kinds[KINDS];
	gang_t *gang;
	uint32_t count;

	_make_many(false);
	for (int i = 0; i < KINDS; i++) {
		profile_t *profile = _read_profile(names[i % 2]);

		kinds[i] = shape_create(profile);
		ck_assert_ptr_nonnull(kinds[i]);
		profile_destroy(profile);
		many_nodes[i].shape = kinds[i];
		many_nodes[i].free = 0x3f;
	}
	gang = gang_create(NULL, &wanted, many_nodes, KINDS);
	ck_assert_ptr_nonnull(gang);
	count = gang_fit(gang, 4, many_fitting);
	ck_assert_uint_eq(count, KINDS / 2);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(_position(many_fitting[i]), 2 * i);
	gang_destroy(gang);
	for (int i = 0; i < KINDS; i++)
		shape_destroy(kinds[i]);
}
END_TEST

/*
 * Memory
 */

static const struct {
	const char *nodes;
	uint32_t per_node;
	uint32_t per_task;
	uint32_t tasks;
	uint32_t count;
	uint32_t taken; /* bit n: node n */
} memory_rows[] = {
	{"ffff ffff", 4, 0, 1, 1, 0x1},
	{"ffff ffff ffff ffff ffff ffff", 4, 0, 1, 5, 0x1f},
	{"ffff ffff ffff ffff ffff ffff", 0, 4, 8, 4, 0xf},
	{"ffff ffff ffff ffff ffff ffff", 0, 4, 7, 5, 0x1f},
	/* The lightest are apart, so that several limits are tried; the
	 * heaviest would lose least */
	{"ffff ffff+ 000f++ 000f+++ 00ff++++ 0 0 0 ffff", 4, 0, 1, 2, 0x3},
	{"ffff ffff+ 000f++ 000f+++ 00ff++++ 0 0 0 ffff", 0, 4, 3, 2, 0x3},
};

/* Nothing of check, which allocates: an allocation may be due to fail */
static int _take(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	uint32_t *taken = arg;

	for (uint32_t i = 0; i < count; i++)
		*taken |= 1u << chosen[i]->node;
	return 0;
}

static gang_t *_create_at_last(const fabric_t *fabric,
			       const gang_request_t *wanted, gang_node_t *nodes,
			       uint32_t count)
{
	gang_t *gang = NULL;
	long n = 0;

	for (; !gang; n++) {
		errno = 0;
		failing_malloc_after(n);
		gang = gang_create(fabric, wanted, nodes, count);
		failing_malloc_after(-1);
		ck_assert(gang || errno == ENOMEM);
		ck_assert_int_lt(n, 100);
	}
	ck_assert_int_gt(n, 8);
	return gang;
}

START_TEST(out_of_memory)
{
	request_t request = {.per_node = memory_rows[_i].per_node,
			     .per_task = memory_rows[_i].per_task,
			     .tasks = memory_rows[_i].tasks,
			     .tier = SHAPE_CONSECUTIVE};
	gang_request_t wanted = {.request = &request,
				 .nodes_min = memory_rows[_i].count,
				 .nodes_max = memory_rows[_i].count};
	fabric_t *fabric = _fabric_of(rows_text, ROW_NODES);
	gang_node_t nodes[ROW_NODES];
	uint32_t count = _read_nodes(memory_rows[_i].nodes, nodes), taken = 0;
	gang_t *gang = _create_at_last(fabric, &wanted, nodes, count);
	long n = 0;

	for (; !taken; n++) {
		int rc;

		errno = 0;
		failing_malloc_after(n);
		rc = gang_decide(gang, _take, &taken);
		failing_malloc_after(-1);
		ck_assert_int_eq(rc, taken ? 0 : -1);
		ck_assert(taken || errno == ENOMEM);
		ck_assert_int_lt(n, 1000);
	}
	ck_assert_uint_eq(taken, memory_rows[_i].taken);
	ck_assert_int_gt(n, 2);
	gang_destroy(gang);
	fabric_destroy(fabric);
}
END_TEST

/* Each time more nodes than before, and too little memory at first */
START_TEST(renews_without_memory)
{
	request_t request = {
		.per_node = 16, .tasks = 1, .tier = SHAPE_CONSECUTIVE};
	gang_request_t wanted = {.request = &request};
	fabric_t *fabric = _fabric_of(rows_text, ROW_NODES);
	gang_node_t nodes[ROW_NODES];
	gang_t *gang = gang_create(NULL, &wanted, NULL, 0);
	uint32_t count = _read_nodes("0 0 0 0 0 0 0 ffff", nodes), taken = 0;
	int rc = -1;

	ck_assert_ptr_nonnull(gang);
	for (long n = 0; rc; n++) {
		errno = 0;
		failing_malloc_after(n);
		rc = gang_renew(gang, fabric, &wanted, nodes, count);
		failing_malloc_after(-1);
		ck_assert_int_eq(errno, rc ? ENOMEM : 0);
		ck_assert_int_eq(gang_decide(gang, _take, &taken), rc);
		ck_assert(rc || (n > 4));
		ck_assert_int_lt(n, 100);
	}
	ck_assert_uint_eq(taken, 0x80);
	gang_destroy(gang);
	fabric_destroy(fabric);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("gang");
	TCase *oracle = tcase_create("oracle");
	TCase *rest = tcase_create("rows");
	TCase *many = tcase_create("many");

	tcase_set_timeout(oracle, 120);
	tcase_add_unchecked_fixture(oracle, _make_shapes, _free_shapes);
	tcase_add_loop_test(oracle, agrees_with_oracle, 0, 40);
	suite_add_tcase(suite, oracle);
	tcase_set_timeout(rest, 60);
	tcase_add_unchecked_fixture(rest, _make_shapes, _free_shapes);
	tcase_add_loop_test(rest, rows_are_offered, 0, COUNT(rows));
	tcase_add_test(rest, no_fabric);
	tcase_add_test(rest, no_nodes);
	tcase_add_test(rest, decides_again);
	tcase_add_loop_test(rest, out_of_memory, 0, COUNT(memory_rows));
	tcase_add_test(rest, renews_without_memory);
	suite_add_tcase(suite, rest);
	tcase_set_timeout(many, 120);
	tcase_add_unchecked_fixture(many, _make_shapes, _free_shapes);
	tcase_add_loop_test(many, remembered_picks_are_right, 0, 2);
	tcase_add_loop_test(many, many_nodes_per_node, 0, COUNT(many_wanted));
	tcase_add_loop_test(many, many_nodes_per_task, 0, COUNT(many_wanted));
	tcase_add_loop_test(many, attempts_are_bounded, 0, COUNT(attempts));
	tcase_add_test(many, equal_masks_of_different_shapes);
	suite_add_tcase(suite, many);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
