/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collective.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "mailbox.h"
#include "run.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define WORLD_MAX 9

static const uint64_t lengths[] = {1, 2, 3, 7, 8, 9, 10, 64, 101, 1000, 1023};

/* One collective on every rank, with the pattern or with random numbers */
typedef struct {
	pattern_t pattern;
	uint64_t count;
	uint32_t shift;
	int32_t *data[WORLD_MAX];
	fault_t faults[WORLD_MAX];
} trial_t;

static void _trial_new(trial_t *trial, pattern_type_t type, uint32_t world,
		       uint64_t count)
{
	memset(trial, 0, sizeof(*trial));
	pattern_init(&trial->pattern, type, world);
	trial->count = count;
	for (uint32_t i = 0; i < world; i++)
		trial->data[i] = calloc(count, PATTERN_ELEMENT);
}

static void _trial_free(trial_t *trial)
{
	for (uint32_t i = 0; i < trial->pattern.world; i++)
		free(trial->data[i]);
}

static void _reduce(transport_t *transport, void *arg)
{
	trial_t *trial = arg;
	uint32_t rank = transport->rank;
	void *scratch =
		malloc(collective_chunk_max(trial->count, transport->world) *
		       PATTERN_ELEMENT);

	(void) collective_all_reduce(transport, &trial->pattern,
				     trial->data[rank], trial->count, scratch,
				     &trial->faults[rank]);
	free(scratch);
}

static void _gather(transport_t *transport, void *arg)
{
	trial_t *trial = arg;
	uint32_t rank = transport->rank;

	(void) collective_all_gather(transport, trial->data[rank], trial->count,
				     trial->shift, &trial->faults[rank]);
}

static void _run(trial_t *trial, mailbox_body_t body)
{
	mailbox_t *mailbox = mailbox_create(trial->pattern.world);

	mailbox_run(mailbox, body, trial);
	ck_assert_uint_eq(mailbox_left_over(mailbox), 0);
	mailbox_destroy(mailbox);
	for (uint32_t i = 0; i < trial->pattern.world; i++)
		ck_assert_msg(!fault_is(&trial->faults[i]), "rank %u: %s", i,
			      trial->faults[i].text);
}

/* Chunks lie one behind the other and differ by one element at most */
START_TEST(chunks)
{
	uint32_t world = (uint32_t) _i + 1;

	for (uint64_t count = 0; count < 100; count++) {
		uint64_t next = 0, max = collective_chunk_max(count, world);

		for (uint32_t i = 0; i < world; i++) {
			uint64_t size = collective_chunk_count(count, world, i);

			ck_assert_uint_eq(
				collective_chunk_first(count, world, i), next);
			ck_assert_uint_le(size, max);
			ck_assert_uint_le(max, size + 1);
			next += size;
		}
		ck_assert_uint_eq(next, count);
	}
}
END_TEST

/* Sums of random numbers, by adding them up */
START_TEST(all_reduce_random)
{
	uint32_t world = (uint32_t) _i % WORLD_MAX + 1;
	uint64_t count = lengths[_i / WORLD_MAX];
	int32_t *sums = calloc(count, sizeof(*sums));
	trial_t trial;

	_trial_new(&trial, PATTERN_INT32, world, count);
	srand((unsigned int) _i);
	for (uint64_t i = 0; i < world * count; i++) {
		int32_t value = rand() % 1000000 - 500000;

		trial.data[i / count][i % count] = value;
		sums[i % count] += value;
	}
	_run(&trial, _reduce);
	for (uint32_t i = 0; i < world; i++)
		ck_assert_msg(
			!memcmp(trial.data[i], sums, count * sizeof(*sums)),
			"%u ranks, %llu elements: rank %u is wrong", world,
			(unsigned long long) count, i);
	free(sums);
	_trial_free(&trial);
}
END_TEST

