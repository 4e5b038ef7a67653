/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "sample.h"
#include "potential.h"

#define NODES_MAX 10
#define GROUPS_MAX 32

static fabric_t *_fabric_of(const char *text, uint32_t node_count)
{
	fabric_t *fabric = sample_fabric(text, node_count);

	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	return fabric;
}

static potential_t *_create(const fabric_t *fabric, const bool *counts)
{
	neuron_error_t err = {""};
	potential_t *potential = potential_create(fabric, counts, &err);

	ck_assert_msg(potential != NULL, "%s", err.text);
	return potential;
}

/* The potential when the nodes of a set are taken from an idle machine */
static uint32_t _without(const potential_t *potential, uint32_t count,
			 uint32_t set)
{
	bool idle[32];
	neuron_error_t err = {""};
	uint32_t value = 0;

	for (uint32_t i = 0; i < count; i++)
		idle[i] = !(set >> i & 1);
	ck_assert_msg(!potential_measure(potential, idle, &value, &err), "%s",
		      err.text);
	return value;
}

/*
 * The oracle: the sentence of the header, word for word
 */

static bool _is_below(const fabric_t *fabric, uint32_t node, uint32_t group)
{
	int64_t above = fabric_node_group(fabric, node);

	while ((above >= 0) && (above != group))
		above = fabric_group_parent(fabric, (uint32_t) above);
	return above == group;
}

static uint32_t _set_below(const fabric_t *fabric, uint32_t group, uint32_t set)
{
	uint32_t below = 0;

	for (uint32_t i = 0; i < NODES_MAX; i++)
		if ((set >> i & 1) && _is_below(fabric, i, group))
			below |= 1u << i;
	return below;
}

static bool _has_partner(const fabric_t *fabric, uint32_t node, uint32_t set)
{
	for (uint32_t i = 0; i < NODES_MAX; i++) {
		uint32_t pair[2] = {node, i};

		if ((set >> i & 1) && (i != node) &&
		    fabric_ultraserver_group_is_legal(fabric, pair, 2))
			return true;
	}
	return false;
}

static uint32_t _class_gets(const fabric_t *fabric, uint32_t group,
			    uint32_t size, uint32_t set)
{
	uint32_t count = 0;

	if ((size != 2) || !fabric_group_is_ultraserver(fabric, group))
		return (uint32_t) __builtin_popcount(set) / size * size;
	for (uint32_t i = 0; i < NODES_MAX; i++)
		count += (set >> i & 1) && _has_partner(fabric, i, set);
	return count;
}

static uint32_t _oracle(const fabric_t *fabric, uint32_t counts, uint32_t idle)
{
	uint32_t lost = (uint32_t) __builtin_popcount(counts & ~idle);

	for (uint32_t g = 0; g < fabric_group_count(fabric); g++)
		for (uint32_t size = 2; size <= 16; size *= 2)
			lost += _class_gets(fabric, g, size,
					    _set_below(fabric, g, counts)) -
				_class_gets(
					fabric, g, size,
					_set_below(fabric, g, counts & idle));
	return lost;
}

/* ------------------------------------------------------------------ */

static const char two_leaves[] = "SwitchName=u1 Nodes=n0,n1,n2,n3\n"
				 "SwitchName=u2 Nodes=n4,n5,n6,n7\n"
				 "SwitchName=l1 Switches=u1,u2\n"
				 "SwitchName=l2 Nodes=n8,n9,n10,n11\n"
				 "SwitchName=top Switches=l1,l2\n";

START_TEST(test_better)
{
	/* sets of one size, from the least damage to the most */
	static const uint32_t sets[][2] = {
		/* a legal pair and an illegal one */
		{0x003, 0x006},
		/* a whole UltraServer and halves of two */
		{0x00f, 0x033},
		/* a legal pair and one that is not of one UltraServer */
		{0x00c, 0x018},
		/* one leaf and two */
		{0x300, 0x101},
		/* what an UltraServer has left, and a new one; three nodes */
		{0x007, 0x013},
	};
	fabric_t *fabric = _fabric_of(two_leaves, 12);
	potential_t *potential = _create(fabric, NULL);
	uint32_t better = _without(potential, 12, sets[_i][0]);
	uint32_t worse = _without(potential, 12, sets[_i][1]);

	ck_assert_msg(better < worse, "0x%x: %u, 0x%x: %u", sets[_i][0], better,
		      sets[_i][1], worse);
	potential_destroy(potential);
	fabric_destroy(fabric);
}
END_TEST

START_TEST(test_numbers)
{
	fabric_t *fabric = _fabric_of(two_leaves, 12);
	potential_t *potential = _create(fabric, NULL);

	ck_assert_uint_eq(_without(potential, 12, 0), 0);
	/* n0: itself; u1 has 2 in pairs and no 4 any more; l1 7 of 8: 6, 4, 0;
	 * top 11 of 12: 10, 8, 8 */
	ck_assert_uint_eq(_without(potential, 12, 1),
			  1 + (2 + 4) + (2 + 4 + 8) + (2 + 4 + 0));
	/* nodes 12, u1 and u2 4 + 4, l1 8 * 3, l2 4 * 2, top 12 + 12 + 8 */
	ck_assert_uint_eq(potential_highest(potential), 12 + 16 + 24 + 8 + 32);
	ck_assert_uint_eq(_without(potential, 12, 0xfff),
			  potential_highest(potential));
	potential_destroy(potential);
	fabric_destroy(fabric);
}
END_TEST

