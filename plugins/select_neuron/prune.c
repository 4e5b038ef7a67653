/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "prune.h"

#include <inttypes.h>

#include "note.h"

/* With CandidateNodes=check */
#define CHECKS_BETWEEN_LINES 100

/* So many nodes and some more are tried first when any will do */
#define PART_NODES 64

struct prune_room {
	int *candidates;
	gang_node_t *nodes;
	ledger_sets_t *used;
	shape_span_t *spans;
	uint32_t spans_count;
	gang_t *gang; /* of the last decision; NULL: there was none */
};

extern prune_room_t *prune_room_create(void)
{
	prune_room_t *room = xmalloc(sizeof(*room));
	size_t nodes = node_record_count + 1;

	room->spans_count = 6 * nodes + SHAPE_SPANS_MAX;
	room->candidates = xcalloc(nodes, sizeof(*room->candidates));
	room->nodes = xcalloc(nodes, sizeof(*room->nodes));
	room->used = xcalloc(nodes, sizeof(*room->used));
	room->spans = xcalloc(room->spans_count, sizeof(*room->spans));
	return room;
}

extern void prune_room_destroy(prune_room_t *room)
{
	if (!room)
		return;
	xfree(room->candidates);
	xfree(room->nodes);
	xfree(room->used);
	xfree(room->spans);
	gang_destroy(room->gang);
	xfree(room);
}

/* One question */
typedef struct {
	const prune_state_t *state;
	const prune_call_t *call;
	const job_neuron_t *job;
	gang_request_t wanted;
	int *candidates; /* nodes of the call that have such devices */
	uint32_t candidate_count;
	/* of these, all that have enough free ones in the last situation, and
	 * all that are required */
	gang_node_t *nodes;
	uint32_t count;
	uint32_t masked; /* nodes with enough free ones but for masks */
	uint32_t masked_required; /* of these */
	ledger_sets_t *used; /* work space, a situation */
	shape_span_t *spans; /* work space, of all nodes */
	uint32_t spans_room;
	bool later; /* the question is about the future */
	bitstr_t *choice; /* what gang chose in the last situation */
} prune_t;

/* ------------------------------------------------------------------ */
/* Nodes */

/*
 * Nodes of less weight come first. At a start slurmctld has just set their
 * sched_weight; the future tests of cons_tres set it later, in this way (its
 * _set_sched_weight()).
 */
static uint64_t _weight(const prune_t *prune, const node_record_t *node)
{
	uint64_t weight = (uint64_t) node->weight << 16;

	if (SELECT_IS_MODE_RUN_NOW(prune->call->mode))
		return node->sched_weight & ~0xffULL;
	if (!prune->later && IS_NODE_COMPLETING(node))
		weight |= 0x100;
	if (IS_NODE_REBOOT_REQUESTED(node) || IS_NODE_REBOOT_ISSUED(node))
		weight |= 0x200;
	if (IS_NODE_POWERED_DOWN(node) || IS_NODE_POWERING_DOWN(node))
		weight |= 0x2000000000000;
	return weight;
}

static void _collect(prune_t *prune)
{
	const char *type = prune->job->request.type;
	const profile_t *last = NULL;
	bool fits = false;
	bitstr_t *map = prune->call->nodes;

	for (int n = 0; (n = bit_ffs_from_bit(map, n)) >= 0; n++) {
		const profile_t *profile = site_profile(prune->state->site, n);

		if (!profile)
			continue;
		if (profile != last) {
			last = profile;
			fits = !type[0] ||
			       !xstrcmp(type, profile_type(profile));
		}
		if (fits)
			prune->candidates[prune->candidate_count++] = n;
	}
}

/* The fewest devices that a node of the job gives */
static uint32_t _least_devices(const prune_t *prune)
{
	const request_t *request = &prune->job->request;

	return request->per_node ? request->per_node : request->per_task;
}

