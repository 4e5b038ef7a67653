/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select_neuron.h"

#include "plugins/common/bits.h"
#include "plugins/common/job.h"
#include "plugins/common/site.h"

static site_t *site;

extern int select_neuron_init(void)
{
	neuron_error_t err;

	if (!running_in_slurmctld())
		return SLURM_SUCCESS;
	if (!(site = site_read(&err))) {
		error("select/neuron: %s", err.text);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern void select_neuron_fini(void)
{
	site_destroy(site);
	site = NULL;
}

/* Slurm does not ask a topology plugin whether its configuration is right */
static int _check_fabric(neuron_error_t *err)
{
	fabric_t *fabric = site_read_fabric(site, err);

	fabric_destroy(fabric);
	return fabric ? 0 : -1;
}

extern int select_neuron_map(void)
{
	neuron_error_t err;

	if (!site || (!site_map(site, &err) && !_check_fabric(&err)))
		return SLURM_SUCCESS;
	error("select/neuron: %s", err.text);
	return SLURM_ERROR;
}

extern bool select_neuron_is_ours(job_record_t *job_ptr)
{
	job_neuron_t job;

	return site && (job_neuron_read(job_ptr, conf_tier(site_conf(site)),
					&job) == 1);
}

static devset_t _selected(const gres_state_t *state, int node)
{
	const gres_job_state_t *gres = state ? state->gres_data : NULL;

	if (!gres || !gres->gres_bit_select)
		return 0;
	return bits_to_devset(gres->gres_bit_select[node]);
}

static bool _node_is_legal(const job_neuron_t *job, int node)
{
	const shape_t *shape = site_shape(site, node);
	const profile_t *profile = site_profile(site, node);
	devset_t devices = _selected(job->neuron, node);

	if (!shape || !shape_is_in_tier(shape, devices, job->request.tier,
					job->efa != NULL))
		return false;
	return !job->efa ||
	       (_selected(job->efa, node) == profile_efas_of(profile, devices));
}

static void _log_refusal(const job_record_t *job_ptr, const job_neuron_t *job,
			 int node)
{
	char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX];

	devset_encode(_selected(job->neuron, node), devices, sizeof(devices));
	devset_encode(_selected(job->efa, node), efas, sizeof(efas));
	error("select/neuron: %pJ: refused the placement neuron=%s efa=%s on %s: not a %s set with its EFA interfaces",
	      job_ptr, devices, efas, node_record_table_ptr[node]->name,
	      shape_tier_name(job->request.tier));
}

extern int select_neuron_verify(job_record_t *job_ptr)
{
	job_neuron_t job;
	bitstr_t *nodes;

	if (!site || !job_ptr->job_resrcs ||
	    (job_neuron_read(job_ptr, conf_tier(site_conf(site)), &job) != 1) ||
	    job.request.whole_node)
		return SLURM_SUCCESS;
	nodes = job_ptr->job_resrcs->node_bitmap;
	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0; n++) {
		if (_node_is_legal(&job, n))
			continue;
		_log_refusal(job_ptr, &job, n);
		free_job_resources(&job_ptr->job_resrcs);
		return ESLURM_NODES_BUSY;
	}
	return SLURM_SUCCESS;
}
