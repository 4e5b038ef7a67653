/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "switch_neuron.h"

#include "holding.h"
#include "lib/step.h"
#include "plugins/common/job.h"
#include "plugins/common/site.h"

/* On one node */
typedef struct {
	uint32_t plugin_id;
	int offset; /* of the node among the job's */
	devset_t set;
} part_t;

struct hidden {
	job_record_t *job_ptr; /* NULL: all is visible again */
	part_t *parts;
	uint32_t count;
};

/* A step that is about to be allocated */
typedef struct {
	step_record_t *step_ptr;
	hidden_t *hidden;
	asking_t neuron;
	asking_t efa;
} decision_t;

static site_t *site;
static bool site_failed;
/* What is hidden at this moment; Slurm prepares one step at a time */
static hidden_t *pending;

/* slurmctld refuses a bad file at start; a slurmstepd that manages steps
 * reads it with the first step */
static int _read_site(void)
{
	neuron_error_t err;

	if (site)
		return SLURM_SUCCESS;
	if (site_failed)
		return SLURM_ERROR;
	if ((site = site_read(&err)))
		return SLURM_SUCCESS;
	site_failed = true;
	error("switch/neuron: %s", err.text);
	return SLURM_ERROR;
}

extern int switch_neuron_init(void)
{
	if (!running_in_slurmctld() ||
	    xstrcmp(slurm_conf.switch_type, "switch/neuron"))
		return SLURM_SUCCESS;
	/* Other plugins number devices and interfaces otherwise. Half of ours
	 * says itself what is missing. */
	if (xstrcmp(slurm_conf.select_type, "select/neuron") &&
	    xstrcmp(slurm_conf.topology_plugin, "topology/neuron")) {
		error("switch/neuron: slurm.conf: SelectType=%s: SwitchType=switch/neuron needs SelectType=select/neuron and TopologyPlugin=topology/neuron",
		      slurm_conf.select_type);
		return SLURM_ERROR;
	}
	return _read_site();
}

extern void switch_neuron_fini(void)
{
	site_destroy(site);
	site = NULL;
	site_failed = false;
}

static void _hide(hidden_t *hidden, holding_t *holding, devset_t set)
{
	if (!set)
		return;
	hidden->parts[hidden->count++] = (part_t){
		.plugin_id = holding->state->plugin_id,
		.offset = holding->offset,
		.set = set,
	};
	holding_hide(holding, set);
}

static void _log(const decision_t *decision, const node_record_t *node_ptr,
		 const step_set_t *set)
{
	char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX];

	devset_encode(set->devices, devices, sizeof(devices));
	devset_encode(set->efas, efas, sizeof(efas));
	log_flag(STEPS, "switch/neuron: %pS: %s: neuron=%s efa=%s, %s",
		 decision->step_ptr, node_ptr->name, devices, efas,
		 (set->tier < SHAPE_TIERS) ? shape_tier_name(set->tier)
					   : "not connected");
}

/*
 * A step that names no interfaces gets those of its devices, in a job that has
 * them: its environment names them (see gres_efa.c). Where another step has
 * some of them, both use these and neither count nor bits can say so.
 */
static void _give_efas(const decision_t *decision, const profile_t *profile,
		       holding_t *efa, step_set_t *set)
{
	devset_t own = profile_efas_of(profile, set->devices);

	if (!own || (own & ~efa->free))
		return;
	set->efas = own;
	holding_give(efa, decision->step_ptr, own);
}

/* What a job has on a node, and what its step wants of it */
typedef struct {
	holding_t neuron;
	holding_t efa;
	bool has_efa;
	step_wanted_t wanted;
} view_t;

/* RET -1: this is for Slurm */
static int _look(decision_t *decision, const node_record_t *node_ptr,
		 int offset, uint16_t tasks, uint32_t nodes, view_t *view)
{
	const job_record_t *job_ptr = decision->step_ptr->job_ptr;
	int count, efa_count = 0;

	if (holding_find(job_ptr, job_neuron_id(), offset, &view->neuron) ||
	    !asking_fits(&decision->neuron, &view->neuron))
		return -1;
	view->has_efa =
		!holding_find(job_ptr, job_efa_id(), offset, &view->efa);
	if (decision->efa.gres && !view->has_efa)
		return -1;
	count = asking_count(&decision->neuron, &view->neuron, tasks, nodes);
	if (decision->efa.gres)
		efa_count =
			asking_count(&decision->efa, &view->efa, tasks, nodes);
	if ((count < 0) || (efa_count < 0))
		return -1;
	view->wanted = (step_wanted_t){
		.free = view->neuron.free,
		.near = holding_near(&view->neuron, job_ptr, node_ptr),
		.near_only = job_ptr->bit_flags & GRES_ENFORCE_BIND,
		.count = count,
		.free_efas = view->has_efa ? view->efa.free : 0,
		.efa_count = efa_count,
	};
	return 0;
}

