/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "sample.h"
#include "place.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

/*
 * The oracle: a fabric described apart from lib/, and all subsets
 */

#define MODEL_NODES 12
#define MODEL_GROUPS 64
#define NO_GROUP (-1)

typedef struct {
	int node_count;
	int group_count;
	int node_group[MODEL_NODES];
	int parent[MODEL_GROUPS];
	int level[MODEL_GROUPS];
	bool ultraserver[MODEL_GROUPS];
	bool legal[MODEL_NODES][MODEL_NODES];
	bool has_ultraservers;
	int levels;
	sample_text_t text;
} _model_t;

static _model_t model;
static fabric_t *fabric;

static int _members_of(int group)
{
	int count = 0;

	for (int i = 0; i < model.node_count; i++)
		count += model.node_group[i] == group;
	return count;
}

static int _level_of(int group)
{
	int level = model.ultraserver[group] ? 1
		    : model.has_ultraservers ? 2
		    : _members_of(group)     ? 1
					     : 0;

	if (!_members_of(group))
		level = 0;
	for (int i = 0; i < model.group_count; i++)
		if (model.parent[i] == group && _level_of(i) + 1 > level)
			level = _level_of(i) + 1;
	return level;
}

static void _set_levels(void)
{
	model.levels = 0;
	for (int i = 0; i < model.group_count; i++) {
		model.level[i] = _level_of(i);
		if (model.level[i] > model.levels)
			model.levels = model.level[i];
	}
}

/* Number of the highest thing of at most that level above a node */
static int _part_of(int node, int level)
{
	int group = model.node_group[node], part = MODEL_GROUPS + node;

	while (group != NO_GROUP && model.level[group] <= level) {
		part = group;
		group = model.parent[group];
	}
	return part;
}

static bool _is_above(int group, int node)
{
	int above = model.node_group[node];

	while (above != NO_GROUP && above != group)
		above = model.parent[above];
	return above == group;
}

