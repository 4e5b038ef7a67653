/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gang.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nodes with the same free sets get the same pick: most of a large machine */
#define MEMO_SIZE 1024
#define NONE (-1)

typedef struct {
	const shape_t *shape;
	devset_t free;
	devset_t free_efas;
	bool fits;
	shape_pick_t pick;
} memo_t;

/* What a node could be in a job */
typedef struct {
	gang_node_t *node;
	bool gives_many;
	bool gives_few;
	place_candidate_t many;
	place_candidate_t few;
	/* while nodes are chosen */
	int64_t group; /* at the level in question */
	bool is_many;
} share_t;

/* How a number of nodes shares the job: more give many devices, the others
 * few; all give many when more is nodes */
typedef struct {
	uint32_t many;
	uint32_t few;
	uint32_t more;
	uint32_t nodes;
} spread_t;

struct gang {
	const fabric_t *fabric;
	const gang_request_t *wanted;
	gang_node_t *nodes;
	uint32_t count;
	/* the spread whose devices shares are about; many is 0 at first */
	spread_t fitted;
	uint32_t share_count;
	uint32_t required; /* of the shares */
	/* work space, so many entries each */
	size_t room;
	share_t *shares;
	share_t **live; /* shares that are not too heavy */
	share_t **offered; /* in the order of candidates */
	gang_node_t **chosen;
	place_candidate_t *candidates;
	uint32_t *picked;
	uint64_t *weights;
	memo_t *memo;
};

static uint32_t _min(uint32_t a, uint32_t b)
{
	return (a < b) ? a : b;
}

static uint32_t _max(uint32_t a, uint32_t b)
{
	return (a > b) ? a : b;
}

extern void gang_destroy(gang_t *gang)
{
	int saved = errno;

	if (!gang)
		return;
	free(gang->shares);
	free(gang->live);
	free(gang->offered);
	free(gang->chosen);
	free(gang->candidates);
	free(gang->picked);
	free(gang->weights);
	free(gang->memo);
	free(gang);
	errno = saved;
}

/* What was in an array is not kept */
static bool _has_room(void **array, size_t room, size_t size)
{
	free(*array);
	*array = calloc(room, size);
	return *array != NULL;
}

/* Room for so many nodes. What is there from another decision is written
 * before it is read. RET 0, or -1 */
static int _make_room(gang_t *gang, uint32_t count)
{
	size_t room = (size_t) count + count / 2 + 1;

	if (count < gang->room)
		return 0;
	gang->room = 0;
	if (!_has_room((void **) &gang->shares, room, sizeof(*gang->shares)) ||
	    !_has_room((void **) &gang->live, room, sizeof(*gang->live)) ||
	    !_has_room((void **) &gang->offered, room,
		       sizeof(*gang->offered)) ||
	    !_has_room((void **) &gang->chosen, room, sizeof(*gang->chosen)) ||
	    !_has_room((void **) &gang->candidates, room,
		       sizeof(*gang->candidates)) ||
	    !_has_room((void **) &gang->picked, room, sizeof(*gang->picked)) ||
	    !_has_room((void **) &gang->weights, room, sizeof(*gang->weights)))
		return -1;
	gang->room = room;
	return 0;
}

extern int gang_renew(gang_t *gang, const fabric_t *fabric,
		      const gang_request_t *request, gang_node_t *nodes,
		      uint32_t count)
{
	gang->fabric = fabric;
	gang->wanted = request;
	gang->nodes = nodes;
	gang->count = 0;
	gang->share_count = gang->required = 0;
	gang->fitted = (spread_t){0};
	if (_make_room(gang, count)) {
		errno = ENOMEM;
		return -1;
	}
	gang->count = count;
	return 0;
}

extern gang_t *gang_create(const fabric_t *fabric,
			   const gang_request_t *request, gang_node_t *nodes,
			   uint32_t count)
{
	gang_t *gang = calloc(1, sizeof(*gang));

	if (!gang)
		return NULL;
	gang->memo = calloc(MEMO_SIZE, sizeof(*gang->memo));
	if (!gang->memo || gang_renew(gang, fabric, request, nodes, count)) {
		gang_destroy(gang);
		errno = ENOMEM;
		return NULL;
	}
	return gang;
}

/* ------------------------------------------------------------------ */
/* Devices */

