/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hosts.h"

/* Nodes that a picture of a placement names one by one */
#define NODES_SHOWN 16

/*
 * Questions
 */

typedef struct {
	const cluster_t *cluster;
	const cluster_job_t *job;
	const cluster_partition_t *partition;
	bool *excluded;
	bool *required;
	bool any_unknown;
	bool *mark; /* one of the two above */
	bool unmasked; /* as if nothing were masked */
	place_ultraserver_t ultraserver;
	outlook_t *outlook;
	answer_t *answer;
	neuron_error_t *err;
} question_t;

static int _mark(const char *name, void *arg)
{
	question_t *question = arg;
	int64_t node = cluster_node(question->cluster, name);

	if (node < 0)
		question->any_unknown = true;
	else
		question->mark[node] = true;
	return 0;
}

static int _mark_all(question_t *question, const char *list, bool *mark)
{
	question->mark = mark;
	if (!list || !list[0])
		return 0;
	if (hosts_expand(list, _mark, question) || question->any_unknown)
		return neuron_error_set(question->err, EINVAL,
					"%.200s: not all of these are nodes",
					list);
	return 0;
}

static bool _is_candidate(const question_t *question, uint32_t n)
{
	const cluster_node_t *node = &question->cluster->nodes[n];
	const char *type = question->job->request.type;

	return node->profile &&
	       (!question->partition || question->partition->has[n]) &&
	       !question->excluded[n] &&
	       (!type[0] || !strcmp(type, profile_type(node->profile)));
}

/* A job of whole nodes would get what is masked as well */
static void _mask_node(const question_t *question, const cluster_node_t *node,
		       outlook_node_t *offered)
{
	answer_t *answer = question->answer;

	if (!node->masked || question->unmasked)
		return;
	answer->masked += devset_count(node->masked);
	answer->masked_nodes++;
	offered->devices &= ~node->masked;
	offered->efas &= ~node->masked_efas;
	if (question->job->request.whole_node)
		offered->devices = offered->efas = 0;
}

static void _list_nodes(question_t *question, outlook_node_t *nodes)
{
	answer_t *answer = question->answer;

	answer->nodes = 0;

	for (uint32_t n = 0; n < question->cluster->node_count; n++) {
		const cluster_node_t *node = &question->cluster->nodes[n];

		if (!_is_candidate(question, n))
			continue;
		nodes[answer->nodes] = (outlook_node_t){
			.node = n,
			.shape = node->shape,
			.devices = profile_devices(node->profile),
			.efas = devset_run(0, profile_efa_count(node->profile)),
			.cpus = node->cpus,
			.weight = (uint64_t) node->weight << 8,
			.required = question->required[n],
			.usable = node->usable,
		};
		_mask_node(question, node, &nodes[answer->nodes++]);
	}
}

static uint32_t _count_holds(const cluster_t *cluster)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cluster->job_count; i++)
		count += cluster->jobs[i].share_count;
	return count;
}

static uint32_t _list_holds(const question_t *question, outlook_hold_t *holds)
{
	const cluster_t *cluster = question->cluster;
	uint32_t count = 0;

	for (uint32_t i = 0; i < cluster->job_count; i++) {
		const cluster_job_t *job = &cluster->jobs[i];

		if (job->state != CLUSTER_RUNNING)
			continue;
		for (uint32_t s = 0; s < job->share_count; s++)
			holds[count++] = (outlook_hold_t){
				.job = job->job_id,
				.node = job->shares[s].node,
				.devices = job->shares[s].devices,
				.efas = job->shares[s].efas,
				.end = job->end,
			};
	}
	return count;
}