static void _add_node(prune_t *prune, int n, const ledger_sets_t *free,
		      bool required)
{
	const node_record_t *node = node_record_table_ptr[n];

	prune->nodes[prune->count++] = (gang_node_t){
		.node = n,
		.shape = site_shape(prune->state->site, n),
		.free = free->devices,
		.free_efas = free->efas,
		.total = devset_count(free->devices),
		.cpus = node->cpus_efctv,
		.weight = _weight(prune, node),
		.required = required,
	};
}

static ledger_sets_t _all_of(const profile_t *profile)
{
	return (ledger_sets_t){
		.devices = devset_run(0, profile_device_count(profile)),
		.efas = devset_run(0, profile_efa_count(profile)),
	};
}

extern ledger_sets_t prune_masked(const prune_state_t *state, int node)
{
	if (!state->masks)
		return (ledger_sets_t){0};
	return masks_of(state->masks, node, site_profile(state->site, node));
}

/* Take away what is in a set. RET how many devices are left */
static uint32_t _take_away(ledger_sets_t *free, const ledger_sets_t *sets)
{
	free->devices &= ~sets->devices;
	free->efas &= ~sets->efas;
	return devset_count(free->devices);
}

/*
 * List the nodes that may be in the job when so much is used; NULL: nothing
 * is. Of ten thousand nodes most are full: they are passed over quickly.
 */
static void _list_nodes(prune_t *prune, const ledger_sets_t *used)
{
	bitstr_t *named = prune->call->job_ptr->details->req_node_bitmap;
	const profile_t *last = NULL;
	ledger_sets_t all = {0}, none = {0};
	uint32_t least = _least_devices(prune);

	prune->count = prune->masked = prune->masked_required = 0;
	for (uint32_t i = 0; i < prune->candidate_count; i++) {
		int n = prune->candidates[i];
		const profile_t *profile = site_profile(prune->state->site, n);
		bool required = named && bit_test(named, n);
		ledger_sets_t free, masked;
		bool enough;

		if (profile != last)
			all = _all_of(last = profile);
		if (used && !required && !(all.devices & ~used[n].devices))
			continue;
		free = all;
		enough = _take_away(&free, used ? &used[n] : &none) >= least;
		if (!enough && !required)
			continue;
		masked = prune_masked(prune->state, n);
		if (_take_away(&free, &masked) < least) {
			prune->masked += enough;
			prune->masked_required += enough && required;
			if (!required)
				continue;
		}
		_add_node(prune, n, &free, required);
	}
}

static time_t _end_of(const job_record_t *job_ptr, time_t from)
{
	uint32_t minutes = job_ptr->time_limit;

	if ((minutes == NO_VAL) && job_ptr->part_ptr)
		minutes = job_ptr->part_ptr->max_time;
	if ((minutes == NO_VAL) || (minutes == INFINITE))
		return from + LEDGER_HORIZON;
	return from + (time_t) minutes * 60;
}

static uint32_t _spans_of(const prune_state_t *state, int node, time_t from,
			  time_t to, shape_span_t *spans)
{
	const profile_t *profile = site_profile(state->site, node);
	devset_t all =
		profile_devices(profile) & ~prune_masked(state, node).devices;

	return ledger_spans(state->ledger, node, all, from, to, spans);
}

extern uint32_t prune_spans(const prune_state_t *state,
			    const job_record_t *job_ptr, int node,
			    time_t moment, shape_span_t *spans)
{
	time_t from = moment ? moment : time(NULL);

	return _spans_of(state, node, from, _end_of(job_ptr, from), spans);
}

/* Let every node tell what becomes free on it after a moment (0: now) */
static void _set_spans(prune_t *prune, time_t moment)
{
	time_t from = moment ? moment : time(NULL);
	time_t to = _end_of(prune->call->job_ptr, from);
	uint32_t used = 0;

	for (uint32_t i = 0; i < prune->count; i++) {
		gang_node_t *node = &prune->nodes[i];

		node->span_count = 0;
		if (used + SHAPE_SPANS_MAX > prune->spans_room)
			continue;
		node->spans = &prune->spans[used];
		node->span_count = _spans_of(prune->state, node->node, from, to,
					     &prune->spans[used]);
		used += node->span_count;
	}
}

