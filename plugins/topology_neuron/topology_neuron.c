/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "topology_neuron.h"

#include <stdlib.h>

#include "lib/place.h"
#include "offer.h"
#include "plugins/common/job.h"
#include "plugins/common/site.h"
#include "trial.h"

/* Node counts that are tried before the choice is left to the stock plugin */
#define ATTEMPTS_MAX 16

static site_t *site;
static fabric_t *fabric;

/* One node that could serve the job */
typedef struct {
	int node;
	const shape_t *shape;
	offer_t neuron;
	offer_t efa;
	shape_pick_t pick;
	uint32_t left;
	uint64_t weight;
	bool required;
} option_t;

/* One evaluation */
typedef struct {
	topology_eval_t *eval;
	topology_stock_eval_t stock;
	job_neuron_t job;
	option_t *options;
	uint32_t count;
	/* work space for count entries */
	place_candidate_t *candidates;
	uint32_t *positions;
	uint32_t *picked;
	trial_node_t *trial;
} decision_t;

/* ------------------------------------------------------------------ */
/* Configuration */

extern int topology_neuron_init(void)
{
	neuron_error_t err;

	if (!running_in_slurmctld())
		return SLURM_SUCCESS;
	if (!(site = site_read(&err))) {
		error("topology/neuron: %s", err.text);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern void topology_neuron_fini(void)
{
	fabric_destroy(fabric);
	fabric = NULL;
	site_destroy(site);
	site = NULL;
}

extern void topology_neuron_build(void)
{
	neuron_error_t err;

	if (!site)
		return;
	compat_declare_gres_files();
	if (site_map(site, &err))
		error("topology/neuron: %s", err.text);
	fabric_destroy(fabric);
	if (!(fabric = site_read_fabric(site, &err)))
		error("topology/neuron: %s", err.text);
}

/* ------------------------------------------------------------------ */
/* Candidates */

static bool _type_fits(const decision_t *decision, int node)
{
	const char *type = decision->job.request.type;

	return !type[0] ||
	       !xstrcmp(type, profile_type(site_profile(site, node)));
}

/* RET false: the node offers the job nothing */
static bool _read_option(const decision_t *decision, int node, option_t *option)
{
	const avail_res_t *res = decision->eval->avail_res_array[node];
	const job_details_t *details = decision->eval->job_ptr->details;

	option->shape = site_shape(site, node);
	if (!option->shape || !res || !_type_fits(decision, node) ||
	    offer_read(res->sock_gres_list, job_neuron_id(), &option->neuron))
		return false;
	if (decision->job.efa &&
	    offer_read(res->sock_gres_list, job_efa_id(), &option->efa))
		return false;
	option->node = node;
	option->weight = node_record_table_ptr[node]->sched_weight & ~0xffULL;
	option->required = details->req_node_bitmap &&
			   bit_test(details->req_node_bitmap, node);
	return true;
}

static void _collect(decision_t *decision)
{
	bitstr_t *map = decision->eval->node_map;
	uint32_t room = bit_set_count(map);

	decision->options = xcalloc(room, sizeof(option_t));
	decision->candidates = xcalloc(room, sizeof(place_candidate_t));
	decision->positions = xcalloc(room, sizeof(uint32_t));
	decision->picked = xcalloc(room, sizeof(uint32_t));
	decision->trial = xcalloc(room, sizeof(trial_node_t));
	for (int n = 0; (n = bit_ffs_from_bit(map, n)) >= 0; n++) {
		if (_read_option(decision, n,
				 &decision->options[decision->count]))
			decision->count++;
	}
}

static void _release(decision_t *decision)
{
	xfree(decision->options);
	xfree(decision->candidates);
	xfree(decision->positions);
	xfree(decision->picked);
	xfree(decision->trial);
}

/* EFA interfaces that the job asks beside so many devices of a node */
static uint64_t _efas_asked(const decision_t *decision, uint32_t devices)
{
	const gres_job_state_t *gres;

	if (!decision->job.efa)
		return 0;
	gres = decision->job.efa->gres_data;
	if (gres->gres_per_node)
		return gres->gres_per_node;
	if (!decision->job.request.per_task)
		return 0;
	return gres->gres_per_task * (devices / decision->job.request.per_task);
}

/* Choose the set that a node would give for so many devices */
static bool _pick(const decision_t *decision, option_t *option,
		  uint32_t devices)
{
	const request_t *request = &decision->job.request;
	bool with_efa = (decision->job.efa != NULL);
	devset_t free = offer_free(&option->neuron);
	devset_t free_efas = with_efa ? offer_free(&option->efa) : 0;

	memset(&option->pick, 0, sizeof(option->pick));
	option->left = 0;
	if (option->neuron.total < devices)
		return false;
	if (request->whole_node)
		return true;
	if (option->neuron.counted)
		return shape_size_is_possible(option->shape, devices,
					      request->tier);
	if (shape_pick(option->shape, free, free_efas, with_efa, devices,
		       request->tier, &option->pick) ||
	    (devset_count(option->pick.efas) != _efas_asked(decision, devices)))
		return false;
	option->left = devset_count(free) - devices;
	return true;
}

static void _narrow(const decision_t *decision, const option_t *option)
{
	if (decision->job.request.whole_node)
		return;
	offer_narrow(&option->neuron, option->pick.devices);
	if (decision->job.efa)
		offer_narrow(&option->efa, option->pick.efas);
}

/* ------------------------------------------------------------------ */
/* Nodes */

static int _compare_weight(const void *a, const void *b)
{
	const option_t *x = *(option_t *const *) a, *y = *(option_t *const *) b;

	if (x->weight != y->weight)
		return (x->weight < y->weight) ? -1 : 1;
	return 0;
}

/*
 * The highest weight that a choice of want nodes needs: Slurm takes lighter
 * nodes first (slurm.conf, Weight).
 */
static uint64_t _weight_limit(option_t *const *fitting, uint32_t count,
			      uint32_t want)
{
	option_t **sorted;
	uint64_t limit;

	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, fitting, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), _compare_weight);
	limit = sorted[want - 1]->weight;
	xfree(sorted);
	return limit;
}

