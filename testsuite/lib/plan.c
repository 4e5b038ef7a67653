/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "lib/plan.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define KINDS_MAX 4

/* "trn1.32xlarge trn2.48xlarge/1": families, with an LNC or their own */
static uint32_t _kinds(const char *text, plan_kind_t kinds[KINDS_MAX])
{
	char copy[256], *save = NULL;
	uint32_t count = 0;

	strcpy(copy, text);
	for (char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		char *slash = strchr(word, '/');

		if (slash)
			*slash++ = '\0';
		ck_assert_uint_lt(count, KINDS_MAX);
		kinds[count].profile = family_profile(word);
		kinds[count].shape = family_shape(word);
		kinds[count].lnc =
			slash ? (unsigned int) atoi(slash)
			      : profile_default_lnc(kinds[count].profile);
		count++;
	}
	return count;
}

/*
 * The rule
 */

static const struct {
	uint32_t tp;
	uint32_t cores;
	uint32_t parts;
	bool suits;
} rules[] = {
	{1, 1, 0, true},
	{1, 64, 0, true},
	{8, 64, 0, true},
	{64, 64, 0, true},
	{3, 24, 0, true},
	{24, 24, 1, true},
	{3, 64, 0, false},
	{7, 24, 4, false},
	{16, 24, 3, false}, /* divides the total, but splits a node */
	{128, 64, 0, false},
	{128, 64, 1, false},
	{128, 64, 2, true},
	{128, 64, 3, false},
	{128, 64, 4, true},
	{192, 64, 4, false},
	{192, 64, 6, true},
	{48, 24, 2, true},
	{65536, 64, 1024, true},
	{65536, 64, 1025, false},
	{65536, 1, UINT32_MAX, false},
	{65536, 128, UINT32_MAX - 511, true}, /* beyond 32 bits */
	{0, 64, 1, false},
	{8, 0, 1, false},
};

START_TEST(test_rule)
{
	bool suits =
		plan_tp_suits(rules[_i].tp, rules[_i].cores, rules[_i].parts);

	ck_assert_msg(suits == rules[_i].suits,
		      "tp=%u, %u cores, %u parts: got %d", rules[_i].tp,
		      rules[_i].cores, rules[_i].parts, suits);
}
END_TEST

/*
 * Requests: "per node", "per task" and others
 */

typedef struct {
	const char *type;
	uint32_t per_node;
	uint32_t per_task;
	uint32_t tasks;
	uint32_t nodes; /* 0: not fixed */
	bool whole;
} ask_t;

static request_t _request(const ask_t *ask, const options_t *options)
{
	request_t request = {
		.per_node = ask->per_node,
		.per_task = ask->per_task,
		.tasks = ask->tasks ? ask->tasks : 1,
		.nodes_min = ask->nodes ? ask->nodes : 1,
		.nodes_max = ask->nodes ? ask->nodes : UINT32_MAX,
		.whole_node = ask->whole,
		.tier = options_tier(options, SHAPE_CONSECUTIVE),
	};

	strcpy(request.type, ask->type);
	return request;
}