static int _count_bits(unsigned int set)
{
	int count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

static int _model_common_level(unsigned int set)
{
	int best = -1;

	if (_count_bits(set) == 1)
		return 0;
	for (int group = 0; group < model.group_count; group++) {
		bool all = true;

		for (int i = 0; i < model.node_count; i++)
			if ((set >> i & 1) && !_is_above(group, i))
				all = false;
		if (all && (best < 0 || model.level[group] < best))
			best = model.level[group];
	}
	return best;
}

static uint32_t _parts(unsigned int set, int level)
{
	uint32_t count = 0;

	for (int i = 0; i < model.node_count; i++) {
		bool first = set >> i & 1;

		for (int j = 0; j < i; j++)
			if ((set >> j & 1) &&
			    _part_of(i, level) == _part_of(j, level))
				first = false;
		count += first;
	}
	return count;
}

static uint32_t _model_least(int count)
{
	bool used[MODEL_GROUPS] = {false};
	uint32_t units = 0;

	while (count > 0) {
		int best = NO_GROUP;

		for (int i = 0; i < model.group_count; i++)
			if (model.ultraserver[i] && !used[i] &&
			    (best == NO_GROUP ||
			     _members_of(i) > _members_of(best)))
				best = i;
		if (best != NO_GROUP)
			used[best] = true;
		count -= best == NO_GROUP ? 1 : _members_of(best);
		units++;
	}
	return units;
}

static uint32_t _model_illegal(unsigned int set)
{
	uint32_t count = 0;

	for (int group = 0; group < model.group_count; group++) {
		int taken[MODEL_NODES], n = 0;

		for (int i = 0; i < model.node_count; i++)
			if ((set >> i & 1) && model.node_group[i] == group)
				taken[n++] = i;
		if (model.ultraserver[group] && n == 2 &&
		    _members_of(group) > 2 && !model.legal[taken[0]][taken[1]])
			count++;
	}
	return count;
}

/* RET false when no group holds the set */
static bool _model_cost(unsigned int set, const place_candidate_t *of,
			place_cost_t *cost)
{
	int level = _model_common_level(set);

	memset(cost, 0, sizeof(*cost));
	if (level < 0)
		return false;
	cost->level = (uint32_t) level;
	for (int i = 1; i <= model.levels; i++)
		cost->groups[FABRIC_LEVELS_MAX - i] = _parts(set, i);
	if (model.has_ultraservers)
		cost->ultraservers = _parts(set, 1) -
				     _model_least(_count_bits(set)) +
				     _model_illegal(set);
	for (int i = 0; i < model.node_count; i++)
		if (set >> i & 1) {
			cost->last += of[i].last;
			cost->damage += of[i].damage;
			cost->left += of[i].left;
		}
	return true;
}

static uint64_t _member(const place_cost_t *cost, int index)
{
	const uint32_t *groups = cost->groups;

	switch (index) {
	case 0:
		return cost->level;
	case 1:
		return cost->ultraservers;
	case 2:
		return cost->last;
	case FABRIC_LEVELS_MAX + 3:
		return cost->damage;
	case FABRIC_LEVELS_MAX + 4:
		return cost->left;
	default:
		return groups[index - 3];
	}
}

static int _model_compare(const place_cost_t *a, const place_cost_t *b)
{
	for (int i = 0; i < FABRIC_LEVELS_MAX + 5; i++)
		if (_member(a, i) != _member(b, i))
			return _member(a, i) < _member(b, i) ? -1 : 1;
	return 0;
}

/* The same as a rule has it */
static int _model_compare_under(const place_rule_t *rule, const place_cost_t *a,
				const place_cost_t *b)
{
	place_cost_t x = *a, y = *b;

	if (rule->ultraserver == PLACE_IGNORE)
		x.ultraservers = y.ultraservers = 0;
	return _model_compare(&x, &y);
}

static bool _model_allows(const place_rule_t *rule, const place_cost_t *cost,
			  int want)
{
	if (rule->ultraserver != PLACE_REQUIRE)
		return true;
	return !cost->ultraservers && cost->last <= rule->last_max &&
	       (want == 1 || model.has_ultraservers);
}

/* True when the sorted list of a comes before that of b; equal sizes */
static bool _list_is_lower(unsigned int a, unsigned int b)
{
	for (int i = 0; i < MODEL_NODES; i++)
		if ((a >> i & 1) != (b >> i & 1))
			return a >> i & 1;
	return false;
}

/* The best of all subsets; 0: there is none */
static unsigned int _oracle(const place_candidate_t *of, unsigned int allowed,
			    unsigned int required, int want, int level_max,
			    const place_rule_t *rule, place_cost_t *best)
{
	unsigned int best_set = 0;
	place_cost_t cost;

	for (unsigned int set = 1; set < 1u << model.node_count; set++) {
		int order;

		if ((set & ~allowed) || (required & ~set) ||
		    _count_bits(set) != want || !_model_cost(set, of, &cost) ||
		    (int) cost.level > level_max ||
		    !_model_allows(rule, &cost, want))
			continue;
		order = best_set ? _model_compare_under(rule, &cost, best) : -1;
		if (order > 0 || (order == 0 && !_list_is_lower(set, best_set)))
			continue;
		best_set = set;
		*best = cost;
	}
	return best_set;
}

/*
 * Random fabrics
 */

static void _write_group(int group)
{
	bool first = true;

	sample_append(&model.text, "SwitchName=%c%d ",
		      model.ultraserver[group] ? 'u' : 'g', group);
	for (int i = 0; i < model.node_count; i++)
		if (model.node_group[i] == group) {
			sample_append(&model.text, "%sn%d",
				      first ? "Nodes=" : ",", i);
			first = false;
		}
	for (int i = 0; i < group; i++)
		if (model.parent[i] == group) {
			sample_append(&model.text, "%s%c%d",
				      first ? "Switches=" : ",",
				      model.ultraserver[i] ? 'u' : 'g', i);
			first = false;
		}
	sample_append(&model.text, "\n");
}

/* Put the groups from first on, but for some, below new ones */
static void _add_layer(int first)
{
	int end = model.group_count, chosen = 1 + (int) sample_random(3);

	for (int i = first; i < end; i++)
		if (model.parent[i] == NO_GROUP && sample_random(5))
			model.parent[i] = end + (int) sample_random(chosen);
	for (int i = end; i < end + chosen; i++) {
		bool used = false;

		for (int j = 0; j < end; j++)
			used |= model.parent[j] == i;
		if (used) {
			/* Close the gap that unused numbers left */
			int number = model.group_count++;

			for (int j = 0; j < end; j++)
				if (model.parent[j] == i)
					model.parent[j] = number;
			model.parent[number] = NO_GROUP;
		}
	}
}

static void _add_leaves(bool by_glob)
{
	int leaves = 1 + (int) sample_random(5), seen[8];

	memset(seen, -1, sizeof(seen));
	for (int i = 0; i < model.node_count; i++) {
		int leaf = (int) sample_random(leaves);

		model.node_group[i] = NO_GROUP;
		if (sample_random(30) == 0)
			continue;
		if (seen[leaf] < 0) {
			seen[leaf] = model.group_count++;
			model.parent[seen[leaf]] = NO_GROUP;
			model.ultraserver[seen[leaf]] =
				by_glob && sample_random(2);
		}
		model.node_group[i] = seen[leaf];
	}
}

/* Nodes of an UltraServer by name are paired in their order */
static void _pair_by_glob(int group)
{
	int taken[MODEL_NODES], n = 0;

	for (int i = 0; i < model.node_count; i++)
		if (model.node_group[i] == group)
			taken[n++] = i;
	for (int i = 0; i + 1 < n; i += 2)
		model.legal[taken[i]][taken[i + 1]] =
			model.legal[taken[i + 1]][taken[i]] = true;
}

/* Make an UltraServer of up to four of the nodes of a leaf */
static void _add_ultraserver(int leaf)
{
	uint32_t members[4], count = 0, most = sample_random(2) ? 4 : 2;
	uint8_t pairs[3][2];
	uint32_t pair_count;
	neuron_error_t err = {""};
	char name[16];

	for (int i = model.node_count - 1; i >= 0; i--)
		if (model.node_group[i] == leaf && count < most &&
		    sample_random(4))
			members[count++] = (uint32_t) i;
	if (!count)
		return;
	pair_count = count < 2 ? 0 : sample_random(3);
	for (uint32_t i = 0; i < pair_count; i++) {
		uint32_t a = sample_random(count), b = (a + 1) % count;

		pairs[i][0] = (uint8_t) a;
		pairs[i][1] = (uint8_t) b;
		model.legal[members[a]][members[b]] = true;
		model.legal[members[b]][members[a]] = true;
	}
	snprintf(name, sizeof(name), "us%d", model.group_count);
	ck_assert_msg(!fabric_add_ultraserver(fabric, name, members, count,
					      pairs, pair_count, &err),
		      "%s", err.text);
	model.ultraserver[model.group_count] = true;
	model.parent[model.group_count] = leaf;
	for (uint32_t i = 0; i < count; i++)
		model.node_group[members[i]] = model.group_count;
	model.group_count++;
}

static void _make_fabric(void)
{
	int kind = (int) sample_random(3), layers, leaves;

	memset(&model, 0, sizeof(model));
	model.node_count = 1 + (int) sample_random(MODEL_NODES);
	_add_leaves(kind == 1);
	leaves = model.group_count;
	layers = sample_random(10) ? (int) sample_random(4)
				   : (int) sample_random(8);
	for (int i = 0; i < layers && model.group_count; i++)
		_add_layer(0);
	for (int i = 0; i < model.group_count; i++) {
		_write_group(i);
		if (model.ultraserver[i])
			_pair_by_glob(i);
	}
	if (!model.group_count) {
		model.parent[model.group_count++] = NO_GROUP;
		for (int i = 0; i < model.node_count; i++)
			model.node_group[i] = 0;
		leaves = 1;
	}
	fabric = sample_fabric(model.text.text, (uint32_t) model.node_count);
	for (int i = 0; kind == 2 && i < leaves; i++)
		for (int j = (int) sample_random(3); j > 0; j--)
			_add_ultraserver(i);
	for (int i = 0; i < model.group_count; i++)
		model.has_ultraservers |= model.ultraserver[i];
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	_set_levels();
}

/*
 * Random states against the oracle
 */

typedef struct {
	place_candidate_t of[MODEL_NODES]; /* by node */
	place_candidate_t list[MODEL_NODES]; /* shuffled */
	uint32_t count;
	unsigned int allowed;
	unsigned int required;
	uint32_t want;
	uint32_t level_max;
	place_rule_t rule;
} _state_t;

static void _make_state(_state_t *state)
{
	static const uint32_t damages[] = {0, 1, 65535, 65536};
	uint32_t spread = 1 + sample_random(3);
	uint32_t required = sample_random(4) ? 0 : 1 + sample_random(3);
	bool last = !sample_random(3);

	memset(state, 0, sizeof(*state));
	for (uint32_t i = 0; i < (uint32_t) model.node_count; i++) {
		place_candidate_t *candidate = &state->of[i];
		uint32_t at;

		if (!sample_random(8))
			continue;
		candidate->node = i;
		candidate->damage = spread == 3 ? damages[sample_random(4)]
						: sample_random(spread);
		candidate->left =
			spread == 3 ? sample_random(65) : sample_random(2);
		candidate->required = required && !sample_random(4);
		required -= candidate->required;
		candidate->last = last && sample_random(2);
		state->allowed |= 1u << i;
		if (candidate->required)
			state->required |= 1u << i;
		at = sample_random(state->count + 1);
		state->list[state->count++] = state->list[at];
		state->list[at] = *candidate;
	}
	state->want = 1 + sample_random(state->count ? state->count : 1);
	if ((uint32_t) _count_bits(state->required) > state->want)
		state->want = (uint32_t) _count_bits(state->required);
	state->level_max = sample_random(4) ? FABRIC_LEVELS_MAX
					    : sample_random(model.levels + 2);
	state->rule.ultraserver = sample_random(3);
	state->rule.last_max = sample_random(2) ? sample_random(4) : UINT32_MAX;
}

static const char *_describe(const _state_t *state)
{
	static sample_text_t text;

	text.length = 0;
	sample_append(&text, "%swant %u level_max %u rule %d last_max %u of",
		      model.text.text, state->want, state->level_max,
		      (int) state->rule.ultraserver, state->rule.last_max);
	for (uint32_t i = 0; i < state->count; i++)
		sample_append(&text, " n%u:%u/%u%s%s", state->list[i].node,
			      state->list[i].damage, state->list[i].left,
			      state->list[i].required ? "!" : "",
			      state->list[i].last ? "last" : "");
	for (int i = 0; i < model.node_count; i++)
		sample_append(&text, "; n%d in %d", i, model.node_group[i]);
	return text.text;
}

static const char *_cost_text(const place_cost_t *cost)
{
	static char texts[2][256];
	static int turn;
	char *text = texts[turn = !turn];
	int n = 0;

	for (int i = 0; i < FABRIC_LEVELS_MAX + 5; i++)
		n += snprintf(text + n, sizeof(texts[0]) - (size_t) n, "%llu ",
			      (unsigned long long) _member(cost, i));
	return text;
}

static void _check_state(const _state_t *state)
{
	place_cost_t wanted = {0}, got = {0}, again;
	place_candidate_t set[MODEL_NODES];
	uint32_t picked[MODEL_NODES];
	neuron_error_t err = {""};
	unsigned int best, set_got = 0;
	int rc;

	best = _oracle(state->of, state->allowed, state->required,
		       (int) state->want, (int) state->level_max, &state->rule,
		       &wanted);
	errno = 0;
	rc = place_nodes(fabric, state->list, state->count, state->want,
			 state->level_max, &state->rule, picked, &got, &err);
	if (!best) {
		ck_assert_msg(rc == -1 && errno == ENOSPC && err.text[0],
			      "%s: got %d, wanted ENOSPC", _describe(state),
			      rc);
		return;
	}
	ck_assert_msg(!rc, "%s: got the error \"%s\"", _describe(state),
		      err.text);
	for (uint32_t i = 0; i < state->want; i++) {
		ck_assert_uint_lt(picked[i], state->count);
		set[i] = state->list[picked[i]];
		ck_assert(!i || set[i - 1].node < set[i].node);
		set_got |= 1u << set[i].node;
	}
	ck_assert_msg(!_model_compare(&got, &wanted),
		      "%s:\ngot cost %s (set %#x)\nwanted   %s (set %#x)",
		      _describe(state), _cost_text(&got), set_got,
		      _cost_text(&wanted), best);
	ck_assert_msg(set_got == best, "%s: got set %#x, wanted %#x",
		      _describe(state), set_got, best);
	ck_assert_int_eq(place_cost(fabric, set, state->want, &again), 0);
	ck_assert_int_eq(place_cost_compare(&again, &wanted), 0);
}

/* place_cost() of any set, good or bad */
static void _check_cost(const _state_t *state)
{
	place_candidate_t set[MODEL_NODES];
	place_cost_t wanted, got, other;
	unsigned int bits = 0;
	uint32_t count = 0;
	bool exists;

	for (uint32_t i = 0; i < state->count; i++)
		if (sample_random(2)) {
			bits |= 1u << state->list[i].node;
			set[count++] = state->list[i];
		}
	if (!count)
		return;
	exists = _model_cost(bits, state->of, &wanted);
	errno = 0;
	if (place_cost(fabric, set, count, &got) < 0) {
		ck_assert_msg(!exists && errno == ENOTSUP,
			      "%s set %#x: refused", _describe(state), bits);
		return;
	}
	ck_assert_msg(exists && !_model_compare(&got, &wanted),
		      "%s set %#x:\ngot    %s\nwanted %s", _describe(state),
		      bits, _cost_text(&got), _cost_text(&wanted));
	if (place_cost(fabric, set, 1, &other) == 0)
		ck_assert_int_eq(place_cost_compare(&got, &other),
				 _model_compare(&got, &other));
}

#define FABRICS_PER_TEST 40
#define STATES_PER_FABRIC 12

START_TEST(agrees_with_oracle)
{
	_state_t state;

	sample_seed((uint64_t) _i);
	for (int i = 0; i < FABRICS_PER_TEST; i++) {
		_make_fabric();
		for (int j = 0; j < STATES_PER_FABRIC; j++) {
			_make_state(&state);
			_check_state(&state);
			_check_cost(&state);
		}
		fabric_destroy(fabric);
	}
}
END_TEST

/*
 * Hand-made rows: two UltraServers of four and a plain leaf below one top
 */

static const char rows_text[] = "SwitchName=u0 Nodes=n0,n1,n2,n3\n"
				"SwitchName=u1 Nodes=n4,n5,n6,n7\n"
				"SwitchName=s0 Switches=u0,u1\n"
				"SwitchName=s1 Nodes=n8,n9,n10\n"
				"SwitchName=top Switches=s0,s1\n";

static const struct {
	const char *name;
	/* by node, "-": no candidate; damage; "!": required */
	const char *nodes;
	uint32_t want;
	uint32_t level_max;
	const char *picked; /* or NULL */
	uint32_t level;
	uint32_t ultraservers;
	place_ultraserver_t rule;
} rows[] = {
	{"one: lowest", "1 1 1 1 1 1 1 1 1 1 1", 1, 0, "0", 0, 0, PLACE_PREFER},
	{"one: least damage", "1 1 1 0 1 1 1 0 1 1 1", 1, 9, "3", 0, 0,
	 PLACE_PREFER},
	{"one: the required", "1 1 1 0 1 1 1 9! 1 1 1", 1, 9, "7", 0, 0,
	 PLACE_PREFER},
	{"pair: first legal", "1 1 1 1 1 1 1 1 1 1 1", 2, 9, "0 1", 1, 0,
	 PLACE_PREFER},
	{"pair: legal before cheap", "0 9 0 9 9 9 9 9 0 0 0", 2, 9, "0 1", 1, 0,
	 PLACE_PREFER},
	{"pair: cheapest legal", "1 1 0 0 1 1 1 1 1 1 1", 2, 9, "2 3", 1, 0,
	 PLACE_PREFER},
	{"pair: illegal only in u0", "1 - 1 - - - - - 0 0 -", 2, 9, "0 2", 1, 1,
	 PLACE_PREFER},
	{"pair: in u1 when u0 has none", "0 - 0 - 9 9 - - 0 0 -", 2, 9, "4 5",
	 1, 0, PLACE_PREFER},
	{"pair: required illegal", "1 1! 1! 1 1 1 1 1 1 1 1", 2, 9, "1 2", 1, 1,
	 PLACE_PREFER},
	{"pair: one required", "0 0 0 9! 0 0 0 0 0 0 0", 2, 9, "2 3", 1, 0,
	 PLACE_PREFER},
	{"three: cheapest", "9 1 1 1 1 1 1 1 0 0 0", 3, 9, "1 2 3", 1, 0,
	 PLACE_PREFER},
	{"four: whole", "9 1 1 1 1 1 1 1 1 1 1", 4, 9, "4 5 6 7", 1, 0,
	 PLACE_PREFER},
	{"five: legal pair and three", "1 1 1 1 1 0 0 0 0 0 0", 5, 9,
	 "0 1 5 6 7", 2, 0, PLACE_PREFER},
	{"six: legal pair", "0 0 0 0 9 0 9 0 0 0 0", 6, 9, "0 1 2 3 4 5", 2, 0,
	 PLACE_PREFER},
	{"across", "1 1 1 1 1 1 1 1 1 1 1", 9, 9, "0 1 2 3 4 5 6 7 8", 3, 0,
	 PLACE_PREFER},
	{"level 1 is too low", "1 1 1 - - 1 1 1 1 1 1", 4, 1, NULL, 0, 0,
	 PLACE_PREFER},
	{"level 2 is too low", "1 - - - - - - - 1 1 -", 3, 2, NULL, 0, 0,
	 PLACE_PREFER},
	{"required apart", "1! 1 1 1 1! 1 1 1 1 1 1", 2, 1, NULL, 0, 0,
	 PLACE_PREFER},
	{"required apart, higher", "1! 1 1 1 1! 1 1 1 1 1 1", 2, 2, "0 4", 2, 1,
	 PLACE_PREFER},
	{"none at all", "- - - - - - - - - - -", 1, 9, NULL, 0, 0,
	 PLACE_PREFER},
	{"too few", "1 1 - - - - - - - - -", 3, 9, NULL, 0, 0, PLACE_PREFER},
	{"require: one, anywhere", "1 1 1 1 1 1 1 1 0 1 1", 1, 9, "8", 0, 0,
	 PLACE_REQUIRE},
	{"require: no illegal pair", "0 - 0 - - - - - 0 0 -", 2, 9, NULL, 0, 0,
	 PLACE_REQUIRE},
	{"require: not outside", "- - - - - - - - 0 0 0", 2, 9, NULL, 0, 0,
	 PLACE_REQUIRE},
	{"require: not five of three", "0 0 - - 0 0 - - 0 0 0", 5, 9, NULL, 0,
	 0, PLACE_REQUIRE},
	{"require: a whole one though higher", "0 0 0 - 0 0 0 - 0 0 0", 7, 9,
	 NULL, 0, 0, PLACE_REQUIRE},
	{"require: five of two", "9 9 9 9 9 - - - 0 0 0", 5, 9, "0 1 2 3 4", 2,
	 0, PLACE_REQUIRE},
	{"require: required illegal", "1 1! 1! 1 1 1 1 1 1 1 1", 2, 9, NULL, 0,
	 0, PLACE_REQUIRE},
	{"require: too low", "1 1 1 1 1 1 1 1 1 1 1", 5, 1, NULL, 0, 0,
	 PLACE_REQUIRE},
	{"require: nine with one outside", "1 1 1 1 1 1 1 1 9 0 9", 9, 9,
	 "0 1 2 3 4 5 6 7 9", 3, 0, PLACE_REQUIRE},
	{"ignore: illegal and cheap", "0 9 0 9 9 9 9 9 0 0 0", 2, 9, "0 2", 1,
	 1, PLACE_IGNORE},
	{"ignore: still fewest levels", "9 9 9 9 9 9 9 9 0 0 0", 4, 9,
	 "0 1 2 3", 1, 0, PLACE_IGNORE},
	{"prefer: whole before fewer leaves", "0 0 0 - 0 - - - 0 0 0", 5, 9,
	 "0 1 2 4 8", 3, 1, PLACE_PREFER},
};

static uint32_t _read_candidates(const char *text, place_candidate_t *to)
{
	uint32_t count = 0;

	for (uint32_t node = 0; *text; node++) {
		char *end = NULL;

		if (*text == '-') {
			text += 1;
		} else {
			to[count] = (place_candidate_t){.node = node};
			to[count].damage = (uint32_t) strtoul(text, &end, 10);
			to[count].required = *end == '!';
			text = end + (*end == '!');
			count++;
		}
		text += *text == ' ';
	}
	return count;
}

START_TEST(rows_are_placed)
{
	fabric_t *plain = sample_fabric(rows_text, 11);
	place_candidate_t candidates[11];
	uint32_t count = _read_candidates(rows[_i].nodes, candidates);
	uint32_t picked[11];
	place_cost_t cost;
	place_rule_t rule = {rows[_i].rule, UINT32_MAX};
	neuron_error_t err = {""};
	sample_text_t got = {"", 0};
	int rc;

	ck_assert_int_eq(fabric_finish(plain, NULL), 0);
	rc = place_nodes(plain, candidates, count, rows[_i].want,
			 rows[_i].level_max, &rule, picked, &cost, &err);
	if (!rows[_i].picked) {
		ck_assert_msg(rc == -1 && errno == ENOSPC,
			      "%s: got %d, wanted ENOSPC", rows[_i].name, rc);
		ck_assert_ptr_nonnull(strstr(err.text, "the job needs "));
	} else {
		ck_assert_msg(!rc, "%s: got the error \"%s\"", rows[_i].name,
			      err.text);
		for (uint32_t i = 0; i < rows[_i].want; i++)
			sample_append(&got, "%s%u", i ? " " : "",
				      candidates[picked[i]].node);
		ck_assert_msg(!strcmp(got.text, rows[_i].picked),
			      "%s: got %s, wanted %s", rows[_i].name, got.text,
			      rows[_i].picked);
		ck_assert_uint_eq(cost.level, rows[_i].level);
		ck_assert_uint_eq(cost.ultraservers, rows[_i].ultraservers);
	}
	fabric_destroy(plain);
}
END_TEST

/*
 * Misuse
 */

static const struct {
	const char *name;
	place_candidate_t candidates[2];
	uint32_t count;
	uint32_t want;
	int errnum;
	const char *error;
} bad[] = {
	{"want 0",
	 {{0, 0, 0, false, false}},
	 1,
	 0,
	 EINVAL,
	 "the job wants 0 nodes and requires 0 of them; it must want at least "
	 "one and all that it requires"},
	{"more required",
	 {{0, 0, 0, true, false}, {1, 0, 0, true, false}},
	 2,
	 1,
	 EINVAL,
	 "the job wants 1 nodes and requires 2 of them; it must want at least "
	 "one and all that it requires"},
	{"node out of range",
	 {{11, 0, 0, false, false}},
	 1,
	 1,
	 EINVAL,
	 "candidate 0 is node 11, but the fabric has only 11"},
	{"node far out of range",
	 {{UINT32_MAX, 0, 0, false, false}},
	 1,
	 1,
	 EINVAL,
	 "candidate 0 is node 4294967295, but the fabric has only 11"},
	{"node twice",
	 {{3, 0, 0, false, false}, {3, 0, 0, false, false}},
	 2,
	 1,
	 EINVAL,
	 "node 3 is a candidate twice"},
	{"damage",
	 {{3, 65537, 0, false, false}},
	 1,
	 1,
	 EINVAL,
	 "candidate 0 has damage 65537 and left 0, at most 65536 and 64 are "
	 "possible"},
	{"left",
	 {{3, 65536, 65, false, false}},
	 1,
	 1,
	 EINVAL,
	 "candidate 0 has damage 65536 and left 65, at most 65536 and 64 are "
	 "possible"},
	{"no candidates",
	 {{0, 0, 0, false, false}},
	 0,
	 1,
	 ENOSPC,
	 "the job needs 1 nodes, but only 0 could run it"},
	{"want too much",
	 {{0, 0, 0, false, false}},
	 1,
	 UINT32_MAX,
	 ENOSPC,
	 "the job needs 4294967295 nodes, but only 1 could run it"},
};

START_TEST(misuse_is_refused)
{
	fabric_t *plain = sample_fabric(rows_text, 11);
	uint32_t picked[2] = {77, 77};
	place_cost_t cost = {.level = 77};
	neuron_error_t err = {""};
	int rc;

	ck_assert_int_eq(fabric_finish(plain, NULL), 0);
	for (int with = 0; with < 2; with++) {
		errno = 0;
		rc = place_nodes(plain, bad[_i].candidates, bad[_i].count,
				 bad[_i].want, 9, NULL, picked,
				 with ? &cost : NULL, with ? &err : NULL);
		ck_assert_msg(rc == -1 && errno == bad[_i].errnum,
			      "%s: got %d errno %d, wanted errno %d",
			      bad[_i].name, rc, errno, bad[_i].errnum);
	}
	ck_assert_str_eq(err.text, bad[_i].error);
	ck_assert_uint_eq(picked[0], 77);
	ck_assert_uint_eq(cost.level, 77);
	fabric_destroy(plain);
}
END_TEST

START_TEST(null_is_refused)
{
	fabric_t *plain = sample_fabric(rows_text, 11);
	place_candidate_t one = {.node = 1}, far = {.node = 11};
	uint32_t picked;
	place_cost_t cost;

	ck_assert_int_eq(fabric_finish(plain, NULL), 0);
	ck_assert_int_eq(
		place_nodes(NULL, &one, 1, 1, 9, NULL, &picked, NULL, NULL),
		-1);
	ck_assert_int_eq(
		place_nodes(plain, NULL, 1, 1, 9, NULL, &picked, NULL, NULL),
		-1);
	ck_assert_int_eq(
		place_nodes(plain, &one, 1, 1, 9, NULL, NULL, NULL, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(place_cost(plain, &one, 0, &cost), -1);
	ck_assert_int_eq(place_cost(plain, &far, 1, &cost), -1);
	ck_assert_int_eq(place_cost(plain, NULL, 1, &cost), -1);
	ck_assert_int_eq(place_cost(plain, &one, 1, NULL), -1);
	ck_assert_int_eq(place_cost(NULL, &one, 1, &cost), -1);
	ck_assert_int_eq(errno, EINVAL);
	fabric_destroy(plain);
}
END_TEST

START_TEST(damage_sum_is_bounded)
{
	static place_candidate_t all[FABRIC_NODES_MAX];
	static uint32_t picked[FABRIC_NODES_MAX];
	fabric_t *plain = sample_fabric(NULL, FABRIC_NODES_MAX);
	place_cost_t cost;

	ck_assert_int_eq(fabric_finish(plain, NULL), 0);
	for (uint32_t i = 0; i < FABRIC_NODES_MAX; i++)
		all[i] = (place_candidate_t){i, PLACE_DAMAGE_MAX,
					     PLACE_LEFT_MAX, true, true};
	ck_assert_int_eq(place_nodes(plain, all, FABRIC_NODES_MAX,
				     FABRIC_NODES_MAX, 1, NULL, picked, &cost,
				     NULL),
			 0);
	ck_assert_uint_eq(cost.damage, UINT32_MAX);
	ck_assert_uint_eq(cost.left, FABRIC_NODES_MAX * PLACE_LEFT_MAX);
	fabric_destroy(plain);
}
END_TEST

/*
 * Many nodes: costs of several words. Two halves, each a chain of the deepest
 * kind, so that all that can differ is how many nodes each half gives.
 */

#define HALF 2000

static int _lookup_half(const char *name, void *arg)
{
	(void) arg;
	return (int) strtol(name + 1, NULL, 10);
}

static int _expand_half(const char *text, nodeset_each_t each, void *arg)
{
	char name[16];
	int first;

	if (strncmp(text, "half", 4))
		return sample_expand(text, each, arg);
	first = text[4] - '0';
	for (int i = first; i < 2 * HALF; i += 2) {
		snprintf(name, sizeof(name), "n%d", i);
		if (each(name, arg) < 0)
			return -1;
	}
	return 0;
}

static fabric_t *_two_chains(void)
{
	sample_text_t text = {"", 0};
	fabric_source_t source = {.text = text.text,
				  .origin = "topology.conf",
				  .expand = _expand_half,
				  .lookup = _lookup_half,
				  .node_count = 2 * HALF};
	fabric_t *deep;

	for (int chain = 0; chain < 2; chain++) {
		sample_append(&text, "SwitchName=c%d-0 Nodes=half%d\n", chain,
			      chain);
		for (int i = 1; i < FABRIC_LAYERS_MAX - 1; i++)
			sample_append(&text,
				      "SwitchName=c%d-%d Switches=c%d-%d\n",
				      chain, i, chain, i - 1);
	}
	sample_append(&text, "SwitchName=top Switches=c0-%d,c1-%d\n",
		      FABRIC_LAYERS_MAX - 2, FABRIC_LAYERS_MAX - 2);
	deep = fabric_create(&source, NULL);
	ck_assert_ptr_nonnull(deep);
	ck_assert_int_eq(fabric_finish(deep, NULL), 0);
	ck_assert_uint_eq(fabric_levels(deep), FABRIC_LAYERS_MAX);
	return deep;
}

static int _by_cost(const void *a, const void *b)
{
	const place_candidate_t *x = a, *y = b;

	if (x->damage != y->damage)
		return x->damage < y->damage ? -1 : 1;
	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* Both halves are touched whatever is taken: the cheapest win, one each */
START_TEST(long_costs_are_right)
{
	static place_candidate_t all[2 * HALF], sorted[2 * HALF];
	static uint32_t picked[2 * HALF];
	static bool wanted[2 * HALF];
	fabric_t *deep = _two_chains();
	uint32_t want = HALF + 1 + (uint32_t) _i * 300;
	neuron_error_t err = {""};

	sample_seed((uint64_t) _i);
	for (uint32_t i = 0; i < 2 * HALF; i++) {
		all[i] = (place_candidate_t){.node = i};
		all[i].damage = _i % 2 ? sample_random(65537)
				       : sample_random(3) * 32768;
		all[i].left = sample_random(65);
		sorted[i] = all[i];
	}
	qsort(sorted, 2 * HALF, sizeof(sorted[0]), _by_cost);
	memset(wanted, 0, sizeof(wanted));
	for (uint32_t i = 0; i < want; i++)
		wanted[sorted[i].node] = true;
	ck_assert_msg(!place_nodes(deep, all, 2 * HALF, want, 12, NULL, picked,
				   NULL, &err),
		      "%s", err.text);
	for (uint32_t i = 0; i < want; i++)
		ck_assert_msg(wanted[picked[i]], "want %u: got node %u", want,
			      picked[i]);
	fabric_destroy(deep);
}
END_TEST

/*
 * Memory
 */

START_TEST(out_of_memory)
{
	fabric_t *plain = sample_fabric(rows_text, 11);
	place_candidate_t candidates[11];
	uint32_t picked[11] = {77}, count;
	place_cost_t cost = {.level = 77};
	neuron_error_t err = {""};
	uint32_t wants[] = {1, 2, 9};
	int rc = -1;

	ck_assert_int_eq(fabric_finish(plain, NULL), 0);
	count = _read_candidates("1 1 1 1 1 1 1 1 1 1 1", candidates);
	for (long n = 0; rc; n++) {
		errno = 0;
		failing_malloc_after(n);
		rc = place_nodes(plain, candidates, count, wants[_i], 9, NULL,
				 picked, &cost, &err);
		failing_malloc_after(-1);
		ck_assert_int_lt(n, 100);
		if (!rc)
			break;
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_uint_eq(picked[0], 77);
		ck_assert_uint_eq(cost.level, 77);
	}
	ck_assert_uint_eq(picked[0], 0);
	fabric_destroy(plain);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("place");
	TCase *oracle = tcase_create("oracle");
	TCase *rest = tcase_create("rows");

	tcase_set_timeout(oracle, 120);
	tcase_add_loop_test(oracle, agrees_with_oracle, 0, 100);
	tcase_add_loop_test(oracle, long_costs_are_right, 0, 6);
	suite_add_tcase(suite, oracle);
	tcase_set_timeout(rest, 60);
	tcase_add_loop_test(rest, rows_are_placed, 0, COUNT(rows));
	tcase_add_loop_test(rest, misuse_is_refused, 0, COUNT(bad));
	tcase_add_test(rest, null_is_refused);
	tcase_add_test(rest, damage_sum_is_bounded);
	tcase_add_loop_test(rest, out_of_memory, 0, 3);
	suite_add_tcase(suite, rest);
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
