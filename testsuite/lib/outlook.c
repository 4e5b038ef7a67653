/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers about the future are compared with an oracle that looks at every
 * moment by itself, with the jobs that have ended taken out of the picture.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "outlook.h"
#include "sample.h"

#define NODES 8
#define HOLDS_MAX 40
#define NOW 1000

static const char topology[] = "SwitchName=u0 Nodes=0-3\n"
			       "SwitchName=u1 Nodes=4-7\n"
			       "SwitchName=top Switches=u0,u1\n";

static profile_t *profile;
static shape_t *shape;
static fabric_t *fabric;

typedef struct {
	outlook_node_t nodes[NODES];
	outlook_hold_t holds[HOLDS_MAX];
	uint32_t hold_count;
} picture_t;

static void _setup(void)
{
	const char *srcdir = getenv("srcdir");
	neuron_error_t err = {""};
	char path[1024];

	snprintf(path, sizeof(path),
		 "%s/../../etc/profiles/trn2u.48xlarge.json",
		 srcdir ? srcdir : ".");
	profile = profile_read(path, &err);
	ck_assert_msg(profile != NULL, "%s", err.text);
	shape = shape_create(profile);
	ck_assert_ptr_nonnull(shape);
	fabric = sample_fabric(topology, NODES);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
}

static void _teardown(void)
{
	fabric_destroy(fabric);
	shape_destroy(shape);
	profile_destroy(profile);
}

static outlook_node_t _node(uint32_t node)
{
	return (outlook_node_t){
		.node = node,
		.shape = shape,
		.devices = devset_run(0, 16),
		.efas = devset_run(0, 16),
		.cpus = 192,
		.usable = true,
	};
}

/* Jobs with what is still free on random nodes */
static void _draw(picture_t *picture)
{
	devset_t taken[NODES] = {0};

	memset(picture, 0, sizeof(*picture));
	for (uint32_t n = 0; n < NODES; n++) {
		picture->nodes[n] = _node(n);
		picture->nodes[n].usable = sample_random(8) != 0;
	}
	for (uint32_t i = 0; i < HOLDS_MAX; i++) {
		uint32_t node = sample_random(NODES);
		uint32_t size = 1 + sample_random(8);
		devset_t set = devset_run(sample_random(17 - size), size);

		set &= ~taken[node];
		if (!set)
			continue;
		taken[node] |= set;
		picture->holds[picture->hold_count++] = (outlook_hold_t){
			.job = sample_random(12),
			.node = node,
			.devices = set,
			.efas = set,
			.end = sample_random(4)
				       ? NOW - 5 + (int64_t) sample_random(40)
				       : OUTLOOK_NEVER,
		};
	}
}

static outlook_t *_create(const picture_t *picture, int64_t now)
{
	neuron_error_t err = {""};
	outlook_t *outlook =
		outlook_create(fabric, picture->nodes, NODES, picture->holds,
			       picture->hold_count, now, &err);

	ck_assert_msg(outlook != NULL, "%s", err.text);
	return outlook;
}

static void _ask(outlook_t *outlook, const gang_request_t *wanted,
		 outlook_answer_t *answer)
{
	neuron_error_t err = {""};

	ck_assert_msg(!outlook_ask(outlook, wanted, 20, 0, answer, &err), "%s",
		      err.text);
}

/* The picture when all that ends by a moment has ended */
static picture_t _later(const picture_t *picture, int64_t moment)
{
	picture_t later = *picture;

	later.hold_count = 0;
	for (uint32_t i = 0; i < picture->hold_count; i++) {
		if (picture->holds[i].end > moment)
			later.holds[later.hold_count++] = picture->holds[i];
	}
	return later;
}

static int64_t _oracle_moment(const picture_t *picture,
			      const gang_request_t *wanted)
{
	for (int64_t moment = NOW; moment < NOW + 60; moment++) {
		picture_t later =
			(moment > NOW) ? _later(picture, moment) : *picture;
		outlook_t *outlook = _create(&later, moment);
		outlook_answer_t answer;
		bool fits;

		_ask(outlook, wanted, &answer);
		fits = (answer.moment == moment);
		outlook_answer_free(&answer);
		outlook_destroy(outlook);
		if (fits)
			return moment;
	}
	return OUTLOOK_NEVER;
}

static void _check_shares(const picture_t *picture,
			  const gang_request_t *wanted,
			  const outlook_answer_t *answer)
{
	for (uint32_t i = 0; i < answer->share_count; i++) {
		const outlook_share_t *share = &answer->shares[i];

		ck_assert_uint_eq(devset_count(share->devices),
				  wanted->request->per_node);
		ck_assert(share->devices == share->efas);
		ck_assert(picture->nodes[share->node].usable);
		ck_assert(shape_is_in_tier(shape, share->devices,
					   wanted->request->tier, true));
		ck_assert_uint_eq(
			share->links_best,
			shape_best_links(shape, wanted->request->per_node));
		ck_assert(!i || share->node > answer->shares[i - 1].node);
		for (uint32_t h = 0; h < picture->hold_count; h++) {
			const outlook_hold_t *hold = &picture->holds[h];

			ck_assert_msg(
				(hold->node != share->node) ||
					!(hold->devices & share->devices) ||
					(hold->end <= answer->moment) ||
					(answer->moment > NOW &&
					 hold->end <= NOW),
				"a device is given that job %u holds",
				hold->job);
		}
	}
}

