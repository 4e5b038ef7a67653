/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

typedef struct {
	char text[512];
	uint32_t count;
} names_t;

static int _append(const char *name, void *arg)
{
	names_t *names = arg;
	size_t used = strlen(names->text);

	names->count++;
	if (used < sizeof(names->text) - 70)
		snprintf(names->text + used, sizeof(names->text) - used, "%s%s",
			 used ? " " : "", name);
	return 0;
}

/* What slurm_hostlist_create() makes of the same text */
static const struct {
	const char *text;
	const char *names; /* NULL: refused */
} lists[] = {
	{"", ""},
	{"trn1", "trn1"},
	{"trn", "trn"},
	{"trn[1-4]", "trn1 trn2 trn3 trn4"},
	{"trn[4]", "trn4"},
	{"trn[1,3-4,9]", "trn1 trn3 trn4 trn9"},
	{"trn[08-11]", "trn08 trn09 trn10 trn11"},
	{"a,b[1-2],c", "a b1 b2 c"},
	{"r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2"},
	{"r[1-2]-[07-08]x", "r1-07x r1-08x r2-07x r2-08x"},
	{"trn[", NULL},
	{"trn[1", NULL},
	{"trn[]", NULL},
	{"trn[1-]", NULL},
	{"trn[-1]", NULL},
	{"trn[2-1]", NULL},
	{"trn[a]", NULL},
	{"trn[1-2", NULL},
	{"trn[1,]", NULL},
	{"trn[1,,2]", NULL},
	{"trn[1][", NULL},
	{"trn]", NULL},
	{"trn1]", NULL},
	{"trn[[1]]", NULL},
	{"a,", NULL},
	{",a", NULL},
	{"a,,b", NULL},
	{"trn[0-65536]", NULL},
	{"trn[1-4294967295]", NULL},
	{"trn[99999999999]", NULL},
	{"r[1-1000]n[1-1000]", NULL},
	{"a0123456789012345678901234567890123456789012345678901234567890123",
	 NULL},
	{"a012345678901234567890123456789012345678901234567890123456789[100-"
	 "101]",
	 NULL},
};

START_TEST(expand)
{
	names_t names = {.count = 0};
	int rc = layout_expand(lists[_i].text, _append, &names);

	ck_assert_msg(rc == (lists[_i].names ? 0 : -1), "\"%s\": got %d \"%s\"",
		      lists[_i].text, rc, names.text);
	if (lists[_i].names)
		ck_assert_str_eq(names.text, lists[_i].names);
	ck_assert_uint_le(names.count, 65536);
}
END_TEST

static const struct {
	const char *nodes;
	const char *tasks;
	uint32_t world;
	const char *names; /* by rank; NULL: does not fit */
} layouts[] = {
	{"n[1-4]", "1(x4)", 4, "n1 n2 n3 n4"},
	{"n[1-3]", "2(x2),1", 5, "n1 n1 n2 n2 n3"},
	{"n1", "3", 3, "n1 n1 n1"},
	{"n[1-2]", "1,2", 3, "n1 n2 n2"},
	{"n[1-4]", "1(x3)", 3, NULL},
	{"n[1-3]", "1(x4)", 4, NULL},
	{"n[1-4]", "1(x4)", 5, NULL},
	{"n[1-4]", "1(x4)", 3, NULL},
	{"n1", "", 1, NULL},
	{"n1", "x", 1, NULL},
	{"n1", "1(", 1, NULL},
	{"n1", "1(x", 1, NULL},
	{"n1", "1(x1", 1, NULL},
	{"n1", "1(1)", 1, NULL},
	{"n1", "1;", 1, NULL},
	{"n1", "-1", 1, NULL},
	{"n1", "1(x4294967297)", 1, NULL},
	{"n1", "99999", 1, NULL},
	{"n[1-65536]", "1(x65536)", 2, NULL},
	{"n[", "1", 1, NULL},
	{NULL, "1", 1, NULL},
	{"n1", NULL, 1, NULL},
	{"n1", "1", 0, NULL},
};

START_TEST(layout)
{
	layout_t *made = layout_create(layouts[_i].nodes, layouts[_i].tasks,
				       layouts[_i].world);
	names_t names = {.count = 0};

	ck_assert_msg(!made == !layouts[_i].names, "%s, %s, %u",
		      layouts[_i].nodes, layouts[_i].tasks, layouts[_i].world);
	if (!made)
		return;
	for (uint32_t i = 0; i < layouts[_i].world; i++)
		_append(layout_node(made, i), &names);
	ck_assert_str_eq(names.text, layouts[_i].names);
	ck_assert_ptr_null(layout_node(made, layouts[_i].world));
	layout_destroy(made);
}
END_TEST

START_TEST(no_layout)
{
	ck_assert_ptr_null(layout_node(NULL, 0));
	layout_destroy(NULL);
}
END_TEST

/* One character a rank: '.' is not wanted, a letter is its node, '?' none */
static bool _wanted(uint32_t rank, void *arg)
{
	return ((const char *) arg)[rank] != '.';
}

static const char *_name(uint32_t rank, void *arg)
{
	static const char names[] = "a\0b\0c\0d";
	char letter = ((const char *) arg)[rank];

	return (letter == '?') ? NULL : &names[2 * (letter - 'a')];
}

static const struct {
	const char *ranks;
	size_t size;
	const char *text;
} texts[] = {
	{"....", 200, ""},
	{"a", 200, "rank 0 on a"},
	{".?.", 200, "rank 1"},
	{"..aab", 200, "ranks 2-3 on a, rank 4 on b"},
	{"??a?", 200, "ranks 0-1, rank 2 on a, rank 3"},
	{"a.a", 200, "rank 0 on a, rank 2 on a"},
	{"a.b.c.d.aaa", 50, "rank 0 on a, rank 2 on b and 5 more"},
	{"a.b.c.d.aaa", 34, "rank 0 on a and 6 more"},
};

START_TEST(write_ranks)
{
	char text[200];
	const char *ranks = texts[_i].ranks;
	uint32_t wanted = 0, count;

	for (const char *at = ranks; *at; at++)
		wanted += *at != '.';
	count = layout_write((uint32_t) strlen(ranks), _wanted, _name,
			     (void *) ranks, text, texts[_i].size);
	ck_assert_uint_eq(count, wanted);
	ck_assert_str_eq(text, texts[_i].text);
}
END_TEST

/* Never behind the end */
START_TEST(write_ranks_bounded)
{
	char ranks[4001], text[512];

	for (int i = 0; i < 4000; i++)
		ranks[i] = ".abcd"[i % 5];
	ranks[4000] = '\0';
	for (size_t size = 24; size < 400; size++) {
		memset(text, 'X', sizeof(text));
		ck_assert_uint_eq(
			layout_write(4000, _wanted, _name, ranks, text, size),
			3200);
		ck_assert_uint_lt(strlen(text), size);
		ck_assert_int_eq(text[size], 'X');
		ck_assert_msg(strstr(text, " more"), "%s", text);
	}
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("layout");
	TCase *tcase = tcase_create("layout");

	tcase_add_loop_test(tcase, expand, 0, COUNT(lists));
	tcase_add_loop_test(tcase, layout, 0, COUNT(layouts));
	tcase_add_test(tcase, no_layout);
	tcase_add_loop_test(tcase, write_ranks, 0, COUNT(texts));
	tcase_add_test(tcase, write_ranks_bounded);
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