static int _make_outlook(question_t *question)
{
	const cluster_t *cluster = question->cluster;
	outlook_node_t *nodes =
		calloc((size_t) cluster->node_count + 1, sizeof(*nodes));
	outlook_hold_t *holds =
		calloc((size_t) _count_holds(cluster) + 1, sizeof(*holds));

	if (nodes && holds) {
		_list_nodes(question, nodes);
		question->outlook = outlook_create(
			cluster->fabric, nodes, question->answer->nodes, holds,
			_list_holds(question, holds), cluster->now,
			question->err);
	} else {
		(void) neuron_error_set(question->err, ENOMEM, "out of memory");
	}
	free(nodes);
	free(holds);
	return question->outlook ? 0 : -1;
}

static place_ultraserver_t _ultraserver(const options_t *options)
{
	switch (options->ultraserver) {
	case OPTION_ULTRASERVER_REQUIRE:
		return PLACE_REQUIRE;
	case OPTION_ULTRASERVER_NO:
		return PLACE_IGNORE;
	default:
		return PLACE_PREFER;
	}
}

static int _ask(const question_t *question, const request_t *request,
		unsigned int flags, outlook_answer_t *answer)
{
	const cluster_job_t *job = question->job;
	uint32_t efas = job->efa_per_node;
	gang_request_t wanted = {
		.request = request,
		.with_efa = job->with_efa,
		.efa_per_task = job->efa_per_task,
		.nodes_min = request->nodes_min,
		.nodes_max = request->nodes_max,
		/* as many as it may have, as slurmctld does */
		.nodes_wanted = (request->nodes_max == UINT32_MAX)
					? request->nodes_min
					: request->nodes_max,
		.cpus = job->cpus,
		.ultraserver = question->ultraserver,
	};

	/* fewer devices need fewer interfaces */
	if (efas && job->request.per_node)
		efas = efas * request->per_node / job->request.per_node;
	wanted.efa_per_node = efas;
	return outlook_ask(question->outlook, &wanted, job->seconds, flags,
			   answer, question->err);
}

/*
 * Joints of nodes
 */

/* Joints of one UltraServer's nodes, those that are marked */
static uint32_t _joints_in(const fabric_t *fabric, uint32_t group,
			   const bool *marked)
{
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, group, &nodes);
	bool taken[CONF_ULTRASERVER_MEMBERS_MAX] = {false};
	uint32_t here = 0, pairs = 0;

	for (uint32_t i = 0; i < count; i++)
		here += marked[nodes[i]];
	if (here == count)
		return (count > 2) ? count : count - 1;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = i + 1; marked[nodes[i]] && (j < count); j++) {
			uint32_t pair[] = {nodes[i], nodes[j]};

			if (taken[j] || !marked[nodes[j]] || taken[i] ||
			    !fabric_ultraserver_group_is_legal(fabric, pair, 2))
				continue;
			taken[i] = taken[j] = true;
			pairs++;
		}
	}
	return pairs;
}

static uint32_t _most_joints(uint32_t count, uint32_t largest)
{
	if (largest < 2)
		return 0;
	return count / largest * ((largest > 2) ? largest : 1) +
	       count % largest / 2;
}

extern int answer_joints(const cluster_t *cluster,
			 const outlook_share_t *shares, uint32_t count,
			 uint32_t *joints, uint32_t *best)
{
	const fabric_t *fabric = cluster->fabric;
	bool *marked = calloc((size_t) cluster->node_count + 1, sizeof(bool));
	uint32_t largest = 0;

	*joints = *best = 0;
	if (!marked)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		marked[shares[i].node] = true;
	for (uint32_t g = 0; g < fabric_group_count(fabric); g++) {
		const uint32_t *nodes;
		uint32_t size;

		if (!fabric_group_is_ultraserver(fabric, g))
			continue;
		size = fabric_group_nodes(fabric, g, &nodes);
		largest = (size > largest) ? size : largest;
		*joints += _joints_in(fabric, g, marked);
	}
	*best = _most_joints(count, largest);
	free(marked);
	return 0;
}

/*
 * What would help
 */

