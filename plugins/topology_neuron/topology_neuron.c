/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "topology_neuron.h"

#include "lib/gang.h"
#include "lib/mask.h"
#include "lib/potential.h"
#include "offer.h"
#include "plugins/common/job.h"
#include "plugins/common/peer.h"
#include "plugins/common/site.h"
#include "rank.h"
#include "stock.h"
#include "trial.h"

static site_t *site;
static fabric_t *fabric;
static potential_t *potential;
static const neuron_peer_t *peer;

/* What one node could give the job; beside the gang_node_t of the same place */
typedef struct {
	offer_t neuron;
	offer_t efa;
	shape_span_t *spans; /* xfree() */
} source_t;

/* One evaluation */
typedef struct {
	topology_eval_t *eval;
	topology_stock_eval_t eval_chosen; /* allocates what is in node_map */
	job_neuron_t job;
	gang_request_t wanted;
	uint32_t count;
	/* count entries each */
	gang_node_t *nodes;
	source_t *sources;
	trial_node_t *trial;
} decision_t;

/* ------------------------------------------------------------------ */
/* Configuration */

extern int topology_neuron_init(void)
{
	neuron_error_t err;

	if (!running_in_slurmctld())
		return SLURM_SUCCESS;
	if (!compat_plugins_are_complete(&err) || !(site = site_read(&err))) {
		error("topology/neuron: %s", err.text);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern void topology_neuron_fini(void)
{
	peer = NULL;
	potential_destroy(potential);
	potential = NULL;
	fabric_destroy(fabric);
	fabric = NULL;
	site_destroy(site);
	site = NULL;
}

/* Of the nodes with Neuron devices */
static potential_t *_read_potential(neuron_error_t *err)
{
	uint32_t count = fabric_node_count(fabric);
	bool *counts = xcalloc(count + 1, sizeof(*counts));
	potential_t *read;

	for (uint32_t i = 0; i < count; i++)
		counts[i] = (site_shape(site, i) != NULL);
	read = potential_create(fabric, counts, err);
	xfree(counts);
	return read;
}

extern void topology_neuron_build(void)
{
	neuron_error_t err;

	if (!site)
		return;
	compat_declare_gres_files();
	peer = stock_peer("select/neuron", PEER_SYMBOL);
	if (site_map(site, &err))
		error("topology/neuron: %s", err.text);
	fabric_destroy(fabric);
	potential_destroy(potential);
	potential = NULL;
	if (!(fabric = site_read_fabric(site, &err)) ||
	    !(potential = _read_potential(&err)))
		error("topology/neuron: %s", err.text);
}

extern bool topology_neuron_rank_nodes(void)
{
	return site && rank_nodes(site);
}

extern bool topology_neuron_rank_job(bitstr_t *nodes, unsigned int shift,
				     uint32_t **ranks, uint32_t *size)
{
	if (!fabric)
		return false;
	rank_job(fabric, nodes, shift, ranks, size);
	return true;
}

extern void topology_neuron_address(const char *node, char **addr,
				    char **pattern)
{
	neuron_error_t err;
	site_t *read = site_read(&err);
	fabric_t *below = read ? site_read_fabric(read, &err) : NULL;

	if (below)
		rank_address(below, node, addr, pattern);
	else
		error("topology/neuron: no UltraServer in SLURM_TOPOLOGY_ADDR: %s",
		      err.text);
	fabric_destroy(below);
	site_destroy(read);
}

extern bool topology_neuron_fragmentation(bitstr_t *idle, uint32_t *value)
{
	bitoff_t count;
	bool *each;
	bool known;

	if (!potential || !potential_highest(potential))
		return false;
	count = fabric_node_count(fabric);
	each = xcalloc(count + 1, sizeof(*each));
	for (bitoff_t n = 0; (n = bit_ffs_from_bit(idle, n)) >= 0; n++) {
		if (n < count)
			each[n] = true;
	}
	known = !potential_measure(potential, each, value, NULL);
	xfree(each);
	return known;
}

/* ------------------------------------------------------------------ */
/* Candidates */

static bool _type_fits(const decision_t *decision, int node)
{
	const char *type = decision->job.request.type;

	return !type[0] ||
	       !xstrcmp(type, profile_type(site_profile(site, node)));
}

static uint32_t _count(uint64_t total)
{
	return MIN(total, UINT32_MAX);
}

/* What is masked is as if it were in use. Where Slurm knows no indexes it
 * cannot be told from the rest. */
static void _mask_node(gang_node_t *gang)
{
	devset_t masked = peer ? peer->masked(gang->node) : 0;

	if (!masked)
		return;
	gang->free &= ~masked;
	gang->free_efas &= ~mask_efas(site_profile(site, gang->node), masked);
	gang->total = MIN(gang->total, devset_count(gang->free));
}

/* RET false: the node offers the job nothing */
static bool _read_node(const decision_t *decision, int node, source_t *source,
		       gang_node_t *gang)
{
	const avail_res_t *res = decision->eval->avail_res_array[node];
	const job_details_t *details = decision->eval->job_ptr->details;

	gang->shape = site_shape(site, node);
	if (!gang->shape || !res || !_type_fits(decision, node) ||
	    offer_read(res->sock_gres_list, job_neuron_id(), &source->neuron))
		return false;
	if (decision->job.efa &&
	    offer_read(res->sock_gres_list, job_efa_id(), &source->efa))
		return false;
	gang->node = node;
	gang->free = offer_free(&source->neuron);
	gang->free_efas = decision->job.efa ? offer_free(&source->efa) : 0;
	gang->total = _count(source->neuron.total);
	gang->counted = source->neuron.counted;
	gang->cpus = res->avail_cpus;
	gang->weight = node_record_table_ptr[node]->sched_weight & ~0xffULL;
	gang->required = details->req_node_bitmap &&
			 bit_test(details->req_node_bitmap, node);
	_mask_node(gang);
	return true;
}

/* What becomes free on a node while the job runs, as select/neuron knows it */
static void _read_spans(const decision_t *decision, source_t *source,
			gang_node_t *gang)
{
	shape_span_t spans[SHAPE_SPANS_MAX];
	uint32_t count;

	source->spans = NULL;
	if (!peer || gang->counted)
		return;
	count = peer->spans(decision->eval->job_ptr, gang->node, gang->free,
			    spans);
	if (!count)
		return;
	source->spans = xcalloc(count, sizeof(*spans));
	memcpy(source->spans, spans, count * sizeof(*spans));
	gang->spans = source->spans;
	gang->span_count = count;
}

static void _collect(decision_t *decision)
{
	bitstr_t *map = decision->eval->node_map;
	uint32_t room = bit_set_count(map);

	decision->nodes = xcalloc(room, sizeof(*decision->nodes));
	decision->sources = xcalloc(room, sizeof(*decision->sources));
	decision->trial = xcalloc(room, sizeof(*decision->trial));
	for (int n = 0; (n = bit_ffs_from_bit(map, n)) >= 0; n++) {
		source_t *source = &decision->sources[decision->count];
		gang_node_t *gang = &decision->nodes[decision->count];

		if (!_read_node(decision, n, source, gang))
			continue;
		_read_spans(decision, source, gang);
		decision->count++;
	}
}

static void _release(decision_t *decision)
{
	for (uint32_t i = 0; i < decision->count; i++)
		xfree(decision->sources[i].spans);
	xfree(decision->nodes);
	xfree(decision->sources);
	xfree(decision->trial);
}

/* ------------------------------------------------------------------ */
/* Choices */

static const source_t *_source_of(const decision_t *decision,
				  const gang_node_t *node)
{
	return &decision->sources[node - decision->nodes];
}

static void _narrow(const decision_t *decision, const gang_node_t *node)
{
	const source_t *source = _source_of(decision, node);

	if (decision->job.request.whole_node)
		return;
	offer_narrow(&source->neuron, node->pick.devices);
	if (decision->job.efa)
		offer_narrow(&source->efa, node->pick.efas);
}

/*
 * Let the stock plugin allocate these nodes: with cores on the sockets of the
 * devices when there are enough, else with any cores. A gang_try_t.
 */
static int _try(gang_node_t *const *chosen, uint32_t count, void *arg)
{
	decision_t *decision = arg;
	uint32_t sockets = 0;

	for (uint32_t i = 0; i < count; i++) {
		_narrow(decision, chosen[i]);
		decision->trial[i].node = chosen[i]->node;
		decision->trial[i].sockets =
			offer_sockets(&_source_of(decision, chosen[i])->neuron,
				      chosen[i]->pick.devices);
		sockets |= decision->trial[i].sockets;
	}
	if (!trial_run(decision->eval, decision->eval_chosen, decision->trial,
		       count))
		return SLURM_SUCCESS;
	if (!sockets)
		return SLURM_ERROR;
	for (uint32_t i = 0; i < count; i++) {
		_narrow(decision, chosen[i]);
		decision->trial[i].sockets = 0;
	}
	return trial_run(decision->eval, decision->eval_chosen, decision->trial,
			 count);
}

/* CPUs, memory or contiguity speak against our nodes, not devices: leave the
 * choice of nodes to the stock plugin, which knows no UltraServers */
static int _try_all(decision_t *decision, gang_t *gang,
		    topology_stock_eval_t stock)
{
	gang_node_t **fitting;
	uint32_t count;
	int rc = SLURM_ERROR;

	if (!decision->job.request.per_node ||
	    (decision->job.ultraserver == PLACE_REQUIRE))
		return SLURM_ERROR;
	decision->eval_chosen = stock;
	fitting = xcalloc(decision->count + 1, sizeof(*fitting));
	count = gang_fit(gang, decision->job.request.per_node, fitting);
	if (count && (count >= decision->eval->min_nodes))
		rc = _try(fitting, count, decision);
	xfree(fitting);
	return rc;
}

static int _decide(decision_t *decision, topology_stock_eval_t stock)
{
	gang_t *gang = gang_create(fabric, &decision->wanted, decision->nodes,
				   decision->count);
	int rc = SLURM_ERROR;

	if (!gang) {
		error("topology/neuron: %pJ: out of memory",
		      decision->eval->job_ptr);
		return SLURM_ERROR;
	}
	if (!gang_decide(gang, _try, decision))
		rc = SLURM_SUCCESS;
	else
		rc = _try_all(decision, gang, stock);
	gang_destroy(gang);
	return rc;
}

/* ------------------------------------------------------------------ */

static bool _required_are_there(const topology_eval_t *eval)
{
	bitstr_t *required = eval->job_ptr->details->req_node_bitmap;

	return !required || bit_super_set(required, eval->node_map);
}

extern int topology_neuron_eval(topology_eval_t *eval,
				topology_stock_eval_t stock,
				topology_stock_eval_t exact)
{
	decision_t decision = {.eval = eval, .eval_chosen = exact};
	int rc;

	if (!site)
		return stock(eval);
	rc = job_neuron_read(eval->job_ptr, site_conf(site), time(NULL),
			     &decision.job);
	if (rc <= 0)
		return rc ? SLURM_ERROR : stock(eval);
	if (!_required_are_there(eval))
		return SLURM_ERROR;
	if (peer)
		site_weigh(site, peer->weights());
	eval->max_nodes = MIN(eval->max_nodes, decision.job.request.nodes_max);
	job_neuron_wanted(&decision.job, eval->min_nodes, eval->max_nodes,
			  eval->req_nodes, eval->job_ptr->details->min_cpus,
			  &decision.wanted);
	_collect(&decision);
	rc = _decide(&decision, stock);
	_release(&decision);
	return rc;
}