/*
 * Choose want of the fitting options.
 * OUT picked - positions in fitting.
 */
static int _choose(decision_t *decision, option_t *const *fitting,
		   uint32_t count, uint32_t want, uint32_t *picked)
{
	uint64_t limit;
	uint32_t candidates = 0;

	if (!fabric || !want || (count < want))
		return -1;
	limit = _weight_limit(fitting, count, want);
	for (uint32_t i = 0; i < count; i++) {
		const option_t *option = fitting[i];

		if ((option->weight > limit) && !option->required)
			continue;
		decision->positions[candidates] = i;
		decision->candidates[candidates++] = (place_candidate_t){
			.node = option->node,
			.damage = option->pick.damage,
			.left = option->left,
			.required = option->required,
		};
	}
	if (place_nodes(fabric, decision->candidates, candidates, want,
			FABRIC_LEVELS_MAX, picked, NULL, NULL))
		return -1;
	for (uint32_t i = 0; i < want; i++)
		picked[i] = decision->positions[picked[i]];
	return 0;
}

/* Options that can give so many devices, with their sets chosen */
static uint32_t _fitting(decision_t *decision, uint32_t devices,
			 option_t **fitting)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < decision->count; i++) {
		if (_pick(decision, &decision->options[i], devices))
			fitting[count++] = &decision->options[i];
	}
	return count;
}

/*
 * Let the stock plugin allocate these nodes: with cores on the sockets of the
 * devices when there are enough, else with any cores.
 */
static int _try(decision_t *decision, option_t *const *chosen, uint32_t count)
{
	uint32_t sockets = 0;

	for (uint32_t i = 0; i < count; i++) {
		_narrow(decision, chosen[i]);
		decision->trial[i].node = chosen[i]->node;
		decision->trial[i].sockets = offer_sockets(
			&chosen[i]->neuron, chosen[i]->pick.devices);
		sockets |= decision->trial[i].sockets;
	}
	if (!trial_run(decision->eval, decision->stock, decision->trial, count))
		return SLURM_SUCCESS;
	if (!sockets)
		return SLURM_ERROR;
	for (uint32_t i = 0; i < count; i++) {
		_narrow(decision, chosen[i]);
		decision->trial[i].sockets = 0;
	}
	return trial_run(decision->eval, decision->stock, decision->trial,
			 count);
}

/* ------------------------------------------------------------------ */
/* Requests with a number of devices for each node */

/* The fewest nodes that have the CPUs of the job together */
static uint32_t _nodes_for_cpus(const decision_t *decision,
				option_t *const *fitting, uint32_t count)
{
	uint64_t wanted = decision->eval->job_ptr->details->min_cpus;
	uint64_t largest = 1, nodes;

	for (uint32_t i = 0; i < count; i++)
		largest = MAX(largest,
			      decision->eval->avail_res_array[fitting[i]->node]
				      ->avail_cpus);
	nodes = (wanted + largest - 1) / largest;
	return MIN(nodes, count);
}

static int _try_count(decision_t *decision, option_t **fitting, uint32_t count,
		      uint32_t want, option_t **chosen)
{
	if (_choose(decision, fitting, count, want, decision->picked))
		return SLURM_ERROR;
	for (uint32_t i = 0; i < want; i++)
		chosen[i] = fitting[decision->picked[i]];
	return _try(decision, chosen, want);
}