/* Take a change that lets the job start now; RET -1: out of memory */
static int _try(const question_t *question, const request_t *request,
		unsigned int flags, const char *change)
{
	answer_t *answer = question->answer;
	answer_help_t *help = &answer->helps[answer->help_count];

	if (answer->help_count == ANSWER_HELPS_MAX)
		return 0;
	memset(help, 0, sizeof(*help));
	if (_ask(question, request, flags | OUTLOOK_NOW_ONLY, &help->answer))
		return -1;
	if (help->answer.moment != question->cluster->now) {
		outlook_answer_free(&help->answer);
		return 0;
	}
	snprintf(help->change, sizeof(help->change), "%s", change);
	answer->help_count++;
	return 0;
}

/* What a wider tier costs: links of the worst node */
static void _note_links(answer_help_t *help)
{
	uint32_t links = UINT32_MAX, best = 0;

	for (uint32_t i = 0; i < help->answer.share_count; i++) {
		if (help->answer.shares[i].links < links) {
			links = help->answer.shares[i].links;
			best = help->answer.shares[i].links_best;
		}
	}
	if (best && (links < best))
		snprintf(
			help->cost, sizeof(help->cost),
			"losing %.2f of its NeuronLink bandwidth: %u of the %u links that so many devices can have",
			1.0 - (double) links / best, links, best);
	else
		snprintf(
			help->cost, sizeof(help->cost),
			"all NeuronLinks, but devices without consecutive numbers");
}

static int _try_tiers(const question_t *question)
{
	answer_t *answer = question->answer;

	for (int tier = (int) question->job->request.tier + 1;
	     tier < SHAPE_TIERS; tier++) {
		request_t request = question->job->request;
		uint32_t before = answer->help_count;
		char change[64];

		request.tier = (shape_tier_t) tier;
		snprintf(change, sizeof(change), "--neuron-shape=%s",
			 shape_tier_name(request.tier));
		if (_try(question, &request, 0, change))
			return -1;
		if (answer->help_count > before) {
			_note_links(&answer->helps[before]);
			return 0;
		}
	}
	return 0;
}

/* Nodes of more UltraServers than needed */
static int _try_ultraservers(const question_t *question)
{
	question_t other = *question;
	answer_t *answer = question->answer;
	uint32_t before = answer->help_count;
	answer_help_t *help = &answer->helps[before];
	uint32_t joints, best;

	if (question->ultraserver != PLACE_REQUIRE)
		return 0;
	other.ultraserver = PLACE_PREFER;
	if (_try(&other, &question->job->request, 0,
		 "--neuron-ultraserver=prefer"))
		return -1;
	if (answer->help_count == before)
		return 0;
	if (answer_joints(question->cluster, help->answer.shares,
			  help->answer.share_count, &joints, &best))
		return neuron_error_set(question->err, ENOMEM, "out of memory");
	if (best)
		snprintf(
			help->cost, sizeof(help->cost),
			"losing %.2f of its NeuronLink bandwidth between nodes: %u of %u joints",
			1.0 - (double) joints / best, joints, best);
	return 0;
}

/* The most devices on each node with which it starts now */
static int _try_fewer_devices(const question_t *question)
{
	request_t request = question->job->request;
	uint32_t before = question->answer->help_count;
	char change[64];

	while ((request.per_node > 1) &&
	       (question->answer->help_count == before)) {
		snprintf(change, sizeof(change), "--gres=neuron:%u",
			 --request.per_node);
		if (_try(question, &request, 0, change))
			return -1;
	}
	return 0;
}