static const struct {
	const char *options;
	ask_t ask;
	const char *kinds;
	const char *wanted; /* NULL: right; else the whole sentence */
} checks[] = {
	{"", {"", .per_node = 4}, "trn2.48xlarge", NULL},
	/* tp within a node */
	{"tp=16", {"", .per_node = 4}, "trn2.48xlarge", NULL},
	{"tp=32", {"", .per_node = 4}, "trn2.48xlarge/1", NULL},
	{"tp=32,lnc=1", {"", .per_node = 4}, "trn2.48xlarge", NULL},
	{"tp=32",
	 {"", .per_node = 4},
	 "trn2.48xlarge",
	 "tp=32 takes 2 whole nodes of 16 logical cores, but the number of "
	 "nodes is not fixed: ask for -N2 or a multiple of it"},
	{"tp=32", {"", .per_node = 4, .nodes = 2}, "trn2.48xlarge", NULL},
	{"tp=32",
	 {"", .per_node = 4, .nodes = 3},
	 "trn2.48xlarge",
	 "tp=32 does not go with the 16 logical cores that the 4 trn2 devices "
	 "of a node have: write tp=1, 2, 4, 8, 16 or 48"},
	{"tp=6",
	 {"", .per_node = 4},
	 "trn2.48xlarge",
	 "tp=6 does not go with the 16 logical cores that the 4 trn2 devices "
	 "of a node have: write tp=1, 2, 4, 8 or 16"},
	{"tp=3",
	 {"", .per_node = 1},
	 "inf2.xlarge",
	 "tp=3 does not go with the 2 logical cores that the 1 inf2 device of "
	 "a node has: write tp=1 or 2"},
	{"tp=24", {"", .per_node = 12}, "inf2.48xlarge", NULL},
	{"tp=8", {"", .per_node = 12}, "inf2.48xlarge", NULL},
	{"tp=16",
	 {"", .per_node = 12},
	 "inf2.48xlarge",
	 "tp=16 does not go with the 24 logical cores that the 12 inf2 devices "
	 "of a node have: write tp=1, 2, 3, 4, 6, 8, 12 or 24"},
	/* whole nodes have all their devices */
	{"tp=64", {"", .per_node = 4, .whole = true}, "trn2.48xlarge", NULL},
	/* per task */
	{"tp=8", {"", .per_task = 2, .tasks = 4}, "trn2.48xlarge", NULL},
	{"tp=16", {"", .per_task = 2, .tasks = 4}, "trn2.48xlarge", NULL},
	{"tp=24",
	 {"", .per_task = 2, .tasks = 4},
	 "trn2.48xlarge",
	 "tp=24 does not go with the 8 logical cores that the 2 trn2 devices "
	 "of a task have: write tp=1, 2, 4, 8, 16 or 32"},
	/* several kinds */
	{"tp=8", {"", .per_node = 4}, "trn1.32xlarge trn2.48xlarge", NULL},
	{"tp=16",
	 {"", .per_node = 4},
	 "trn2.48xlarge trn1.32xlarge/1",
	 "tp=16 takes 2 whole nodes of 8 logical cores, but the number of nodes "
	 "is not fixed: ask for -N2 or a multiple of it"},
	{"tp=16",
	 {"", .per_node = 4, .nodes = 1},
	 "trn2.48xlarge trn1.32xlarge",
	 "tp=16 does not go with the 8 logical cores that the 4 trn1 devices "
	 "of a node have: write tp=1, 2, 4 or 8, or name the type of the "
	 "devices"},
	{"tp=16", {"trn2", .per_node = 4}, "trn2.48xlarge trn1.32xlarge", NULL},
	/* a kind that the job cannot land on does not matter */
	{"tp=64", {"", .per_node = 16}, "trn2.48xlarge inf2.48xlarge", NULL},
	{"lnc=1", {"", .per_node = 16}, "trn2.48xlarge inf2.48xlarge", NULL},
	/* machines of one family with different LNC */
	{"tp=32",
	 {"", .per_node = 4, .nodes = 1},
	 "trn2.48xlarge/1 trn2.48xlarge/2",
	 "tp=32 does not go with the 16 logical cores that the 4 trn2 devices "
	 "of a node have: write tp=1, 2, 4, 8 or 16"},
	{"tp=32,lnc=1",
	 {"", .per_node = 4, .nodes = 1},
	 "trn2.48xlarge/1 trn2.48xlarge/2",
	 NULL},
	/* lnc */
	{"lnc=1", {"", .per_node = 4}, "inf2.48xlarge", NULL},
	{"lnc=2", {"", .per_node = 4}, "trn2.48xlarge/1", NULL},
	{"lnc=2",
	 {"", .per_node = 4},
	 "inf2.48xlarge",
	 "inf2 devices cannot run with lnc=2: write lnc=1"},
	{"lnc=2",
	 {"", .per_node = 4},
	 "trn2.48xlarge trn1.32xlarge",
	 "trn1 devices cannot run with lnc=2: write lnc=1, or name the type of "
	 "the devices"},
	{"lnc=2", {"trn2", .per_node = 4}, "trn2.48xlarge trn1.32xlarge", NULL},
	/* launch and shape */
	{"launch=process,shape=consecutive",
	 {"", .per_node = 4},
	 "trn2.48xlarge",
	 NULL},
	{"launch=core,shape=ring", {"", .per_node = 4}, "trn2.48xlarge", NULL},
	{"launch=process,shape=ring",
	 {"", .per_node = 4},
	 "trn2.48xlarge",
	 "shape=ring does not go with launch=process, since a process needs "
	 "consecutive devices; write shape=consecutive or launch=core"},
	/* UltraServers */
	{"ultraserver=require", {"", .per_node = 16}, "trn2u.48xlarge", NULL},
	{"ultraserver=require",
	 {"", .per_node = 16},
	 "trn2.48xlarge trn2u.48xlarge",
	 NULL},
	{"ultraserver=require",
	 {"", .per_node = 4},
	 "trn2.48xlarge",
	 "the trn2 nodes that the job may use are in no UltraServer: write "
	 "ultraserver=prefer or ultraserver=no"},
	{"ultraserver=require",
	 {"inf2", .per_node = 4},
	 "trn2u.48xlarge inf2.48xlarge",
	 "the inf2 nodes that the job may use are in no UltraServer: write "
	 "ultraserver=prefer or ultraserver=no"},
	{"ultraserver=prefer", {"", .per_node = 4}, "inf2.48xlarge", NULL},
	{"ultraserver=no", {"", .per_node = 4}, "inf2.48xlarge", NULL},
};

