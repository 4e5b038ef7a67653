/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select_neuron.h"

#include "mark.h"
#include "masks.h"
#include "note.h"
#include "sizes.h"
#include "stay.h"
#include "stats.h"

#include "plugins/common/bits.h"
#include "plugins/common/feature_state.h"
#include "plugins/common/job.h"
#include "plugins/common/peer.h"
#include "plugins/common/site.h"

static site_t *site;
static fabric_t *fabric;
static ledger_t *ledger;
static masks_t *masks;
static stays_t *stays;
/* Whether a job could ever run is asked as if nothing were masked: it waits */
static bool masks_apply = true;
static prune_room_t *room;
static prune_counts_t counts;
static time_t moment;
static sizes_t sizes;

extern int select_neuron_init(void)
{
	neuron_error_t err;

	/* Slurm 24.11 loads it also where it is not SelectType, to read the
	 * state of jobs from the time when it was */
	if (!running_in_slurmctld() ||
	    xstrcmp(slurm_conf.select_type, "select/neuron"))
		return SLURM_SUCCESS;
	if (!compat_plugins_are_complete(&err) || !mark_is_known(&err) ||
	    !(site = site_read(&err))) {
		error("select/neuron: %s", err.text);
		return SLURM_ERROR;
	}
	if (xstrcmp(slurm_conf.switch_type, "switch/neuron"))
		info("select/neuron: steps inside a job get their devices from the lowest index, as Slurm does it; SwitchType=switch/neuron gives them sets that lie together");
	return SLURM_SUCCESS;
}

extern void select_neuron_fini(void)
{
	ledger_destroy(ledger);
	ledger = NULL;
	masks_destroy(masks);
	masks = NULL;
	stays_destroy(stays);
	stays = NULL;
	prune_room_destroy(room);
	room = NULL;
	fabric_destroy(fabric);
	fabric = NULL;
	site_destroy(site);
	site = NULL;
	sizes = (sizes_t){0};
}

extern void select_neuron_features(void)
{
	if (site)
		feature_state_restore();
}

extern int select_neuron_map(void)
{
	neuron_error_t err;
	bool mapped;

	if (!site)
		return SLURM_SUCCESS;
	mapped = !site_map(site, &err);
	fabric_destroy(fabric);
	/* Slurm does not ask a topology plugin whether its file is right */
	fabric = site_read_fabric(site, mapped ? &err : NULL);
	if (mapped && fabric)
		return SLURM_SUCCESS;
	error("select/neuron: %s", err.text);
	return SLURM_ERROR;
}

extern void select_neuron_read(void)
{
	if (!site)
		return;
	ledger_destroy(ledger);
	ledger = ledger_create();
	ledger_read(ledger);
	masks_destroy(masks);
	masks = masks_create();
	stays_destroy(stays);
	stays = stays_create();
	stays_read(stays);
	prune_room_destroy(room);
	room = prune_room_create();
	mark_leave();
}

extern void select_neuron_job_changed(job_record_t *job_ptr)
{
	if (ledger)
		ledger_job_changed(ledger, job_ptr);
}

static devset_t _masked(int node)
{
	if (!masks || !masks_apply)
		return 0;
	return masks_of(masks, node, site_profile(site, node)).devices;
}

extern void select_neuron_job_resized(job_record_t *job_ptr,
				      const node_record_t *node_ptr)
{
	if (!ledger)
		return;
	if (ledger_has(ledger, job_ptr->job_id))
		stay_shrunk(job_ptr, node_ptr);
	ledger_job_changed(ledger, job_ptr);
}

extern void select_neuron_job_ended(job_record_t *job_ptr)
{
	if (!ledger)
		return;
	stay_ended(stays, job_ptr, site, fabric, ledger, _masked);
	ledger_job_ended(ledger, job_ptr);
}

/* A test whether a job could ever run does not mind what others lose by it, and
 * slurmctld may be going through its jobs then */
static void _weigh(const prune_call_t *call)
{
	if ((conf_weights(site_conf(site)) != CONF_WEIGHTS_QUEUE) ||
	    (!SELECT_IS_MODE_RUN_NOW(call->mode) &&
	     !SELECT_IS_MODE_WILL_RUN(call->mode)))
		return;
	sizes_refresh(&sizes, site, time(NULL));
	site_weigh(site, sizes.weights);
}