/* EFA interfaces that the job asks beside so many devices of a node */
static uint32_t _efas_asked(const gang_t *gang, uint32_t devices)
{
	const gang_request_t *wanted = gang->wanted;

	if (!wanted->with_efa)
		return 0;
	if (wanted->efa_per_node)
		return wanted->efa_per_node;
	if (!wanted->request->per_task)
		return 0;
	return wanted->efa_per_task * (devices / wanted->request->per_task);
}

static memo_t *_memo_of(gang_t *gang, const gang_node_t *node)
{
	uint64_t hash = node->free * UINT64_C(0x9e3779b97f4a7c15);

	hash ^= node->free_efas * UINT64_C(0xc2b2ae3d27d4eb4f);
	hash ^= (uint64_t) (uintptr_t) node->shape >> 4;
	return &gang->memo[(hash ^ (hash >> 32)) % MEMO_SIZE];
}

/* Ask shape, which counts damage in parts for both kinds of nodes */
static bool _ask_shape(const gang_t *gang, const gang_node_t *node,
		       uint32_t devices, shape_pick_t *pick)
{
	bool with_efa = gang->wanted->with_efa;
	uint32_t parts;

	if (shape_pick_timed(node->shape, node->free,
			     with_efa ? node->free_efas : 0, with_efa, devices,
			     gang->wanted->request->tier, node->spans,
			     node->span_count, pick, &parts) ||
	    (devset_count(pick->efas) != _efas_asked(gang, devices)))
		return false;
	pick->damage = parts;
	return true;
}

static bool _recall(gang_t *gang, const gang_node_t *node, uint32_t devices,
		    shape_pick_t *pick)
{
	devset_t free_efas = gang->wanted->with_efa ? node->free_efas : 0;
	memo_t *memo = _memo_of(gang, node);

	if ((memo->shape != node->shape) || (memo->free != node->free) ||
	    (memo->free_efas != free_efas)) {
		memo->shape = node->shape;
		memo->free = node->free;
		memo->free_efas = free_efas;
		memo->fits = _ask_shape(gang, node, devices, &memo->pick);
	}
	*pick = memo->pick;
	return memo->fits;
}

static bool _pick_set(gang_t *gang, gang_node_t *node, uint32_t devices)
{
	shape_pick_t pick;
	bool fits = node->span_count ? _ask_shape(gang, node, devices, &pick)
				     : _recall(gang, node, devices, &pick);

	if (!fits)
		return false;
	node->pick = pick;
	node->left = devset_count(node->free) - devices;
	return true;
}

/* Choose the set that a node would give for so many devices */
static bool _pick(gang_t *gang, gang_node_t *node, uint32_t devices)
{
	const request_t *request = gang->wanted->request;

	memset(&node->pick, 0, sizeof(node->pick));
	node->left = 0;
	if (node->total < devices)
		return false;
	if (request->whole_node)
		return true;
	if (node->counted)
		return shape_size_is_possible(node->shape, devices,
					      request->tier);
	return _pick_set(gang, node, devices);
}

static void _forget_picks(gang_t *gang)
{
	memset(gang->memo, 0, MEMO_SIZE * sizeof(*gang->memo));
}

extern uint32_t gang_fit(gang_t *gang, uint32_t devices, gang_node_t **fitting)
{
	uint32_t count = 0;

	_forget_picks(gang);
	for (uint32_t i = 0; i < gang->count; i++) {
		if (_pick(gang, &gang->nodes[i], devices))
			fitting[count++] = &gang->nodes[i];
	}
	return count;
}

/* ------------------------------------------------------------------ */
/* Shares */

static place_candidate_t _candidate(const gang_node_t *node)
{
	return (place_candidate_t){
		.node = node->node,
		.damage = node->pick.damage,
		.left = node->left,
		.required = node->required,
	};
}

/* What all nodes can give when they give many */
static void _fit_many(gang_t *gang, uint32_t many)
{
	_forget_picks(gang);
	for (uint32_t i = 0; i < gang->count; i++) {
		share_t *share = &gang->shares[i];

		*share = (share_t){.node = &gang->nodes[i]};
		share->gives_many = _pick(gang, share->node, many);
		share->many = _candidate(share->node);
	}
}