START_TEST(test_check)
{
	plan_kind_t kinds[KINDS_MAX];
	uint32_t count = _kinds(checks[_i].kinds, kinds);
	neuron_error_t err = {""};
	options_t options;
	request_t request;
	int rc;

	ck_assert_int_eq(options_decode(checks[_i].options, &options, &err), 0);
	request = _request(&checks[_i].ask, &options);
	errno = 0;
	rc = plan_check(&options, &request, kinds, count, &err);
	if (!checks[_i].wanted) {
		ck_assert_msg(!rc, "row %d, %s: got \"%s\"", _i,
			      checks[_i].options, err.text);
		return;
	}
	ck_assert_msg((rc == -1) && ((errno == ENOTSUP) || (errno == EINVAL)) &&
			      !strcmp(err.text, checks[_i].wanted),
		      "row %d, %s: got %d, \"%s\", wanted \"%s\"", _i,
		      checks[_i].options, rc, err.text, checks[_i].wanted);
	ck_assert_int_eq(plan_check(&options, &request, kinds, count, NULL),
			 -1);
}
END_TEST

static const struct {
	const char *options;
	ask_t ask;
	const char *kinds;
	int wanted; /* -1: refused */
} tasks[] = {
	{"", {"", .per_node = 4}, "trn2.48xlarge", 0},
	{"lnc=1,launch=process", {"", .per_node = 4}, "trn2.48xlarge", 0},
	{"tp=8", {"", .per_node = 4}, "trn2.48xlarge", 2},
	{"tp=8,launch=process", {"", .per_node = 4}, "trn2.48xlarge", 2},
	{"tp=8,lnc=1", {"", .per_node = 4}, "trn2.48xlarge", 4},
	{"tp=8", {"", .per_node = 4}, "trn2.48xlarge/1", 4},
	{"tp=16", {"", .per_node = 4}, "trn2.48xlarge", 1},
	{"tp=128", {"", .per_node = 16, .nodes = 2}, "trn2.48xlarge", 1},
	{"tp=8,launch=core", {"", .per_node = 4}, "trn2.48xlarge", 16},
	{"tp=128,launch=core",
	 {"", .per_node = 16, .nodes = 2},
	 "trn2.48xlarge",
	 64},
	{"launch=core", {"", .per_node = 12}, "inf2.48xlarge", 24},
	{"tp=8", {"", .per_node = 4, .whole = true}, "trn2.48xlarge", 8},
	{"tp=8", {"", .per_task = 4}, "trn2.48xlarge", 0},
	{"tp=8", {"", .per_node = 4}, "trn2.48xlarge trn1.32xlarge", -1},
	{"tp=8", {"trn1", .per_node = 4}, "trn2.48xlarge trn1.32xlarge", 1},
	{"tp=8", {"", .per_node = 16}, "trn2.48xlarge inf2.48xlarge", 8},
	{"tp=8", {"", .per_node = 4}, "trn2.48xlarge/1 trn2.48xlarge/2", -1},
	{"tp=8,lnc=2",
	 {"", .per_node = 4},
	 "trn2.48xlarge/1 trn2.48xlarge/2",
	 2},
	{"tp=8", {"", .per_node = 4}, "trn1.32xlarge inf2.48xlarge", 1},
};