/* A gang_try_t */
static int _note_choice(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	prune_t *prune = arg;

	bit_clear_all(prune->choice);
	for (uint32_t i = 0; i < count; i++)
		bit_set(prune->choice, chosen[i]->node);
	return 0;
}

static bool _required_are_there(const prune_t *prune)
{
	bitstr_t *required = prune->call->job_ptr->details->req_node_bitmap;

	return !required || bit_super_set(required, prune->choice);
}

typedef enum { NO, YES, UNKNOWN } answer_t;

static uint32_t _count_required(gang_node_t *const *nodes, uint32_t count)
{
	uint32_t required = 0;

	for (uint32_t i = 0; i < count; i++)
		required += nodes[i]->required;
	return required;
}

/* The stock plugin is not asked for UltraServers; all numbers of nodes were
 * tried, whichever was first */
static bool _is_for_certain(const prune_t *prune)
{
	uint32_t most = MIN(prune->wanted.nodes_max, prune->count);

	return (prune->wanted.ultraserver == PLACE_REQUIRE) &&
	       (most < prune->wanted.nodes_min + GANG_ATTEMPTS_MAX);
}

/* Too few nodes have the devices, or one that the job names has not.
 * Otherwise switches may be the reason, and topology/neuron leaves the last
 * word about these to the stock plugin. */
static answer_t _refusal(prune_t *prune, gang_t *gang)
{
	uint32_t per_node = prune->job->request.per_node, count, fit = 0;
	uint32_t required = 0;
	gang_node_t **fitting;

	if ((errno != ENOSPC) || !per_node || _is_for_certain(prune))
		return (errno == ENOSPC) ? NO : UNKNOWN;
	fitting = xcalloc(prune->count + 1, sizeof(*fitting));
	count = gang_fit(gang, per_node, fitting);
	fit = _count_required(fitting, count);
	xfree(fitting);
	for (uint32_t i = 0; i < prune->count; i++)
		required += prune->nodes[i].required;
	if ((count < MAX(1, prune->wanted.nodes_min)) || (fit < required))
		return NO;
	return UNKNOWN;
}

/* RET NULL: out of memory */
static gang_t *_gang(const prune_t *prune)
{
	const fabric_t *fabric = prune->state->fabric;
	prune_room_t *room = prune->state->room;

	if (!room->gang)
		return room->gang = gang_create(fabric, &prune->wanted,
						prune->nodes, prune->count);
	if (gang_renew(room->gang, fabric, &prune->wanted, prune->nodes,
		       prune->count))
		return NULL;
	return room->gang;
}

/* Can the job have its devices from these nodes? YES sets choice. */
static answer_t _decide(prune_t *prune)
{
	gang_t *gang = _gang(prune);
	answer_t answer = YES;

	if (!gang)
		return UNKNOWN;
	if (gang_decide(gang, _note_choice, prune))
		answer = _refusal(prune, gang);
	else if (!_required_are_there(prune))
		answer = UNKNOWN;
	log_flag(
		SELECT_TYPE,
		"select/neuron: %pJ: %u candidates, %u to %u nodes: devices %s",
		prune->call->job_ptr, prune->count, prune->wanted.nodes_min,
		prune->wanted.nodes_max,
		(answer == NO)    ? "do not suffice"
		: (answer == YES) ? "suffice"
				  : "may suffice");
	return answer;
}

/* The same when so much is used, without a look at the future */
static answer_t _can(prune_t *prune, const ledger_sets_t *used)
{
	_list_nodes(prune, used);
	return _decide(prune);
}

/* The same at a moment (0: now), in the way in which topology/neuron will
 * choose */
static answer_t _choose(prune_t *prune, time_t moment,
			const ledger_sets_t *used)
{
	*prune->state->moment = moment;
	_list_nodes(prune, used);
	_set_spans(prune, moment);
	return _decide(prune);
}

/* ------------------------------------------------------------------ */
/* Calls of cons_tres */

static int _ask_all(const prune_t *prune)
{
	prune->state->counts->by_all++;
	return prune->call->stock(prune->call);
}