/* The most nodes: where some fit, so do fewer */
static int _try_fewer_nodes(const question_t *question)
{
	answer_t *answer = question->answer;
	request_t request = question->job->request;
	uint32_t before = answer->help_count, low = 0, high = request.nodes_min;
	char change[64];

	/* the tasks of fewer nodes need more devices on each */
	if ((before == ANSWER_HELPS_MAX) || request.per_task)
		return 0;
	while (low + 1 < high) {
		uint32_t middle = low + (high - low) / 2;

		request.nodes_min = request.nodes_max = middle;
		snprintf(change, sizeof(change), "--nodes=%u", middle);
		if (_try(question, &request, 0, change))
			return -1;
		if (answer->help_count == before) {
			high = middle;
			continue;
		}
		outlook_answer_free(
			&answer->helps[--answer->help_count].answer);
		low = middle;
	}
	if (!low)
		return 0;
	request.nodes_min = request.nodes_max = low;
	snprintf(change, sizeof(change), "--nodes=%u", low);
	return _try(question, &request, 0, change);
}

static int _try_repair(const question_t *question)
{
	answer_t *answer = question->answer;
	uint32_t before = answer->help_count;

	if (!answer->answer.census.unusable)
		return 0;
	if (_try(question, &question->job->request, OUTLOOK_WITH_UNUSABLE,
		 "nodes that are down or drained come back"))
		return -1;
	if (answer->help_count > before)
		snprintf(answer->helps[before].cost,
			 sizeof(answer->helps[before].cost),
			 "an administrator returns them");
	return 0;
}

static int _try_unmask(question_t *question)
{
	answer_t *answer = question->answer;
	uint32_t before = answer->help_count;
	outlook_t *outlook = question->outlook;
	int rc;

	if (!answer->masked)
		return 0;
	question->unmasked = true;
	question->outlook = NULL;
	rc = _make_outlook(question) || _try(question, &question->job->request,
					     0, "masked devices come back");
	outlook_destroy(question->outlook);
	question->outlook = outlook;
	if (!rc && (answer->help_count > before))
		snprintf(answer->helps[before].cost,
			 sizeof(answer->helps[before].cost),
			 "an operator finds them well: neuron-topo unmask");
	return rc ? -1 : 0;
}

static int _look(question_t *question)
{
	answer_t *answer = question->answer;

	if (_mark_all(question, question->job->excluded, question->excluded) ||
	    _mark_all(question, question->job->required, question->required) ||
	    _make_outlook(question) ||
	    _ask(question, &question->job->request, 0, &answer->answer))
		return -1;
	if (answer->answer.moment == question->cluster->now)
		return 0;
	return (_try_tiers(question) || _try_ultraservers(question) ||
		_try_fewer_devices(question) || _try_fewer_nodes(question) ||
		_try_unmask(question) || _try_repair(question))
		       ? -1
		       : 0;
}

extern int answer_ask(const cluster_t *cluster, const cluster_job_t *job,
		      const cluster_partition_t *partition, answer_t *answer,
		      neuron_error_t *err)
{
	question_t question = {
		.cluster = cluster,
		.job = job,
		.partition = partition,
		.excluded =
			calloc((size_t) cluster->node_count + 1, sizeof(bool)),
		.required =
			calloc((size_t) cluster->node_count + 1, sizeof(bool)),
		.ultraserver = _ultraserver(&job->options),
		.answer = answer,
		.err = err,
	};
	int rc = -1;

	memset(answer, 0, sizeof(*answer));
	if (question.excluded && question.required)
		rc = _look(&question);
	else
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	free(question.excluded);
	free(question.required);
	outlook_destroy(question.outlook);
	if (rc)
		answer_free(answer);
	return rc;
}

extern void answer_free(answer_t *answer)
{
	for (uint32_t i = 0; i < answer->help_count; i++)
		outlook_answer_free(&answer->helps[i].answer);
	outlook_answer_free(&answer->answer);
	answer->help_count = 0;
}

/*
 * Texts
 */

extern char *answer_nodes(const cluster_t *cluster,
			  const outlook_share_t *shares, uint32_t count)
{
	const char **names = calloc((size_t) count + 1, sizeof(*names));
	char *text;

	for (uint32_t i = 0; names && (i < count); i++)
		names[i] = cluster->nodes[shares[i].node].name;
	text = names ? hosts_fold(names, count) : NULL;
	free(names);
	return text;
}