START_TEST(test_tasks)
{
	plan_kind_t kinds[KINDS_MAX];
	uint32_t count = _kinds(tasks[_i].kinds, kinds), got = 77;
	neuron_error_t err = {""};
	options_t options;
	request_t request;
	int rc;

	ck_assert_int_eq(options_decode(tasks[_i].options, &options, &err), 0);
	request = _request(&tasks[_i].ask, &options);
	rc = plan_tasks(&options, &request, kinds, count, &got, &err);
	if (tasks[_i].wanted < 0)
		ck_assert_msg((rc == -1) && (errno == ENOTSUP) &&
				      strstr(err.text, "name the type"),
			      "row %d: got %d, %u, \"%s\"", _i, rc, got,
			      err.text);
	else
		ck_assert_msg(!rc && ((int) got == tasks[_i].wanted),
			      "row %d: got %d, %u, \"%s\", wanted %d", _i, rc,
			      got, err.text, tasks[_i].wanted);
}
END_TEST

/*
 * Models
 */

static const struct {
	const char *options;
	const char *type;
	bool documented;
	uint32_t nodes;
	const char *kinds;
	const char *wanted_type; /* NULL: refused */
	uint32_t wanted_devices;
	uint32_t wanted_nodes;
	const char *refused; /* part of the sentence */
} models[] = {
	{"model=70B", "", false, 0, "trn2.48xlarge", "trn2", 2, 1, NULL},
	{"model=70B", "", true, 0, "trn1.32xlarge trn2.48xlarge", "trn2", 4, 1,
	 NULL},
	{"model=70B", "trn1", true, 0, "trn1.32xlarge trn2.48xlarge", "trn1", 8,
	 1, NULL},
	/* one device of each would do: the smallest */
	{"model=8B", "", false, 0, "trn2.48xlarge inf2.48xlarge", "inf2", 1, 1,
	 NULL},
	/* fewest nodes first */
	{"model=70B", "", false, 0, "inf2.xlarge inf2.48xlarge", "inf2", 5, 1,
	 NULL},
	{"model=405B", "", false, 0, "trn1.32xlarge inf2.48xlarge", "trn1", 16,
	 2, NULL},
	{"model=405B", "", false, 3, "inf2.48xlarge", "inf2", 10, 3, NULL},
	{"model=8B,lnc=2", "", false, 0, "inf2.48xlarge trn2.48xlarge", "trn2",
	 1, 1, NULL},
	{"model=8B,tp=64", "", false, 0, "inf2.48xlarge trn2.48xlarge", "trn2",
	 16, 1, NULL},
	{"model=8B,lnc=2", "", false, 0, "inf2.48xlarge", NULL, 0, 0,
	 "inf2 devices cannot run with lnc=2"},
	{"model=405B", "", false, 1, "trn1.32xlarge", NULL, 0, 0,
	 "ask for 2 nodes, or leave out -N"},
	{"model=8B", "trn9", false, 0, "trn1.32xlarge", NULL, 0, 0,
	 "no node that the job may use has Neuron devices of type trn9: choose "
	 "another partition, or another type"},
	{"model=8B", "", false, 0, "", NULL, 0, 0,
	 "no node that the job may use has Neuron devices"},
};