/* Both types, and what pattern.h says about sums */
START_TEST(all_reduce_pattern)
{
	uint32_t world = (uint32_t) _i % WORLD_MAX + 1;
	uint64_t count = lengths[_i / WORLD_MAX];

	for (int type = PATTERN_FLOAT32; type <= PATTERN_INT32; type++) {
		trial_t trial;

		_trial_new(&trial, (pattern_type_t) type, world, count);
		for (uint32_t i = 0; i < world; i++)
			pattern_fill(&trial.pattern, trial.data[i], i, 3, 0,
				     count);
		_run(&trial, _reduce);
		for (uint32_t i = 0; i < world; i++) {
			pattern_wrong_t wrong = {.count = 0};

			pattern_check_sums(&trial.pattern, trial.data[i], 3,
					   count, &wrong);
			ck_assert_msg(!wrong.count,
				      "%u ranks: rank %u, element %llu is %g, "
				      "wanted %g",
				      world, i,
				      (unsigned long long) wrong.index,
				      wrong.got, wrong.wanted);
			/* another iteration has other sums */
			pattern_check_sums(&trial.pattern, trial.data[i], 4,
					   count, &wrong);
			ck_assert(wrong.count || (count < 10));
		}
		_trial_free(&trial);
	}
}
END_TEST

START_TEST(all_gather)
{
	uint32_t world = (uint32_t) _i % WORLD_MAX + 1;
	uint64_t count = lengths[_i / WORLD_MAX];

	for (uint32_t shift = 0; shift < world; shift++) {
		trial_t trial;

		_trial_new(&trial, PATTERN_INT32, world, count);
		trial.shift = shift;
		for (uint32_t i = 0; i < world; i++) {
			uint32_t chunk = (i + shift) % world;
			uint64_t at =
				collective_chunk_first(count, world, chunk);
			uint64_t end =
				collective_chunk_first(count, world, chunk + 1);

			for (; at < end; at++)
				trial.data[i][at] = (int32_t) at + 17;
		}
		_run(&trial, _gather);
		for (uint64_t i = 0; i < world * count; i++)
			ck_assert_int_eq(trial.data[i / count][i % count],
					 (int32_t) (i % count) + 17);
		_trial_free(&trial);
	}
}
END_TEST

/* The sum of each column, by adding it up; sums stay exact */
START_TEST(pattern_sums)
{
	static const uint32_t worlds[] = {1, 2, 3, 17, 1000, MEMBER_WORLD_MAX};
	uint32_t world = worlds[_i / 2];
	pattern_t pattern;

	pattern_init(&pattern, (pattern_type_t) (_i % 2), world);
	for (uint64_t index = 0; index < 20; index++) {
		float floats = 0;
		int64_t ints = 0;

		for (uint32_t rank = 0; rank < world; rank++) {
			int32_t value = pattern_value(&pattern, rank, 1, index);

			ck_assert_int_ge(value, 0);
			ints += value;
			floats += (float) value;
		}
		ck_assert_int_eq(pattern_sum(&pattern, 1, index), ints);
		if (pattern.type == PATTERN_FLOAT32)
			ck_assert_int_eq((int64_t) floats, ints);
	}
}
END_TEST

/* A rank that is left out, or counted twice, is seen */
START_TEST(pattern_tells_ranks_apart)
{
	pattern_t pattern;
	unsigned int same = 0;

	pattern_init(&pattern, (pattern_type_t) _i, 8);
	for (uint64_t index = 0; index < 1000; index++) {
		int32_t a = pattern_value(&pattern, 2, 0, index);
		int32_t b = pattern_value(&pattern, 5, 0, index);

		same += (a == b) + !a;
	}
	ck_assert_msg(same < 50, "%u of 1000 elements do not tell", same);
}
END_TEST

/*
 * Whole runs
 */

typedef struct {
	options_t options;
	wire_result_t results[WORLD_MAX];
	fault_t faults[WORLD_MAX];
} whole_t;

/* Messages are queued: ranks need not wait for each other */
static int _no_barrier(void *arg, const char *doing, fault_t *fault)
{
	(void) arg, (void) fault;
	ck_assert(doing[0]);
	return 0;
}

static void _whole(transport_t *transport, void *arg)
{
	whole_t *whole = arg;
	fault_t *fault = &whole->faults[transport->rank];
	run_t *run = run_create(transport, &whole->options, fault);

	if (run)
		(void) run_tests(run, _no_barrier, NULL,
				 &whole->results[transport->rank], fault);
	run_destroy(run);
}

static mailbox_t *_whole_new(whole_t *whole, uint32_t world)
{
	memset(whole, 0, sizeof(*whole));
	whole->options.size = 4 * 1003;
	whole->options.iterations = 2;
	whole->options.type = (world % 2) ? PATTERN_INT32 : PATTERN_FLOAT32;
	whole->options.each_link = true;
	return mailbox_create(world);
}

