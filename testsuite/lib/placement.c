/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "placement.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define HEAD "v1 level=2 us=0 groups=1/2 damage=40 left=8"
#define NODE "n1:neuron=4-7:efa=4-7:links=4/4"

static const char *const good[] = {
	HEAD " " NODE,
	HEAD " " NODE " n2:neuron=0-3:efa=0-3:links=4/4",
	HEAD,
	"v1 level=0 us=0 groups= damage=0 left=0",
	"v1 level=12 us=4294967295 groups=1/2/3/4/5/6/7/8/9/10/11/12 "
	"damage=4294967295 left=4294967295",
	HEAD " n:neuron=:efa=:links=0/0",
	HEAD " a.b-c_d:neuron=0,2,63:efa=0-63:links=4294967295/0",
};

START_TEST(round_trip)
{
	neuron_error_t err = {""};
	placement_t *placement = placement_decode(good[_i], &err);
	char *text;

	ck_assert_msg(placement != NULL, "%s: got the error \"%s\"", good[_i],
		      err.text);
	text = placement_encode(placement);
	ck_assert_msg(text && !strcmp(text, good[_i]),
		      "got \"%s\", wanted \"%s\"", text, good[_i]);
	free(text);
	placement_destroy(placement);
}
END_TEST

#define NUMBER "a number from 0 to 4294967295"
#define INDEXES "a list of indexes such as 0-3,8"

static const struct {
	const char *text;
	const char *at;
	const char *right;
} bad[] = {
	{"", "", "\"v1 \""},
	{"v1", "v1", "\"v1 \""},
	{"v2 level=1", "v2 level=1", "\"v1 \""},
	{"V1 level=1", "V1 level=1", "\"v1 \""},
	{" v1 level=1", " v1 level=1", "\"v1 \""},
	{"v1  level=1", " level=1", "\"level=\""},
	{"v1 us=1", "us=1", "\"level=\""},
	{"v1 level=", "", NUMBER},
	{"v1 level=x", "x", NUMBER},
	{"v1 level=-1 us=0", "-1 us=0", NUMBER},
	{"v1 level=+1 us=0", "+1 us=0", NUMBER},
	{"v1 level=01 us=0", "01 us=0", NUMBER},
	{"v1 level=4294967296 us=0", "4294967296 us=0", NUMBER},
	{"v1 level=99999999999999999999999 us=0",
	 "99999999999999999999999 us=0", NUMBER},
	{"v1 level=1 groups=1", " groups=1", "\" us=\""},
	{"v1 level=1 us=0 damage=1", " damage=1", "\" groups=\""},
	{"v1 level=1 us=0 groups=1/ damage=0", " damage=0", NUMBER},
	{"v1 level=1 us=0 groups=/1 damage=0", "/1 damage=0", NUMBER},
	{"v1 level=1 us=0 groups=1//1 damage=0", "/1 damage=0", NUMBER},
	{"v1 level=1 us=0 groups=1,1 damage=0", ",1 damage=0", "\" damage=\""},
	{"v1 level=1 us=0 groups=", "", NUMBER},
	{"v1 level=1 us=0 groups=1/2/3/4/5/6/7/8/9/10/11/12/13 damage=0",
	 "13 damage=0", "no further level"},
	{"v1 level=1 us=0 groups=1 damage=0", "", "\" left=\""},
	{HEAD " ", "", "the name of a node"},
	{HEAD "x", "x", "\" \""},
	{HEAD "  " NODE, " " NODE, "the name of a node"},
	{HEAD " :neuron=0:efa=:links=0/0", ":neuron=0:efa=:links=0/0",
	 "the name of a node"},
	{HEAD " n\t1:neuron=0:efa=:links=0/0", "n\t1:neuron=0:efa=:links=0/0",
	 "the name of a node"},
	{HEAD " n1", "", "\":neuron=\""},
	{HEAD " n1:efa=0", ":efa=0", "\":neuron=\""},
	{HEAD " n1:neuron=64:efa=0:links=0/0", "64:efa=0:links=0/0", INDEXES},
	{HEAD " n1:neuron=3-1:efa=0:links=0/0", "3-1:efa=0:links=0/0", INDEXES},
	{HEAD " n1:neuron=0,0:efa=0:links=0/0", "0,0:efa=0:links=0/0", INDEXES},
	{HEAD " n1:neuron=0", "", "\":efa=\""},
	{HEAD " n1:neuron=0:efa=z:links=0/0", "z:links=0/0", INDEXES},
	{HEAD " n1:neuron=0:efa=0", "", "\":links=\""},
	{HEAD " n1:neuron=0:efa=0:links=4", "", "\"/\""},
	{HEAD " n1:neuron=0:efa=0:links=4/", "", NUMBER},
	{HEAD " n1:neuron=0:efa=0:links=4/4:x=1", ":x=1", "\" \""},
	{HEAD " n1:neuron=0:efa=0:links=4/4\n", "\n", "\" \""},
};