static void _fit_few(gang_t *gang, uint32_t few)
{
	_forget_picks(gang);
	for (uint32_t i = 0; i < gang->count; i++) {
		share_t *share = &gang->shares[i];

		share->gives_few = _pick(gang, share->node, few);
		share->few = _candidate(share->node);
	}
}

/*
 * List the nodes that can be in a job.
 * RET false: a node that the job names is not among them.
 */
static bool _fit_shares(gang_t *gang, const spread_t *spread)
{
	uint32_t few = (spread->more < spread->nodes) ? spread->few : 0;
	uint32_t required = 0;

	if ((gang->fitted.many != spread->many) || (gang->fitted.few != few)) {
		gang->fitted = (spread_t){.many = spread->many, .few = few};
		_fit_many(gang, spread->many);
		if (few)
			_fit_few(gang, few);
		gang->share_count = gang->required = 0;
		for (uint32_t i = 0; i < gang->count; i++) {
			const share_t *share = &gang->shares[i];

			if (!share->gives_many && !share->gives_few)
				continue;
			gang->required += share->node->required;
			gang->shares[gang->share_count++] = *share;
		}
	}
	for (uint32_t i = 0; i < gang->count; i++)
		required += gang->nodes[i].required;
	return gang->required == required;
}

/* ------------------------------------------------------------------ */
/* The same number of devices on each node */

static void _offer(gang_t *gang, uint32_t at, share_t *share,
		   const place_candidate_t *candidate, bool required)
{
	gang->offered[at] = share;
	gang->candidates[at] = *candidate;
	gang->candidates[at].required = required;
}

static int _place(gang_t *gang, uint32_t count, uint32_t want, uint32_t level)
{
	const place_rule_t rule = {.ultraserver = gang->wanted->ultraserver};

	return place_nodes(gang->fabric, gang->candidates, count, want, level,
			   &rule, gang->picked, NULL, NULL);
}

/* OUT gang->chosen */
static int _choose_even(gang_t *gang, uint32_t live, uint32_t want)
{
	for (uint32_t i = 0; i < live; i++) {
		share_t *share = gang->live[i];

		_offer(gang, i, share, &share->many, share->node->required);
	}
	if (_place(gang, live, want, FABRIC_LEVELS_MAX))
		return -1;
	for (uint32_t i = 0; i < want; i++)
		gang->chosen[i] = gang->offered[gang->picked[i]]->node;
	return 0;
}

/* ------------------------------------------------------------------ */
/* More devices on some nodes than on others */

/* How many nodes of a group are of use beside those that only give many, and
 * how many nodes are required */
typedef struct {
	uint32_t both;
	uint32_t only_few;
	uint32_t required; /* of all */
	uint32_t required_few; /* of those that can give few */
} census_t;

static census_t _count_shares(share_t *const *shares, uint32_t count)
{
	census_t census = {0};

	for (uint32_t i = 0; i < count; i++) {
		bool required = shares[i]->node->required;

		census.required += required;
		if (!shares[i]->gives_few)
			continue;
		census.required_few += required;
		if (shares[i]->gives_many)
			census.both++;
		else
			census.only_few++;
	}
	return census;
}

static uint32_t _excess(uint32_t a, uint32_t b)
{
	return (a > b) ? a - b : 0;
}

/* Nodes that can only give many, of which so many are needed because the
 * others do not suffice */
static uint32_t _only_many_needed(const census_t *census,
				  const spread_t *spread)
{
	return _excess(spread->nodes, census->both + census->only_few);
}

/* Required nodes that can give both, of which so many must give many because
 * the places of those that give few do not suffice */
static uint32_t _required_needed(const census_t *census, const spread_t *spread)
{
	return _excess(census->required_few, spread->nodes - spread->more);
}

/* Whether the group may hold the job; what else may be missing place_nodes()
 * finds */
static bool _can_share(const gang_t *gang, const census_t *census,
		       const spread_t *spread)
{
	return (census->required == gang->required) &&
	       (census->both + census->only_few >=
		spread->nodes - spread->more);
}

static int _compare_index(const void *a, const void *b)
{
	const share_t *x = *(share_t *const *) a, *y = *(share_t *const *) b;

	return (x->node->node > y->node->node) -
	       (x->node->node < y->node->node);
}