extern void answer_request(const cluster_job_t *job, char *buf, size_t size)
{
	const request_t *request = &job->request;
	char nodes[32], devices[64];

	if (request->nodes_max > request->nodes_min &&
	    request->nodes_max != UINT32_MAX)
		snprintf(nodes, sizeof(nodes), "%u to %u nodes",
			 request->nodes_min, request->nodes_max);
	else
		snprintf(nodes, sizeof(nodes), "%u node%s", request->nodes_min,
			 (request->nodes_min == 1) ? "" : "s");
	if (request->per_task)
		snprintf(devices, sizeof(devices),
			 "%u device%s for each of %u tasks", request->per_task,
			 (request->per_task == 1) ? "" : "s", request->tasks);
	else
		snprintf(devices, sizeof(devices), "%u device%s on each",
			 request->per_node,
			 (request->per_node == 1) ? "" : "s");
	snprintf(buf, size, "%s, %s%s%s%s, shape %s", nodes, devices,
		 request->type[0] ? " of type " : "", request->type,
		 job->with_efa ? " with EFA" : "",
		 shape_tier_name(request->tier));
}

static void _when(int64_t moment, int64_t now, char *buf, size_t size)
{
	time_t clock = (time_t) moment;
	struct tm tm;
	char text[32];
	int64_t minutes = (moment - now + 59) / 60;

	if (moment == OUTLOOK_NEVER) {
		snprintf(buf, size, "never");
		return;
	}
	localtime_r(&clock, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "%s (in %" PRId64 ":%02" PRId64 ")", text,
		 minutes / 60, minutes % 60);
}

/*
 * A placement
 */

static json_object *_share_json(const cluster_t *cluster,
				const outlook_share_t *share)
{
	json_object *one = json_object_new_object();
	char text[DEVSET_TEXT_MAX];

	json_object_object_add(
		one, "node",
		json_object_new_string(cluster->nodes[share->node].name));
	(void) devset_encode(share->devices, text, sizeof(text));
	json_object_object_add(one, "devices", json_object_new_string(text));
	(void) devset_encode(share->efas, text, sizeof(text));
	json_object_object_add(one, "efas", json_object_new_string(text));
	json_object_object_add(one, "links",
			       json_object_new_int((int) share->links));
	json_object_object_add(one, "links_best",
			       json_object_new_int((int) share->links_best));
	return one;
}

static json_object *_groups_json(const cluster_t *cluster,
				 const place_cost_t *cost)
{
	json_object *list = json_object_new_array();
	uint32_t levels = fabric_levels(cluster->fabric);

	for (uint32_t i = FABRIC_LEVELS_MAX - levels; i < FABRIC_LEVELS_MAX;
	     i++)
		json_object_array_add(list,
				      json_object_new_int64(cost->groups[i]));
	return list;
}

extern json_object *answer_placement_json(const cluster_t *cluster,
					  const outlook_share_t *shares,
					  uint32_t count,
					  const place_cost_t *cost)
{
	json_object *placement = json_object_new_object();
	json_object *list = json_object_new_array();
	uint32_t joints, best;

	json_object_object_add(placement, "level",
			       json_object_new_int64(cost->level));
	json_object_object_add(placement, "ultraservers_beyond_least",
			       json_object_new_int64(cost->ultraservers));
	json_object_object_add(placement, "groups",
			       _groups_json(cluster, cost));
	if (!answer_joints(cluster, shares, count, &joints, &best)) {
		json_object_object_add(placement, "joints",
				       json_object_new_int64(joints));
		json_object_object_add(placement, "joints_best",
				       json_object_new_int64(best));
	}
	for (uint32_t i = 0; i < count; i++)
		json_object_array_add(list, _share_json(cluster, &shares[i]));
	json_object_object_add(placement, "nodes", list);
	return placement;
}

