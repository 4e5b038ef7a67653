/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outlook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As far ahead as slurmctld looks, see ledger.h there */
#define HORIZON (4 * 24 * 3600)

/* The holds on one node: first to first + count - 1 */
typedef struct {
	uint32_t first;
	uint32_t count;
} guests_t;

struct outlook {
	const fabric_t *fabric;
	int64_t now;
	outlook_node_t *nodes;
	uint32_t count;
	uint32_t *position; /* of a node of the fabric in nodes; UINT32_MAX */
	/* of these nodes, by position, end, job */
	outlook_hold_t *holds;
	uint32_t hold_count;
	guests_t *guests;
	/* when devices come free, ascending, each once */
	int64_t *moments;
	uint32_t moment_count;
	/* work space */
	gang_node_t *offered;
	shape_span_t *spans;
};

/* What one question is about */
typedef struct {
	outlook_t *outlook;
	const gang_request_t *wanted;
	uint32_t seconds;
	unsigned int flags;
	outlook_answer_t *answer;
	neuron_error_t *err;
} question_t;

/*
 * The picture
 */

static int _compare_hold(const void *a, const void *b)
{
	const outlook_hold_t *x = a, *y = b;

	if (x->node != y->node)
		return (x->node < y->node) ? -1 : 1;
	if (x->end != y->end)
		return (x->end < y->end) ? -1 : 1;
	return (x->job > y->job) - (x->job < y->job);
}

static int _compare_moment(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void _keep_holds(outlook_t *outlook, const outlook_hold_t *holds,
			uint32_t count)
{
	uint32_t nodes = fabric_node_count(outlook->fabric);

	for (uint32_t i = 0; i < count; i++) {
		outlook_hold_t hold = holds[i];

		if ((hold.node >= nodes) ||
		    (outlook->position[hold.node] == UINT32_MAX))
			continue;
		if (hold.end <= outlook->now)
			hold.end = outlook->now + 1;
		outlook->holds[outlook->hold_count++] = hold;
	}
	qsort(outlook->holds, outlook->hold_count, sizeof(*outlook->holds),
	      _compare_hold);
	for (uint32_t i = 0; i < outlook->hold_count; i++) {
		guests_t *guests =
			&outlook->guests
				 [outlook->position[outlook->holds[i].node]];

		if (!guests->count++)
			guests->first = i;
	}
}

static void _note_moments(outlook_t *outlook)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < outlook->hold_count; i++) {
		if (outlook->holds[i].end != OUTLOOK_NEVER)
			outlook->moments[count++] = outlook->holds[i].end;
	}
	qsort(outlook->moments, count, sizeof(*outlook->moments),
	      _compare_moment);
	for (uint32_t i = 0; i < count; i++) {
		if (!i || (outlook->moments[i] != outlook->moments[i - 1]))
			outlook->moments[outlook->moment_count++] =
				outlook->moments[i];
	}
}

static int _keep_nodes(outlook_t *outlook, const outlook_node_t *nodes,
		       uint32_t count, neuron_error_t *err)
{
	uint32_t all = fabric_node_count(outlook->fabric);

	for (uint32_t n = 0; n < all; n++)
		outlook->position[n] = UINT32_MAX;
	for (uint32_t i = 0; i < count; i++) {
		if ((nodes[i].node >= all) ||
		    (outlook->position[nodes[i].node] != UINT32_MAX))
			return neuron_error_set(
				err, EINVAL,
				"node %u is there twice or not in the fabric",
				nodes[i].node);
		outlook->position[nodes[i].node] = i;
		outlook->nodes[i] = nodes[i];
	}
	outlook->count = count;
	return 0;
}

static bool _make_room(outlook_t *outlook, uint32_t count, uint32_t holds)
{
	size_t nodes = (size_t) count + 1, all = (size_t) holds + 1;

	outlook->nodes = calloc(nodes, sizeof(*outlook->nodes));
	outlook->position =
		calloc((size_t) fabric_node_count(outlook->fabric) + 1,
		       sizeof(*outlook->position));
	outlook->holds = calloc(all, sizeof(*outlook->holds));
	outlook->guests = calloc(nodes, sizeof(*outlook->guests));
	outlook->moments = calloc(all, sizeof(*outlook->moments));
	outlook->offered = calloc(nodes, sizeof(*outlook->offered));
	outlook->spans =
		calloc(nodes * SHAPE_SPANS_MAX, sizeof(*outlook->spans));
	return outlook->nodes && outlook->position && outlook->holds &&
	       outlook->guests && outlook->moments && outlook->offered &&
	       outlook->spans;
}

extern outlook_t *outlook_create(const fabric_t *fabric,
				 const outlook_node_t *nodes, uint32_t count,
				 const outlook_hold_t *holds,
				 uint32_t hold_count, int64_t now,
				 neuron_error_t *err)
{
	outlook_t *outlook = calloc(1, sizeof(*outlook));

	if (outlook) {
		outlook->fabric = fabric;
		outlook->now = now;
	}
	if (!outlook || !_make_room(outlook, count, hold_count)) {
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	} else if (!_keep_nodes(outlook, nodes, count, err)) {
		_keep_holds(outlook, holds, hold_count);
		_note_moments(outlook);
		return outlook;
	}
	outlook_destroy(outlook);
	return NULL;
}

