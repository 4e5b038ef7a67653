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
	if (select_neuron_map())
		return SLURM_ERROR;
	return stock_select_p_node_init();
}

extern int select_p_reconfigure(void)
{
	(void) select_neuron_map();
	return stock_select_p_reconfigure();
}

extern int select_p_job_test(job_record_t *job_ptr, bitstr_t *node_bitmap,
			     uint32_t min_nodes, uint32_t max_nodes,
			     uint32_t req_nodes, uint16_t mode,
			     list_t *preemptee_candidates,
			     list_t **preemptee_job_list,
			     resv_exc_t *resv_exc_ptr,
			     will_run_data_t *will_run_ptr)
{
	int rc;

	/* topology/neuron holds a job to the nodes that it asked for */
	if (SELECT_ONE_NODE_SHORTCUT && (max_nodes == 1) &&
	    select_neuron_is_ours(job_ptr))
		max_nodes = 2;
	rc = stock_select_p_job_test(job_ptr, node_bitmap, min_nodes, max_nodes,
				     req_nodes, mode, preemptee_candidates,
				     preemptee_job_list, resv_exc_ptr,
				     will_run_ptr);

	if ((rc == SLURM_SUCCESS) && SELECT_IS_MODE_RUN_NOW(mode))
		rc = select_neuron_verify(job_ptr);
	return rc;
}