static int _compare_group(const void *a, const void *b)
{
	const share_t *x = *(share_t *const *) a, *y = *(share_t *const *) b;

	if (x->group != y->group)
		return (x->group > y->group) ? 1 : -1;
	return _compare_index(a, b);
}

/* Required nodes first, then those that lose least when they give many */
static int _compare_many(const void *a, const void *b)
{
	const share_t *x = *(share_t *const *) a, *y = *(share_t *const *) b;
	int64_t p = (int64_t) x->many.damage - x->few.damage;
	int64_t q = (int64_t) y->many.damage - y->few.damage;

	if (x->node->required != y->node->required)
		return x->node->required ? -1 : 1;
	if (p != q)
		return (p > q) ? 1 : -1;
	return _compare_index(a, b);
}

/*
 * Offer those of a group that may give many, so that whichever of them are
 * taken, the rest of the group can complete the job.
 * RET the new number of candidates
 */
static uint32_t _offer_many(gang_t *gang, share_t **shares, uint32_t count,
			    const spread_t *spread, uint32_t offered)
{
	census_t census = _count_shares(shares, count);
	uint32_t must = _required_needed(&census, spread), may = census.both;

	if (!_can_share(gang, &census, spread))
		return offered;
	if (_only_many_needed(&census, spread))
		may = spread->more - _only_many_needed(&census, spread);
	qsort(shares, count, sizeof(*shares), _compare_many);
	for (uint32_t i = 0; i < count; i++) {
		bool required = shares[i]->node->required;

		if (!shares[i]->gives_many)
			continue;
		if (shares[i]->gives_few) {
			if (!may)
				continue;
			may--;
			required = (must > 0);
			must -= required;
		}
		_offer(gang, offered++, shares[i], &shares[i]->many, required);
	}
	return offered;
}

/*
 * Choose the nodes that give many, below a group of this level that can hold
 * the whole job.
 */
static int _choose_many(gang_t *gang, uint32_t live, const spread_t *spread,
			uint32_t level)
{
	uint32_t offered = 0, end;

	for (uint32_t i = 0; i < live; i++)
		gang->live[i]->group = fabric_node_group_at(
			gang->fabric, gang->live[i]->node->node, level);
	qsort(gang->live, live, sizeof(*gang->live), _compare_group);
	for (uint32_t i = 0; i < live; i = end) {
		for (end = i + 1; end < live; end++) {
			if (gang->live[end]->group != gang->live[i]->group)
				break;
		}
		if (gang->live[i]->group >= 0)
			offered = _offer_many(gang, &gang->live[i], end - i,
					      spread, offered);
	}
	if (_place(gang, offered, spread->more, level))
		return -1;
	for (uint32_t i = 0; i < live; i++)
		gang->live[i]->is_many = false;
	for (uint32_t i = 0; i < spread->more; i++)
		gang->offered[gang->picked[i]]->is_many = true;
	return 0;
}

/* Choose the others so that all together are best */
static int _choose_few(gang_t *gang, uint32_t live, const spread_t *spread)
{
	uint32_t offered = 0, many = 0, few = spread->more;

	for (uint32_t i = 0; i < live; i++) {
		share_t *share = gang->live[i];

		if (share->is_many)
			_offer(gang, offered++, share, &share->many, true);
		else if (share->gives_few)
			_offer(gang, offered++, share, &share->few,
			       share->node->required);
	}
	if (_place(gang, offered, spread->nodes, FABRIC_LEVELS_MAX))
		return -1;
	for (uint32_t i = 0; i < spread->nodes; i++) {
		share_t *share = gang->offered[gang->picked[i]];

		gang->chosen[share->is_many ? many++ : few++] = share->node;
	}
	return 0;
}

/* ------------------------------------------------------------------ */
/* The same where UltraServers are required: first all nodes, then the shares */

/* RET how many of the nodes that can give few are offered; NONE: a node that
 * the job names cannot */
static int64_t _offer_few(gang_t *gang, uint32_t live)
{
	uint32_t offered = 0;

	for (uint32_t i = 0; i < live; i++) {
		share_t *share = gang->live[i];

		if (share->gives_few) {
			_offer(gang, offered, share, &share->few,
			       share->node->required);
			gang->candidates[offered++].last = !share->gives_many;
		} else if (share->node->required) {
			return NONE;
		}
	}
	return offered;
}