static void _print_level(const cluster_t *cluster, uint32_t level, FILE *out)
{
	if (!level)
		fputs("one node", out);
	else if ((level == 1) && fabric_has_ultraservers(cluster->fabric))
		fputs("one UltraServer", out);
	else
		fprintf(out, "one switch of level %u of %u", level,
			fabric_levels(cluster->fabric));
}

extern void answer_placement_print(const cluster_t *cluster,
				   const outlook_share_t *shares,
				   uint32_t count, const place_cost_t *cost,
				   FILE *out)
{
	uint32_t joints, best;

	fputs("  fabric       ", out);
	_print_level(cluster, cost->level, out);
	fputs(" joins all nodes", out);
	if (fabric_has_ultraservers(cluster->fabric))
		fprintf(out,
			"; UltraServers beyond the least and broken groups: %u",
			cost->ultraservers);
	fputc('\n', out);
	if (!answer_joints(cluster, shares, count, &joints, &best) && best)
		fprintf(out,
			"  NeuronLink   %u of %u joints between nodes that so many can have\n",
			joints, best);
	for (uint32_t i = 0; i < count; i++) {
		char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX];

		if (i == NODES_SHOWN) {
			fprintf(out, "  and %u nodes more\n", count - i);
			break;
		}
		(void) devset_encode(shares[i].devices, devices,
				     sizeof(devices));
		(void) devset_encode(shares[i].efas, efas, sizeof(efas));
		fprintf(out,
			"  %-12s devices %s, EFA %s, NeuronLinks %u of %u\n",
			cluster->nodes[shares[i].node].name, devices,
			efas[0] ? efas : "none", shares[i].links,
			shares[i].links_best);
	}
}

/*
 * Answers
 */

static void _print_census(const cluster_job_t *job, const answer_t *answer,
			  FILE *out)
{
	const outlook_census_t *census = &answer->answer.census;
	const char *tier = shape_tier_name(job->request.tier);

	fprintf(out, "Of %u nodes that it may use", answer->nodes);
	if (census->unusable)
		fprintf(out, " %u are down or drained,", census->unusable);
	if (census->too_small)
		fprintf(out, " %u have too few devices in all,",
			census->too_small);
	if (census->busy)
		fprintf(out, " %u have too few devices free,", census->busy);
	if (census->broken)
		fprintf(out, " %u have enough free, but in no set of shape %s,",
			census->broken, tier);
	fprintf(out, " %u can take its part now.\n", census->fit);
	if (answer->masked)
		fprintf(out, "%u device%s masked on %u of them.\n",
			answer->masked, (answer->masked == 1) ? " is" : "s are",
			answer->masked_nodes);
}

static void _print_blockers(const outlook_answer_t *answer, FILE *out)
{
	if (!answer->blocker_count)
		return;
	fputs(", after the end of job", out);
	if (answer->blocker_count > 1)
		fputc('s', out);
	for (uint32_t i = 0; i < answer->blocker_count; i++) {
		if (i == NODES_SHOWN) {
			fprintf(out, " and %u more", answer->blocker_count - i);
			break;
		}
		fprintf(out, "%s %u", i ? "," : "", answer->blockers[i]);
	}
}

static void _print_moment(const cluster_t *cluster, const answer_t *answer,
			  FILE *out)
{
	const outlook_answer_t *found = &answer->answer;
	char *nodes, when[64];

	if (found->moment == OUTLOOK_NEVER) {
		fputs("Its devices never come free together while the jobs that have no end run and nodes are away.\n",
		      out);
		return;
	}
	nodes = answer_nodes(cluster, found->shares, found->share_count);
	_when(found->moment, cluster->now, when, sizeof(when));
	if (found->moment == cluster->now)
		fprintf(out, "Devices are free for it now, on %s.\n",
			nodes ? nodes : "?");
	else {
		fprintf(out, "Its devices are free at %s, on %s", when,
			nodes ? nodes : "?");
		_print_blockers(found, out);
		fputs(".\n", out);
	}
	free(nodes);
	answer_placement_print(cluster, found->shares, found->share_count,
			       &found->cost, out);
}