START_TEST(refused)
{
	char wanted[NEURON_ERROR_MAX];
	neuron_error_t err = {""};

	snprintf(wanted, sizeof(wanted),
		 "placement has \"%s\" where %s must be", bad[_i].at,
		 bad[_i].right);
	errno = 0;
	ck_assert_msg(placement_decode(bad[_i].text, &err) == NULL,
		      "\"%s\" was accepted", bad[_i].text);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(!strcmp(err.text, wanted),
		      "\"%s\":\ngot    \"%s\"\nwanted \"%s\"", bad[_i].text,
		      err.text, wanted);
	ck_assert_ptr_null(placement_decode(bad[_i].text, NULL));
}
END_TEST

/* Every text cut short or with one character changed is read or refused */
START_TEST(damaged_text_is_survived)
{
	static const char changes[] = " :=/,-0x\n\x80";
	const char *whole = good[1];
	size_t length = strlen(whole);
	placement_t *placement;
	char *text = malloc(length + 1);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < length; i++) {
		memcpy(text, whole, length + 1);
		text[i] = '\0';
		placement_destroy(placement_decode(text, NULL));
		for (size_t j = 0; changes[j]; j++) {
			memcpy(text, whole, length + 1);
			text[i] = changes[j];
			placement = placement_decode(text, NULL);
			ck_assert(placement || errno == EINVAL);
			placement_destroy(placement);
		}
	}
	free(text);
}
END_TEST

START_TEST(level_and_long_texts)
{
	char name[PLACEMENT_NODE_NAME_MAX + 1], set[400];
	char text[1024];
	neuron_error_t err = {""};

	ck_assert_ptr_null(placement_decode(
		"v1 level=13 us=0 groups= damage=0 left=0", &err));
	ck_assert_str_eq(err.text,
			 "placement has level=13, which must be at most 12");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), HEAD " %s:neuron=0:efa=0:links=0/0", name);
	ck_assert_ptr_null(placement_decode(text, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "...\" where the name"));
	memset(set, '0', sizeof(set) - 1);
	set[sizeof(set) - 1] = '\0';
	snprintf(text, sizeof(text), HEAD " n:neuron=%s:efa=0:links=0/0", set);
	ck_assert_ptr_null(placement_decode(text, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "where a list of indexes"));
	ck_assert_ptr_null(placement_decode(NULL, &err));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(built_and_read_back)
{
	place_cost_t cost = {
		.level = 3, .ultraservers = 1, .damage = 7, .left = 9};
	placement_node_t node = {.name = "a",
				 .devices = 0xf0,
				 .efas = 0x3,
				 .links = 4,
				 .links_best = 5};
	placement_t *placement, *again;
	char *text;

	cost.groups[FABRIC_LEVELS_MAX - 1] = 2;
	cost.groups[FABRIC_LEVELS_MAX - 2] = 1;
	cost.groups[0] = 99;
	placement = placement_create(&cost, 2);
	ck_assert_ptr_nonnull(placement);
	ck_assert_uint_eq(placement_node_count(placement), 0);
	for (int i = 0; i < 9; i++) {
		node.name[0] = (char) ('a' + i);
		ck_assert_int_eq(placement_add(placement, &node), 0);
	}
	text = placement_encode(placement);
	ck_assert_ptr_nonnull(text);
	again = placement_decode(text, NULL);
	ck_assert_msg(again != NULL, "%s", text);
	ck_assert_uint_eq(placement_node_count(again), 9);
	ck_assert_ptr_null(placement_node(again, 9));
	ck_assert_str_eq(placement_node(again, 8)->name, "i");
	ck_assert_uint_eq(placement_node(again, 8)->devices, 0xf0);
	ck_assert_uint_eq(placement_node(again, 8)->efas, 0x3);
	ck_assert_uint_eq(placement_node(again, 8)->links, 4);
	ck_assert_uint_eq(placement_node(again, 8)->links_best, 5);
	cost.groups[0] = 0;
	ck_assert_int_eq(place_cost_compare(placement_cost(again), &cost), 0);
	ck_assert_int_eq(place_cost_compare(placement_cost(placement), &cost),
			 0);
	free(text);
	placement_destroy(placement);
	placement_destroy(again);
}
END_TEST