extern void outlook_destroy(outlook_t *outlook)
{
	int errnum = errno;

	if (!outlook)
		return;
	free(outlook->nodes);
	free(outlook->position);
	free(outlook->holds);
	free(outlook->guests);
	free(outlook->moments);
	free(outlook->offered);
	free(outlook->spans);
	free(outlook);
	errno = errnum;
}

/*
 * A moment
 */

/* Without what is held at a moment; RET false: nothing is */
static bool _free_at(const outlook_t *outlook, uint32_t i, int64_t moment,
		     devset_t *devices, devset_t *efas)
{
	const guests_t *guests = &outlook->guests[i];
	bool held = false;

	*devices = outlook->nodes[i].devices;
	*efas = outlook->nodes[i].efas;
	for (uint32_t g = guests->first + guests->count; g-- > guests->first;) {
		if (outlook->holds[g].end <= moment)
			break;
		*devices &= ~outlook->holds[g].devices;
		*efas &= ~outlook->holds[g].efas;
		held = true;
	}
	return held;
}

/* As slurmctld's ledger counts them, for shape_pick_timed() */
static uint32_t _spans(const outlook_t *outlook, uint32_t i, int64_t from,
		       uint32_t seconds, devset_t free, shape_span_t *spans)
{
	const guests_t *guests = &outlook->guests[i];
	int64_t to =
		from + ((seconds && (seconds < HORIZON)) ? seconds : HORIZON);
	uint32_t count = 0;

	for (uint32_t g = 0; g < guests->count; g++) {
		const outlook_hold_t *hold = &outlook->holds[guests->first + g];

		if (hold->end >= to)
			break;
		if ((hold->end > from) && (count < SHAPE_SPANS_MAX - 1)) {
			spans[count++] = (shape_span_t){
				free, (uint32_t) (hold->end - from)};
			from = hold->end;
		}
		free |= hold->devices & outlook->nodes[i].devices;
	}
	if (count && (to > from))
		spans[count++] = (shape_span_t){free, (uint32_t) (to - from)};
	return count;
}

static uint32_t _least(const gang_request_t *wanted)
{
	return wanted->request->per_node ? wanted->request->per_node
					 : wanted->request->per_task;
}

static void _offer(const question_t *question, uint32_t i, int64_t moment,
		   uint32_t *count)
{
	outlook_t *outlook = question->outlook;
	const outlook_node_t *node = &outlook->nodes[i];
	shape_span_t *spans = &outlook->spans[(size_t) i * SHAPE_SPANS_MAX];
	gang_node_t *offered = &outlook->offered[*count];
	devset_t devices, efas;
	bool held = _free_at(outlook, i, moment, &devices, &efas);

	if ((!node->usable && !(question->flags & OUTLOOK_WITH_UNUSABLE)) ||
	    (held && question->wanted->request->whole_node))
		devices = efas = 0;
	/* Without a node that the job names it cannot start on others */
	if (!node->required &&
	    (!devices || (devset_count(devices) < _least(question->wanted))))
		return;
	*offered = (gang_node_t){
		.node = node->node,
		.shape = node->shape,
		.free = devices,
		.free_efas = efas,
		.total = devset_count(devices),
		.cpus = node->cpus,
		.weight = node->weight,
		.required = node->required,
		.spans = spans,
		.span_count = _spans(outlook, i, moment, question->seconds,
				     devices, spans),
	};
	(*count)++;
}

static void _note_share(const gang_node_t *node, bool whole,
			outlook_share_t *share)
{
	devset_t devices = whole ? node->free : node->pick.devices;

	*share = (outlook_share_t){
		.node = node->node,
		.devices = devices,
		.efas = whole ? node->free_efas : node->pick.efas,
		.links = shape_links(node->shape, devices),
		.links_best =
			shape_best_links(node->shape, devset_count(devices)),
	};
}