/* Those that cannot give many last, then those that lose least by it */
static int _compare_gain(const void *a, const void *b)
{
	const share_t *x = *(share_t *const *) a, *y = *(share_t *const *) b;
	int64_t p = (int64_t) x->many.damage - x->few.damage;
	int64_t q = (int64_t) y->many.damage - y->few.damage;

	if (x->gives_many != y->gives_many)
		return x->gives_many ? -1 : 1;
	if (x->gives_many && (p != q))
		return (p > q) ? 1 : -1;
	return _compare_index(a, b);
}

static int _choose_required(gang_t *gang, uint32_t live, const spread_t *spread)
{
	const place_rule_t rule = {
		.ultraserver = PLACE_REQUIRE,
		.last_max = spread->nodes - spread->more,
	};
	int64_t offered = _offer_few(gang, live);

	if (offered == NONE) {
		errno = ENOSPC;
		return -1;
	}
	if (place_nodes(gang->fabric, gang->candidates, offered, spread->nodes,
			FABRIC_LEVELS_MAX, &rule, gang->picked, NULL, NULL))
		return -1;
	for (uint32_t i = 0; i < spread->nodes; i++)
		gang->live[i] = gang->offered[gang->picked[i]];
	qsort(gang->live, spread->nodes, sizeof(*gang->live), _compare_gain);
	qsort(gang->live, spread->more, sizeof(*gang->live), _compare_index);
	qsort(gang->live + spread->more, spread->nodes - spread->more,
	      sizeof(*gang->live), _compare_index);
	for (uint32_t i = 0; i < spread->nodes; i++)
		gang->chosen[i] = gang->live[i]->node;
	return 0;
}

static int _choose_uneven(gang_t *gang, uint32_t live, const spread_t *spread)
{
	for (uint32_t level = 1; level <= fabric_levels(gang->fabric);
	     level++) {
		if (!_choose_many(gang, live, spread, level))
			return _choose_few(gang, live, spread);
		if (errno == ENOMEM)
			return -1;
	}
	errno = ENOSPC;
	return -1;
}

/* ------------------------------------------------------------------ */
/* Weights */

static int _compare_weight(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/* RET how many nodes are not required; their weights are sorted */
static uint32_t _sort_weights(gang_t *gang)
{
	uint32_t count = 0;
	bool sorted = true;

	for (uint32_t i = 0; i < gang->share_count; i++) {
		if (gang->shares[i].node->required)
			continue;
		gang->weights[count] = gang->shares[i].node->weight;
		if (count && (gang->weights[count] < gang->weights[count - 1]))
			sorted = false;
		count++;
	}
	if (!sorted)
		qsort(gang->weights, count, sizeof(*gang->weights),
		      _compare_weight);
	return count;
}

/* Choose from required nodes and those of at most this weight */
static int _choose_below(gang_t *gang, const spread_t *spread, uint64_t limit)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < gang->share_count; i++) {
		share_t *share = &gang->shares[i];

		if (share->node->required || (share->node->weight <= limit))
			gang->live[live++] = share;
	}
	if (spread->more == spread->nodes)
		return _choose_even(gang, live, spread->nodes);
	if (gang->wanted->ultraserver == PLACE_REQUIRE)
		return _choose_required(gang, live, spread);
	return _choose_uneven(gang, live, spread);
}

/*
 * Slurm takes lighter nodes first (slurm.conf, Weight): go no higher than it
 * needs. That a limit suffices holds for higher ones too.
 */
static int _choose_lightest(gang_t *gang, const spread_t *spread)
{
	uint32_t count = _sort_weights(gang);
	uint32_t low = spread->nodes - gang->required;
	uint32_t high = count;

	if (!low)
		return _choose_below(gang, spread, 0);
	if (!_choose_below(gang, spread, gang->weights[low - 1]))
		return 0;
	if ((errno == ENOMEM) ||
	    (gang->weights[low - 1] == gang->weights[count - 1]))
		return -1;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!_choose_below(gang, spread, gang->weights[middle - 1]))
			high = middle;
		else if (errno == ENOMEM)
			return -1;
		else
			low = middle + 1;
	}
	return _choose_below(gang, spread, gang->weights[low - 1]);
}

/* ------------------------------------------------------------------ */
/* Numbers of nodes */