static int _eval_per_node(decision_t *decision, option_t **fitting,
			  option_t **chosen)
{
	topology_eval_t *eval = decision->eval;
	uint32_t count =
		_fitting(decision, decision->job.request.per_node, fitting);
	uint32_t most = MIN(count, MAX(eval->max_nodes, eval->min_nodes));
	uint32_t first, tries = 0;

	if (!count || (count < eval->min_nodes))
		return SLURM_ERROR;
	first = MAX(MAX(eval->min_nodes, eval->req_nodes),
		    _nodes_for_cpus(decision, fitting, count));
	first = MAX(1, MIN(first, most));
	for (uint32_t n = first; (n <= most) && (tries < ATTEMPTS_MAX); n++) {
		tries++;
		if (!_try_count(decision, fitting, count, n, chosen))
			return SLURM_SUCCESS;
	}
	tries = 0;
	for (uint32_t n = first - 1;
	     n && (n >= eval->min_nodes) && (tries < ATTEMPTS_MAX); n--) {
		tries++;
		if (!_try_count(decision, fitting, count, n, chosen))
			return SLURM_SUCCESS;
	}
	/* CPUs, memory or contiguity spoke against our nodes, not devices */
	return _try(decision, fitting, count);
}

/* ------------------------------------------------------------------ */
/* Requests with a number of devices for each task */

/*
 * Nodes that get one task more come first, from those that can give most.
 * RET how many nodes were chosen; 0: not possible
 */
static uint32_t _choose_spread(decision_t *decision, uint32_t nodes,
			       option_t **fitting, option_t **chosen)
{
	uint32_t many, few, more, count, rest = 0;

	if (request_spread(&decision->job.request, nodes, &many, &few, &more))
		return 0;
	if (more) {
		count = _fitting(decision, many, fitting);
		if (_choose(decision, fitting, count, more, decision->picked))
			return 0;
		for (uint32_t i = 0; i < more; i++) {
			chosen[i] = fitting[decision->picked[i]];
			fitting[decision->picked[i]] = NULL;
		}
	}
	if (more == nodes)
		return nodes;
	for (uint32_t i = 0; i < decision->count; i++) {
		option_t *option = &decision->options[i];
		bool taken = false;

		for (uint32_t j = 0; j < more; j++)
			taken |= (chosen[j] == option);
		if (!taken && _pick(decision, option, few))
			fitting[rest++] = option;
	}
	if (_choose(decision, fitting, rest, nodes - more, decision->picked))
		return 0;
	for (uint32_t i = 0; i < nodes - more; i++)
		chosen[more + i] = fitting[decision->picked[i]];
	return nodes;
}

static int _eval_per_task(decision_t *decision, option_t **fitting,
			  option_t **chosen)
{
	const topology_eval_t *eval = decision->eval;
	uint32_t most =
		MIN(decision->count, MAX(eval->max_nodes, eval->min_nodes));
	uint32_t tries = 0;

	most = MIN(most, decision->job.request.tasks);
	for (uint32_t n = MAX(1, eval->min_nodes);
	     (n <= most) && (tries < ATTEMPTS_MAX); n++) {
		uint32_t count = _choose_spread(decision, n, fitting, chosen);

		if (!count)
			continue;
		tries++;
		if (!_try(decision, chosen, count))
			return SLURM_SUCCESS;
	}
	return SLURM_ERROR;
}

/* ------------------------------------------------------------------ */

static bool _required_are_there(const topology_eval_t *eval)
{
	bitstr_t *required = eval->job_ptr->details->req_node_bitmap;

	return !required || bit_super_set(required, eval->node_map);
}

extern int topology_neuron_eval(topology_eval_t *eval,
				topology_stock_eval_t stock)
{
	decision_t decision = {.eval = eval, .stock = stock};
	option_t **fitting, **chosen;
	int rc;

	if (!site)
		return stock(eval);
	rc = job_neuron_read(eval->job_ptr, conf_tier(site_conf(site)),
			     &decision.job);
	if (rc <= 0)
		return rc ? SLURM_ERROR : stock(eval);
	if (!_required_are_there(eval))
		return SLURM_ERROR;
	eval->max_nodes = MIN(eval->max_nodes, decision.job.request.nodes_max);
	_collect(&decision);
	fitting = xcalloc(decision.count + 1, sizeof(*fitting));
	chosen = xcalloc(decision.count + 1, sizeof(*chosen));
	if (decision.job.request.per_node)
		rc = _eval_per_node(&decision, fitting, chosen);
	else
		rc = _eval_per_task(&decision, fitting, chosen);
	xfree(fitting);
	xfree(chosen);
	_release(&decision);
	return rc;
}
