/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demand.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define JOBS_MAX 8

static const struct {
	uint32_t devices;
	int class;
} classes[] = {
	{0, -1},  {1, 0},   {2, 1},      {3, 2},           {4, 2},
	{5, 3},   {8, 3},   {9, 4},      {12, 4},          {16, 4},
	{17, -1}, {64, -1}, {65536, -1}, {UINT32_MAX, -1},
};

START_TEST(classes_of_sizes)
{
	demand_t demand = {{0}};
	int got = demand_class(classes[_i].devices);

	ck_assert_msg(got == classes[_i].class, "%u: got class %d, wanted %d",
		      classes[_i].devices, got, classes[_i].class);
	demand_add(&demand, classes[_i].devices, 1);
	for (int i = 0; i < DEMAND_CLASSES; i++)
		ck_assert_uint_eq(demand.devices[i],
				  (i == got) ? classes[_i].devices : 0);
}
END_TEST

static const struct {
	const char *name;
	struct {
		uint32_t devices;
		uint32_t nodes;
	} jobs[JOBS_MAX]; /* to the first without devices */
	uint8_t more[DEMAND_CLASSES];
} rows[] = {
	{"nobody", {{0, 0}}, {0, 0, 0, 0, 0}},
	{"no nodes", {{4, 0}}, {0, 0, 0, 0, 0}},
	{"one job", {{4, 1}}, {0, 0, 31, 0, 0}},
	{"too large a size", {{17, 5}, {1, 1}}, {31, 0, 0, 0, 0}},
	{"halves", {{1, 8}, {8, 1}}, {15, 0, 0, 15, 0}},
	{"unlike sizes of one class",
	 {{3, 1}, {4, 1}, {7, 1}},
	 {0, 0, 15, 15, 0}},
	/* 16 of 16 + 113: less than an eighth */
	{"below a part", {{1, 113}, {16, 1}}, {27, 0, 0, 0, 0}},
	{"just a part", {{1, 112}, {16, 1}}, {27, 0, 0, 0, 3}},
	{"all alike",
	 {{1, 16}, {2, 8}, {4, 4}, {8, 2}, {16, 1}},
	 {3, 3, 3, 3, 3}},
	{"a giant is cut",
	 {{16, UINT32_MAX}, {1, 1024}, {1, 1024}},
	 {0, 0, 0, 0, 27}},
	/* 2048 of 2048 + 4096 */
	{"and so others count",
	 {{4, 5000}, {1, 2000}, {1, 2000}},
	 {7, 0, 19, 0, 0}},
};

START_TEST(weights)
{
	demand_t demand = {{0}};
	demand_weights_t got, wanted;
	unsigned int sum = 0;

	for (int i = 0; i < JOBS_MAX && rows[_i].jobs[i].devices; i++)
		demand_add(&demand, rows[_i].jobs[i].devices,
			   rows[_i].jobs[i].nodes);
	memset(&got, 0x55, sizeof(got));
	demand_weigh(&demand, &got);
	memcpy(wanted.more, rows[_i].more, sizeof(wanted.more));
	ck_assert_msg(demand_weights_equal(&got, &wanted),
		      "%s: got %u %u %u %u %u, wanted %u %u %u %u %u",
		      rows[_i].name, got.more[0], got.more[1], got.more[2],
		      got.more[3], got.more[4], wanted.more[0], wanted.more[1],
		      wanted.more[2], wanted.more[3], wanted.more[4]);
	for (int i = 0; i < DEMAND_CLASSES; i++)
		sum += got.more[i];
	ck_assert_uint_le(sum, DEMAND_WEIGHT_MAX);
}
END_TEST

/* 2^32 devices and more: counts stop, weights stay right */
START_TEST(counts_stop)
{
	demand_t demand = {{0}};
	demand_weights_t got;

	for (long i = 0; i < 300000; i++) {
		demand_add(&demand, 16, DEMAND_NODES_MAX);
		demand_add(&demand, 8, DEMAND_NODES_MAX);
	}
	ck_assert_uint_eq(demand.devices[4], UINT32_MAX);
	ck_assert_uint_eq(demand.devices[3], 300000u * 8192u);
	demand_weigh(&demand, &got);
	ck_assert_uint_eq(got.more[4], 19);
	ck_assert_uint_eq(got.more[3], 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("demand");
	TCase *tcase = tcase_create("demand");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, classes_of_sizes, 0, COUNT(classes));
	tcase_add_loop_test(tcase, weights, 0, COUNT(rows));
	tcase_add_test(tcase, counts_stop);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