START_TEST(test_model)
{
	plan_model_t chosen = {NULL, 77, 77, 0, 0};
	plan_kind_t kinds[KINDS_MAX];
	uint32_t count = _kinds(models[_i].kinds, kinds);
	neuron_error_t err = {""};
	options_t options;
	int rc;

	ck_assert_int_eq(options_decode(models[_i].options, &options, &err), 0);
	rc = plan_model(&options, models[_i].type, SHAPE_CONSECUTIVE,
			models[_i].documented, models[_i].nodes, kinds, count,
			&chosen, &err);
	if (!models[_i].wanted_type) {
		ck_assert_msg((rc == -1) && (errno == ENOTSUP) &&
				      strstr(err.text, models[_i].refused) &&
				      (chosen.devices == 77),
			      "row %d: got %d, %u, \"%s\"", _i, rc,
			      chosen.devices, err.text);
		return;
	}
	ck_assert_msg(!rc, "row %d: %s", _i, err.text);
	ck_assert_msg(
		!strcmp(profile_type(chosen.profile), models[_i].wanted_type) &&
			(chosen.devices == models[_i].wanted_devices) &&
			(chosen.nodes == models[_i].wanted_nodes) &&
			(chosen.bytes >= chosen.needed),
		"row %d: got %s, %u devices, %u nodes", _i,
		profile_type(chosen.profile), chosen.devices, chosen.nodes);
}
END_TEST

static const struct {
	const char *options;
	ask_t ask;
	const char *kinds;
	const char *wanted; /* NULL: right */
} holds[] = {
	{"tp=8", {"", .per_node = 1}, "trn1.32xlarge", NULL},
	{"model=70B", {"", .per_node = 2}, "trn2.48xlarge", NULL},
	{"model=70B", {"", .per_node = 1, .nodes = 2}, "trn2.48xlarge", NULL},
	{"model=70B", {"", .per_task = 1, .tasks = 2}, "trn2.48xlarge", NULL},
	{"model=70B",
	 {"", .per_node = 1, .whole = true},
	 "trn2.48xlarge",
	 NULL},
	{"model=70B",
	 {"trn2", .per_node = 2},
	 "trn1.32xlarge trn2.48xlarge",
	 NULL},
	{"model=70B",
	 {"", .per_node = 16},
	 "inf2.48xlarge trn2.48xlarge",
	 NULL},
	{"model=70B",
	 {"", .per_node = 1},
	 "trn2.48xlarge",
	 "model 70B needs 157 GiB, and 1 trn2 device has 96 GiB: ask for 2 or "
	 "more in all, or leave the number to --neuron-model"},
	{"model=70B",
	 {"", .per_node = 2},
	 "trn2.48xlarge trn1.32xlarge",
	 "model 70B needs 157 GiB, and 2 trn1 devices have 64 GiB: ask for 5 "
	 "or more in all, or leave the number to --neuron-model"},
	{"model=405B:train",
	 {"", .per_node = 16, .nodes = 4},
	 "trn2.48xlarge",
	 "model 405B:train needs 7242 GiB, and 64 trn2 devices have 6144 GiB: "
	 "ask for 76 or more in all, or leave the number to --neuron-model"},
};

START_TEST(test_holds)
{
	plan_kind_t kinds[KINDS_MAX];
	uint32_t count = _kinds(holds[_i].kinds, kinds);
	neuron_error_t err = {""};
	options_t options;
	request_t request;
	int rc;

	ck_assert_int_eq(options_decode(holds[_i].options, &options, &err), 0);
	request = _request(&holds[_i].ask, &options);
	rc = plan_model_check(&options, &request, kinds, count, &err);
	if (!holds[_i].wanted)
		ck_assert_msg(!rc, "row %d: got \"%s\"", _i, err.text);
	else
		ck_assert_msg((rc == -1) && (errno == ENOTSUP) &&
				      !strcmp(err.text, holds[_i].wanted),
			      "row %d: got %d, \"%s\", wanted \"%s\"", _i, rc,
			      err.text, holds[_i].wanted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tcase = tcase_create("plan");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_rule, 0, COUNT(rules));
	tcase_add_loop_test(tcase, test_check, 0, COUNT(checks));
	tcase_add_loop_test(tcase, test_tasks, 0, COUNT(tasks));
	tcase_add_loop_test(tcase, test_model, 0, COUNT(models));
	tcase_add_loop_test(tcase, test_holds, 0, COUNT(holds));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