/*
 * Ask about the choice alone, without preemption.
 * RET SLURM_SUCCESS when all of it is taken; the nodes of the call are those;
 *	else they are as before.
 */
static int _ask_choice(const prune_t *prune, will_run_data_t *will_run_ptr)
{
	prune_call_t call = *prune->call;
	bitstr_t *before = bit_copy(call.nodes);
	int rc;

	call.preemptee_candidates = NULL;
	call.preemptee_job_list = NULL;
	call.will_run_ptr = will_run_ptr;
	bit_copybits(call.nodes, prune->choice);
	rc = call.stock(&call);
	if ((rc == SLURM_SUCCESS) && !bit_equal(call.nodes, prune->choice)) {
		free_job_resources(&call.job_ptr->job_resrcs);
		rc = SLURM_ERROR;
	}
	if (rc != SLURM_SUCCESS)
		bit_copybits(call.nodes, before);
	else
		prune->state->counts->by_choice++;
	FREE_NULL_BITMAP(before);
	return rc;
}

/* The same, for a start now and no later */
static int _ask_choice_now(const prune_t *prune)
{
	job_record_t *job_ptr = prune->call->job_ptr;
	uint64_t before = job_ptr->bit_flags & TEST_NOW_ONLY;
	int rc;

	job_ptr->bit_flags |= TEST_NOW_ONLY;
	rc = _ask_choice(prune, NULL);
	if (!before)
		job_ptr->bit_flags &= ~TEST_NOW_ONLY;
	return rc;
}

/* ------------------------------------------------------------------ */
/* Questions */

static bool _may_preempt(const prune_t *prune)
{
	list_t *candidates = prune->call->preemptee_candidates;

	return candidates && list_count(candidates);
}

/* Of an empty machine any part will do */
static bool _test_part(prune_t *prune)
{
	uint32_t count = prune->candidate_count;
	uint64_t part = PART_NODES + 4 * (uint64_t) prune->wanted.nodes_min;
	bool rc;

	if (part >= count)
		return false;
	prune->candidate_count = part;
	rc = (_can(prune, NULL) == YES) &&
	     !_ask_choice(prune, prune->call->will_run_ptr);
	prune->candidate_count = count;
	return rc;
}

static int _test_ever(prune_t *prune)
{
	answer_t answer;

	if (_test_part(prune))
		return SLURM_SUCCESS;
	answer = _can(prune, NULL);
	if (answer == NO)
		return SLURM_ERROR;
	if ((answer == YES) && !_ask_choice(prune, prune->call->will_run_ptr))
		return SLURM_SUCCESS;
	return _ask_all(prune);
}

/* With every device of the jobs that may be preempted */
static bool _preemption_may_help(prune_t *prune)
{
	if (!_may_preempt(prune))
		return false;
	ledger_used_without(prune->state->ledger,
			    prune->call->preemptee_candidates, prune->used);
	return _can(prune, prune->used) != NO;
}

/* Whether a node that is listed can give what the job asks of each */
static bool _gives(const prune_t *prune, const gang_node_t *node)
{
	const request_t *request = &prune->job->request;
	uint32_t least = _least_devices(prune);
	shape_pick_t pick;

	return (node->total >= least) &&
	       (request->whole_node ||
		!shape_pick(node->shape, node->free, node->free_efas,
			    prune->job->efa != NULL, least, request->tier,
			    &pick));
}

/* How many nodes the job names, when one of them stands in its way */
static uint32_t _named_in_the_way(const prune_t *prune)
{
	uint32_t named = 0, give = 0;

	for (uint32_t i = 0; i < prune->count; i++) {
		if (!prune->nodes[i].required)
			continue;
		named++;
		give += _gives(prune, &prune->nodes[i]);
	}
	return (give < named) ? named : 0;
}