/* A node that the job names and that has too little for it */
static const struct {
	devset_t devices;
	bool usable;
	bool held;
	bool whole;
	bool starts;
} named[] = {
	{0xffff, true, false, false, true},   {0xffff, true, false, true, true},
	{0xffff, true, true, false, true},    {0xffff, true, true, true, false},
	{0xffff, false, false, false, false}, {0x7, true, false, false, false},
	{0, true, false, true, false},
};

START_TEST(test_named)
{
	request_t request = {
		.per_node = 4,
		.tasks = 1,
		.nodes_min = 1,
		.nodes_max = 1,
		.tier = SHAPE_CONSECUTIVE,
		.whole_node = named[_i].whole,
	};
	gang_request_t wanted = {.request = &request,
				 .nodes_min = 1,
				 .nodes_max = 1,
				 .nodes_wanted = 1};
	picture_t picture = {.hold_count = named[_i].held};
	outlook_answer_t answer;
	outlook_t *outlook;

	for (uint32_t n = 0; n < NODES; n++)
		picture.nodes[n] = _node(n);
	picture.nodes[3].devices = named[_i].devices;
	picture.nodes[3].usable = named[_i].usable;
	picture.nodes[3].required = true;
	picture.holds[0] = (outlook_hold_t){
		.job = 1, .node = 3, .devices = 1, .end = OUTLOOK_NEVER};
	outlook = _create(&picture, NOW);
	_ask(outlook, &wanted, &answer);
	ck_assert_int_eq(answer.moment == NOW, named[_i].starts);
	ck_assert_uint_eq(answer.share_count, named[_i].starts);
	ck_assert(!answer.share_count || answer.shares[0].node == 3);
	outlook_answer_free(&answer);
	outlook_destroy(outlook);
}
END_TEST

static bool _is_blocker(const picture_t *picture,
			const outlook_answer_t *answer, uint32_t job)
{
	for (uint32_t i = 0; i < answer->share_count; i++) {
		for (uint32_t h = 0; h < picture->hold_count; h++) {
			const outlook_hold_t *hold = &picture->holds[h];

			if ((hold->job == job) &&
			    (hold->node == answer->shares[i].node) &&
			    (hold->devices & answer->shares[i].devices))
				return true;
		}
	}
	return false;
}

static void _check_blockers(const picture_t *picture,
			    const outlook_answer_t *answer)
{
	uint32_t count = 0;

	for (uint32_t job = 0; job < 12; job++)
		count += _is_blocker(picture, answer, job);
	ck_assert_uint_eq(answer->blocker_count, count);
	for (uint32_t i = 0; i < answer->blocker_count; i++)
		ck_assert(_is_blocker(picture, answer, answer->blockers[i]));
}

static void _check_now(outlook_t *outlook, const gang_request_t *wanted,
		       bool now)
{
	outlook_answer_t answer;

	ck_assert(!outlook_ask(outlook, wanted, 20, OUTLOOK_NOW_ONLY, &answer,
			       NULL));
	ck_assert_int_eq(answer.moment, now ? NOW : OUTLOOK_NEVER);
	outlook_answer_free(&answer);
}

START_TEST(test_moment)
{
	static const shape_tier_t tiers[] = {SHAPE_CONSECUTIVE, SHAPE_BEST,
					     SHAPE_CONNECTED};
	uint32_t later = 0, never = 0;

	sample_seed(6);

	for (int round = 0; round < 1000; round++) {
		request_t request = {
			.per_node = 1 + sample_random(16),
			.tasks = 1,
			.nodes_min = 1 + sample_random(4),
			.tier = tiers[sample_random(3)],
		};
		gang_request_t wanted = {
			.request = &request,
			.with_efa = true,
			.efa_per_node = request.per_node,
			.nodes_min = request.nodes_min,
			.nodes_max = request.nodes_min,
			.nodes_wanted = request.nodes_min,
		};
		picture_t picture;
		outlook_answer_t answer;
		outlook_t *outlook;
		int64_t moment;

		_draw(&picture);
		outlook = _create(&picture, NOW);
		_ask(outlook, &wanted, &answer);
		moment = _oracle_moment(&picture, &wanted);
		_check_now(outlook, &wanted, answer.moment == NOW);
		ck_assert_msg(answer.moment == moment,
			      "round %d: %u devices on %u nodes at %ld, oracle "
			      "says %ld",
			      round, request.per_node, request.nodes_min,
			      (long) answer.moment, (long) moment);
		_check_shares(&picture, &wanted, &answer);
		if (answer.moment == OUTLOOK_NEVER) {
			never++;
			ck_assert_uint_eq(answer.blocker_count, 0);
		} else {
			ck_assert_uint_eq(answer.share_count,
					  request.nodes_min);
		}
		if ((answer.moment > NOW) && (answer.moment != OUTLOOK_NEVER)) {
			later++;
			_check_blockers(&picture, &answer);
			ck_assert_uint_gt(answer.blocker_count, 0);
		}
		outlook_answer_free(&answer);
		outlook_destroy(outlook);
	}
	ck_assert_msg((later > 100) && (never > 50),
		      "the pictures are too easy: %u later, %u never", later,
		      never);
}
END_TEST

