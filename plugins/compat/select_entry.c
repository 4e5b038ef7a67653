/* SPDX-License-Identifier: GPL-2.0-or-later */
/* select/neuron as Slurm loads it */
#include "compat.h"

#include "select_neuron.h"
#include "stock.h"

#define STOCK_LIST "select_list.h"
#include "forward.h"

const char plugin_name[] = "Neuron selection plugin";
const char plugin_type[] = "select/neuron";
const uint32_t plugin_id = SELECT_NEURON_ID;
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

static void *base;

extern int init(void)
{
	if (stock_open("select/cons_tres", stock_symbols, STOCK_SYMBOL_COUNT,
		       &base))
		return SLURM_ERROR;
	if (select_neuron_init()) {
		stock_close(&base);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	select_neuron_fini();
	stock_close(&base);
	return SLURM_SUCCESS;
}

extern int select_p_node_init(void)
{
	int rc;

	if (select_neuron_map())
		return SLURM_ERROR;
	select_neuron_features();
	rc = stock_select_p_node_init();
	select_neuron_read();
	return rc;
}

extern int select_p_reconfigure(void)
{
	int rc;

	(void) select_neuron_map();
	rc = stock_select_p_reconfigure();
	select_neuron_read();
	return rc;
}

static int _stock_job_test(const prune_call_t *call)
{
	uint32_t max_nodes = call->max_nodes;

	/* topology/neuron holds a job to the nodes that it asked for */
	if (SELECT_ONE_NODE_SHORTCUT && (max_nodes == 1) &&
	    select_neuron_is_ours(call->job_ptr))
		max_nodes = 2;
	return stock_select_p_job_test(
		call->job_ptr, call->nodes, call->min_nodes, max_nodes,
		call->req_nodes, call->mode, call->preemptee_candidates,
		call->preemptee_job_list, call->resv_exc_ptr,
		call->will_run_ptr);
}

extern int select_p_job_test(job_record_t *job_ptr, bitstr_t *node_bitmap,
			     uint32_t min_nodes, uint32_t max_nodes,
			     uint32_t req_nodes, uint16_t mode,
			     list_t *preemptee_candidates,
			     list_t **preemptee_job_list,
			     resv_exc_t *resv_exc_ptr,
			     will_run_data_t *will_run_ptr)
{
	prune_call_t call = {
		.stock = _stock_job_test,
		.job_ptr = job_ptr,
		.nodes = node_bitmap,
		.min_nodes = min_nodes,
		.max_nodes = max_nodes,
		.req_nodes = req_nodes,
		.mode = mode,
		.preemptee_candidates = preemptee_candidates,
		.preemptee_job_list = preemptee_job_list,
		.resv_exc_ptr = resv_exc_ptr,
		.will_run_ptr = will_run_ptr,
	};
	int rc = select_neuron_test(&call);

	if ((rc == SLURM_SUCCESS) && SELECT_IS_MODE_RUN_NOW(mode))
		rc = select_neuron_verify(job_ptr);
	return rc;
}

extern int select_p_select_nodeinfo_set_all(void)
{
	select_neuron_nodes_asked();
	return stock_select_p_select_nodeinfo_set_all();
}

/* Here cons_tres takes the resources of a job that starts */
extern int select_p_select_nodeinfo_set(job_record_t *job_ptr)
{
	int rc = stock_select_p_select_nodeinfo_set(job_ptr);

	select_neuron_job_changed(job_ptr);
	return rc;
}

/*
 * Slurm names the nodes of a resized job by name, but keeps its devices and
 * cores in the order of the node table, see rank.h: write the names as Slurm
 * writes those of a new job.
 */
static void _name_nodes(job_record_t *job_ptr)
{
	job_resources_t *resources = job_ptr->job_resrcs;

	if (!resources || !resources->node_bitmap)
		return;
	xfree(resources->nodes);
	resources->nodes =
		bitmap2node_name_sortable(resources->node_bitmap, false);
	if (!job_ptr->node_bitmap ||
	    !bit_equal(job_ptr->node_bitmap, resources->node_bitmap))
		return;
	xfree(job_ptr->nodes);
	job_ptr->nodes = xstrdup(resources->nodes);
}

extern int select_p_job_expand(job_record_t *from_job_ptr,
			       job_record_t *to_job_ptr)
{
	int rc = stock_select_p_job_expand(from_job_ptr, to_job_ptr);

	_name_nodes(from_job_ptr);
	_name_nodes(to_job_ptr);
	select_neuron_job_changed(from_job_ptr);
	select_neuron_job_changed(to_job_ptr);
	return rc;
}

extern int select_p_job_resized(job_record_t *job_ptr, node_record_t *node_ptr)
{
	int rc = stock_select_p_job_resized(job_ptr, node_ptr);

	_name_nodes(job_ptr);
	select_neuron_job_resized(job_ptr, node_ptr);
	return rc;
}

extern int select_p_job_suspend(job_record_t *job_ptr, bool indf_susp)
{
	int rc = stock_select_p_job_suspend(job_ptr, indf_susp);

	select_neuron_job_changed(job_ptr);
	return rc;
}

extern int select_p_job_resume(job_record_t *job_ptr, bool indf_susp)
{
	int rc = stock_select_p_job_resume(job_ptr, indf_susp);

	select_neuron_job_changed(job_ptr);
	return rc;
}

extern int select_p_job_fini(job_record_t *job_ptr)
{
	int rc = stock_select_p_job_fini(job_ptr);

	select_neuron_job_ended(job_ptr);
	return rc;
}