/* The choice is offered with the sets that belong to it */
static void _pick_chosen(gang_t *gang, const spread_t *spread)
{
	_forget_picks(gang);
	for (uint32_t i = 0; i < spread->more; i++)
		_pick(gang, gang->chosen[i], spread->many);
	_forget_picks(gang);
	for (uint32_t i = spread->more; i < spread->nodes; i++)
		_pick(gang, gang->chosen[i], spread->few);
}

/* RET 0, or -1 with errno ENOSPC or ENOMEM */
static int _choose(gang_t *gang, const spread_t *spread)
{
	if (gang->fabric && _fit_shares(gang, spread) &&
	    (gang->required <= spread->nodes) &&
	    (spread->nodes <= gang->share_count)) {
		if (!_choose_lightest(gang, spread)) {
			_pick_chosen(gang, spread);
			return 0;
		}
		if (errno == ENOMEM)
			return -1;
	}
	errno = ENOSPC;
	return -1;
}

/* ------------------------------------------------------------------ */
/* Requests with a number of devices for each node */

/* The fewest nodes that have the CPUs of the job together */
static uint32_t _nodes_for_cpus(const gang_t *gang)
{
	uint32_t largest = 1;
	uint64_t nodes;

	for (uint32_t i = 0; i < gang->share_count; i++)
		largest = _max(largest, gang->shares[i].node->cpus);
	nodes = ((uint64_t) gang->wanted->cpus + largest - 1) / largest;
	return (nodes < gang->share_count) ? (uint32_t) nodes
					   : gang->share_count;
}

static int _try_count(gang_t *gang, uint32_t nodes, gang_try_t try, void *arg)
{
	uint32_t devices = gang->wanted->request->per_node;
	spread_t spread = {devices, devices, nodes, nodes};

	if (_choose(gang, &spread))
		return -1;
	if (!try(gang->chosen, nodes, arg))
		return 0;
	errno = ENOSPC;
	return -1;
}

static int _decide_per_node(gang_t *gang, uint32_t least, uint32_t most,
			    gang_try_t try, void *arg)
{
	uint32_t devices = gang->wanted->request->per_node;
	uint32_t first, tries = 0;
	bool fits = _fit_shares(gang, &(spread_t){devices, devices, 1, 1});

	errno = ENOSPC;
	if (!fits)
		return -1;
	least = _max(least, gang->required);
	most = _min(most, gang->share_count);
	if (most < least)
		return -1;
	first = _max(gang->wanted->nodes_wanted, _nodes_for_cpus(gang));
	first = _min(_max(first, least), most);
	for (uint32_t n = first; (n <= most) && (tries < GANG_ATTEMPTS_MAX);
	     n++, tries++) {
		if (!_try_count(gang, n, try, arg))
			return 0;
		if (errno == ENOMEM)
			return -1;
	}
	tries = 0;
	for (uint32_t n = first - 1;
	     (n >= least) && (tries < GANG_ATTEMPTS_MAX); n--, tries++) {
		if (!_try_count(gang, n, try, arg))
			return 0;
		if (errno == ENOMEM)
			return -1;
	}
	return -1;
}

/* ------------------------------------------------------------------ */
/* Requests with a number of devices for each task */

static int _decide_per_task(gang_t *gang, uint32_t least, uint32_t most,
			    gang_try_t try, void *arg)
{
	const request_t *request = gang->wanted->request;
	uint32_t tries = 0;

	most = _min(most, request->tasks);
	for (uint32_t n = least; (n <= most) && (tries < GANG_ATTEMPTS_MAX);
	     n++) {
		spread_t spread = {.nodes = n};

		if (request_spread(request, n, &spread.many, &spread.few,
				   &spread.more))
			continue;
		if (!_choose(gang, &spread)) {
			tries++;
			if (!try(gang->chosen, n, arg))
				return 0;
		} else if (errno == ENOMEM) {
			return -1;
		}
	}
	errno = ENOSPC;
	return -1;
}

extern int gang_decide(gang_t *gang, gang_try_t try, void *arg)
{
	uint32_t least = _max(1, gang->wanted->nodes_min);
	uint32_t most = _min(gang->count, _max(gang->wanted->nodes_max, least));

	gang->fitted = (spread_t){0};
	if (gang->wanted->request->per_node)
		return _decide_per_node(gang, least, most, try, arg);
	return _decide_per_task(gang, least, most, try, arg);
}