static void _print_helps(const cluster_t *cluster, const answer_t *answer,
			 FILE *out)
{
	if (answer->help_count)
		fputs("It could start now with\n", out);
	for (uint32_t i = 0; i < answer->help_count; i++) {
		const answer_help_t *help = &answer->helps[i];
		char *nodes = answer_nodes(cluster, help->answer.shares,
					   help->answer.share_count);

		fprintf(out, "  %s, on %s%s%s\n", help->change,
			nodes ? nodes : "?", help->cost[0] ? ": " : "",
			help->cost);
		free(nodes);
	}
}

extern void answer_print(const cluster_t *cluster, const cluster_job_t *job,
			 const answer_t *answer, FILE *out)
{
	_print_census(job, answer, out);
	_print_moment(cluster, answer, out);
	_print_helps(cluster, answer, out);
	fputs("CPUs, memory, reservations, limits and jobs that wait before it are not looked at.\n",
	      out);
}

static json_object *_census_json(const answer_t *answer)
{
	const outlook_census_t *census = &answer->answer.census;
	json_object *one = json_object_new_object();

	json_object_object_add(one, "nodes",
			       json_object_new_int64(answer->nodes));
	json_object_object_add(one, "unusable",
			       json_object_new_int64(census->unusable));
	json_object_object_add(one, "too_small",
			       json_object_new_int64(census->too_small));
	json_object_object_add(one, "busy",
			       json_object_new_int64(census->busy));
	json_object_object_add(one, "broken",
			       json_object_new_int64(census->broken));
	json_object_object_add(one, "fit", json_object_new_int64(census->fit));
	json_object_object_add(one, "masked_devices",
			       json_object_new_int64(answer->masked));
	json_object_object_add(one, "masked_nodes",
			       json_object_new_int64(answer->masked_nodes));
	return one;
}

static void _add_found(json_object *to, const cluster_t *cluster,
		       const outlook_answer_t *found)
{
	json_object *blockers = json_object_new_array();

	json_object_object_add(
		to, "now",
		json_object_new_boolean(found->moment == cluster->now));
	if (found->moment == OUTLOOK_NEVER)
		return;
	json_object_object_add(to, "moment",
			       json_object_new_int64(found->moment));
	for (uint32_t i = 0; i < found->blocker_count; i++)
		json_object_array_add(
			blockers, json_object_new_int64(found->blockers[i]));
	json_object_object_add(to, "blockers", blockers);
	json_object_object_add(to, "placement",
			       answer_placement_json(cluster, found->shares,
						     found->share_count,
						     &found->cost));
}

extern json_object *answer_json(const cluster_t *cluster,
				const cluster_job_t *job,
				const answer_t *answer)
{
	json_object *one = json_object_new_object();
	json_object *helps = json_object_new_array();
	char text[256];

	answer_request(job, text, sizeof(text));
	json_object_object_add(one, "request", json_object_new_string(text));
	json_object_object_add(one, "time",
			       json_object_new_int64(cluster->now));
	json_object_object_add(one, "census", _census_json(answer));
	_add_found(one, cluster, &answer->answer);
	for (uint32_t i = 0; i < answer->help_count; i++) {
		const answer_help_t *help = &answer->helps[i];
		json_object *other = json_object_new_object();

		json_object_object_add(other, "change",
				       json_object_new_string(help->change));
		if (help->cost[0])
			json_object_object_add(
				other, "cost",
				json_object_new_string(help->cost));
		_add_found(other, cluster, &help->answer);
		json_object_array_add(helps, other);
	}
	json_object_object_add(one, "helps", helps);
	return one;
}