START_TEST(test_only_some_count)
{
	bool counts[12] = {[8] = true, [9] = true};
	fabric_t *fabric = _fabric_of(two_leaves, 12);
	potential_t *potential = _create(fabric, counts);

	ck_assert_uint_eq(_without(potential, 12, 0x0ff), 0);
	ck_assert_uint_eq(_without(potential, 12, 0x100), 1 + 2 + 2);
	ck_assert_uint_eq(potential_highest(potential), 2 + 2 + 2);
	potential_destroy(potential);
	memset(counts, 0, sizeof(counts));
	potential = _create(fabric, counts);
	ck_assert_uint_eq(potential_highest(potential), 0);
	ck_assert_uint_eq(_without(potential, 12, 0xfff), 0);
	potential_destroy(potential);
	potential_destroy(NULL);
	fabric_destroy(fabric);
}
END_TEST

/* Leaves and UltraServers of random nodes below random switches */
static fabric_t *_random_fabric(uint32_t count, char *text, size_t size)
{
	uint32_t leaves = 1 + sample_random(4), used = 0;
	char nodes[4][64] = {""}, tops[2][64] = {""};
	size_t length = 0;

	for (uint32_t i = 0; i < count; i++) {
		char *leaf = nodes[sample_random(leaves)];

		if (sample_random(8))
			sprintf(leaf + strlen(leaf), "%sn%u", *leaf ? "," : "",
				i);
	}
	text[0] = '\0';
	for (uint32_t i = 0; i < leaves; i++) {
		char kind = sample_random(2) ? 'u' : 'l',
		     *top = tops[sample_random(2)];

		if (!nodes[i][0])
			continue;
		length += (size_t) snprintf(text + length, size - length,
					    "SwitchName=%c%u Nodes=%s\n", kind,
					    i, nodes[i]);
		if (sample_random(5))
			sprintf(top + strlen(top), "%s%c%u", *top ? "," : "",
				kind, i);
		used++;
	}
	for (uint32_t i = 0; i < 2; i++)
		if (tops[i][0])
			length += (size_t) snprintf(
				text + length, size - length,
				"SwitchName=t%u Switches=%s\n", i, tops[i]);
	return _fabric_of(used ? text : NULL, count);
}

/* Every set of nodes of random fabrics; taking one more never makes it less */
START_TEST(test_random)
{
	char text[1024];
	bool counts[NODES_MAX];
	uint32_t count, mask = 0;
	uint32_t *values = calloc(1u << NODES_MAX, sizeof(*values));
	fabric_t *fabric;
	potential_t *potential;

	sample_seed((uint64_t) _i);
	count = 1 + sample_random(NODES_MAX);
	fabric = _random_fabric(count, text, sizeof(text));
	for (uint32_t i = 0; i < count; i++) {
		counts[i] = sample_random(8);
		mask |= (uint32_t) counts[i] << i;
	}
	potential = _create(fabric, counts);
	for (uint32_t set = 0; set < 1u << count; set++) {
		uint32_t right = _oracle(fabric, mask, ~set);

		values[set] = _without(potential, count, set);
		ck_assert_msg(values[set] == right,
			      "%s: 0x%x taken of 0x%x: got %u, wanted %u", text,
			      set, mask, values[set], right);
		ck_assert_uint_le(values[set], potential_highest(potential));
		for (uint32_t i = 0; i < count; i++)
			if (set >> i & 1)
				ck_assert_uint_le(values[set & ~(1u << i)],
						  values[set]);
	}
	ck_assert_uint_eq(values[(1u << count) - 1],
			  potential_highest(potential));
	potential_destroy(potential);
	fabric_destroy(fabric);
	free(values);
}
END_TEST

START_TEST(test_large)
{
	bool *idle = calloc(FABRIC_NODES_MAX, sizeof(*idle));
	fabric_t *fabric = _fabric_of(NULL, FABRIC_NODES_MAX);
	potential_t *potential = _create(fabric, NULL);
	uint32_t value;

	ck_assert_int_eq(potential_measure(potential, idle, &value, NULL), 0);
	ck_assert_uint_eq(value, 17u * FABRIC_NODES_MAX);
	ck_assert_uint_eq(value, potential_highest(potential));
	potential_destroy(potential);
	fabric_destroy(fabric);
	free(idle);
}
END_TEST

static bool _runs_with(const fabric_t *fabric, long n)
{
	bool idle[12] = {false};
	neuron_error_t err = {""};
	potential_t *potential;
	uint32_t value = 99;
	bool done;

	failing_malloc_after(n);
	potential = potential_create(fabric, NULL, &err);
	done = potential && !potential_measure(potential, idle, &value, &err);
	failing_malloc_after(-1);
	if (!done) {
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_str_eq(err.text,
				 "out of memory while measuring the fabric");
		ck_assert_uint_eq(value, 99);
	}
	potential_destroy(potential);
	return done;
}

START_TEST(test_out_of_memory)
{
	fabric_t *fabric = _fabric_of(two_leaves, 12);
	long n = 0;

	while (!_runs_with(fabric, n))
		n++;
	/* the object, four tables, two for each UltraServer, two sums */
	ck_assert_int_eq(n, 11);
	fabric_destroy(fabric);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("potential");
	TCase *tcase = tcase_create("potential");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_better, 0, 5);
	tcase_add_test(tcase, test_numbers);
	tcase_add_test(tcase, test_only_some_count);
	tcase_add_loop_test(tcase, test_random, 0, 200);
	tcase_add_test(tcase, test_large);
	tcase_add_test(tcase, test_out_of_memory);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