START_TEST(test_census)
{
	request_t request = {
		.per_node = 4, .tasks = 1, .tier = SHAPE_CONSECUTIVE};
	gang_request_t wanted = {.request = &request, .nodes_min = 1};
	picture_t picture = {.hold_count = 2};
	outlook_answer_t answer;
	outlook_t *outlook;

	for (uint32_t n = 0; n < NODES; n++)
		picture.nodes[n] = _node(n);
	picture.nodes[0].usable = false;
	picture.nodes[1].devices = devset_run(0, 3);
	/* node 2: three are free */
	picture.holds[0] = (outlook_hold_t){
		.node = 2, .devices = devset_run(0, 13), .end = NOW + 1};
	/* node 3: four are free, far from each other */
	picture.holds[1] = (outlook_hold_t){
		.node = 3,
		.devices = devset_run(0, 16) & ~(devset_of(0) | devset_of(5) |
						 devset_of(10) | devset_of(15)),
		.end = NOW + 1};
	outlook = _create(&picture, NOW);
	_ask(outlook, &wanted, &answer);
	ck_assert_uint_eq(answer.census.unusable, 1);
	ck_assert_uint_eq(answer.census.too_small, 1);
	ck_assert_uint_eq(answer.census.busy, 1);
	ck_assert_uint_eq(answer.census.broken, 1);
	ck_assert_uint_eq(answer.census.fit, 4);
	outlook_answer_free(&answer);
	ck_assert_int_eq(outlook_ask(outlook, &wanted, 0, OUTLOOK_WITH_UNUSABLE,
				     &answer, NULL),
			 0);
	ck_assert_uint_eq(answer.census.unusable, 0);
	ck_assert_uint_eq(answer.census.fit, 5);
	outlook_answer_free(&answer);
	request.whole_node = true;
	request.per_node = 16;
	_ask(outlook, &wanted, &answer);
	ck_assert_uint_eq(answer.census.busy, 2);
	ck_assert_uint_eq(answer.census.fit, 4);
	ck_assert_uint_eq(devset_count(answer.shares[0].devices), 16);
	outlook_answer_free(&answer);
	outlook_destroy(outlook);
}
END_TEST

START_TEST(test_refusals)
{
	outlook_node_t twice[2] = {_node(1), _node(1)};
	outlook_node_t outside = _node(NODES);
	neuron_error_t err = {""};

	ck_assert_ptr_null(
		outlook_create(fabric, twice, 2, NULL, 0, NOW, &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "node 1 "));
	ck_assert_ptr_null(
		outlook_create(fabric, &outside, 1, NULL, 0, NOW, &err));
	ck_assert_int_eq(errno, EINVAL);
	outlook_destroy(NULL);
}
END_TEST

START_TEST(test_memory)
{
	request_t request = {.per_node = 8, .tasks = 1, .nodes_min = 2};
	gang_request_t wanted = {.request = &request, .nodes_min = 2};
	picture_t picture;
	unsigned int failures = 0;
	bool done = false;

	sample_seed(1);

	_draw(&picture);
	for (long n = 0; !done && (n < 1000); n++) {
		outlook_answer_t answer = {0};
		outlook_t *outlook;

		failing_malloc_after(n);
		outlook = outlook_create(fabric, picture.nodes, NODES,
					 picture.holds, picture.hold_count, NOW,
					 NULL);
		done = outlook &&
		       !outlook_ask(outlook, &wanted, 0, 0, &answer, NULL);
		failing_malloc_after(-1);
		if (!done) {
			failures++;
			ck_assert_int_eq(errno, ENOMEM);
		}
		outlook_answer_free(&answer);
		outlook_destroy(outlook);
	}
	ck_assert(done && failures > 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outlook");
	TCase *tcase = tcase_create("outlook");
	SRunner *runner;
	int failed;

	tcase_add_unchecked_fixture(tcase, _setup, _teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_moment);
	tcase_add_test(tcase, test_census);
	tcase_add_test(tcase, test_refusals);
	tcase_add_test(tcase, test_memory);
	tcase_add_loop_test(tcase, test_named, 0,
			    (int) (sizeof(named) / sizeof(named[0])));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
