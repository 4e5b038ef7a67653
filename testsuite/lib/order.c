/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "order.h"

#define NODES_MAX 40

static uint64_t _random_state;

static uint32_t _random(uint32_t below)
{
	_random_state ^= _random_state << 13;
	_random_state ^= _random_state >> 7;
	_random_state ^= _random_state << 17;
	return (uint32_t) (_random_state >> 32) % below;
}

static void _shuffle(uint32_t *numbers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		numbers[i] = i;
	for (uint32_t i = count; i > 1; i--) {
		uint32_t j = _random(i), other = numbers[j];

		numbers[j] = numbers[i - 1];
		numbers[i - 1] = other;
	}
}

static order_t *_create(const uint32_t *wanted, uint32_t count)
{
	neuron_error_t err = {""};
	order_t *order = order_create(wanted, count, &err);

	ck_assert_msg(order != NULL, "got the error \"%s\"", err.text);
	return order;
}

static void _keep(order_t *order, const uint32_t *nodes, uint32_t count)
{
	neuron_error_t err = {""};

	ck_assert_msg(!order_keep(order, nodes, count, &err),
		      "got the error \"%s\"", err.text);
}

/* RET what order_positions() says of exactness */
static bool _positions(const order_t *order, uint32_t *position)
{
	neuron_error_t err = {""};
	bool exact = false;

	ck_assert_msg(!order_positions(order, position, &exact, &err),
		      "got the error \"%s\"", err.text);
	return exact;
}

START_TEST(test_without_jobs)
{
	const uint32_t wanted[] = {7, 900, 3, 3, 1};
	const uint32_t right[] = {3, 4, 1, 2, 0};
	uint32_t position[5];
	order_t *order = _create(wanted, 5);

	ck_assert(_positions(order, position));
	ck_assert_mem_eq(position, right, sizeof(right));
	order_destroy(order);
}
END_TEST

START_TEST(test_one_job)
{
	/* nodes 0 to 5 should turn round; a job has 1 before 4 */
	const uint32_t wanted[] = {5, 4, 3, 2, 1, 0}, job[] = {1, 4};
	const uint32_t right[] = {5, 1, 4, 3, 2, 0};
	uint32_t position[6];
	order_t *order = _create(wanted, 6);

	_keep(order, job, 2);
	ck_assert(!_positions(order, position));
	ck_assert_mem_eq(position, right, sizeof(right));
	order_destroy(order);
}
END_TEST

START_TEST(test_jobs_that_agree)
{
	const uint32_t wanted[] = {0, 1, 2, 3}, job[] = {0, 2, 3};
	uint32_t position[4];
	order_t *order = _create(wanted, 4);

	_keep(order, job, 3);
	_keep(order, job, 0);
	_keep(order, job + 1, 1);
	ck_assert(_positions(order, position));
	ck_assert_mem_eq(position, wanted, sizeof(wanted));
	order_destroy(order);
}
END_TEST

START_TEST(test_jobs_that_contradict)
{
	const uint32_t wanted[] = {0, 1, 2}, one[] = {2, 1}, other[] = {1, 2};
	const uint32_t same[] = {0, 0};
	uint32_t position[3];
	order_t *order = _create(wanted, 3);

	_keep(order, one, 2);
	_keep(order, other, 2);
	_keep(order, same, 2);
	ck_assert(!_positions(order, position));
	ck_assert_uint_eq(position[0], 0);
	ck_assert_uint_eq(position[1] + position[2], 3);
	order_destroy(order);
}
END_TEST

START_TEST(test_out_of_range)
{
	const uint32_t wanted[] = {1, 0}, bad[] = {0, 2};
	uint32_t position[2];
	neuron_error_t err = {""};
	order_t *order = _create(wanted, 2);

	ck_assert_int_eq(order_keep(order, bad, 2, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "node 2 is not one of 2");
	ck_assert(_positions(order, position));
	order_destroy(order);
	ck_assert_ptr_null(order_create(wanted, ORDER_NODES_MAX + 1, &err));
	ck_assert_int_eq(errno, EINVAL);
	order_destroy(NULL);
	order = _create(wanted, 0);
	ck_assert(_positions(order, position));
	order_destroy(order);
}
END_TEST

/*
 * Jobs that started in one order of nodes, then another is wanted: it is a
 * permutation, every job keeps its order, and nodes without a job follow
 * their keys among themselves.
 */
START_TEST(test_random)
{
	uint32_t old[NODES_MAX], wanted[NODES_MAX], position[NODES_MAX];
	uint32_t again[NODES_MAX], jobs[4][NODES_MAX], size[4];
	bool busy[NODES_MAX] = {false}, seen[NODES_MAX] = {false};
	uint32_t count;
	order_t *order;

	_random_state = 0x9e3779b97f4a7c15u * (_i + 1);
	count = 1 + _random(NODES_MAX);
	_shuffle(old, count);
	_shuffle(wanted, count);
	order = _create(wanted, count);
	for (int j = 0; j < 4; j++) {
		size[j] = 0;
		for (uint32_t i = 0; i < count; i++)
			if (!_random(5))
				jobs[j][size[j]++] = old[i];
		_keep(order, jobs[j], size[j]);
		for (uint32_t i = 0; i < size[j]; i++)
			busy[jobs[j][i]] = true;
	}
	_positions(order, position);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_lt(position[i], count);
		ck_assert(!seen[position[i]]);
		seen[position[i]] = true;
	}
	for (int j = 0; j < 4; j++)
		for (uint32_t i = 1; i < size[j]; i++)
			ck_assert_uint_lt(position[jobs[j][i - 1]],
					  position[jobs[j][i]]);
	for (uint32_t a = 0; a < count; a++)
		for (uint32_t b = 0; b < count; b++)
			if (!busy[a] && !busy[b] && (wanted[a] < wanted[b]))
				ck_assert_uint_lt(position[a], position[b]);
	/* The order that came out needs no change */
	order_destroy(order);
	order = _create(position, count);
	for (int j = 0; j < 4; j++)
		_keep(order, jobs[j], size[j]);
	ck_assert(_positions(order, again));
	ck_assert_mem_eq(position, again, count * sizeof(*again));
	order_destroy(order);
}
END_TEST

/* RET the allocations that creating, keeping and asking take when n succeed */
static bool _runs_with(long n)
{
	const uint32_t wanted[] = {1, 0, 2}, job[] = {0, 1};
	uint32_t position[3] = {9, 9, 9};
	neuron_error_t err = {""};
	order_t *order;
	bool done = false;

	failing_malloc_after(n);
	order = order_create(wanted, 3, &err);
	if (order && !order_keep(order, job, 2, &err) &&
	    !order_positions(order, position, NULL, &err))
		done = true;
	failing_malloc_after(-1);
	if (!done) {
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_str_eq(err.text,
				 "out of memory while ordering nodes");
		ck_assert_uint_eq(position[0], 9);
	}
	order_destroy(order);
	return done;
}

START_TEST(test_out_of_memory)
{
	long n = 0;

	while (!_runs_with(n))
		n++;
	ck_assert_int_eq(n, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("order");
	TCase *tcase = tcase_create("order");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_without_jobs);
	tcase_add_test(tcase, test_one_job);
	tcase_add_test(tcase, test_jobs_that_agree);
	tcase_add_test(tcase, test_jobs_that_contradict);
	tcase_add_test(tcase, test_out_of_range);
	tcase_add_loop_test(tcase, test_random, 0, 500);
	tcase_add_test(tcase, test_out_of_memory);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