START_TEST(whole_good)
{
	uint32_t world = (uint32_t) _i;
	whole_t whole;
	mailbox_t *mailbox = _whole_new(&whole, world);

	mailbox_run(mailbox, _whole, &whole);
	ck_assert_uint_eq(mailbox_left_over(mailbox), 0);
	for (uint32_t i = 0; i < world; i++) {
		const wire_result_t *result = &whole.results[i];

		ck_assert_msg(!fault_is(&whole.faults[i]), "%s",
			      whole.faults[i].text);
		ck_assert_msg(!result->reduce_wrong && !result->gather_wrong &&
				      !result->link_wrong,
			      "%u ranks, rank %u: %s", world, i,
			      result->first_wrong);
		ck_assert_uint_gt(result->latency, 0);
		ck_assert_uint_gt(result->link_time, 0);
		ck_assert_uint_gt(result->alone_time, 0);
		ck_assert_uint_gt(result->reduce_time, 0);
	}
	mailbox_destroy(mailbox);
}
END_TEST

/* One bit of one message of data, somewhere: it is found */
START_TEST(whole_flipped)
{
	uint32_t world = (uint32_t) _i % 8 + 2;
	whole_t whole;
	mailbox_t *mailbox = _whole_new(&whole, world);
	/* messages of the all-reduce and the all-gather */
	uint64_t messages = 3 * 3 * (world - 1);
	uint64_t number = ((uint64_t) _i * 7919) % messages, wrong = 0;

	/* in a float32 the last bits of a part of the sum can be rounded away
	 */
	whole.options.type = PATTERN_INT32;
	mailbox_flip(mailbox, (uint32_t) _i % world, number, 4,
		     (size_t) _i * 104729);
	mailbox_run(mailbox, _whole, &whole);
	for (uint32_t i = 0; i < world; i++) {
		const wire_result_t *result = &whole.results[i];

		ck_assert(!fault_is(&whole.faults[i]));
		wrong += result->reduce_wrong + result->gather_wrong +
			 result->link_wrong;
		ck_assert_int_eq(!result->first_wrong[0],
				 !(result->reduce_wrong + result->gather_wrong +
				   result->link_wrong));
	}
	ck_assert_msg(wrong > 0, "%u ranks: message %llu changed unseen", world,
		      (unsigned long long) number);
	mailbox_destroy(mailbox);
}
END_TEST

/* What changes on a link is told of that link */
START_TEST(link_flipped)
{
	uint32_t world = (uint32_t) _i + 2, from = world / 2;
	whole_t whole;
	mailbox_t *mailbox = _whole_new(&whole, world);
	uint64_t before = 3 * 3 * (world - 1), last = before + 2 * LINK_WINDOW;

	mailbox_flip(mailbox, from, last + 3, 4, 77);
	mailbox_run(mailbox, _whole, &whole);
	for (uint32_t i = 0; i < world; i++) {
		bool behind = i == (from + 1) % world;

		ck_assert_uint_eq(whole.results[i].link_wrong, behind);
		ck_assert_uint_eq(whole.results[i].reduce_wrong, 0);
		ck_assert_uint_eq(whole.results[i].gather_wrong, 0);
	}
	mailbox_destroy(mailbox);
}
END_TEST

/* Links of one colour share no rank */
START_TEST(colours)
{
	uint32_t world = (uint32_t) _i;

	for (uint32_t i = 0; i < world; i++) {
		uint32_t colour = link_colour(world, i);

		ck_assert_uint_lt(colour, link_colours(world));
		if (world > 1)
			ck_assert_uint_ne(colour,
					  link_colour(world, (i + 1) % world));
	}
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("collective");
	TCase *tcase = tcase_create("collective");
	int trials = WORLD_MAX * COUNT(lengths);

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, chunks, 0, 12);
	tcase_add_loop_test(tcase, all_reduce_random, 0, trials);
	tcase_add_loop_test(tcase, all_reduce_pattern, 0, trials);
	tcase_add_loop_test(tcase, all_gather, 0, trials);
	tcase_add_loop_test(tcase, pattern_sums, 0, 12);
	tcase_add_loop_test(tcase, pattern_tells_ranks_apart, 0, 2);
	tcase_add_loop_test(tcase, whole_good, 1, WORLD_MAX + 1);
	tcase_add_loop_test(tcase, whole_flipped, 0, 64);
	tcase_add_loop_test(tcase, link_flipped, 0, 7);
	tcase_add_loop_test(tcase, colours, 1, 20);
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