/* What it could ask for instead. IN named - of those nodes alone; 0: of all */
static nearest_offer_t _find_offer(const prune_t *prune, uint32_t named)
{
	bitstr_t *required = prune->call->job_ptr->details->req_node_bitmap;
	const ledger_sets_t *used = ledger_used(prune->state->ledger);
	nearest_t nearest = {
		.devices = prune->job->request.per_node,
		.nodes = named ? named : MAX(prune->wanted.nodes_min, 1),
		.tier = prune->job->request.tier,
		.widest = prune->job->widest,
		.with_efa = (prune->job->efa != NULL),
	};
	nearest_offer_t offer;

	for (uint32_t i = 0; i < prune->candidate_count; i++) {
		int n = prune->candidates[i];
		ledger_sets_t masked, free;

		if (named && !bit_test(required, n))
			continue;
		masked = prune_masked(prune->state, n);
		free = _all_of(site_profile(prune->state->site, n));
		(void) _take_away(&free, &used[n]);
		(void) _take_away(&free, &masked);
		if (!nearest_look(&nearest, site_shape(prune->state->site, n),
				  free.devices, free.efas))
			break;
	}
	offer = nearest_offer(&nearest);
	if (named)
		offer.nodes = 0;
	return offer;
}

/* Why a job does not start; of the nodes of the last situation */
static void _note_waits(const prune_t *prune)
{
	const request_t *request = &prune->job->request;
	uint32_t named = _named_in_the_way(prune);
	note_census_t census = {
		.named = (named != 0),
		.nodes = named ? named : prune->candidate_count,
		.masked = named ? prune->masked_required : prune->masked,
	};
	nearest_offer_t offer, *known = NULL;

	for (uint32_t i = 0; i < prune->count; i++) {
		const gang_node_t *node = &prune->nodes[i];

		if (named && !node->required)
			continue;
		if (_gives(prune, node))
			census.fit++;
		else if (node->total >= _least_devices(prune))
			census.broken++;
	}
	/* Of others the devices of a node alone tell too little */
	if (request->per_node && !request->whole_node &&
	    (prune->job->ultraserver != PLACE_REQUIRE)) {
		offer = _find_offer(prune, named);
		known = &offer;
	}
	note_waits(prune->call->job_ptr, prune->job, &census, known);
}

static int _test_start(prune_t *prune)
{
	answer_t answer = _choose(prune, 0, ledger_used(prune->state->ledger));

	if (answer == NO)
		_note_waits(prune);
	if ((answer == NO) && !_preemption_may_help(prune))
		return SLURM_ERROR;
	if ((answer == YES) && !_ask_choice(prune, prune->call->will_run_ptr))
		return SLURM_SUCCESS;
	return _ask_all(prune);
}

/* The fewest jobs, in order of their ends, after which the devices suffice;
 * RET false: not even after all of them. Sets choice and *end. */
static bool _find_end(prune_t *prune, uint32_t from, time_t *end)
{
	ledger_t *ledger = prune->state->ledger;
	uint32_t low = from, high = ledger_sort_ends(ledger);

	ledger_used_after(ledger, high, prune->used);
	if (_can(prune, prune->used) != YES)
		return false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		ledger_used_after(ledger, middle, prune->used);
		if (_can(prune, prune->used) == YES)
			high = middle;
		else
			low = middle + 1;
	}
	*end = high ? ledger_end(ledger, high - 1) : 0;
	return true;
}

/* How many jobs cons_tres takes as gone at a moment that it is asked about */
static uint32_t _gone_at(ledger_t *ledger, time_t moment)
{
	uint32_t count = ledger_sort_ends(ledger), n = 0;

	while ((n < count) &&
	       (ledger_end(ledger, n) + WILL_RUN_AFTER <= moment))
		n++;
	return n;
}

/*
 * Not now: when? cons_tres finds out by taking away running jobs in steps that
 * grow longer; the ledger knows the moment. It is asked about that moment,
 * as backfill does, with all jobs gone that end before.
 */
