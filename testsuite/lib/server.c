/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define MODES(a, b, c) (1U << (a) | 1U << (b) | 1U << (c))

static const server_t four = {
	.member_count = 4,
	.members = {"b1", "b2", "a3", "a4"},
	.pair_count = 2,
	.pairs = {{0, 1}, {2, 3}},
	.modes = MODES(1, 3, 4),
	.id2 = "7f00c5f3a1b2d40d",
	.id4 = "7f00c5f3a1b2d40e",
	.node2 = 1,
	.node4 = 2,
};

/* How a row differs from that */
enum { AS_IS, X2H, X1, BUSY, NO_ID, NOT_JOINED, LARGE, NO_PAIRS, CROSSED };

static const struct {
	int change;
	const char *nodes[5];
	devset_t devices[5];
	uint32_t self;
	/* NULL: no group */
	const char *first;
	uint32_t mode, size, node, position;
} rows[] = {
	{AS_IS, {"b1", "b2", "a3", "a4"}, {9, 9, 9, 9}, 2, "b1", 1, 4, 2, 2},
	/* the order of the step is of no account */
	{AS_IS, {"a4", "b1", "a3", "b2"}, {9, 9, 9, 9}, 0, "b1", 1, 4, 2, 3},
	{AS_IS, {"b1", "b2"}, {1, 1}, 0, "b1", 3, 2, 1, 0},
	{AS_IS, {"a4", "a3"}, {1, 1}, 0, "a3", 3, 2, 1, 1},
	{X2H, {"a4", "a3"}, {1, 1}, 0, "a3", 2, 2, 1, 1},
	{CROSSED, {"b1", "a4"}, {1, 1}, 1, "b1", 3, 2, 1, 1},
	/* no groups */
	{CROSSED, {"b1", "b2"}, {1, 1}, 1, NULL, 0, 0, 0, 0},
	{AS_IS, {"b2", "a3"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{AS_IS, {"b1", "b1"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{AS_IS, {"b1", "b2", "a3", "a3"}, {1, 1, 1, 1}, 0, NULL, 0, 0, 0, 0},
	{AS_IS, {"b1"}, {1}, 0, NULL, 0, 0, 0, 0},
	{AS_IS, {"b1", "b2", "a3"}, {1, 1, 1}, 0, NULL, 0, 0, 0, 0},
	{AS_IS,
	 {"b1", "b2", "a3", "a4", "c"},
	 {1, 1, 1, 1, 1},
	 0,
	 NULL,
	 0,
	 0,
	 0,
	 0},
	{AS_IS, {"b1", "c"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{AS_IS, {"b1", "b2"}, {1, 3}, 0, NULL, 0, 0, 0, 0},
	{AS_IS, {"b1", "b2"}, {0, 0}, 0, NULL, 0, 0, 0, 0},
	{AS_IS, {"b1", "b2"}, {1, 1}, 2, NULL, 0, 0, 0, 0},
	{X1, {"b1", "b2", "a3", "a4"}, {1, 1, 1, 1}, 0, NULL, 0, 0, 0, 0},
	{X1, {"b1", "b2"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{BUSY, {"b1", "b2"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{NO_ID, {"b1", "b2"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{NOT_JOINED, {"b1", "b2"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{NOT_JOINED,
	 {"b1", "b2", "a3", "a4"},
	 {1, 1, 1, 1},
	 0,
	 NULL,
	 0,
	 0,
	 0,
	 0},
	{LARGE, {"b1", "b2"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
	{NO_PAIRS, {"b1", "b2"}, {1, 1}, 0, NULL, 0, 0, 0, 0},
};

static void _change(server_t *server, int change)
{
	switch (change) {
	case X2H:
		server->modes = MODES(1, 2, 4);
		break;
	case X1:
		server->modes = 1U << 4;
		break;
	case BUSY:
		server->modes = 0;
		break;
	case NO_ID:
		server->id2[0] = '\0';
		break;
	case NOT_JOINED:
		server->node2 = server->node4 = -1;
		break;
	case LARGE:
		server->member_count = 36;
		break;
	case NO_PAIRS:
		server->pair_count = 0;
		break;
	case CROSSED:
		server->pairs[0][1] = 3;
		break;
	}
}

START_TEST(group)
{
	server_t server = four;
	server_group_t found;
	uint32_t count = 0;
	bool is;

	while (count < 5 && rows[_i].nodes[count])
		count++;
	_change(&server, rows[_i].change);
	is = server_find_group(&server, rows[_i].nodes, rows[_i].devices, count,
			       rows[_i].self, &found);
	ck_assert_msg(is == !!rows[_i].first, "row %d: got %d", _i, is);
	if (!is)
		return;
	ck_assert_msg(found.mode == rows[_i].mode &&
			      found.size == rows[_i].size &&
			      found.node == rows[_i].node &&
			      found.position == rows[_i].position &&
			      !strcmp(found.first, rows[_i].first),
		      "row %d: got mode %u size %u node %u position %u %s", _i,
		      found.mode, found.size, found.node, found.position,
		      found.first);
	ck_assert_str_eq(found.id, count == 4 ? four.id4 : four.id2);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("server");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, group, 0, COUNT(rows));
	suite_add_tcase(suite, all);
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