static prune_state_t _state(void)
{
	return (prune_state_t){
		site, fabric,  ledger, masks_apply ? masks : NULL,
		room, &counts, &moment};
}

/* A test of backfill that only looks whether nodes are empty sets the flag of
 * such jobs in others; that of a partition is set when a job starts */
static bool _gets_whole_nodes(const job_record_t *job_ptr)
{
	if (job_ptr->part_ptr && !job_ptr->part_ptr->max_share)
		return true;
	return job_ptr->details &&
	       (job_ptr->details->whole_node & WHOLE_NODE_REQUIRED) &&
	       !(job_ptr->bit_flags & BF_WHOLE_NODE_TEST);
}

/*
 * A job of whole nodes gets every device of them, whatever it asks for.
 * RET false: it names one with a mask.
 */
static bool _drop_masked_nodes(const prune_call_t *call)
{
	const job_details_t *details = call->job_ptr->details;

	if (!details || !_gets_whole_nodes(call->job_ptr))
		return true;
	for (int n = 0; (n = bit_ffs_from_bit(call->nodes, n)) >= 0; n++) {
		if (_masked(n))
			bit_clear(call->nodes, n);
	}
	return !details->req_node_bitmap ||
	       bit_super_set(details->req_node_bitmap, call->nodes);
}

static int _decide(const prune_state_t *state, const prune_call_t *call,
		   const job_neuron_t *job)
{
	switch (conf_candidates(site_conf(site))) {
	case CONF_CANDIDATES_ALL:
		counts.by_all++;
		return call->stock(call);
	case CONF_CANDIDATES_CHECK:
		return prune_check(state, call, job);
	default:
		return prune_job_test(state, call, job);
	}
}

static int _test(const prune_call_t *call)
{
	prune_state_t state = _state();
	stats_mark_t mark;
	job_neuron_t job;
	int rc;

	if (!ledger || !fabric)
		return call->stock(call);
	if (!_drop_masked_nodes(call))
		return SLURM_ERROR;
	if (job_neuron_read(call->job_ptr, site_conf(site), time(NULL), &job) !=
	    1)
		return call->stock(call);
	_weigh(call);
	mark = stats_begin(&counts);
	rc = _decide(&state, call, &job);
	stats_end(&mark, &counts, call->mode, rc);
	return rc;
}

/* With the nodes that it keeps or, if it cannot have them now, any */
static int _test_staying(const prune_call_t *call, bitstr_t *wanted)
{
	job_details_t *details = call->job_ptr->details;
	bitstr_t *required = details->req_node_bitmap;
	bitstr_t *nodes = bit_copy(call->nodes);
	int rc;

	if (required)
		bit_or(wanted, required);
	details->req_node_bitmap = wanted;
	rc = _test(call);
	details->req_node_bitmap = required;
	if ((rc != SLURM_SUCCESS) ||
	    (SELECT_IS_MODE_WILL_RUN(call->mode) &&
	     (call->job_ptr->start_time > time(NULL)))) {
		bit_copybits(call->nodes, nodes);
		if (call->preemptee_job_list)
			FREE_NULL_LIST(*call->preemptee_job_list);
		rc = _test(call);
	}
	bit_free(nodes);
	return rc;
}

extern int select_neuron_test(const prune_call_t *call)
{
	bitstr_t *wanted;
	int rc;

	if (SELECT_IS_MODE_TEST_ONLY(call->mode)) {
		masks_apply = false;
		rc = _test(call);
		masks_apply = true;
		return rc;
	}
	if (!stays)
		return _test(call);
	if (!stay_drop(stays, call->job_ptr, call->nodes))
		return SLURM_ERROR;
	wanted = stay_wanted(stays, call->job_ptr, fabric, call->nodes);
	if (!wanted)
		return _test(call);
	rc = _test_staying(call, wanted);
	bit_free(wanted);
	return rc;
}

/* See peer.h */
static uint32_t _spans(const job_record_t *job_ptr, int node, devset_t free,
		       shape_span_t *spans)
{
	prune_state_t state = _state();
	uint32_t count;

	if (!ledger || !site_profile(site, node))
		return 0;
	count = prune_spans(&state, job_ptr, node, moment, spans);
	return (count && (spans[0].free == free)) ? count : 0;
}