static const char *const bad_names[] = {
	"", "a b", "a:b", "a\tb", "a\nb", "a\x7f", "\x01", " ",
};

START_TEST(bad_name_is_refused)
{
	place_cost_t cost = {0};
	placement_t *placement = placement_create(&cost, 0);
	placement_node_t node = {.name = ""};

	ck_assert_ptr_nonnull(placement);
	snprintf(node.name, sizeof(node.name), "%s", bad_names[_i]);
	ck_assert_msg(placement_add(placement, &node) == -1 && errno == EINVAL,
		      "\"%s\" was accepted", bad_names[_i]);
	memset(node.name, 'n', sizeof(node.name));
	ck_assert_int_eq(placement_add(placement, &node), -1);
	node.name[sizeof(node.name) - 1] = '\0';
	ck_assert_int_eq(placement_add(placement, &node), 0);
	ck_assert_uint_eq(placement_node_count(placement), 1);
	placement_destroy(placement);
}
END_TEST

START_TEST(misuse)
{
	place_cost_t cost = {0};

	ck_assert_ptr_null(placement_create(NULL, 1));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(placement_create(&cost, FABRIC_LEVELS_MAX + 1));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(placement_add(NULL, NULL), -1);
	errno = 77;
	placement_destroy(NULL);
	ck_assert_int_eq(errno, 77);
}
END_TEST

START_TEST(too_many_nodes)
{
	place_cost_t cost = {0};
	placement_t *placement = placement_create(&cost, 0);
	placement_node_t node = {.name = "n"};

	ck_assert_ptr_nonnull(placement);
	for (int i = 0; i < FABRIC_NODES_MAX; i++)
		ck_assert_int_eq(placement_add(placement, &node), 0);
	ck_assert_int_eq(placement_add(placement, &node), -1);
	ck_assert_int_eq(errno, EINVAL);
	placement_destroy(placement);
}
END_TEST

START_TEST(out_of_memory)
{
	placement_t *placement = NULL;
	char *text = NULL;
	neuron_error_t err;

	for (long n = 0; !text; n++) {
		ck_assert_int_lt(n, 20);
		failing_malloc_after(n);
		errno = 0;
		placement = placement_decode(good[1], &err);
		if (placement)
			text = placement_encode(placement);
		failing_malloc_after(-1);
		if (!text)
			ck_assert_int_eq(errno, ENOMEM);
		placement_destroy(placement);
	}
	ck_assert_str_eq(text, good[1]);
	free(text);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("placement");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, round_trip, 0, COUNT(good));
	tcase_add_loop_test(tcase, refused, 0, COUNT(bad));
	tcase_add_test(tcase, damaged_text_is_survived);
	tcase_add_test(tcase, level_and_long_texts);
	tcase_add_test(tcase, built_and_read_back);
	tcase_add_loop_test(tcase, bad_name_is_refused, 0, COUNT(bad_names));
	tcase_add_test(tcase, misuse);
	tcase_add_test(tcase, too_many_nodes);
	tcase_add_test(tcase, out_of_memory);
	suite_add_tcase(suite, tcase);
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