static int _compare_share(const void *a, const void *b)
{
	const outlook_share_t *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

/* A gang_try_t: what gang chooses is the answer */
static int _take(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	const question_t *question = arg;
	outlook_answer_t *answer = question->answer;
	place_candidate_t *set = calloc(count, sizeof(*set));
	int rc = -1;

	free(answer->shares);
	answer->share_count = 0;
	answer->shares = calloc(count, sizeof(*answer->shares));
	for (uint32_t i = 0; set && answer->shares && (i < count); i++) {
		set[i] = (place_candidate_t){
			.node = chosen[i]->node,
			.damage = chosen[i]->pick.damage,
			.left = chosen[i]->left,
		};
		_note_share(chosen[i], question->wanted->request->whole_node,
			    &answer->shares[i]);
	}
	if (set && answer->shares &&
	    !place_cost(question->outlook->fabric, set, count, &answer->cost)) {
		answer->share_count = count;
		qsort(answer->shares, count, sizeof(*answer->shares),
		      _compare_share);
		rc = 0;
	}
	free(set);
	return rc;
}

/* RET 1: the job can start at a moment, the answer has where; 0: it cannot;
 * -1 with errno ENOMEM */
static int _decide(question_t *question, int64_t moment)
{
	outlook_t *outlook = question->outlook;
	uint32_t count = 0;
	gang_t *gang;
	int rc;

	for (uint32_t i = 0; i < outlook->count; i++)
		_offer(question, i, moment, &count);
	gang = gang_create(outlook->fabric, question->wanted, outlook->offered,
			   count);
	if (!gang)
		return neuron_error_set(question->err, ENOMEM, "out of memory");
	rc = gang_decide(gang, _take, question);
	gang_destroy(gang);
	if (rc && (errno == ENOMEM))
		return neuron_error_set(question->err, ENOMEM, "out of memory");
	return !rc;
}

/*
 * Answers
 */

static void _count_node(const question_t *question, uint32_t i,
			outlook_census_t *census)
{
	const outlook_node_t *node = &question->outlook->nodes[i];
	const gang_request_t *wanted = question->wanted;
	uint32_t least = _least(wanted);
	devset_t devices, efas;
	shape_pick_t pick;
	bool held = _free_at(question->outlook, i, question->outlook->now,
			     &devices, &efas);

	if (!node->usable && !(question->flags & OUTLOOK_WITH_UNUSABLE))
		census->unusable++;
	else if (devset_count(node->devices) < least)
		census->too_small++;
	else if ((devset_count(devices) < least) ||
		 (held && wanted->request->whole_node))
		census->busy++;
	else if (!wanted->request->whole_node &&
		 shape_pick(node->shape, devices, efas, wanted->with_efa, least,
			    wanted->request->tier, &pick))
		census->broken++;
	else
		census->fit++;
}

/* The first moment at which the job can start: more comes free at each */
static int _search(question_t *question)
{
	const outlook_t *outlook = question->outlook;
	uint32_t low = 0, high = outlook->moment_count;
	int rc;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if ((rc = _decide(question, outlook->moments[middle])) < 0)
			return -1;
		if (rc)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == outlook->moment_count)
		return 0;
	question->answer->moment = outlook->moments[low];
	/* once more: the last moment asked about may be another one */
	return (_decide(question, outlook->moments[low]) < 0) ? -1 : 0;
}

static int _compare_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void _add_blockers(const question_t *question,
			  const outlook_share_t *share)
{
	const outlook_t *outlook = question->outlook;
	outlook_answer_t *answer = question->answer;
	const guests_t *guests =
		&outlook->guests[outlook->position[share->node]];

	for (uint32_t g = 0; g < guests->count; g++) {
		const outlook_hold_t *hold = &outlook->holds[guests->first + g];

		if ((hold->end <= answer->moment) &&
		    ((hold->devices & share->devices) ||
		     (hold->efas & share->efas)))
			answer->blockers[answer->blocker_count++] = hold->job;
	}
}

static int _note_blockers(const question_t *question)
{
	outlook_answer_t *answer = question->answer;
	uint32_t count = 0;

	answer->blockers = calloc((size_t) question->outlook->hold_count + 1,
				  sizeof(*answer->blockers));
	if (!answer->blockers)
		return neuron_error_set(question->err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < answer->share_count; i++)
		_add_blockers(question, &answer->shares[i]);
	qsort(answer->blockers, answer->blocker_count,
	      sizeof(*answer->blockers), _compare_number);
	for (uint32_t i = 0; i < answer->blocker_count; i++) {
		if (!i || (answer->blockers[i] != answer->blockers[i - 1]))
			answer->blockers[count++] = answer->blockers[i];
	}
	answer->blocker_count = count;
	return 0;
}

extern int outlook_ask(outlook_t *outlook, const gang_request_t *wanted,
		       uint32_t seconds, unsigned int flags,
		       outlook_answer_t *answer, neuron_error_t *err)
{
	question_t question = {
		.outlook = outlook,
		.wanted = wanted,
		.seconds = seconds,
		.flags = flags,
		.answer = answer,
		.err = err,
	};
	int rc;

	*answer = (outlook_answer_t){.moment = outlook->now};
	for (uint32_t i = 0; i < outlook->count; i++)
		_count_node(&question, i, &answer->census);
	if ((rc = _decide(&question, outlook->now)) > 0)
		return 0;
	answer->moment = OUTLOOK_NEVER;
	if (!rc && (flags & OUTLOOK_NOW_ONLY))
		return 0;
	if ((rc < 0) || _search(&question) ||
	    ((answer->moment != OUTLOOK_NEVER) && _note_blockers(&question))) {
		outlook_answer_free(answer);
		return -1;
	}
	return 0;
}

extern void outlook_answer_free(outlook_answer_t *answer)
{
	int errnum = errno;

	free(answer->shares);
	free(answer->blockers);
	*answer = (outlook_answer_t){.moment = OUTLOOK_NEVER};
	errno = errnum;
}