static int _test_later(prune_t *prune)
{
	const will_run_data_t *given = prune->call->will_run_ptr;
	time_t start = given ? given->start : 0, now = time(NULL), end = 0;
	will_run_data_t moment = {0};
	uint32_t before = _gone_at(prune->state->ledger, start);

	prune->later = true;
	if (!_find_end(prune, before, &end))
		return (_can(prune, NULL) == NO) ? SLURM_ERROR
						 : _ask_all(prune);
	if (end + WILL_RUN_AFTER < start)
		end = start - WILL_RUN_AFTER;
	if (given && given->end && (end > given->end))
		return SLURM_ERROR;
	if (end <= now)
		return _ask_all(prune);
	/* At that moment and no later */
	moment.start = end + WILL_RUN_AFTER;
	moment.end = moment.start;
	ledger_used_after(prune->state->ledger,
			  _gone_at(prune->state->ledger, moment.start),
			  prune->used);
	if ((_choose(prune, moment.start, prune->used) != YES) ||
	    _ask_choice(prune, &moment))
		return _ask_all(prune);
	/* cons_tres answers "now" to a question with a moment, as backfill
	 * wants it for its own */
	if (moment.start > start)
		prune->call->job_ptr->start_time = end;
	return SLURM_SUCCESS;
}

static int _test_when(prune_t *prune)
{
	const prune_call_t *call = prune->call;
	const will_run_data_t *given = call->will_run_ptr;
	answer_t answer;

	if (!given || (given->start <= time(NULL))) {
		answer = _choose(prune, 0, ledger_used(prune->state->ledger));
		if ((answer == YES) && !_ask_choice_now(prune)) {
			call->job_ptr->start_time = time(NULL);
			return SLURM_SUCCESS;
		}
		if (answer != NO)
			return _ask_all(prune);
		if ((call->job_ptr->bit_flags & TEST_NOW_ONLY) &&
		    !_preemption_may_help(prune))
			return SLURM_ERROR;
	}
	if (_may_preempt(prune) || (call->job_ptr->bit_flags & TEST_NOW_ONLY))
		return _ask_all(prune);
	return _test_later(prune);
}

static int _test(prune_t *prune)
{
	uint16_t mode = prune->call->mode;

	if (SELECT_IS_MODE_RESV(mode))
		return _ask_all(prune);
	if (SELECT_IS_MODE_RUN_NOW(mode))
		return _test_start(prune);
	if (SELECT_IS_MODE_TEST_ONLY(mode))
		return _test_ever(prune);
	if (SELECT_IS_MODE_WILL_RUN(mode))
		return _test_when(prune);
	return _ask_all(prune);
}

extern int prune_job_test(const prune_state_t *state, const prune_call_t *call,
			  const job_neuron_t *job)
{
	prune_t prune = {
		.state = state,
		.call = call,
		.job = job,
		.candidates = state->room->candidates,
		.nodes = state->room->nodes,
		.used = state->room->used,
		.spans = state->room->spans,
		.spans_room = state->room->spans_count,
	};
	int rc;

	job_neuron_wanted(job, call->min_nodes,
			  MIN(call->max_nodes, job->request.nodes_max),
			  call->req_nodes, call->job_ptr->details->min_cpus,
			  &prune.wanted);
	prune.choice = bit_alloc(bit_size(call->nodes));
	_collect(&prune);
	state->counts->asked++;
	rc = _test(&prune);
	*state->moment = 0;
	FREE_NULL_BITMAP(prune.choice);
	return rc;
}

/* ------------------------------------------------------------------ */
/* CandidateNodes=check */

/* An answer, and what came with it */
typedef struct {
	int rc;
	time_t start;
	bitstr_t *nodes;
} verdict_t;

/* The future tests of cons_tres overwrite the weights of nodes */
static uint64_t *_keep_weights(void)
{
	uint64_t *weights = xcalloc(node_record_count + 1, sizeof(*weights));

	for (int n = 0; n < node_record_count; n++) {
		if (node_record_table_ptr[n])
			weights[n] = node_record_table_ptr[n]->sched_weight;
	}
	return weights;
}

static void _put_weights_back(uint64_t *weights)
{
	for (int n = 0; n < node_record_count; n++) {
		if (node_record_table_ptr[n])
			node_record_table_ptr[n]->sched_weight = weights[n];
	}
	xfree(weights);
}