static const demand_weights_t *_weights(void)
{
	return sizes.weights;
}

const neuron_peer_t neuron_peer = {_spans, _weights, _masked};

extern void select_neuron_nodes_asked(void)
{
	if (site)
		stats_write(site_conf(site));
}

extern bool select_neuron_is_ours(job_record_t *job_ptr)
{
	job_neuron_t job;

	return site && (job_neuron_read(job_ptr, site_conf(site), time(NULL),
					&job) == 1);
}

static devset_t _selected(const gres_state_t *state, int node)
{
	const gres_job_state_t *gres = state ? state->gres_data : NULL;

	if (!gres || !gres->gres_bit_select)
		return 0;
	return bits_to_devset(gres->gres_bit_select[node]);
}

static devset_t _devices(const job_neuron_t *job, int node)
{
	return _selected(job->neuron, node);
}

static devset_t _efas(const job_neuron_t *job, int node)
{
	return _selected(job->efa, node);
}

static bool _node_is_legal(const job_neuron_t *job, int node)
{
	const shape_t *shape = site_shape(site, node);
	const profile_t *profile = site_profile(site, node);
	devset_t devices = _selected(job->neuron, node);

	if (!shape || (devices & _masked(node)) ||
	    !shape_is_in_tier(shape, devices, job->request.tier,
			      job->efa != NULL))
		return false;
	return !job->efa ||
	       (_selected(job->efa, node) == profile_efas_of(profile, devices));
}

/* Whether nodes are those that the job requires, see lib/place.h */
static bool _are_ultraservers(const bitstr_t *nodes)
{
	uint32_t count = bit_set_count((bitstr_t *) nodes), i = 0;
	place_candidate_t *set;
	place_cost_t cost;
	bool are;

	if (count < 2)
		return true;
	if (!fabric || !fabric_has_ultraservers(fabric))
		return false;
	set = xcalloc(count, sizeof(*set));
	for (int n = 0; (n = bit_ffs_from_bit((bitstr_t *) nodes, n)) >= 0; n++)
		set[i++].node = n;
	are = !place_cost(fabric, set, count, &cost) && !cost.ultraservers;
	xfree(set);
	return are;
}

static int _take_back(job_record_t *job_ptr)
{
	free_job_resources(&job_ptr->job_resrcs);
	stats_taken_back();
	return ESLURM_NODES_BUSY;
}

static void _log_refusal(const job_record_t *job_ptr, const job_neuron_t *job,
			 int node)
{
	char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX];

	devset_encode(_selected(job->neuron, node), devices, sizeof(devices));
	devset_encode(_selected(job->efa, node), efas, sizeof(efas));
	error("select/neuron: %pJ: refused the placement neuron=%s efa=%s on %s: not a %s set with its EFA interfaces, or one with a device that is masked",
	      job_ptr, devices, efas, node_record_table_ptr[node]->name,
	      shape_tier_name(job->request.tier));
}

extern int select_neuron_verify(job_record_t *job_ptr)
{
	job_neuron_t job;
	bitstr_t *nodes;

	if (!site || !job_ptr->job_resrcs ||
	    (job_neuron_read(job_ptr, site_conf(site), time(NULL), &job) != 1))
		return SLURM_SUCCESS;
	nodes = job_ptr->job_resrcs->node_bitmap;
	if ((job.ultraserver == PLACE_REQUIRE) && !_are_ultraservers(nodes)) {
		error("select/neuron: %pJ: refused the placement on %s: these are not UltraServers as the job requires them",
		      job_ptr, job_ptr->job_resrcs->nodes);
		return _take_back(job_ptr);
	}
	for (int n = 0;
	     !job.request.whole_node && ((n = bit_ffs_from_bit(nodes, n)) >= 0);
	     n++) {
		if (_node_is_legal(&job, n))
			continue;
		_log_refusal(job_ptr, &job, n);
		return _take_back(job_ptr);
	}
	if (fabric && ledger)
		note_placement(job_ptr, site, fabric, ledger, _devices, _efas,
			       _masked, &job);
	return SLURM_SUCCESS;
}