/* RET -1: leave this node and the others to Slurm */
static int _decide_node(decision_t *decision, const node_record_t *node_ptr,
			int offset, uint16_t tasks, uint32_t nodes)
{
	const conf_t *conf = site_conf(site);
	int index = conf_node_index(conf, node_ptr->name);
	const profile_t *profile;
	step_set_t set;
	view_t view;

	if ((index < 0) ||
	    _look(decision, node_ptr, offset, tasks, nodes, &view))
		return -1;
	if (!view.wanted.count)
		return 0;
	profile = conf_node_profile(conf, index);
	if (step_pick(conf_node_shape(conf, index), profile, &view.wanted,
		      &set))
		return -1;
	_hide(decision->hidden, &view.neuron, view.neuron.free & ~set.devices);
	if (decision->efa.gres)
		_hide(decision->hidden, &view.efa, view.efa.free & ~set.efas);
	else if (view.has_efa)
		_give_efas(decision, profile, &view.efa, &set);
	_log(decision, node_ptr, &set);
	return 0;
}

/* In the order in which Slurm allocates, see _step_alloc_lps() */
static void _decide(decision_t *decision)
{
	const step_record_t *step_ptr = decision->step_ptr;
	bitstr_t *nodes = step_ptr->job_ptr->job_resrcs->node_bitmap;
	const slurm_step_layout_t *layout = step_ptr->step_layout;
	uint32_t left = layout->node_cnt, next = 0;
	int offset = -1;

	for (int n = 0; left && ((n = bit_ffs_from_bit(nodes, n)) >= 0); n++) {
		uint16_t tasks;

		offset++;
		if (!bit_test(step_ptr->step_node_bitmap, n))
			continue;
		tasks = layout->tasks[next++];
		/* Slurm refuses such a step */
		if (!tasks)
			return;
		if (_decide_node(decision, node_record_table_ptr[n], offset,
				 tasks, left))
			return;
		left--;
	}
}

/* True for a step that takes devices from its job */
static bool _is_ours(const step_record_t *step_ptr, decision_t *decision)
{
	const job_record_t *job_ptr = step_ptr->job_ptr;

	if (!step_ptr->gres_list_req || !step_ptr->step_layout ||
	    !step_ptr->step_node_bitmap || !job_ptr || !job_ptr->job_resrcs ||
	    !job_ptr->job_resrcs->node_bitmap || !job_ptr->gres_list_alloc ||
	    (step_ptr->flags & SSF_OVERLAP_FORCE))
		return false;
	return !asking_find(step_ptr->gres_list_req, job_neuron_id(),
			    &decision->neuron) &&
	       decision->neuron.gres &&
	       !asking_find(step_ptr->gres_list_req, job_efa_id(),
			    &decision->efa);
}

extern hidden_t *switch_neuron_hide(step_record_t *step_ptr)
{
	decision_t decision = {.step_ptr = step_ptr};
	hidden_t *hidden;

	/* Slurm neither packed nor freed what it had prepared */
	switch_neuron_show(pending);
	if (!_is_ours(step_ptr, &decision) || _read_site())
		return NULL;
	hidden = xmalloc(sizeof(*hidden));
	hidden->job_ptr = step_ptr->job_ptr;
	hidden->parts = xcalloc(2 * (size_t) step_ptr->step_layout->node_cnt,
				sizeof(*hidden->parts));
	decision.hidden = hidden;
	_decide(&decision);
	if (!hidden->count) {
		switch_neuron_free(hidden);
		return NULL;
	}
	pending = hidden;
	return hidden;
}

extern void switch_neuron_show(hidden_t *hidden)
{
	if (!hidden || !hidden->job_ptr)
		return;
	for (uint32_t i = 0; i < hidden->count; i++)
		holding_show(hidden->job_ptr, hidden->parts[i].plugin_id,
			     hidden->parts[i].offset, hidden->parts[i].set);
	if (pending == hidden)
		pending = NULL;
	hidden->job_ptr = NULL;
	xfree(hidden->parts);
	hidden->count = 0;
}

extern void switch_neuron_free(hidden_t *hidden)
{
	switch_neuron_show(hidden);
	xfree(hidden);
}