/* What cons_tres says with all nodes to choose from; a start is only tested */
static verdict_t _ask_without_pruning(const prune_call_t *given)
{
	job_record_t *job_ptr = given->job_ptr;
	uint64_t flags = job_ptr->bit_flags;
	time_t start = job_ptr->start_time;
	uint64_t *weights = _keep_weights();
	prune_call_t call = *given;
	verdict_t verdict = {.nodes = bit_copy(given->nodes)};

	call.nodes = verdict.nodes;
	if (SELECT_IS_MODE_RUN_NOW(given->mode)) {
		call.mode = SELECT_MODE_WILL_RUN;
		call.will_run_ptr = NULL;
		job_ptr->bit_flags |= TEST_NOW_ONLY;
	}
	verdict.rc = call.stock(&call);
	verdict.start = job_ptr->start_time;
	job_ptr->bit_flags = flags;
	job_ptr->start_time = start;
	_put_weights_back(weights);
	return verdict;
}

/* The future tests of cons_tres like these nodes less than a start does */
static bool _any_completing(const bitstr_t *nodes)
{
	for (int n = 0; (n = bit_ffs_from_bit((bitstr_t *) nodes, n)) >= 0;
	     n++) {
		if (IS_NODE_COMPLETING(node_record_table_ptr[n]))
			return true;
	}
	return false;
}

/*
 * A start now must be the same start. A start in the future may be earlier
 * than cons_tres says, which looks at steps of time, never later.
 */
static bool _differ(const prune_call_t *call, const bitstr_t *candidates,
		    const verdict_t *all, const verdict_t *best)
{
	if (!SELECT_IS_MODE_RUN_NOW(call->mode))
		return !all->rc && (best->rc || (best->start > all->start + 1));
	if (!all->rc != !best->rc)
		return true;
	return !all->rc && !bit_equal(all->nodes, best->nodes) &&
	       !_any_completing(candidates);
}

static void _log_difference(const prune_call_t *call, const verdict_t *all,
			    const verdict_t *best)
{
	char *of_all = bitmap2node_name(all->nodes);
	char *of_best = bitmap2node_name(best->nodes);

	error("select/neuron: %pJ: all nodes say %s %s at %ld, best nodes %s %s at %ld",
	      call->job_ptr, all->rc ? "not" : "on", all->rc ? "" : of_all,
	      (long) all->start, best->rc ? "not" : "on",
	      best->rc ? "" : of_best, (long) best->start);
	xfree(of_all);
	xfree(of_best);
}

static void _log_counts(const prune_counts_t *counts)
{
	if (counts->checked % CHECKS_BETWEEN_LINES)
		return;
	info("select/neuron: %" PRIu64 " questions: %" PRIu64
	     " answered by the best nodes, %" PRIu64 " by all nodes, %" PRIu64
	     " checked, %" PRIu64 " differed",
	     counts->asked, counts->by_choice, counts->by_all, counts->checked,
	     counts->differed);
}

/* Both ways, unless the first has asked about all nodes anyway */
static int _check(const prune_state_t *state, const prune_call_t *call,
		  const job_neuron_t *job)
{
	uint64_t by_all = state->counts->by_all;
	bitstr_t *candidates = bit_copy(call->nodes);
	verdict_t all = _ask_without_pruning(call), best = {0};

	best.rc = prune_job_test(state, call, job);
	best.start = call->job_ptr->start_time;
	best.nodes = call->nodes;
	state->counts->checked++;
	if ((by_all == state->counts->by_all) &&
	    _differ(call, candidates, &all, &best)) {
		state->counts->differed++;
		_log_difference(call, &all, &best);
	}
	_log_counts(state->counts);
	FREE_NULL_BITMAP(all.nodes);
	FREE_NULL_BITMAP(candidates);
	return best.rc;
}

extern int prune_check(const prune_state_t *state, const prune_call_t *call,
		       const job_neuron_t *job)
{
	(void) ledger_compare(state->ledger);
	if (SELECT_IS_MODE_RESV(call->mode) ||
	    (call->preemptee_candidates &&
	     list_count(call->preemptee_candidates)))
		return prune_job_test(state, call, job);
	return _check(state, call, job);
}
